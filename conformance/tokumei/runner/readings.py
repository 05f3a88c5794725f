"""The two readings of suppressed records in an audit: a class of their own, or no longer there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from tokumei.declarations import FieldName, Organization, Target
from tokumei.evidence import Evidence, TableView
from tokumei.modalities.tables.auditfiles import Supplied

MODEL = "k-anonymity"


def by_reading(shown: Evidence, suppressed: Mapping[FieldName, tuple[str, ...]]) -> Iterator[Evidence]:
    """For each k target, the evidence in the reading that it states."""
    for target in targets(shown):
        release = dict(shown.release)
        table = release.get(target.quasi[0].resource)
        if table is not None and reading(shown, target) == "removed":
            release[table.resource] = described(table, target, suppressed)
        claim = shown.claim
        if claim is not None:
            same = tuple(t for t in claim.targets if t.model == MODEL and set(t.quasi) == set(target.quasi))
            claim = dataclasses.replace(claim, targets=same)
        yield dataclasses.replace(
            shown, asked=dataclasses.replace(shown.asked, targets=(target,)), claims=(claim,), release=release
        )


def as_read(shown: Evidence, suppressed: Mapping[FieldName, tuple[str, ...]]) -> Iterator[Evidence]:
    """The evidence without the records that the targets let be read as removed."""
    release = dict(shown.release)
    for target in targets(shown):
        table = release.get(target.quasi[0].resource)
        if table is not None and reading(shown, target) == "removed":
            release[table.resource] = described(table, target, suppressed)
    yield dataclasses.replace(shown, release=release)


def whole(shown: Evidence, suppressed: Mapping[FieldName, tuple[str, ...]]) -> Iterator[Evidence]:
    del suppressed
    yield shown


def targets(shown: Evidence) -> list[Target]:
    """The k targets asked, and those claimed over other fields."""
    found = [target for target in shown.asked.targets if target.model == MODEL and target.quasi]
    known = [set(target.quasi) for target in found]
    claimed = shown.claim.targets if shown.claim else ()
    return found + [t for t in claimed if t.model == MODEL and t.quasi and set(t.quasi) not in known]


def reading(shown: Evidence, target: Target) -> Literal["as-class", "removed"]:
    """What the declarations say of suppressed records; the stricter of the asked and the claimed holds."""
    quasi = {str(name) for name in target.quasi}
    stated = [
        written.get("suppressed")
        for processing in (shown.asked, shown.claim)
        if processing is not None
        for written in processing.document["targets"]
        if written["model"] == MODEL and set(written.get("quasi", [])) == quasi
    ]
    return "as-class" if "as-class" in stated else "removed"


def markers(held: Organization, found: Supplied) -> dict[FieldName, tuple[str, ...]]:
    """The suppressed markers of each field: as the release describes them, else as the given declaration does."""
    words_of = found.described
    found_markers = {}
    for info in held.fields():
        own = words_of.field(info.name) if words_of else None
        for source in (own, info):
            written = source.tokumei.get("representation", {}).get("suppressed") if source else None
            if written:
                found_markers[info.name] = tuple(str(marker) for marker in written)
                break
    return found_markers


def described(table: TableView, target: Target, suppressed: Mapping[FieldName, tuple[str, ...]]) -> TableView:
    """The table without the records whose released quasi-identifiers all stand at the marker."""
    names = [name for name in target.quasi if name.field in table.names]
    if not names or any(name not in suppressed for name in names):
        return table
    terms: list[str] = []
    bindings: dict[str, Any] = {}
    for i, name in enumerate(names):
        bindings |= {f"c{i}": table.column(name.field), f"m{i}": suppressed[name]}
        null = f" OR {{c{i}}} IS NULL" if "" in suppressed[name] else ""
        terms.append(f"coalesce({{c{i}}} IN {{m{i}}}{null}, FALSE)")
    template = f"SELECT * FROM {{self}} t WHERE NOT ({' AND '.join(terms)})"
    return TableView(table.resource, table.relation.query(template, **bindings), table.names)
