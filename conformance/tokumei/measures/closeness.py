"""t-closeness with the equal distance: total variation between a class and the whole call.

The unit is the distinct pair of a person and a sensitive value, within a class for the class and within
the call for the whole, so that many rows of one person weigh as one. NULL is a value and equals NULL.
Rows without a person count nowhere. With one row for each person this is the t of the literature.

The distance is the sum of the positive differences: a value absent from the class never adds to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokumei.measures.classes import checked

if TYPE_CHECKING:
    from tokumei.relation import Column, Relation

CLASS_DISTANCE = """
WITH whole AS (
  SELECT "case", "call", {sensitive}, count(DISTINCT {person}) AS "persons"
  FROM {self} AS given WHERE {person} IS NOT NULL
  GROUP BY "case", "call", {sensitive}
), shares AS (
  SELECT "case", "call", {sensitive},
    CAST("persons" AS DOUBLE) / sum("persons") OVER (PARTITION BY "case", "call") AS "share"
  FROM whole
), parts AS (
  SELECT "case", "call", {by}, {sensitive}, count(DISTINCT {person}) AS "persons"
  FROM {self} AS given WHERE {person} IS NOT NULL
  GROUP BY "case", "call", {by}, {sensitive}
), weighed AS (
  SELECT *, CAST("persons" AS DOUBLE) / sum("persons") OVER (PARTITION BY "case", "call", {by}) AS "weight"
  FROM parts
)
SELECT "case", "call", {by}, sum(greatest("weight" - "share", 0)) AS "t"
FROM (
  SELECT weighed.*, shares."share"
  FROM weighed JOIN shares
    ON weighed."case" = shares."case" AND weighed."call" = shares."call"
    AND weighed.{sensitive} IS NOT DISTINCT FROM shares.{sensitive}
) AS compared
GROUP BY "case", "call", {by}
"""

T = """
SELECT "case", "call", max("t") AS "t" FROM {self} AS classes GROUP BY "case", "call"
"""


def class_distance(rows: Relation, *, by: Sequence[Column], person: Column, sensitive: Column) -> Relation:
    """``case, call, <by…>, t`` for each class that has a person; ``sensitive`` is not one of ``by``."""
    if sensitive in by:
        raise ValueError("a class cannot be formed by the sensitive column")
    return rows.query(CLASS_DISTANCE, by=checked(by), person=person, sensitive=sensitive)


def t_equal(rows: Relation, *, by: Sequence[Column], person: Column, sensitive: Column) -> Relation:
    """``case, call, t``: the class farthest from the whole."""
    return class_distance(rows, by=by, person=person, sensitive=sensitive).query(T)


__all__ = ["CLASS_DISTANCE", "T", "class_distance", "t_equal"]
