"""Classes that hold the same values in the same counts are alike: each kind is measured once, however many there are.

``valued`` numbers the sensitive values of each call (``v``, from 0, no two alike) and weighs them: ``share`` of the
pairs of a person and a value, ``odds`` among the people. A class is then the list of its ``parts``, each count ×
``width`` + ``v``, so that a part says both exactly, in rising order; ``kinds`` are the classes of the same people and
parts, ``n_1`` to ``n_3`` their greatest counts, and ``parts`` their parts again, a row each, with the count ``n``. In data whose classes are small there are few
kinds and many classes. A ``kind`` is of one call, so that what is summed over its parts is told by its number alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.measures.wide import Wide
    from tokumei.relation import Bound, Relation

VALUED = """
SELECT "case", "call", "s",
  row_number() OVER (ORDER BY "case", "call", "s" NULLS FIRST) - 1 AS "v",
  count(*) OVER () AS "width",
  CAST("held" AS DOUBLE) / nullif(sum("held") OVER (PARTITION BY "case", "call"), 0) AS "share",
  CAST(nullif("held", 0) AS DOUBLE) / nullif(sum("first") OVER (PARTITION BY "case", "call"), 0) AS "odds",
  count(nullif("held", 0)) OVER (PARTITION BY "case", "call") AS "values", "most"
FROM (
  SELECT "case", "call", "s", sum("whole") AS "held", sum("everyone") AS "first", max("pairs") AS "most"
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

_FROM_THE_TOP = ", ".join(
    f"""coalesce((from_end("parts", {i}) - from_end("parts", {i}) % "width") / "width", 0) AS "n_{i}\""""
    for i in (1, 2, 3)
)
_IN_ORDER = 'ORDER BY "case", "call", "people", "parts"'
KINDS = f"""
SELECT *, row_number() OVER ({_IN_ORDER}) AS "kind", {_FROM_THE_TOP}
FROM (
  SELECT "case", "call", "people", "parts", count(*) AS "classes", max("width") AS "width",
    CAST(nullif(max("pairs"), 0) AS DOUBLE) AS "total",
    CAST(sum("rows") AS BIGINT) AS "rows", CAST(sum("everyone") AS BIGINT) AS "everyone"
  FROM classes
  GROUP BY "case", "call", "people", "parts"
) AS alike
"""

PARTS = """
SELECT "kind", "total", "part" % "width" AS "v", ("part" - "part" % "width") / "width" AS "n"
FROM (SELECT "kind", "total", "width", explode("parts") AS "part" FROM kinds) AS exploded
"""

SIZES = """
SELECT "case", "call", {q}, CAST(sum("people") AS BIGINT) AS "people", CAST(sum("everyone") AS BIGINT) AS "everyone"
FROM {self} AS combinations GROUP BY "case", "call", {q}
"""

GIVEN = f"""WITH given AS (SELECT * FROM {{self}} AS combinations), valued AS ({VALUED}), classes AS ({CLASSES}),
kinds AS ({KINDS}), parts AS ({PARTS})"""
ONCE = """WITH given AS (SELECT * FROM {self} AS combinations), valued AS (SELECT * FROM {valued} AS once)"""
KEPT = """WITH valued AS (SELECT * FROM {valued} AS once), kinds AS (SELECT * FROM {kinds} AS once)"""
KEPT_PARTS = f"""{KEPT}, parts AS (SELECT * FROM {{parts}} AS once)"""
OF_GIVEN = f"""WITH given AS (SELECT * FROM {{self}} AS combinations) {VALUED}"""
OF_VALUED = f"""{ONCE}, classes AS ({CLASSES}), kinds AS ({KINDS}) SELECT * FROM kinds""".replace(
    _IN_ORDER, 'ORDER BY "people"'
)
"""Run once, so that any order numbers the kinds; a query that names them twice must number them alike."""
CALL = (
    'PARTITION BY "case", "call"',
    'given."case", given."call", ',
    'given."case" = valued."case" AND given."call" = valued."call" AND ',
    '"case", "call", ',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the engine holds of a table for several measures."""

    valued: Relation
    kinds: Relation
    parts: Relation | None
    """None where the kinds have columns for their parts."""
    wide: Wide | None
    sizes: Relation
    """``case, call, q1 … qn, people, everyone`` of each class."""


def by_call(given: Relation, template: str, *, call: Relation | None, **bindings: Bound) -> Relation:
    """``template``, which groups by call; ``given`` does not name it where there is one only, which is ``call``."""
    if call is None:
        return given.query(template, **bindings)
    for said in CALL:
        template = template.replace(said, "")
    return given.query(template, **bindings).query("SELECT * FROM {self} AS t CROSS JOIN {call} AS calls", call=call)


def judged(table: Combinations, template: str, **bindings: Bound) -> Relation:
    """``template``, a SELECT over ``valued``, ``kinds`` and ``parts``, which some kept tables have not."""
    if kept := table.kept_as:
        with_parts: dict[str, Bound] = {"parts": kept.parts} if kept.parts else {}
        text = (KEPT_PARTS if kept.parts else KEPT) + template
        return table.relation.query(text, valued=kept.valued, kinds=kept.kinds, **with_parts, **bindings)
    return table.relation.query(GIVEN + template, q=table.q, **bindings)


__all__ = ["CLASSES", "GIVEN", "KEPT", "KINDS", "OF_GIVEN", "PARTS", "SIZES", "VALUED", "Kept", "by_call", "judged"]
