"""What the fields say that decide who may be released: refusals, and notices by the regime they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.declarations import FieldName, Organization
    from tokumei.plan.tables import Person


def told(organization: Organization, regime: str) -> Mapping[FieldName, Callable[[Person, int], Sequence[str]]]:
    """What the fields that decide who may be released can say in a row of a person: only the first tells a refusal."""
    found: dict[FieldName, Callable[[Person, int], Sequence[str]]] = {}
    refusals, basis = organization.refusals, organization.notice_basis
    if refusals is not None:
        info = organization.field(refusals.field)
        known = info.constraints.get("enum", []) if info else []
        agreed = [str(text) for text in known if str(text) not in refusals.texts] or ["0"]
        found[refusals.field] = lambda person, nth: refusals.texts[:1] if person.opted_out and not nth else agreed[:1]
    if basis is not None:
        may, other = basis.notified(regime), basis.not_notified(regime).texts
        found[basis.field] = lambda person, _: (other or may) if person.not_notified else (may or other)
    return found
