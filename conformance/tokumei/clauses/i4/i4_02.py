"""I4-02: no disease of fewer persons than the declared limit is released under its own name or code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.representation import markers

DISEASES = ("icd", "標準病名")
"""How the code systems of diseases begin. A list of diseases in no known code system cannot be told from any other."""
FEW = """
SELECT "case", "call", count(*) AS n FROM (
  SELECT "case", "call", {column} AS v, count(DISTINCT coalesce(subject, 'row ' || "row")) AS persons
  FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers} GROUP BY "case", "call", {column}
) p WHERE persons < {least} GROUP BY "case", "call"
"""
"""Values by the number of their persons. A row without a person counts as one: that makes more of them, never fewer."""


def limits(*processings: Processing) -> Mapping[FieldName, int]:
    """The strictest number of persons that a value of each field must have."""
    found: dict[FieldName, int] = {}
    for target in (target for processing in processings for target in processing.targets):
        if target.model == "rare-category":
            found |= {name: max(target.minimum, found.get(name, 0)) for name in target.fields}
    return found


def diseases(organization: Organization) -> Iterator[FieldName]:
    """The fields that are declared to hold codes of diseases."""
    for info in organization.fields():
        if str(info.tokumei.get("codeSystem", "")).lower().startswith(DISEASES):
            yield info.name


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the persons of each released value. Where there is a limit, the input must hold something below it."""
    claim = evidence.claim or evidence.asked
    known = limits(evidence.asked, claim)
    for name in sorted({*diseases(evidence.organization), *known}):
        view, given = evidence.release.get(name.resource), evidence.input.get(name.resource)
        if view is None or name.field not in view.names:
            continue
        if name not in known:
            for case, number, _ in evidence.released_calls():
                yield Premise(case=case.id, count=1, what="fields without a limit")
                yield _finding("NO_LIMIT", {"case": case.id, "call": number}, name)
            continue
        hidden = markers(evidence, name)
        if given is not None and name.field in given.names:
            column = given.column(name.field)
            for row in given.relation.query(FEW, column=column, markers=hidden, least=known[name]).rows():
                yield Premise(case=row["case"], count=row["n"], what="rare values")
        column = view.column(name.field)
        for row in view.relation.query(FEW, column=column, markers=hidden, least=known[name]).rows():
            yield _finding("RARE_VALUE", row, name, n=row["n"], limit=known[name])


def _finding(code: str, row: Mapping[str, object], name: FieldName, **params: object) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": name.resource, "field": name.field, **params},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """A field of diseases, or one with a limit, is released."""
    return any(processing.released(name) for name in {*diseases(organization), *limits(processing)})


CHECK = Check(id="I4-02", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _rare_code_back(request: Request, response: Response) -> Response:
    """In the first field with a limit, one cell holds the rarest value of the input again."""
    names = [text for target in request.processing["targets"] for text in target.get("fields", [])]
    for name in (FieldName.parse(str(text)) for text in names[:1]):
        table, given = response.data.get(name.resource), request.data.get(name.resource)
        if table is None or given is None or name.field not in table.column_names or not table.num_rows:
            continue
        seen = Counter(value for value in given.column(name.field).to_pylist() if value)
        cells = table.column(name.field).to_pylist()
        if seen:
            return with_column(response, name.resource, name.field, [min(seen, key=lambda v: seen[v]), *cells[1:]])
    return response


MUTANTS = (
    Mutant(
        id="rare-code-back",
        kind="wrapper",
        effect=Text(
            "地域に数人しかいない病気の記録から、その人が分かる。",
            "A record of a disease that few people of the region have tells who it is.",
        ),
        precedent="guideline example of item 4 (medical history of very few cases); PWS Cup 2025, moyamoya disease",
        trigger="every release of a field with a limit",
        proof="one released value is held by one person",
        killed_by=("I4-02",),
        pairs=("hospital",),  # no limit of rare values elsewhere
        wrap=after(_rare_code_back),
    ),
    Mutant(
        id="rare-over-rows",
        kind="fault",
        effect=Text(
            "通院の多い数人が、行の数でまれな病名の限度を満たす。",
            "A few persons with many visits meet the limit of a rare disease by their rows.",
        ),
        precedent="frequencies over records in longitudinal data (peers §3)",
        trigger="a disease of fewer persons than the limit with as many rows",
        proof="the planned disease of 4 persons and 8 rows stays under a limit of 5",
        killed_by=("I4-02",),
        pairs=("hospital",),  # no limit of rare values elsewhere
        fault="rare-over-rows",
    ),
)
