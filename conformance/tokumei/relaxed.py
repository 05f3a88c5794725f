"""The bounds that a processing declaration makes laxer than the defaults of this standard, each with its written reason.

A default may be made stricter freely. What is laxer needs a reason (D-06, I4-07, R-02), and a report repeats both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tokumei.clauses.f.f_02 import MODEL as FACILITIES_MODEL
from tokumei.clauses.i4.i4_01 import OLDEST, ages
from tokumei.clauses.p.p_04 import LEVELS
from tokumei.clauses.r.r_02 import bound_of as risk_of
from tokumei.clauses.r.r_03 import METRIC as LINKAGE
from tokumei.clauses.r.r_03 import bound_of as linkage_of
from tokumei.clauses.r.r_05 import bound_of as inference_of
from tokumei.clauses.r.r_05 import least_share
from tokumei.declarations import Organization, Processing
from tokumei.thresholds import CONTEXTS, FACILITIES, INFERENCE, RARE_SHARE, RISK, K

SLACK = 1e-9
"""0.333 and 1/3 written in full are told apart, 1/3 and what a machine makes of it are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """One bound that is laxer than the default of the clause; ``reason`` is empty where none is written."""

    clause: str
    bound: str
    """What is bounded: ``k``, ``risk``, ``linkage``, ``inference``, ``facilities``, ``rare-share`` or ``oldest``."""
    default: float
    declared: float
    context: str
    reason: str


def relaxed(organization: Organization, processing: Processing) -> tuple[Relaxed, ...]:
    """Every bound of the declaration on the lax side of its default, in the order of the clauses."""
    context = processing.context if processing.context in CONTEXTS else CONTEXTS[0]
    found = {
        Relaxed(clause=clause, bound=bound, default=default, declared=declared, context=context, reason=reason.strip())
        for clause, bound, default, declared, reason in _bounds(organization, processing, context)
    }
    return tuple(sorted(found, key=lambda one: (one.clause, one.bound, one.declared, one.reason)))


def _bounds(
    organization: Organization, processing: Processing, context: str
) -> Iterator[tuple[str, str, float, float, str]]:
    targets = processing.document["targets"]
    counted = [target for target in targets if target["model"] == "k-anonymity"]
    guarded = K[_guarded(processing, context)]
    for target in counted:
        if target["k"] < K[context]:
            yield "D-06", "k", K[context], target["k"], _reason(target)
        if target["k"] < guarded > K[context]:
            yield "P-04", "k", guarded, target["k"], _reason(target)
    risk = risk_of(processing)
    if risk > RISK[context] + SLACK:
        why = " / ".join(dict.fromkeys(_reason(target) for target in counted if target["k"] < K[context]))
        yield "R-02", "risk", RISK[context], risk, why
    accepted = str(processing.document.get("residualRisk", {}).get("statement", ""))
    least, share = max((float(target["k"]) for target in counted), default=0.0), linkage_of(processing)
    if least and share > 1 / least + SLACK and _states(processing, LINKAGE):
        yield "R-03", "linkage", 1 / least, share, accepted
    usual, inferred = max(INFERENCE[context], least_share(processing)), inference_of(processing)
    if inferred > usual + SLACK:
        yield "R-05", "inference", usual, inferred, accepted
    for target in targets:
        if target["model"] == FACILITIES_MODEL and target["minimum"] < FACILITIES:
            yield "F-02", "facilities", FACILITIES, target["minimum"], _reason(target)
    for table in processing.document.get("rarity", ()):
        if table.get("limit", RARE_SHARE) < RARE_SHARE:
            yield "I4-07", "rare-share", RARE_SHARE, table["limit"], _reason(table)
    old = {info.name for info in ages(organization)}
    for step in processing.with_technique("top-bottom-code"):
        top = step.params.get("top")
        if old & set(step.fields) and isinstance(top, int | float) and top > OLDEST:
            yield "I4-01", "oldest", OLDEST, top, _reason(_written(processing, step.id))


def _reason(part: Any) -> str:
    return str(part.get("why") or "")


def _guarded(processing: Processing, context: str) -> str:
    """The context that the recorded security of the recipient is enough for, at best the declared one."""
    security = processing.document["release"].get("recipientSecurity")
    if not isinstance(security, dict) or security.get("level") not in LEVELS:
        return context
    return CONTEXTS[min(LEVELS.index(security["level"]), CONTEXTS.index(context))]


def _states(processing: Processing, metric: str) -> bool:
    return any(item["metric"] == metric for item in processing.document.get("residualRisk", {}).get("measured", ()))


def _written(processing: Processing, step: str) -> Any:
    return next(each for each in processing.document["steps"] if each["id"] == step)


__all__ = ["Relaxed", "relaxed"]
