"""Every measure of a class and of a call that needs nothing but the release, in one query.

``each_kind`` measures each kind of class (``alike``), ``profile`` takes the worst class of each call. Each measure is a
column; what each means, and what NULL does, is in ``catalogue``.

Infinity says that no finite bound holds, so that a comparison with any threshold fails. NULL stands only
where a call has nobody. Results are rounded to ten decimals, so that a class of n equally frequent values
has entropy l = n and not a little less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokumei.measures.alike import judged

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Relation

_MEASURES = """"people", "classes", "rows", "everyone", "l" AS "l_distinct",
  exp(ln("total") - "weight" / "total") AS "l_entropy",
  coalesce("n_1" / nullif("total" - "n_1", 0), "never") AS "c_2",
  coalesce("n_1" / nullif("total" - "n_1" - "n_2", 0), "never") AS "c_3",
  coalesce("n_1" / nullif("total" - "n_1" - "n_2" - "n_3", 0), "never") AS "c_4",
  "n_1" / "size" AS "alpha",
  CASE WHEN "size" > 0 THEN "apart" END AS "t_equal",
  CASE WHEN "size" > 0 THEN greatest("most" / "size" - 1, 0) END AS "beta",
  CASE WHEN "enhanced" <= "size" THEN greatest("most" / "size" - 1, 0) ELSE "never" END AS "beta_enhanced",
  greatest(ln("most" / "size"), -ln("least" / "size")) AS "delta",
  CASE WHEN "l" < "values" THEN "never" ELSE greatest(ln("most" / "size"), -ln("least" / "size")) END AS "delta_strict\""""
_SIZED = """CAST(nullif("people", 0) AS DOUBLE) AS "size",
    CASE WHEN "people" > 0 THEN CAST('Infinity' AS DOUBLE) END AS "never\""""

EACH = f"""
SELECT "case", "call", "kind", {_MEASURES}
FROM (
  SELECT kinds.*, "l", "values", "weight", "apart", "most", "least", "enhanced", {_SIZED}
  FROM kinds JOIN (
    SELECT "kind",
      count(CASE WHEN "n" > 0 THEN 1 END) AS "l",
      max("values") AS "values",
      sum(CASE WHEN "n" > 0 THEN "n" * ln("n") ELSE 0 END) AS "weight",
      sum(CASE WHEN "n" > 0 THEN greatest("n" / "total" - "share", 0) ELSE 0 END) AS "apart",
      max("n" / "odds") AS "most",
      min(CASE WHEN "n" > 0 THEN "n" / "odds" END) AS "least",
      max("n" / "odds" / (1 - ln("odds"))) AS "enhanced"
    FROM parts JOIN valued ON parts."v" = valued."v"
    GROUP BY "kind"
  ) AS summed ON kinds."kind" = summed."kind"
) AS sized
"""

IN_COLUMNS = f"""
SELECT "case", "call", {_MEASURES} FROM (SELECT *, {_SIZED} FROM ({{summed}}) AS summed) AS sized
"""
"""``EACH`` where the kinds have columns for their parts."""

PROFILE = """
SELECT "case", "call",
  CAST(sum("rows") AS BIGINT) AS "rows",
  CAST(sum("everyone") AS BIGINT) AS "people",
  CAST(sum(CASE WHEN "people" > 0 THEN "classes" ELSE 0 END) AS BIGINT) AS "classes",
  min("people") AS "k",
  CAST(sum("people" * "people" * "classes") AS BIGINT) AS "discernibility",
  CAST(sum(CASE WHEN "people" = 1 THEN "classes" ELSE 0 END) AS BIGINT) AS "unique",
  round(1 / CAST(min(nullif("people", 0)) AS DOUBLE), 10) AS "prosecutor",
  round(sum(CASE WHEN "people" > 0 THEN "classes" ELSE 0 END)
    / CAST(nullif(sum("people" * "classes"), 0) AS DOUBLE), 10) AS "marketer",
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
FROM {self} AS each_kind
GROUP BY "case", "call"
"""

AT_RISK = """
SELECT "case", "call",
  CAST(sum(CASE WHEN "people" < {below} THEN "people" * "classes" ELSE 0 END) AS BIGINT) AS "at_risk"
FROM kinds
GROUP BY "case", "call"
"""

EACH_CLASS = f"""
SELECT classes."case", classes."call", {{q}}, classes."rows", classes."people", classes."everyone",
  "l_distinct", "l_entropy", "c_2", "c_3", "c_4", "alpha", "t_equal", "beta", "beta_enhanced", "delta", "delta_strict"
FROM classes
JOIN kinds ON classes."case" = kinds."case" AND classes."call" = kinds."call"
  AND classes."people" = kinds."people" AND classes."parts" = kinds."parts"
JOIN ({EACH}) AS measured
  ON kinds."case" = measured."case" AND kinds."call" = measured."call" AND kinds."kind" = measured."kind"
"""


def each_class(table: Combinations) -> Relation:
    """``case, call, q1 … qn, rows, people, everyone`` and the measures of each class, NULL where it has nobody."""
    return judged(table.texts, EACH_CLASS)


def profile(table: Combinations) -> Relation:
    """``case, call`` and all measures of the call; a call without rows has no line."""
    wide = table.kept_as.wide if table.kept_as else None
    return judged(table, IN_COLUMNS.replace("{summed}", wide.summed) if wide else EACH).query(PROFILE)


def at_risk(table: Combinations, *, below: int) -> Relation:
    """``case, call, at_risk``: the people in classes of fewer than ``below``."""
    return judged(table, AT_RISK, below=below)


__all__ = ["AT_RISK", "EACH", "EACH_CLASS", "IN_COLUMNS", "PROFILE", "at_risk", "each_class", "profile"]
