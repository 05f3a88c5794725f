"""Kana in Latin letters, as passports, hospitals and key boards write them: Hepburn, Kunrei, with and without long vowels."""

from __future__ import annotations

import itertools
import unicodedata

_HEPBURN = {
    "ア": "a", "イ": "i", "ウ": "u", "エ": "e", "オ": "o", "カ": "ka", "キ": "ki", "ク": "ku", "ケ": "ke", "コ": "ko",
    "サ": "sa", "シ": "shi", "ス": "su", "セ": "se", "ソ": "so", "タ": "ta", "チ": "chi", "ツ": "tsu", "テ": "te", "ト": "to",
    "ナ": "na", "ニ": "ni", "ヌ": "nu", "ネ": "ne", "ノ": "no", "ハ": "ha", "ヒ": "hi", "フ": "fu", "ヘ": "he", "ホ": "ho",
    "マ": "ma", "ミ": "mi", "ム": "mu", "メ": "me", "モ": "mo", "ヤ": "ya", "ユ": "yu", "ヨ": "yo",
    "ラ": "ra", "リ": "ri", "ル": "ru", "レ": "re", "ロ": "ro", "ワ": "wa", "ヰ": "i", "ヱ": "e", "ヲ": "o",
    "ガ": "ga", "ギ": "gi", "グ": "gu", "ゲ": "ge", "ゴ": "go", "ザ": "za", "ジ": "ji", "ズ": "zu", "ゼ": "ze", "ゾ": "zo",
    "ダ": "da", "ヂ": "ji", "ヅ": "zu", "デ": "de", "ド": "do", "バ": "ba", "ビ": "bi", "ブ": "bu", "ベ": "be", "ボ": "bo",
    "パ": "pa", "ピ": "pi", "プ": "pu", "ペ": "pe", "ポ": "po", "ヴ": "vu",
    "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o",
}  # fmt: skip
_KUNREI = {"シ": "si", "チ": "ti", "ツ": "tu", "フ": "hu", "ジ": "zi", "ヂ": "zi"}
_SMALL = {"ャ": "a", "ュ": "u", "ョ": "o", "ェ": "e"}
_LONG = {"a": "a", "i": "i", "u": "u", "e": "ei", "o": "ou"}
"""The vowels that may lengthen each."""


def romaji(kana: str) -> tuple[str, ...]:
    """The usual spellings of a word in kana, in lower case; none where it holds anything but kana.

    Hepburn and Kunrei, the syllabic n as n or m, a long vowel written out, left out or with h (Ōno: ouno, ono, ohno).
    """
    text = unicodedata.normalize("NFKC", kana)
    text = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)
    found: dict[str, None] = {}
    for table, glide in ((_HEPBURN, ""), (_HEPBURN | _KUNREI, "y")):
        word = _word(text, table, glide)
        if word is None:
            return ()
        for nasal, vowel in itertools.product((False, True), ("whole", "short", "h")):
            found[_written(word, nasal, vowel)] = None
    return tuple(found)


def _word(text: str, table: dict[str, str], glide: str) -> list[str] | None:
    """One text a mora; ``*`` for a doubled consonant and ``-`` for the long mark, None where a character is unknown."""
    morae: list[str] = []
    for char in text:
        if char == "ッ":
            morae.append("*")
        elif char == "ー":
            morae.append("-")
        elif char == "ン":
            morae.append("n'")
        elif char in _SMALL and morae and morae[-1].endswith("i") and len(morae[-1]) > 1:
            stem = morae[-1][:-1]
            soft = not glide and stem in {"sh", "ch", "j"}
            morae[-1] = stem + ("" if soft or char == "ェ" else "y") + _SMALL[char]
        elif char in table:
            morae.append(table[char])
        else:
            return None
    return morae


def _written(morae: list[str], nasal: bool, vowel: str) -> str:
    out = ""
    for i, mora in enumerate(morae):
        after = morae[i + 1] if i + 1 < len(morae) else ""
        if mora == "*":
            out += "t" if after.startswith("ch") else after[:1]
        elif mora == "n'":
            out += "m" if nasal and after[:1] in {"b", "m", "p"} else "n"
        elif mora == "-" or (out and i and len(mora) == 1 and _lengthens(morae[i - 1], mora)):
            long = out[-1:] if mora == "-" else mora
            out += {"whole": long, "short": "", "h": "h" if out[-1:] == "o" else ""}[vowel]
        else:
            out += mora
    return out


def _lengthens(before: str, mora: str) -> bool:
    """Whether the vowel ``mora`` only lengthens the one before, as it is heard: oo, ou, uu."""
    return before[-1:] in {"o", "u"} and mora in _LONG[before[-1]] and mora in {"o", "u"}


__all__ = ["romaji"]
