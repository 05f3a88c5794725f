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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokumei.measures.alike import GIVEN
from tokumei.relation import Column, columns

if TYPE_CHECKING:
    from tokumei.relation import Relation

ROWS_ARE_PEOPLE = """
SELECT "case", "call", {q}, "s", "n" AS "rows", "n" AS "pairs", "n" AS "people", "n" AS "whole", "n" AS "everyone"
FROM (
  SELECT "case", "call", {q}, "s", count(*) AS "n" FROM {self} AS given GROUP BY "case", "call", {q}, "s"
) AS counted
"""

COMBINATIONS = """
WITH repeated AS (
  SELECT count(*) AS "n"
  FROM (
    SELECT 1 AS "one" FROM {self} AS given WHERE "who" IS NOT NULL
    GROUP BY "case", "call", code(CAST("who" AS STRING)) HAVING count(*) > 1
  ) AS people
), pairs AS (
  SELECT "case", "call", {q}, "s", "who", count(*) AS "n"
  FROM {self} AS given WHERE (SELECT "n" FROM repeated) > 0
  GROUP BY "case", "call", {q}, "s", "who"
), ordered AS (
  SELECT *,
    row_number() OVER (PARTITION BY "case", "call", "who", {q} ORDER BY "s" NULLS FIRST) AS "in_class",
    row_number() OVER (PARTITION BY "case", "call", "who", "s" ORDER BY {in_order}) AS "with_value",
    row_number() OVER (PARTITION BY "case", "call", "who" ORDER BY {in_order}, "s" NULLS FIRST) AS "in_call"
  FROM pairs
)
SELECT "case", "call", {q}, "s", count(*) AS "rows",
  count("who") AS "pairs", count("who") AS "people", count("who") AS "whole", count("who") AS "everyone"
FROM {self} AS given WHERE (SELECT "n" FROM repeated) = 0
GROUP BY "case", "call", {q}, "s"
UNION ALL
SELECT "case", "call", {q}, "s", CAST(sum("n") AS BIGINT) AS "rows", count("who") AS "pairs",
  count(CASE WHEN "in_class" = 1 THEN "who" END) AS "people",
  count(CASE WHEN "with_value" = 1 THEN "who" END) AS "whole",
  count(CASE WHEN "in_call" = 1 THEN "who" END) AS "everyone"
FROM ordered
GROUP BY "case", "call", {q}, "s"
"""

