"""Local recoding: what is released is counted anew from its labels, whatever the algorithm believes."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_search import HIERARCHIES, NAMES, Record, metrics, records, requirements, table_of

from tokumei_reference.search import Combinations, Metric, Requirement, recode, search
from tokumei_reference.search.local import Recoding


def shown(table: Combinations, recoding: Recoding, row: int) -> tuple[str | None, ...]:
    values = [table.values[name][int(codes[row])] for name, codes in zip(NAMES, table.codes, strict=True)]
    labels = []
    for name, value, level in zip(NAMES, values, recoding.levels[row], strict=True):
        labels.append(next(r for r in HIERARCHIES[name].rows if r[0] == value)[int(level)])
    return tuple(labels)


def check(drawn: list[Record], requirement: Requirement, limit: float, metric: Metric) -> bool:
    """Whether there was anything to recode."""
    table = table_of([[record] for record in drawn])
    best = search(table, HIERARCHIES, requirement, suppression_limit=limit, metric=metric).best
    if best is None:
        return False
    recoding = recode(table, HIERARCHIES, requirement, best, metric=metric)
    assert recoding.loss <= best.loss + 1e-12
    assert recoding.suppressed <= best.suppressed
    assert table.sensitive is not None
    members: dict[object, Counter[int]] = defaultdict(Counter)
    overall: Counter[int] = Counter()
    losses = [0.0] * len(NAMES)
    for row, n in enumerate(table.counts.tolist()):
        overall[int(table.sensitive[row])] += n
        kept = recoding.levels[row, 0] >= 0
        assert (recoding.levels[row] >= 0).all() == kept
        labels = shown(table, recoding, row) if kept else ()
        if kept:
            members[labels][int(table.sensitive[row])] += n
        for i, name in enumerate(NAMES):
            rows = HIERARCHIES[name].rows
            below = sum(r[int(recoding.levels[row, i])] == labels[i] for r in rows) if kept else 0
            losses[i] += n * ((below - 1) / (len(rows) - 1) if kept else 1.0)
    losses = [loss / len(drawn) for loss in losses]
    mean = sum(losses) / len(losses)
    product = math.prod(1 + loss for loss in losses) ** (1 / len(losses)) - 1
    assert recoding.loss == pytest.approx(mean if metric == "arithmetic" else product, abs=1e-9)
    assert len(drawn) - sum(c.total() for c in members.values()) == recoding.suppressed
    for held in members.values():
        n = held.total()
        assert n >= requirement.k
        if requirement.l is not None and requirement.kind == "distinct":
            assert len(held) >= requirement.l
        if requirement.l is not None and requirement.kind == "entropy":
            assert math.exp(-sum(c / n * math.log(c / n) for c in held.values())) >= requirement.l - 1e-9
        if requirement.t is not None:
            whole = sum(members.values(), Counter()) if requirement.whole == "kept" else overall
            far = sum(abs(held[s] / n - c / whole.total()) for s, c in whole.items()) / 2
            assert far <= requirement.t + 1e-9
    return True


@settings(max_examples=120, deadline=None)
@given(st.lists(records, min_size=1, max_size=25), requirements, st.sampled_from([0.0, 0.2, 0.6]), metrics)
def test_no_class_fails_and_nothing_is_lost(
    drawn: list[Record], requirement: Requirement, limit: float, metric: Metric
) -> None:
    assume(check(drawn, requirement, limit, metric))


@pytest.mark.parametrize("seed", range(8))
def test_larger_tables_gain(seed: int) -> None:
    random = np.random.default_rng(seed)
    drawn: list[Record] = []
    for _ in range(200):
        leaf = [int(min(random.geometric(0.3), len(h.rows))) - 1 for h in HIERARCHIES.values()]
        values = tuple(h.rows[i][0] for i, h in zip(leaf, HIERARCHIES.values(), strict=True))
        drawn.append((values, "pqr"[int(random.integers(3))]))
    for requirement in (Requirement(k=5), Requirement(k=3, l=2), Requirement(k=3, l=1.9, kind="entropy", t=0.4),
                        Requirement(k=3, t=0.3, whole="kept"), Requirement(k=2, l=2, t=0.2, whole="kept")):  # fmt: skip
        assert check(drawn, requirement, 0.1, "arithmetic")
    table = table_of([[record] for record in drawn])
    best = search(table, HIERARCHIES, Requirement(k=5), suppression_limit=0.1).best
    assert best is not None
    recoding = recode(table, HIERARCHIES, Requirement(k=5), best)
    assert recoding.loss < best.loss - 0.01
    assert recoding.suppressed == 0


def test_subjects_of_several_rows_are_not_recoded() -> None:
    table = table_of([[(("0", "f", "a1", "x"), "p"), (("1", "f", "a1", "x"), "p")]])
    best = search(table, HIERARCHIES, Requirement(k=1)).best
    assert best is not None
    with pytest.raises(ValueError, match="one row"):
        recode(table, HIERARCHIES, Requirement(k=1), best)
