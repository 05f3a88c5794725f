"""How far shares of values, and measures of two fields, are what they were before; numbers only.

Before are the given rows of those who were admitted (table ``admitted``), after are the released rows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb

from tokumei_reference.declarations import Field, Organization, Processing
from tokumei_reference.techniques import Released

Counts = Counter[tuple[Any, ...]]


def assess(
    connection: duckdb.DuckDBPyConnection,
    organization: Organization,
    processing: Processing,
    columns: Mapping[str, list[Released]],
) -> dict[str, Any]:
    """The distance of every field that a step keeps, and each measure that the declaration names."""
    released = {f"{name}.{column.field.name}": column.field for name, some in columns.items() for column in some}
    kept = dict.fromkeys(name for step in processing.steps if step.technique == "keep" for name in step.fields)

    def both(*fields: Field) -> tuple[Counts, Counts]:
        index, names = organization.resource(fields[0].resource).index, ", ".join(field.column for field in fields)
        before, after = (
            connection.execute(f"SELECT {names}, count(*) FROM {source} GROUP BY ALL").fetchall()
            for source in (f"s{index} JOIN admitted USING (p)", f"r{index}")
        )
        return Counter({row[:-1]: row[-1] for row in before}), Counter({row[:-1]: row[-1] for row in after})

    marginals = [{"field": name, "distance": _distance(*both(released[name]))} for name in kept if name in released]
    relations = []
    for asked in processing.source.get("utility", ()):
        fields = [released[name] for name in asked.get("fields", ()) if name in released]
        tables = {field.resource for field in fields}
        if asked.get("measure") in ("cramers-v", "odds-ratio") and len({*fields}) == 2 and len(tables) == 1:
            before, after = (_measure(asked, counts) for counts in both(*fields))
            relations.append({**asked, "before": before, "after": after})
    return {"marginals": marginals, "relations": relations}


def _distance(before: Counts, after: Counts) -> float | None:
    """Half the sum of the differences of the shares; a missing value is a value."""
    given, left = before.total(), after.total()
    if not given or not left:
        return None
    return round(sum(abs(before[v] / given - after[v] / left) for v in {*before, *after}) / 2, 6)


def _measure(asked: Mapping[str, Any], counts: Counts) -> float | None:
    whole = Counter({pair: n for pair, n in counts.items() if None not in pair})
    found = _odds(asked, whole) if asked["measure"] == "odds-ratio" else _cramer(whole)
    return None if found is None else round(found, 6)


def _odds(asked: Mapping[str, Any], counts: Counts) -> float | None:
    cells = [0, 0, 0, 0]
    for (one, other), n in counts.items():
        cells[2 * (one == asked.get("exposed")) + (other == asked.get("outcome"))] += n
    below = cells[1] * cells[2]
    return cells[0] * cells[3] / below if below else None


def _cramer(counts: Counts) -> float | None:
    sums = Counter[Any](), Counter[Any]()
    for pair, n in counts.items():
        for side, value in zip(sums, pair, strict=True):
            side[value] += n
    smaller = min(map(len, sums)) - 1
    if smaller < 1:
        return None
    phi = sum(n * n / sums[0][one] / sums[1][other] for (one, other), n in counts.items()) - 1
    return math.sqrt(max(0.0, phi) / smaller)
