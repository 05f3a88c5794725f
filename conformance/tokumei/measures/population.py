"""A release as a sample of a population: δ-presence, k-map, and what somebody risks who does not know who is in it.

The population is the table of combinations of the same quasi-identifiers, with the same ``case`` and
``call``. Counts are people of a class; NULL is a value and equals NULL. Where the release has people in a class
that the population lacks, it is no sample: k-map is then 0, and what divides by it is Infinity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Relation

PRESENCE = """
SELECT "case", "call",
  round(min("delta"), 10) AS "delta_min",
  round(max("delta"), 10) AS "delta_max",
  min(CASE WHEN "sample" > 0 THEN "population" END) AS "k_map",
  min(nullif("population", 0)) AS "k_map_all",
  round(max(CASE WHEN "sample" > 0 THEN "one" END), 10) AS "journalist",
  round(sum("sample" * CASE WHEN "sample" > 0 THEN "one" ELSE 0 END) / nullif(sum("sample"), 0), 10) AS "marketer_map",
  count(CASE WHEN "sample" = 1 AND "population" = 1 THEN 1 END) AS "unique_in_population"
FROM (
  SELECT *,
    coalesce("sample" / CAST(nullif("population", 0) AS DOUBLE), CAST('Infinity' AS DOUBLE)) AS "delta",
    coalesce(1 / CAST(nullif("population", 0) AS DOUBLE), CAST('Infinity' AS DOUBLE)) AS "one"
  FROM (
    SELECT "case", "call", {q}, CAST(sum("sample") AS BIGINT) AS "sample",
      CAST(sum("population") AS BIGINT) AS "population"
    FROM (
      SELECT "case", "call", {q}, "people" AS "sample", 0 AS "population" FROM {self} AS sampled
      UNION ALL
      SELECT "case", "call", {q}, 0 AS "sample", "people" AS "population" FROM {population} AS known
    ) AS both_tables
    GROUP BY "case", "call", {q}
  ) AS classes
  WHERE "sample" > 0 OR "population" > 0
) AS compared
GROUP BY "case", "call"
"""


def presence(table: Combinations, *, population: Combinations) -> Relation:
    """``case, call, delta_min, delta_max, k_map, k_map_all, journalist, marketer_map, unique_in_population``.

    ``k_map`` looks at the classes that the release has, ``k_map_all`` at every class of the population.
    """
    if len(table.by) != len(population.by):
        raise ValueError("the population is looked at by other quasi-identifiers")
    return table.texts.relation.query(PRESENCE, population=population.texts.relation, q=table.texts.q)


__all__ = ["PRESENCE", "presence"]