CODES = """
SELECT DISTINCT "value", code("value") AS "code"
FROM (
  SELECT coalesce({q}, "s") AS "value" FROM {self} AS given GROUP BY GROUPING SETS ({each}, ("s"))
  UNION ALL SELECT CAST(NULL AS STRING) AS "value"
) AS given
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations:
    """The table, and what its columns stand for; composing it runs nothing."""

    relation: Relation
    by: tuple[Column, ...]
    rows: Relation
    """What it is the table of: ``case, call, q1 … qn, s, who``."""
    template: str
    codes: Relation | None = None
    """``value, code``: what the numbers in the columns ``q`` stand for; None where these hold the values themselves."""
    kept_as: tuple[Relation, Relation] | None = None
    """``valued`` and ``kinds`` of a table that is kept."""

    @property
    def q(self) -> tuple[Column, ...]:
        """The columns of the table that stand for ``by``, in its order."""
        return columns(f"q{i}" for i in range(1, len(self.by) + 1))

    @property
    def texts(self) -> Combinations:
        """The same table with values and not codes in the columns ``q``."""
        if self.codes is None:
            return replace(self, kept_as=None)
        every = (*self.q, Column("s"))
        named = ", ".join(f'c{i}."value" AS {column}' for i, column in enumerate(every))
        joined = " ".join(f'JOIN {{codes}} AS c{i} ON t.{column} = c{i}."code"' for i, column in enumerate(every))
        counts = ", ".join(f't."{name}"' for name in ("case", "call", "rows", "pairs", "people", "whole", "everyone"))
        held = self.relation.query(f"SELECT {counts}, {named} FROM {{self}} AS t {joined}", codes=self.codes)
        return replace(self, relation=held, codes=None, kept_as=None)

    def kept(self, name: str) -> Combinations:
        """The same table, run once and held by the engine under ``name``, for several measures of large data.

        Texts are compared as numbers, their codes, where no two texts of the data have the same one.
        """
        engine, made, codes = self.relation.engine, self, self._codes(name)
        if codes:
            coded = ", ".join(f"code({q}) AS {q}" for q in (*self.q, Column("s")))
            rows = self.rows.query(f'SELECT "case", "call", {coded}, "who" FROM {{self}} AS given')
            made = _made(rows, self.by, self.template)
        held = engine.register(name, made.relation.arrow())
        valued = held.query(GIVEN + "SELECT * FROM valued", q=self.q)
        if codes:
            named = ", ".join(f'"{column}"' for column in ("case", "call", "v", "width", "share", "odds", "values"))
            valued = valued.query(
                f'SELECT {named}, "value" AS "s" FROM {{self}} AS v JOIN {{codes}} AS c ON "s" = "code"', codes=codes
            )
        valued = engine.register(f"{name} valued", valued.arrow())
        kinds = engine.register(f"{name} kinds", held.query(GIVEN + "SELECT * FROM kinds", q=self.q).arrow())
        return replace(self, relation=held, codes=codes, kept_as=(valued, kinds))

    def _codes(self, name: str) -> Relation | None:
        """The code of each text, under a name of its own; None where two have the same, or something is no text."""
        empty = self.rows.query('SELECT {q}, "s" FROM {self} AS given LIMIT 0', q=self.q).arrow()
        if not {str(field.type) for field in empty.schema} <= {"string", "large_string", "string_view"}:
            return None
        each = ", ".join(f"({q})" for q in self.q)
        found = self.rows.query(CODES.replace("{each}", each), q=self.q).arrow()
        codes = self.relation.engine.register(f"{name} codes", found)
        twice = codes.query('SELECT count(*) - count(DISTINCT "code") AS "n" FROM {self} AS codes').value()
        return None if twice else codes


def combinations(
    rows: Relation, *, by: Sequence[Column], person: Column | None, sensitive: Column | None = None
) -> Combinations:
    """The distinct combinations of ``rows``; ``sensitive`` is not one of ``by``, else ValueError.

    ``person`` is None only where each row is known to be another person, which is then not looked at again.
    Without ``sensitive`` every row has one and the same value, so what concerns values says nothing.
    """
    if sensitive in by:
        raise ValueError("a class cannot be formed by the sensitive column")
    named = ", ".join(f"{{b{i}}} AS {{q{i}}}" for i in range(len(by)))
    bound = {f"b{i}": column for i, column in enumerate(by)}
    bound |= {f"q{i}": Column(f"q{i + 1}") for i in range(len(by))}
    bound |= {"s": sensitive} if sensitive else {}
    bound |= {"person": person} if person else {}
    given = rows.query(
        f'SELECT "case", "call", {named}, {"{s}" if sensitive else "CAST(NULL AS STRING)"} AS "s", '
        f'{"{person}" if person else "1"} AS "who" FROM {{self}} AS given',
        **bound,
    )
    return _made(given, tuple(by), COMBINATIONS if person else ROWS_ARE_PEOPLE)


def _made(rows: Relation, by: tuple[Column, ...], template: str) -> Combinations:
    q = columns(f"q{i}" for i in range(1, len(by) + 1))
    in_order = ", ".join(f"{column} NULLS FIRST" for column in q)
    found = rows.query(template.replace("{in_order}", in_order), q=q)
    return Combinations(relation=found, by=by, rows=rows, template=template)


__all__ = ["COMBINATIONS", "ROWS_ARE_PEOPLE", "Combinations", "combinations"]
