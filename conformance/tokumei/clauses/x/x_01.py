"""X-01: free text is in a release only where the declaration names the method that takes the identifying parts out."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, with_column
from tokumei.relation import Relation

SHORTEST = 10
"""A shorter note, such as 特になし, is also the label of a code."""

NOTES = """
SELECT DISTINCT "case", {source} AS source, text_fold({column}) AS canary, text_fold({column}) AS folded FROM {self} t
WHERE length(text_fold({column})) >= {shortest}
"""

KEPT = """
SELECT "case", "call", count(*) AS n FROM {self} t
WHERE {column} IS NOT NULL AND regexp_extract({column}, '^[*＊×■\\-]*$|^(削除|非公開|マスク)$', 0) <> {column}
GROUP BY "case", "call"
"""
"""A marker in place of every text is no text."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count texts in released columns of free text without a method, and find whole notes in other columns."""
    notes = []
    open_fields: set[str] = set()
    for info in free_texts(evidence.organization):
        given, released = evidence.input[info.name.resource], evidence.release.get(info.name.resource)
        if info.name.field not in given.names:
            continue
        for row in _texts(given, info).rows():
            if row["call"] == 0:
                yield Premise(case=row["case"], count=row["n"], what="texts")
        calls = {c for c in range(1 + max(len(case.calls) for case in evidence.cases)) if _declared(evidence, c, info)}
        if calls:
            open_fields.add(str(info.name))
        else:
            notes.append(_notes(given, info))
        if released is not None and info.name.field in released.names:
            for row in _texts(released, info).rows():
                if row["call"] not in calls:
                    place = {"resource": info.name.resource, "field": info.name.field, "n": row["n"]}
                    yield _found("FREE_TEXT", row["case"], row["call"], place)
    if notes:
        own = sorted({str(info.name) for info in free_texts(evidence.organization)} | {""})
        union = Relation(evidence.canaries.engine, " UNION ".join(note.sql for note in notes))
        cells = evidence.texts.query(
            "SELECT * FROM {self} t WHERE length(value) >= {shortest} AND resource || '.' || field NOT IN {own} "
            "AND regexp_extract(value, '^[0-9A-Za-z+/=_%.:-]+$', 0) = ''",
            shortest=SHORTEST,
            own=own,
        )
        for row in occurrences(cells, union, folded=True).rows():
            place = {key: row[key] for key in ("resource", "field", "source", "n")}
            yield _found("TEXT_IN_OTHER_FIELD", row["case"], row["call"], place)


def free_texts(organization: Organization) -> list[FieldInfo]:
    """The fields that hold free text."""
    return [info for info in organization.fields() if "freetext" in info.classes]


def _declared(evidence: Evidence, call: int, info: FieldInfo) -> bool:
    """Whether the call claims to redact the field: ``text-redact`` names what finds the parts, and which they are."""
    claim = evidence.claim_of(call) or evidence.asked
    return any(info.name in step.fields for step in claim.with_technique("text-redact"))


def _texts(view: TableView, info: FieldInfo) -> Relation:
    return view.relation.query(KEPT, column=view.column(info.name.field))


def _notes(view: TableView, info: FieldInfo) -> Relation:
    return view.relation.query(NOTES, column=view.column(info.name.field), source=str(info.name), shortest=SHORTEST)


def _found(code: str, case: str, call: int, params: dict[str, object]) -> Finding:
    fields = (str(params["field"]),)
    return Finding(code=code, case=case, call=call, params=params, resource=str(params["resource"]), fields=fields)


def applies(organization: Organization, processing: Processing) -> bool:
    """Free text is held."""
    del processing
    return bool(free_texts(organization))


CHECK = Check(id="X-01", needs=(Need.RELEASE, Need.CLAIM, Need.INPUT), judge=judge, applies=applies)


def _note_in_a_cell(request: Request, response: Response) -> Response:
    """The last cell of a table ends with the longest note of that table, as when a code 'other' is spelled out."""
    for resource, table in response.data.items():
        given = request.data.get(resource)
        if given is None or not table.num_rows:
            continue
        notes = [t for f in fields_with_class(request, resource, "freetext") for t in given.column(f).to_pylist() if t]
        if notes:
            column = table.column_names[-1]
            *rest, last = table.column(column).to_pylist()
            return with_column(response, resource, column, [*rest, f"{last or ''}（{max(notes, key=len)}）"])
    return response


MUTANTS = (
    Mutant(
        id="note-in-a-cell",
        kind="wrapper",
        effect=Text(
            "コードの補足として自由記載が移され、家族や勤務先の記述が読まれる。",
            "A note is moved behind a code, and what it says of family and work is read.",
        ),
        precedent="comment codes and 'other' fields (law X-06, §10.5)",
        trigger="one cell of each release of an organization with notes",
        proof="a released cell holds a whole note of the input",
        killed_by=("X-01",),
        wrap=after(_note_in_a_cell),
    ),
    Mutant(
        id="notes-with-names-masked",
        kind="fault",
        effect=Text(
            "氏名だけを伏せた自由記載が提供され、記述の内容から本人が分かる。",
            "Notes go out with nothing but the names masked, and what they tell shows whose they are.",
        ),
        precedent="HIPS: only the forms that the program knew were replaced",
        trigger="every release of an organization with notes",
        proof="the released column of free text has texts, and no method is declared for it",
        killed_by=("X-01",),
        fault="notes-with-names-masked",
    ),
)
