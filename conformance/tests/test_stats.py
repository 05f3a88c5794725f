"""The bounds and tests of ``stats`` agree with scipy."""

from __future__ import annotations

import math
from itertools import permutations
from random import Random

import pytest
import scipy.stats as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei import stats

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(counts, st.sampled_from([0.9, 0.95, 0.99]))
def test_clopper_pearson_is_the_quantile_of_beta(count: tuple[int, int], conf: float) -> None:
    x, n = count
    upper = 1.0 if x == n else reference.beta.ppf(conf, x + 1, n - x)
    lower = 0.0 if x == 0 else reference.beta.ppf(1 - conf, x, n - x + 1)
    assert stats.clopper_pearson_upper(x, n, conf) == pytest.approx(upper, abs=1e-9)
    assert stats.clopper_pearson_lower(x, n, conf) == pytest.approx(lower, abs=1e-9)


@settings(deadline=None)
@given(counts, st.floats(0, 1))
def test_binomial_tails_are_exact(count: tuple[int, int], p: float) -> None:
    x, n = count
    assert stats.binomial_cdf(x, n, p) == pytest.approx(reference.binom.cdf(x, n, p), abs=1e-10)
    assert stats.binomial_tail(x, n, p) == pytest.approx(reference.binom.sf(x - 1, n, p), abs=1e-10)


def test_a_small_tail_keeps_its_digits() -> None:
    assert stats.binomial_tail(60, 100, 0.1) == pytest.approx(reference.binom.sf(59, 100, 0.1), rel=1e-9)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("x", range(-2, 8))
def test_binomial_tails_are_told_of_any_count_and_of_what_is_certain(x: int, p: float) -> None:
    assert stats.binomial_cdf(x, 5, p) == pytest.approx(reference.binom.cdf(x, 5, p), abs=1e-12)
    assert stats.binomial_tail(x, 5, p) == pytest.approx(reference.binom.sf(x - 1, 5, p), abs=1e-12)


def test_a_bound_holds_at_95_per_cent_where_nothing_is_said() -> None:
    assert stats.clopper_pearson_lower(3, 9) == stats.clopper_pearson_lower(3, 9, 0.95)
    assert stats.clopper_pearson_upper(3, 9) == stats.clopper_pearson_upper(3, 9, 0.95)


@pytest.mark.parametrize("n", [1, 20, 300, 10**6])
def test_nothing_seen_bounds_the_rate(n: int) -> None:
    assert stats.zero_upper(n) == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-8)
    assert stats.zero_upper(n) == pytest.approx(stats.clopper_pearson_upper(0, n), rel=1e-8)


def test_no_opportunity_bounds_nothing() -> None:
    assert stats.zero_upper(0) == 1.0


tables = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.lists(st.sampled_from([0.0, 0.3, 1.0]), min_size=n, max_size=n), min_size=n, max_size=n)
)


@settings(deadline=None)
@given(tables)
def test_the_bound_of_a_permuted_sum_is_above_every_tail(table: list[list[float]]) -> None:
    sums = [sum(row[i] for row, i in zip(table, order, strict=True)) for order in permutations(range(len(table)))]
    mu = math.fsum(map(math.fsum, table)) / len(table)
    for x in sums:
        assert stats.permuted_upper(x, mu) >= sum(y >= x for y in sums) / len(sums)


def test_the_bound_of_a_permuted_sum_at_its_edges() -> None:
    assert stats.permuted_upper(3, 3) == stats.permuted_upper(4, 3) == 1.0
    assert stats.permuted_upper(240, 6) < 1e-40
    assert stats.permuted_upper(10, 2) == pytest.approx(2 * math.exp(-64 / 24))
    with pytest.raises(ValueError, match="not negative"):
        stats.permuted_upper(-1, 0)


def test_a_permutation_p_is_never_zero() -> None:
    assert stats.permutation_p(5, [1, 2, 5, 6]) == 3 / 5
    assert stats.permutation_p(5, []) == 1.0


def test_a_permutation_test_repeats_with_its_seed_and_sees_an_order() -> None:
    a = list(range(12))
    first, again = (stats.permutation_test(stats.spearman, a, a, draws=99, random=Random(7)) for _ in range(2))
    assert first == again == 0.01


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=40))
def test_spearman_agrees_with_ties(pairs: list[tuple[int, int]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    if len(set(a)) < 2 or len(set(b)) < 2:
        assert stats.spearman(a, b) == 0.0
    else:
        assert stats.spearman(a, b) == pytest.approx(reference.spearmanr(a, b).statistic, abs=1e-12)


@pytest.mark.parametrize(("x", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_an_impossible_count_is_refused(x: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= x <= n"):
        stats.clopper_pearson_upper(x, n, 0.95)


@pytest.mark.parametrize("conf", [0.0, 1.0, 1.5])
def test_an_impossible_confidence_is_refused(conf: float) -> None:
    with pytest.raises(ValueError, match="0 < conf < 1"):
        stats.clopper_pearson_lower(1, 2, conf)
