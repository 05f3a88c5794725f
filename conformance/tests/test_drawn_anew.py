"""What is drawn for a release: the nulls of B-05 and T-03 hold their rate, and I3-06 and T-05 read what products write."""

import copy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.clauses.b import b_05
from tokumei.clauses.i3 import i3_06
from tokumei.clauses.t import t_03, t_05
from tokumei.declarations import FieldName, Processing
from tokumei.runner.power import PAIRS, pair_named
from tokumei.shifted import Shift
from tokumei.stats import permuted_upper

SHIFT = Shift(fields=(FieldName("visits", "day"),), offsets=364)

OFFSETS = {
    "uniform": lambda random: random.choice([-1, 1]) * random.randint(1, 182),
    "triangular": lambda random: round(random.triangular(-182, 182)),
    "whole weeks": lambda random: 7 * random.randint(-26, 26),
    "by hash": lambda random: int(f"{random.getrandbits(256):064x}"[:12], 16) % 364 - 182,
}
"""Ways in which correct products draw offsets."""


def drawn(random, offset, cells=24, persons=12):
    """Persons of a large bundle as the check sees them, the days on which each cell begins, and the persons of the input."""
    held = [
        (f"{random.randrange(10**10):010}", cell, cell * 10 + random.randrange(8))
        for cell in range(cells)
        for _ in range(persons)
    ]
    starts = {cell: sorted({day for _, of, day in held if of == cell}) for cell in range(cells)}
    released = [(f"{random.getrandbits(128):032x}", cell, day + offset(random)) for _, cell, day in held]
    return released, starts, held


def found(random, offset):
    released, starts, held = drawn(random, offset)
    return {code for code, _ in t_03._questions(SHIFT, released, starts, held)}


@pytest.mark.parametrize("name", OFFSETS)
def test_a_way_of_drawing_offsets_that_is_correct_is_never_accused(name):
    assert all(found(Random(f"{name}/{seed}"), OFFSETS[name]) == set() for seed in range(12))


@pytest.mark.parametrize("name", OFFSETS)
def test_the_questions_of_offsets_hold_a_rate_that_can_be_counted(name, monkeypatch):
    """At one in twenty, so that a bound that is too low would show: of 100 draws at most 5 and five deviations."""
    monkeypatch.setattr(t_03, "ALPHA", 0.05)
    runs = [drawn(Random(f"rate/{name}/{seed}"), OFFSETS[name]) for seed in range(100)]
    assert sum(bool(t_03.shared(SHIFT, released, starts)) for released, starts, _ in runs) < 17
    assert sum(bool(t_03.shared_in_cells(SHIFT, released, starts)) for released, starts, _ in runs) < 17
    few = runs[:10]
    assert sum(bool(t_03.derived(SHIFT, released, starts)) for released, starts, _ in few) < 5
    assert sum(bool(t_03.derived_from_source(SHIFT, released, held)) for released, _, held in few) < 5


def test_offsets_of_a_week_are_too_narrow():
    assert found(Random(1), lambda random: random.randint(-7, 7)) & {"OFFSETS_NARROW", "OFFSET_SHARED"}


def test_an_offset_for_each_kind_of_person_is_shared():
    random = Random(2)
    released, starts, held = drawn(random, OFFSETS["uniform"])
    offset = {cell: OFFSETS["uniform"](random) for cell in starts}
    moved = [(new, cell, day + offset[cell]) for (new, _, _), (_, cell, day) in zip(released, held, strict=True)]
    assert {code for code, _ in t_03._questions(SHIFT, moved, starts, held)} == {"OFFSET_SHARED"}


@pytest.mark.parametrize("program", t_03.DERIVED)
def test_an_offset_by_a_common_program_is_derived(program):
    random, make = Random(program), t_03.DERIVED[program]
    released, starts, held = drawn(random, OFFSETS["uniform"])
    moved = [
        (new, cell, day + make(new) % 365 - 182) for (new, _, _), (_, cell, day) in zip(released, held, strict=True)
    ]
    assert t_03.derived(SHIFT, moved, starts) > 200
    by_source = [
        (new, cell, day + make(key) % 365 - 182) for (new, _, _), (key, cell, day) in zip(released, held, strict=True)
    ]
    assert t_03.derived_from_source(SHIFT, by_source, held) > 200


