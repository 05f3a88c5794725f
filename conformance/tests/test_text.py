"""What a character folds to, told a second time by its Unicode name."""

from __future__ import annotations

import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.text import SEPARATORS, TABLE, VARIANTS, VOICING, fold

NAMED = """
SPACE|NO-BREAK SPACE|SOFT HYPHEN|LINE SEPARATOR|PARAGRAPH SEPARATOR|NARROW NO-BREAK SPACE|MEDIUM MATHEMATICAL SPACE|WORD JOINER
IDEOGRAPHIC SPACE|ZERO WIDTH NO-BREAK SPACE|EN QUAD|EM QUAD|EN SPACE|EM SPACE|THREE-PER-EM SPACE|FOUR-PER-EM SPACE
SIX-PER-EM SPACE|FIGURE SPACE|PUNCTUATION SPACE|THIN SPACE|HAIR SPACE|ZERO WIDTH SPACE|ZERO WIDTH NON-JOINER|ZERO WIDTH JOINER
LEFT-TO-RIGHT MARK|RIGHT-TO-LEFT MARK|HYPHEN-MINUS|HYPHEN|NON-BREAKING HYPHEN|FIGURE DASH|EN DASH|EM DASH|HORIZONTAL BAR
MINUS SIGN|SMALL HYPHEN-MINUS|FULLWIDTH HYPHEN-MINUS|KATAKANA-HIRAGANA PROLONGED SOUND MARK
HALFWIDTH KATAKANA-HIRAGANA PROLONGED SOUND MARK|TILDE|WAVE DASH|FULLWIDTH TILDE|KATAKANA MIDDLE DOT|HALFWIDTH KATAKANA MIDDLE DOT
MIDDLE DOT|BULLET|FULL STOP|FULLWIDTH FULL STOP|IDEOGRAPHIC FULL STOP|HALFWIDTH IDEOGRAPHIC FULL STOP|COMMA|FULLWIDTH COMMA
IDEOGRAPHIC COMMA|HALFWIDTH IDEOGRAPHIC COMMA|SOLIDUS|FULLWIDTH SOLIDUS|LEFT PARENTHESIS|RIGHT PARENTHESIS
FULLWIDTH LEFT PARENTHESIS|FULLWIDTH RIGHT PARENTHESIS|COMBINING KATAKANA-HIRAGANA VOICED SOUND MARK
COMBINING KATAKANA-HIRAGANA SEMI-VOICED SOUND MARK|KATAKANA-HIRAGANA VOICED SOUND MARK|KATAKANA-HIRAGANA SEMI-VOICED SOUND MARK
HALFWIDTH KATAKANA VOICED SOUND MARK|HALFWIDTH KATAKANA SEMI-VOICED SOUND MARK
"""
REMOVED = {unicodedata.lookup(name) for line in NAMED.strip().splitlines() for name in line.split("|")}
REMOVED |= {unicodedata.lookup(f"VARIATION SELECTOR-{n}") for n in range(1, 257)} | set("\t\n\v\f\r\x85")

VOICELESS = {"G": "K", "Z": "S", "D": "T", "B": "H", "P": "H", "VU": "U", "V": "W"}
DIGITS = "ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE".split()
COMPATIBLE = {
    unicodedata.lookup(f"{form} {name}"): str(n)
    for n, name in enumerate(DIGITS)
    for form in ("SUPERSCRIPT", "SUBSCRIPT", *(["CIRCLED DIGIT"] if n else []))
} | {"ⁱ": "i", "ⁿ": "n"}
EVERY = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def kana(char: str) -> str | None:
    """The large katakana without a voicing mark that the name of a kana tells; None of other characters."""
    name = unicodedata.name(char, "").removeprefix("HALFWIDTH ")
    script, _, letter = name.partition(" ")
    if script not in {"HIRAGANA", "KATAKANA"} or ord(char) > 0xFFFF:  # kana of old manuscripts stay
        return None
    if letter in {"ITERATION MARK", "VOICED ITERATION MARK"}:
        return unicodedata.lookup("KATAKANA ITERATION MARK")
    if not letter.startswith("LETTER ") or 0x31F0 <= ord(char) < 0x3200:  # small letters of Ainu stay
        return None
    sound = letter.removeprefix("LETTER ").removeprefix("SMALL ")
    for voiced, voiceless in VOICELESS.items():
        if sound.startswith(voiced):
            sound = voiceless + sound.removeprefix(voiced)
            break
    return unicodedata.lookup(f"KATAKANA LETTER {sound}")


def expected(char: str) -> str:
    """What a character folds to, but for ideographs, of which no name tells the older form."""
    if char in REMOVED:
        return ""
    if letter := kana(char):
        return letter
    name = unicodedata.name(char, "")
    compatible = unicodedata.normalize("NFKC", char)
    if char.isascii() or (name.startswith("FULLWIDTH ") and compatible.isascii()):
        return compatible.lower()
    return COMPATIBLE.get(char, char)


def is_ideograph(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CJK ")


def test_every_character_folds_to_what_its_name_tells() -> None:
    wrong = [char for char in EVERY if not is_ideograph(char) and fold(char) != expected(char)]
    assert wrong == []


def encoded(char: str) -> bool:
    """Whether a Japanese encoding has the character: CP932 or JIS X 0213."""
    for encoding in ("cp932", "euc_jis_2004"):
        with contextlib.suppress(UnicodeEncodeError):
            return bool(char.encode(encoding))
    return False


def test_ideographs_fold_to_ideographs_and_compatible_ones_of_japan_to_what_unicode_says() -> None:
    for char in filter(is_ideograph, EVERY):
        told = unicodedata.normalize("NFKC", char) if encoded(char) or "\ufa0e" <= char <= "\ufa6a" else char
        assert fold(char) == VARIANTS.get(told, told)
        assert is_ideograph(fold(char))
        assert fold(fold(char)) == fold(char)


@pytest.mark.parametrize("forms", ["隆\uf9dc", "朗\uf929", "神\ufa19", "館\ufa2c舘"])
def test_a_form_for_compatibility_folds_to_the_character(forms: str) -> None:
    assert fold(forms) == forms[0] * len(forms)


@pytest.mark.parametrize(
    "forms",
    ["高髙", "崎﨑嵜", "辺邊邉", "斉齊斎齋", "竜龍", "浜濱濵", "島嶋嶌", "鶴靏靍鸖", "吉𠮷", "学學斈", "間閒", "土圡"],
)
def test_all_forms_of_a_character_fold_to_the_first(forms: str) -> None:
    assert fold(forms) == forms[0] * len(forms)


def test_what_is_removed_is_what_is_exported() -> None:
    assert set(SEPARATORS + VOICING + "ｰ") == {
        char for char in REMOVED if "VARIATION" not in unicodedata.name(char, "")
    }
    assert {char for char, told in TABLE.items() if told == ""} == REMOVED


@given(st.text(), st.text())
def test_folding_takes_a_text_character_by_character(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right) == "".join(map(fold, left + right))
