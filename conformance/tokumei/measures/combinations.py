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

from tokumei.measures.alike import OF_GIVEN, OF_VALUED, PARTS, SIZES, Kept, by_call
from tokumei.measures.packing import MOST, Packed, cells
from tokumei.measures.wide import wide
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

COUNTS = ", ".join(f'"{name}"' for name in ("case", "call", "rows", "pairs", "people", "whole", "everyone"))

CODES = """
SELECT coalesce({q}, "s") AS "value", code(coalesce({q}, "s")) AS "code", {place} AS "place"
FROM {self} AS given GROUP BY GROUPING SETS ({each}, ("s"))
"""
"""The values of each column."""

ONE_ROW = """
SELECT "case", "call", {q}, "s" FROM {self} AS given LIMIT 1
"""
"""Tells the types, and a call."""
TEXTS = {"string", "large_string", "string_view"}

ANOTHER_CALL = """
SELECT count("n") AS "n" FROM (
  SELECT 1 AS "n" FROM {self} AS given
  WHERE "case" IS DISTINCT FROM {case_} OR "call" IS DISTINCT FROM {call_} LIMIT 1
) AS others
"""

TWICE = """
SELECT count(*) - count(DISTINCT "code") AS "n"
FROM (SELECT "value", "code" FROM {self} AS codes UNION SELECT NULL AS "value", code(CAST(NULL AS STRING)) AS "code")
AS distinct_values
"""

FEW = """
SELECT "place", "code" FROM (
  SELECT "place", "code", count(*) OVER (PARTITION BY "place") AS "n" FROM {self} AS codes
) AS counted WHERE "n" <= {most}
"""

REPEATED = """
SELECT count("n") AS "n" FROM (
  SELECT count(*) AS "n" FROM {self} AS given WHERE "who" IS NOT NULL
  GROUP BY {call} code(CAST("who" AS STRING)) HAVING count(*) > 1
) AS people
"""

NUMBERS_OF_ROWS = """
SELECT {by}, count(*) AS "rows" FROM {self} AS given GROUP BY {by}
"""

ONE_ROW_EACH = """
SELECT {by}, count(*) AS "rows", count("who") AS "pairs" FROM {self} AS given GROUP BY {by}
"""
"""Counts that are not told are the same as the one before."""

