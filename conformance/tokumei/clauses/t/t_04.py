"""T-04: where dates are moved by person, nothing else of a release tells the calendar that they were moved from.

What a field tells of the calendar is learned from the input: its value follows from the weekday, the month, the year or
the like of a date of the same row. In the release it must follow from the released date, or be gone. A date of the same
persons that is made coarser and not moved, and days of the input in other fields, tell the offset as well.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import after, steps, with_column
from tokumei.relation import stacked
from tokumei.representation import day, markers
from tokumei.shifted import shift_of

FEWEST = 60
"""Fewer days do not tell whether a field follows from the calendar; rows of one day tell no more than one of them."""
EACH = 5
"""Every feature of the calendar has so many days on average, and the second most frequent value as well."""
SEVERAL = 3
"""One or two numbers that read as days of the input are chance."""
UNITS: Mapping[str, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92}
"""Units of dates that tell an offset to so many days."""

FEATURES: Mapping[str, str] = {
    "weekday": "CAST(days_between(d, DATE '2001-01-01') % 7 AS STRING)",
    "month of the year": "CAST(month(d) AS STRING)",
    "month": "CAST(year(d) * 12 + month(d) AS STRING)",
    "year": "CAST(year(d) AS STRING)",
    "fiscal year": "CAST(year(d) - CASE WHEN month(d) < 4 THEN 1 ELSE 0 END AS STRING)",
}

FOLLOWS = """
SELECT "case", "call", feature, v, count(*) AS n FROM (
  SELECT "case", "call", {feature} AS feature, v FROM (
    SELECT "case", "call", <day> AS d, {column} AS v FROM {self} t
    WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
  ) dated WHERE d IS NOT NULL
) told GROUP BY "case", "call", feature, v
"""

BESIDE = """
SELECT DISTINCT {place} AS place, <day> AS d, {column} AS v FROM {self} t
WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
"""
"""Each day once, in however many cases and calls it comes again."""

LEARNED = f"""
WITH seen AS (SELECT * FROM {{self}} t WHERE d IS NOT NULL), kinds AS ({
    " UNION ALL ".join(
        f"SELECT place, '{kind}' AS kind, {sql} AS feature, d, v FROM seen" for kind, sql in FEATURES.items()
    )
}),
told AS (SELECT place, kind, feature, v, count(DISTINCT d) AS n FROM kinds GROUP BY place, kind, feature, v),
features AS (SELECT place, kind, count(DISTINCT feature) AS features FROM told GROUP BY place, kind),
vals AS (SELECT place, kind, v, sum(n) AS days, count(*) AS pairs FROM told GROUP BY place, kind, v),
sums AS (
  SELECT place, kind, sum(days) AS days, max(days) AS most, count(*) AS vals, sum(pairs) AS pairs
  FROM vals GROUP BY place, kind
)
SELECT s.place, s.kind FROM sums s JOIN features f ON s.place = f.place AND s.kind = f.kind
WHERE pairs = features AND vals > 1 AND days >= {{fewest}} AND days >= {{each}} * features
  AND days - most >= {{each}} * (vals - 1)
"""
"""The fields whose value follows from the calendar on all days, where there are days enough to say so."""

DAYS = 'SELECT DISTINCT "case", <day> AS d FROM {self} t WHERE <day> IS NOT NULL'
ELSEWHERE = """
SELECT t."case", t."call", t.resource, t.field, count(DISTINCT t.value) AS n FROM (
  SELECT DISTINCT "case", "call", resource, field, value, as_date(substr(value, 1, 10)) AS d FROM {self} x
  WHERE resource || '.' || field NOT IN {known} AND length(value) >= 8
) t JOIN {days} k ON t."case" = k."case" AND t.d = k.d GROUP BY t."case", t."call", t.resource, t.field
"""

Told = Mapping[str, Counter[str]]
"""By what a date is (Monday, April): how often each value of the field stands there."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Ask of every released field beside a moved date whether it tells the date of the input."""
    claim = evidence.claim or evidence.asked
    shift = shift_of(claim)
    if shift is None:
        return
    for case, *_ in evidence.released_calls():
        yield Premise(case=case.id, count=len(shift.fields), what="moved dates")
    yield from _calendars(evidence, shift.fields)
    yield from _left(evidence, claim, shift.offsets)
    yield from _days_elsewhere(evidence, claim, shift.fields)


