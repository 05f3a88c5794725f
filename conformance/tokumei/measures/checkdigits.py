"""How many digit tokens of each released field pass a public check digit, by family (``tokumei.numbers``).

Of tokens that are not official numbers one in ten passes each family of its length; a column of real ones passes
whole. The rules are written a second time here, as arithmetic over digits, so that no token leaves the engine;
a test holds them to those of ``numbers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokumei.numbers import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection

    from tokumei.relation import Relation

TOKENS = """
SELECT DISTINCT "case", "call", "resource", "field", "token"
FROM (SELECT "case", "call", "resource", "field", text_fold("value") AS "token"
      FROM {self} AS cells WHERE "value" IS NOT NULL) AS folded
WHERE length("token") BETWEEN 6 AND 13 AND translate("token", '0123456789', '') = ''
"""

COUNT = """
SELECT "case", "call", "resource", "field", '{family}' AS "family", {length} AS "length",
  count(*) AS "n", count(CASE WHEN {holds} THEN 1 END) AS "passing",
  {chance} AS "mean"
FROM tokens WHERE length("token") = {length}
GROUP BY "case", "call", "resource", "field"
"""

WEIGHTS = {"my-number": "65432765432", "resident-code": "5432765432", "licence": "5432765432", "municipality": "65432"}


def _at(place: int) -> str:
    """The digit at a place counted from 1; never an error, whatever the token."""
    return f"(instr('0123456789', substr(\"token\", {place}, 1)) - 1)"


def _remainder(weights: str) -> str:
    return "((" + " + ".join(f"{w} * {_at(i)}" for i, w in enumerate(weights, 1)) + ") % 11)"


def _holds(family: str, length: int) -> str:
    """Whether the token has the check digit that its body asks for."""
    if family in ("my-number", "resident-code"):
        rest = _remainder(WEIGHTS[family])
        return f"{_at(length)} = CASE WHEN {rest} <= 1 THEN 0 ELSE 11 - {rest} END"
    if family in ("licence", "municipality"):
        return f"{_at(len(WEIGHTS[family]) + 1)} = (11 - {_remainder(WEIGHTS[family])}) % 10"
    if family == "corporate":
        weighted = (f"{1 + (length - place) % 2} * {_at(place)}" for place in range(2, length + 1))
        return f"{_at(1)} = 9 - ({' + '.join(weighted)}) % 9"
    doubled = [
        f"CASE WHEN {_at(p)} > 4 THEN 2 * {_at(p)} - 9 ELSE 2 * {_at(p)} END" if (length - p) % 2 else _at(p)
        for p in range(1, length + 1)
    ]
    return f"({' + '.join(doubled)}) % 10 = 0"


def _chance(family: str, length: int) -> str:
    """How many of the tokens pass by chance: of the 11 remainders two lead to one and the same check digit.

    Numbers may end alike for another reason, and then each has the chance of its own check digit.
    """
    if family not in WEIGHTS:
        return "count(*) / CAST(10 AS DOUBLE)"
    place, twice = (length, 0) if family in ("my-number", "resident-code") else (len(WEIGHTS[family]) + 1, 1)
    return f"sum(CASE WHEN {_at(place)} = {twice} THEN 2 ELSE 1 END) / CAST(11 AS DOUBLE)"


COUNTS = {
    (family.id, length): COUNT.format(
        family=family.id, length=length, holds=_holds(family.id, length), chance=_chance(family.id, length)
    )
    for family in FAMILIES.values()
    if family.id != "mrz"
    for length in family.lengths
}
"""One a family and length; a field of a machine readable zone is no digit token."""


def check_digits(cells: Relation, among: Collection[tuple[str, int]] = COUNTS.keys()) -> Relation:
    """``case, call, resource, field, family, length, n, passing, mean`` over the distinct digit tokens of each field.

    ``cells`` has ``case, call, resource, field, value``. A token is a whole cell that folds to 6 to 13 digits.
    ``among`` is some of the families and lengths, at least one.
    """
    counts = [count for kind, count in COUNTS.items() if kind in among]
    return cells.query(TOKENS).query("WITH tokens AS {self} " + " UNION ALL ".join(counts))


__all__ = ["COUNTS", "TOKENS", "check_digits"]
