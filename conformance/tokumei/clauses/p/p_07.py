"""P-07: what was handed over is erased when the work is done, and a record tells the day, the items and how."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.beside import ERASURE, path_of, read
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization
from tokumei.evidence import Evidence
from tokumei.model import Call, Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.relation import Relation

NEAR = 1
"""Days between the clocks of two time zones."""
SHORTEST = 8
"""Shorter values stand in caches and lists of codes by chance."""
FEWEST = 5
"""So many different values of the input stand in one file by no chance."""
MOSTLY = 0.9
"""A list of holidays has dates of the input, and as many that are not."""

_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

VALUES = 'SELECT DISTINCT "case", "call", {column} AS v FROM {self} t WHERE length({column}) >= {least}'


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Hold the record against the tables and the day of its call, and look for the data in what was left behind."""
    for case, number, call in evidence.released_calls():
        response = call.response
        if response is None:
            continue
        items = _declared(evidence.organization, call)
        yield Premise(case=case.id, count=sum(map(len, items.values())), what="items to erase")
        record = read(response, ERASURE)
        if record is None:
            code = "DOCUMENT_INVALID" if path_of(ERASURE) in response.extra else "DOCUMENT_MISSING"
            yield Finding(code=code, case=case.id, call=number, params={"file": path_of(ERASURE)})
            continue
        for code, n in zip(("ITEM_LEFT_OUT", "ITEM_NOT_RECEIVED"), _differ(items, call, record), strict=True):
            if n:
                yield Finding(code=code, case=case.id, call=number, params={"n": n})
        if not _is_day(record["date"], call):
            yield Finding(code="OTHER_DAY", case=case.id, call=number)
    yield from _residue(evidence)


def _declared(organization: Organization, call: Call) -> dict[str, list[FieldInfo]]:
    """The declared fields of the tables that were handed over in this call."""
    return {
        resource.name: [
            info for info in resource.fields if info.name.field in call.request.data[resource.name].column_names
        ]
        for resource in organization.resources
        if resource.name in call.request.data
    }


def _differ(items: Mapping[str, list[FieldInfo]], call: Call, record: Mapping[str, Any]) -> tuple[int, int]:
    """How many declared items the record leaves out, and how many of its items were not handed over."""
    told: dict[str, set[str]] = {}
    for table in record["items"]:
        told.setdefault(table["resource"], set()).update(table["items"])
    missing = more = 0
    titles = _titles(call.request.organization)
    for resource in {*items, *told}:
        said = told.get(resource, set())
        names = {info.name.field for info in items.get(resource, ())}
        known = {name: titles.get((resource, name), name) for name in names}
        missing += sum(name not in said and title not in said for name, title in known.items())
        received = call.request.data[resource].column_names if resource in call.request.data else ()
        more += len(said - {*known, *known.values(), *received})
    return missing, more


def _titles(organization: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (resource["name"], field["name"]): str(field.get("title") or field["name"])
        for resource in organization["resources"]
        for field in resource["schema"]["fields"]
    }


def _is_day(text: str, call: Call) -> bool:
    """The day of the call, where it is known; else a day of the calendar, none before the declaration was written."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return False
    if call.day:
        return abs((day - dt.date.fromisoformat(call.day)).days) <= NEAR
    return text >= str(call.request.processing["tokumei"].get("date", ""))


def _residue(evidence: Evidence) -> Iterator[Finding]:
    """The files that a call left and that hold long values of the input: names and numbers, but dates and notes too."""
    left = {
        (case.id, number): [text for text in call.left.values() if text]
        for case in evidence.cases
        for number, call in enumerate(case.calls)
    }
    if not any(left.values()):
        return
    given: dict[tuple[str, int], set[str]] = {at: set() for at in left}
    for values in _free(evidence):
        for row in values.rows():
            given.get((row["case"], row["call"]), set()).add(row["v"])
    for (case_id, number), texts in left.items():
        n = max((_held(text, given[case_id, number]) for text in texts), default=0)
        if n >= FEWEST:
            yield Finding(code="DATA_LEFT", case=case_id, call=number, params={"n": n})


def _held(text: str, given: set[str]) -> int:
    """How many of the values stand in the text; dates count where nearly all in the text are of the input."""
    dates = set(_DATE.findall(text))
    known = dates & given
    others = sum(value in text for value in given if not _DATE.fullmatch(value))
    return others + (len(known) if len(known) >= MOSTLY * len(dates) else 0)


def _free(evidence: Evidence) -> Iterator[Relation]:
    """The long values of each field of the input without a list of values: such a list is anybody's."""
    for info in evidence.organization.fields():
        view = evidence.input[info.name.resource]
        listed = "enum" in info.constraints or "hierarchy" in info.tokumei
        if not listed and info.name.field in view.names:
            yield view.relation.query(VALUES, column=view.column(info.name.field), least=SHORTEST)


