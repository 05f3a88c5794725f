"""I5-01: every combination of declared quasi-identifiers is shared by at least k persons.

Persons are counted by their released pseudonyms, which is right only while nobody has two: no cell and no
table may show more persons than the input has there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing, Target
from tokumei.evidence import Evidence, TableView
from tokumei.measures.classes import class_sizes
from tokumei.model import Call, Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_table
from tokumei.relation import Column, Relation


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count persons, not rows; NULL is a value; the stricter of the asked and the claimed k holds."""
    for target in evidence.asked.targets:
        if target.model != "k-anonymity":
            continue
        claim = evidence.claim.target("k-anonymity") if evidence.claim else None
        k = max(target.k, claim.k if claim else 0)
        resource = target.quasi[0].resource
        view = evidence.release[resource]
        released = [name for name in target.quasi if name.field in view.names]
        by = view.pick(released)
        key = evidence.organization.subject_key
        one_a_row = evidence.organization.resource(resource).row_unit == "person"
        if not by or (key.resource == resource and key.field not in view.names and not one_a_row):
            continue  # without a person key nobody can tell rows from persons
        yield from _multiplied(evidence, target)
        sizes = class_sizes(view.relation, by=by, person=Column("subject"))
        totals = sizes.query('SELECT "case", "call", count(*) AS n FROM {self} t GROUP BY "case", "call"')
        for row in totals.rows():
            yield Premise(case=row["case"], count=row["n"], what="classes")
        small = sizes.query("SELECT * FROM {self} t WHERE persons < {k}", k=k)
        worst = small.query(
            'SELECT "case", "call", min(persons) AS n, count(*) AS classes FROM {self} t GROUP BY "case", "call"'
        )
        for row in worst.rows():
            example = small.query(
                'SELECT * FROM {self} t WHERE "case" = {case} AND "call" = {call} ORDER BY persons, {by} LIMIT 1',
                case=row["case"],
                call=row["call"],
                by=by,
            ).rows()[0]
            yield Finding(
                code="CLASS_TOO_SMALL",
                case=row["case"],
                call=row["call"],
                params={"resource": resource, "n": row["n"], "k": k, "classes": row["classes"]},
                resource=resource,
                fields=tuple(name.field for name in released),
                rows=({name.field: example[column.name] for name, column in zip(released, by, strict=True)},),
            )


EXCESS = """
SELECT r."case", r."call", r.n, coalesce(i.n, 0) AS of FROM (
  SELECT "case", "call", cell, count(DISTINCT subject) AS n FROM {self} t GROUP BY "case", "call", cell
) r LEFT JOIN (
  SELECT "case", "call", cell, count(DISTINCT subject) + count(*) FILTER (WHERE subject IS NULL) AS n
  FROM {given} t GROUP BY "case", "call", cell
) i ON r."case" = i."case" AND r."call" = i."call" AND r.cell = i.cell
WHERE r.n > coalesce(i.n, 0)
"""


def _multiplied(evidence: Evidence, target: Target) -> Iterator[Finding]:
    """More persons in the release than in the input, in the whole table or in a planned cell.

    A row of the input without a person may be a person of its own. Persons who are suppressed make fewer.
    """
    resource = target.quasi[0].resource
    given, released = evidence.input[resource], evidence.release[resource]
    if not given.names:
        return  # an audit without the original
    excess: dict[tuple[str, int], dict[str, Any]] = {}
    for one, other in ((_whole(given), _whole(released)), (_coded(evidence, given), _coded(evidence, released))):
        if one is None or other is None:
            continue
        for row in other.query(EXCESS, given=one).rows():
            worst = excess.setdefault((row["case"], row["call"]), row)
            if row["n"] * worst["of"] > worst["n"] * row["of"]:
                excess[row["case"], row["call"]] = row
    generated = {(case.id, number) for case, number, call in evidence.released_calls() if _is_generated(call, resource)}
    for (case_id, number), row in excess.items():
        if (case_id, number) not in generated:
            params = {"resource": resource, "n": row["n"], "of": row["of"]}
            yield Finding(code="SUBJECTS_MULTIPLIED", case=case_id, call=number, params=params, resource=resource)


def _whole(view: TableView) -> Relation:
    return view.relation.query('SELECT "case", "call", subject, -1 AS cell FROM {self} t')


def _coded(evidence: Evidence, view: TableView) -> Relation | None:
    """The persons of each planned cell; None where there are no cells or their codes are not kept."""
    carriers, cells = view.pick(evidence.carriers), evidence.planned.get("cells")
    steps = (evidence.claim or evidence.asked).steps
    altered = any(set(step.fields) & set(evidence.carriers) for step in steps if step.technique != "keep")
    if not carriers or cells is None or altered:
        return None
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(carriers))
    return view.relation.query(
        'SELECT r."case", r."call", r.subject, c.cell FROM {self} r JOIN {cells} c '
        'ON r."case" = c."case" AND r."call" = c."call" AND ' + on,
        cells=cells,
    )


def _is_generated(call: Call, resource: str) -> bool:
    """Whether the release says that the rows of the table are of invented people."""
    document = call.response.organization if call.response else None
    tables = document.get("resources") if isinstance(document, Mapping) else None
    return any(
        isinstance(table, Mapping)
        and table.get("name") == resource
        and isinstance(own := table.get("tokumei"), Mapping)
        and own.get("generated") is True
        for table in (tables if isinstance(tables, list) else ())
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Some quasi-identifier is released."""
    return any("quasi" in info.classes and processing.released(info.name) for info in organization.fields())


CHECK = Check(id="I5-01", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies)


def _thins_one_class(request: Request, response: Response) -> Response:
    """Keep one row of the last row's class: somebody stands alone."""
    resource = subject_resource(request)
    table = response.data[resource]
    names = [str(q).split(".", 1)[1] for t in request.processing["targets"] for q in t.get("quasi", [])]
    rows = table.select([n for n in names if n in table.column_names]).to_pylist()
    if len({tuple(row.values()) for row in rows}) < 2:
        return response
    last = len(rows) - 1
    return with_table(response, resource, table.take([i for i, r in enumerate(rows) if r != rows[last] or i == last]))


MUTANTS = (
    Mutant(
        id="thins-one-class",
        kind="wrapper",
        effect=Text(
            "一つの組合せに一人だけが残り、特定される。", "One combination keeps one person, who can be singled out."
        ),
        precedent="Sweeney 2002; Washington State 35 of 81 news stories matched",
        trigger="every release with two classes",
        proof="the class of the last row has one row, so fewer than k persons",
        killed_by=("I5-01",),
        wrap=after(_thins_one_class),
    ),
    Mutant(
        id="k-over-rows",
        kind="fault",
        effect=Text("来院の多い一人が、一人でkを満たす。", "One person with many visits makes a class of k alone."),
        precedent="Heritage Health Prize; person-level counting of longitudinal data",
        trigger="a person with k rows in a class of fewer than k persons",
        proof="the classes trap with k−1 persons of three rows stays in the release",
        killed_by=("I5-01",),
        pairs=("stroke-registry",),  # elsewhere a person has one row in the table of persons
        fault="k-over-rows",
    ),
)
