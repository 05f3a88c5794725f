"""Files to tables of text and back. Inside, columns are ``c0, c1 …``: no name of the input is SQL."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tokumei_reference.declarations import Field, Resource
from tokumei_reference.refusals import Refusal, pointer
from tokumei_reference.techniques import Released

_BLOCK = 1 << 26  # a record longer than this is refused


@dataclass(frozen=True, slots=True)
class Table:
    """A loaded resource: the table ``t<index>``, and the types that its Parquet columns had."""

    resource: Resource
    types: dict[str, Any]

    @property
    def raw(self) -> str:
        return f"t{self.resource.index}"


def check_files(root: Path, resources: tuple[Resource, ...]) -> None:
    """The data folder holds the declared files and nothing else; links are not followed."""
    declared = {Path(resource.path) for resource in resources}
    for resource in resources:
        file = root / resource.path
        if not file.is_file() or any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(root)):
            raise Refusal("ORGANIZATION_MISMATCH", pointer("data", resource.name))
    for file in root.rglob("*"):
        if not file.is_dir() and file.relative_to(root) not in declared:
            raise Refusal("ORGANIZATION_MISMATCH", "/data")


def load(connection: duckdb.DuckDBPyConnection, root: Path, resource: Resource) -> Table:
    """Read one file into a table of text; a fault is told by place, never by content."""
    at = pointer("data", resource.name)
    try:
        if resource.format == "csv":
            table = _read_csv(root / resource.path, resource)
        else:
            table = pyarrow.parquet.ParquetFile(root / resource.path).read()
    except (pa.ArrowException, UnicodeError, csv.Error, OSError):
        raise Refusal("INPUT_INVALID", at) from None
    names = list(table.column_names)
    for field in resource.fields:
        if names.count(field.name) != 1:
            raise Refusal("ORGANIZATION_MISMATCH", field.path)
    # The name of an undeclared column may be a cell of a file without header: it is not repeated.
    if len(names) != len(resource.fields):
        raise Refusal("ORGANIZATION_MISMATCH", at)
    table = table.select([field.name for field in resource.fields])
    types = {field.name: table.schema.field(i).type for i, field in enumerate(resource.fields)}
    if any(pa.types.is_nested(kind) or pa.types.is_binary(kind) for kind in types.values()):
        raise Refusal("INPUT_INVALID", at)
    table = table.rename_columns([field.column for field in resource.fields])
    connection.register("incoming", table)
    texts = ", ".join(f"{field.column}::VARCHAR AS {field.column}" for field in resource.fields)
    connection.execute(f"CREATE TABLE t{resource.index} AS SELECT {texts} FROM incoming")
    connection.unregister("incoming")
    return Table(resource, types)


def _read_csv(file: Path, resource: Resource) -> Any:
    text = file.read_bytes().decode(resource.encoding)
    text = text.removeprefix("\ufeff")
    # An odd number of quotes is a cell that never ends: readers disagree on what follows it.
    if "\0" in text or text.count('"') % 2:
        raise csv.Error
    header = next(csv.reader(io.StringIO(text, newline=""), strict=True), [])
    if not header:
        raise Refusal("ORGANIZATION_MISMATCH", pointer("data", resource.name))
    columns = [f"c{i}" for i in range(len(header))]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(text.encode()),
        read_options=pyarrow.csv.ReadOptions(
            column_names=columns, block_size=min(max(len(text) * 4, 1 << 16), _BLOCK), use_threads=False
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(columns) > 1),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return table.slice(1).rename_columns(header)


def write(
    connection: duckdb.DuckDBPyConnection, table: Table, released: list[Released], root: Path, work: Path
) -> None:
    """Write the table ``r<index>`` of the released columns in the format that was declared."""
    resource = table.resource
    file = root / resource.path
    file.parent.mkdir(parents=True, exist_ok=True)
    names = [column.field.name for column in released]
    if resource.format == "parquet":
        columns = ", ".join(column.field.column for column in released)
        with connection.cursor() as cursor:  # its own cursor: the other one may hold an unread result
            result = cursor.sql(f"SELECT {columns} FROM r{resource.index}").to_arrow_table()
        types = [table.types[column.field.name] if column.typed else pa.string() for column in released]
        result = pa.table([_cast(result.column(i), kind) for i, kind in enumerate(types)], names=names)
        pyarrow.parquet.write_table(result, file)
        return
    body = work / "body.csv"
    columns = ", ".join(column.field.column for column in released)
    target = str(body).replace("'", "''")
    connection.execute(f"COPY (SELECT {columns} FROM r{resource.index}) TO '{target}' (FORMAT csv, HEADER false)")
    try:
        with file.open("w", encoding=resource.encoding, newline="") as out:
            csv.writer(out, lineterminator="\n").writerow(names)
            with body.open(encoding="utf-8", newline="") as rows:
                shutil.copyfileobj(rows, out, 1 << 20)
    except UnicodeEncodeError:  # only labels of a hierarchy are not from the input file
        raise Refusal("DECLARATION_INVALID", pointer("resources", resource.index, "encoding")) from None
    finally:
        body.unlink()


def _cast(column: Any, kind: Any) -> Any:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(kind)
    if pa.types.is_dictionary(kind):
        return column.cast(pa.string())
    return column.cast(kind)


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
        values = ", ".join(_text(value) for value in rules["enum"])
        broken.append(f"{c} IS NOT NULL AND {c} NOT IN ({values})")
    if "pattern" in rules:
        broken.append(f"{c} IS NOT NULL AND NOT regexp_full_match({c}, {_text(rules['pattern'])}, 's')")
    for name, sign in (("minimum", "<"), ("maximum", ">")):
        bound = rules.get(name)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool) and field.type in ("integer", "number"):
            broken.append(f"TRY_CAST({c} AS DOUBLE) {sign} {bound!r}")
        elif isinstance(bound, str) and field.type == "date":
            broken.append(f"{c} {sign} {_text(bound)}")
    for name, sign in (("minLength", "<"), ("maxLength", ">")):
        if isinstance(rules.get(name), int):
            broken.append(f"length({c}) {sign} {int(rules[name])}")
    return broken


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


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
        counts = connection.execute(f"SELECT {', '.join(rule for _, rule in rules)} FROM {table.raw}").fetchone()
    except duckdb.InvalidInputException:  # a pattern that is no regular expression of RE2
        raise Refusal("DECLARATION_INVALID", pointer("resources", resource.index, "schema")) from None
    for (path, _), count in zip(rules, counts or (), strict=True):
        if count:
            raise Refusal("INPUT_INVALID", path)
