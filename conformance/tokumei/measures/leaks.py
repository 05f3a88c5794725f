"""Canaries found again in cells: every canary is looked for in every cell of its case, at once.

Both sides are folded (``prelude.text_fold``), so half width, either kana and separators do not hide one.
The work grows with the distinct text and not with text × canaries: each position of a distinct text is
hashed by its first 8, 4, 2 or 1 characters (the anchor, by the length of a canary), joined with the heads of
the canaries, and what meets is compared in full. A text in ASCII holds no canary with another character, and one
without a run of digits no canary of digits: they are not taken apart for those. Of cells, a longer text is cut into
overlapping pieces first, because reaching the n-th character of a text takes n steps. A document (more than 512
characters) is searched for each canary in turn instead: there are few, and that search costs less for each
character than the pieces do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.relation import Relation

FOLDED = """
WITH given AS {self}
SELECT given."case", "call", "resource", "field", given."value", "text" FROM given
JOIN (SELECT "value", text_fold("value") AS "text" FROM (SELECT DISTINCT "value" FROM given) AS once) AS told
  ON given."value" = told."value"
"""

FOUND = """
WITH cells AS {self}, needles AS (
  SELECT DISTINCT "case", "source", "canary", "folded", length("folded") AS "size",
    CASE WHEN length("folded") >= 8 THEN 8 WHEN length("folded") >= 4 THEN 4
      WHEN length("folded") >= 2 THEN 2 ELSE 1 END AS "anchor",
    CASE WHEN regexp_extract("folded", '[^ -~]', 0) <> '' THEN 'wide'
      WHEN regexp_extract("folded", '[^0-9]', 0) = '' THEN 'digits' ELSE 'plain' END AS "script"
  FROM {canaries} AS given
  WHERE length("folded") > 0
), heads AS (
  SELECT *, substr("folded", 1, "anchor") AS "head" FROM needles
), anchors AS (
  SELECT "case", "anchor", "script", min("size") AS "shortest", max("size") AS "longest"
  FROM needles GROUP BY "case", "anchor", "script"
), texts AS (
  SELECT "case", "text", length("text") AS "length",
    regexp_extract("text", '[^ -~]', 0) <> '' AS "wide",
    CASE WHEN regexp_extract("text", '[0-9]{{8}}', 0) <> '' THEN 8
      WHEN regexp_extract("text", '[0-9]{{4}}', 0) <> '' THEN 4
      WHEN regexp_extract("text", '[0-9]{{2}}', 0) <> '' THEN 2 ELSE 1 END AS "digits"
  FROM (SELECT DISTINCT "case", "text" FROM cells) AS once
), cut AS (
  SELECT texts."case", "text", "anchor", "script", "shortest", "longest",
    explode(positions(floor(("length" - "shortest" + 64) / 64))) AS "part"
  FROM texts JOIN anchors ON texts."case" = anchors."case"
  WHERE "length" BETWEEN "shortest" AND 512
    AND ("script" = 'plain' OR ("script" = 'wide' AND "wide") OR ("script" = 'digits' AND "digits" >= "anchor"))
), pieces AS (
  SELECT "case", "text", "anchor", "script", "shortest", substr("text", ("part" - 1) * 64 + 1, 63 + "longest") AS "piece"
  FROM cut
), places AS (
  SELECT "case", "text", "anchor", "script", "piece",
    explode(positions(least(64, length("piece") - "shortest" + 1))) AS "at"
  FROM pieces
), starts AS (
  SELECT *, substr("piece", "at", "anchor") AS "head" FROM places
), hits AS (
  SELECT DISTINCT starts."case", starts."text", heads."source", heads."canary"
  FROM starts JOIN heads
    ON starts."case" = heads."case" AND starts."anchor" = heads."anchor" AND starts."script" = heads."script"
    AND starts."head" = heads."head"
  WHERE substr(starts."piece", starts."at", heads."size") = heads."folded"
  UNION
  SELECT texts."case", texts."text", needles."source", needles."canary"
  FROM texts JOIN needles ON texts."case" = needles."case" AND contains(texts."text", needles."folded")
  WHERE texts."length" > 512
)
SELECT DISTINCT cells."case", "call", "resource", "field", "source", "canary", cells."value"
FROM cells JOIN hits ON cells."case" = hits."case" AND cells."text" = hits."text"
"""

COUNTED = """
SELECT "case", "call", "resource", "field", "source", count(DISTINCT "canary") AS "n"
FROM {self} AS found
GROUP BY "case", "call", "resource", "field", "source"
"""


def with_text(cells: Relation) -> Relation:
    """The cells with ``text``, what their value folds to; each distinct value is folded once."""
    return cells.query(FOLDED)


def occurrences(cells: Relation, canaries: Relation, *, show: bool = False, folded: bool = False) -> Relation:
    """``case, call, resource, field, source, n``: how many distinct canaries stand in a field.

    ``cells`` has ``case, call, resource, field, value``, and ``text`` (``with_text``) where it is ``folded``;
    ``canaries`` has ``case, canary, folded, source``, folded already. A canary that folds to nothing is never
    found. With ``show``, for generated people only, there is a row for each ``canary`` and the ``value`` that
    holds it, in place of ``n``.
    """
    found = (cells if folded else with_text(cells)).query(FOUND, canaries=canaries)
    return found if show else found.query(COUNTED)


SECRETS = """
SELECT t."case", t."call", t."field", count(DISTINCT s."source") AS "n"
FROM {self} AS t JOIN {secrets} AS s ON t."case" = s."case" AND contains(t."value", s."canary")
GROUP BY t."case", t."call", t."field"
"""


def secrets_within(texts: Relation, secrets: Relation) -> Relation:
    """``case, call, field, n``: how many secrets stand in a text, in any of their forms, as they are written."""
    return texts.query(SECRETS, secrets=secrets)


__all__ = ["COUNTED", "FOLDED", "FOUND", "SECRETS", "occurrences", "secrets_within", "with_text"]
