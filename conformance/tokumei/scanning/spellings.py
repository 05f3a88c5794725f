"""How one identifier may be written: its name in Latin letters, its number in characters, its date in an era."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from tokumei.romaji import romaji
from tokumei.scanning.folding import one

Kind = Literal["name", "kana", "number", "date", "text"]
Way = Literal["written", "romaji", "era", "reversed"]

KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")
ERAS = (
    ("令和", "R", dt.date(2019, 5, 1)),
    ("平成", "H", dt.date(1989, 1, 8)),
    ("昭和", "S", dt.date(1926, 12, 25)),
    ("大正", "T", dt.date(1912, 7, 30)),
    ("明治", "M", dt.date(1868, 1, 25)),
)


def _parts(value: str) -> list[str]:
    return re.split(r"[\s　,、]+", value.strip())


def _name(value: str) -> Iterator[tuple[Way, str]]:
    yield "written", value
    if len(parts := _parts(value)) == 2:
        yield "written", "".join(reversed(parts))


def _kana(value: str) -> Iterator[tuple[Way, str]]:
    yield from _name(value)
    for spelling in itertools.product(*(romaji(part) for part in _parts(value))):
        yield "romaji", "".join(spelling)
        yield "romaji", "".join(reversed(spelling))


def _number(value: str) -> Iterator[tuple[Way, str]]:
    yield "written", value
    if (digits := one(value)).isdigit():
        yield "written", digits.translate(KANJI)


def _date(value: str) -> Iterator[tuple[Way, str]]:
    """A date that ISO 8601 knows; anything else as it is written."""
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        yield "written", value
        return
    for form in ("{0:%Y%m%d}", "{0.year}年{0.month}月{0.day}日", "{0.year}年{0.month:02}月{0.day:02}日"):
        yield "written", form.format(day)
    for name, letter, start in ERAS:
        if day >= start:
            year = day.year - start.year + 1
            for told in (str(year), f"{year:02}", "元") if year == 1 else (str(year), f"{year:02}"):
                yield "era", f"{name}{told}年{day.month}月{day.day}日"
                yield "era", f"{name}{told}年{day.month:02}月{day.day:02}日"
                yield "era", f"{letter}{told}{day:%m%d}"
            break


def _text(value: str) -> Iterator[tuple[Way, str]]:
    yield "written", value


_SPELLED: Mapping[Kind, Callable[[str], Iterator[tuple[Way, str]]]] = {
    "name": _name,
    "kana": _kana,
    "number": _number,
    "date": _date,
    "text": _text,
}
KINDS = tuple(_SPELLED)


def spellings(kind: Kind, value: str) -> dict[str, Way]:
    """Every folded spelling of ``value``, with how it is written; what is written is one, and its reverse another."""
    found: dict[str, Way] = {}
    for way, text in _SPELLED[kind](value):
        found.setdefault(one(text), way)
    for text, way in list(found.items()):
        if way == "written" and kind != "date" and len(text) >= FEWEST["number"]:
            found.setdefault(text[::-1], "reversed")
    return {text: way for text, way in found.items() if enough(text)}


FEWEST: Mapping[str, int] = {"wide": 3, "number": 7, "letters": 6}
"""A shorter text stands in most files by chance."""


def enough(folded: str) -> bool:
    """Whether a text is long enough to say something where it is found: 3 characters, 7 digits, 6 letters."""
    kind = "number" if folded.isdigit() else "letters" if folded.isascii() else "wide"
    return len(folded) >= FEWEST[kind]


__all__ = ["FEWEST", "KINDS", "Kind", "Way", "enough", "spellings"]
