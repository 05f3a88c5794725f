"""Who is who: persons of the input and of the release whose kept values are the same, and are nobody else's.

The suite holds the input and so knows this; the attacker does not. A release that alters what it says it keeps has
nobody to show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokumei.declarations import FieldName
from tokumei.evidence import TableView
from tokumei.relation import Relation, bind

LINES = (
    'SELECT "case", "call", subject, {resource} || concat_ws(chr(31), <texts>) AS line FROM {self} t '
    "WHERE subject IS NOT NULL"
)
TEXT = "coalesce(CAST(try_cast({column} AS DOUBLE) AS STRING), {column}, '')"
"""A number is the same number however it is written."""

ALONE = """
SELECT "case", "call", any_value(subject) AS subject, lines FROM (
  SELECT "case", "call", subject, array_sort(array_agg(line)) AS lines FROM {self} t GROUP BY "case", "call", subject
) s GROUP BY "case", "call", lines HAVING count(*) = 1
"""

ALIGNED = """
SELECT g."case", g."call", g.subject AS given, r.subject AS released FROM {self} g
JOIN {released} r ON g."case" = r."case" AND g."call" = r."call" AND g.lines = r.lines
"""


ONE_TO_ONE = """
SELECT "case", "call", given, any_value(released) AS released FROM (
  SELECT p.*, count(*) OVER (PARTITION BY "case", "call", released) AS claims FROM (SELECT DISTINCT * FROM {self} t) p
) q GROUP BY "case", "call", given HAVING count(*) = 1 AND max(claims) = 1
"""


def aligned(
    given: Mapping[str, TableView], released: Mapping[str, TableView], kept: Sequence[FieldName], home: str
) -> Relation:
    """``case, call, given, released``: the persons who are told apart by all their rows of the kept fields.

    Each table is looked at with that of the persons (``home``): where rows of one are left out, others may do.
    """
    mine = [name for name in kept if name.resource == home]
    others = sorted({name.resource for name in kept} - {home}) or [home]
    pairs = []
    for resource in others:
        used = [*mine, *(name for name in kept if name.resource == resource != home)]
        pairs.append(_alone(given, used).query(ALIGNED, released=_alone(released, used)))
    every = Relation(pairs[0].engine, " UNION ALL ".join(pair.sql for pair in pairs))
    return every.query(ONE_TO_ONE)


def _alone(views: Mapping[str, TableView], kept: Sequence[FieldName]) -> Relation:
    parts = []
    for resource in sorted({name.resource for name in kept}):
        view = views[resource]
        texts = ", ".join(
            bind(TEXT, column=view.column(name.field)) for name in sorted(kept, key=str) if name.resource == resource
        )
        lines = LINES.replace("<texts>", texts.replace("{", "{{").replace("}", "}}"))
        parts.append(view.relation.query(lines, resource=resource))
    return Relation(parts[0].engine, " UNION ALL ".join(part.sql for part in parts)).query(ALONE)


__all__ = ["aligned"]
