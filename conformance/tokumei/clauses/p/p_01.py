"""P-01: each provision has an entry for the books: the recipient, the day, and exactly the items provided."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.beside import BOOK, items_differ, path_of, read
from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Hold the entry against the recipient and day that were declared for this call, and against its columns."""
    for case, number, call in evidence.released_calls():
        response, asked = call.response, call.request.processing
        if response is None:
            continue
        yield Premise(case=case.id, count=1, what="releases")
        document = read(response, BOOK)
        if document is None:
            code = "DOCUMENT_INVALID" if path_of(BOOK) in response.extra else "DOCUMENT_MISSING"
            yield Finding(code=code, case=case.id, call=number, params={"file": path_of(BOOK)})
            continue
        left_out, more = items_differ(response, document)
        for code, n in (("ITEM_LEFT_OUT", left_out), ("ITEM_NOT_RELEASED", more)):
            if n:
                yield Finding(code=code, case=case.id, call=number, params={"n": n})
        if str(asked["release"].get("recipient", "")) not in document["recipient"]:
            yield Finding(code="OTHER_RECIPIENT", case=case.id, call=number)
        if not _is_day(document["date"], asked):
            yield Finding(code="OTHER_DAY", case=case.id, call=number)


def _is_day(text: str, asked: Mapping[str, Any]) -> bool:
    """A day of the calendar: the declared one, or else none before the declaration was written."""
    declared = asked["release"].get("providedOn")
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return False
    return text == declared if declared else day.isoformat() >= str(asked["tokumei"].get("date", ""))


CHECK = Check(id="P-01", needs=(Need.RELEASE,), judge=judge, document=BOOK)


def _with(response: Response, **parts: object) -> Response:
    document = json.loads(response.extra.get(path_of(BOOK), "{}")) | parts
    text = json.dumps(document, ensure_ascii=False)
    return dataclasses.replace(response, extra=dict(response.extra) | {path_of(BOOK): text})


def _items_of_the_input(request: Request, response: Response) -> Response:
    """The entry lists what was received, not what is provided."""
    items = [{"resource": name, "items": table.column_names} for name, table in request.data.items()]
    return _with(response, items=items)


def _last_recipient(request: Request, response: Response) -> Response:
    """The entry of the last provision is copied, recipient and all."""
    del request
    return _with(response, recipient="架空の前回の提供先")


def _no_day(request: Request, response: Response) -> Response:
    """The day of the template stays."""
    del request
    return _with(response, date="1970-01-01")


MUTANTS = (
    Mutant(
        id="book-lists-the-input",
        kind="wrapper",
        effect=Text(
            "どの項目を渡したかが帳簿から分からず、漏えいの際に影響を確かめられない。",
            "The books do not tell which items went out, and after a leak nobody knows what is affected.",
        ),
        precedent="books kept of what was received (law §3.7)",
        trigger="a field that is not released",
        proof="an item of the entry is no column of the release",
        killed_by=("P-01",),
        wrap=after(_items_of_the_input),
    ),
    Mutant(
        id="book-of-the-last-recipient",
        kind="wrapper",
        effect=Text(
            "誰に渡したかが帳簿から分からない。",
            "The books name somebody who did not receive the data.",
        ),
        precedent="entries copied from the one before (law §3.7)",
        trigger="every release with a declared recipient",
        proof="the recipient of the entry is not the declared one",
        killed_by=("P-01",),
        wrap=after(_last_recipient),
    ),
    Mutant(
        id="book-of-no-day",
        kind="wrapper",
        effect=Text(
            "保存の期間を数えられず、提供の順序も分からない。",
            "Neither the time of retention nor the order of provisions can be told.",
        ),
        precedent="dates of templates (law §3.7)",
        trigger="every release",
        proof="the day of the entry is not the declared one",
        killed_by=("P-01",),
        wrap=after(_no_day),
    ),
    Mutant(
        id="recipient-cut-to-the-column",
        kind="fault",
        effect=Text(
            "名称の初めが同じ提供先を、帳簿で区別できない。",
            "Recipients whose names begin alike cannot be told apart in the books.",
        ),
        precedent="text cut to the width of a column (law §3.7)",
        trigger="every release with a declared recipient of more than four characters",
        proof="the recipient of the entry is the beginning of the declared one",
        killed_by=("P-01", "P-04"),
        fault="recipient-cut-to-the-column",
    ),
)
