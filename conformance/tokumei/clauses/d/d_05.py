"""D-05: the declaration states the legal regime and the release context, and they are those that were asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.thresholds import CONTEXTS


def judge(evidence: Evidence) -> Iterator[Observation]:
    """The regime must be the asked one (``neutral`` where it was asked that none applies); a context may be stricter, never laxer."""
    for case, number, call in evidence.released_calls():
        claim = evidence.claim_of(number)
        if call.response is None or claim is None:
            continue
        yield Premise(case=case.id, count=1, what="releases")
        if claim.regime != evidence.asked.regime:
            shown = {"asked": evidence.asked.regime, "claimed": claim.regime}
            yield Finding(code="OTHER_REGIME", case=case.id, call=number, params=shown)
        if claim.context not in CONTEXTS or CONTEXTS.index(claim.context) > CONTEXTS.index(evidence.asked.context):
            yield Finding(code="LAXER_CONTEXT", case=case.id, call=number, params={"asked": evidence.asked.context})


CHECK = Check(id="D-05", needs=(Need.RELEASE, Need.CLAIM), judge=judge)


def _on_site(request: Request, response: Response) -> Response:
    """The claim says that the data stay on site, where smaller classes are allowed."""
    if response.processing is None:
        return response
    claim = dict(response.processing)
    return dataclasses.replace(
        response, processing=claim | {"release": dict(claim["release"]) | {"context": "on-site"}}
    )


MUTANTS = (
    Mutant(
        id="context-called-on-site",
        kind="wrapper",
        effect=Text(
            "手元に渡すデータが、管理された場所でだけ使うデータの基準で作られたことになる。",
            "Data that leave the house are declared under the thresholds of data that stay in it.",
        ),
        precedent="one template for all provisions (law §4.5)",
        trigger="every release that is not on site",
        proof="the claimed context is laxer than the asked one",
        killed_by=("D-05",),
        wrap=after(_on_site),
    ),
    Mutant(
        id="regime-from-template",
        kind="fault",
        effect=Text(
            "適用される制度を誤り、別の制度の義務に従って取り扱われる。",
            "The wrong law is taken to apply, and the data are handled under the duties of another regime.",
        ),
        precedent="APPI 43 and NGMIA 19 exclude each other (law §1.1, §3.1)",
        trigger="every release",
        proof="the claimed regime is not the one that was asked",
        killed_by=("D-05",),
        fault="regime-from-template",
    ),
)
