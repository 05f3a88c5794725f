"""A relation is SQL text over named relations of one engine; composing it runs nothing.

``bind`` is the only place where a name or a value enters SQL text, and it takes relations, columns and
typed literals, never a free string. Measures, attacks and checks are written with ``Relation.query``;
what they cannot say in the portable subset they say through the functions of ``prelude``.
"""

from __future__ import annotations

import datetime as dt
import math
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, Union

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """What runs SQL: DuckDB in this process, Spark beyond one machine."""

    @property
    def name(self) -> str: ...

    def fetch(self, sql: str) -> pa.Table:
        """Run one SELECT and return its rows."""

    def register(self, name: str, table: pa.Table) -> Relation:
        """Make ``table`` readable under ``name`` and return it as a relation."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column name, quoted when bound; several are bound as a list separated by commas.

    Engines compare names without regard to ASCII case, quoted or not.
    """

    name: str

    def __str__(self) -> str:
        if not self.name or "\x00" in self.name:
            raise ValueError("a column name is not empty and cannot hold U+0000")
        return '"' + self.name.replace('"', '""') + '"'


def columns(names: Iterable[str]) -> tuple[Column, ...]:
    """The names as columns, for ``bind``."""
    return tuple(Column(name) for name in names)


Literal: TypeAlias = str | int | float | bool | dt.date | None
Bound: TypeAlias = Union["Relation", Column, Sequence[Column], Literal, Sequence[Literal]]


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return f"CAST({value!r} AS DOUBLE)"
        case dt.date() if not isinstance(value, dt.datetime):
            return f"DATE '{value.isoformat()}'"
        case str():
            if "\x00" in value:
                raise ValueError("a text literal cannot hold U+0000")
            return "'" + value.replace("'", "''") + "'"
        case float():
            raise ValueError("a number that is not finite cannot be bound into SQL")
    raise TypeError(f"{type(value).__name__} cannot be bound into SQL")


def bind(template: str, **bindings: Bound) -> str:
    """Fill ``{name}`` in ``template``; raises KeyError for a name that is not bound.

    An empty list of columns is refused: the caller decides what no column means.
    """

    def one(value: Bound) -> str:
        if isinstance(value, Relation):
            return f"({value.sql})"
        if isinstance(value, Column):
            return str(value)
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            if not value:
                raise ValueError("an empty list cannot be bound")
            if all(isinstance(item, Column) for item in value):
                return ", ".join(str(item) for item in value)
            return "(" + ", ".join(_literal(item) for item in value) + ")"
        return _literal(value)

    parts: list[str] = []
    for text, name, spec, conversion in string.Formatter().parse(template):
        parts.append(text)
        if name is not None:
            if spec or conversion:
                raise ValueError("a binding takes no format")
            parts.append(one(bindings[name]))
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows named by SQL text. Every relation over evidence carries the column ``case``."""

    engine: Engine
    sql: str

    def query(self, template: str, **bindings: Bound) -> Relation:
        """A new relation; ``{self}`` in the template is this one."""
        return Relation(self.engine, bind(template, self=self, **bindings))

    def arrow(self) -> pa.Table:
        return self.engine.fetch(self.sql)

    def rows(self) -> list[dict[str, Any]]:
        """The rows as dicts; only for results that are small by construction."""
        return list(self.arrow().to_pylist())

    def value(self) -> Any:
        """The single cell of a result of one row and one column."""
        table = self.arrow()
        if table.num_rows != 1 or table.num_columns != 1:
            raise ValueError(f"one cell expected, {table.num_rows} × {table.num_columns} found")
        return table.column(0)[0].as_py()


def named(engine: Engine, name: str) -> Relation:
    """The relation registered under ``name``."""
    return Relation(engine, f"SELECT * FROM {Column(name)}")


def stacked(relations: Sequence[Relation]) -> Relation:
    """The rows of all, run as one: what small queries cost is to plan each. The columns are those of the first."""
    return Relation(relations[0].engine, " UNION ALL ".join(relation.sql for relation in relations))


__all__ = ["Bound", "Column", "Engine", "Relation", "bind", "columns", "named", "stacked"]
