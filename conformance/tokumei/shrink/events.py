"""Rows that a person can lose: all but the first row in the table of the persons, with the rows that hang on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

import pyarrow as pa

from tokumei.plan.bundle import Bundle, Case

Event: TypeAlias = tuple[str, int, int]
"""A row by its table, its person and its number among the rows of the person: the same in every call."""


def events(case: Case) -> tuple[Event, ...]:
    """Every row of any call that its person can lose."""
    return tuple(
        sorted(
            {
                event
                for call in case.calls
                for name in call.bundle.tables
                for event in _named(call.bundle, name)
                if event[2] or name != call.bundle.organization.subject_key.resource
            }
        )
    )


def without_events(case: Case, gone: frozenset[Event]) -> Case:
    """The case without those rows, and without the rows whose foreign keys led to them."""
    return replace(case, calls=tuple(replace(call, bundle=_without(call.bundle, gone)) for call in case.calls))


def _named(bundle: Bundle, resource: str) -> Iterator[Event]:
    seen: Counter[int] = Counter()
    for person in bundle.persons[resource]:
        yield resource, person, seen[person]
        seen[person] += 1


def _without(bundle: Bundle, gone: frozenset[Event]) -> Bundle:
    tables = dict(bundle.tables)
    persons = dict(bundle.persons)
    for resource in bundle.organization.parents_first():
        table = tables[resource.name]
        keep = [event not in gone for event in _named(bundle, resource.name)]
        for key in resource.foreign_keys:
            before = set(bundle.tables[key.to.resource].column(key.to.field).to_pylist())
            lost = before - set(tables[key.to.resource].column(key.to.field).to_pylist())
            keys = table.column(key.field.field).to_pylist()
            keep = [kept and value not in lost for kept, value in zip(keep, keys, strict=True)]
        persons[resource.name] = tuple(p for p, kept in zip(persons[resource.name], keep, strict=True) if kept)
        tables[resource.name] = table.filter(pa.array(keep, pa.bool_()))
    return replace(bundle, tables=tables, persons=persons)
