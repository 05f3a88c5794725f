"""Parts of identifying descriptions."""

import itertools
import math
import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.measures import partial
from tokumei.stats import permuted_upper


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


INITIALS = {"チ": "C", "フ": "F", "ジ": "J"}
"""As names are written; the name of a kana in Unicode, which is in Kunrei, tells the others."""


@pytest.mark.parametrize("kana", [*map(chr, range(0x30A1, 0x30F0)), "ヲ"])
def test_each_kana_has_the_initial_of_its_sound(kana):
    name = unicodedata.name(kana).removeprefix("KATAKANA LETTER ")
    alone = (name.startswith("SMALL ") and len(name) > len("SMALL A")) or name in {"WI", "WE"}  # of no word the first
    letter = INITIALS.get(kana, name.removeprefix("SMALL ")[0])
    initials = {f"{letter}M", f"{letter}.M.", f"M{letter}", f"M.{letter}."}
    assert {part for part in partial.of_name(f"{kana}ト ミオ") if part.isascii()} == (set() if alone else initials)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("佐久間 澪", ["佐久間", "佐澪", "佐.澪."]),
        ("王　子文", ["子文", "王子", "王.子."]),
        ("ｻｸﾏ ﾐｵ", ["サクマ", "ミオ", "サミ", "サ.ミ.", "SM", "S.M.", "MS", "M.S."]),
        ("李 ミオ", ["ミオ", "李ミ", "李.ミ."]),
        ("Xu Xi", ["Xu", "Xi", "XX", "X.X."]),
        ("サクマ", []),
        ("サクマ ミオ サン", []),
    ],
)
def test_the_parts_of_a_name_are_these_and_no_others(name, parts):
    assert list(partial.of_name(name)) == parts


@pytest.mark.parametrize(
    ("day", "era"),
    [
        ("2025-01-02", "令和7"), ("2019-05-01", "令和1"), ("2019-04-30", "平成31"), ("1989-01-08", "平成1"),
        ("1989-01-07", "昭和64"), ("1958-04-03", "昭和33"), ("1926-12-25", "昭和1"), ("1926-12-24", "大正15"),
        ("1912-07-30", "大正1"),
    ],
)  # fmt: skip
def test_a_birth_has_the_year_of_the_era_of_its_day(day, era):
    year, month, of_month = map(int, day.split("-"))
    wanted = [
        f"{year}", f"{year}年", f"{year}-{month}", f"{year}年{month}月", f"{month}-{of_month}", f"{month}月{of_month}日",
        f"{month:02}{of_month:02}", f"{year}{month:02}", f"{year}年{month}月生", f"{era}年", era,
    ]  # fmt: skip
    first = [era.replace("1", "元年")] if era[2:] == "1" else []
    assert list(partial.of_day(day)) == wanted + first


def test_before_the_eras_told_there_is_the_year_alone():
    assert not any("治" in part or "正" in part for part in partial.of_day("1912-07-29"))


@pytest.mark.parametrize(
    ("number", "parts"),
    [("123-4567", ["4567"]), ("123-456", []), ("03-1234-0005", ["0005"]), ("ABC1234567", ["4567"]), ("ABCDEFG", [])],
)
def test_a_number_is_known_by_its_last_four_digits_where_they_are_not_most_of_it(number, parts):
    assert list(partial.of_number(number)) == parts


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("０４月０３日", "4月3日"),
        ("100-0020", "100/20"),
        ("000", "0"),
        ("(s. m.)", "S/M"),
        ("a__b", "A/B"),
        ("x-10x", "X/10X"),
        ("平成１０年", "平成10年"),
    ],
)
def test_a_form_leaves_out_noughts_before_a_number_and_what_parts_it(text, form):
    assert partial.form(text) == form


kept_and_parts = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("xyz")), min_size=1, max_size=6)


def sharp(rows, persons):
    """The hits of rows and the smaller of two bounds, in whole numbers where they are."""
    n, found = len(rows), sum(part in persons.get(kept, ()) for kept, part in rows)
    whole = sum(part in persons.get(kept, ()) for kept, _ in rows for _, part in rows)
    markov = (whole**m / (math.perm(n, m) * math.perm(found, m)) for m in range(1, found + 1))
    return found, min(1.0, permuted_upper(found, whole / n), *markov)


@given(kept_and_parts, st.dictionaries(st.sampled_from("ABC"), st.sets(st.sampled_from("xyz"))))
def test_the_bound_is_no_smaller_than_the_share_of_all_deals_and_sharp_for_few(rows, persons):
    parts = [part for _, part in rows]
    found, bound = partial.beyond_chance(rows, persons)
    dealt = [[(kept, part) for (kept, _), part in zip(rows, one, strict=True)] for one in itertools.permutations(parts)]
    assert bound * (1 + 1e-9) >= sum(sharp(one, persons)[0] >= found for one in dealt) / len(dealt)
    hits, by_rows = sharp(rows, persons)
    assert found == hits
    assert bound == pytest.approx(max(by_rows, sharp(list(dict.fromkeys(rows)), persons)[1]))


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
