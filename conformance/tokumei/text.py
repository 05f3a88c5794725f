"""``fold``: one string for a value in half width, full width, either kana and with any separators.

The table is data, shared with the SQL function ``text_fold`` of ``prelude``: one character becomes one
character or none, so that ``translate`` says the same in every engine, and folding twice changes nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

SEPARATORS = (
    " \t\n\v\f\r\x85\u00a0\u00ad\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
    + "".join(map(chr, range(0x2000, 0x2010)))
    + "-‐‑‒–—―−﹣－ー~〜～"
    + "・･·•.．。｡,，、､/／()（）"
)
"""Blanks, hyphens and the long mark (written for each other), dots, commas, slashes, brackets."""

VOICING = "\u3099\u309a゛゜ﾞﾟ"

_SMALL = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_ODD = {"ヽ": "ヽ", "ヾ": "ヽ", "ヷ": "ワ", "ヸ": "ヰ", "ヹ": "ヱ", "ヺ": "ヲ", "ヴ": "ウ"}


def _katakana(char: str) -> str:
    """The large katakana without its voicing mark."""
    bare = _ODD.get(char, unicodedata.normalize("NFD", char)[0])
    return _SMALL.get(bare, bare)


def _pairs() -> Iterator[tuple[str, str]]:
    for code in range(0x41, 0x5B):
        yield chr(code), chr(code + 0x20)
    for code in range(0xFF01, 0xFF5F):
        yield chr(code), chr(code - 0xFEE0).lower()
    for code in (*range(0x30A1, 0x30FB), 0x30FD, 0x30FE):
        yield chr(code), _katakana(chr(code))
    for code in (*range(0x3041, 0x3097), 0x309D, 0x309E):
        yield chr(code), _katakana(chr(code + 0x60))
    for code in range(0xFF66, 0xFF9E):
        yield chr(code), _katakana(unicodedata.normalize("NFKC", chr(code)))


def _table() -> dict[str, str]:
    removed = dict.fromkeys(SEPARATORS + VOICING, "")
    pairs = {char: removed.get(folded, folded) for char, folded in _pairs() if char != folded}
    return pairs | removed


TABLE = _table()
"""Character to character, or to nothing."""

_TRANSLATION = str.maketrans(TABLE)


def fold(text: str) -> str:
    """``text`` as it is compared: lower case, large katakana without voicing marks, no separators."""
    return text.translate(_TRANSLATION)


__all__ = ["SEPARATORS", "TABLE", "VOICING", "fold"]
