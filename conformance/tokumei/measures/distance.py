"""t-closeness where values are near or far: the distance of a declared order, and that of a declared hierarchy.

Both are the earth mover's distance of Li, Li and Venkatasubramanian (2007), between 0 and 1. The unit is the
pair of a person and a value, as for the equal distance.

Ordered: the places of a call are the values that somebody has, in their order; the distance of neighbours is
1 / (places - 1). Hierarchical: two values are as far apart as the lowest node above both is high. That is the
mean of the equal distances on all levels below the root, since moving past a level costs the same everywhere.

A value that the order does not name, NULL for instance, has no place: where somebody has one the result is
Infinity. A value that the hierarchy does not name is a branch of its own up to the root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokumei.measures.profile import shares

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Relation

ORDERED = """
WITH shares AS (
  SELECT * FROM {self} AS given WHERE "pairs" > 0
), placed AS (
  SELECT held."case", held."call", held."s", "share", "rank",
    dense_rank() OVER (PARTITION BY held."case", held."call" ORDER BY "rank") AS "place"
  FROM (SELECT DISTINCT "case", "call", "s", "share" FROM shares) AS held
  LEFT JOIN {order} AS declared ON held."s" = declared."value"
), cumulated AS (
  SELECT *, sum("share") OVER (PARTITION BY "case", "call" ORDER BY "place") AS "upto" FROM placed
), ladder AS (
  SELECT "case", "call", array_agg(pair("place", "upto")) AS "steps",
    count(*) - count("rank") AS "placeless", greatest(count(DISTINCT "place") - 1, 1) AS "span"
  FROM cumulated GROUP BY "case", "call"
), classes AS (
  SELECT shares."case", shares."call", {q}, sum("pairs") AS "total", array_agg(pair("place", "pairs")) AS "parts"
  FROM shares JOIN placed
    ON shares."case" = placed."case" AND shares."call" = placed."call" AND shares."s" IS NOT DISTINCT FROM placed."s"
  GROUP BY shares."case", shares."call", {q}
)
SELECT ladder."case", ladder."call",
  CASE WHEN max("placeless") > 0 THEN CAST('Infinity' AS DOUBLE)
    ELSE round(max(ordered_gap("parts", "steps", CAST("total" AS DOUBLE)) / "span"), 10) END AS "t_ordered"
FROM classes JOIN ladder ON classes."case" = ladder."case" AND classes."call" = ladder."call"
GROUP BY ladder."case", ladder."call"
"""

HIERARCHICAL = """
WITH levels AS (
  SELECT DISTINCT "level" FROM {hierarchy} AS declared
), shares AS (
  SELECT given.*, levels."level" FROM {self} AS given CROSS JOIN levels WHERE "pairs" > 0
), noded AS (
  SELECT shares.*, CASE WHEN declared."value" IS NULL THEN 0 ELSE 1 END AS "known", coalesce("node", "s") AS "node"
  FROM shares LEFT JOIN {hierarchy} AS declared
    ON shares."s" = declared."value" AND shares."level" = declared."level"
), whole AS (
  SELECT "case", "call", "level", "known", "node", sum("share") AS "share"
  FROM (SELECT DISTINCT "case", "call", "level", "known", "node", "s", "share" FROM noded) AS once
  GROUP BY "case", "call", "level", "known", "node"
), parts AS (
  SELECT "case", "call", "level", {q}, "known", "node", sum("pairs") AS "pairs"
  FROM noded GROUP BY "case", "call", "level", {q}, "known", "node"
), distances AS (
  SELECT parts."case", parts."call", {q}, parts."level",
    total_variation(array_agg(pair("pairs", whole."share")), CAST(sum("pairs") AS DOUBLE)) AS "t"
  FROM parts JOIN whole
    ON parts."case" = whole."case" AND parts."call" = whole."call" AND parts."level" = whole."level"
    AND parts."known" = whole."known" AND parts."node" IS NOT DISTINCT FROM whole."node"
  GROUP BY parts."case", parts."call", {q}, parts."level"
)
SELECT "case", "call", round(max("t"), 10) AS "t_hierarchical"
FROM (SELECT "case", "call", avg("t") AS "t" FROM distances GROUP BY "case", "call", {q}) AS classes
GROUP BY "case", "call"
"""

NUMERIC = """
SELECT DISTINCT "s" AS "value", CAST("s" AS DOUBLE) AS "rank" FROM {self} AS combinations WHERE "s" IS NOT NULL
"""


def numeric_order(table: Combinations) -> Relation:
    """The order of numbers, for ``t_ordered``; running it fails where a value is no number."""
    return table.relation.query(NUMERIC)


def t_ordered(table: Combinations, *, order: Relation) -> Relation:
    """``case, call, t_ordered``; ``order`` has ``value, rank``, each value once."""
    return shares(table).query(ORDERED, order=order, q=table.q)


def t_hierarchical(table: Combinations, *, hierarchy: Relation) -> Relation:
    """``case, call, t_hierarchical``; ``hierarchy`` has ``value, level, node`` for each level below the root.

    Level 0 is the value itself. A tree of the levels 0 … h-1 and a root above them has height h.
    """
    return shares(table).query(HIERARCHICAL, hierarchy=hierarchy, q=table.q)


__all__ = ["HIERARCHICAL", "NUMERIC", "ORDERED", "numeric_order", "t_hierarchical", "t_ordered"]
