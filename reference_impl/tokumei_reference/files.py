"""CSV and Parquet as streams of record batches: no file is ever whole in memory.

CSV is read strictly: a byte that the declared encoding does not have, a NUL, a row with too few or too many
cells, and a quotation that never ends are faults. An unquoted empty cell is NULL, a quoted one is empty text.
"""

from __future__ import annotations

import codecs
import csv
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tokumei_reference.declarations import Resource
from tokumei_reference.refusals import Refusal, pointer
from tokumei_reference.techniques import Released

FAULTS = (pa.ArrowException, UnicodeError, csv.Error, OSError)
"""What reading a file that is not as declared can raise."""

_BLOCK = 1 << 24  # bytes read at once; a record longer than this is refused
_ROWS = 1 << 16  # rows of Parquet at once

_STRAY = re.compile(r'"(?<=[^",\r\n]")(?:"")*(?!")(?=[^,\r\n])')
"""Quotes with text on both sides that are not doubled: ``a"b``, ``"a"b``; readers disagree on these too."""


_PLAIN = r"[+±-]+|[+-]?[0-9][0-9,]*([.][0-9]+)?([eE][+-]?[0-9]+)?%?"
"""Signs alone, as of qualitative results, and numbers."""


@dataclass(slots=True)
class Source:
    """An opened file; its columns are ``x0, x1 …``. ``fault`` is set when reading fails midway."""

    names: list[str]
    types: list[Any]
    batches: Iterator[Any]
    fault: bool = field(default=False)

    @property
    def flat(self) -> bool:
        """Whether every column holds plain values: no lists, records or bytes."""
        return not any(pa.types.is_nested(kind) or pa.types.is_binary(kind) for kind in self.types)

    def reader(self) -> Any:
        """A stream for the engine. Exceptions lose their type on the way through it, hence ``fault``."""
        schema = pa.schema([pa.field(f"x{i}", kind) for i, kind in enumerate(self.types)])

        def guarded() -> Iterator[Any]:
            try:
                for batch in self.batches:
                    yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
            except FAULTS:
                self.fault = True
                raise

        return pa.RecordBatchReader.from_batches(schema, guarded())


class _Utf8:
    """The bytes of a text file as UTF-8, decoded strictly and a piece at a time."""

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._quotes = 0
        self._tail = ""
        self._begun = self.closed = False

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; a byte becomes at most three, and a few may wait in the decoder."""
        while True:
            piece = self._raw.read(max(size // 4, 1))
            text = self._decoder.decode(piece, final=not piece)
            if text and not self._begun:
                self._begun = True
                text = text.removeprefix("\ufeff")
            self._quotes += text.count('"')
            # An odd number of quotes is a cell that never ends: readers disagree on what follows it.
            seen = self._tail + text
            if "\0" in text or (not piece and self._quotes % 2) or _STRAY.search(seen):
                raise csv.Error
            # The quotes at the end, and what is before them, are judged with what follows.
            self._tail = seen[max(len(seen.rstrip('"')) - 1, 0) :]
            if text or not piece:
                return text.encode()

    def close(self) -> None:
        self.closed = True
        self._raw.close()


def read(file: Path, resource: Resource) -> Source:
    """Open a file; raises one of ``FAULTS``, or Refusal when it has no header."""
    if resource.format == "csv":
        return _read_csv(file, resource)
    parquet = pyarrow.parquet.ParquetFile(file)
    schema = parquet.schema_arrow
    return Source(list(schema.names), list(schema.types), parquet.iter_batches(batch_size=_ROWS))


def _read_csv(file: Path, resource: Resource) -> Source:
    with file.open(encoding=resource.encoding, newline="") as text:
        if text.read(1) != "\ufeff":
            text.seek(0)
        header = next(csv.reader(text, strict=True), [])
    if not header:
        raise Refusal("ORGANIZATION_MISMATCH", pointer("data", resource.name))
    return Source(header, [pa.string()] * len(header), _rows_of_csv(file, resource.encoding, len(header)))


def _rows_of_csv(file: Path, encoding: str, width: int) -> Iterator[Any]:
    """The batches without the header; the file is open only while they are read."""
    columns = [f"x{i}" for i in range(width)]
    skip = 1
    with file.open("rb") as raw:
        reader = pyarrow.csv.open_csv(
            pa.PythonFile(_Utf8(raw, encoding), mode="r"),
            read_options=pyarrow.csv.ReadOptions(column_names=columns, block_size=_BLOCK, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=width > 1),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        for batch in reader:
            rows = batch.slice(skip)
            skip = max(0, skip - batch.num_rows)
            yield rows


def write(
    connection: duckdb.DuckDBPyConnection,
    resource: Resource,
    types: dict[str, Any],
    released: list[Released],
    root: Path,
    work: Path,
) -> None:
    """Write the table ``r<index>`` of the released columns in the format that was declared."""
    file = root / resource.path
    file.parent.mkdir(parents=True, exist_ok=True)
    names = [column.field.name for column in released]
    select = f"SELECT {', '.join(column.field.column for column in released)} FROM r{resource.index}"
    texts = [
        inert(c.field.column) if c.field.type in ("string", "time", "datetime") else c.field.column for c in released
    ]
    if resource.format == "parquet":
        kinds = [_written(types[column.field.name]) if column.typed else pa.string() for column in released]
        schema = pa.schema([pa.field(name, kind) for name, kind in zip(names, kinds, strict=True)])
        with connection.cursor() as cursor, pyarrow.parquet.ParquetWriter(file, schema) as writer:
            for batch in cursor.sql(select).to_arrow_reader(_ROWS):
                arrays = [array.cast(kind) for array, kind in zip(batch.columns, kinds, strict=True)]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        return
    body = work / "body.csv"
    target = str(body).replace("'", "''")
    select = f"SELECT {', '.join(texts)} FROM r{resource.index}"
    connection.execute(f"COPY ({select}) TO '{target}' (FORMAT csv, HEADER false)")
    try:
        with file.open("w", encoding=resource.encoding, newline="") as out:
            csv.writer(out, lineterminator="\n").writerow(names)
            with body.open(encoding="utf-8", newline="") as rows:
                shutil.copyfileobj(rows, out, 1 << 20)
    except UnicodeEncodeError:  # only labels are not from the input file
        raise Refusal("DECLARATION_INVALID", pointer("resources", resource.index, "encoding")) from None
    finally:
        body.unlink()


def inert(column: str) -> str:
    """The SQL of a text that no program runs: an apostrophe before a formula, an entity for the bracket of an element.

    Numbers and lone signs are no formulas. Quotes around a cell would not keep a spreadsheet program from running it.
    """
    formula = f"regexp_matches({column}, '^[=+@\\t\\r\\n＝＋－＠-]') AND NOT regexp_full_match({column}, '{_PLAIN}')"
    shown = f"regexp_replace({column}, '<([A-Za-z/!?])', '&lt;\\1', 'g')"
    return f"CASE WHEN {formula} THEN '''' ELSE '' END || {shown}"


def _written(kind: Any) -> Any:
    return pa.string() if pa.types.is_dictionary(kind) else kind
