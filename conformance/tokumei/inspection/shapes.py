"""The shape of a value and the pattern of many shapes: what kind of character stands where, never which.

A pattern accepts every value that it was drafted from. A shape that fewer than ``FEW`` rows have is not
written as it is: it only widens the pattern, to the next power of two of characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

FEW = 10
"""Fewer rows than this may be one person: nothing that only they have is written."""
MOST_FORMS = 6
OTHER = "\ue000"

CLASSES: Mapping[str, str] = {
    "0": "0-9",
    "a": "a-z",
    "A": "A-Z",
    "あ": "ぁ-ん",
    "ア": "ァ-ヶー",
    "ｱ": "ｦ-ﾟ",
    "漢": "々〆一-鿿",
    "９": "０-９",
    "Ａ": "Ａ-Ｚａ-ｚ",
    "　": "　",
}
"""What stands for a class of characters, and the class; ASCII punctuation stands for itself."""

_PUNCTUATION = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def sql(argument: str) -> str:
    """The shape of a text in the SQL of DuckDB: every character replaced by what stands for its class."""
    known = "".join(_re2(ranges) for ranges in CLASSES.values())
    others = f"[^{known}{''.join(_re2(char) for char in _PUNCTUATION)}]"
    plain, text = argument, f"regexp_replace({argument}, '{others}', '{OTHER}', 'g')"
    for symbol, ranges in CLASSES.items():
        text = f"regexp_replace({text}, '[{_re2(ranges)}]', '{symbol}', 'g')"
        if symbol.isascii():
            plain = f"regexp_replace({plain}, '[{_re2(ranges)}]', '{symbol}', 'g')"
    return f"CASE WHEN regexp_full_match({argument}, '[ -~]*') THEN {plain} ELSE {text} END"


def _re2(ranges: str) -> str:
    return "".join(char if char == "-" and len(ranges) > 1 else f"\\x{{{ord(char):x}}}" for char in ranges)


def pattern(shapes: Mapping[str, int]) -> str:
    """A regular expression for the full match of every text with one of the shapes; rows are counted by shape.

    Empty where some character is of no known class: such texts have no pattern.
    """
    if not shapes or any(OTHER in shape for shape in shapes):
        return ""
    forms: dict[str, dict[tuple[int, ...], int]] = {}
    for shape, rows in shapes.items():
        runs = [(symbol, len(list(run))) for symbol, run in groupby(shape)]
        lengths = forms.setdefault("".join(symbol for symbol, _ in runs), {})
        lengths[tuple(length for _, length in runs)] = rows
    if len(forms) > MOST_FORMS or any(sum(lengths.values()) < FEW for lengths in forms.values()):
        return f"[{_union(shapes)}]" + _count(1, _power(max(map(len, shapes))))
    return "|".join(_form(symbols, lengths) for symbols, lengths in sorted(forms.items()))


def capacity(shapes: Mapping[str, int]) -> int:
    """How many texts the longest shape can have: enough for as many keys, or not."""
    sizes = {"0": 10, "a": 26, "A": 26}
    return math.prod(
        sizes.get(symbol, 1 if symbol in _PUNCTUATION else 40) for symbol in max(shapes, key=len, default="")
    )


def _form(symbols: str, lengths: Mapping[tuple[int, ...], int]) -> str:
    often = [each for each, rows in lengths.items() if rows >= FEW]
    parts = []
    for i, symbol in enumerate(symbols):
        known, every = {each[i] for each in often}, {each[i] for each in lengths}
        low, high = min(known, default=1), max(known, default=1)
        if min(every) < low:
            low = 1
        if max(every) > high:
            high = _power(max(every))
        parts.append(_atom(symbol) + _count(low, high))
    return "".join(parts)


def _union(shapes: Mapping[str, int]) -> str:
    symbols = sorted(set().union(*shapes))
    return "".join(CLASSES.get(symbol) or re.escape(symbol) for symbol in symbols)


def _atom(symbol: str) -> str:
    ranges = CLASSES.get(symbol)
    if ranges is None or symbol == ranges:
        return symbol if symbol in " -" else re.escape(symbol)
    return f"[{ranges}]"


def _count(low: int, high: int) -> str:
    if low == high:
        return "" if low == 1 else f"{{{low}}}"
    return f"{{{low},{high}}}"


def _power(number: int) -> int:
    return 1 << (number - 1).bit_length()


def nice(low: float, high: float) -> tuple[int, int]:
    """Whole bounds around a range of numbers: 0, or 1, 2 or 5 with zeros; the extremes themselves are somebody's."""
    return -_step(-low) if low < 0 else 0, _step(high)


def _step(number: float) -> int:
    steps = [factor * 10**power for power in range(18) for factor in (1, 2, 5)]
    below = [(a, b) for a, b in pairwise([0, *steps]) if a < number <= b]
    return below[0][1] if below else 1 if number <= 0 else int(number) + 1


__all__: Sequence[str] = ["CLASSES", "FEW", "capacity", "nice", "pattern", "sql"]
