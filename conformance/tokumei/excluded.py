"""The rows of a release that can only be of persons who must not be in it.

A released row is known to be an excluded person's by its kept code (``carriers``), where all persons of that code are
excluded; and each table is counted: it cannot hold more rows than the input has of all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.evidence import Evidence
    from tokumei.model import Call
    from tokumei.relation import Relation

MARKED = 'SELECT DISTINCT "case", "call", subject FROM {self} t WHERE {column} IN {texts} AND subject IS NOT NULL'

LEFT = """
SELECT t."case", t."call", count(*) AS n FROM {self} t LEFT JOIN {excluded} e
  ON t."case" = e."case" AND t."call" = e."call" AND t.subject = e.subject
WHERE e.subject IS NULL GROUP BY t."case", t."call"
"""

CODES = """
SELECT t."case", t."call", {columns} FROM {{self}} t LEFT JOIN {{excluded}} e
  ON t."case" = e."case" AND t."call" = e."call" AND t.subject = e.subject
GROUP BY t."case", t."call", {by} HAVING count(*) = count(e.subject)
"""


def excluded_persons(evidence: Evidence) -> Relation | None:
    """case, call, subject of everybody whom the organization excludes under the regime."""
    parts = [
        view.relation.query(MARKED, column=view.column(marked.field.field), texts=marked.texts).sql
        for marked in evidence.organization.excluded(evidence.asked.regime)
        if marked.field.field in (view := evidence.input[marked.field.resource]).names
    ]
    if not parts:
        return None
    engine = evidence.canaries.engine
    return engine.register("excluded.persons", engine.fetch(" UNION ".join(parts)))


def excluded_codes(evidence: Evidence, excluded: Relation) -> Iterator[tuple[tuple[str, int], int]]:
    """How many released rows have a code that only excluded persons have; nothing where codes may be altered."""
    if not evidence.carriers:
        return
    given, released = (side[evidence.carriers[0].resource] for side in (evidence.input, evidence.release))
    mine, theirs = given.pick(evidence.carriers), released.pick(evidence.carriers)
    steps = (evidence.claim or evidence.asked).steps
    if not mine or not theirs or any(set(s.fields) & set(evidence.carriers) for s in steps if s.technique != "keep"):
        return
    names = [f't."{column.name}"' for column in mine]
    columns = ", ".join(f"{name} AS c{i}" for i, name in enumerate(names))
    codes = given.relation.query(CODES.format(columns=columns, by=", ".join(names)), excluded=excluded)
    on = " AND ".join(f'r."{column.name}" = c.c{i}' for i, column in enumerate(theirs))
    found = released.relation.query(
        'SELECT r."case", r."call", count(*) AS n FROM {self} r JOIN {codes} c '
        'ON r."case" = c."case" AND r."call" = c."call" AND ' + on + ' GROUP BY r."case", r."call"',
        codes=codes,
    )
    for row in found.rows():
        yield (row["case"], row["call"]), row["n"]


def too_many(
    evidence: Evidence, excluded: Relation, resource: str, calls: Mapping[tuple[str, int], Call]
) -> Iterator[tuple[tuple[str, int], int, int]]:
    """A table with more rows than all persons who may be released have. Rows of nobody count among theirs."""
    asked = {
        step.technique
        for step in (evidence.claim or evidence.asked).steps
        if any(f.resource == resource for f in step.fields)
    }
    if "synthesize" in asked:
        return
    rows = evidence.input[resource].relation.query(LEFT, excluded=excluded).rows()
    most = {(row["case"], row["call"]): row["n"] for row in rows}
    for at, call in calls.items():
        table = call.response.data.get(resource) if call.response else None
        n, of = table.num_rows if table is not None else 0, most.get(at, 0)
        if n > of:
            yield at, n, of
