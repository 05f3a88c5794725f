"""What the supplied files must agree on with the organization declaration, before any product is called.

Real people may be in these files: a problem carries counts, positions and names that the declaration
gives, never a cell, a header that the declaration does not know, or a line of the file.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from tokumei.crosscheck import is_encoding
from tokumei.documents import pointer
from tokumei.model import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tokumei.documents import Loaded

BATCH = 20_000
CANDIDATES = ("utf-8", "cp932", "euc_jp", "utf-16")
_LEXICAL: Mapping[str, re.Pattern[str]] = {
    "integer": re.compile(r"[-+]?[0-9]+"),
    "number": re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|NaN|-?INF"),
    "boolean": re.compile(r"true|True|TRUE|1|false|False|FALSE|0"),
    "year": re.compile(r"-?[0-9]{4}"),
    "yearmonth": re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])"),
}
_ISO: Mapping[str, tuple[re.Pattern[str], Callable[[str], object]]] = {
    "date": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), dt.date.fromisoformat),
    "datetime": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[-+][0-9:]+)?"), dt.datetime.fromisoformat),
    "time": (re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[-+][0-9:]+)?"), dt.time.fromisoformat),
}
_ARROW: Mapping[str, tuple[Callable[[pa.DataType], bool], ...]] = {
    "integer": (pa.types.is_integer,),
    "number": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    "boolean": (pa.types.is_boolean,),
    "date": (pa.types.is_date,),
    "datetime": (pa.types.is_timestamp,),
    "time": (pa.types.is_time,),
    "year": (pa.types.is_integer,),
}


def check(organization: Loaded, folder: Path) -> tuple[Problem, ...]:
    """Every file of the declaration below ``folder``: there, readable, with its header, rows and types."""
    found: list[Problem] = []
    for i, resource in enumerate(organization.document["resources"]):
        if "schema" in resource:
            found += _File(organization, i, resource, folder).problems()
    return tuple(found)


class _File:
    """One table's file; ``at`` is the resource in the declaration, where a person mends it."""

    def __init__(self, organization: Loaded, index: int, resource: Mapping[str, Any], folder: Path) -> None:
        self.organization = organization
        self.at = pointer("resources", index)
        self.path = folder / resource["path"]
        self.resource = resource
        self.fields: list[dict[str, Any]] = resource["schema"]["fields"]
        self.missing = frozenset(resource["schema"].get("missingValues", [""]))
        self.encoding = resource.get("encoding", "utf-8")

    def problems(self) -> Iterator[Problem]:
        if not self.path.is_file():
            yield Problem(code="DATA_MISSING", place=self._file(), params={"resource": self.resource["name"]})
        elif self.path.stat().st_size == 0:
            yield Problem(code="DATA_EMPTY", place=self._file())
        elif self.resource.get("format", self.path.suffix.lstrip(".")) == "parquet":
            yield from self._parquet()
        elif self.resource.get("format", self.path.suffix.lstrip(".") or "csv") == "csv":
            yield from self._csv()

    def _file(self, line: int | None = None) -> Place:
        return Place(file=str(self.path), line=line)

    def _parquet(self) -> Iterator[Problem]:
        try:
            with pq.ParquetFile(self.path) as file:
                schema = file.schema_arrow
                yield from self._header(schema.names)
                if file.metadata.num_rows == 0:
                    yield Problem(code="NO_ROWS", place=self._file())
                elif len(set(schema.names)) == len(schema.names):
                    counts = _Counts(self.fields, self.missing)
                    for batch in file.iter_batches(batch_size=BATCH):
                        counts.arrow(batch)
                    yield from self._counted(counts)
        except (pa.ArrowException, OSError, ValueError):
            yield Problem(code="PARQUET_UNREADABLE", place=self._file())

    def _csv(self) -> Iterator[Problem]:
        if not is_encoding(self.encoding):
            return
        bad = _undecodable(self.path, self.encoding)
        if bad is not None:
            params = {"encoding": self.encoding, "likely": _likely(self.path, self.encoding)}
            yield Problem(code="DATA_NOT_DECODABLE", place=self._file(bad), params=params)
            return
        with self.path.open("rb") as raw:
            marked = raw.read(3) == codecs.BOM_UTF8
        is_utf8 = codecs.lookup(self.encoding).name == "utf-8"
        if marked and is_utf8:
            yield Problem(code="DATA_BOM", place=self._file(1))
        encoding = "utf-8-sig" if is_utf8 else self.encoding
        with self.path.open(encoding=encoding, newline="") as text:
            try:
                rows = csv.reader(text, strict=True, **_dialect(self.resource.get("dialect", {})))
            except (TypeError, ValueError, AttributeError):
                yield Problem(code="DIALECT_INVALID", place=self.organization.place(self.at + "/dialect"))
                return
            try:
                yield from self._rows(rows)
            except csv.Error:
                yield Problem(code="CSV_SYNTAX", place=self._file(rows.line_num))

    def _rows(self, rows: Any) -> Iterator[Problem]:
        header: list[str] = next(rows, [])
        yield from self._header(header)
        counts = _Counts(self.fields, self.missing)
        ragged, first, seen = 0, 0, 0
        for row in rows:
            if not row:
                continue
            seen += 1
            if len(row) != len(header):
                ragged, first = ragged + 1, first or rows.line_num
            else:
                counts.text(dict(zip(header, row, strict=True)))
        if seen == 0:
            yield Problem(code="NO_ROWS", place=self._file())
        if ragged:
            yield Problem(code="ROW_LENGTH", place=self._file(first), params={"count": ragged, "expected": len(header)})
        yield from self._counted(counts)

    def _header(self, header: Sequence[str]) -> Iterator[Problem]:
        expected = [field["name"] for field in self.fields]
        if list(header) == expected:
            return
        absent = [name for name in expected if name not in header]
        unknown = sum(name not in expected for name in header)
        if absent or unknown or len(header) != len(expected):
            params = {"expected": absent, "unknown": unknown, "columns": len(header)}
            yield Problem(code="HEADER_MISMATCH", place=self._file(1), params=params)
        else:
            yield Problem(code="HEADER_ORDER", place=self._file(1))

    def _counted(self, counts: _Counts) -> Iterator[Problem]:
        for j, field in enumerate(self.fields):
            at = self.at + pointer("schema", "fields", j)
            params = {"field": f"{self.resource['name']}.{field['name']}", "rows": counts.rows}
            for code, count in (
                ("TYPE_MISMATCH", counts.mistyped[field["name"]]),
                ("REQUIRED_MISSING", counts.absent[field["name"]]),
            ):
                if count:
                    yield Problem(code=code, place=self.organization.place(at), params={**params, "count": count})


