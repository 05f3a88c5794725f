"""Classes that hold the same values in the same counts are alike: each kind is measured once, however many there are.

``valued`` numbers the sensitive values of a call (``v``, from 0) and weighs them: ``share`` of the pairs of a person and
a value, ``odds`` among the people. A class is then the list of its ``parts``, each count × ``width`` + ``v``, so that a
part says both exactly; ``kinds`` are the classes of the same people and parts, and ``parts`` their parts again, a row
each, with the count ``n``. In data whose classes are small there are few kinds and many classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Bound, Relation

VALUED = """
SELECT "case", "call", "s",
  row_number() OVER (PARTITION BY "case", "call" ORDER BY "s" NULLS FIRST) - 1 AS "v",
  count(*) OVER (PARTITION BY "case", "call") AS "width",
  CAST("held" AS DOUBLE) / nullif(sum("held") OVER (PARTITION BY "case", "call"), 0) AS "share",
  CAST(nullif("held", 0) AS DOUBLE) / nullif(sum("first") OVER (PARTITION BY "case", "call"), 0) AS "odds",
  count(nullif("held", 0)) OVER (PARTITION BY "case", "call") AS "values"
FROM (
  SELECT "case", "call", "s", sum("whole") AS "held", sum("everyone") AS "first"
  FROM given GROUP BY "case", "call", "s"
) AS held
"""

CLASSES = """
SELECT given."case", given."call", {q},
  CAST(sum("rows") AS BIGINT) AS "rows",
  CAST(sum("people") AS BIGINT) AS "people",
  CAST(sum("pairs") AS BIGINT) AS "pairs",
  CAST(sum("everyone") AS BIGINT) AS "everyone",
  max("width") AS "width",
  array_sort(array_agg("pairs" * "width" + "v")) AS "parts"
FROM given JOIN valued
  ON given."case" = valued."case" AND given."call" = valued."call" AND given."s" IS NOT DISTINCT FROM valued."s"
GROUP BY given."case", given."call", {q}
"""

KINDS = """
SELECT *, row_number() OVER (PARTITION BY "case", "call" ORDER BY "people", "parts") AS "kind"
FROM (
  SELECT "case", "call", "people", "parts", count(*) AS "classes", max("width") AS "width",
    CAST(nullif(max("pairs"), 0) AS DOUBLE) AS "total",
    CAST(sum("rows") AS BIGINT) AS "rows", CAST(sum("everyone") AS BIGINT) AS "everyone"
  FROM classes
  GROUP BY "case", "call", "people", "parts"
) AS alike
"""

PARTS = """
SELECT *, "part" % "width" AS "v", ("part" - "part" % "width") / "width" AS "n"
FROM (
  SELECT "case", "call", "kind", "people", "classes", "rows", "everyone", "total", "width", explode("parts") AS "part"
  FROM kinds
) AS exploded
"""

GIVEN = f"""WITH given AS (SELECT * FROM {{self}} AS combinations), valued AS ({VALUED}), classes AS ({CLASSES}),
kinds AS ({KINDS}), parts AS ({PARTS})"""
KEPT = f"""WITH valued AS (SELECT * FROM {{valued}} AS once), kinds AS (SELECT * FROM {{kinds}} AS once),
parts AS ({PARTS})"""


def judged(table: Combinations, template: str, **bindings: Bound) -> Relation:
    """``template``, a SELECT over ``valued``, ``kinds`` and ``parts``, for this table."""
    if table.kept_as:
        return table.relation.query(KEPT + template, valued=table.kept_as[0], kinds=table.kept_as[1], **bindings)
    return table.relation.query(GIVEN + template, q=table.q, **bindings)


__all__ = ["CLASSES", "GIVEN", "KEPT", "KINDS", "PARTS", "VALUED"]
