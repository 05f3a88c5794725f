"""The functions that engines spell differently, under one name each, as data.

A measure may use these names and the portable subset of SQL, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokumei.text import TABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One portable function: what it says, and how each engine says it.

    ``spark`` is empty where Spark has the function by the same name; ``types`` are those of Spark, the last
    one that of the result, because Spark wants them declared.
    """

    name: str
    arguments: tuple[str, ...]
    doc: str
    duckdb: str
    spark: str = ""
    types: tuple[str, ...] = ()


PAIRS = "ARRAY<STRUCT<a: DOUBLE, b: DOUBLE>>"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _translate(argument: str, table: Mapping[str, str]) -> str:
    """``translate``: the characters without a partner stand last and are dropped."""
    kept = {char: folded for char, folded in table.items() if folded}
    dropped = [char for char, folded in table.items() if not folded]
    source = "".join([*kept, *dropped])
    return f"translate({argument}, {_quoted(source)}, {_quoted(''.join(kept.values()))})"


DAYS_BETWEEN = Function(
    name="days_between",
    arguments=("a", "b"),
    doc="a minus b in days; both are dates.",
    duckdb="date_diff('day', CAST(b AS DATE), CAST(a AS DATE))",
    spark="CAST(date_diff(a, b) AS BIGINT)",
    types=("DATE", "DATE", "BIGINT"),
)

AS_DATE = Function(
    name="as_date",
    arguments=("t",),
    doc="The date written yyyy-mm-dd, yyyymmdd or yyyy/mm/dd; NULL for any other text.",
    duckdb=(
        "CASE WHEN regexp_full_match(t, '[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2}')"
        " AND substr(t, 1, 4) <> '0000' THEN try_cast(substr(t, 1, 4) || '-'"
        " || substr(translate(t, '-/', ''), 5, 2) || '-' || substr(translate(t, '-/', ''), 7, 2) AS DATE) END"
    ),
    spark=(
        "CASE WHEN t RLIKE '\\A([0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2})\\z'"
        " AND substr(t, 1, 4) <> '0000' THEN try_cast(substr(t, 1, 4) || '-'"
        " || substr(translate(t, '-/', ''), 5, 2) || '-' || substr(translate(t, '-/', ''), 7, 2) AS DATE) END"
    ),
    types=("STRING", "DATE"),
)

TEXT_FOLD = Function(
    name="text_fold",
    arguments=("t",),
    doc="The text as it is compared; the same as tokumei.text.fold.",
    duckdb="CASE WHEN regexp_full_match(t, '[0-9a-z]*') THEN t ELSE folded_text(t) END",
    spark=_translate("t", TABLE),
    types=("STRING", "STRING"),
)

SHA_256 = Function(
    name="sha_256",
    arguments=("t",),
    doc="The SHA-256 of a text in UTF-8, in lower-case hexadecimal; md5 and sha1 have one name on every engine.",
    duckdb="sha256(t)",
    spark="sha2(t, 256)",
    types=("STRING", "STRING"),
)

CODE = Function(
    name="code",
    arguments=("t",),
    doc="A number of 64 bits for a text or NULL, equal for equal texts; an engine's own, and two texts may have the same.",
    duckdb="hash(t)",
    spark="xxhash64(t)",
    types=("STRING", "BIGINT"),
)

POSITIONS = Function(
    name="positions",
    arguments=("n",),
    doc="The list 1 … n, empty when n is below 1.",
    duckdb="range(1, CAST(n AS BIGINT) + 1)",
    spark="CASE WHEN n >= 1 THEN sequence(1, CAST(n AS INT)) ELSE CAST(array() AS ARRAY<INT>) END",
    types=("BIGINT", "ARRAY<INT>"),
)

EXPLODE = Function(
    name="explode",
    arguments=("list",),
    doc="One row for each element, in a SELECT list.",
    duckdb="unnest(list)",
)

FROM_END = Function(
    name="from_end",
    arguments=("list", "i"),
    doc="The element number i of a list of numbers, counted from its end; NULL where the list is shorter.",
    duckdb="list[-i]",
    spark="try_element_at(list, -i)",
    types=("ARRAY<BIGINT>", "INT", "BIGINT"),
)

PAIR = Function(
    name="pair",
    arguments=("a", "b"),
    doc="Two numbers as one value, for the lists of the functions below.",
    duckdb="struct_pack(a := a, b := b)",
    spark="named_struct('a', a, 'b', b)",
    types=("DOUBLE", "DOUBLE", "STRUCT<a: DOUBLE, b: DOUBLE>"),
)

ORDERED_GAP = Function(
    name="ordered_gap",
    arguments=("pairs", "steps", "size"),
    doc="Over steps of place a and cumulated share b: the sum of the distances to the cumulated share of the counts b "
    "at places a.",
    duckdb=(
        "list_sum(list_transform(steps, lambda s: abs(list_sum(list_transform(pairs,"
        " lambda x: CASE WHEN x.a <= s.a THEN x.b ELSE 0 END)) / size - s.b)))"
    ),
    spark=(
        "aggregate(steps, CAST(0 AS DOUBLE), (total, s) -> total + abs(aggregate(pairs, CAST(0 AS DOUBLE),"
        " (sum, x) -> sum + CASE WHEN x.a <= s.a THEN x.b ELSE 0 END) / size - s.b))"
    ),
    types=(PAIRS, PAIRS, "DOUBLE", "DOUBLE"),
)

FUNCTIONS = (
    DAYS_BETWEEN,
    AS_DATE,
    TEXT_FOLD,
    SHA_256,
    CODE,
    POSITIONS,
    EXPLODE,
    FROM_END,
    PAIR,
    ORDERED_GAP,
)


def duckdb_statements() -> tuple[str, ...]:
    """The statements that make the functions known to one DuckDB connection."""
    return tuple(
        f"CREATE OR REPLACE MACRO {function.name}({', '.join(function.arguments)}) AS ({function.duckdb})"
        for function in FUNCTIONS
    )


def spark_statements() -> tuple[str, ...]:
    """The statements that make the functions known to one Spark session."""
    return tuple(
        f"CREATE OR REPLACE TEMPORARY FUNCTION {function.name}"
        f"({', '.join(f'{name} {kind}' for name, kind in zip(function.arguments, function.types, strict=False))})"
        f" RETURNS {function.types[-1]} RETURN {function.spark}"
        for function in FUNCTIONS
        if function.spark
    )


__all__ = ["FUNCTIONS", "Function", "duckdb_statements", "spark_statements"]
