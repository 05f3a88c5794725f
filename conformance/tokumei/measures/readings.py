"""What suppressed cells mean: k under the three readings that tools use, side by side.

A cell is suppressed when it is NULL or one of the markers, ``*`` for instance.

- ``k_value``: a marker is a value like any other (ARX, pycanon). This is the ``k`` of the profile.
- ``k_removed``: the same, without the rows of which every quasi-identifier is suppressed.
- ``k_wildcard``: a suppressed cell agrees with every value (sdcMicro). A person counts for each class that
  agrees with theirs. Where somebody stands in several classes this is a lower bound, and which one depends on
  the order of the values, which in a kept table is that of their codes.

The third grows with the classes that have a suppressed cell × all classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Bound, Relation

READINGS = """
WITH classes AS (
  SELECT *, CASE WHEN {any_null} THEN 1 ELSE 0 END AS "some", CASE WHEN {all_null} THEN 1 ELSE 0 END AS "all"
  FROM (
    SELECT "case", "call", {q}, {masked}, "people", "everyone" AS "once" FROM {self} AS each_class
  ) AS sizes
), agreeing AS (
  SELECT a."case", a."call", {of_a}, {of_b}, a."once" AS "once", b."some" AS "other_some", b."once" AS "other_once"
  FROM (SELECT * FROM classes WHERE "some" = 1) AS a
  JOIN classes AS b ON a."case" = b."case" AND a."call" = b."call" AND {agree} AND NOT ({same})
), gained AS (
  SELECT "case", "call", {q}, sum("once") AS "gain"
  FROM (
    SELECT "case", "call", {b_named}, "once" FROM agreeing
    UNION ALL
    SELECT "case", "call", {a_named}, "other_once" AS "once" FROM agreeing WHERE "other_some" = 0
  ) AS both_ways
  GROUP BY "case", "call", {q}
)
SELECT a."case", a."call",
  min("people") AS "k_value",
  min(CASE WHEN "all" = 0 THEN "people" END) AS "k_removed",
  CAST(min(greatest("people", "once" + coalesce("gain", 0))) AS BIGINT) AS "k_wildcard",
  CAST(sum(CASE WHEN "some" = 1 THEN "people" ELSE 0 END) AS BIGINT) AS "people_suppressed",
  CAST(sum(CASE WHEN "all" = 1 THEN "people" ELSE 0 END) AS BIGINT) AS "people_removed"
FROM classes AS a LEFT JOIN gained AS b ON a."case" = b."case" AND a."call" = b."call" AND {same}
GROUP BY a."case", a."call"
"""

NOTHING_SUPPRESSED = """
SELECT "case", "call", min("people") AS "k_value", min("people") AS "k_removed", min("people") AS "k_wildcard",
  CAST(0 AS BIGINT) AS "people_suppressed", CAST(0 AS BIGINT) AS "people_removed"
FROM {self} AS kinds GROUP BY "case", "call"
"""
"""The same where no cell is suppressed, which a kept table knows by its values."""

GONE = """
SELECT count(*) AS "n" FROM {self} AS codes WHERE "place" < {sensitive} AND ({gone})
"""


def readings(table: Combinations, *, markers: Sequence[str] = ()) -> Relation:
    """``case, call, k_value, k_removed, k_wildcard, people_suppressed, people_removed``.

    ``k_removed`` is NULL where nothing is left.
    """
    n = range(1, len(table.by) + 1)
    if table.packed:
        gone = '"value" IS NULL' + (' OR "value" IN {markers}' if markers else "")
        found = table.packed.codes.query(GONE.replace("{gone}", gone), sensitive=len(table.by) + 1, markers=markers)
        if table.kept_as and not found.value():
            return table.kept_as.kinds.query(NOTHING_SUPPRESSED)
        masks = {
            i: f'CASE WHEN {table.packed.part(i)} NOT IN (SELECT "part" FROM {table.packed.values(i)} AS v WHERE {gone}) '
            f"THEN {table.packed.part(i)} END"
            for i in n
        }
    else:
        mask = "CASE WHEN CAST({q} AS STRING) NOT IN {markers} THEN {q} END" if markers else "{q}"
        masks = {i: mask.replace("{q}", str(q)) for i, q in zip(n, table.q, strict=True)}
    parts = {
        "{masked}": ", ".join(f'{masks[i]} AS "m{i}"' for i in n),
        "{any_null}": " OR ".join(f'"m{i}" IS NULL' for i in n),
        "{all_null}": " AND ".join(f'"m{i}" IS NULL' for i in n),
        "{same}": " AND ".join(f"a.{q} IS NOT DISTINCT FROM b.{q}" for q in table.q),
        "{of_a}": ", ".join(f'a.{q} AS "a{i}"' for i, q in enumerate(table.q)),
        "{of_b}": ", ".join(f'b.{q} AS "b{i}"' for i, q in enumerate(table.q)),
        "{a_named}": ", ".join(f'"a{i}" AS {q}' for i, q in enumerate(table.q)),
        "{b_named}": ", ".join(f'"b{i}" AS {q}' for i, q in enumerate(table.q)),
        "{agree}": " AND ".join(f'(a."m{i}" = b."m{i}" OR a."m{i}" IS NULL OR b."m{i}" IS NULL)' for i in n),
    }
    template = READINGS
    for name, text in parts.items():
        template = template.replace(name, text)
    bound: dict[str, Bound] = {"codes": table.packed.codes} if table.packed else {}
    return table.sizes.query(template, q=table.q, markers=list(markers), **bound)


__all__ = ["NOTHING_SUPPRESSED", "READINGS", "readings"]
