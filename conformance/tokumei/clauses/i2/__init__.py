"""Item 2: individual identification codes. What the checks of this family share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokumei.declarations import PSEUDONYMS
from tokumei.measures import codes as measure
from tokumei.model import Premise
from tokumei.relation import Relation
from tokumei.representation import without_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokumei.declarations import Organization, Processing
    from tokumei.evidence import Evidence

RANDOM = PSEUDONYMS | {"uid-map", "noise", "microaggregate", "synthesize", "swap"}
"""Techniques after which a cell holds digits that are drawn or computed."""

IDENTIFYING = frozenset({"direct", "staff", "symbol", "freetext"})
"""Classes of fields in which a code of the input is a leak even where it stood there before."""

SHORTEST = 6
"""Shorter codes and symbols cannot be told from other numbers."""

SHORTEST_PART = 4
"""From here on digits of a code tell persons apart; a shorter text says nothing in this family."""


def drawn(evidence: Evidence) -> list[str]:
    """The released fields whose digits are random, as ``resource.field``."""
    asked = (evidence.asked, *(claim for claim in evidence.claims if claim))
    return sorted({str(name) for each in asked for step in each.with_technique(*RANDOM) for name in step.fields})


def texts(evidence: Evidence) -> Relation:
    """``case, call, resource, field, value, text`` of the released cells that the input does not explain.

    Dates are left out, and what is shorter than any part of a code.
    """
    return evidence.once("i2.texts", _texts)


def _texts(evidence: Evidence) -> Relation:
    engine = evidence.canaries.engine
    cells = without_days(evidence, evidence.texts).query(
        "SELECT * FROM {self} t WHERE length(text) >= {least}", least=SHORTEST_PART
    )
    left = cells.query("SELECT DISTINCT resource || '.' || field AS name FROM {self} t").arrow()
    told = set(left.column("name").to_pylist())
    empty = "SELECT '' AS \"case\", '' AS resource, '' AS field, '' AS value WHERE FALSE"
    given = [
        view.relation.query(
            'SELECT DISTINCT "case", {resource} AS resource, {field} AS field, {column} AS value FROM {self} t',
            resource=info.name.resource,
            field=info.name.field,
            column=view.column(info.name.field),
        ).sql
        for info in evidence.organization.fields()
        if str(info.name) in told
        and not IDENTIFYING & set(info.classes)
        and info.name.field in (view := evidence.input[info.name.resource]).names
        and info.name.field in evidence.release[info.name.resource].names
    ]
    return measure.fresh(cells, Relation(engine, " UNION ALL ".join([empty, *given])))


def known(evidence: Evidence) -> Relation:
    """The codes of the input (``measures.codes``)."""
    return evidence.once("i2.codes", lambda whole: measure.codes(whole.canaries, SHORTEST))


def premises(evidence: Evidence) -> Iterator[Premise]:
    """The codes of each case that has a release."""
    released = {case.id for case, _, _ in evidence.released_calls()}
    counted = evidence.canaries.query(
        'SELECT "case", count(*) AS n FROM {self} t WHERE kind = \'symbol\' GROUP BY "case"'
    )
    for row in counted.rows():
        if row["case"] in released:
            yield Premise(case=row["case"], count=row["n"], what="codes")


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field of the source is a code of a person, or part of one."""
    del processing
    return any("symbol" in info.classes for info in organization.fields())
