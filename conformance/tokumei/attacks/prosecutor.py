"""A1/A4: somebody who knows that a person is in the release draws one of those who look like that person."""

from __future__ import annotations

from collections.abc import Sequence

from tokumei.measures.classes import class_sizes
from tokumei.relation import Column, Relation

WORST = """
SELECT "case", "call", max(1 / CAST(greatest(persons, 1) AS DOUBLE)) AS risk, count(*) AS classes,
  min(greatest(persons, 1)) AS smallest,
  count(*) FILTER (WHERE 1 / CAST(greatest(persons, 1) AS DOUBLE) > {bound}) AS above
FROM {self} t GROUP BY "case", "call"
"""

SLACK = 1e-9
"""1/k as a text of decimals is less than 1/k as a fraction."""


def prosecutor(seen: Relation, *, by: Sequence[Column], bound: float) -> Relation:
    """``case, call, risk, classes, smallest, above``: the greatest chance of a hit, and the classes above the bound.

    ``seen`` has ``who``; a row of nobody is somebody alone.
    """
    return class_sizes(seen, by=by, person=Column("who")).query(WORST, bound=bound + SLACK)


__all__ = ["SLACK", "WORST", "prosecutor"]
