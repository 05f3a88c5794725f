"""People in households: who lives together shares surname, address and insurance symbol, as families do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tokumei.registry import sources

TODAY = np.datetime64("2024-04-01")
MEMBERS = 2.2
"""Members of a household on average."""
BAND = 5
MEN = (3.7, 4.1, 4.4, 4.6, 5.1, 5.2, 5.3, 5.9, 6.6, 7.7, 6.9, 6.3, 5.9, 6.4, 7.2, 5.2, 3.9, 2.4, 1.0, 0.2)
WOMEN = (3.3, 3.7, 4.0, 4.2, 4.6, 4.6, 4.8, 5.4, 6.1, 7.1, 6.5, 6.0, 5.8, 6.5, 7.6, 6.1, 5.4, 4.4, 2.6, 1.3)
"""Shares of five-year bands of age up to 95-99 (census of 2020, rounded)."""
WOMEN_SHARE = 0.514
ERAS = (
    ("令和", "2019-05-01"),
    ("平成", "1989-01-08"),
    ("昭和", "1926-12-25"),
    ("大正", "1912-07-30"),
    ("明治", "1868-01-25"),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """People as arrays of one length; texts are made of them by ``table``."""

    sex: np.ndarray
    birth: np.ndarray
    household: np.ndarray
    surname: np.ndarray
    given: np.ndarray
    place: np.ndarray
    insurer: np.ndarray
    number: np.ndarray
    """A different number of ten digits each, in an order that is not that of the rows."""


def choose(random: np.random.Generator, share: np.ndarray, count: int) -> np.ndarray:
    """Indices with these shares, by the cumulated shares: faster than ``choice`` for many."""
    found: np.ndarray = np.searchsorted(np.cumsum(share), random.random(count) * share.sum(), side="right")
    return found.clip(0, len(share) - 1)


def draw(count: int, random: np.random.Generator) -> Drawn:
    """``count`` people; members of a household stand together."""
    sex = random.random(count) < WOMEN_SHARE
    band = np.where(sex, choose(random, np.array(WOMEN), count), choose(random, np.array(MEN), count))
    days = ((band + random.random(count)) * BAND * 365.2425).astype(np.int64)
    households = max(1, int(count / MEMBERS))
    household = np.sort(random.integers(0, households, count))
    women, men = sources.given_names("F"), sources.given_names("M")
    given = np.where(sex, choose(random, women.share, count), choose(random, men.share, count))
    return Drawn(
        sex=sex,
        birth=TODAY - days.astype("timedelta64[D]"),
        household=household,
        surname=choose(random, sources.surnames().share, households)[household],
        given=given,
        place=choose(random, sources.places().share, households)[household],
        insurer=random.zipf(1.35, households)[household] % 1400,
        number=scattered(count, int(random.integers(1, 10**10))),
    )


def scattered(count: int, start: int, *, modulus: int = 10**10, step: int = 6_180_339_887) -> np.ndarray:
    """Different numbers below ``modulus``: multiples of a step that shares no factor with it."""
    low, high = np.arange(count, dtype=np.uint64), np.uint64(modulus)
    upper, lower = divmod(step, 10**5)  # the product would leave 64 bits, its two halves do not
    first = (low * np.uint64(upper)) % high * np.uint64(10**5) % high
    return ((first + low * np.uint64(lower) + np.uint64(start % modulus)) % high).astype(np.int64)


def padded(numbers: np.ndarray, width: int) -> pa.Array:
    """Numbers as texts of one width."""
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def era(birth: np.ndarray) -> pa.Array:
    """Dates of birth as the years of an era: 昭和45年4月12日."""
    months = birth.astype("datetime64[M]")
    year = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (birth - months.astype("datetime64[D]")).astype(np.int64) + 1
    name, first = np.full(len(birth), ERAS[-1][0]), np.full(len(birth), 1868)
    for text, start in reversed(ERAS):
        after = birth >= np.datetime64(start)
        name[after], first[after] = text, int(start[:4])
    nth = pa.array(year - first + 1).cast(pa.string())
    nth = pc.if_else(pc.equal(nth, "1"), "元", nth)
    parts = (
        pa.array(name),
        nth,
        "年",
        pa.array(month).cast(pa.string()),
        "月",
        pa.array(day).cast(pa.string()),
        "日",
        "",
    )
    return pc.binary_join_element_wise(*parts)


def table(drawn: Drawn) -> pa.Table:
    """The people as a table of texts, one row each."""
    surname, place = sources.surnames(), sources.places()
    women, men = sources.given_names("F"), sources.given_names("M")
    sex = pa.array(drawn.sex)

    def given(column: str) -> pa.Array:
        hers = _taken(getattr(women, column), np.where(drawn.sex, drawn.given, 0))
        his = _taken(getattr(men, column), np.where(drawn.sex, 0, drawn.given))
        return pc.if_else(sex, hers, his)

    number = padded(drawn.number, 10)
    house = padded(drawn.household % 997 + 1, 1)
    address = [_taken(column, drawn.place) for column in (place.prefecture, place.city, place.town)]
    return pa.table(
        {
            "subject_id": number,
            "name": pc.binary_join_element_wise(_taken(surname.kanji, drawn.surname), given("kanji"), "　"),
            "kana": pc.binary_join_element_wise(_taken(surname.kana, drawn.surname), given("kana"), "　"),
            "sex": pc.if_else(sex, "F", "M"),
            "birth": pa.array(drawn.birth.astype("datetime64[D]")).cast(pa.string()),
            "birth_era": era(drawn.birth),
            "postal": _taken(place.postal, drawn.place),
            "city_code": _taken(place.code, drawn.place),
            "address": pc.binary_join_element_wise(*address, house, "番地", ""),
            "phone": pc.binary_join_element_wise(
                "090", padded(scattered(len(number), 31, modulus=10**8, step=61_803_399), 8), ""
            ),
            "mail": pc.binary_join_element_wise("u", number, "@example.jp", ""),
            "insurer": padded(6_000_000 + drawn.insurer, 8),
            "symbol": padded(drawn.household * 7 % 89_999 + 10_000, 5),
            "household": padded(drawn.household, 8),
        }
    )


def _taken(values: np.ndarray, index: np.ndarray) -> pa.Array:
    return pa.array(values).take(pa.array(index))


__all__ = ["TODAY", "Drawn", "choose", "draw", "era", "padded", "scattered", "table"]
