"""Parts of identifying descriptions."""

import itertools
from random import Random

import pytest

from tokumei.measures import partial


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("佐久間 澪", "佐久間"),
        ("ｻｸﾏ ﾐｵ", "S.M."),
        ("ｻｸﾏ ﾐｵ", "ｓｍ"),
        ("サクマ　ミオ", "M.S"),
        ("佐久間 澪", "佐.澪."),
        ("ｶﾞﾓｳ ｻﾄｼ", "G/S"),
    ],
)
def test_a_name_is_known_by_its_parts(name, part):
    assert partial.form(part) in {partial.form(one) for one in partial.of_name(name)}


@pytest.mark.parametrize(
    "part", ["1958", "昭和33年", "1958年4月", "1958-04", "195804", "4月3日", "04-03", "4/3", "0403", "Ｓ"]
)
def test_a_birth_is_known_by_its_parts(part):
    forms = {partial.form(one) for one in partial.of_day("1958-04-03")}
    assert (partial.form(part) in forms) == (part != "Ｓ")


def test_texts_that_are_no_names_days_or_numbers_have_no_parts():
    assert [*partial.of_name("特記事項なし"), *partial.of_day("1958/4/3"), *partial.of_number("12-34")] == []


def _rows(seed: int, dealt: bool) -> tuple[list[tuple[object, str]], dict[object, set[str]]]:
    random = Random(seed)
    people = [(random.choice("ABCDEFGH"), str(random.randrange(12))) for _ in range(120)]
    persons: dict[object, set[str]] = {}
    for kept, part in people:
        persons.setdefault(kept, set()).add(part)
    parts = [part for _, part in people]
    if dealt:
        random.shuffle(parts)
    return [(kept, part) for (kept, _), part in zip(people, parts, strict=True)], persons


def test_the_bound_holds_for_the_fixed_points_of_a_permutation():
    rows = [(n, str(n)) for n in range(6)]
    persons = {n: {str(n)} for n in range(6)}
    every = list(itertools.permutations(range(6)))
    for least in range(1, 7):
        share = sum(sum(i == j for i, j in enumerate(p)) >= least for p in every) / len(every)
        dealt = next(p for p in every if sum(i == j for i, j in enumerate(p)) == (least if least != 5 else 6))
        hits, bound = partial.beyond_chance([(n, str(dealt[n])) for n, _ in rows], persons)
        assert hits >= least and (bound >= share or least == 5)


def test_parts_of_the_same_person_are_beyond_chance_and_dealt_ones_are_not():
    random = Random(3)
    people = [(random.randrange(60), str(random.randrange(300))) for _ in range(200)]
    persons: dict[object, set[str]] = {}
    for kept, part in people:
        persons.setdefault(kept, set()).add(part)
    assert partial.beyond_chance(people, persons)[1] < 1e-11
    for seed in range(200):
        assert partial.beyond_chance(*_rows(seed, dealt=True))[1] > 1e-6
    assert partial.beyond_chance([], {}) == (0, 1.0)
