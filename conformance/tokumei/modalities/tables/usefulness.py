"""How far what can be computed from a release is what could be computed before: numbers of the rows, and no values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tokumei.declarations import FieldName, Marked, Organization, Processing
from tokumei.modalities.tables.owners import cells, owners
from tokumei.model import Request, Response

Cells = list[str | None]


def utility(organization: Organization, processing: Processing, request: Request, response: Response) -> dict[str, Any]:
    """The distance of every field that is kept, and each measure that the processing declaration names."""
    allowed = _allowed(organization, processing, request.data)

    def both(name: FieldName) -> tuple[Cells, Cells] | None:
        table = response.data.get(name.resource)
        if table is None or name.field not in table.column_names:
            return None
        before = [v for v, may in zip(cells(request.data, name), allowed[name.resource], strict=True) if may]
        missing = _missing(organization, response, name)
        return _cleared(before, missing), _cleared(table.column(name.field).to_pylist(), missing)

    kept = dict.fromkeys(name for step in processing.with_technique("keep") for name in step.fields if name.field)
    columns = {name: found for name in kept if (found := both(name)) is not None}
    relations = []
    for asked in processing.document.get("utility", ()):
        pairs = [both(FieldName.parse(text)) for text in asked["fields"]]
        if all(pairs):
            sides = [[pair[side] for pair in pairs if pair is not None] for side in (0, 1)]
            relations.append({**asked, "before": _measure(asked, sides[0]), "after": _measure(asked, sides[1])})
    return {
        "marginals": [{"field": str(name), "distance": distance(*found)} for name, found in columns.items()],
        "relations": relations,
    }


def _allowed(
    organization: Organization, processing: Processing, data: Mapping[str, pa.Table]
) -> Mapping[str, list[bool]]:
    """For each row whether it is of a person who may be released."""
    suppressed = [
        Marked(field=FieldName.parse(str(step.params["field"])), texts=step.texts)
        for step in processing.with_technique("suppress-record")
        if step.params.get("of") == "subject"
    ]
    whose = {name: owners(organization, data, name) for name in data}
    gone = {
        owner
        for marked in (*organization.excluded(processing.regime), *suppressed)
        for owner, text in zip(whose[marked.field.resource], cells(data, marked.field), strict=True)
        if text in marked.texts
    }
    return {name: [owner is not None and owner not in gone for owner in own] for name, own in whose.items()}


def _missing(organization: Organization, response: Response, name: FieldName) -> set[str]:
    """What stands for no value: in the source, and in the release as its declaration says."""
    info = organization.field(name)
    found = {"", "*", *(info.dummies if info is not None else ())}
    for resource in (response.organization or {}).get("resources", ()):
        for field in resource["schema"]["fields"] if resource["name"] == name.resource else ():
            if field["name"] == name.field:
                shown = field["tokumei"].get("representation", {})
                found |= {*shown.get("missing", ()), *shown.get("suppressed", ())}
    return found


def _cleared(cells: Sequence[str | None], missing: set[str]) -> Cells:
    return [None if value in missing else value for value in cells]


def distance(before: Cells, after: Cells) -> float | None:
    """Total variation distance of the shares of the values, of which missing is one."""
    if not before or not after:
        return None
    one, other = Counter(before), Counter(after)
    return round(sum(abs(one[v] / len(before) - other[v] / len(after)) for v in {*one, *other}) / 2, 4)


def _measure(asked: Mapping[str, Any], columns: Sequence[Cells]) -> float | None:
    counts = Counter((a, b) for a, b in zip(*columns, strict=True) if a is not None and b is not None)
    found = (
        odds_ratio(counts, asked.get("exposed", ""), asked.get("outcome", ""))
        if asked["measure"] == "odds-ratio"
        else cramers_v(counts)
    )
    return None if found is None else round(found, 4)


def cramers_v(counts: Mapping[tuple[Any, Any], int]) -> float | None:
    """Cramér's V; None where a field has fewer than two values."""
    rows, columns, n = Counter[Any](), Counter[Any](), sum(counts.values())
    for (a, b), count in counts.items():
        rows[a] += count
        columns[b] += count
    least = min(len(rows), len(columns)) - 1
    if least < 1:
        return None
    squares = sum(count * count / (rows[a] * columns[b]) for (a, b), count in counts.items())
    return float((max(0.0, squares - 1) / least) ** 0.5) if n else None


def odds_ratio(counts: Mapping[tuple[Any, Any], int], exposed: str, outcome: str) -> float | None:
    """The odds of the outcome with the exposure by those without; None where they cannot be divided."""
    table = Counter[tuple[bool, bool]]()
    for (a, b), count in counts.items():
        table[a == exposed, b == outcome] += count
    below = table[True, False] * table[False, True]
    return table[True, True] * table[False, False] / below if below else None
