"""B-11: the declaration of a release states the versions of the product, of its rules and of the code list."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after

PLACES: Mapping[str, tuple[str, ...]] = {
    "tokumei.tool": ("tokumei", "tool"),
    "ruleList": ("ruleList",),
    "codeList": ("codeList",),
}


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Each version must be there and hold a digit: "latest" names no state to which one could go back."""
    for case, number, call in evidence.released_calls():
        claim = call.response.processing if call.response else None
        if claim is None or evidence.claim_of(number) is None:
            continue
        yield Premise(case=case.id, count=len(PLACES), what="versions")
        missing = [name for name, path in PLACES.items() if not re.search(r"\d", _version(claim, path))]
        if missing:
            yield Finding(code="NO_VERSION", case=case.id, call=number, params={"what": ", ".join(missing)})


def _version(claim: Mapping[str, Any], path: tuple[str, ...]) -> str:
    value: Any = claim
    for part in (*path, "version"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return str(value or "")


CHECK = Check(id="B-11", needs=(Need.RELEASE, Need.CLAIM), judge=judge)


def _without_tool(request: Request, response: Response) -> Response:
    """The declaration is that which was asked, and says nothing of what did it."""
    del request
    if response.processing is None:
        return response
    claim: dict[str, Any] = copy.deepcopy(dict(response.processing))
    claim["tokumei"].pop("tool", None)
    claim.pop("ruleList", None)
    return dataclasses.replace(response, processing=claim)


def _latest(request: Request, response: Response) -> Response:
    """The rules are said to be the latest ones."""
    del request
    if response.processing is None:
        return response
    claim = dict(response.processing) | {"ruleList": {"name": "rules", "version": "latest"}}
    return dataclasses.replace(response, processing=claim)


MUTANTS = (
    Mutant(
        id="versions-left-out",
        kind="wrapper",
        effect=Text(
            "欠陥の見つかった版で作られた提供データを、見分けられない。",
            "Data made by a version with a known fault cannot be told from others.",
        ),
        precedent="outputs without a trace of the tool (peers §3)",
        trigger="every release",
        proof="the claim states no version of the product or its rules",
        killed_by=("B-11",),
        wrap=after(_without_tool),
    ),
    Mutant(
        id="version-latest",
        kind="wrapper",
        effect=Text(
            "どの規則によったかが、後から分からない。",
            "Nobody can tell later which rules were applied.",
        ),
        precedent="tags that move, such as latest (peers §3)",
        trigger="every release",
        proof="the version of the rules is the word latest",
        killed_by=("B-11",),
        wrap=after(_latest),
    ),
    Mutant(
        id="code-list-by-name-alone",
        kind="fault",
        effect=Text(
            "どの版のコード表で一般化したかが、後から分からない。",
            "Nobody can tell later by which edition of the codes the values were generalized.",
        ),
        precedent="code lists referred to by name alone (peers §3)",
        trigger="every release",
        proof="the code list of the claim has no version",
        killed_by=("B-11",),
        fault="code-list-by-name-alone",
    ),
)
