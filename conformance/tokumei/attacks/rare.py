"""A19: the persons with a value that few others have, on whom every attack is tried by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokumei.declarations import FieldName
from tokumei.evidence import TableView
from tokumei.relation import Relation

SHARE = 0.05
"""A value is rare where at most one person in twenty has it."""

RARE = """
SELECT DISTINCT t."case", t."call", t.subject AS who FROM {self} t
JOIN (
  SELECT "case", "call", {column} AS v, count(DISTINCT subject) AS n FROM {self} g GROUP BY "case", "call", {column}
) c ON t."case" = c."case" AND t."call" = c."call" AND t.{column} IS NOT DISTINCT FROM c.v
JOIN (SELECT "case", "call", count(DISTINCT subject) AS n FROM {self} w GROUP BY "case", "call") a
  ON t."case" = a."case" AND t."call" = a."call"
WHERE t.subject IS NOT NULL AND c.n <= {share} * a.n
"""


def rare_persons(given: Mapping[str, TableView], names: Sequence[FieldName], *, share: float = SHARE) -> Relation:
    """``case, call, who``: those who have a rare value in one of the fields; that a value is missing can be rare too."""
    parts = [
        given[name.resource].relation.query(RARE, column=given[name.resource].column(name.field), share=share)
        for name in names
    ]
    return Relation(parts[0].engine, " UNION ".join(part.sql for part in parts))


__all__ = ["SHARE", "rare_persons"]
