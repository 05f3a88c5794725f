"""Declared files to tables of text: what is checked of folder, columns and values before anything is done.

Inside, columns are ``c0, c1 …``: no name of the input is SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tokumei_reference import files
from tokumei_reference.declarations import Field, Resource
from tokumei_reference.refusals import Refusal, pointer
from tokumei_reference.values import literal


@dataclass(frozen=True, slots=True)
class Table:
    """A loaded resource: the table ``t<index>``, its rows, and the types that its Parquet columns had."""

    resource: Resource
    rows: int
    types: dict[str, Any]

    @property
    def raw(self) -> str:
        return f"t{self.resource.index}"


def check_files(root: Path, resources: tuple[Resource, ...]) -> int:
    """The data folder holds the declared files and nothing else; links are not followed. Returns all bytes."""
    declared = {Path(resource.path) for resource in resources}
    for resource in resources:
        file = root / resource.path
        if not file.is_file() or any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(root)):
            raise Refusal("ORGANIZATION_MISMATCH", pointer("data", resource.name))
    for file in root.rglob("*"):
        if not file.is_dir() and file.relative_to(root) not in declared:
            raise Refusal("ORGANIZATION_MISMATCH", "/data")
    return sum((root / path).stat().st_size for path in declared)


def load(connection: duckdb.DuckDBPyConnection, root: Path, resource: Resource) -> Table:
    """Stream one file into a table of text; a fault is told by place, never by content."""
    at = pointer("data", resource.name)
    try:
        source = files.read(root / resource.path, resource)
    except files.FAULTS:
        raise Refusal("INPUT_INVALID", at) from None
    for field in resource.fields:
        if source.names.count(field.name) != 1:
            raise Refusal("ORGANIZATION_MISMATCH", field.path)
    # The name of an undeclared column may be a cell of a file without header: it is not repeated.
    if len(source.names) != len(resource.fields):
        raise Refusal("ORGANIZATION_MISMATCH", at)
    if not source.flat:
        raise Refusal("INPUT_INVALID", at)
    texts = ", ".join(f"{_given(field, source.names.index(field.name))} AS {field.column}" for field in resource.fields)
    connection.register("incoming", source.reader())
    try:
        [(rows,)] = connection.execute(f"CREATE TABLE t{resource.index} AS SELECT {texts} FROM incoming").fetchall()
    except duckdb.Error:
        if source.fault:
            raise Refusal("INPUT_INVALID", at) from None
        raise
    finally:
        connection.unregister("incoming")
    return Table(resource, int(rows), dict(zip(source.names, source.types, strict=True)))


def _given(field: Field, place: int) -> str:
    """The text of a cell. A declared dummy value is a missing one, before anything is judged or coded."""
    dummies = field.source["tokumei"].get("dummies", {})
    text = f"x{place}::VARCHAR"
    return f"CASE WHEN {text} NOT IN ({', '.join(map(literal, dummies))}) THEN {text} END" if dummies else text


def checks(field: Field) -> list[str]:
    """SQL conditions that hold for rows which break what the field declares; NULL is judged by ``required``."""
    c, rules = field.column, field.constraints
    broken: list[str] = []
    if field.type == "date":
        iso = f"regexp_full_match({c}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
        broken.append(f"{c} IS NOT NULL AND (NOT {iso} OR TRY_CAST({c} AS DATE) IS NULL OR left({c}, 4) = '0000')")
    if field.type == "integer":
        digits = f"regexp_full_match({c}, '[+-]?[0-9]+')"
        broken.append(f"{c} IS NOT NULL AND (NOT {digits} OR TRY_CAST({c} AS BIGINT) IS NULL)")
    if field.type == "number":
        digits = rf"regexp_full_match({c}, '[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?')"
        broken.append(f"{c} IS NOT NULL AND (NOT {digits} OR NOT coalesce(isfinite(TRY_CAST({c} AS DOUBLE)), false))")
    if rules.get("required") is True:
        broken.append(f"{c} IS NULL")
    if "enum" in rules:
        values = ", ".join(literal(value) for value in rules["enum"])
        broken.append(f"{c} IS NOT NULL AND {c} NOT IN ({values})")
    if "pattern" in rules:
        broken.append(f"{c} IS NOT NULL AND NOT regexp_full_match({c}, {literal(rules['pattern'])}, 's')")
    for name, sign in (("minimum", "<"), ("maximum", ">")):
        bound = rules.get(name)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool) and field.type in ("integer", "number"):
            broken.append(f"TRY_CAST({c} AS DOUBLE) {sign} {bound!r}")
        elif isinstance(bound, str) and field.type == "date":
            broken.append(f"{c} {sign} {literal(bound)}")
    for name, sign in (("minLength", "<"), ("maxLength", ">")):
        if isinstance(rules.get(name), int):
            broken.append(f"length({c}) {sign} {int(rules[name])}")
    return broken


def validate(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """One scan counts the rows that break each rule; the first field with one is named."""
    resource = table.resource
    rules: list[tuple[str, str]] = []
    for field in resource.fields:
        rules += [(field.path, f"count(*) FILTER (WHERE {check})") for check in checks(field)]
        if field.constraints.get("unique") is True or resource.primary_key == (field.name,):
            rules.append((field.path, f"count({field.column}) - count(DISTINCT {field.column})"))
    if resource.primary_key:
        keys = [resource.field(name) for name in resource.primary_key]
        for key in keys:
            rules.append((key.path, f"count(*) FILTER (WHERE {key.column} IS NULL)"))
        if len(keys) > 1:
            row = ", ".join(key.column for key in keys)
            rules.append((keys[0].path, f"count(*) - count(DISTINCT row({row}))"))
    if not rules:
        return
    try:
        counts = connection.execute(f"SELECT {', '.join(rule for _, rule in rules)} FROM {table.raw}").fetchall()[0]
    except duckdb.InvalidInputException:  # a pattern that is no regular expression of RE2
        raise Refusal("DECLARATION_INVALID", pointer("resources", resource.index, "schema")) from None
    for (path, _), count in zip(rules, counts, strict=True):
        if count:
            raise Refusal("INPUT_INVALID", path)
