"""Levels that a declaration leaves open: the optimal search chooses them, and the release declares what it chose.

A ``generalize`` step with ``levels`` permits several levels of its hierarchy and decides for none. A ``k-search`` with
``algorithm: optimal`` over its field takes the ones at which the least is lost and every class has k persons, after
suppressing at most ``maxSuppressed`` of them. From then on the steps are what they would be with that level written.
Targets of l and t over the same quasi-identifiers are reached with k. With ``recoding: local`` the search goes on from
there: each class takes finer levels of its own, and the release declares the permitted ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import duckdb

from tokumei_reference.declarations import Field, Organization, Processing, Step
from tokumei_reference.diversity import Diversity, requirement
from tokumei_reference.local_levels import localize
from tokumei_reference.privacy import Targets
from tokumei_reference.refusals import Refusal, unsupported
from tokumei_reference.search import Combinations, Hierarchy, Node, Requirement, TooLarge, scan, search
from tokumei_reference.search.hierarchy import Label

_MOST_CHECKS = 100_000  # nodes of the lattice that are grouped before the search is given up

Choice: TypeAlias = Mapping[int, str]
"""The level of each open step, by the number of the step."""
Expressions: TypeAlias = Mapping[Field, str]
"""The SQL of the released value of each field."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A generalize step whose level is open; ``levels`` are the permitted ones, finest first."""

    step: Step
    field: Field
    levels: tuple[str, ...]


def opened(organization: Organization, processing: Processing) -> tuple[Opened, ...]:
    """The open steps; each must permit levels of its hierarchy, over one field that one optimal search covers."""
    found = []
    for step in processing.steps:
        if _is_optimal(step) and step.params.get("recoding", "global") not in ("global", "local"):
            raise Refusal("DECLARATION_INVALID", step.at("params", "recoding"))
        if step.technique != "generalize" or "levels" not in step.params:
            continue
        if len(step.fields) != 1:
            raise unsupported(step.at("fields"))
        field = organization.find(step.fields[0])
        covering = [s for s in processing.steps if _is_optimal(s) and step.fields[0] in s.fields]
        if field is None or set(step.params) != {"hierarchy", "levels"} or len(covering) != 1:
            raise Refusal("DECLARATION_INVALID", step.at("params"))
        found.append(Opened(step, field, _permitted(step, processing)))
    return tuple(found)


def _is_optimal(step: Step) -> bool:
    return step.technique == "k-search" and step.params.get("algorithm") == "optimal"


def _is_local(step: Step) -> bool:
    return _is_optimal(step) and step.params.get("recoding") == "local"


def _permitted(step: Step, processing: Processing) -> tuple[str, ...]:
    name, listed = step.params["hierarchy"], step.params["levels"]
    hierarchy = processing.hierarchies.get(name) if isinstance(name, str) else None
    known = hierarchy.get("levels") if isinstance(hierarchy, Mapping) else None
    if not isinstance(known, list):
        raise Refusal("DECLARATION_INVALID", step.at("params", "hierarchy"))
    if not isinstance(listed, list) or not listed or len(set(listed)) != len(listed) or set(listed) - set(known):
        raise Refusal("DECLARATION_INVALID", step.at("params", "levels"))
    return tuple(sorted(listed, key=known.index))


def close(processing: Processing, choice: Choice) -> Processing:
    """The processing with these levels written, in its steps and in its source, which is what is claimed.

    What is left of an optimal search is to suppress the persons of small classes, with the same limit. What is to be
    generalized locally has no one level to claim.
    """
    local = {name for step in processing.steps if _is_local(step) for name in step.fields}
    source: dict[str, Any] = dict(processing.source)
    source["steps"] = [dict(step) for step in source["steps"]]
    steps = list(processing.steps)
    for i, level in choice.items():
        params = {"hierarchy": steps[i].params["hierarchy"], "level": level}
        steps[i] = replace(steps[i], params=params)
        if not set(steps[i].fields) & local:
            source["steps"][i]["params"] = params
    for i, step in enumerate(steps):
        if _is_optimal(step):
            steps[i] = replace(step, params={**step.params, "algorithm": "suppression", "recoding": "global"})
    return replace(processing, steps=tuple(steps), source=source)


def finest(steps: Sequence[Opened]) -> Choice:
    """The finest permitted levels: what may be released at most."""
    return {one.step.index: one.levels[0] for one in steps}


