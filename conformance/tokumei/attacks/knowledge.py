"""What an attacker is declared to know of a person, and the released rows as that attacker sees them.

A pseudonym and a shifted date say nothing to somebody who knows the number or the day: such a field is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokumei.declarations import PSEUDONYMS, FieldName, Organization, Processing
from tokumei.evidence import TableView
from tokumei.relation import Column, Relation, columns

PROSECUTOR = "prosecutor"
"""The attacker who knows that the person is in the release."""

OF_PERSONS = 'SELECT DISTINCT "case", "call", subject AS who, {columns} FROM {self} t'
JOINED = """
SELECT DISTINCT a."case", a."call", a.who, {mine}, {theirs} FROM {self} a
LEFT JOIN {other} b ON a."case" = b."case" AND a."call" = b."call" AND a.who = b.who
"""


def known_sets(
    *processings: Processing, models: frozenset[str] = frozenset({PROSECUTOR})
) -> list[frozenset[FieldName]]:
    """What each declared attacker knows; where none is declared, the quasi-identifiers of each target."""
    found = {
        frozenset(FieldName.parse(str(text)) for text in attacker["knows"])
        for processing in processings
        for attacker in processing.document.get("attacker", ())
        if attacker["model"] in models
    }
    targets = {frozenset(t.quasi) for processing in processings for t in processing.targets if t.quasi}
    return sorted(found or targets, key=lambda names: sorted(map(str, names)))


def random_fields(*processings: Processing) -> frozenset[FieldName]:
    """The fields whose released values are drawn: pseudonyms and shifted dates."""
    steps = (step for processing in processings for step in processing.with_technique("date-shift", *PSEUDONYMS))
    return frozenset(name for step in steps for name in step.fields)


def of_use(names: frozenset[FieldName], claim: Processing, views: Mapping[str, TableView]) -> list[FieldName]:
    """The known fields that are in the release in a form that can be compared with what is known."""
    held = (
        name
        for name in names - random_fields(claim)
        if name.resource in views and name.field in views[name.resource].names
    )
    return sorted(held, key=str)


def seen(views: Mapping[str, TableView], names: list[FieldName]) -> tuple[Relation, tuple[Column, ...]]:
    """``case, call, who, q1 … qn`` in the order of ``names``: each way in which a person shows the known values.

    Fields of several tables are joined by the person; a person without a row in a table has NULL there.
    """
    by_table: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        by_table.setdefault(name.resource, []).append(place)
    made: Relation | None = None
    done: list[int] = []
    for resource, places in by_table.items():
        view = views[resource]
        listed = ", ".join(f"{view.column(names[p].field)} AS q{p + 1}" for p in places)
        one = view.relation.query(OF_PERSONS.replace("{columns}", listed))
        if made is None:
            made = one
        else:
            mine = ", ".join(f"a.q{p + 1}" for p in done)
            theirs = ", ".join(f"b.q{p + 1}" for p in places)
            made = made.query(JOINED.replace("{mine}", mine).replace("{theirs}", theirs), other=one)
        done += places
    if made is None:
        raise ValueError("nothing is known")
    return made, columns(f"q{place + 1}" for place in range(len(names)))


def persons_are_told(organization: Organization, views: Mapping[str, TableView], resources: set[str]) -> bool:
    """Whether rows of these tables can be told from persons: the key is released, or a row is a person."""
    key = organization.subject_key
    held = key.resource in views and key.field in views[key.resource].names
    return held or (resources == {key.resource} and organization.resource(key.resource).row_unit == "person")


__all__ = ["PROSECUTOR", "known_sets", "of_use", "persons_are_told", "random_fields", "seen"]
