"""Every measure of a class and of a call that needs nothing but the release, in one query.

``shares`` weighs each combination, ``classes`` adds the combinations of a class up, ``profile`` takes the
worst class of each call. Each measure is a column; what each means, and what NULL does, is in ``catalogue``.

Infinity says that no finite bound holds, so that a comparison with any threshold fails. NULL stands only
where a call has nobody. Results are rounded to ten decimals, so that a class of n equally frequent values
has entropy l = n and not a little less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Relation

SHARES = """
WITH given AS (
  SELECT * FROM {self} AS combinations
), held AS (
  SELECT "case", "call", "s", sum("whole") AS "held", sum("everyone") AS "first" FROM given GROUP BY "case", "call", "s"
), weighed AS (
  SELECT "case", "call", "s",
    CAST("held" AS DOUBLE) / nullif(sum("held") OVER (PARTITION BY "case", "call"), 0) AS "share",
    CAST(nullif("held", 0) AS DOUBLE) / nullif(sum("first") OVER (PARTITION BY "case", "call"), 0) AS "odds",
    count(nullif("held", 0)) OVER (PARTITION BY "case", "call") AS "values"
  FROM held
)
SELECT given.*, "share", "odds", "values"
FROM given JOIN weighed
  ON given."case" = weighed."case" AND given."call" = weighed."call" AND given."s" IS NOT DISTINCT FROM weighed."s"
"""

CLASSES = """
SELECT "case", "call", {q},
  CAST(sum("rows") AS BIGINT) AS "rows",
  CAST(sum("people") AS BIGINT) AS "people",
  CAST(sum("pairs") AS BIGINT) AS "pairs",
  CAST(sum("everyone") AS BIGINT) AS "everyone",
  count(CASE WHEN "pairs" > 0 THEN 1 END) AS "l",
  max("values") AS "values",
  max("pairs") AS "top",
  sum(CASE WHEN "pairs" > 0 THEN "pairs" * ln("pairs") ELSE 0 END) AS "weight",
  max("pairs" / "odds") AS "most",
  min(CASE WHEN "pairs" > 0 THEN "pairs" / "odds" END) AS "least",
  max("pairs" / "odds" / (1 - ln("odds"))) AS "enhanced",
  array_agg(pair("pairs", "share")) AS "parts"
FROM {self} AS shares
GROUP BY "case", "call", {q}
"""

EACH = """
SELECT "case", "call", {q}, "rows", "people", "everyone", "l" AS "l_distinct",
  exp(ln("total") - "weight" / "total") AS "l_entropy",
  coalesce("top" / nullif("total" - "top", 0), "never") AS "c_2",
  coalesce("top" / nullif("total" - sum_first("counts", 2), 0), "never") AS "c_3",
  coalesce("top" / nullif("total" - sum_first("counts", 3), 0), "never") AS "c_4",
  "top" / "size" AS "alpha",
  CASE WHEN "size" > 0 THEN total_variation("parts", "total") END AS "t_equal",
  CASE WHEN "size" > 0 THEN greatest("most" / "size" - 1, 0) END AS "beta",
  CASE WHEN "enhanced" <= "size" THEN greatest("most" / "size" - 1, 0) ELSE "never" END AS "beta_enhanced",
  greatest(ln("most" / "size"), -ln("least" / "size")) AS "delta",
  CASE WHEN "l" < "values" THEN "never" ELSE greatest(ln("most" / "size"), -ln("least" / "size")) END AS "delta_strict"
FROM (
  SELECT *, largest_first("parts") AS "counts",
    CAST(nullif("people", 0) AS DOUBLE) AS "size", CAST(nullif("pairs", 0) AS DOUBLE) AS "total",
    CASE WHEN "people" > 0 THEN CAST('Infinity' AS DOUBLE) END AS "never"
  FROM {self} AS classes
) AS sized
"""

PROFILE = """
SELECT "case", "call",
  CAST(sum("rows") AS BIGINT) AS "rows",
  CAST(sum("everyone") AS BIGINT) AS "people",
  count(nullif("people", 0)) AS "classes",
  min("people") AS "k",
  CAST(sum("people" * "people") AS BIGINT) AS "discernibility",
  count(CASE WHEN "people" = 1 THEN 1 END) AS "unique",
  round(1 / CAST(min(nullif("people", 0)) AS DOUBLE), 10) AS "prosecutor",
  round(count(nullif("people", 0)) / CAST(nullif(sum("people"), 0) AS DOUBLE), 10) AS "marketer",
  min("l_distinct") AS "l_distinct",
  round(min("l_entropy"), 10) AS "l_entropy",
  round(max("c_2"), 10) AS "c_2",
  round(max("c_3"), 10) AS "c_3",
  round(max("c_4"), 10) AS "c_4",
  round(max("alpha"), 10) AS "alpha",
  round(max("t_equal"), 10) AS "t_equal",
  round(max("beta"), 10) AS "beta",
  round(max("beta_enhanced"), 10) AS "beta_enhanced",
  round(max("delta"), 10) AS "delta",
  round(max("delta_strict"), 10) AS "delta_strict"
FROM {self} AS each_class
GROUP BY "case", "call"
"""

AT_RISK = """
SELECT "case", "call", CAST(sum(CASE WHEN "people" < {below} THEN "people" ELSE 0 END) AS BIGINT) AS "at_risk"
FROM {self} AS each_class
GROUP BY "case", "call"
"""


def shares(table: Combinations) -> Relation:
    """The table with, for each value, its ``share`` of the pairs and its ``odds`` among the people of the call."""
    return table.relation.query(SHARES)


def each_class(table: Combinations) -> Relation:
    """``case, call, q1 … qn, rows, people, everyone`` and the measures of each class, NULL where it has nobody."""
    return shares(table).query(CLASSES, q=table.q).query(EACH, q=table.q)


def profile(table: Combinations) -> Relation:
    """``case, call`` and all measures of the call; a call without rows has no line."""
    return each_class(table).query(PROFILE)


def at_risk(table: Combinations, *, below: int) -> Relation:
    """``case, call, at_risk``: the people in classes of fewer than ``below``."""
    return each_class(table).query(AT_RISK, below=below)


__all__ = ["CLASSES", "EACH", "PROFILE", "SHARES", "at_risk", "each_class", "profile", "shares"]
