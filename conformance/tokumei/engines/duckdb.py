"""DuckDB in this process; the only module that imports duckdb.

Each engine has a connection, a memory limit and a spill folder of its own, reads only what is handed to
it, loads no extension, and leaves nothing behind when closed.
"""

from __future__ import annotations

import csv
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pyarrow as pa

from tokumei.prelude import duckdb_statements
from tokumei.relation import Column, Relation, bind, named
from tokumei.text import fold

if TYPE_CHECKING:
    from types import TracebackType

_CSV = (
    "SELECT * FROM read_csv({path}, header = true, all_varchar = true, delim = {delimiter}, quote = {quote},"
    " escape = {quote}, nullstr = {null}, allow_quoted_nulls = false, auto_detect = false,"
    " columns = {columns_}, encoding = 'utf-8', null_padding = false, strict_mode = true)"
)


class DataError(ValueError):
    """Rows do not fit the query or the file its header; DuckDB's own message would quote their values."""


class DuckDB:
    """An engine for one run; safe to share between threads, which then take turns."""

    name = "duckdb"

    def __init__(self, *, threads: int = 1, memory: str = "", spill: Path | None = None) -> None:
        """``memory`` is a limit such as ``2GB``; ``spill`` holds what exceeds it until ``close``."""
        self._lock = threading.RLock()
        self._spill = tempfile.TemporaryDirectory(prefix="tokumei-", dir=spill, ignore_cleanup_errors=True)
        config: dict[str, Any] = {
            "threads": threads,
            "temp_directory": self._spill.name,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if memory:
            config["memory_limit"] = memory
        self._connection: Any = duckdb.connect(":memory:", config=config)
        self._connection.create_function("folded_text", _folded, ["VARCHAR"], "VARCHAR", type="arrow")
        for statement in duckdb_statements():
            self._connection.execute(statement)

    def fetch(self, sql: str) -> pa.Table:
        """Run one SELECT and return its rows; raises DataError, which quotes no value, for rows that do not fit."""
        with self._lock:
            try:
                return self._connection.sql(sql).to_arrow_table()
            except (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException) as error:
                kind = type(error).__name__
        raise DataError(kind)

    def register(self, name: str, table: pa.Table) -> Relation:
        """Make ``table`` readable under ``name``; a later table of the same name replaces it.

        Raises ValueError where two columns differ in ASCII case alone: SQL could not tell them apart.
        """
        lowered = [column.lower() if column.isascii() else column for column in table.column_names]
        if not lowered or len(set(lowered)) < len(lowered):
            raise ValueError(f"{name}: the columns are none, or not distinct without regard to case")
        with self._lock:
            self._connection.register(name, _typed(table))
        return named(self, name)

    def store(self, name: str, sql: str, **streams: pa.RecordBatchReader) -> Relation:
        """Keep the rows of one SELECT under ``name`` until ``close``; streams, which can be read once, by their names.

        Raises DataError, which quotes no value, for rows that do not fit.
        """
        with self._lock:
            try:
                for stream, reader in streams.items():
                    self._connection.register(stream, reader)
                self._connection.execute(f"CREATE TEMP TABLE {Column(name)} AS {sql}")
                return named(self, name)
            except duckdb.Error as error:
                kind = type(error).__name__
            finally:
                for stream in streams:
                    self._connection.unregister(stream)
        raise DataError(kind)

    def scan_csv(self, path: Path, *, delimiter: str = ",", null: str = "") -> Relation:
        """The rows of a file with a header, every column text; an unquoted ``null`` cell is NULL."""
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=delimiter), [])
        fields = "{" + ", ".join(f"{bind('{x}', x=name)}: 'VARCHAR'" for name in header) + "}"
        sql = bind(
            _CSV.replace("{columns_}", "{{columns_}}"), path=str(path), delimiter=delimiter, quote='"', null=null
        )
        return Relation(self, sql.replace("{columns_}", fields))

    def scan_parquet(self, path: Path) -> Relation:
        """The rows of a Parquet file, every column as text."""
        scanned = Relation(self, bind("SELECT * FROM read_parquet({path})", path=str(path)))
        names = self.fetch(scanned.sql + " LIMIT 0").column_names
        return scanned.query(
            "SELECT " + ", ".join(f"CAST({{c{i}}} AS VARCHAR) AS {{c{i}}}" for i in range(len(names))) + " FROM {self}",
            **{f"c{i}": Column(name) for i, name in enumerate(names)},
        )

    def close(self) -> None:
        """Give back the memory and remove what was spilled; closing twice is harmless."""
        with self._lock:
            self._connection.close()
            self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _folded(texts: pa.Array) -> pa.Array:
    """What ``text_fold`` leaves to Python: DuckDB's own ``translate`` reads its whole table again for each cell."""
    return pa.array([text if text is None else fold(text) for text in texts.to_pylist()], pa.string())


def _typed(table: pa.Table) -> pa.Table:
    """A column without a type, which holds only nulls, is a text column."""
    for index, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(pa.string()))
    return table


__all__ = ["DataError", "DuckDB"]
