"""T-05: clock times are left out or rounded: to the hour, and a time of death to two hours.

Whatever a product writes (09, 09:00, 9時台, 8-9, 0900), values that are clock times stand an hour or more from each
other, which values of one grid do. Text that reads as no clock time is counted: a day has 24 hours.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise

from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, FieldInfo, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.representation import markers

DAY = 24 * 60
GRID = 60
"""Minutes; the default of this standard."""
GRID_OF_DEATH = 120
"""Minutes: the rule of the national claims database for publications."""
CLOCKS = ("time", "datetime")

VALUES = """
SELECT DISTINCT "case", "call", {column} AS v FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
"""
ELSEWHERE = """
SELECT DISTINCT "case", "call", resource, field, value AS v FROM {self} t
WHERE value LIKE '%:__%' AND resource || '.' || field NOT IN {known}
"""

_CLOCK = re.compile(r"(?<!\d)(\d{1,2})\s*[:時]\s*(\d{1,2})(?!\d)(?:\s*[:分]\s*(\d{1,2})(?!\d))?")
_HOUR = re.compile(r"(?:.*[T ]|\D*)(\d{1,2})(?:\s*時台?|\s*[-–~〜～]\s*\d{1,2}\s*時?|h)?")
_DIGITS = re.compile(r"([01]\d|2[0-4])([0-5]\d)([0-5]\d)?")
_DATE = re.compile(r"\d{4}[-/]?\d{2}[-/]?\d{2}")
_SECOND = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)(?![\d:])")
_MINUTE = re.compile(r"\d{4}[-/]?\d{2}[-/]?\d{2}[T ]([01]\d|2[0-3]):([0-5]\d)(?!\d)")
_AFTERNOON = re.compile("午後|PM", re.IGNORECASE)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look at the released clock fields, and for clock times in every other field."""
    known = clocks(evidence.organization)
    for info in known:
        given = evidence.input.get(info.name.resource)
        if given is not None and info.name.field in given.names:
            rows = given.relation.query(VALUES, column=given.column(info.name.field), markers=("",)).rows()
            for case in evidence.cases:
                count = sum(row["case"] == case.id for row in rows)
                if count:
                    yield Premise(case=case.id, count=count, what="clock times")
        yield from _too_fine(evidence, info)
    yield from _elsewhere(evidence, known)


def _too_fine(evidence: Evidence, info: FieldInfo) -> Iterator[Finding]:
    view, name = evidence.release.get(info.name.resource), info.name
    if view is None or name.field not in view.names:
        return
    values: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    rows = view.relation.query(VALUES, column=view.column(name.field), markers=markers(evidence, name)).rows()
    for row in rows:
        values[row["case"], row["call"]].append(row["v"])
    grid = grid_of(info)
    for (case, call), of in sorted(values.items()):
        if n := finer(of, grid):
            shown = {"resource": name.resource, "field": name.field, "n": n, "minutes": grid}
            yield Finding(
                code="CLOCK_TOO_FINE", case=case, call=call, params=shown, resource=name.resource, fields=(name.field,)
            )


def finer(values: Collection[str], grid: int) -> int:
    """How many values are finer than a grid of that many minutes; 0 where they may be of one."""
    at: set[float] = set()
    other: set[str] = set()
    for value in values:
        minute = minute_of(value)
        if minute is not None:
            at.add(minute)
        elif any(char.isdigit() for char in value) and not _DATE.fullmatch(value.strip()):
            other.add(value)
    times = sorted(at)
    close = sum(after_ - before < grid for before, after_ in pairwise(times))
    seconds = sum(time != int(time) for time in times)
    return max(close and close + 1, seconds) + (len(other) if len(other) > DAY // grid else 0)


def minute_of(text: str) -> float | None:
    """The minute of the day at which a text begins; None where it reads as no clock time."""
    text = text.strip()
    late = 12 * 60 if _AFTERNOON.search(text) else 0
    if found := _CLOCK.search(text):
        hour, minute, second = (int(part or 0) for part in found.groups())
        return (hour * 60 + minute + second / 60 + late) % DAY
    if _DATE.fullmatch(text):
        return None
    if found := _DIGITS.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in found.groups())
        return hour * 60 + minute + second / 60
    if (found := _HOUR.fullmatch(text)) and int(found[1]) <= 24:
        return int(found[1]) * 60 + late
    return None


