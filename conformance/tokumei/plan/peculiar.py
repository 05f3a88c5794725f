"""Values that stand out: what is beyond a declared bound, listed as peculiar, far from all others, or a dummy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.declarations import FieldInfo, FieldName, Organization, Processing

BEYOND = (1.08, 1.1, 1.12, 1.15, 1.18, 1.2, 1.22)
"""By what an extreme number exceeds its bound."""
FAR = 4
"""How many of the declared distances a far value lies from what is usual."""


def usual(organization: Organization, processing: Processing) -> dict[FieldName, tuple[float, float]]:
    """The numbers that are drawn for fields whose extremes are planted: between both bounds, or within the distance."""
    found = {}
    for info, params in _numeric(organization, processing):
        if {"top", "bottom"} <= set(params):
            found[info.name] = (float(params["bottom"]) + 1, float(params["top"]) - 1)
        elif "gap" in params:
            low = float(info.constraints.get("minimum", 0))
            found[info.name] = (low, low + float(params["gap"]))
    return found


def never_drawn(organization: Organization) -> dict[FieldName, frozenset[str]]:
    """The rare events and circumstances: who has one was given it."""
    return {info.name: info.peculiar for info in organization.fields() if info.peculiar}


def beyond(organization: Organization, processing: Processing, bound: str, nth: int) -> dict[FieldName, str | None]:
    """The ``nth`` extreme number of each field with that bound (``top`` or ``bottom``)."""
    factor = BEYOND[nth % len(BEYOND)]
    return {
        info.name: _written(info, float(params[bound]) * (factor if bound == "top" else 1 / factor))
        for info, params in _numeric(organization, processing)
        if bound in params
    }


def far(organization: Organization, processing: Processing) -> dict[FieldName, str | None]:
    """A number that lies alone, for each field with a declared distance."""
    high = usual(organization, processing)
    return {
        info.name: _written(info, high[info.name][1] + FAR * float(params["gap"]))
        for info, params in _numeric(organization, processing)
        if "gap" in params
    }


def events(organization: Organization, nth: int) -> dict[FieldName, str | None]:
    """The ``nth`` rare event of each field that lists some."""
    listed = {name: sorted(texts) for name, texts in never_drawn(organization).items()}
    return {name: texts[nth % len(texts)] for name, texts in listed.items()}


def dummies(organization: Organization) -> dict[FieldName, str | None]:
    """A declared dummy value of each field that has some."""
    return {info.name: info.dummies[0] for info in organization.fields() if info.dummies and info.type != "date"}


def _numeric(organization: Organization, processing: Processing) -> Iterator[tuple[FieldInfo, dict[str, float]]]:
    quasi = {name for target in processing.targets for name in target.quasi}
    for info in organization.fields():
        if info.type in ("integer", "number") and info.name not in quasi:
            yield info, {key: value for step in processing.steps_of(info.name) for key, value in step.params.items()}


def _written(info: FieldInfo, number: float) -> str:
    return f"{number:.0f}" if info.type == "integer" else f"{number:.1f}"
