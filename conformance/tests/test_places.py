"""What tells of a place, and the facilities, staff and local codes that are planned for the hospital."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei import places
from tokumei.plan.levels import second_codes
from tokumei.plan.places import FACILITIES, of_facility, of_visit
from tokumei.runner.power import pair_named, plan_of

LINES = (("松本市", "松本圏", "長野県"), ("長野市", "長野圏", "長野県"))


def visits() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = plan_of("hospital", 1).cases[0].calls[0].bundle.tables["visits"].to_pylist()
    return rows


@pytest.mark.parametrize(
    ("text", "finer"),
    [
        ("松本市", True),
        ("松本圏", True),
        ("長野県", False),
        ("北海道", False),
        ("20202", True),
        ("390-", True),
        ("20", False),
        ("関東地方", False),
    ],
)
def test_a_place_within_a_prefecture_is_finer(text: str, finer: bool) -> None:
    assert places.finer_than_prefecture(text, pair_named("hospital")[1]) is finer


@given(raw=st.sampled_from([line[0] for line in LINES]), at=st.integers(0, 2))
def test_a_node_stands_for_the_leaves_below_it_and_for_no_other(raw: str, at: int) -> None:
    raws = [line[0] for line in LINES]
    own = next(line for line in LINES if line[0] == raw)
    other = next(line for line in LINES if line[0] != raw)
    assert places.is_of(raw, own[at], LINES, raws)
    assert places.is_of(raw, other[at], LINES, raws) is (at == 2)
    assert places.is_of(raw, None, LINES, raws)


def test_every_field_of_a_visit_tells_of_one_facility_and_one_doctor() -> None:
    by_code: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    by_doctor: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for row in visits():
        by_code[row["facility"]].add((row["facility_name"], row["facility_kind"], row["facility_beds"]))
        by_doctor[row["doctor"]].add((row["doctor_license"], row["doctor_phone"]))
    assert max(len(told) for told in by_code.values()) == 1
    assert max(len(told) for told in by_doctor.values()) == 1
    assert len(by_code) > 10


def test_some_persons_go_to_another_facility_and_most_do_not() -> None:
    moved = Counter(len({of_visit(1, person, nth) for nth in range(2)}) for person in range(500))
    assert 0 < moved[2] < moved[1]


def test_each_attribute_alone_and_coarse_fits_three_facilities_and_some_raw_ones_do_not() -> None:
    lines = {line[0]: line[1] for line in pair_named("hospital")[1].hierarchies["beds"]["table"]}
    coarse = Counter((facility.function, lines[facility.beds]) for facility in FACILITIES)
    raw = Counter((facility.function, facility.beds) for facility in FACILITIES)
    assert min(coarse.values()) >= 3
    assert min(raw.values()) < 3
    assert len({of_facility(n, "code", Random(n)) for n in range(len(FACILITIES))}) == len(FACILITIES)


def test_the_second_local_code_is_that_of_two_persons() -> None:
    organization, processing = pair_named("hospital")
    [(name, codes)] = second_codes(organization, processing).items()
    bundle = plan_of("hospital", 1).cases[0].calls[0].bundle
    owners = {
        person
        for person, code in zip(
            bundle.persons[name.resource], bundle.tables[name.resource].column(name.field).to_pylist(), strict=True
        )
        if code in codes
    }
    assert owners == {0, 1}
