"""How tables hang together: whose numbers the persons are counted by, and which columns lead there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokumei.inspection import words

if TYPE_CHECKING:
    from tokumei.inspection.profile import Profile
    from tokumei.inspection.reading import Table

MOSTLY = 0.95


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A column by resource and header."""

    resource: str
    field: str

    def __str__(self) -> str:
        return f"{self.resource}.{self.field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Values of ``child`` that are found in ``parent``, as a share of the distinct ones."""

    child: Key
    parent: Key
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Persons:
    """The columns that may number the persons, likeliest first; ``sure`` when the first stands out."""

    candidates: tuple[Key, ...]
    sure: bool
    columns: frozenset[Key]
    """Every column there is, for a person who knows better."""


def links(tables: Sequence[Table], profiles: Mapping[Key, Profile]) -> tuple[Link, ...]:
    """Columns of equal names of which one is without duplicates and holds nearly all values of the other."""
    by_name = {table.source.resource: table for table in tables}
    parents = [
        key
        for key, profile in profiles.items()
        if identifies(profile) and (profile.unique or words.names_person(key.field))
    ]
    found = []
    for child, profile in profiles.items():
        for parent in parents:
            if (
                child.resource == parent.resource
                or words.plain(child.field) != words.plain(parent.field)
                or not profile.filled
            ):
                continue
            if not profiles[parent].unique and profile.unique:
                continue
            share = _share(by_name[child.resource], child, by_name[parent.resource], parent)
            if share >= MOSTLY:
                found.append(Link(child=child, parent=parent, share=share))
    return tuple(found)


def persons(profiles: Mapping[Key, Profile], found: Sequence[Link]) -> Persons:
    """The person key: named so and without duplicates, else named so, else what the other tables refer to."""
    named = [key for key in profiles if words.names_person(key.field) and _is_key(profiles[key])]
    whole = [key for key in named if profiles[key].unique]
    for group in (whole, [] if whole else named):
        if group:
            ranked = sorted(
                group,
                key=lambda key: (
                    not words.names_person(key.resource),
                    -sum(link.parent == key for link in found),
                    -profiles[key].distinct,
                ),
            )
            first = ranked[0]
            rest = [key for key in ranked[1:] if not any(link.child == key and link.parent == first for link in found)]
            return Persons(candidates=(first, *rest), sure=not rest, columns=frozenset(profiles))
    other = sorted(
        (key for key, profile in profiles.items() if profile.unique and _is_key(profile)),
        key=lambda key: -sum(link.parent == key for link in found),
    )
    pointed = [key for key in other if any(link.parent == key for link in found)]
    return Persons(candidates=tuple(other), sure=len(pointed) == 1, columns=frozenset(profiles))


def tree(root: str, found: Sequence[Link], person: Key | None) -> Mapping[str, Link]:
    """One link a table that leads to the table of persons, at once where it can: no cycle, no second parent."""
    reached = [root]
    chosen: dict[str, Link] = {}
    while True:
        waiting = [link for link in found if link.parent.resource in reached and link.child.resource not in reached]
        if not waiting:
            return chosen
        best = min(waiting, key=lambda link: (link.parent != person, reached.index(link.parent.resource), link.child))
        chosen[best.child.resource] = best
        reached.append(best.child.resource)


def identifies(profile: Profile) -> bool:
    """Whether a column can be a key: named as one, or different in every row and no measurement."""
    told = words.lookup(profile.name)
    if told is not None:
        return "link" in told[0].classes
    return profile.unique and not profile.date_format and (not profile.every("number") or profile.every("digits"))


def _is_key(profile: Profile) -> bool:
    return profile.full and identifies(profile) and profile.distinct > 1


def _share(child: Table, key: Key, parent: Table, other: Key) -> float:
    value = child.cells.query(
        "SELECT avg(CASE WHEN value IN (SELECT value FROM {parent} WHERE field = {j}) THEN 1.0 ELSE 0.0 END)"
        " FROM {self} WHERE field = {i}",
        parent=parent.cells,
        i=child.source.header.index(key.field),
        j=parent.source.header.index(other.field),
    ).value()
    return float(value or 0.0)
