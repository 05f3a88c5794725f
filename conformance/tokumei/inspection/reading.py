"""A folder of CSV and Parquet files as columns of distinct values, each file scanned once.

No problem raised here carries a cell, or a header: the first line of a file without a header holds values.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from tokumei.engines.duckdb import DataError, DuckDB
from tokumei.model import Place, Problem, TokumeiError
from tokumei.relation import Column, Relation, bind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SUFFIXES = (".csv", ".tsv", ".parquet")
ENCODINGS = ("utf-8", "cp932", "euc_jp")
DELIMITERS = (",", "\t", ";", "|")
BLOCK = 1 << 22
_VALUE = re.compile(r"[-+]?[0-9][0-9.,/:年月日 \-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file: its resource name, how it is written, and its columns."""

    resource: str
    path: str
    format: str
    encoding: str = ""
    marked: bool = False
    """Whether it begins with a byte order mark."""
    delimiter: str = ","
    header: tuple[str, ...]
    types: tuple[str, ...] = ()
    """The types that a Parquet file gives its columns, empty for text; none for CSV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file that was read: ``cells`` has the columns ``field`` (index), ``value``, ``n`` (rows); empty cells are left out."""

    source: Source
    rows: int
    cells: Relation = field(repr=False)


def sources(folder: Path) -> tuple[Source, ...]:
    """The tables below a folder, by path, with distinct resource names; TokumeiError where there are none."""
    if not folder.is_dir():
        _stop("FOLDER_MISSING", folder)
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not paths:
        _stop("INIT_NO_TABLE", folder, expected=list(SUFFIXES))
    found: dict[str, Source] = {}
    for path in paths:
        stem = re.sub(r"[^a-z0-9_-]+", "-", unicodedata.normalize("NFKC", path.stem).lower()).strip("-_")
        name = stem or f"table-{len(found) + 1}"
        while name in found:
            name = f"{name}-{len(found) + 1}"
        inside = path.relative_to(folder).as_posix()
        found[name] = _parquet(path, name, inside) if path.suffix.lower() == ".parquet" else _csv(path, name, inside)
    return tuple(found.values())


def read(folder: Path, source: Source, engine: DuckDB) -> Table:
    """Scan one file into its distinct values; TokumeiError for rows that do not fit the header."""
    path, name = folder / source.path, f"cells/{source.resource}"
    try:
        if source.format == "parquet":
            rows = pq.read_metadata(path).num_rows
            cells = engine.store(name, _distinct(source.header, "read_parquet({path})", path=str(path)))
        else:
            reader = _Counted(_stream(path, source))
            cells = engine.store(name, _distinct(source.header, "stream"), stream=reader.batches)
            rows = reader.rows
    except (DataError, pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        if source.format == "parquet":
            raise TokumeiError(Problem(code="PARQUET_UNREADABLE", place=Place(file=str(path)))) from error
        raise TokumeiError(_fault(path, source)) from None  # the message of the parser quotes the row
    if rows == 0:
        _stop("NO_ROWS", path)
    repeated = cells.query(
        "SELECT count(*) FROM {self} WHERE "
        + " OR ".join(f"(field = {i} AND value = {{h{i}}})" for i in range(len(source.header))),
        **{f"h{i}": header for i, header in enumerate(source.header)},
    )
    if repeated.value():
        _stop("INIT_HEADER_IS_DATA", path, 1)
    return Table(source=source, rows=rows, cells=cells)


def _stop(code: str, path: Path, line: int | None = None, **params: object) -> NoReturn:
    raise TokumeiError(Problem(code=code, place=Place(file=str(path), line=line), params=params))


def _parquet(path: Path, name: str, inside: str) -> Source:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError):
        _stop("PARQUET_UNREADABLE", path)
    return Source(
        resource=name,
        path=inside,
        format="parquet",
        header=_checked(path, schema.names),
        types=tuple(_type(field.type) for field in schema),
    )


def _type(arrow: pa.DataType) -> str:
    tests = {
        "integer": pa.types.is_integer,
        "number": lambda known: pa.types.is_floating(known) or pa.types.is_decimal(known),
        "boolean": pa.types.is_boolean,
        "date": pa.types.is_date,
        "datetime": pa.types.is_timestamp,
        "time": pa.types.is_time,
    }
    return next((name for name, test in tests.items() if test(arrow)), "")


