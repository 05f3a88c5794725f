"""D-10: the text for publication comes with the release, and its items are exactly those of the release."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from tokumei.beside import KINDS, PUBLICATION, items_differ, path_of, read
from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Hold the items against the released columns, and the rest against what the release declares of itself."""
    for case, number, call in evidence.released_calls():
        response = call.response
        if response is None:
            continue
        yield Premise(case=case.id, count=1, what="releases")
        document = read(response, PUBLICATION)
        if document is None:
            code = "DOCUMENT_INVALID" if path_of(PUBLICATION) in response.extra else "DOCUMENT_MISSING"
            yield Finding(code=code, case=case.id, call=number, params={"file": path_of(PUBLICATION)})
            continue
        left_out, more = items_differ(response, document)
        for code, n in (("ITEM_LEFT_OUT", left_out), ("ITEM_NOT_RELEASED", more)):
            if n:
                yield Finding(code=code, case=case.id, call=number, params={"n": n})
        regime = (response.processing or call.request.processing).get("regime")
        if document["regime"] != regime or KINDS.get(str(regime), "") not in json.dumps(document, ensure_ascii=False):
            yield Finding(code="OTHER_KIND", case=case.id, call=number)
        method = call.request.processing["release"].get("method")
        if method and document.get("method") != method:
            yield Finding(code="OTHER_METHOD", case=case.id, call=number)


CHECK = Check(id="D-10", needs=(Need.RELEASE,), judge=judge, document=PUBLICATION)


def _items_of_the_input(request: Request, response: Response) -> Response:
    """The text lists what was received, not what is provided."""
    items = [{"resource": name, "items": table.column_names} for name, table in request.data.items()]
    return _changed(response, items=items)


def _one_table(request: Request, response: Response) -> Response:
    """The text was written when the release had one column less."""
    del request
    document = json.loads(response.extra.get(path_of(PUBLICATION), '{"items": []}'))
    items = [dict(table) for table in document["items"]]
    for table in items[-1:]:
        table["items"] = table["items"][:-1] or ["-"]
    return _changed(response, items=items)


def _changed(response: Response, **parts: object) -> Response:
    document = json.loads(response.extra.get(path_of(PUBLICATION), "{}")) | parts
    text = json.dumps(document, ensure_ascii=False)
    return dataclasses.replace(response, extra=dict(response.extra) | {path_of(PUBLICATION): text})


MUTANTS = (
    Mutant(
        id="publication-of-the-input",
        kind="wrapper",
        effect=Text(
            "提供しない項目まで公表され、何が提供されたか公衆に分からない。",
            "Items are made public that are not provided, and the public cannot tell what was.",
        ),
        precedent="lists copied from the received data (law §1.6)",
        trigger="a field that is not released",
        proof="an item of the text is no column of the release",
        killed_by=("D-10",),
        wrap=after(_items_of_the_input),
    ),
    Mutant(
        id="publication-not-renewed",
        kind="wrapper",
        effect=Text(
            "後から加えた項目が、公表されないまま提供される。",
            "A field that was added later is provided without having been made public.",
        ),
        precedent="a text that is written once and not kept (law §1.6)",
        trigger="every release",
        proof="a column of the release is no item of the text",
        killed_by=("D-10",),
        wrap=after(_one_table),
    ),
    Mutant(
        id="items-of-the-organization",
        kind="fault",
        effect=Text(
            "公表の文に、削除した項目まで含まれる。", "The text for publication lists items that were dropped."
        ),
        precedent="texts written from the data dictionary",
        trigger="every release of a product that drops a column",
        proof="an item of the text is no column of the release",
        killed_by=("D-10",),
        fault="items-of-the-organization",
    ),
)
