"""P-04: the declaration of a release says who receives it, what for and how securely, and that fits the context."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.thresholds import CONTEXTS, K

LEVELS = ("open", "agreed", "supervised")
"""Levels of security of a recipient, each enough for the context of its place: public, contract, on site."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Read each claim: what is recorded, whether it carries the context, and whether it is what was asked."""
    for case, number, call in evidence.released_calls():
        claim = call.response.processing if call.response else None
        if claim is None or evidence.claim_of(number) is None:
            continue
        yield Premise(case=case.id, count=1, what="releases")
        release, asked = claim["release"], call.request.processing["release"]
        context = release["context"] if release["context"] in CONTEXTS else CONTEXTS[0]
        level = _level(release)
        due = ("purpose",) if context == "public" else ("purpose", "recipient", "recipientSecurity")
        missing = [name for name in due if not _stated(release.get(name))]
        shown: dict[str, object]
        if missing:
            shown = {"what": ", ".join(missing)}
            yield Finding(code="NOT_RECORDED", case=case.id, call=number, params=shown)
        elif LEVELS.index(level) < CONTEXTS.index(context):
            shown = {"level": level, "context": context}
            yield Finding(code="TOO_LITTLE_SECURITY", case=case.id, call=number, params=shown)
        least = K[CONTEXTS[min(LEVELS.index(level), CONTEXTS.index(context))]]
        small = [
            t["k"]
            for t in claim["targets"]
            if t["model"] == "k-anonymity" and t["k"] < least and not str(t.get("why", "")).strip()
        ]
        if small and not missing:
            shown = {"k": min(small), "default": least, "level": level}
            yield Finding(code="K_TOO_SMALL", case=case.id, call=number, params=shown)
        other = [name for name in ("recipient", "purpose") if asked.get(name, "") not in str(release.get(name, ""))]
        if LEVELS.index(level) > LEVELS.index(_level(asked)):
            other.append("recipientSecurity")
        if other and not missing:
            yield Finding(code="NOT_AS_ASKED", case=case.id, call=number, params={"what": ", ".join(other)})


def _stated(value: object) -> bool:
    text = value.get("measures") if isinstance(value, Mapping) else value
    return bool(str(text or "").strip())


def _level(release: Mapping[str, Any]) -> str:
    """The recorded level; nothing recorded is nothing known."""
    security = release.get("recipientSecurity")
    level = security.get("level") if isinstance(security, Mapping) else None
    return level if level in LEVELS else LEVELS[0]


CHECK = Check(id="P-04", needs=(Need.RELEASE, Need.CLAIM), judge=judge)


def _claiming(change: Callable[[dict[str, Any]], None]) -> Callable[[Request, Response], Response]:
    """The answer with its claim changed."""

    def changed(request: Request, response: Response) -> Response:
        del request
        if response.processing is None:
            return response
        claim: dict[str, Any] = copy.deepcopy(dict(response.processing))
        change(claim)
        return dataclasses.replace(response, processing=claim)

    return changed


def _public(claim: dict[str, Any]) -> None:
    """The data are made public as they were made under contract."""
    claim["release"]["context"] = "public"


def _no_security(claim: dict[str, Any]) -> None:
    claim["release"].pop("recipientSecurity", None)


def _template(claim: dict[str, Any]) -> None:
    claim["release"]["recipient"] = "架空の前回の提供先"


MUTANTS = (
    Mutant(
        id="contract-data-made-public",
        kind="wrapper",
        effect=Text(
            "契約の下で使う前提の小さな組が、誰でも見られる形で公開される。",
            "Small classes that a contract was to guard are laid open to everybody.",
        ),
        precedent="data under contract put on a public site (law §4.1, §3.5)",
        trigger="every release with a k below that of public data",
        proof="the claimed context is public, and k is below the default that holds without any security",
        killed_by=("P-04",),
        wrap=after(_claiming(_public)),
    ),
    Mutant(
        id="recipient-security-left-out",
        kind="wrapper",
        effect=Text(
            "提供先の安全管理を誰も確かめないまま、契約提供の基準で渡る。",
            "Data go out by the measure of a contract, and nobody knows how the recipient guards them.",
        ),
        precedent="forms without a field for it (law §3.5)",
        trigger="every release that is not public",
        proof="the claim records no security of the recipient",
        killed_by=("P-04",),
        wrap=after(_claiming(_no_security)),
    ),
    Mutant(
        id="recipient-of-the-last-declaration",
        kind="wrapper",
        effect=Text(
            "審査した提供先と、記録された提供先とが異なる。",
            "The recipient on record is not the one that was reviewed.",
        ),
        precedent="declarations copied from the one before (law §3.7)",
        trigger="every release with a declared recipient",
        proof="the claimed recipient is not the asked one",
        killed_by=("P-04",),
        wrap=after(_claiming(_template)),
    ),
    Mutant(
        id="security-without-measures",
        kind="fault",
        effect=Text(
            "提供先の安全管理が等級だけになり、何をしているかを誰も確かめられない。",
            "The security of the recipient is a level alone, and nobody can check what is done.",
        ),
        precedent="forms with a box to tick for the level alone (law §3.5)",
        trigger="every release that is not public",
        proof="the claim records a level of security and no measures",
        killed_by=("P-04",),
        fault="security-without-measures",
    ),
)
