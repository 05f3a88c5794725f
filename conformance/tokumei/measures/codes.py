"""Official codes of the input found again in a release: where a hit is certain, and where it can be chance.

Seven digits are met by chance: 300 codes and a column of 1,000 random numbers share one in three per cent of
releases. So cells are told apart. A text that the input has in the same field says nothing of a code. In a field
that is not drawn at random, any other text with a code of seven characters or more in it was put there. Everywhere else
the numbers of a field are counted against the chance that random numbers have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokumei.stats import binomial_tail

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from tokumei.relation import Relation

SURE = 7
"""A code of so many characters, in a text that is neither random nor of the input, was put there."""
LONGEST = 64
"""A longer code is no number but a description of a body: a template, a genotype (I2-05, I2-06)."""
HEAD, LAST = 2, 4
"""The first two digits of a number may be like those of codes for a reason; not where fewer than four are left."""
ALPHA = 1e-11
"""The chance of a field: 4·10³ fields, calls and lengths of a run give 4·10⁻⁸."""

KANJI = ("〇零一二三四五六七八九", "00123456789")

CODES = """
SELECT DISTINCT "case", source, code, length(code) AS size,
  length(code) - length(translate(code, '0123456789', '')) AS digits
FROM (
  SELECT "case", source, spelled AS code FROM {spelled} a
  UNION SELECT "case", source, regexp_extract(spelled, '[0-9]{{6,}}', 0) AS code FROM {spelled} b
) AS both_forms WHERE length(code) BETWEEN {least} AND {longest}
"""
"""With the first long run of digits of a code, which tells the person without its branch number or letters."""

SPELLED = """
SELECT "case", source, translate(folded, {kanji}, {plain}) AS spelled FROM {self} t WHERE kind = 'symbol'
"""

FRESH = """
SELECT DISTINCT c."case", c."call", c.resource, c.field, c.value, translate(c.text, {kanji}, {plain}) AS text
FROM {self} c
LEFT JOIN {given} g ON c."case" = g."case" AND c.resource = g.resource AND c.field = g.field AND c.value = g.value
WHERE g.value IS NULL
"""

TOKENS = """
SELECT DISTINCT "case", "call", resource, field, regexp_extract(text, '^[^0-9]*([0-9]+)[^0-9]*$', 1) AS token
FROM {self} t WHERE length(text) >= {least} AND length(translate(text, '0123456789', '')) + {least} <= length(text)
"""

PARTS = """
SELECT DISTINCT "case", part, length(part) AS size FROM (
  SELECT "case", substr(code, place, size) AS part, place + size - 1 = whole AS last FROM (
    SELECT "case", code, length(code) AS whole, place, explode(positions(length(code) - place + 1)) AS size FROM (
      SELECT "case", code, explode(positions(length(code))) AS place FROM {self} t
    ) AS starts
  ) AS spans WHERE size < whole AND size >= {suffix}
) AS cut WHERE (length(part) >= {inside} OR last) AND translate(part, '0123456789', '') = ''
"""

HITS = """
SELECT t."case", t."call", t.resource, t.field, length(t.token) AS size, CAST(sum(coalesce(m.n, 0)) AS DOUBLE) AS alike,
  count(DISTINCT t.token) AS n, count(DISTINCT c.part) AS hits
FROM {self} t
LEFT JOIN (
  SELECT "case", size, substr(part, 1, least({head}, size - {last})) AS head, count(DISTINCT part) AS n FROM {parts} p
  GROUP BY "case", size, substr(part, 1, least({head}, size - {last}))
) m ON t."case" = m."case" AND length(t.token) = m.size
  AND substr(t.token, 1, least({head}, length(t.token) - {last})) = m.head
LEFT JOIN {parts} c ON t."case" = c."case" AND t.token = c.part
GROUP BY t."case", t."call", t.resource, t.field, length(t.token)
HAVING count(DISTINCT c.part) > 0
"""
"""Codes begin alike, as those of a prefecture do, and so may numbers, as years do: only the other digits count as drawn."""


def codes(canaries: Relation, least: int) -> Relation:
    """``case, source, code, size, digits``: the codes of the input, as they are compared."""
    spelled = canaries.query(SPELLED, kanji=KANJI[0], plain=KANJI[1])
    return canaries.query(CODES, spelled=spelled, least=least, longest=LONGEST)


def fresh(cells: Relation, given: Relation) -> Relation:
    """``case, call, resource, field, value, text``: the released texts that the input does not have in the field.

    ``cells`` has ``text`` too, what the value folds to (``leaks.with_text``).
    """
    return cells.query(FRESH, given=given, kanji=KANJI[0], plain=KANJI[1])


def tokens(texts: Relation, least: int) -> Relation:
    """``case, call, resource, field, token``: the numbers of ``least`` digits or more that are alone in their text."""
    return texts.query(TOKENS, least=least).query("SELECT * FROM {self} t WHERE length(token) >= {least}", least=least)


def wholes(known: Relation) -> Relation:
    """``case, part, size``: the codes that are digits, and their digits from the other end."""
    digits = known.query("SELECT * FROM {self} t WHERE digits = size")
    return digits.query(
        'SELECT "case", code AS part, size FROM {self} a UNION SELECT "case", reverse(code) AS part, size FROM {self} b'
    )


def parts(known: Relation, *, suffix: int, inside: int) -> Relation:
    """``case, part, size``: the last digits of codes from ``suffix`` on, and any run of digits from ``inside`` on."""
    return known.query(PARTS, suffix=suffix, inside=inside)


def beyond_chance(found: Relation, sought: Relation, alpha: float = ALPHA) -> Iterator[dict[str, Any]]:
    """The fields with more of the numbers sought than numbers have that begin as these do and end at random.

    Each number has a chance of its own; their mean gives a bound of the tail above it (Hoeffding 1956).
    """
    for row in found.query(HITS, parts=sought, head=HEAD, last=LAST).rows():
        hits, n, free = row["hits"], row["n"], max(LAST, row["size"] - HEAD)
        mean = row["alike"] / 10.0**free
        if hits >= mean + 1 and binomial_tail(hits, n, min(1.0, mean / n)) < alpha:
            yield row | {"mean": mean}


def outside(cells: Relation, fields: Collection[str]) -> Relation:
    """The cells of all fields but these, named ``resource.field``."""
    return cells.query("SELECT * FROM {self} t WHERE resource || '.' || field NOT IN {fields}", fields=[*fields, ""])


__all__ = ["ALPHA", "SURE", "beyond_chance", "codes", "fresh", "outside", "parts", "tokens", "wholes"]