def choose(
    connection: duckdb.DuckDBPyConnection,
    organization: Organization,
    processing: Processing,
    steps: Sequence[Opened],
    targets: Targets,
    at: Callable[[Choice], Expressions],
) -> tuple[Choice, Expressions]:
    """Search the open levels on the persons in ``alive``; ``at`` prepares the engine for a choice of levels.

    Returns the levels, and the SQL of the fields that are generalized locally, over their finest permitted levels.
    Loss counts the values that occur: the finest permitted ones are the leaves. Raises Refusal when no permitted
    levels reach k, l and t within the limit.
    """
    choice = dict(finest(steps))
    local: dict[Field, str] = {}
    for one in processing.steps:
        if not _is_optimal(one):
            continue
        mine = [step for step in steps if step.field in map(organization.find, one.fields)]
        fields = [field for field in map(organization.find, one.fields) if field is not None]
        trees = {step.field: _tree(connection, organization, step, choice, at) for step in mine}
        expressions = at(choice)
        index = organization.resource(fields[0].resource).index
        quasi = {f"q{i}": expressions[field] for i, field in enumerate(fields)}
        diversities = targets.over(fields)
        asked = [requirement(one.params["k"], diversities[:n]) for n in range(len(diversities) + 1)]
        table = scan(
            connection,
            f"(FROM s{index} WHERE p IN (FROM alive))",
            quasi,
            sensitive=_sensitive(steps, diversities, expressions),
            person="p",
        )
        if table.party is not None and not asked[-1].monotone:
            raise unsupported(next(each.at for each in diversities if each.kind != "distinct"), "SEVERAL_ROWS")
        hierarchies = {
            name: trees.get(field) or Hierarchy.flat(table.values[name])
            for name, field in zip(quasi, fields, strict=True)
        }
        best = _search(one, table, hierarchies, asked[-1])
        if best is None:
            raise _missed(processing, one, diversities, [_search(one, table, hierarchies, part) for part in asked[:-1]])
        if _is_local(one):
            shown = {field: expressions[field] for field in fields}
            recoded = localize(connection, one, table, hierarchies, asked[-1], best, shown, index)
            local |= {step.field: recoded[step.field] for step in mine}
            continue
        level_of = dict(zip(fields, best.levels, strict=True))
        choice |= {step.step.index: step.levels[level_of[step.field]] for step in mine}
    return choice, local


def _search(
    step: Step, table: Combinations, hierarchies: Mapping[str, Hierarchy], requirement: Requirement
) -> Node | None:
    try:
        found = search(
            table,
            hierarchies,
            requirement,
            suppression_limit=step.params.get("maxSuppressed", 1.0),
            max_checks=_MOST_CHECKS,
        )
    except TooLarge:
        raise Refusal("LIMIT_EXCEEDED", step.at()) from None
    if not found.optimal:  # what is called optimal has been proved to be
        raise Refusal("LIMIT_EXCEEDED", step.at())
    return found.best


def _missed(
    processing: Processing, step: Step, diversities: Sequence[Diversity], found: Sequence[Node | None]
) -> Refusal:
    """The first target that cannot be reached; ``found`` is what is found for k, k and the first target, and so on."""
    reached = found.index(None) if None in found else len(found)
    if reached:
        return diversities[reached - 1].not_reached
    return Refusal("CANNOT_MEET_PRIVACY", _place(processing, step))


def _sensitive(steps: Sequence[Opened], diversities: Sequence[Diversity], expressions: Expressions) -> str | None:
    """The sensitive values as they go out; a missing one may be written in two ways and is one."""
    for each in diversities:
        if each.sensitive in {step.field for step in steps}:
            raise unsupported(f"{each.at}/sensitive", "SENSITIVE_CHANGED")
    return f"nullif({expressions[diversities[0].sensitive]}, '')" if diversities else None


def _place(processing: Processing, step: Step) -> str:
    """The target that the search is there for, else the search itself."""
    for i, target in enumerate(processing.targets):
        if set(target.get("quasi", ())) == set(step.fields) and target.get("k") == step.params["k"]:
            return f"/targets/{i}"
    return step.at("params")


def _tree(
    connection: duckdb.DuckDBPyConnection,
    organization: Organization,
    step: Opened,
    choice: Choice,
    at: Callable[[Choice], Expressions],
) -> Hierarchy:
    """What each value of the field becomes on every permitted level."""
    index = organization.resource(step.field.resource).index
    labels: dict[Label, list[Label]] = {}
    for level in step.levels:
        sql = at({**choice, step.step.index: level})[step.field]
        query = f"SELECT DISTINCT {step.field.column}, {sql} FROM s{index} WHERE p IN (FROM alive)"
        for value, label in connection.execute(query).fetchall():
            labels.setdefault(value, []).append(label)
    rows = sorted({tuple(row) for row in labels.values()}, key=repr) or [("",) * len(step.levels)]
    try:
        return Hierarchy(rows=tuple(rows))
    except ValueError:  # a level that parts what a finer one joins
        raise Refusal("DECLARATION_INVALID", step.step.at("params", "levels")) from None
