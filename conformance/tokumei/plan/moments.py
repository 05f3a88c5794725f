"""Clock times, what a calendar tells of a date, and tokens of record linkage: values made from the rest of a row."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from random import Random

from tokumei.declarations import FieldInfo, FieldName, Organization

Values = Mapping[str, str | None]
Make = Callable[[Values, Random], str | None]

PRICE_LISTS = ("2022-04-01", "2023-04-01", "2024-04-01", "2024-06-01")
"""From when lists of drug prices apply to these invented prescriptions; 2024-06 is that of the fees."""
LOADED = dt.date(2024, 7, 1)


def maker(organization: Organization, info: FieldInfo) -> Make | None:
    """How the field is filled from a row, or None where it is not of these kinds."""
    if told := info.tokumei.get("calendarOf"):
        return _of_date(FieldName.parse(told["date"]).field, TELLS[told["tells"]])
    linkage = organization.document["tokumei"].get("linkage", {})
    if linkage.get("resultField") == str(info.name):
        return lambda values, _: token(linkage["inputs"], values)
    if info.type == "time":
        return lambda _, random: clock(random)
    if info.type == "datetime":
        return lambda _, random: f"{LOADED + dt.timedelta(days=random.randrange(9))}T{clock(random)}"
    return None


def clock(random: Random) -> str:
    """A time of day to the second."""
    return f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}"


def token(inputs: list[str], values: Values) -> str:
    """The SHA-256 of what identifies a person, in hexadecimal: a value for linkage that nobody may be given."""
    text = "|".join(values.get(FieldName.parse(name).field) or "" for name in inputs)
    return hashlib.sha256(text.encode()).hexdigest()


def _of_date(field: str, tells: Callable[[dt.date], str]) -> Make:
    def make(values: Values, random: Random) -> str | None:
        del random
        day = values.get(field)
        return tells(dt.date.fromisoformat(day)) if day else None

    return make


def _price_list(day: dt.date) -> str:
    return max((start for start in PRICE_LISTS if start <= day.isoformat()), default=PRICE_LISTS[0])[:7]


TELLS: Mapping[str, Callable[[dt.date], str]] = {
    "weekday": lambda day: "月火水木金土日"[day.weekday()],
    "month": lambda day: day.isoformat()[:7],
    "fiscal-year": lambda day: str(day.year - (day.month < 4)),
    "price-list": _price_list,
}
"""What a field with ``calendarOf`` says of its date."""