def _calendars(evidence: Evidence, moved: Collection[FieldName]) -> Iterator[Finding]:
    for date in moved:
        given, released = evidence.input.get(date.resource), evidence.release.get(date.resource)
        if given is None or released is None or date.field not in given.names or date.field not in released.names:
            continue
        names = [
            info.name
            for info in evidence.organization.resource(date.resource).fields
            if info.type not in ("date", "datetime")
            and info.name.field in released.names
            and info.name.field in given.names
        ]
        for name, kind in _learned(evidence, given, date, names).items():
            for (case, call), told in sorted(_told(evidence, released, date, name, kind).items()):
                if n := contradictions(told):
                    yield Finding(
                        code="CALENDAR_LEFT",
                        case=case,
                        call=call,
                        params={"resource": name.resource, "field": name.field, "date": date.field, "n": n},
                        resource=name.resource,
                        fields=(name.field, date.field),
                    )


def _learned(
    evidence: Evidence, given: TableView, date: FieldName, names: Sequence[FieldName]
) -> Mapping[FieldName, str]:
    """The fields of the input that tell the calendar, and what of it."""
    if not names:
        return {}
    beside = BESIDE.replace("<day>", day(evidence, date, given.column(date.field)))
    parts = [
        given.relation.query(beside, place=place, column=given.column(name.field), markers=markers(evidence, name))
        for place, name in enumerate(names)
    ]
    rows = stacked(parts).query(LEARNED, fewest=FEWEST, each=EACH).rows()
    kinds = {place: {row["kind"] for row in rows if row["place"] == place} for place in range(len(names))}
    return {names[place]: next(kind for kind in FEATURES if kind in kinds[place]) for place in kinds if kinds[place]}


