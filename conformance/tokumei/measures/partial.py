"""Descriptions that are parts of identifying ones: initials, the year or the day of a birth, the end of a number.

Each alone is shared by many; a ``form`` is what two spellings of the same part have in common.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tokumei.stats import permuted_upper

_LETTERS = {
    "A": "アァ", "I": "イィ", "U": "ウゥ", "E": "エェ", "O": "オォ", "K": "カキクケコ", "G": "ガギグゲゴ", "S": "サシスセソ",
    "Z": "ザズゼゾ", "J": "ジ", "T": "タチツテト", "D": "ダヂヅデド", "N": "ナニヌネノ", "H": "ハヒフヘホ", "B": "バビブベボ",
    "P": "パピプペポ", "M": "マミムメモ", "Y": "ヤユヨ", "R": "ラリルレロ", "W": "ワヲ",
}  # fmt: skip
_LETTER = {kana: letter for letter, kanas in _LETTERS.items() for kana in kanas} | {"チ": "C", "フ": "F"}
_ERAS = (("2019-05-01", "令和"), ("1989-01-08", "平成"), ("1926-12-25", "昭和"), ("1912-07-30", "大正"))


def form(text: str) -> str:
    """What a part is compared as: letters and digits in half width and upper case, numbers without leading noughts."""
    plain = unicodedata.normalize("NFKC", text).upper()
    numbers = re.sub(r"[0-9]+", lambda found: found[0].lstrip("0") or "0", plain)
    return re.sub(r"[\W_]+", "/", numbers).strip("/")


def of_name(text: str) -> Iterator[str]:
    """The family name, the given name and the initials of a name of two parts, in kana also as letters."""
    told = unicodedata.normalize("NFKC", text).split()
    if len(told) != 2:
        return
    yield from (part for part in told if len(part) >= 2)
    yield f"{told[0][0]}{told[1][0]}"
    yield f"{told[0][0]}.{told[1][0]}."
    letters = [_LETTER.get(part[0], "") for part in told]
    if all(letters):
        for one, other in (letters, letters[::-1]):
            yield from (f"{one}{other}", f"{one}.{other}.")


def of_day(text: str) -> Iterator[str]:
    """The year, the month with the year, and the month with the day of a date in ISO 8601; the year in both calendars."""
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    if not found:
        return
    year, month, day = (int(part) for part in found.groups())
    yield from (f"{year}", f"{year}年", f"{year}-{month}", f"{year}年{month}月", f"{month}-{day}", f"{month}月{day}日")
    yield from (f"{month:02}{day:02}", f"{year}{month:02}", f"{year}年{month}月生")
    for first, era in _ERAS:
        if text >= first:
            told = year - int(first[:4]) + 1
            yield from (f"{era}{told}年", f"{era}{told}", *([f"{era}元年"] if told == 1 else []))
            break


def of_number(text: str) -> Iterator[str]:
    """The last four digits."""
    digits = re.sub(r"[^0-9]", "", text)
    if len(digits) >= 7:
        yield digits[-4:]


def beyond_chance(rows: Sequence[tuple[Any, str]], persons: Mapping[Any, Collection[str]]) -> tuple[int, float]:
    """How many rows tell a part that a person with the same kept values has, and a bound on the chance of so many.

    A row is its kept values and the form of a part; ``persons`` has the forms of the persons by their kept values. By
    chance the parts would be dealt to the rows in any order, or to the kept values: a number of each ward that looks
    like a year tells nothing of persons, however many rows the ward has. The larger of both bounds holds either way.
    """
    hits, by_rows = _dealt(rows, persons)
    return hits, max(by_rows, _dealt(list(dict.fromkeys(rows)), persons)[1])


def _dealt(rows: Sequence[tuple[Any, str]], persons: Mapping[Any, Collection[str]]) -> tuple[int, float]:
    if not rows:
        return 0, 1.0
    hits = sum(part in persons.get(kept, ()) for kept, part in rows)
    kepts, parts = [kept for kept, _ in rows], [part for _, part in rows]
    times: dict[str, int] = {}
    for part in parts:
        times[part] = times.get(part, 0) + 1
    mean = 0.0
    for kept in kepts:
        known = set(persons.get(kept, ()))
        mean += sum(n for part, n in times.items() if part in known)
    return hits, min(permuted_upper(hits, mean / len(rows)), _few(hits, len(rows), mean))


def _few(hits: int, n: int, whole: float) -> float:
    """A bound that is sharp for few rows: Markov's inequality for the number of ways to choose m of the hits.

    Of an n × n table of noughts and ones that sums to ``whole``, m entries in different rows and columns are picked
    with the chance 1 / (n · (n − 1) · … · (n − m + 1)), and there are at most ``whole`` to the power of m such m-tuples.
    """
    if hits == 0 or whole <= 0:
        return 1.0
    tries = (m * math.log(whole) - _falling(n, m) - _falling(hits, m) for m in range(1, hits + 1))
    return math.exp(min(0.0, *tries))


def _falling(n: int, m: int) -> float:
    """The logarithm of n · (n − 1) · … · (n − m + 1)."""
    return math.lgamma(n + 1) - math.lgamma(n - m + 1)


__all__ = ["beyond_chance", "form", "of_day", "of_name", "of_number"]
