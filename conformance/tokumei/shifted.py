"""When the persons of planned cells begin, on both sides: what tells how far the dates of somebody were moved.

The persons of a cell share one template of events, so that any of their dates tells their first day. Who of the
input is who of the release is not known, but of which cell both are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tokumei.declarations import FieldName, Processing
from tokumei.evidence import Evidence
from tokumei.relation import Relation
from tokumei.representation import day

SLACK = 2.0
"""An offset need not be uniform over its range: none is more than twice as frequent as if it were."""
WEEK = 7

PEOPLE = """
SELECT DISTINCT r."case", r."call", r.subject AS person, c.cell FROM {self} r
JOIN {cells} c ON r."case" = c."case" AND r."call" = c."call" AND """

DATED = """
SELECT t."case", t."call", t.subject AS person, {resource} AS resource, {field} AS field, min(<day>) AS d
FROM {self} t WHERE <day> IS NOT NULL AND t.subject IS NOT NULL GROUP BY t."case", t."call", t.subject
"""

FIRST = """
SELECT e."case", e."call", e.person, p.cell, min(days_between(e.d, DATE '2001-01-01') - x.days) AS d FROM {self} e
JOIN {people} p ON e."case" = p."case" AND e."call" = p."call" AND e.person = p.person
JOIN (
  SELECT "case", "call", cell, resource, field, min(days) AS days FROM {events} v
  GROUP BY "case", "call", cell, resource, field
) x ON e."case" = x."case" AND e."call" = x."call" AND p.cell = x.cell AND e.resource = x.resource AND e.field = x.field
GROUP BY e."case", e."call", e.person, p.cell
"""

Firsts = Mapping[tuple[str, int], Sequence[tuple[str, int, int]]]
"""By case and call: the person, the cell and the first day as a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The fields that move together by person, and from how many days the offset is drawn; 0 where nobody says."""

    fields: tuple[FieldName, ...]
    offsets: int

    def chance(self, days: int) -> float:
        """At most how likely an offset is one of so many days that follow each other; it may be of whole weeks."""
        return min(1.0, SLACK * WEEK * -(-days // WEEK) / self.offsets) if self.offsets else 1.0


def shift_of(processing: Processing) -> Shift | None:
    """The dates that a declaration moves by person to the day; None where there are none."""
    coarse = {name for step in processing.with_technique("date-coarsen") for name in step.fields}
    fields: list[FieldName] = []
    offsets = 0
    for step in processing.with_technique("date-shift"):
        if step.params.get("by") != "subject":
            continue
        fields += [name for name in step.fields if name not in coarse and processing.released(name)]
        match step.params.get("range"):
            case [int(low), int(high)] if high > low:
                offsets = max(offsets, high - low)
    return Shift(fields=tuple(fields), offsets=offsets) if fields else None


def first_days(evidence: Evidence, fields: Sequence[FieldName], side: Literal["input", "release"]) -> Firsts:
    """The first day of every person of a planned cell, counted from the dates of ``fields`` on one side."""
    views, cells = getattr(evidence, side), evidence.planned.get("cells")
    home = views.get(evidence.carriers[0].resource) if evidence.carriers else None
    carriers = home.pick(evidence.carriers) if home else None
    parts = [
        view.relation.query(
            DATED.replace("<day>", day(evidence, name, view.column(name.field))),
            resource=name.resource,
            field=name.field,
        )
        for name in fields
        if (view := views.get(name.resource)) is not None and name.field in view.names
    ]
    if cells is None or home is None or not carriers or not parts or "events" not in evidence.planned:
        return {}
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(carriers))
    people = home.relation.query(PEOPLE + on, cells=cells)
    dated = Relation(people.engine, " UNION ALL ".join(part.sql for part in parts))
    found: defaultdict[tuple[str, int], list[tuple[str, int, int]]] = defaultdict(list)
    for row in dated.query(FIRST, people=people, events=evidence.planned["events"]).rows():
        found[row["case"], row["call"]].append((row["person"], row["cell"], row["d"]))
    return {key: sorted(rows) for key, rows in found.items()}


def by_cell(rows: Sequence[tuple[str, int, int]]) -> Mapping[int, Sequence[int]]:
    """The first days of each cell."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for _, cell, first in rows:
        found[cell].append(first)
    return found
