"""What a class tells of a value is measured against everybody, and chance is bounded."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.attacks.inference import BANDS, Gain, banded, from_candidates, from_class


def dealt(persons: int, classes: int, values: int, seed: int) -> Gain:
    """The gain where values are drawn regardless of classes."""
    random = Random(seed)
    of = {person: random.randrange(classes) for person in range(persons)}
    told = {person: frozenset({random.randrange(values)}) for person in range(persons)}
    return from_class(of, told, random)


def test_a_class_of_one_value_tells_it() -> None:
    of = {person: person % 4 for person in range(80)}
    gain = from_class(of, {person: frozenset({person % 4}) for person in of}, Random(1))
    assert gain.share == 1.0
    assert gain.usual == pytest.approx(19 / 79)
    assert (gain.paired, gain.expected) == (40, 10)
    assert gain.p == pytest.approx(2 * math.exp(-(30**2) / (4 * 10 + 2 * 30)))


def test_where_all_have_one_value_nothing_is_gained() -> None:
    of = {person: person % 4 for person in range(80)}
    gain = from_class(of, {person: frozenset({"one"}) for person in of}, Random(1))
    assert gain.advantage == pytest.approx(0.0)
    assert gain.p == 1.0


@pytest.mark.parametrize(("classes", "values"), [(2, 2), (3, 10), (30, 4), (60, 40)])
def test_values_that_know_nothing_of_classes_are_seldom_suspect(classes: int, values: int) -> None:
    gains = [dealt(150, classes, values, seed) for seed in range(300)]
    for alpha in (0.2, 0.05, 0.01):
        assert sum(gain.p <= alpha for gain in gains) / len(gains) <= alpha
    assert abs(sum(gain.advantage for gain in gains) / len(gains)) < 0.01


@given(st.lists(st.tuples(st.integers(0, 5), st.frozensets(st.integers(0, 6), max_size=3)), max_size=40))
def test_shares_are_shares(people: list[tuple[int, frozenset[int]]]) -> None:
    gain = from_class(dict(enumerate(c for c, _ in people)), dict(enumerate(v for _, v in people)), Random(1))
    assert -1e-9 <= gain.usual <= 1 + 1e-9
    assert -1e-9 <= gain.share <= 1 + 1e-9
    assert 0 <= gain.p <= 1
    assert (gain + gain).advantage == pytest.approx(gain.advantage)


def test_a_person_picked_out_is_known() -> None:
    values = {f"r{n}": frozenset({n}) for n in range(20)}
    truth = {n: f"r{n}" for n in range(20)}
    alone = from_candidates({n: frozenset({f"r{n}"}) for n in truth}, truth, values)
    assert (alone.share, alone.usual) == (1.0, 0.0)
    among = from_candidates({n: frozenset(f"r{n // 5 * 5 + i}" for i in range(5)) for n in truth}, truth, values)
    assert among.share == pytest.approx(0.2)


def test_numbers_are_guessed_to_a_tenth() -> None:
    bands = banded({n: frozenset({f"{n}.5"}) for n in range(100)} | {"x": frozenset({"190以上"})})
    assert bands["x"] == {"190以上"}
    numbers = [int(str(next(iter(bands[n])))) for n in range(100)]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == BANDS
