"""Classes of people who look alike, counted over people and not over rows.

NULL is a value and equals NULL. A row without a person is counted in ``rows`` and in nobody's favour: it
makes no person, so a class of such rows alone has no person, and k is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.relation import Column, Relation

RESULT_COLUMNS = frozenset({"case", "call", "persons", "rows", "l", "t", "units"})

CLASS_SIZES = """
SELECT "case", "call", {by}, count(DISTINCT {person}) AS "persons", count(*) AS "rows"
FROM {self} AS given
GROUP BY "case", "call", {by}
"""

K = """
SELECT "case", "call", min("persons") AS "k"
FROM (
  SELECT "case", "call", count(DISTINCT {person}) AS "persons"
  FROM {self} AS given
  GROUP BY "case", "call", {by}
) AS classes
GROUP BY "case", "call"
"""


def checked(by: Sequence[Column]) -> Sequence[Column]:
    """``by``, unless it names a column of the result; raises ValueError."""
    if clash := sorted({column.name for column in by if column.name.lower() in RESULT_COLUMNS}):
        raise ValueError(f"a class cannot be formed by the reserved column {clash[0]}")
    return by


def class_sizes(rows: Relation, *, by: Sequence[Column], person: Column) -> Relation:
    """``case, call, <by…>, persons, rows`` for each combination of values in each call."""
    return rows.query(CLASS_SIZES, by=checked(by), person=person)


def k(rows: Relation, *, by: Sequence[Column], person: Column) -> Relation:
    """``case, call, k``: the people in the smallest class; a call without rows has no line."""
    return rows.query(K, by=checked(by), person=person)


__all__ = ["CLASS_SIZES", "K", "checked", "class_sizes", "k"]
