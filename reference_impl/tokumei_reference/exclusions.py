"""Who must not be released, as the organization says: who refused, and who was notified for another regime."""

from __future__ import annotations

from tokumei_reference.declarations import Field, Organization, Processing
from tokumei_reference.refusals import Refusal

_NOTICE = {"NGMIA-19": "NGMIA-52", "NGMIA-35": "NGMIA-57"}
"""The notice without which a regime may not use data."""


def excluded(organization: Organization, processing: Processing) -> list[tuple[Field, frozenset[str]]]:
    """Fields with the texts of persons whom a step must remove. Raises Refusal for a field that is not there."""
    own = organization.source["tokumei"]
    found: list[tuple[Field, frozenset[str]]] = []
    status = organization.find(organization.opt_out_field)
    if status is not None:
        found.append((status, frozenset(own["optOut"].get("refused", ["1"]))))
    basis, needed = own.get("noticeBasis"), _NOTICE.get(str(processing.source.get("regime")))
    if basis is None or needed is None:
        return found
    field = organization.find(basis.get("field"))
    if field is None or field.resource != organization.subject_resource or not field.constraints.get("required"):
        raise Refusal("DECLARATION_INVALID", "/tokumei/noticeBasis/field")
    given = basis.get("values") or {
        each["id"]: each.get("notice", {}).get("basis", []) for each in own.get("institutions", [])
    }
    # A text that nobody explained would be released unseen.
    if set(field.constraints.get("enum", [])) != set(given):
        raise Refusal("DECLARATION_INVALID", "/tokumei/noticeBasis/values")
    return [*found, (field, frozenset(text for text, notices in given.items() if needed not in notices))]
