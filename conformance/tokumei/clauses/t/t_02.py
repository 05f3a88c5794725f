"""T-02: all dates of one person move by one offset, so that order and intervals are kept.

People of a planned cell share one template of events. A released person of that cell is right when one
first day explains every released row of theirs: as many rows a distance as the template has, or fewer. Text
that is no date is explained by no day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, steps, with_column
from tokumei.relation import Relation
from tokumei.representation import day, markers

SHIFTED = (
    'SELECT "case", "call", coalesce(subject, {resource} || "row") AS person, {resource} AS resource, '
    "{field} AS field, <day> AS day FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}"
)

BEST = """
SELECT "case", "call", person, any_value(events) AS events, max(explained) AS explained FROM (
  SELECT "case", "call", person, cell, first_day, any_value(events) AS events,
    sum(CASE WHEN first_day IS NULL THEN 0 ELSE least(n, planned) END) AS explained
  FROM (
    SELECT e."case", e."call", e.person, c.cell, e.day - CAST(p.days AS INTEGER) AS first_day, e.n, p.n AS planned,
      e.events
    FROM (
      SELECT *, sum(n) OVER (PARTITION BY "case", "call", person) AS events FROM (
        SELECT "case", "call", person, resource, field, day, count(*) AS n FROM {events} x
        GROUP BY "case", "call", person, resource, field, day
      ) counted
    ) e
    JOIN {people} c ON e."case" = c."case" AND e."call" = c."call" AND e.person = c.person
    JOIN {planned} p ON e."case" = p."case" AND e."call" = p."call" AND c.cell = p.cell
      AND e.resource = p.resource AND e.field = p.field
  ) placed
  GROUP BY "case", "call", person, cell, first_day
) days GROUP BY "case", "call", person
"""
"""For each person of a cell: the rows with a date, and the most that one first day explains."""


def shifted_fields(processing: Processing) -> tuple[FieldName, ...]:
    """The fields whose dates are moved by person and whose intervals are promised to the day."""
    coarse = {name for step in processing.with_technique("date-coarsen") for name in step.fields}
    return tuple(
        name
        for step in processing.with_technique("date-shift")
        if step.params.get("by") == "subject" and "interval" in step.params.get("preserve", [])
        for name in step.fields
        if name not in coarse
    )


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Find for each released person of a planned cell the first day that explains most dates."""
    asked, claim = shifted_fields(evidence.asked), evidence.claim or evidence.asked
    names = asked + tuple(n for n in shifted_fields(claim) if n not in asked)
    names = tuple(name for name in names if claim.released(name))  # declared as left out: stricter, and D-03 sees to it
    planned = evidence.planned.get("events")
    if planned is not None:  # a date of birth has no planned distance
        known = {
            (r["resource"], r["field"]) for r in planned.query("SELECT DISTINCT resource, field FROM {self} t").rows()
        }
        names = tuple(name for name in names if (name.resource, name.field) in known)
    if not names:
        return
    parts = [
        view.relation.query(
            SHIFTED.replace("<day>", day(evidence, name, view.column(name.field))),
            resource=name.resource,
            field=name.field,
            column=view.column(name.field),
            markers=markers(evidence, name),
        )
        for name in names
        if (view := evidence.release.get(name.resource)) is not None and name.field in view.names
    ]
    dated = {row["case"] for part in parts for row in part.query('SELECT DISTINCT "case" FROM {self} t').rows()}
    for case, number, _ in evidence.released_calls():
        if case.expects[number] == "release" and case.persons and case.id not in dated:
            yield Finding(code="NOTHING_RELEASED", case=case.id, call=number)
    people = _people(evidence)
    if not parts or people is None or planned is None:
        return
    events = Relation(parts[0].engine, " UNION ALL ".join(part.sql for part in parts))
    best = events.query(BEST, events=events, people=people, planned=planned)
    totals = best.query(
        'SELECT "case", "call", count(*) AS n, count(*) FILTER (WHERE explained < events) AS wrong FROM {self} t GROUP BY "case", "call"'
    )
    for row in totals.rows():
        yield Premise(case=row["case"], count=row["n"], what="people with dates")
        if row["wrong"]:
            yield Finding(
                code="INTERVAL_CHANGED",
                case=row["case"],
                call=row["call"],
                params={"resource": ", ".join(sorted({n.resource for n in names})), "n": row["wrong"], "of": row["n"]},
                resource=names[0].resource,
                fields=tuple(name.field for name in names),
            )


def _people(evidence: Evidence) -> Relation | None:
    """case, call, person, cell for the released persons whose kept values are a cell code."""
    cells = evidence.planned.get("cells")
    if cells is None or not evidence.carriers:
        return None
    home: TableView = evidence.release[evidence.carriers[0].resource]
    carriers = home.pick(evidence.carriers)
    if not carriers:
        return None
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(carriers))
    return home.relation.query(
        'SELECT DISTINCT r."case", r."call", coalesce(r.subject, {resource} || r."row") AS person, c.cell FROM {self} r '
        'JOIN {cells} c ON r."case" = c."case" AND r."call" = c."call" AND ' + on,
        cells=cells,
        resource=home.resource,
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Dates are moved by person, and their intervals promised."""
    del organization
    return bool(shifted_fields(processing))


CHECK = Check(
    id="T-02", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM, Need.ALIGNMENT_CELL), judge=judge, applies=applies
)


def _moves_one_column(request: Request, response: Response) -> Response:
    """One date column of the release is moved by a week more than the others."""
    for step in steps(request, "date-shift"):
        names = [FieldName.parse(str(text)) for text in step["fields"]]
        name = names[-1]
        table = response.data.get(name.resource)
        if table is None or name.field not in table.column_names or len(names) < 2:
            continue
        values = [
            (dt.date.fromisoformat(v) + dt.timedelta(days=7)).isoformat() if v else v
            for v in table.column(name.field).to_pylist()
        ]
        return with_column(response, name.resource, name.field, values)
    return response


MUTANTS = (
    Mutant(
        id="one-column-moved-more",
        kind="wrapper",
        effect=Text(
            "在院日数などの間隔が壊れ、解析を誤る。",
            "Intervals such as length of stay are wrong, and analyses with them.",
        ),
        precedent="cleanEHR #125: one date column was not shifted with the others",
        trigger="every row with that date",
        proof="the difference between two columns of a row has changed by 7 days",
        killed_by=("T-02",),
        wrap=after(_moves_one_column),
    ),
    Mutant(
        id="shift-by-row",
        kind="fault",
        effect=Text(
            "同じ本人の日付が行ごとに違う日数だけ動く。",
            "The dates of one person move by a different number of days in each row.",
        ),
        precedent="Microsoft FHIR tool: default date-shift scope is the resource",
        trigger="a person with two rows",
        proof="the offset is drawn for each row",
        killed_by=("T-02",),
        fault="shift-by-row",
    ),
)
