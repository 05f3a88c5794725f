"""Those whom a product must see among all others, put in where nobody else is like them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tokumei.registry import sources
from tokumei.registry.people import TODAY, Drawn

EDGES = (
    "1912-07-29", "1912-07-30", "1926-12-24", "1926-12-25", "1989-01-07", "1989-01-08", "2019-04-30", "2019-05-01",
    "2000-02-29",
)  # fmt: skip
"""The last and the first day of each era, and a day that most years do not have."""
FEW = 4
"""People with a diagnosis that is too rare where five are asked for."""


@dataclass(frozen=True, slots=True)
class Registry:
    """People, their diagnoses (person, code, date) and what was planted: kind and row of each."""

    people: Drawn
    person: np.ndarray
    code: np.ndarray
    day: np.ndarray
    planted: tuple[tuple[str, int], ...] = ()


def plant(registry: Registry, random: np.random.Generator) -> Registry:
    """The same registry with plants in rows of their own, as many as there are rows for.

    ``oldest`` is 116 and born in 明治, ``dummy-birth`` has 1900-01-01 for an unknown date, ``edge`` a date at the edge of an
    era, ``quadruplet`` three others of the same day and household, ``namesake`` one other of the same name, sex and date
    in another household, ``lone-diagnosis`` a code that nobody else has, ``few-diagnosis`` one that ``FEW`` have.
    """
    people = registry.people
    birth, household, place = people.birth.copy(), people.household.copy(), people.place.copy()
    surname, given, sex = people.surname.copy(), people.given.copy(), people.sex.copy()
    rows = iter(random.permutation(len(birth)).tolist())
    planted: list[tuple[str, int]] = []

    def take(kind: str, count: int = 1) -> Iterator[int]:
        found = [row for _, row in zip(range(count), rows, strict=False)]
        if len(found) == count:
            planted.extend((kind, row) for row in found)
            yield from found

    for row in take("oldest"):
        birth[row] = np.datetime64("1907-11-03")
    for row in take("dummy-birth"):
        birth[row] = np.datetime64("1900-01-01")
    code, changed = registry.code.copy(), np.zeros(len(registry.code), bool)
    free = np.setdiff1d(np.arange(len(sources.diseases())), code)[:2]
    first = np.searchsorted(registry.person, np.arange(len(birth)))
    for kind, count, number in zip(("lone-diagnosis", "few-diagnosis"), (1, FEW), free.tolist(), strict=False):
        for row in take(kind, count):
            code[first[row]], changed[first[row]] = number, True
    for edge in EDGES:
        for row in take("edge"):
            birth[row] = np.datetime64(edge)
    together = list(take("namesake", 2))
    for array in (birth, surname, given, sex):
        array[together[1:]] = array[together[:1]]
    together = list(take("quadruplet", 4))
    for array in (birth, household, place, surname):
        array[together[1:]] = array[together[:1]]
    day = np.maximum(registry.day, np.minimum(birth[registry.person], TODAY - np.timedelta64(1, "D")))
    people = replace(people, birth=birth, household=household, place=place, surname=surname, given=given, sex=sex)
    return Registry(people, registry.person, code, day, tuple(planted))


__all__ = ["EDGES", "FEW", "Registry", "plant"]
