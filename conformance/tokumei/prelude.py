"""The functions that engines spell differently, under one name each, as data.

A measure may use these names and the portable subset of SQL, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tokumei.text import TABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One portable function: what it says, and how each engine says it."""

    name: str
    arguments: tuple[str, ...]
    doc: str
    duckdb: str


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _translate(argument: str, table: Mapping[str, str]) -> str:
    """``translate``: the characters without a partner stand last and are dropped."""
    kept = {char: folded for char, folded in table.items() if folded}
    dropped = [char for char, folded in table.items() if not folded]
    source = "".join([*kept, *dropped])
    return f"translate({argument}, {_quoted(source)}, {_quoted(''.join(kept.values()))})"


def _without(characters: Iterable[str]) -> str:
    """A pattern of the texts that hold none of the characters."""
    return "(?s)[^" + "".join(f"\\x{{{ord(char):x}}}" for char in characters) + "]*"


def _tiers(argument: str) -> str:
    """``translate`` with the smallest table that will do: an engine walks the whole table for each cell."""
    hiragana = {char for char in TABLE if "\u3041" <= char <= "\u309f"}
    forms = {char for char in TABLE if char >= "\uff00"}
    kana = {char for char in TABLE if char >= "\u3041"}
    whens = [f"WHEN regexp_full_match({argument}, {_quoted(_without(TABLE))}) THEN {argument}"]
    for skipped in (kana, hiragana | forms, forms):
        table = {char: folded for char, folded in TABLE.items() if char not in skipped}
        pattern = _quoted(_without(sorted(skipped)))
        whens.append(f"WHEN regexp_full_match({argument}, {pattern}) THEN {_translate(argument, table)}")
    return f"CASE {' '.join(whens)} ELSE {_translate(argument, TABLE)} END"


DAYS_BETWEEN = Function(
    name="days_between",
    arguments=("a", "b"),
    doc="a minus b in days; both are dates.",
    duckdb="date_diff('day', CAST(b AS DATE), CAST(a AS DATE))",
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
)

TEXT_FOLD = Function(
    name="text_fold",
    arguments=("t",),
    doc="The text as it is compared; the same as tokumei.text.fold.",
    duckdb=_tiers("t"),
)

POSITIONS = Function(
    name="positions",
    arguments=("n",),
    doc="The list 1 … n, empty when n is below 1.",
    duckdb="range(1, CAST(n AS BIGINT) + 1)",
)

EXPLODE = Function(
    name="explode",
    arguments=("list",),
    doc="One row for each element, in a SELECT list.",
    duckdb="unnest(list)",
)

FUNCTIONS = (DAYS_BETWEEN, AS_DATE, TEXT_FOLD, POSITIONS, EXPLODE)


def duckdb_statements() -> tuple[str, ...]:
    """The statements that make the functions known to one DuckDB connection."""
    return tuple(
        f"CREATE OR REPLACE MACRO {function.name}({', '.join(function.arguments)}) AS ({function.duckdb})"
        for function in FUNCTIONS
    )


__all__ = ["FUNCTIONS", "Function", "duckdb_statements"]
