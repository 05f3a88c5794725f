"""The table of distinct combinations, from which every measure is computed: one scan of the rows.

A combination is what somebody can be looked up by, and one sensitive value: ``case, call, q1 … qn, s``. With
each stand counts that can be added up without counting anybody twice:

- ``rows``: rows with the combination, whether they have a person or not;
- ``pairs``: people with the combination;
- ``people``: those of them whom no other value of the same class counts, so that their sum is the people of a class;
- ``whole``: those whom no other class counts with the same value, so that their sum is the people with a value;
- ``everyone``: those whom nothing else of the call counts, so that their sum is the people of the call.

With one row for each person all are the number of rows, and the text below takes that short way by itself
where it finds that nobody comes twice. NULL is a value and equals NULL, for ``q`` as for ``s``; a row without
a person is counted in ``rows`` and in nobody's favour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokumei.relation import Column, columns

if TYPE_CHECKING:
    from tokumei.relation import Relation

ROWS_ARE_PEOPLE = """
SELECT "case", "call", {named}, count(*) AS "rows",
  count(*) AS "pairs", count(*) AS "people", count(*) AS "whole", count(*) AS "everyone"
FROM {self} AS given
GROUP BY "case", "call", {by}
"""

COMBINATIONS = """
WITH repeated AS (
  SELECT count(*) AS "n"
  FROM (
    SELECT 1 AS "one" FROM {self} AS given WHERE {person} IS NOT NULL
    GROUP BY "case", "call", {person} HAVING count(*) > 1
  ) AS people
), pairs AS (
  SELECT "case", "call", {named}, {person} AS "who", count(*) AS "n"
  FROM {self} AS given WHERE (SELECT "n" FROM repeated) > 0
  GROUP BY "case", "call", {by}, {person}
), ordered AS (
  SELECT *,
    row_number() OVER (PARTITION BY "case", "call", "who", {q} ORDER BY "s" NULLS FIRST) AS "in_class",
    row_number() OVER (PARTITION BY "case", "call", "who", "s" ORDER BY {in_order}) AS "with_value",
    row_number() OVER (PARTITION BY "case", "call", "who" ORDER BY {in_order}, "s" NULLS FIRST) AS "in_call"
  FROM pairs
)
SELECT "case", "call", {named}, count(*) AS "rows",
  count({person}) AS "pairs", count({person}) AS "people", count({person}) AS "whole", count({person}) AS "everyone"
FROM {self} AS given WHERE (SELECT "n" FROM repeated) = 0
GROUP BY "case", "call", {by}
UNION ALL
SELECT "case", "call", {q}, "s", CAST(sum("n") AS BIGINT) AS "rows", count("who") AS "pairs",
  count(CASE WHEN "in_class" = 1 THEN "who" END) AS "people",
  count(CASE WHEN "with_value" = 1 THEN "who" END) AS "whole",
  count(CASE WHEN "in_call" = 1 THEN "who" END) AS "everyone"
FROM ordered
GROUP BY "case", "call", {q}, "s"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations:
    """The table, and what its columns stand for; composing it runs nothing."""

    relation: Relation
    by: tuple[Column, ...]

    @property
    def q(self) -> tuple[Column, ...]:
        """The columns of the table that hold the values of ``by``, in its order."""
        return columns(f"q{i}" for i in range(1, len(self.by) + 1))

    def kept(self, name: str) -> Combinations:
        """The same table, run once and held by the engine under ``name``, for several measures of large data."""
        held = self.relation.engine.register(name, self.relation.arrow())
        return Combinations(relation=held, by=self.by)


def combinations(
    rows: Relation, *, by: Sequence[Column], person: Column | None, sensitive: Column | None = None
) -> Combinations:
    """The distinct combinations of ``rows``; ``sensitive`` is not one of ``by``, else ValueError.

    ``person`` is None only where each row is known to be another person, which is then not looked at again.
    Without ``sensitive`` every row has one and the same value, so what concerns values says nothing.
    """
    if sensitive in by:
        raise ValueError("a class cannot be formed by the sensitive column")
    table = Combinations(relation=rows, by=tuple(by))
    named = [f"{{by{i}}} AS {{q{i}}}" for i in range(len(table.by))]
    named.append("{sensitive} AS {s}" if sensitive else "CAST(NULL AS STRING) AS {s}")
    template = ROWS_ARE_PEOPLE if person is None else COMBINATIONS
    in_order = ", ".join(f"{{q{i}}} NULLS FIRST" for i in range(len(table.by)))
    bound = {f"by{i}": column for i, column in enumerate(table.by)}
    bound |= {f"q{i}": column for i, column in enumerate(table.q)} | {"s": Column("s")}
    bound |= {"sensitive": sensitive} if sensitive else {}
    bound |= {"person": person} if person else {}
    every = (*table.by, sensitive) if sensitive else table.by
    template = template.replace("{named}", ", ".join(named)).replace("{in_order}", in_order)
    found = rows.query(template, by=every, q=table.q, **bound)
    return Combinations(relation=found, by=table.by)


__all__ = ["COMBINATIONS", "ROWS_ARE_PEOPLE", "Combinations", "combinations"]
