"""Hierarchies: written out in the declaration, in a CSV file beside it, or computed from the code itself.

A computed one needs no list of codes: ICD-10 by its ranges, areas by the first two digits of the municipality
code of JIS X 0402, ages by width, dates by the calendar.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tokumei_reference import areas, icd10
from tokumei_reference.declarations import Document, Field, Processing
from tokumei_reference.refusals import Refusal, pointer
from tokumei_reference.values import is_integer

_LARGEST = 1 << 26  # bytes of a CSV file of a hierarchy
_ICD10 = "[A-Z][0-9]{2}([.]?[0-9A-Z]{1,4})?"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A two-column table ``name(v, g)`` of the engine; ``key`` is the SQL over the column that is looked up.

    A value whose key is not NULL and not in the table is outside the hierarchy.
    """

    name: str
    key: str
    rows: tuple[tuple[str, str], ...]

    @property
    def sql(self) -> str:
        return f"(SELECT g FROM {self.name} WHERE v = {self.key})"


@dataclass(frozen=True, slots=True)
class Node:
    """The SQL of a field at one level of a hierarchy, and what it looks up."""

    sql: str
    level: str
    lookup: Lookup | None = None
    labels: Document | None = None


def read_files(processing: Processing, folder: Path) -> Processing:
    """Hierarchies of ``source: csv`` with their table read from ``folder``; the header names the levels."""
    return replace(
        processing,
        hierarchies={name: _with_file(hierarchy, folder, name) for name, hierarchy in processing.hierarchies.items()},
    )


def _with_file(hierarchy: Any, folder: Path, name: str) -> Any:
    if not isinstance(hierarchy, Mapping) or hierarchy.get("source") != "csv":
        return hierarchy
    at = pointer("hierarchies", name, "path")
    file = (folder / str(hierarchy.get("path"))).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file() or file.stat().st_size > _LARGEST:
        raise Refusal("DECLARATION_INVALID", at)
    try:
        with file.open(encoding=hierarchy.get("encoding", "utf-8"), newline="") as text:
            header, *rows = csv.reader(text, strict=True)
    except (OSError, ValueError, LookupError, TypeError, csv.Error):
        raise Refusal("DECLARATION_INVALID", at) from None
    header[0] = header[0].removeprefix("\ufeff")
    if header != hierarchy.get("levels"):
        raise Refusal("DECLARATION_INVALID", at)
    return {"levels": header, "table": rows}


def node(processing: Processing, name: object, level: object, field: Field, table: str) -> Node | None:
    """The field at a level, by its name or its number from the finest; None when the level is unknown.

    ``table`` is the name that the lookup gets in the engine. Raises Refusal when the hierarchy is no hierarchy.
    """
    hierarchy = processing.hierarchies.get(name) if isinstance(name, str) else None
    if not isinstance(hierarchy, Mapping):
        return None
    levels = hierarchy.get("levels")
    if not isinstance(levels, list) or len(set(levels)) != len(levels):
        raise Refusal("DECLARATION_INVALID", pointer("hierarchies", name, "levels"))
    number = level if is_integer(level) else levels.index(level) if level in levels else -1
    if not 0 <= number < len(levels):
        return None
    source = hierarchy.get("source", "table")
    if source == "table" or "table" in hierarchy:
        lookup = Lookup(table, field.column, _rows(hierarchy, number, pointer("hierarchies", name)))
        return Node(lookup.sql, levels[number], lookup)
    try:
        count, kinds, make = _COMPUTED[source]
    except (KeyError, TypeError):
        raise Refusal("DECLARATION_INVALID", pointer("hierarchies", name, "source")) from None
    if field.type not in kinds or (count and len(levels) != count):
        raise Refusal("DECLARATION_INVALID", pointer("hierarchies", name, "levels"))
    made = make(hierarchy, number, field, table)
    if made is None:
        raise Refusal("DECLARATION_INVALID", pointer("hierarchies", name))
    return replace(made, level=levels[number])