# B-05: the places of rows


def rows(count=480):
    return [(n % 24, (str(n % 24 // 6), str(n % 24 % 6))) for n in range(count)]


def dealt(random, of):
    return random.sample(of, len(of))


def accused(one, two):
    parts = list(b_05.unexplained(one, two))
    return any(permuted_upper(*b_05.same_places(*part)) < b_05.ALPHA / len(parts) for part in parts)


@given(st.integers(0, 10**6))
def test_rows_in_the_order_of_released_values_are_explained(seed):
    of, random = rows(), Random(seed)
    for key in (lambda row: row[1], lambda row: row[1][0], lambda row: row[1][::-1], lambda row: hash(row[1])):
        assert not accused(sorted(dealt(random, of), key=key), sorted(dealt(random, of), key=key))


def test_rows_that_are_dealt_twice_are_not_accused():
    assert not any(accused(*(dealt(Random(f"{seed}/{n}"), rows()) for n in (1, 2))) for seed in range(300))


def test_rows_that_are_dealt_by_one_seed_are_accused_also_within_a_part():
    of = rows()
    assert accused(dealt(Random(3), of), dealt(Random(3), of))
    parts = [[row for row in of if row[1][0] == first] for first in "0123"]
    one, two = ([row for part in parts for row in dealt(Random(3), part)] for _ in range(2))
    assert accused(one, two)


# I3-06: identifiers of two releases


@given(
    st.lists(st.text("0123456789abcdef", min_size=8, max_size=8), min_size=2, unique=True),
    st.text("abc123", min_size=1, max_size=6),
)
def test_what_all_identifiers_begin_with_is_taken_off(numbers, front):
    plain = i3_06.cores_of(numbers)
    marked = i3_06.cores_of(f"{front}-{number.upper()}" for number in numbers)
    assert sorted(plain.values()) == sorted(marked.values())


@pytest.mark.parametrize("pair", PAIRS)
def test_an_update_with_the_same_identifiers_is_no_matter_of_this_clause(pair):
    organization, processing = pair_named(pair)
    assert i3_06.applies(organization, processing)
    document = copy.deepcopy(dict(processing.document))
    document["release"]["priorReleases"] = [{"id": "R0", "relation": "same-subjects", "sharedPseudonyms": True}]
    assert not i3_06.applies(organization, Processing.of(document))


# T-05: clock times


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("09:41", 581),
        ("9:41:30", 581.5),
        ("2024-02-10T23:05", 1385),
        ("0941", 581),
        ("9時41分", 581),
        ("午後 3:05", 905),
        ("09", 540),
        ("9時台", 540),
        ("8-9", 480),
        ("2024-02-10", None),
        ("20240210", None),
        ("深夜", None),
        ("581.5 min", None),
    ],
)
def test_a_clock_time_is_read_however_it_is_written(text, minute):
    assert t_05.minute_of(text) == minute


@given(st.sets(st.integers(0, 23), min_size=1), st.integers(0, 59))
def test_values_of_one_grid_are_not_too_fine(hours, minute):
    assert t_05.finer([f"{hour:02}:{minute:02}" for hour in hours], 60) == 0
    assert t_05.finer([f"{hour // 2 * 2}-{hour // 2 * 2 + 1}" for hour in hours], 120) == 0


@given(st.integers(0, 22), st.integers(1, 59))
def test_one_minute_among_hours_is_too_fine(hour, minute):
    assert t_05.finer([f"{hour:02}", f"{hour:02}:{minute:02}"], 60) > 0
    assert t_05.finer([str(hour), str(hour + 1)], 120) > 0


def test_text_that_is_no_clock_time_is_counted():
    assert t_05.finer([f"{n / 1440:.6f}" for n in range(700, 800)], 60) == 100
    assert t_05.finer([f"band {n}" for n in "abcdefgh"], 60) == 0
