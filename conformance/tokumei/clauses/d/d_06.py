"""D-06: every threshold is stated, and one below the default of this standard states its reason."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.thresholds import K


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Read the targets of each claim: a k for declared quasi-identifiers, and a reason where it is small."""
    quasi = [info for info in evidence.organization.fields() if "quasi" in info.classes]
    for case, number, call in evidence.released_calls():
        claim = evidence.claim_of(number)
        if call.response is None or claim is None:
            continue
        released = [info for info in quasi if claim.released(info.name)]
        targets = [t for t in claim.document["targets"] if t["model"] == "k-anonymity"]
        if not released and not targets:
            continue
        yield Premise(case=case.id, count=max(1, len(targets)), what="thresholds")
        if not targets:
            yield Finding(code="NO_THRESHOLD", case=case.id, call=number, params={"n": len(released)})
        least = K.get(claim.context, K["public"])
        for target in targets:
            if target["k"] < least and not str(target.get("why", "")).strip():
                shown = {"k": target["k"], "default": least, "context": claim.context}
                yield Finding(code="NO_REASON", case=case.id, call=number, params=shown)


def applies(organization: Organization, processing: Processing) -> bool:
    """Some quasi-identifier is released."""
    return any("quasi" in info.classes and processing.released(info.name) for info in organization.fields())


CHECK = Check(id="D-06", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies)


def _smaller_k(request: Request, response: Response) -> Response:
    """The claim lowers k to two and gives no reason."""
    if response.processing is None:
        return response
    claim = copy.deepcopy(dict(response.processing))
    for target in claim["targets"]:
        if target["model"] == "k-anonymity":
            target["k"] = 2
            target.pop("why", None)
    return dataclasses.replace(response, processing=claim)


MUTANTS = (
    Mutant(
        id="small-k-without-reason",
        kind="wrapper",
        effect=Text(
            "誰がなぜ緩めたか分からないまま、小さな k のデータが渡る。",
            "Data with a small k are provided and nobody knows who lowered it, and why.",
        ),
        precedent="k = 2 left over from a demonstration (ARX examples; peers §2)",
        trigger="every release",
        proof="the claimed k is below the default of its context, and no reason is given",
        killed_by=("D-06", "D-03"),
        wrap=after(_smaller_k),
    ),
    Mutant(
        id="threshold-left-out",
        kind="fault",
        effect=Text(
            "準識別子を提供しながら、満たすべき人数がどこにも書かれていない。",
            "Quasi-identifiers are released, and nowhere does it say how many persons must share them.",
        ),
        precedent="reports that name the model and not its parameter (peers §3)",
        trigger="every release with quasi-identifiers",
        proof="the claim has no target of k-anonymity",
        killed_by=("D-06", "D-03"),
        fault="threshold-left-out",
    ),
)