def _rows(hierarchy: Document, number: int, at: str) -> tuple[tuple[str, str], ...]:
    levels, table = hierarchy["levels"], hierarchy.get("table")
    if not isinstance(table, list) or not table:
        raise Refusal("DECLARATION_INVALID", at)
    chosen: dict[str, str] = {}
    for row in table:
        if not isinstance(row, list) or len(row) != len(levels) or not all(isinstance(x, str) and x for x in row):
            raise Refusal("DECLARATION_INVALID", at)
        if chosen.setdefault(row[0], row[number]) != row[number]:
            raise Refusal("DECLARATION_INVALID", at)
    return tuple(chosen.items())


def _icd10(_: Document, number: int, field: Field, table: str) -> Node:
    """Code, category of three characters, block, chapter."""
    c = field.column
    category = f"CASE WHEN regexp_full_match({c}, '{_ICD10}') THEN left({c}, 3) WHEN {c} IS NOT NULL THEN '' END"
    rows = tuple((code, (code, code, block, chapter)[number]) for code, block, chapter in icd10.categories())
    lookup = Lookup(table, category, rows)
    if number == 0:  # the code itself, but a text that is no code of ICD-10 is refused all the same
        return Node(c, "", lookup)
    return Node(lookup.sql, "", lookup)


def _area(_: Document, number: int, field: Field, table: str) -> Node:
    """Municipality of five digits, prefecture, region."""
    c = field.column
    digits = f"CASE WHEN regexp_full_match({c}, '[0-9]{{5}}') THEN left({c}, 2) WHEN {c} IS NOT NULL THEN '' END"
    rows = tuple((code, (code, name, region)[number]) for code, name, region in areas.PREFECTURES)
    lookup = Lookup(table, digits, rows)
    return Node(c if number == 0 else lookup.sql, "", lookup)


def _age(hierarchy: Document, number: int, field: Field, _: str) -> Node | None:
    """The age, then bands of the declared widths; one open class from ``top``."""
    widths, top = hierarchy.get("widths"), hierarchy.get("top")
    if not isinstance(widths, list) or len(widths) != len(hierarchy["levels"]) - 1 or not all(map(is_integer, widths)):
        return None
    if any(wide < 1 for wide in widths) or any(b % a for a, b in pairwise(widths)):
        return None  # bands that are not nested are no hierarchy
    if top is not None and (not is_integer(top) or any(top % wide for wide in widths)):
        return None
    age = f"CAST({field.column} AS BIGINT)"
    opened = f" WHEN {age} >= {top} THEN '{top}+'" if top is not None else ""
    if number == 0:
        band = f"CAST({age} AS VARCHAR)"
    else:
        low = f"CAST(floor({age} / {widths[number - 1]}.0) AS BIGINT) * {widths[number - 1]}"
        band = f"({low}) || '-' || ({low} + {widths[number - 1] - 1})"
    sql = f"CASE WHEN {field.column} IS NULL THEN NULL{opened} ELSE {band} END"
    return Node(sql, "", labels={f"{top}+": {"minimum": top}} if top is not None else None)


def _date(_: Document, number: int, field: Field, __: str) -> Node:
    """Day, month, year, five years."""
    return Node(date_sql(field.column, ("day", "month", "year", "lustrum")[number]), "")


def date_sql(column: str, unit: str) -> str:
    """A date ``yyyy-mm-dd`` as the unit of the calendar it lies in; each text says its own unit."""
    day = f"CAST({column} AS DATE)"
    years = {"lustrum": 5, "decade": 10}
    if unit in years:
        first = f"(year({day}) // {years[unit]}) * {years[unit]}"
        return f"lpad(({first})::VARCHAR, 4, '0') || '-' || lpad(({first} + {years[unit] - 1})::VARCHAR, 4, '0')"
    return {
        "day": column,
        "week": f"strftime({day}, '%G-W%V')",
        "month": f"left({column}, 7)",
        "quarter": f"left({column}, 4) || '-Q' || quarter({day})",
        "year": f"left({column}, 4)",
    }[unit]


_COMPUTED: Mapping[str, tuple[int, tuple[str, ...], Any]] = {
    "icd-10": (4, ("string",), _icd10),
    "jis-area": (3, ("string",), _area),
    "age": (0, ("integer",), _age),
    "date": (4, ("date",), _date),
}
"""By source: how many levels it has (0: as declared), for fields of which types, and how a level is made."""