def _told(
    evidence: Evidence, view: TableView, date: FieldName, name: FieldName, kind: str
) -> Mapping[tuple[str, int], Told]:
    sql = FOLLOWS.replace("<day>", day(evidence, date, view.column(date.field))).replace("{feature}", FEATURES[kind])
    found: defaultdict[tuple[str, int], defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in view.relation.query(sql, column=view.column(name.field), markers=markers(evidence, name)).rows():
        found[row["case"], row["call"]][row["feature"]][row["v"]] += row["n"]
    return found


def contradictions(told: Told) -> int:
    """In how many rows the value is not the usual one of that weekday, month or year."""
    return sum(sum(values.values()) - max(values.values()) for values in told.values())


def _left(evidence: Evidence, claim: Processing, offsets: int) -> Iterator[Finding]:
    """Dates of the same persons that are released coarser and not moved: the interval to a moved date is known."""
    planned = evidence.planned.get("events")
    rows = planned.query("SELECT DISTINCT resource, field FROM {self} t").rows() if planned is not None else ()
    events = {(row["resource"], row["field"]) for row in rows}
    moved = {name for step in claim.with_technique("date-shift") for name in step.fields}
    for info in evidence.organization.fields():
        name = info.name
        born = info.tokumei.get("generator") == "birth-date"
        if info.type not in ("date", "datetime") or born or name in moved or not claim.released(name):
            continue
        if events and (name.resource, name.field) not in events:
            continue
        units = [str(s.params.get("to")) for s in claim.with_technique("date-coarsen") if name in s.fields]
        days = max((UNITS.get(unit, 366) for unit in units), default=1)
        view = evidence.release.get(name.resource)
        if days * 2 > max(offsets, 2) or view is None or name.field not in view.names:
            continue
        for case, call, _ in evidence.released_calls():
            shown = {"resource": name.resource, "field": name.field, "days": days}
            yield Finding(
                code="DATE_NOT_MOVED",
                case=case.id,
                call=call,
                params=shown,
                resource=name.resource,
                fields=(name.field,),
            )


def _days_elsewhere(evidence: Evidence, claim: Processing, moved: Sequence[FieldName]) -> Iterator[Finding]:
    """Days of the input that stand in fields which hold no dates."""
    known = [str(info.name) for info in evidence.organization.fields() if info.type in ("date", "datetime")]
    known += [str(name) for step in claim.with_technique(*PSEUDONYMS) for name in step.fields]
    parts = [
        view.relation.query(DAYS.replace("<day>", day(evidence, name, view.column(name.field))))
        for name in moved
        if (view := evidence.input.get(name.resource)) is not None and name.field in view.names
    ]
    if not parts:
        return
    engine = evidence.released_cells.engine
    days = engine.register("t-04.days", engine.fetch(" UNION ".join(part.sql for part in parts)))
    for row in sorted(evidence.released_cells.query(ELSEWHERE, known=[*known, ""], days=days).rows(), key=str):
        if row["n"] >= SEVERAL:
            shown = {"resource": row["resource"], "field": row["field"], "n": row["n"]}
            yield Finding(
                code="DAY_ELSEWHERE",
                case=row["case"],
                call=row["call"],
                params=shown,
                resource=row["resource"],
                fields=(row["field"],),
            )


def applies(organization: Organization, processing: Processing) -> bool:
    """Dates are moved by person."""
    del organization
    return shift_of(processing) is not None


CHECK = Check(id="T-04", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _calendar_kept(tells: str) -> Callable[[Product], Product]:
    """The fields that tell so much of a date are set to be kept, and the claim is the old one."""

    def wrap(product: Product) -> Product:
        def broken(request: Request) -> Response:
            names = {
                f"{resource['name']}.{field['name']}"
                for resource in request.organization["resources"]
                for field in resource["schema"]["fields"]
                if field["tokumei"].get("calendarOf", {}).get("tells") == tells
            }
            changed = [
                dict(step) | {"fields": [name for name in step["fields"] if name not in names]}
                for step in request.processing["steps"]
            ]
            kept = {"id": "kept", "technique": "keep", "fields": sorted(names), "realises": [5], "why": "no date"}
            asked = dict(request.processing) | {"steps": [*(s for s in changed if s["fields"]), kept]}
            response = product(dataclasses.replace(request, processing=asked))
            if response.processing is None:
                return response
            claim = dict(response.processing) | {"steps": request.processing["steps"]}
            return dataclasses.replace(response, processing=claim)

        return broken

    return wrap


def _labelled(request: Request, response: Response) -> Response:
    """The first kept field of a table with moved dates becomes a label that begins with the day of an input row."""
    for text in (str(text) for step in steps(request, "date-shift") for text in step["fields"]):
        date = FieldName.parse(text)
        kept = [FieldName.parse(str(name)) for step in steps(request, "keep") for name in step["fields"]]
        beside = [name.field for name in kept if name.resource == date.resource]
        table, given = response.data.get(date.resource), request.data[date.resource].column(date.field).to_pylist()
        if table is None or not beside or not given or beside[-1] not in table.column_names:
            continue
        old = table.column(beside[-1]).to_pylist()
        labels: list[str | None] = [
            f"{given[place % len(given)] or ''}/{value or ''}" for place, value in enumerate(old)
        ]
        return with_column(response, date.resource, beside[-1], labels)
    return response


MUTANTS = (
    Mutant(
        id="weekday-kept",
        kind="wrapper",
        effect=Text(
            "移動前の曜日が残り、移動した日付の曜日と比べると移動量が七分の一に絞られる。",
            "The weekday of the real date stays, and beside the moved date it leaves a seventh of the offsets.",
        ),
        precedent="weekday columns of data warehouses beside shifted dates (law §6.3, A15)",
        trigger="every visit",
        proof="the released weekday is not that of the released date",
        killed_by=("T-04",),
        pairs=("hospital",),  # no field tells a calendar elsewhere
        wrap=_calendar_kept("weekday"),
    ),
    Mutant(
        id="price-list-kept",
        kind="fault",
        effect=Text(
            "薬価基準の版が残り、処方の実際の時期が分かる。",
            "The list of prices stays and tells when a prescription was really made.",
        ),
        precedent="tariff versions of claims beside shifted dates (law §6.3, A15: April price revision)",
        trigger="every prescription",
        proof="the released list of prices does not apply on the released date",
        killed_by=("T-04",),
        pairs=("hospital",),
        fault="price-list-kept",
    ),
    Mutant(
        id="day-in-another-field",
        kind="wrapper",
        effect=Text(
            "日付でない項目に実際の日付が残り、移動量がそのまま分かる。",
            "A field that holds no dates has the real one, and the offset is there to read.",
        ),
        precedent="a date folded into a label (visit_2024-04-10) that the shift does not look into",
        trigger="every row of one table",
        proof="the field holds days of the input",
        killed_by=("T-04",),
        wrap=after(_labelled),
    ),
)
