"""The usual spellings of kana, against Hepburn and Kunrei as they are taught and against lists of names."""

from __future__ import annotations

import csv
import importlib.resources
import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.romaji import romaji

Spelled = tuple[str, str, str]  # kana, Hepburn, Kunrei
ROWS = {
    "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ", "m": "マミムメモ",
    "r": "ラリルレロ", "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダ--デド", "b": "バビブベボ", "p": "パピプペポ", "y": "ヤ-ユ-ヨ",
    "w": "ワ----",
}  # fmt: skip
HEPBURN = {"si": "shi", "ti": "chi", "tu": "tsu", "hu": "fu", "zi": "ji"}
SOFT = {"sy": "sh", "ty": "ch", "zy": "j"}
PLAIN: list[Spelled] = [
    (kana, HEPBURN.get(row + vowel, row + vowel), row + vowel)
    for row, letters in ROWS.items()
    for kana, vowel in zip(letters, "aiueo", strict=True)
    if kana != "-"
]
GLIDED: list[Spelled] = [
    (letters[1] + small, SOFT.get(f"{row}y", f"{row}y") + vowel, f"{row}y{vowel}")
    for row, letters in ROWS.items()
    if row not in "dyw"
    for small, vowel in zip("ャュョ", "auo", strict=True)
]
MORAE = PLAIN + GLIDED
ODD: list[Spelled] = [
    ("ヂ", "ji", "zi"), ("ヅ", "zu", "zu"), ("ヂョ", "jo", "zyo"), ("ヲ", "o", "o"), ("ヰ", "i", "i"), ("ヱ", "e", "e"),
    ("ヴ", "vu", "vu"), ("ア", "a", "a"), ("イ", "i", "i"), ("ウ", "u", "u"), ("エ", "e", "e"), ("オ", "o", "o"),
    ("ァ", "a", "a"), ("ィ", "i", "i"), ("ゥ", "u", "u"), ("ェ", "e", "e"), ("ォ", "o", "o"),
]  # fmt: skip


@pytest.mark.parametrize("mora", [*MORAE, *ODD])
def test_each_mora_is_spelled_in_both_ways_in_any_kana(mora: Spelled) -> None:
    kana, hepburn, kunrei = mora
    hiragana = "".join(chr(ord(char) - 0x60) for char in kana)
    assert set(romaji(kana)) == set(romaji(hiragana)) == {hepburn, kunrei}


Part = tuple[bool, Spelled, str]  # doubled, a mora, what follows it: a long vowel or the syllabic n
FOLLOWING = {"a": ["", "ー", "ン"], "i": ["", "ー", "ン"], "u": ["", "ウ", "ー", "ン"], "e": ["", "ー", "ン"],
             "o": ["", "ウ", "オ", "ー", "ン"]}  # fmt: skip
parts = st.sampled_from(MORAE).flatmap(
    lambda mora: st.tuples(st.booleans(), st.just(mora), st.sampled_from(FOLLOWING[mora[1][-1]]))
)


def spellings(word: list[Part]) -> Iterator[str]:
    """Every spelling by its rule; one word has one way for all its long vowels and for all its syllabic n."""
    for kunrei, nasal, way in itertools.product((False, True), (False, True), ("whole", "short", "h")):
        text = ""
        for doubled, mora, after in word:
            spelled = mora[1 + kunrei]
            if doubled:
                text += "t" if spelled.startswith("ch") else spelled[0]
            text += spelled
            vowel = spelled[-1]
            if after == "ン":
                text += "N"
            elif after and way == "whole":
                text += {"ー": vowel, "ウ": "u", "オ": "o"}[after]
            elif after and way == "h" and vowel == "o":
                text += "h"
        yield (re.sub("N(?=[bmp])", "m", text) if nasal else text).replace("N", "n")


def spoken(word: list[Part]) -> list[Part]:
    """Nothing is doubled after the syllabic n."""
    before = ["", *(after for _, _, after in word)]
    return [(doubled and last != "ン", mora, after) for last, (doubled, mora, after) in zip(before, word, strict=False)]


@given(st.lists(parts, min_size=1, max_size=5).map(spoken))
def test_words_are_spelled_by_the_rules_of_doubling_length_and_the_syllabic_n(word: list[Part]) -> None:
    kana = "".join(("ッ" if doubled else "") + mora[0] + after for doubled, mora, after in word)
    assert set(romaji(kana)) == set(spellings(word))


@pytest.mark.parametrize(
    ("kana", "spelled"),
    [
        ("シンイチ", {"shinichi", "siniti"}),  # a vowel after the syllabic n does not lengthen it
        ("アオイ", {"aoi"}),
        ("スエオ", {"sueo"}),
        ("マツオ", {"matsuo", "matuo"}),  # o after u is a sound of its own
        ("イノウエ", {"inoue", "inoe", "inohe"}),
        ("オオタ", {"oota", "ota", "ohta"}),
        ("アッ", {"a"}),  # nothing follows that could be doubled
        ("", {""}),
    ],
)
def test_words_at_the_edges_of_the_rules(kana: str, spelled: set[str]) -> None:
    assert set(romaji(kana)) == spelled


@pytest.mark.parametrize(("kana", "spelled"), [("ジェシカ", "jeshika"), ("チェコ", "cheko"), ("シェリ", "sheri")])
def test_a_small_e_after_a_soft_sound_is_read_in_hepburn(kana: str, spelled: str) -> None:
    assert spelled in romaji(kana)


@pytest.mark.parametrize("text", ["山", "ア山", "a", "ャ", "アャ", "イャ", "カャ", "ヵ", "ア・イ", "ヽ", "ｱ1"])
def test_what_is_no_word_in_kana_has_no_spelling(text: str) -> None:
    assert romaji(text) == ()


def short(spelled: str) -> str:
    """A spelling without the length of its vowels, which lists of names leave out here and there."""
    return re.sub(r"([aiueo])\1+", r"\1", spelled.replace("ou", "o"))


@pytest.mark.parametrize("file", ["last_name_org", "first_name_man_org", "first_name_woman_org"])
def test_names_are_spelled_as_in_lists_of_names(file: str) -> None:
    package = pytest.importorskip("japanese_personal_name_dataset")
    text = (importlib.resources.files(package) / "dataset" / f"{file}.csv").read_text("utf-8")
    rows = [row[2:4] if file == "last_name_org" else row[:2] for row in csv.reader(text.splitlines())]
    missed = {kana for kana, listed in rows if short(listed) not in map(short, romaji(kana))}
    assert len(rows) > 1000
    assert missed <= {"ちぇこ"}  # listed as chieko
