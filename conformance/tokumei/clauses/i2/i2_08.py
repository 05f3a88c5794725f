"""I2-08: the claim names the list of identification codes that was in force on the day of the processing."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping

from tokumei.clause import Check, Mutant
from tokumei.clauses.i2 import applies
from tokumei.evidence import Evidence
from tokumei.law import load_law
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Compare the list that each claim names with the list of its date; the suite reads no clock.

    A date before the first list that the standard knows decides nothing.
    """
    for case, number, call in evidence.released_calls():
        document = call.response.processing if call.response else None
        if not isinstance(document, Mapping):
            continue  # D-01 and D-03 tell of a release without its declarations
        own, named = document.get("tokumei"), document.get("codeList")
        day = own.get("date") if isinstance(own, Mapping) else None
        version = named.get("version") if isinstance(named, Mapping) else None
        code = ""
        if not isinstance(day, str):
            code = "NO_DATE"
        elif not isinstance(version, str):
            code = "NO_CODE_LIST"
        else:
            try:
                expected = load_law().codes_on(day).since
            except LookupError:
                continue
            code = "OTHER_CODE_LIST" if version != expected else ""
        yield Premise(case=case.id, count=1, what="documents")
        if code:
            shown = {"expected": expected} if code == "OTHER_CODE_LIST" else {}
            yield Finding(code=code, case=case.id, call=number, params=shown)


CHECK = Check(id="I2-08", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies)


def _old_list(request: Request, response: Response) -> Response:
    """The claim names the list before the one in force."""
    document = copy.deepcopy(dict(response.processing or request.processing))
    document["codeList"] = {"version": load_law().code_lists[0].since}
    return dataclasses.replace(response, processing=document)


MUTANTS = (
    Mutant(
        id="code-list-of-last-year",
        kind="wrapper",
        effect=Text(
            "古い一覧によるため、新しく加わった番号が消されない。",
            "An old list is used, and codes that have been added since are not removed.",
        ),
        precedent="免許情報記録の番号 became a code on 2025-03-24 (law §2.1)",
        trigger="every release",
        proof="the claim names a list that was not in force on its date",
        killed_by=("I2-08",),
        wrap=after(_old_list),
    ),
    Mutant(
        id="code-list-not-named",
        kind="fault",
        effect=Text(
            "どの一覧によったかが分からず、漏れを後から確かめられない。",
            "Nobody can tell which list was used, nor check later what it left out.",
        ),
        precedent="lists in program code without a version",
        trigger="every release",
        proof="the claim names no list",
        killed_by=("I2-08",),
        fault="code-list-not-named",
    ),
)
