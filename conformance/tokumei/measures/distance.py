"""t-closeness where values are near or far: the distance of a declared order, and that of a declared hierarchy.

Both are the earth mover's distance of Li, Li and Venkatasubramanian (2007), between 0 and 1. The unit is the
pair of a person and a value, as for the equal distance.

Ordered: the places of a call are the values that somebody has, in their order, and values of the same rank share
one; the distance of neighbours is 1 / (places - 1). Hierarchical: two values are as far apart as the lowest node
above both is high. That is the mean of the equal distances on all levels below the root, since moving past a level
costs the same everywhere.

A value that the order does not name, NULL for instance, has no place: where somebody has one the result is
Infinity. A value that the hierarchy does not name is a branch of its own up to the root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tokumei.measures.alike import judged
from tokumei.measures.wide import Wide, number
from tokumei.relation import Column

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Relation

ORDERED = """
SELECT ladder."case", ladder."call",
  CASE WHEN max("placeless") > 0 THEN CAST('Infinity' AS DOUBLE)
    ELSE round(max(ordered_gap("held", "steps", "total") / "span"), 10) END AS "t_ordered"
FROM (
  SELECT "kind", array_agg(pair("place", "n")) AS "held"
  FROM parts JOIN {placed} AS placed ON parts."v" = placed."v"
  WHERE "n" > 0
  GROUP BY "kind"
) AS each_kind
JOIN kinds ON each_kind."kind" = kinds."kind"
JOIN (
  SELECT "case", "call", array_agg(pair("place", "upto")) AS "steps",
    sum("placeless") AS "placeless", greatest(count(*) - 1, 1) AS "span"
  FROM (
    SELECT "case", "call", "place", count(*) - count("rank") AS "placeless",
      sum(sum("share")) OVER (PARTITION BY "case", "call" ORDER BY "place") AS "upto"
    FROM {placed} AS placed
    GROUP BY "case", "call", "place"
  ) AS cumulated
  GROUP BY "case", "call"
) AS ladder
  ON kinds."case" = ladder."case" AND kinds."call" = ladder."call"
GROUP BY ladder."case", ladder."call"
"""

IN_COLUMNS = """
SELECT ladder."case", ladder."call",
  CASE WHEN max("placeless") > 0 THEN CAST('Infinity' AS DOUBLE) ELSE round(max(({gaps}) / "span"), 10) END
    AS "t_ordered"
FROM (
  SELECT "kind", max("total") AS "total", {held}
  FROM parts JOIN {placed} AS placed ON parts."v" = placed."v"
  WHERE "n" > 0
  GROUP BY "kind"
) AS each_kind
JOIN kinds ON each_kind."kind" = kinds."kind"
JOIN (
  SELECT "case", "call", {steps},
    count(*) - count("rank") AS "placeless", greatest(count(DISTINCT "place") - 1, 1) AS "span"
  FROM {placed} AS placed
  GROUP BY "case", "call"
) AS ladder
  ON kinds."case" = ladder."case" AND kinds."call" = ladder."call"
