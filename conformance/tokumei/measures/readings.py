"""What suppressed cells mean: k under the three readings that tools use, side by side.

A cell is suppressed when it is NULL or one of the markers, ``*`` for instance.

- ``k_value``: a marker is a value like any other (ARX, pycanon). This is the ``k`` of the profile.
- ``k_removed``: the same, without the rows of which every quasi-identifier is suppressed.
- ``k_wildcard``: a suppressed cell agrees with every value (sdcMicro). A person counts for each class that
  agrees with theirs. Where somebody stands in several classes this is a lower bound.

The third grows with the classes that have a suppressed cell × all classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.measures.combinations import Combinations
    from tokumei.relation import Relation

READINGS = """
WITH classes AS (
  SELECT "case", "call", {q}, {masked},
    CASE WHEN {any_null} THEN 1 ELSE 0 END AS "some", CASE WHEN {all_null} THEN 1 ELSE 0 END AS "all",
    row_number() OVER (ORDER BY "case", "call", {q}) AS "id", "people", "once"
  FROM (
    SELECT "case", "call", {q}, CAST(sum("people") AS BIGINT) AS "people", CAST(sum("everyone") AS BIGINT) AS "once"
    FROM {self} AS combinations GROUP BY "case", "call", {q}
  ) AS sizes
), agreeing AS (
  SELECT a."case", a."call", a."id" AS "id", a."once" AS "once", b."id" AS "other", b."some" AS "other_some",
    b."once" AS "other_once"
  FROM (SELECT * FROM classes WHERE "some" = 1) AS a
  JOIN classes AS b ON a."case" = b."case" AND a."call" = b."call" AND a."id" <> b."id" AND {agree}
), gained AS (
  SELECT "id", sum("once") AS "once"
  FROM (
    SELECT "other" AS "id", "once" FROM agreeing
    UNION ALL
    SELECT "id", "other_once" AS "once" FROM agreeing WHERE "other_some" = 0
  ) AS both_ways
  GROUP BY "id"
)
SELECT "case", "call",
  min("people") AS "k_value",
  min(CASE WHEN "all" = 0 THEN "people" END) AS "k_removed",
  CAST(min(greatest("people", classes."once" + coalesce(gained."once", 0))) AS BIGINT) AS "k_wildcard",
  CAST(sum(CASE WHEN "some" = 1 THEN "people" ELSE 0 END) AS BIGINT) AS "people_suppressed",
  CAST(sum(CASE WHEN "all" = 1 THEN "people" ELSE 0 END) AS BIGINT) AS "people_removed"
FROM classes LEFT JOIN gained ON classes."id" = gained."id"
GROUP BY "case", "call"
"""


def readings(table: Combinations, *, markers: Sequence[str] = ()) -> Relation:
    """``case, call, k_value, k_removed, k_wildcard, people_suppressed, people_removed``.

    ``k_removed`` is NULL where nothing is left.
    """
    n = range(1, len(table.by) + 1)
    mask = "CASE WHEN CAST({{q{i}}} AS STRING) NOT IN {{markers}} THEN {{q{i}}} END" if markers else "{{q{i}}}"
    masked = {i: mask.replace("{{", "{").replace("}}", "}").replace("{i}", str(i)) for i in n}
    parts = {
        "{masked}": ", ".join(f'{masked[i]} AS "m{i}"' for i in n),
        "{any_null}": " OR ".join(f"{masked[i]} IS NULL" for i in n),
        "{all_null}": " AND ".join(f"{masked[i]} IS NULL" for i in n),
        "{agree}": " AND ".join(f'(a."m{i}" = b."m{i}" OR a."m{i}" IS NULL OR b."m{i}" IS NULL)' for i in n),
    }
    template = READINGS
    for name, text in parts.items():
        template = template.replace(name, text)
    columns = {f"q{i}": column for i, column in zip(n, table.q, strict=True)}
    return table.relation.query(template, q=table.q, markers=list(markers), **columns)


__all__ = ["READINGS", "readings"]
