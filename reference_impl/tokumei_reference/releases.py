"""The documents of a release: its Data Package, its counts, and what made it."""

from __future__ import annotations

from typing import Any

from tokumei_reference.anonymizer import Result
from tokumei_reference.declarations import Organization, Resource
from tokumei_reference.techniques import Released

# What a recipient needs; how the data were received and who opted out stays with the producer.
_HEAD = ("$schema", "name", "title", "version")
_OWN = ("profile", "level", "operator", "subjects", "population", "linkage")


def data_package(organization: Organization, result: Result) -> dict[str, Any]:
    """The organization declaration with only what was released, and how its values are written."""
    released = {f"{name}.{column.field.name}": column for name, columns in result.columns.items() for column in columns}
    document = {name: organization.source[name] for name in _HEAD if name in organization.source}
    source = organization.source["tokumei"]
    own: dict[str, Any] = {name: source[name] for name in _OWN if name in source}
    groups = source.get("redundancyGroups", {})
    left = {name: [m for m in group.get("members", []) if m in released] for name, group in groups.items()}
    kept = {name: {**group, "members": left[name]} for name, group in groups.items() if len(left[name]) > 1}
    if kept:
        own["redundancyGroups"] = kept
    relations = [r for r in source.get("relations", []) if r.get("from") in released and r.get("to") in released]
    if relations:
        own["relations"] = relations
    own["state"] = "released"
    return {
        **document,
        "tokumei": own,
        "resources": [
            _resource(resource, result, released, frozenset(kept))
            for resource in organization.resources
            if result.columns[resource.name]
        ],
    }


def _resource(
    resource: Resource, result: Result, released: dict[str, Released], groups: frozenset[str]
) -> dict[str, Any]:
    columns = result.columns[resource.name]
    schema: dict[str, Any] = {"fields": [_field(column, groups) for column in columns], "missingValues": [""]}
    names = {column.field.name for column in columns}
    if resource.primary_key and names.issuperset(resource.primary_key):
        schema["primaryKey"] = list(resource.primary_key)
    keys = [
        {"fields": list(key.fields), "reference": {"resource": key.resource, "fields": list(key.reference)}}
        for key in resource.foreign_keys
        if names.issuperset(key.fields)
        and all(
            f"{key.resource}.{theirs}" in released
            and _same(released[f"{resource.name}.{own}"], released[f"{key.resource}.{theirs}"])
            for own, theirs in zip(key.fields, key.reference, strict=True)
        )
    ]
    if keys:
        schema["foreignKeys"] = keys
    own = dict(resource.source.get("tokumei", {}))
    if own.get("subjectKey") not in names:
        own.pop("subjectKey", None)
    document: dict[str, Any] = {"name": resource.name, "path": resource.path, "format": resource.format}
    if resource.format == "csv":
        document["encoding"] = resource.encoding
    return {
        **document,
        "tokumei": {**own, "order": "random", "generated": resource.name in result.generated},
        "schema": schema,
    }


def _same(one: Released, other: Released) -> bool:
    """Two columns still join when they were made by the same expression of their column."""
    return one.sql.replace(one.field.column, "") == other.sql.replace(other.field.column, "")


def _field(column: Released, groups: frozenset[str]) -> dict[str, Any]:
    source = column.field.source
    field: dict[str, Any] = {"name": column.field.name, "type": column.type}
    for name in ("title", "description"):
        if name in source:
            field[name] = source[name]
    if column.constraints:
        field["constraints"] = dict(column.constraints)
    own = {name: value for name, value in source["tokumei"].items() if name not in ("generator", "redundancyGroup")}
    if source["tokumei"].get("redundancyGroup") in groups:
        own["redundancyGroup"] = source["tokumei"]["redundancyGroup"]
    return {**field, "tokumei": {**own, "representation": dict(column.representation)}}


def risk(result: Result) -> dict[str, Any]:
    """Counts and rates only; persons who were never to be released (opt-out) are not called suppressed."""
    return {
        "unit": "person",
        "persons": {
            "in": result.persons_in,
            "excluded": result.persons_in - result.persons_admitted,
            **({"notDrawn": result.persons_admitted - result.persons_drawn} if result.sampled else {}),
            "suppressed": result.persons_drawn - result.persons_out,
            "out": result.persons_out,
        },
        "rows": {name: {"in": before, "out": after} for name, (before, after) in result.rows.items()},
        "generated": sorted(result.generated),
        "targets": [each.report() for each in result.reached],
        "method": "prosecutor",
        "reference": "release",
        "classes": [risk.report() for risk in result.risks],
        **_scores(result),
    }


def _scores(result: Result) -> dict[str, Any]:
    """One minus each risk, and the smallest of them: a release is as safe as its weakest place."""
    found = {
        f"prosecutor-{kind} {number}": round(1 - value, 6)
        for number, risk in enumerate(result.risks, 1)
        for kind, value in risk.report()["prosecutorRisk"].items()
        if value is not None
    }
    if not found:
        return {}
    return {
        "scores": [{"name": name, "value": value} for name, value in found.items()],
        "score": {"combine": "minimum", "value": min(found.values())},
    }
