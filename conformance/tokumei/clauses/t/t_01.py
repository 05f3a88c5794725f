"""T-01: dates are released at the declared precision or shifted, by a method that is declared for each column.

Whether dates were moved at all is seen without knowing whose they are: a person of a planned cell is unmoved when
the first date of a column is the first date that somebody of the same cell has in the input.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from tokumei.clause import Check, Mutant
from tokumei.declarations import RELEASING, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.relation import Relation
from tokumei.representation import day
from tokumei.stats import binomial_tail

ALPHA = 1e-10
"""For each column of each call: a hundred of them stay at 10⁻⁸ a run."""
SLACK = 2.0
"""An offset need not be uniform over its range: none is more than twice as frequent as if it were."""

PERIODS = {
    "month": "extract(year FROM d) * 12 + extract(month FROM d)",
    "quarter": "extract(year FROM d) * 4 + floor((extract(month FROM d) - 1) / 3)",
    "year": "extract(year FROM d)",
    "decade": "floor(extract(year FROM d) / 10)",
}

DISTINCT = 'SELECT DISTINCT "case", "call", <day> AS d FROM {self} t WHERE <day> IS NOT NULL'
CROWDED = (
    'SELECT "case", "call", count(*) AS n FROM (SELECT "case", "call" FROM {self} t GROUP BY "case", "call", {period} '
    'HAVING count(*) > 1) p GROUP BY "case", "call"'
)
CLOSE = (
    'SELECT "case", "call", count(*) AS n FROM (SELECT "case", "call", days_between(d, lag(d) OVER (PARTITION BY "case", '
    '"call" ORDER BY d)) AS gap FROM {self} t) g WHERE gap < 7 GROUP BY "case", "call"'
)
COUNTED = (
    'SELECT "case", "call", count({column}) AS n, count(*) FILTER (WHERE {column} LIKE {clock} AND {column} NOT LIKE {midnight}) AS timed FROM {self} t '
    'GROUP BY "case", "call"'
)

FIRST = """
SELECT t."case", t."call", t.subject AS person, c.cell, min(<day>) AS d, {resource} AS resource, {field} AS field
FROM {self} t JOIN {people} c ON t."case" = c."case" AND t."call" = c."call" AND t.subject = c.person
WHERE <day> IS NOT NULL GROUP BY t."case", t."call", t.subject, c.cell
"""

UNMOVED = """
SELECT r."case", r."call", r.resource, r.field, count(*) AS n, count(i.d) AS x,
  sum(least(CAST(1 AS DOUBLE), s.alike * {step})) AS mean
FROM {self} r
JOIN (
  SELECT "case", "call", resource, field, cell, max(n) AS alike FROM (
    SELECT "case", "call", resource, field, cell, count(*) AS n FROM {days} u
    GROUP BY "case", "call", resource, field, cell, days_between(d, DATE '2001-01-01') % 7
  ) v GROUP BY "case", "call", resource, field, cell
) s ON r."case" = s."case" AND r."call" = s."call" AND r.resource = s.resource AND r.field = s.field AND r.cell = s.cell
LEFT JOIN {days} i ON r."case" = i."case" AND r."call" = i."call" AND r.resource = i.resource AND r.field = i.field
  AND r.cell = i.cell AND r.d = i.d
GROUP BY r."case", r."call", r.resource, r.field
"""
"""Persons with a date, those who stand on a day of the input of their cell, and how many would by chance: of a cell,
the days that whole weeks lead to, for an offset may be of whole weeks."""


def dates(organization: Organization) -> list[FieldName]:
    """The fields that hold days."""
    return [info.name for info in organization.fields() if info.type in ("date", "datetime") or "date" in info.classes]


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Look at each released column of dates: how fine it is, how it is declared, whether it moved."""
    claim = evidence.claim or evidence.asked
    moved: dict[int, list[FieldName]] = {}
    for name in dates(evidence.organization):
        view = evidence.release.get(name.resource)
        if view is None or name.field not in view.names:
            continue
        steps = [step for pair in (evidence.asked, claim) for step in pair.steps if name in step.fields]
        column = view.column(name.field)
        for row in view.relation.query(COUNTED, column=column, clock="%:%", midnight="%00:00:00").rows():
            yield Premise(case=row["case"], count=row["n"], what="dates")
            if row["n"] and not {step.technique for step in claim.steps if name in step.fields} & RELEASING:
                yield _finding("NO_METHOD", row, name)
            if row["timed"]:
                yield _finding("TOO_PRECISE", row, name, n=row["timed"], unit="day")
        units = {str(step.params.get("to")) for step in steps if step.technique == "date-coarsen"}
        found = view.relation.query(DISTINCT.replace("<day>", day(evidence, name, column)))
        for unit in sorted(units & {"week", *PERIODS}):  # a week may begin on any day
            crowded = CLOSE if unit == "week" else CROWDED.replace("{period}", PERIODS[unit])
            for row in found.query(crowded).rows():
                yield _finding("TOO_PRECISE", row, name, n=row["n"], unit=unit)
        for step in claim.with_technique("date-shift"):
            if name in step.fields and not units:
                moved.setdefault(_offsets(step.params.get("range")), []).append(name)
    for offsets, names in sorted(moved.items()):
        yield from _unmoved(evidence, names, offsets, alpha)


