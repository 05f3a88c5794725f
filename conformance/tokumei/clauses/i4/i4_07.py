"""I4-07: rarity is judged by a declared reference population too: what is frequent here may be rare in society.

The reference is a table of shares by code in the processing declaration, with its name, version and date. A released
code that begins with a rare code of the table names the disease; a shorter one is a wider category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.clauses.i4.i4_02 import diseases
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Column, Relation
from tokumei.thresholds import RARE_SHARE

NAMED = """
SELECT "case", "call", count(DISTINCT {column}) AS n FROM {self} t
WHERE substr({column}, 1, length({code})) = {code} GROUP BY "case", "call"
"""

COUNTED = 'SELECT "case", "call", sum(n) AS n FROM {self} t GROUP BY "case", "call"'


def references(name: FieldName, *processings: Processing) -> list[Mapping[str, Any]]:
    """The reference populations that are declared for a field."""
    tables = [table for each in processings for table in each.document.get("rarity", ())]
    return [table for table in tables if str(name) in table["fields"]]


def limit(table: Mapping[str, Any]) -> float:
    """Below which share a code is rare: as declared, and not laxer than the default without a reason."""
    declared = float(table.get("limit", RARE_SHARE))
    return declared if table.get("why") else max(declared, RARE_SHARE)


def rare_codes(tables: list[Mapping[str, Any]]) -> tuple[str, ...]:
    """The codes of a share below the limit of their table."""
    return tuple(sorted({code for table in tables for code, share in table["shares"].items() if share < limit(table)}))


def judge(evidence: Evidence) -> Iterator[Observation]:
    """For each released field of diseases, look for its references, and for the codes that those call rare."""
    claims = [claim for claim in evidence.claims if claim]
    for name in diseases(evidence.organization):
        view, given = evidence.release.get(name.resource), evidence.input.get(name.resource)
        if view is None or name.field not in view.names:
            continue
        tables = references(name, evidence.asked, *claims)
        lax = [table for table in tables if float(table.get("limit", RARE_SHARE)) < RARE_SHARE and not table.get("why")]
        for code in (["NO_REFERENCE"] if not tables else []) + (["LAX_LIMIT"] if lax else []):
            for case, number, _ in evidence.released_calls():
                yield Premise(case=case.id, count=1, what="fields of diseases")
                yield _finding(code, {"case": case.id, "call": number}, name)
        rare = rare_codes(tables)
        if rare and given is not None and name.field in given.names:
            for row in _named(given.relation, given.column(name.field), rare).rows():
                yield Premise(case=row["case"], count=int(row["n"]), what="rare codes")
        if rare:
            for row in _named(view.relation, view.column(name.field), rare).rows():
                yield _finding("RARE_IN_POPULATION", row, name, n=row["n"])


def _named(relation: Relation, column: Column, codes: tuple[str, ...]) -> Relation:
    parts = [relation.query(NAMED, column=column, code=code).sql for code in codes]
    return Relation(relation.engine, " UNION ALL ".join(parts)).query(COUNTED)


def _finding(code: str, row: Mapping[str, Any], name: FieldName, **params: object) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(row["call"]),
        params={"resource": name.resource, "field": name.field, **params},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """A field of diseases is released."""
    return any(processing.released(name) for name in diseases(organization))


CHECK = Check(id="I4-07", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _frequent_code_back(request: Request, response: Response) -> Response:
    """The empty cells of a field of diseases are filled with the most frequent code that the release lost."""
    for table in request.processing.get("rarity", ()):
        for name in (FieldName.parse(str(text)) for text in table["fields"]):
            held = response.data.get(name.resource)
            if held is None or name.field not in held.column_names:
                continue
            cells = held.column(name.field).to_pylist()
            there = {cell for cell in cells if cell}
            given = request.data[name.resource].column(name.field).to_pylist()
            lost = Counter(code for code in given if code and not any(code.startswith(cell) for cell in there))
            known = [code for code in table["shares"] if any(each.startswith(code) for each in lost)]
            if known:
                most = max(known, key=lambda code: sum(n for each, n in lost.items() if each.startswith(code)))
                return with_column(response, name.resource, name.field, [cell or most for cell in cells])
    return response


MUTANTS = (
    Mutant(
        id="frequent-code-back",
        kind="wrapper",
        effect=Text(
            "専門病院に患者が集まる難病の名が残り、全国で数百人の一人と分かる。",
            "A disease that gathers in a specialist hospital keeps its name: one of few hundred in the nation.",
        ),
        precedent="data of specialist hospitals (law Q3); rarity counted in the database alone",
        trigger="a disease that is rare in the reference population",
        proof="a released code is one whose share of the reference population is below the limit",
        killed_by=("I4-07",),
        pairs=("hospital",),  # no field of diseases elsewhere
        wrap=after(_frequent_code_back),
    ),
    Mutant(
        id="rare-by-database-alone",
        kind="fault",
        effect=Text(
            "このデータベースに多い病名だからと、社会ではまれな病名を残す。",
            "A disease that is rare in society stays, because this database holds many of it.",
        ),
        precedent="frequencies counted over the data at hand in shipped tools (peers §3)",
        trigger="a disease of many persons here that is rare in the reference population",
        proof="a released code is one whose share of the reference population is below the limit",
        killed_by=("I4-07",),
        pairs=("hospital",),  # no field of diseases elsewhere
        fault="rare-by-database-alone",
    ),
)
