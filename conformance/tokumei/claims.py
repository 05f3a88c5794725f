"""Asked and claimed (PROTOCOL): a claim may be stricter than what was asked, never laxer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.declarations import FieldName, Processing, Step
from tokumei.model import Document

STRICTER_HIGH = frozenset({"k", "l", "minimum"})
STRICTER_LOW = frozenset({"t", "alpha", "beta", "delta", "epsilon", "maxRisk"})
_CHANGES_NOTHING = frozenset({"keep", "shuffle-rows", "k-search", "suppress-record", "suppress-cell", "sample"})
"""Techniques after which the values of a released cell are those of the input."""


def substance(claim: Document | None) -> str:
    """What of a claim decides a verdict; its date and number may differ from release to release."""
    parts = {key: claim.get(key) for key in ("steps", "targets", "hierarchies")} if claim else None
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def laxer(asked: Processing, claim: Processing) -> tuple[str, ...]:
    """The places where the claim promises less than was asked: ``targets/<model>`` or ``resource.field``.

    Compared are the targets and, field by field, whether a change that was asked is claimed at all and
    whether its level, length, bin or bound is as coarse. A field that is claimed to be dropped is stricter.
    """
    return tuple(sorted({*_targets(asked, claim), *_fields(asked, claim)}))


def _targets(asked: Processing, claim: Processing) -> Iterator[str]:
    given = {str(target.get("model")): target for target in claim.document["targets"]}
    for target in asked.document["targets"]:
        place = f"targets/{target['model']}"
        other = given.get(str(target["model"]))
        if other is None or any(not set(target.get(x, [])) <= set(other.get(x, [])) for x in ("quasi", "fields")):
            yield place
            continue
        for key, value in target.items():
            sign = 1 if key in STRICTER_HIGH else -1 if key in STRICTER_LOW else 0
            if sign and (_number(other.get(key)) is None or sign * (_number(other[key]) or 0) < sign * value):
                yield place


def _fields(asked: Processing, claim: Processing) -> Iterator[str]:
    for name in sorted({name for step in asked.steps for name in step.fields if name.field}):
        if not (asked.released(name) and claim.released(name)):
            continue
        wanted, given = _changes(asked, name), _changes(claim, name)
        if wanted and not given:
            yield str(name)
        for step in wanted:
            same = [other for other in given if other.technique == step.technique]
            if same and not any(_as_coarse(step, other, asked.hierarchies) for other in same):
                yield str(name)


def _changes(processing: Processing, name: FieldName) -> list[Step]:
    return [s for s in processing.steps if name in s.fields and s.technique not in _CHANGES_NOTHING]


def _as_coarse(step: Step, other: Step, hierarchies: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the parameters of ``other`` keep no more of a value than those of ``step``, where they compare."""
    wanted, given = step.params, other.params
    level = str(wanted.get("level", ""))
    hierarchy = hierarchies.get(str(wanted.get("hierarchy", "")))
    if hierarchy is not None and given.get("hierarchy") == wanted.get("hierarchy"):
        levels = [str(item) for item in hierarchy["levels"]]
        if level in levels and str(given.get("level")) in levels:
            return levels.index(str(given["level"])) >= levels.index(level)
    for key, sign in (("truncate", -1), ("bin", 1), ("top", -1), ("bottom", 1)):
        one, two = _number(wanted.get(key)), _number(given.get(key))
        if one is not None and two is not None and sign * two < sign * one:
            return False
    return True


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
