"""Item 4, peculiar descriptions: what its clauses share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokumei.thresholds import K

if TYPE_CHECKING:
    from tokumei.declarations import FieldName
    from tokumei.evidence import Evidence


def least_persons(evidence: Evidence) -> int:
    """How many persons a class must have: the largest k that is asked or claimed, else the default of the context."""
    declared = [target.k for each in (evidence.asked, *evidence.claims) if each for target in each.targets]
    return max(declared, default=0) or K[evidence.asked.context]


def quasi(evidence: Evidence) -> set[FieldName]:
    """The fields whose combinations are counted elsewhere (I5-01)."""
    asked = (evidence.asked, *(claim for claim in evidence.claims if claim))
    return {name for each in asked for target in each.targets for name in target.quasi}
