"""Values made simple: missing where that is declared, else the first value of the declared domain.

Fields that hold one fact (a redundancy group) change together, so that age and birthday stay the same fact. Keys
stay. What carries the planted truth (cell codes, dates) may be missing but never another value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import pyarrow as pa

from tokumei.declarations import FieldInfo, Processing
from tokumei.plan.bundle import Bundle, Case
from tokumei.plan.levels import levels

Value: TypeAlias = tuple[str, int]
"""A fact (a redundancy group, or a field) of one person."""


def values(case: Case) -> tuple[Value, ...]:
    """Every fact of any person that is not simple yet."""
    found: set[Value] = set()
    for call in case.calls:
        bundle = call.bundle
        for info, simple in _simple_fields(bundle):
            cells = bundle.tables[info.name.resource].column(info.name.field).to_pylist()
            who = bundle.persons[info.name.resource]
            found |= {(_fact(info), p) for p, cell in zip(who, cells, strict=True) if cell != simple}
    return tuple(sorted(found))


def simplified(case: Case, changed: frozenset[Value]) -> Case:
    """The case with those facts made simple."""
    return replace(case, calls=tuple(replace(call, bundle=_simplified(call.bundle, changed)) for call in case.calls))


def _simplified(bundle: Bundle, changed: frozenset[Value]) -> Bundle:
    tables = dict(bundle.tables)
    for info, simple in _simple_fields(bundle):
        table, name, fact = tables[info.name.resource], info.name.field, _fact(info)
        cells = [
            simple if (fact, person) in changed else cell
            for person, cell in zip(bundle.persons[info.name.resource], table.column(name).to_pylist(), strict=True)
        ]
        tables[info.name.resource] = table.set_column(
            table.schema.get_field_index(name), name, pa.array(cells, pa.string())
        )
    return replace(bundle, tables=tables)


def _fact(info: FieldInfo) -> str:
    return str(info.tokumei.get("redundancyGroup") or info.name)


def _simple_fields(bundle: Bundle) -> list[tuple[FieldInfo, str | None]]:
    """The fields that have a simple value, with it."""
    quasi = {name for target in bundle.processing.targets for name in target.quasi}
    truth = set(bundle.truth.carriers)
    found: list[tuple[FieldInfo, str | None]] = []
    for info in bundle.organization.fields():
        if bundle.organization.is_key(info):
            continue
        planned = info.name in truth or info.type == "date"
        first = None if planned else _first(info, bundle.processing)
        if info.name in quasi or info.required:
            if first is not None:
                found.append((info, first))
        else:
            found.append((info, None))
    return found


def _first(info: FieldInfo, processing: Processing) -> str | None:
    """The first value of the declared domain, None where none is declared."""
    if "enum" in info.constraints:
        return str(info.constraints["enum"][0])
    groups = levels(info, processing).groups if info.type == "integer" or processing.steps_of(info.name) else ()
    if groups:
        return groups[0][0]
    return str(info.constraints["minimum"]) if "minimum" in info.constraints else None


__all__ = ["Value", "simplified", "values"]