SEVERAL_ROWS = """
SELECT {by}, count(*) AS "rows", count(CASE WHEN "pair" THEN "who" END) AS "pairs",
  count(CASE WHEN "in_class" THEN "who" END) AS "people", count(CASE WHEN "with_value" THEN "who" END) AS "whole",
  count(CASE WHEN "in_call" THEN "who" END) AS "everyone"
FROM (
  SELECT *, "first" = 1 AS "in_call", "first" = 1 OR "moved" AS "in_class",
    "first" = 1 OR "moved" OR "s_before" <> "s" AS "pair", "first_value" = 1 OR "other_value" <> "s" AS "with_value"
  FROM (
    SELECT {by}, "who", {moved} AS "moved",
      row_number() OVER (PARTITION BY {call} "who" ORDER BY {q}, "s") AS "first",
      lag("s") OVER (PARTITION BY {call} "who" ORDER BY {q}, "s") AS "s_before",
      row_number() OVER (PARTITION BY {call} "who" ORDER BY "s", {q}) AS "first_value",
      lag("s") OVER (PARTITION BY {call} "who" ORDER BY "s", {q}) AS "other_value"
    FROM {self} AS given
  ) AS ordered
) AS flagged
GROUP BY {by}
"""
"""As ``COMBINATIONS`` for people of several rows, over numbers that are never NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The table over numbers."""

    given: Relation
    call: Relation | None
    """The only call, which ``given`` then does not name; None where there may be others."""
    told: tuple[str, ...]
    """Which of ``people``, ``rows`` and ``everyone`` are not the same as the pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations:
    """The table, and what its columns stand for; composing it runs nothing."""

    relation: Relation
    by: tuple[Column, ...]
    rows: Relation
    """What it is the table of: ``case, call, q1 … qn, s, who``."""
    template: str
    packed: Packed | None = None
    """How values stand in the numbers of a table that is kept; None where its columns hold the values themselves."""
    kept_as: Kept | None = None

    @property
    def q(self) -> tuple[Column, ...]:
        """The columns of the table that tell its classes."""
        return self.packed.keys if self.packed else _numbered(self.by)

    @property
    def sizes(self) -> Relation:
        """``case, call, q1 … qn, people, everyone`` of each class."""
        return self.kept_as.sizes if self.kept_as else self.relation.query(SIZES, q=self.q)

    @property
    def texts(self) -> Combinations:
        """The same table with values, not numbers, in the columns ``q1`` … ``qn`` and ``s``."""
        if self.packed is None:
            return replace(self, kept_as=None)
        places = dict(enumerate((*_numbered(self.by), Column("s")), 1))
        named = ", ".join(f'c{place}."value" AS {column}' for place, column in places.items())
        joined = " ".join(
            f'JOIN {self.packed.values(place)} AS c{place} ON {self.packed.part(place)} = c{place}."part"'
            for place in places
        )
        held = self.relation.query(f"SELECT {COUNTS}, {named} FROM {{self}} AS t {joined}", codes=self.packed.codes)
        return replace(self, relation=held, packed=None, kept_as=None)

    def kept(self, name: str) -> Combinations:
        """The same table, run once and held by the engine under ``name``, for several measures of large data.

        Values are compared as numbers, which ``packing`` makes where no two of them have the same code.
        """
        engine, one = self.relation.engine, self.rows.query(ONE_ROW, q=_numbered(self.by)).arrow()
        found = self._codes(name) if {str(kind) for kind in one.schema.types[2:]} <= TEXTS else None
        if found is None:
            packed, numbers = None, Numbers(given=engine.register(name, self.relation.arrow()), call=None, told=())
        else:
            packed = _packed(found, len(self.by))
            numbers = self._numbers(name, packed, engine.register(f"{name} calls", one.select(["case", "call"])))
        given, call = numbers.given, numbers.call
        kept = replace(self, relation=by_call(given, "SELECT * FROM {self} AS t", call=call), packed=packed)
        each_value = by_call(given, OF_GIVEN, call=call).arrow()
        valued = engine.register(f"{name} valued", each_value)
        parts, beside = None, wide(each_value, told=numbers.told) if call else None
        if call and beside:
            kinds = beside.kinds(given, valued=valued, q=kept.q, call=call)
        else:
            kinds = by_call(given, OF_VALUED, call=call, valued=valued, q=kept.q)
        kinds = engine.register(f"{name} kinds", kinds.arrow())
        if beside is None:
            parts = engine.register(f"{name} parts", kinds.query(f"WITH kinds AS {{self}} {PARTS}").arrow())
        sizes = by_call(given, SIZES, call=call, q=kept.q)
        if packed:
            named = ", ".join(f'"{column}"' for column in ("case", "call", "v", "width", "share", "odds", "values"))
            values = packed.values(len(self.by) + 1)
            decoded = f'SELECT {named}, "value" AS "s" FROM {{self}} AS v JOIN {values} AS c ON "s" = "part"'
            valued = valued.query(decoded, codes=packed.codes)
        return replace(kept, kept_as=Kept(valued=valued, kinds=kinds, parts=parts, wide=beside, sizes=sizes))

    def _codes(self, name: str) -> Relation | None:
        """``CODES`` of texts, held by the engine; None where two values have the same code."""
        every = [str(column) for column in (*_numbered(self.by), Column("s"))]
        each = ", ".join(f"({column})" for column in every[:-1])
        whens = " ".join(f"WHEN grouping({column}) = 0 THEN {place}" for place, column in enumerate(every, 1))
        template = CODES.replace("{each}", each).replace("{place}", f"CASE {whens} END")
        found = self.relation.engine.register(f"{name} codes", self.rows.query(template, q=_numbered(self.by)).arrow())
        return None if found.query(TWICE).value() else found

    def _numbers(self, name: str, packed: Packed, calls: Relation) -> Numbers:
        """``calls`` are one, if there is any. People are looked for only where they are not known."""
        several = any(
            self.rows.query(ANOTHER_CALL, case_=one["case"], call_=one["call"]).value() for one in calls.rows()
        )
        call = columns(("case", "call")) if several else ()
        by, parted = (*call, *packed.joined_keys), packed.parted
        listed = "".join(f"{column}, " for column in call)
        rows = self.rows.query(f'SELECT {listed}{packed.joined}, "who" FROM {{self}} AS given')
        template = NUMBERS_OF_ROWS
        if self.template == COMBINATIONS:
            template = ONE_ROW_EACH
            if rows.query(REPEATED.replace("{call}", listed)).value():
                over = f'OVER (PARTITION BY {listed}"who" ORDER BY {{q}}, "s")'
                moved = " OR ".join(f"lag({key}) {over} <> {key}" for key in packed.keys)
                template = SEVERAL_ROWS.replace("{moved}", moved).replace("{call}", listed)
                by, parted = (*call, *packed.keys, Column("s")), ", ".join(map(str, (*packed.keys, Column("s"))))
                rows = self.rows.query(f'SELECT {listed}{packed.named}, "who" FROM {{self}} AS given')
        made = rows.query(template, by=by, q=packed.keys).arrow()
        held, last = self.relation.engine.register(name, made), "rows"
        told: dict[str, str] = {}
        for count in ("rows", "pairs", "people", "whole", "everyone"):
            told[count] = last = count if count in made.column_names else last
        counts = ", ".join(f'"{one}" AS "{count}"' for count, one in told.items())
        given = held.query(f"SELECT {listed}{parted}, {counts} FROM {{self}} AS t")
        others = tuple(count for count in ("people", "rows", "everyone") if told[count] != told["pairs"])
        return Numbers(given=given, call=None if several else calls, told=others)


def _packed(found: Relation, columns: int) -> Packed:
    """Numbers for as many columns and for ``s``, from the codes of their values."""
    codes: dict[int, list[int]] = {}
    for row in found.query(FEW, most=MOST).rows():
        codes.setdefault(row["place"], []).append(row["code"])
    made = cells(codes, range(1, columns + 2))
    return Packed(codes=found, cells=tuple(made[place] for place in range(1, columns + 1)), s=made[columns + 1])


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
    q = _numbered(by)
    in_order = ", ".join(f"{column} NULLS FIRST" for column in q)
    found = rows.query(template.replace("{in_order}", in_order), q=q)
    return Combinations(relation=found, by=by, rows=rows, template=template)


def _numbered(by: Sequence[Column]) -> tuple[Column, ...]:
    return columns(f"q{i}" for i in range(1, len(by) + 1))


__all__ = ["COMBINATIONS", "ROWS_ARE_PEOPLE", "Combinations", "combinations"]