def _csv(path: Path, name: str, inside: str) -> Source:
    if path.stat().st_size == 0:
        _stop("DATA_EMPTY", path)
    encoding = _encoding(path)
    with path.open("rb") as raw:
        marked = raw.read(3) == codecs.BOM_UTF8
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as text:
        first = text.readline()
        delimiter = max(DELIMITERS, key=first.count)
        text.seek(0)
        try:
            header = next(csv.reader(text, delimiter=delimiter, strict=True), [])
        except csv.Error:
            _stop("CSV_SYNTAX", path, 1)
    return Source(
        resource=name,
        path=inside,
        format="csv",
        encoding=encoding,
        marked=marked,
        delimiter=delimiter,
        header=_checked(path, header),
    )


def _checked(path: Path, header: Sequence[str]) -> tuple[str, ...]:
    """The header, where each column has a name of its own, also without regard to ASCII case."""
    names = [name.strip().lower() for name in header]
    if not names or not all(names):
        _stop("INIT_HEADER_EMPTY", path, 1, columns=len(names))
    if len(set(names)) < len(names):
        _stop("INIT_HEADER_DUPLICATE", path, 1, count=len(names) - len(set(names)))
    if any(_VALUE.fullmatch(name) for name in names):
        _stop("INIT_HEADER_IS_DATA", path, 1)
    return tuple(header)


def _encoding(path: Path) -> str:
    """The encoding of the whole file: UTF-8, else the one of CP932 and EUC-JP that holds it.

    A text that both hold is CP932 unless its first line would be half-width kana, as EUC-JP looks then.
    """
    bad = _undecodable(path, "utf-8")
    if bad is None:
        return "utf-8"
    fitting = [name for name in ENCODINGS[1:] if _undecodable(path, name) is None]
    if not fitting:
        _stop("INIT_ENCODING", path, bad, expected=list(ENCODINGS))
    with path.open("rb") as file:
        first = file.readline()
    if len(fitting) == 2 and re.search("[\uff61-\uff9f]", first.decode("cp932", "replace")):
        return "euc_jp"
    return fitting[0]


def _undecodable(path: Path, encoding: str) -> int | None:
    """The line of the first byte that the encoding cannot hold, None when there is none."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(BLOCK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object.count(b"\n", 0, error.start)
            if not chunk:
                return None
            line += chunk.count(b"\n")


def _stream(path: Path, source: Source) -> pa.RecordBatchReader:
    return pc.open_csv(
        path,
        read_options=pc.ReadOptions(
            encoding="utf8" if source.encoding == "utf-8" else source.encoding, block_size=BLOCK
        ),
        parse_options=pc.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
        convert_options=pc.ConvertOptions(column_types=dict.fromkeys(source.header, pa.string())),
    )


class _Counted:
    """A stream that counts its rows while it is read; columns get names that no header can break."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self.rows = 0
        schema = pa.schema([(f"c{i}", pa.string()) for i in range(len(reader.schema))])
        self.batches = pa.RecordBatchReader.from_batches(schema, self._through(reader, schema))

    def _through(self, reader: pa.RecordBatchReader, schema: pa.Schema) -> object:
        for batch in reader:
            self.rows += batch.num_rows
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def _distinct(header: Sequence[str], source: str, **bindings: str) -> str:
    """The distinct values of all columns in one scan; ``stream`` has the columns c0, c1 …"""
    names = {f"c{i}": Column(name if bindings else f"c{i}") for i, name in enumerate(header)}
    values = ", ".join(f"CAST({{c{i}}} AS VARCHAR)" for i in range(len(header)))
    fields = ", ".join(str(i) for i in range(len(header)))
    return bind(
        "SELECT field, value, count(*) AS n FROM"
        f" (SELECT unnest([{fields}]) AS field, unnest([{values}]) AS value FROM {source})"
        " WHERE value IS NOT NULL AND value <> '' GROUP BY field, value",
        **names,
        **bindings,
    )


def _fault(path: Path, source: Source) -> Problem:
    """Why a CSV file could not be read, found by reading it once more, row by row."""
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    ragged, first = 0, 0
    with path.open(encoding=encoding, newline="") as text:
        rows = csv.reader(text, delimiter=source.delimiter, strict=True)
        try:
            for row in rows:
                if row and len(row) != len(source.header):
                    ragged, first = ragged + 1, first or rows.line_num
        except (csv.Error, UnicodeError):
            return Problem(code="CSV_SYNTAX", place=Place(file=str(path), line=rows.line_num))
    if not ragged:
        return Problem(code="CSV_SYNTAX", place=Place(file=str(path)))
    params = {"count": ragged, "expected": len(source.header)}
    return Problem(code="ROW_LENGTH", place=Place(file=str(path), line=first), params=params)