class _Counts:
    """How many cells of each field are not of its type, or missing though required."""

    def __init__(self, fields: Sequence[Mapping[str, Any]], missing: frozenset[str]) -> None:
        self.missing = missing
        self.rows = 0
        self.mistyped: Counter[str] = Counter()
        self.absent: Counter[str] = Counter()
        self.types = {field["name"]: field["type"] for field in fields}
        self.tests = {field["name"]: _test(field) for field in fields}
        self.required = {field["name"] for field in fields if field.get("constraints", {}).get("required")}

    def text(self, row: Mapping[str, str]) -> None:
        self.rows += 1
        for name, test in self.tests.items():
            value = row.get(name)
            if value is not None:
                self._cell(name, test, value)

    def _cell(self, name: str, test: Callable[[str], bool] | None, value: str) -> None:
        if value in self.missing:
            self.absent[name] += name in self.required
        elif test is not None and not test(value):
            self.mistyped[name] += 1

    def arrow(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        for name, test in self.tests.items():
            if name not in batch.schema.names:
                continue
            column = batch.column(name)
            self.absent[name] += column.null_count if name in self.required else 0
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                for value in column.drop_null().to_pylist():
                    self._cell(name, test, value)
            elif not any(fits(column.type) for fits in _ARROW.get(self.types[name], ())):
                self.mistyped[name] += len(column) - column.null_count


def _dialect(dialect: Mapping[str, Any]) -> dict[str, Any]:
    return {"delimiter": dialect.get("delimiter", ","), "quotechar": dialect.get("quoteChar", '"')}


def _test(field: Mapping[str, Any]) -> Callable[[str], bool] | None:
    """The lexical test of a field's type, None where every text is allowed."""
    kind = field["type"]
    form = field.get("format", "default")
    if kind in _LEXICAL:
        pattern = _LEXICAL[kind]
        return lambda value: pattern.fullmatch(value) is not None
    if kind not in _ISO or form == "any":
        return None
    shape, parse = _ISO[kind]
    if form == "default":
        return lambda value: shape.fullmatch(value) is not None and _parses(parse, value)
    return lambda value: _parses(lambda text: dt.datetime.strptime(text, form), value)  # noqa: DTZ007 - only parsed


def _parses(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except (ValueError, TypeError):
        return False
    return True


def _undecodable(path: Path, encoding: str) -> int | None:
    """The line of the first byte that the encoding cannot hold, None when there is none."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(1 << 16)
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object.count(b"\n", 0, error.start)
            except UnicodeError:
                return line
            if not chunk:
                return None


def _likely(path: Path, encoding: str) -> str:
    """The first usual encoding that reads the whole file, empty when none does: then encodings are mixed."""
    other = (each for each in CANDIDATES if codecs.lookup(each).name != codecs.lookup(encoding).name)
    return next((each for each in other if _undecodable(path, each) is None), "")
