"""I3-05: within one release one person, and one event, has one identifier in all tables, and no two share one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import ForeignKey, Organization, Processing, ResourceInfo
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Column, Relation

JOINED = """
SELECT t."case", t."call", count(*) AS n, count(*) FILTER (WHERE p.k IS NULL) AS orphans
FROM {self} t
LEFT JOIN (SELECT DISTINCT "case", "call", {key} AS k FROM {parent} q WHERE {key} IS NOT NULL) p
  ON t."case" = p."case" AND t."call" = p."call" AND t.{own} = p.k
WHERE t.{own} IS NOT NULL GROUP BY t."case", t."call"
"""

REPEATED = """
SELECT "case", "call", count(*) AS n, count(*) - count(DISTINCT {key}) AS again
FROM {self} t WHERE {key} IS NOT NULL GROUP BY "case", "call"
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Follow every foreign key of the release, and count the primary keys that were unique and are not."""
    for resource in evidence.organization.resources:
        for key in resource.foreign_keys:
            yield from _joins(evidence, key)
        yield from _unique(evidence, resource)


def _joins(evidence: Evidence, key: ForeignKey) -> Iterator[Observation]:
    child, parent = evidence.release.get(key.field.resource), evidence.release.get(key.to.resource)
    if child is None or parent is None or key.field.field not in child.names or key.to.field not in parent.names:
        return
    rows = child.relation.query(
        JOINED, own=child.column(key.field.field), key=parent.column(key.to.field), parent=parent.relation
    )
    for row in rows.rows():
        yield Premise(case=row["case"], count=row["n"], what="references")
        if row["orphans"]:
            yield _finding(
                "ORPHAN_REFERENCE", row["case"], row["call"], key.field.resource, key.field.field, row["orphans"]
            )


def _unique(evidence: Evidence, resource: ResourceInfo) -> Iterator[Observation]:
    name = resource.primary_key
    before, after_ = evidence.input.get(resource.name), evidence.release.get(resource.name)
    if not name or before is None or after_ is None or name not in before.names or name not in after_.names:
        return
    given = {(r["case"], r["call"]): r["again"] for r in _repeated(before.relation, before.column(name))}
    for row in _repeated(after_.relation, after_.column(name)):
        yield Premise(case=row["case"], count=row["n"], what="references")
        if row["again"] and given.get((row["case"], row["call"])) == 0:
            yield _finding("KEY_COLLISION", row["case"], row["call"], resource.name, name, row["again"])


def _repeated(relation: Relation, key: Column) -> list[dict[str, Any]]:
    return relation.query(REPEATED, key=key).rows()


def _finding(code: str, case: str, call: int, resource: str, field: str, n: int) -> Finding:
    shown = {"resource": resource, "field": field, "n": n}
    return Finding(code=code, case=case, call=call, params=shown, resource=resource, fields=(field,))


def applies(organization: Organization, processing: Processing) -> bool:
    """Some table has a key."""
    del processing
    return any(resource.foreign_keys or resource.primary_key for resource in organization.resources)


CHECK = Check(id="I3-05", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _last_reference_cut(request: Request, response: Response) -> Response:
    """The references of the last table are cut to twelve characters, as its column width wants."""
    for resource in reversed(request.organization["resources"]):
        keys = resource["schema"].get("foreignKeys", [])
        table = response.data.get(resource["name"])
        for key in keys:
            name = key["fields"] if isinstance(key["fields"], str) else key["fields"][0]
            if table is not None and name in table.column_names:
                values = [v[:12] if v else v for v in table.column(name).to_pylist()]
                return with_column(response, resource["name"], name, values)
    return response


MUTANTS = (
    Mutant(
        id="reference-cut",
        kind="wrapper",
        effect=Text(
            "一つの表だけが他の表と結び付かず、同じ本人の記録を追えない。",
            "One table no longer joins the others, and the records of one person cannot be followed.",
        ),
        precedent="fixed column widths of older databases (formats §2)",
        trigger="every release of an organization with a foreign key",
        proof="a reference is not a key of the table that it refers to",
        killed_by=("I3-05",),
        pairs=("hospital",),  # there is one table elsewhere
        wrap=after(_last_reference_cut),
    ),
    Mutant(
        id="pseudonym-by-table",
        kind="fault",
        effect=Text(
            "同じ本人が表ごとに別の仮IDをもち、一人として解析できない。",
            "One person has another pseudonym in each table and cannot be analysed as one.",
        ),
        precedent="salts by file (ARX and sdcMicro work on one table at a time; peers §2)",
        trigger="every release of an organization with a foreign key",
        proof="the domain of the keyed function holds the name of the table",
        killed_by=("I3-05",),
        pairs=("hospital",),  # there is one table elsewhere
        fault="pseudonym-by-table",
    ),
)