def _offsets(limits: object) -> int:
    """How many days the offset is drawn from; 1 where the range says nothing."""
    match limits:
        case [int(low), int(high)] if high > low:
            return high - low
    return 1


def _unmoved(evidence: Evidence, names: list[FieldName], offsets: int, alpha: float) -> Iterator[Observation]:
    """More persons on days of the input than the offsets can lead there by chance."""
    before, after = _firsts(evidence, evidence.input, names), _firsts(evidence, evidence.release, names)
    if before is None or after is None:
        return
    engine = evidence.released_cells.engine
    days = before.query('SELECT DISTINCT "case", "call", resource, field, cell, d FROM {self} t')
    days = engine.register("t-01.days", days.arrow())
    for row in after.query(UNMOVED, days=days, step=SLACK * 7 / offsets).rows():
        n, x, mean = row["n"], row["x"], row["mean"]
        # The mean of unequal chances gives a bound of the tail above it (Hoeffding 1956).
        if x >= mean + 1 and binomial_tail(x, n, min(1.0, mean / n)) < alpha:
            yield _finding("NOT_SHIFTED", row, FieldName(row["resource"], row["field"]), n=x, of=n)


def _firsts(evidence: Evidence, views: Mapping[str, TableView], names: list[FieldName]) -> Relation | None:
    """The first date of each column and person of a planned cell, on one side."""
    people = _people(evidence, views)
    if people is None:
        return None
    parts = [
        view.relation.query(
            FIRST.replace("<day>", day(evidence, name, view.column(name.field))),
            people=people,
            resource=name.resource,
            field=name.field,
        ).sql
        for name in names
        if (view := views.get(name.resource)) is not None and name.field in view.names
    ]
    return Relation(people.engine, " UNION ALL ".join(parts)) if parts else None


def _finding(code: str, row: dict[str, object], name: FieldName, **params: object) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": name.resource, "field": name.field, **params},
        resource=name.resource,
        fields=(name.field,),
    )


def _people(evidence: Evidence, views: Mapping[str, TableView]) -> Relation | None:
    """case, call, person, cell of one side, for the persons whose kept values are a cell code."""
    cells = evidence.planned.get("cells")
    if cells is None or not evidence.carriers:
        return None
    home = views.get(evidence.carriers[0].resource)
    carriers = home.pick(evidence.carriers) if home is not None else None
    if home is None or not carriers:
        return None
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(carriers))
    found = home.relation.query(
        'SELECT DISTINCT r."case", r."call", r.subject AS person, c.cell FROM {self} r '
        'JOIN {cells} c ON r."case" = c."case" AND r."call" = c."call" AND ' + on + " WHERE r.subject IS NOT NULL",
        cells=cells,
    )
    return found.engine.register("t-01.released" if views is evidence.release else "t-01.given", found.arrow())


def applies(organization: Organization, processing: Processing) -> bool:
    """Some column of dates is released."""
    return any(processing.released(name) for name in dates(organization))


CHECK = Check(
    id="T-01", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM, Need.ALIGNMENT_CELL), judge=judge, applies=applies
)


def _shift_switched_off(product: Product) -> Product:
    """The product is set to keep the dates, and its template still claims that they are moved."""

    def broken(request: Request) -> Response:
        steps = [
            {"id": step["id"], "technique": "keep", "fields": step["fields"], "why": "an old setting was left on"}
            if step["technique"] == "date-shift"
            else step
            for step in request.processing["steps"]
        ]
        inner = dataclasses.replace(request, processing=dict(request.processing) | {"steps": steps})
        response = product(inner)
        if response.processing is None:
            return response
        claim = dict(response.processing) | {"steps": request.processing["steps"]}
        return dataclasses.replace(response, processing=claim)

    return broken


MUTANTS = (
    Mutant(
        id="shift-switched-off",
        kind="wrapper",
        effect=Text(
            "移動したと宣言した日付が元のままで、受診の日を知る者が本人を見付ける。",
            "Dates declared as shifted are the real ones, and whoever knows the day of a visit finds the person.",
        ),
        precedent="a switch of a configuration file that the report does not read (peers §3)",
        trigger="every date of a product that obeys",
        proof="everybody's first date is a date of the same cell in the input",
        killed_by=("T-01",),
        wrap=_shift_switched_off,
    ),
    Mutant(
        id="shift-of-nothing",
        kind="fault",
        effect=Text(
            "半数の本人の日付が動かず、その他の日付だけが動く。",
            "The dates of half the persons do not move, while those of the others do.",
        ),
        precedent="an offset looked up in a table, with 0 for persons who are not in it (peers §3)",
        trigger="persons whose number is even",
        proof="half the persons of every cell stand on days of the input, where chance puts a tenth",
        killed_by=("T-01",),
        fault="shift-of-nothing",
    ),
)
