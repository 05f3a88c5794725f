"""The groups that a processing declaration makes of a quasi-identifier, and the raw values on their edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.declarations import FieldInfo, FieldName, Organization, Processing

RARE_GROUPS = 3
"""How many categories of a field with a limit nobody has whom the plan does not give one."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The groups of one field: each is the raw values, edges first, that become one released value."""

    field: FieldName
    groups: tuple[tuple[str, ...], ...]

    @property
    def home(self) -> int:
        return len(self.groups) // 2


def levels(field: FieldInfo, processing: Processing) -> Levels:
    """The groups of ``field`` under ``processing``; a field without rule gives its values one by one."""
    steps = processing.steps_of(field.name)
    for step in steps:
        name = str(step.params.get("hierarchy", ""))
        if step.technique == "generalize" and name in processing.hierarchies:
            return Levels(field.name, _of_hierarchy(processing.hierarchies[name], step.params["level"]))
    if field.type == "integer":
        low, high = int(field.constraints.get("minimum", 0)), int(field.constraints.get("maximum", 100))
        params = {key: value for step in steps for key, value in step.params.items()}
        return Levels(field.name, _of_numbers(low, high, params))
    if "enum" in field.constraints:
        return Levels(field.name, tuple((str(value),) for value in field.constraints["enum"]))
    return Levels(field.name, ())


def _of_hierarchy(hierarchy: object, level: str) -> tuple[tuple[str, ...], ...]:
    assert isinstance(hierarchy, dict)
    at = hierarchy["levels"].index(level)
    groups: dict[str, list[str]] = {}
    for row in hierarchy["table"]:
        groups.setdefault(row[at], []).append(row[0])
    return tuple(tuple(values) for values in groups.values())


def _of_numbers(low: int, high: int, params: dict[str, object]) -> tuple[tuple[str, ...], ...]:
    top, bottom, width = params.get("top"), params.get("bottom"), params.get("bin")
    first = int(str(bottom)) if bottom is not None else low
    last = int(str(top)) if top is not None else high + 1
    groups: list[Sequence[int]] = []
    if width is None:
        step = max(1, (last - first) // 6)
        groups = [(value,) for value in range(first, last, step)]
    else:
        start = first - first % int(str(width))
        for lower in range(start, last, int(str(width))):
            upper = min(lower + int(str(width)), last) - 1
            groups.append(sorted({max(lower, first), upper}))
    if bottom is not None:
        groups.insert(0, sorted({low, max(low, int(str(bottom)) - 1)}))
    if top is not None:
        groups.append(sorted({last, min(high, last + 1), high}))
    return tuple(tuple(str(value) for value in group) for group in groups)


def rare_values(organization: Organization, processing: Processing) -> dict[FieldName, tuple[tuple[str, ...], ...]]:
    """The last categories of each field whose rare values are not to be released, each with its raw values.

    A field of fewer than twice as many categories has none: too few values would be left for the others.
    """
    found = {}
    for name in dict.fromkeys(name for target in processing.targets for name in target.fields):
        info = organization.field(name)
        codes = [str(value) for value in info.constraints.get("enum", ())] if info else []
        groups: dict[str, list[str]] = {}
        cut = [step.params["truncate"] for step in processing.steps_of(name) if "truncate" in step.params]
        for code in codes:
            groups.setdefault(code[: int(cut[0])] if cut else code, []).append(code)
        if len(groups) >= 2 * RARE_GROUPS:
            found[name] = tuple(tuple(group) for group in list(groups.values())[-RARE_GROUPS:])
    return found


def second_codes(organization: Organization, processing: Processing) -> dict[FieldName, tuple[str, ...]]:
    """The local codes of each field whose standard code another one, listed before, has too."""
    found: dict[FieldName, tuple[str, ...]] = {}
    for info in organization.fields():
        mapping = info.tokumei.get("mapping", {})
        hierarchy = processing.hierarchies.get(str(mapping.get("hierarchy", "")))
        if hierarchy is None or mapping["level"] not in hierarchy["levels"]:
            continue
        at, seen = hierarchy["levels"].index(mapping["level"]), set[str]()
        for line in hierarchy["table"]:
            if line[at] in seen:
                found[info.name] = (*found.get(info.name, ()), str(line[0]))
            seen.add(line[at])
    return found
