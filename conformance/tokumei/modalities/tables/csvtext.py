"""CSV with a NULL: unquoted nothing is NULL, ``""`` is the empty string. Columns are always text."""

from __future__ import annotations

import codecs
import csv
import io

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

_NEEDS_QUOTES = '[",\r\n]'
_FEW_CELLS = 20_000


class CsvFault(Exception):
    """The bytes are not a table; ``code`` and ``why`` go into a problem."""

    def __init__(self, why: str, code: str = "RELEASE_UNREADABLE") -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def csv_bytes(table: pa.Table, encoding: str) -> bytes:
    """The table as CSV: header and cells plain unless they need quotes, NULL as nothing."""
    codec = codecs.lookup(encoding).name
    header = ",".join(_quoted(name) for name in table.column_names)
    if table.num_rows * table.num_columns <= _FEW_CELLS:
        lines = _lines([column.to_pylist() for column in table.columns])
    else:
        columns = [_column_text(column) for column in table.columns]
        lines = pc.binary_join_element_wise(*columns, ",").to_pylist()
    return ("\n".join([header, *lines]) + "\n").encode(codec)


def _quoted(text: str) -> str:
    if text == "" or '"' in text or "," in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _lines(columns: list[list[str | None]]) -> list[str]:
    if not columns:
        return []
    rows = zip(*columns, strict=True)
    return [",".join(["" if cell is None else _quoted(str(cell)) for cell in row]) for row in rows]


def _column_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.cast(column, pa.string())
    needs = pc.or_(pc.match_substring_regex(text, _NEEDS_QUOTES), pc.equal(text, ""))
    if pc.any(needs).as_py():
        doubled = pc.replace_substring(text, '"', '""')
        quoted = pc.binary_join_element_wise('"', doubled, '"', "")
        text = pc.if_else(needs, quoted, text)
    return pc.fill_null(text, "")


def csv_table(content: bytes, encoding: str, max_cells: int = 200_000_000) -> tuple[pa.Table, bool]:
    """The table, and whether the bytes were in the declared encoding.

    When they are not, UTF-8 and CP932 are tried, so that what was released can still be judged.
    """
    utf8, exact = _utf8(content, encoding)
    names = _header(utf8)
    if len(set(names)) != len(names):
        raise CsvFault("duplicate column")
    if len(names) > 10_000 or (utf8.count(b"\n") + utf8.count(b"\r")) * len(names) > 2 * max_cells:
        raise CsvFault("cells", "RELEASE_TOO_LARGE")
    read = pacsv.ReadOptions(use_threads=False, block_size=min(len(utf8) + 1, (1 << 31) - 1))
    parse = pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(names) > 1)
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    try:
        return pacsv.read_csv(pa.BufferReader(utf8), read, parse, convert), exact
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CsvFault("rows") from error


def _utf8(content: bytes, encoding: str) -> tuple[bytes, bool]:
    try:
        declared = codecs.lookup(encoding).name
    except LookupError:
        declared = ""
    for codec in dict.fromkeys((declared, "utf-8", "cp932")):
        if not codec:
            continue
        try:
            text = content.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
        utf8 = content if codec == "utf-8" else text.encode("utf-8", "replace")
        return utf8.removeprefix(codecs.BOM_UTF8), codec == declared
    raise CsvFault("encoding")


def _header(utf8: bytes) -> list[str]:
    end = utf8.find(b"\n", 0, 1 << 20)
    first = utf8[: end + 1] if end >= 0 else utf8[: 1 << 20]
    if b'"' in first:
        first = utf8[: 1 << 20]
    try:
        names = next(csv.reader(io.StringIO(first.decode("utf-8", "ignore"), newline="")))
    except (StopIteration, csv.Error) as error:
        raise CsvFault("header") from error
    if not names:
        raise CsvFault("header")
    return names