GROUP BY ladder."case", ladder."call"
"""
"""``ORDERED`` with a column for each place in place of lists, where it is known that there are few."""
MOST_COLUMNS = 64

PLACED = """(
  SELECT valued."case", valued."call", "v", "share", "rank",
    dense_rank() OVER (PARTITION BY valued."case", valued."call" ORDER BY "rank") AS "place"
  FROM valued LEFT JOIN {order} AS declared ON valued."s" = declared."value"
  WHERE "share" > 0
)"""

NODES = """(
  SELECT "v", "height",
    sum("share") OVER (PARTITION BY "case", "call", "level", "known", "node") AS "whole",
    dense_rank() OVER (ORDER BY "case", "call", "level", "known", "node" NULLS FIRST) AS "place"
  FROM (
    SELECT valued."case", valued."call", "v", "share", levels."level", "height",
      CASE WHEN declared."value" IS NULL THEN 0 ELSE 1 END AS "known", coalesce("node", "s") AS "node"
    FROM valued
    CROSS JOIN (SELECT "level", count(*) OVER () AS "height" FROM {hierarchy} AS tree GROUP BY "level") AS levels
    LEFT JOIN {hierarchy} AS declared ON valued."s" = declared."value" AND levels."level" = declared."level"
    WHERE "share" > 0
  ) AS noded
)"""
"""Each value and each node above it, by the place of the node."""

HIERARCHICAL = f"""
SELECT "case", "call", round(max("t"), 10) AS "t_hierarchical"
FROM (
  SELECT "kind", sum(greatest("held" - "share", 0)) AS "t"
  FROM (
    SELECT "kind", "place", sum("n" / "total" / "height") AS "held", max("whole" / "height") AS "share"
    FROM parts JOIN {NODES} AS nodes ON parts."v" = nodes."v"
    WHERE "n" > 0
    GROUP BY "kind", "place"
  ) AS branches
  GROUP BY "kind"
) AS each_kind JOIN kinds ON each_kind."kind" = kinds."kind"
GROUP BY "case", "call"
"""

PLACES = """
SELECT CAST(max("n") AS BIGINT) AS "n"
FROM (SELECT count(*) AS "n" FROM {self} AS valued GROUP BY "case", "call") AS each_call
"""
"""The most values of a call, which has no more places."""

NUMERIC = """
SELECT DISTINCT "s" AS "value", CAST("s" AS DOUBLE) AS "rank" FROM valued WHERE "s" IS NOT NULL
"""


def numeric_order(table: Combinations) -> Relation:
    """The order of numbers, for ``t_ordered``; running it fails where a value is no number."""
    return judged(table, NUMERIC)


def t_ordered(table: Combinations, *, order: Relation) -> Relation:
    """``case, call, t_ordered``; ``order`` has ``value, rank``, each value once."""
    if table.kept_as is None:
        return judged(table, ORDERED.replace("{placed}", PLACED), order=order)
    if wide := table.kept_as.wide:
        ladder = judged(table, f"SELECT * FROM {PLACED} AS placed", order=order).rows()
        return judged(table, wide.farthest(Column("t_ordered"), _gaps(wide, ladder)))
    most = table.kept_as.valued.query(PLACES).value() or 0
    if not 0 < most <= MOST_COLUMNS:
        return judged(table, ORDERED.replace("{placed}", PLACED), order=order)
    places = range(1, most + 1)
    parts = {
        "{gaps}": " + ".join(f'abs("held_{i}" / each_kind."total" - "upto_{i}")' for i in places),
        "{held}": ", ".join(f'sum(CASE WHEN "place" <= {i} THEN "n" ELSE 0 END) AS "held_{i}"' for i in places),
        "{steps}": ", ".join(f'sum(CASE WHEN "place" <= {i} THEN "share" ELSE 0 END) AS "upto_{i}"' for i in places),
        "{placed}": PLACED,
    }
    template = IN_COLUMNS
    for name, text in parts.items():
        template = template.replace(name, text)
    return judged(table, template, order=order)


def t_hierarchical(table: Combinations, *, hierarchy: Relation) -> Relation:
    """``case, call, t_hierarchical``; ``hierarchy`` has ``value, level, node`` for each level below the root.

    Level 0 is the value itself. A tree of the levels 0 … h-1 and a root above them has height h.
    """
    if table.kept_as and (wide := table.kept_as.wide):
        nodes = judged(table, f"SELECT * FROM {NODES} AS nodes", hierarchy=hierarchy).rows()
        return judged(table, wide.farthest(Column("t_hierarchical"), _branches(wide, nodes)))
    return judged(table, HIERARCHICAL, hierarchy=hierarchy)


def _gaps(wide: Wide, ladder: Sequence[Mapping[str, Any]]) -> str:
    """The distance of a declared order as an expression."""
    if any(row["rank"] is None for row in ladder):
        return "CAST('Infinity' AS DOUBLE)"
    ordered, gaps = sorted(ladder, key=_place), []
    for i in range(1, len(ordered)):
        if ordered[i]["place"] != ordered[i - 1]["place"]:
            # What is held up to a place is as far from its share as what is held above it: the shorter sum will do.
            side = min(ordered[:i], ordered[i:], key=len)
            gaps.append(f"abs({wide.held(row['v'] for row in side)} - {number(sum(row['share'] for row in side))})")
    return f"({' + '.join(gaps)}) / {len(gaps)}" if gaps else "0"


def _branches(wide: Wide, nodes: Sequence[Mapping[str, Any]]) -> str:
    """The distance of a declared hierarchy as an expression."""
    branches = [list(node) for _, node in groupby(sorted(nodes, key=_place), key=_place)]
    above = wide.apart(([row["v"] for row in node], node[0]["whole"]) for node in branches)
    return f"({above}) / {nodes[0]['height']}" if nodes else ""


def _place(row: Mapping[str, Any]) -> int:
    return int(row["place"])


__all__ = [
    "HIERARCHICAL",
    "IN_COLUMNS",
    "MOST_COLUMNS",
    "NODES",
    "NUMERIC",
    "ORDERED",
    "PLACED",
    "numeric_order",
    "t_hierarchical",
    "t_ordered",
]
