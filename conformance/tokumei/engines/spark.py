"""Spark; the only module that imports pyspark, which is an extra: ``pip install tokumei[spark]`` and a Java.

The same SQL as on DuckDB: the functions of ``prelude`` are made known to the session, and at this door names
and texts in standard quotes are written as Spark quotes them, where a backslash would be an escape.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from tokumei.prelude import POSITIONS, spark_statements
from tokumei.relation import Column, Relation, named

if TYPE_CHECKING:
    from types import TracebackType

QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
LOCAL = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "OFF",
}


class DataError(ValueError):
    """Rows do not fit the query; Spark's own message would quote their values."""


class Spark:
    """An engine over a session of the caller, or over a local one of its own."""

    name = "spark"

    def __init__(self, session: SparkSession | None = None, *, threads: int = 2, memory: str = "1g") -> None:
        """Without ``session`` a local one is made with ``threads`` and ``memory``, and stopped by ``close``."""
        self._lock = threading.RLock()
        self._own = session is None
        # What Spark says of an error quotes the value that caused it.
        logging.getLogger("SQLQueryContextLogger").disabled = True
        self._session: Any = session or _local(threads, memory)
        for statement in spark_statements():
            self._session.sql(_dialect(statement))

    def fetch(self, sql: str) -> pa.Table:
        """Run one SELECT and return its rows; raises DataError, which quotes no value, for rows that do not fit."""
        with self._lock:
            frame = self._session.sql(_dialect(sql))
            try:
                return frame.toArrow()
            except PySparkException as error:
                kind = error.getCondition() or type(error).__name__
        raise DataError(kind)

    def register(self, name: str, table: pa.Table) -> Relation:
        """Make ``table`` readable under ``name``; a later table of the same name replaces it.

        Raises ValueError where two columns differ in ASCII case alone: SQL could not tell them apart.
        """
        lowered = [column.lower() if column.isascii() else column for column in table.column_names]
        if not lowered or len(set(lowered)) < len(lowered):
            raise ValueError(f"{name}: the columns are none, or not distinct without regard to case")
        with self._lock:
            self._session.createDataFrame(_plain(table)).createOrReplaceTempView(_dialect(str(Column(name))))
        return named(self, name)

    def close(self) -> None:
        """Stop the session where it is our own."""
        if self._own:
            self._session.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _local(threads: int, memory: str) -> SparkSession:
    builder: Any = SparkSession.builder.master(f"local[{threads}]").appName("tokumei")
    settings = LOCAL | {"spark.driver.memory": memory, "spark.sql.shuffle.partitions": str(threads)}
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _dialect(sql: str) -> str:
    """The same SQL with each quoted name and text as Spark writes it, and ``positions`` written out."""
    texts: list[str] = []

    def hidden(found: re.Match[str]) -> str:
        quoted = found.group()
        if quoted.startswith('"'):
            texts.append("`" + quoted[1:-1].replace('""', '"').replace("`", "``") + "`")
        else:
            texts.append("'" + quoted[1:-1].replace("\\", "\\\\").replace("''", "\\'") + "'")
        return f"\x00{len(texts) - 1}\x00"

    bare = _written_out(QUOTED.sub(hidden, sql))
    return re.sub("\x00([0-9]+)\x00", lambda found: texts[int(found.group(1))], bare)


def _written_out(sql: str) -> str:
    """``positions(n)`` as an expression, because Spark explodes no function of a session."""
    head, call, rest = sql.partition("positions(")
    if not call or head.endswith("FUNCTION "):
        return sql
    depth, end = 1, 0
    while depth:
        depth += {"(": 1, ")": -1}.get(rest[end], 0)
        end += 1
    argument = _written_out(rest[: end - 1])
    written = re.sub(r"\bn\b", lambda _: f"({argument})", POSITIONS.spark)
    return f"{head}({written}){_written_out(rest[end:])}"


def _plain(table: pa.Table) -> pa.Table:
    """Columns of types that Spark knows: no dictionary, and text where there are only nulls."""
    for index, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        kind = pa.string() if pa.types.is_null(kind) else kind
        if kind != field.type:
            table = table.set_column(index, field.name, table.column(index).cast(kind))
    return table


__all__ = ["DataError", "Spark"]
