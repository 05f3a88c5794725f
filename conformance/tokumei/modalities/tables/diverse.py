"""Who must go, beside the persons of small classes: those whose class holds too few sensitive values."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from tokumei.declarations import Processing

PERSON = "\x00"


class Worked(Protocol):
    """What of a product is looked at: its tables as they are so far, and what was asked of it."""

    tables: dict[str, list[dict[str, str | None]]]
    processing: Processing


def alike(self: Worked, resource: str) -> set[str | None]:
    """The persons of classes with fewer values than a target of distinct l-diversity asks for; NULL is a value."""
    gone: set[str | None] = set()
    for target in self.processing.targets:
        if target.model != "l-diversity" or target.sensitive is None or target.sensitive.resource != resource:
            continue
        values: dict[tuple[str | None, ...], set[str | None]] = defaultdict(set)
        persons: dict[tuple[str | None, ...], set[str | None]] = defaultdict(set)
        for row in self.tables[resource]:
            key = tuple(row[name.field] for name in target.quasi)
            values[key].add(row[target.sensitive.field])
            persons[key].add(row[PERSON])
        gone |= {person for key, held in values.items() if len(held) < target.l for person in persons[key]}
    return gone


__all__ = ["alike"]
