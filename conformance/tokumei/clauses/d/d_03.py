"""D-03: every released column is declared with a technique of the vocabulary, and none that was to go is there."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.claims import laxer
from tokumei.clause import Check, Mutant
from tokumei.declarations import TECHNIQUES, FieldName, Organization, Processing
from tokumei.evidence import CaseView, Evidence
from tokumei.model import Call, Finding, Need, Observation, Premise, Request, Response, Text, TokumeiError
from tokumei.mutants.edits import after, subject_resource, with_column

EXPECTED_FILES = frozenset(
    f"{name}.{kind}"
    for name in ("organization", "processing", "risk", "statement", "publication", "book", "erasure", "utility")
    for kind in ("json", "yaml")
)
"""What PROTOCOL lets a response hold beside its answer, its tables and its log."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Compare the columns of each release with what was asked, what is claimed, and how it is described."""
    for case, number, call in evidence.released_calls():
        response = call.response
        assert response is not None
        claim = _claim(response)
        if claim is None:
            yield Finding(code="NO_CLAIM", case=case.id, call=number)
        places = laxer(evidence.asked, claim) if claim else ()
        if places:
            shown = {"n": len(places), "places": ", ".join(places)}
            yield Finding(code="LAXER_CLAIM", case=case.id, call=number, params=shown)
        claim = claim or evidence.asked
        columns = {FieldName(name, column) for name, table in response.data.items() for column in table.column_names}
        columns |= {info.name for info in evidence.organization.fields() if claim.released(info.name)}
        yield Premise(case=case.id, count=len(columns), what="columns")
        yield from _columns(evidence, claim, case, number, call)
        yield from _described(evidence, response, case, number)
        yield from _files(evidence, response, case, number)
        for technique in sorted({step.technique for step in claim.steps} - TECHNIQUES):
            yield Finding(code="UNKNOWN_TECHNIQUE", case=case.id, call=number, params={"technique": technique})


def _claim(response: Response) -> Processing | None:
    if response.processing is None:
        return None
    try:
        return Processing.of(response.processing)
    except TokumeiError:
        return None


def _files(evidence: Evidence, response: Response, case: CaseView, number: int) -> Iterator[Finding]:
    """Files that no declaration names, and declared files that cannot be read as they are declared."""
    known = {resource.name for resource in evidence.organization.resources}
    unknown = [path for path in response.extra if path not in EXPECTED_FILES] + sorted(response.data.keys() - known)
    if unknown:
        yield Finding(code="UNDECLARED_FILE", case=case.id, call=number, params={"n": len(unknown)})
    if response.problems:
        kinds = ", ".join(sorted({problem.code for problem in response.problems}))
        shown = {"n": len(response.problems), "problems": kinds}
        yield Finding(code="UNREADABLE_FILE", case=case.id, call=number, params=shown)


def _columns(evidence: Evidence, claim: Processing, case: CaseView, number: int, call: Call) -> Iterator[Finding]:
    assert call.response is not None
    for resource in evidence.organization.resources:
        table = call.response.data.get(resource.name)
        present = list(table.column_names) if table is not None else []
        for place, column in enumerate(present):
            if resource.field(column) is None or present.count(column) > 1:
                yield _finding("UNDECLARED_COLUMN", case, number, resource.name, "", column_no=place + 1)
        for info in resource.fields:
            name = info.name
            wanted = claim.released(name) and evidence.asked.released(name)
            if name.field in present and not wanted:
                yield _finding("SUPPRESSED_COLUMN_RELEASED", case, number, resource.name, name.field)
            elif name.field not in present and wanted:
                yield _finding("MISSING_COLUMN", case, number, resource.name, name.field)


def _described(evidence: Evidence, response: Response, case: CaseView, number: int) -> Iterator[Finding]:
    """The document of the release, where the product gives one, describes each column it holds."""
    if response.organization is None:
        return
    described: Organization | None
    try:
        described = Organization.of(response.organization)
    except TokumeiError:
        described = None
    for resource, table in response.data.items():
        for column in table.column_names:
            known = evidence.organization.field(FieldName(resource, column)) is not None
            if known and (described is None or described.field(FieldName(resource, column)) is None):
                yield _finding("NOT_DESCRIBED", case, number, resource, column)


def _finding(code: str, case: CaseView, number: int, resource: str, field: str, **params: object) -> Finding:
    shown = {"resource": resource, **({"field": field} if field else {}), **params}
    return Finding(
        code=code, case=case.id, call=number, params=shown, resource=resource, fields=(field,) if field else ()
    )


CHECK = Check(id="D-03", needs=(Need.RELEASE, Need.CLAIM), judge=judge)


def _adds_an_index(request: Request, response: Response) -> Response:
    """A column of row numbers that nobody declared, as data frame libraries write it."""
    resource = subject_resource(request)
    rows = response.data[resource].num_rows
    return with_column(response, resource, "index", [str(i) for i in range(rows)])


MUTANTS = (
    Mutant(
        id="adds-an-index",
        kind="wrapper",
        effect=Text(
            "宣言にない列が提供され、評価を受けていない情報が出る。",
            "A column nobody declared goes out without having been judged.",
        ),
        precedent="anjana: extra index column after suppression (peers §3)",
        trigger="every release",
        proof="the release has a column that no declaration names",
        killed_by=("D-03",),
        wrap=after(_adds_an_index),
    ),
    Mutant(
        id="phone-column-kept",
        kind="fault",
        effect=Text("削除すると宣言した列が残る。", "A column that was declared suppressed is still there."),
        precedent="WELD; configuration by block list",
        trigger="every release of an organization with a telephone number",
        proof="the released columns hold one that the claim suppresses",
        killed_by=("D-03", "I1-01"),
        fault="phone-column-kept",
    ),
)
