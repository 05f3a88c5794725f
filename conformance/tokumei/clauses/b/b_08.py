"""B-08: the order of rows, columns and files of the input does not change who is released and who is protected."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.relation import Column

RANDOM = ("sample", "swap", "noise", "synthesize", "microaggregate")
"""Techniques that choose by chance or by neighbours: who declares one has declared the difference."""

COUNTED = """
SELECT "case", "call", {columns}, count(DISTINCT subject) AS n
FROM {self} t WHERE "case" IN {both} GROUP BY "case", "call", {columns}
"""

COMPARED = """
SELECT "case", count(*) AS cells, count(*) FILTER (WHERE one <> two) AS other, sum(one) AS one, sum(two) AS two
FROM (
  SELECT "case", {columns}, coalesce(sum(n) FILTER (WHERE "call" = 0), 0) AS one,
    coalesce(sum(n) FILTER (WHERE "call" = 1), 0) AS two
  FROM {self} t GROUP BY "case", {columns}
) u GROUP BY "case"
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the released persons of every combination of kept values, in both orders of one input.

    Which fields of a person are blanked or coarsened is left to the product; the carriers of the cells are kept by
    all, so that the persons of a cell are counted whatever else happens to them. Where there are none, all are one.
    """
    steps = (evidence.claim or evidence.asked).with_technique(*RANDOM)
    home = evidence.release.get(evidence.organization.subject_key.resource)
    if steps or home is None:
        return
    both = [case.id for case in evidence.cases if len(case.calls) > 1 and all(call.released for call in case.calls)]
    columns = home.pick(evidence.carriers) or (Column("everyone"),)
    counted = home.relation.query("SELECT *, 0 AS everyone FROM {self} t").query(
        COUNTED, columns=columns, both=[*both, ""]
    )
    for row in counted.query(COMPARED, columns=columns).rows():
        yield Premise(case=row["case"], count=row["cells"], what="cells")
        if row["other"]:
            shown = {"n": row["other"], "one": int(row["one"]), "two": int(row["two"])}
            yield Finding(
                code="PROTECTED_BY_ORDER",
                case=row["case"],
                call=1,
                params={"resource": home.resource, **shown},
                resource=home.resource,
            )


def applies(organization: Organization, processing: Processing) -> bool:
    """Nothing is declared that chooses by chance."""
    del organization
    return not processing.with_technique(*RANDOM)


CHECK = Check(id="B-08", needs=(Need.RELEASE, Need.PERMUTED, Need.SAME_SECRET), judge=judge, applies=applies)


def _reads_nine_tenths(product: Product) -> Product:
    """The reader stops at a limit of rows: the persons of the last tenth are not processed, nor what refers to them."""

    def broken(request: Request) -> Response:
        data = dict(request.data)
        first = str(request.organization["tokumei"]["subjects"]["key"]).split(".")[0]
        data[first] = data[first].slice(0, max(1, data[first].num_rows * 9 // 10))
        known = {first}
        for _ in request.organization["resources"]:
            for resource in request.organization["resources"]:
                for key in resource["schema"].get("foreignKeys", []):
                    own, to = (_one(part["fields"]) for part in (key, key["reference"]))
                    if key["reference"]["resource"] in known:
                        left = set(data[key["reference"]["resource"]].column(to).to_pylist())
                        table = data[resource["name"]]
                        keep = [value in left for value in table.column(own).to_pylist()]
                        data[resource["name"]] = table.filter(keep)
                        known.add(resource["name"])
        return product(dataclasses.replace(request, data=data))

    return broken


def _one(fields: str | list[str]) -> str:
    return fields if isinstance(fields, str) else fields[0]


MUTANTS = (
    Mutant(
        id="reads-nine-tenths",
        kind="wrapper",
        effect=Text(
            "誰が含まれるかが行の順序で決まり、末尾の本人は黙って失われる。",
            "The order of rows decides who is in the release; the last persons are lost in silence.",
        ),
        precedent="row limit of a spreadsheet: 15,841 cases lost, England 2020",
        trigger="every release",
        proof="the last tenth of the rows never reaches the product",
        killed_by=("B-08",),
        wrap=_reads_nine_tenths,
    ),
    Mutant(
        id="classes-by-chunk",
        kind="fault",
        effect=Text(
            "群の大きさを読み込んだ塊ごとに数えるため、消される本人が並び順で変わる。",
            "Classes are counted in each chunk that is read, so the order of rows decides who is removed.",
        ),
        precedent="streaming in chunks (pandas chunksize); peers §3",
        trigger="a table of more than 64 rows",
        proof="a class is small when it is small in one chunk",
        killed_by=("B-08",),
        fault="classes-by-chunk",
    ),
)
