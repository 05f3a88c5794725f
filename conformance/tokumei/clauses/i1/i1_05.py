"""I1-05: nothing of an address below the municipality is in the release: no town, no block, no house number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column

SHORTEST = 3
"""A shorter name of a town, such as 中央, stands in other names."""

ADDRESSES = """
SELECT DISTINCT "case", source, canary, folded FROM {self} t WHERE kind = 'direct' AND (source IN {declared}
  OR regexp_extract(folded, '[0-9一二三四五六七八九十](丁目|番地|番[0-9]+号)', 0) <> '')
"""

PARTS = """
SELECT DISTINCT "case", source, part AS canary, part AS folded FROM (
  SELECT "case", source, regexp_replace(regexp_extract(folded, '^[^0-9一二三四五六七八九十]+', 0), '^.*[都道府県市区郡]', '') AS part
  FROM {self} a
  UNION ALL SELECT "case", source, regexp_extract(folded, '[0-9一二三四五六七八九十]+(丁目|番地|番).*$', 0) AS part FROM {self} b
) AS parts
WHERE length(part) >= {shortest} AND part NOT IN {known}
"""
"""The town, which stands between the municipality and the first number, and the block and house as they are written."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for the parts of every address in the released texts that are not plain codes and numbers."""
    declared = declared_addresses(evidence.organization)
    addresses = evidence.canaries.query(ADDRESSES, declared=[*declared, ""])
    count = addresses.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows()
    for row in count:
        yield Premise(case=row["case"], count=row["n"], what="addresses")
    if not count:
        return
    parts = addresses.query(PARTS, shortest=SHORTEST, known=_known(evidence))
    cells = evidence.texts.query("SELECT * FROM {self} t WHERE regexp_extract(value, '[^ -~]', 0) <> ''")
    for row in occurrences(cells, parts, folded=True).rows():
        yield Finding(
            code="ADDRESS_PART",
            case=row["case"],
            call=row["call"],
            params={"n": row["n"], "source": row["source"], "resource": row["resource"], "field": row["field"]},
            resource=row["resource"],
            fields=(row["field"],),
        )


def _known(evidence: Evidence) -> list[str]:
    """What the declarations themselves name, and every part of it: a town may be called like a municipality."""
    named = {str(v) for i in evidence.organization.fields() for v in i.constraints.get("enum", ())}
    for hierarchy in evidence.asked.hierarchies.values():
        named |= {str(node) for line in hierarchy["table"] for node in line}
    long = [name for name in named if SHORTEST <= len(name) <= 40]
    return ["", *sorted({n[i:j] for n in long for i in range(len(n)) for j in range(i + SHORTEST, len(n) + 1)})]


def declared_addresses(organization: Organization) -> list[str]:
    """The fields of addresses: made as such, or direct identifiers that are called so."""
    return [
        str(info.name)
        for info in organization.fields()
        if info.tokumei.get("generator") == "street-address"
        or ("direct" in info.classes and re.search("住所|address", info.name.field.lower()))
    ]


def applies(organization: Organization, processing: Processing) -> bool:
    """Addresses are held."""
    del processing
    return bool(declared_addresses(organization))


CHECK = Check(id="I1-05", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _town_in_a_cell(request: Request, response: Response) -> Response:
    """The first cell of the last column ends with the town where the first person lives."""
    resource = subject_resource(request)
    given, table = request.data[resource], response.data[resource]
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    names = [f["name"] for f in found["schema"]["fields"] if f["tokumei"].get("generator") == "street-address"]
    if not names or not given.num_rows or not table.num_rows:
        return response
    town = re.split("[0-9]", given.column(names[0])[0].as_py() or "")[0]
    column = table.column_names[-1]
    first, *rest = table.column(column).to_pylist()
    return with_column(response, resource, column, [f"{first or ''}（{town}在住）", *rest])


MUTANTS = (
    Mutant(
        id="town-in-a-cell",
        kind="wrapper",
        effect=Text(
            "町名が一つのセルに残り、数百人の町の中の一人として探される。",
            "One cell keeps the name of a town, and the person is sought among its few hundred residents.",
        ),
        precedent="PPC report 2017: town names and house numbers are to be deleted (law §1.3)",
        trigger="one cell of each release",
        proof="a released cell holds the town of the first address of the input",
        killed_by=("I1-05",),
        pairs=("stroke-registry",),  # no addresses elsewhere
        wrap=after(_town_in_a_cell),
    ),
    Mutant(
        id="address-cut-too-late",
        kind="fault",
        effect=Text(
            "市区町村で切るはずの住所が町名まで残り、居住地が狭く定まる。",
            "An address that was to end at the municipality keeps the town, and the residence is narrowed down.",
        ),
        precedent="greedy patterns that cut at the last 市区町村: 夕凪町 ends like a municipality (law §1.3)",
        trigger="every address whose town ends with 町 or 村",
        proof="the released area ends with the town of the address",
        killed_by=("I1-05",),
        pairs=("stroke-registry",),  # no addresses elsewhere
        fault="address-cut-too-late",
    ),
)
