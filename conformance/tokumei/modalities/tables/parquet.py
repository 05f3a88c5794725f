"""Parquet as text columns, read in bounds: a small file can stand for a very large table."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


class ParquetFault(Exception):
    """The bytes are not a table that can be read; ``code`` and ``why`` go into a problem."""

    def __init__(self, why: str, code: str = "RELEASE_UNREADABLE") -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as Parquet with its columns as they are: text, so that every lexical form arrives."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def parquet_table(content: bytes, max_bytes: int, max_cells: int) -> pa.Table:
    """The table with every column as text and its metadata; sizes are checked before anything is expanded."""
    try:
        source = pa.BufferReader(content)
        meta = pq.read_metadata(source)
        groups = [meta.row_group(index) for index in range(meta.num_row_groups)]
        if meta.num_rows * max(meta.num_columns, 1) > max_cells:
            raise ParquetFault("cells", "RELEASE_TOO_LARGE")
        if sum(group.total_byte_size for group in groups) > max_bytes:
            raise ParquetFault("bytes", "RELEASE_TOO_LARGE")
        schema = pq.read_schema(pa.BufferReader(content))
        texts = [field.name for field in schema if _is_text(field.type)]
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
        table = file.read(use_threads=False)
        if len(set(table.column_names)) != len(table.column_names):
            raise ParquetFault("duplicate column")
        if sum(_expanded(column) for column in table.columns) > max_bytes:
            raise ParquetFault("bytes", "RELEASE_TOO_LARGE")
        columns = [_text(column) for column in table.columns]
        fields = [pa.field(f.name, c.type, metadata=f.metadata) for f, c in zip(schema, columns, strict=True)]
        return pa.table(columns, pa.schema(fields, metadata=_about(meta.metadata, schema.metadata)))
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ParquetFault("parquet") from error


def _about(file: dict[bytes, bytes] | None, schema: dict[bytes, bytes] | None) -> dict[bytes, bytes]:
    """What the file says of the table, without the schema that Arrow keeps there for itself."""
    return {key: value for key, value in {**(file or {}), **(schema or {})}.items() if key != b"ARROW:schema"}


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))


def _expanded(column: pa.ChunkedArray) -> int:
    """How many bytes the column is as text, counted without making it."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary)
        total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    return total


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type).cast(pa.string())
    if pa.types.is_timestamp(kind):
        text = pc.replace_substring(column.cast(pa.string()), " ", "T")
        text = pc.replace_substring_regex(text, r"\.0+(Z?)$", r"\1")
        # Data frames have no days: a column of midnights is one of days.
        days = kind.tz is None and pc.all(pc.ends_with(text, "T00:00:00")).as_py()
        return pc.utf8_slice_codeunits(text, 0, 10) if days else text
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        cells = [
            None if cell is None else json.dumps(cell, ensure_ascii=False, default=str) for cell in column.to_pylist()
        ]
        return pa.chunked_array([pa.array(cells, pa.string())])
