"""D-01: every release comes with a processing declaration that the schema accepts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Problem, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.schema import validate


def judge(evidence: Evidence) -> Iterator[Observation]:
    """The document must be there for each release, be valid, and be about the organization that was given."""
    known: dict[str, tuple[Problem, ...]] = {}
    for case, number, call in evidence.released_calls():
        assert call.response is not None
        yield Premise(case=case.id, count=1, what="releases")
        document = call.response.processing
        if document is None:
            yield Finding(code="NO_DECLARATION", case=case.id, call=number)
            continue
        text = json.dumps(document, sort_keys=True, ensure_ascii=False)
        if text not in known:  # the calls of a batch mostly claim the same
            known[text] = validate(document, "processing")
        problems = known[text]
        if problems:
            yield Finding(code="INVALID_DECLARATION", case=case.id, call=number, params={"n": len(problems)})
        elif document["organization"]["name"] != evidence.organization.name:
            yield Finding(code="OTHER_ORGANIZATION", case=case.id, call=number)


CHECK = Check(id="D-01", needs=(Need.RELEASE,), judge=judge)


def _without_declaration(request: Request, response: Response) -> Response:
    """Large releases come without the document, as if it were made in another step."""
    resource = next(iter(response.data.values()))
    return dataclasses.replace(response, processing=None) if resource.num_rows > 50 else response


MUTANTS = (
    Mutant(
        id="declaration-left-out",
        kind="wrapper",
        effect=Text(
            "どう加工したかが受領者にも審査にも分からない。",
            "Neither the recipient nor a reviewer can tell how the data were processed.",
        ),
        precedent="tools that write the data alone (peers §2)",
        trigger="releases of more than 50 rows",
        proof="the answer holds no processing declaration",
        killed_by=("D-01",),
        wrap=after(_without_declaration),
    ),
    Mutant(
        id="steps-without-reason",
        kind="fault",
        effect=Text(
            "加工の理由がなく、審査で妥当かどうかを判断できない。",
            "No step says why, and a review cannot judge whether it is adequate.",
        ),
        precedent="log-like declarations that list operations only (formats §5)",
        trigger="every release",
        proof="the schema requires a reason for each step",
        killed_by=("D-01",),
        fault="steps-without-reason",
    ),
)