def _elsewhere(evidence: Evidence, known: Collection[FieldInfo]) -> Iterator[Finding]:
    """Clock times to the minute beside a date, or to the second, in any other field."""
    claim = evidence.claim or evidence.asked
    passed = [str(info.name) for info in known]
    passed += [str(name) for step in claim.with_technique(*PSEUDONYMS) for name in step.fields]
    found: defaultdict[tuple[str, int, str, str], int] = defaultdict(int)
    for row in evidence.released_cells.query(ELSEWHERE, known=[*passed, ""]).rows():
        times = [match.groups() for pattern in (_SECOND, _MINUTE) for match in pattern.finditer(row["v"])]
        if any(int(part) for time in times for part in time):  # midnight is how some write a day
            found[row["case"], row["call"], row["resource"], row["field"]] += 1
    for (case, call, resource, field), n in sorted(found.items()):
        shown = {"resource": resource, "field": field, "n": n}
        yield Finding(code="CLOCK_ELSEWHERE", case=case, call=call, params=shown, resource=resource, fields=(field,))


def clocks(organization: Organization) -> list[FieldInfo]:
    """The fields that hold clock times, or the hour of a death."""
    return [info for info in organization.fields() if info.type in CLOCKS or (_of_death(info) and info.type != "date")]


def grid_of(info: FieldInfo) -> int:
    """How many minutes a released value must cover at least."""
    return GRID_OF_DEATH if _of_death(info) else GRID


def _of_death(info: FieldInfo) -> bool:
    return info.tokumei.get("event") == "death"


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field holds clock times."""
    del processing
    return bool(clocks(organization))


CHECK = Check(id="T-05", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _one_to_the_minute(request: Request, response: Response) -> Response:
    """The first released hour is written as a clock time of the input in that hour."""
    for resource in request.organization["resources"]:
        table = response.data.get(resource["name"])
        for field in resource["schema"]["fields"]:
            if field["type"] not in CLOCKS or table is None or field["name"] not in table.column_names:
                continue
            values = table.column(field["name"]).to_pylist()
            given = [text for text in request.data[resource["name"]].column(field["name"]).to_pylist() if text]
            place = next((n for n, value in enumerate(values) if value), None)
            exact = [text for text in given if place is not None and text[:2] == values[place][:2]]
            if place is not None and exact:
                values[place] = next((text for text in exact if text[3:5] != "00"), exact[0])
                return with_column(response, resource["name"], field["name"], values)
    return response


def _deaths_to_the_hour(request: Request, response: Response) -> Response:
    """The band of two hours of every death becomes one hour of the input that lies in it."""
    for resource in request.organization["resources"]:
        table = response.data.get(resource["name"])
        for field in resource["schema"]["fields"]:
            of_death = field["tokumei"].get("event") == "death"
            if not of_death or table is None or field["name"] not in table.column_names:
                continue
            hours = sorted({int(v) for v in request.data[resource["name"]].column(field["name"]).to_pylist() if v})
            exact = [
                next((str(h) for h in reversed(hours) if h // 2 == (minute_of(v) or 0) // 120), v) if v else v
                for v in table.column(field["name"]).to_pylist()
            ]
            mixed = [
                new if place % 2 else old
                for place, (old, new) in enumerate(zip(table[field["name"]].to_pylist(), exact, strict=True))
            ]
            return with_column(response, resource["name"], field["name"], mixed)
    return response


MUTANTS = (
    Mutant(
        id="one-arrival-to-the-minute",
        kind="wrapper",
        effect=Text(
            "一人の来院時刻が分まで残り、救急の報道と突き合わせて本人が分かる。",
            "One arrival stays to the minute and is matched with a news report of the emergency.",
        ),
        precedent="a value that falls out of a CASE expression; NDB: times are not published",
        trigger="one row of a release",
        proof="a released value is a clock time of the input, to the minute",
        killed_by=("T-05",),
        pairs=("hospital",),  # there are no clock times elsewhere
        wrap=after(_one_to_the_minute),
    ),
    Mutant(
        id="deaths-to-the-hour",
        kind="wrapper",
        effect=Text(
            "死亡の時が 1 時間の単位で分かり、訃報と突き合わせられる。",
            "The time of a death is known to the hour and is matched with an obituary.",
        ),
        precedent="NDB guidelines: a time of death in units of 2 hours or more",
        trigger="every second person who died",
        proof="released hours stand one hour apart",
        killed_by=("T-05",),
        pairs=("hospital",),
        wrap=after(_deaths_to_the_hour),
    ),
    Mutant(
        id="clock-not-rounded",
        kind="fault",
        effect=Text(
            "来院時刻が秒まで残り、本人の動きと突き合わせられる。",
            "Arrivals stay to the second and are matched with the movements of a person.",
        ),
        precedent="a rule for codes that is not applied to another type",
        trigger="every clock time",
        proof="released clock times are those of the input",
        killed_by=("T-05",),
        pairs=("hospital",),
        fault="clock-not-rounded",
    ),
)