CHECK = Check(id="P-07", needs=(Need.RELEASE, Need.INPUT, Need.FILESYSTEM), judge=judge, document=ERASURE)


def _with(response: Response, **parts: object) -> Response:
    document = json.loads(response.extra.get(path_of(ERASURE), "{}")) | parts
    text = json.dumps(document, ensure_ascii=False)
    return dataclasses.replace(response, extra=dict(response.extra) | {path_of(ERASURE): text})


def _of_the_release(request: Request, response: Response) -> Response:
    """The items of the release are taken for those of what was handed over."""
    del request
    return _with(response, items=[{"resource": name, "items": t.column_names} for name, t in response.data.items()])


def _day_of_provision(request: Request, response: Response) -> Response:
    """The day on which the data were to be provided is written as that of the erasure."""
    release, about = request.processing["release"], request.processing["tokumei"]
    return _with(response, date=release.get("providedOn") or about.get("date", "2024-06-10"))


def _dates_kept(product: Product) -> Product:
    """Names and numbers are left out of a working copy, which is then thought to be harmless and kept."""

    def broken(request: Request) -> Response:
        answer = product(request)
        organization = Organization.of(request.organization)
        kept = {
            name: table.select(
                [info.name.field for info in organization.resource(name).fields if {"date"} & {*info.classes}]
            ).to_pylist()
            for name, table in request.data.items()
            if name in {resource.name for resource in organization.resources}
        }
        with tempfile.NamedTemporaryFile("w", prefix="stage-", delete=False, encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False)
        return answer

    return broken


MUTANTS = (
    Mutant(
        id="erasure-of-the-release",
        kind="wrapper",
        effect=Text(
            "提供しない氏名や番号が消去されたかどうかを、誰も確かめられない。",
            "Nobody can tell whether the names and numbers that are not released were erased.",
        ),
        precedent="records made from what came out instead of what went in (law §3.7)",
        trigger="a field that is not released",
        proof="items that were handed over are not in the record",
        killed_by=("P-07",),
        wrap=after(_of_the_release),
    ),
    Mutant(
        id="erasure-on-the-planned-day",
        kind="wrapper",
        effect=Text(
            "まだ消していない日に消したと記録され、元のデータがいつまであったかが分からない。",
            "The record tells a planned day, and nobody knows how long the data were there.",
        ),
        precedent="records written from the plan (law §3.7)",
        trigger="every release",
        proof="the day of the record is not that of the call",
        killed_by=("P-07",),
        wrap=after(_day_of_provision),
    ),
    Mutant(
        id="stage-without-names-kept",
        kind="wrapper",
        effect=Text(
            "移動する前の日付が作業用の写しに残り、加工後の日付との差から全員の移動量が分かる。",
            "The dates before shifting stay in a working copy, and tell the shift of everyone.",
        ),
        precedent="staging tables that are thought to be harmless without names (CWE-459)",
        trigger="every release with dates",
        proof="a file in the temporary folder holds the dates of the input",
        killed_by=("P-07",),
        wrap=_dates_kept,
    ),
    Mutant(
        id="erasure-of-the-first-table",
        kind="fault",
        effect=Text(
            "本人の表だけが記録され、受診や検査の表の写しが残っていても気付かれない。",
            "The table of persons alone is recorded, and copies of visits and results go unnoticed.",
        ),
        precedent="records kept for the first table of a join (law §3.7)",
        trigger="every release of several tables",
        proof="items that were handed over are not in the record",
        killed_by=("P-07",),
        fault="erasure-of-the-first-table",
        pairs=("hospital",),  # the other has one table
    ),
)
