"""I5-01: every combination of declared quasi-identifiers is shared by at least k persons."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.measures.classes import class_sizes
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_table
from tokumei.relation import Column


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


CHECK = Check(id="I5-01", needs=(Need.RELEASE, Need.CLAIM), judge=judge)


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
        fault="k-over-rows",
    ),
)
