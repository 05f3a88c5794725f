"""I1-01: no direct identifier of anybody in the input is in the answer, in any spelling that folds to it.

An answer is a release, or a refusal with what it carries: its reason, and whatever stands beside it. What a
refusal leaves behind is found too; only releases are premises.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.chance import ALPHA, by_chance, held
from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column
from tokumei.relation import Relation
from tokumei.text import fold


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Look for every canary in every cell, column name, file name and other file of its case, and every reason.

    Random pseudonyms may spell a short name: what their letters meet by chance is no finding (``chance``).
    """
    canaries = evidence.canaries.query("SELECT * FROM {self} t WHERE kind IN ('direct', 'staff')")
    planted = {
        row["case"]: row["n"]
        for row in canaries.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows()
    }
    for case in evidence.cases:
        if planted.get(case.id) and any(call.released and call.response and call.response.data for call in case.calls):
            yield Premise(case=case.id, count=planted[case.id], what="canaries")
    for row in occurrences(evidence.texts, canaries, folded=True).rows():
        if _drawn(evidence, canaries, row, alpha):
            continue
        yield Finding(
            code="IDENTIFIER_IN_RELEASE",
            case=row["case"],
            call=row["call"],
            params={"n": row["n"], "source": row["source"], "resource": row["resource"], "field": row["field"]},
            resource=row["resource"],
            fields=(row["field"],),
        )
    places = evidence.files.query(
        "SELECT \"case\", \"call\", 'file' AS resource, 'text' AS field, text AS value FROM {self} t "
        "UNION ALL SELECT \"case\", \"call\", 'file' AS resource, 'name' AS field, place AS value FROM {self} t"
    )
    for row in occurrences(places, canaries).rows():
        code = "IDENTIFIER_IN_FILE_NAME" if row["field"] == "name" else "IDENTIFIER_IN_OTHER_FILE"
        yield Finding(code=code, case=row["case"], call=row["call"], params={"n": row["n"]})
    folded: defaultdict[str, set[str]] = defaultdict(set)
    for row in canaries.rows():
        folded[row["case"]].add(row["folded"])
    yield from _column_names(evidence, folded)
    yield from _beside_refusals(evidence, folded)


def _drawn(evidence: Evidence, canaries: Relation, row: Mapping[str, Any], alpha: float) -> bool:
    """Whether what was found stands in random pseudonyms, and no oftener than their letters meet by chance."""
    claim = evidence.claim_of(row["call"]) or evidence.asked
    fields = {str(name) for step in claim.with_technique(*PSEUDONYMS) for name in step.fields}
    if f"{row['resource']}.{row['field']}" not in fields:
        return False
    texts = evidence.texts.query(
        'SELECT DISTINCT text FROM {self} t WHERE "case" = {case} AND "call" = {call} AND resource = {resource} '
        "AND field = {field}",
        **{name: row[name] for name in ("case", "call", "resource", "field")},
    )
    needles = canaries.query(
        'SELECT DISTINCT folded FROM {self} t WHERE "case" = {case} AND source = {source}',
        case=row["case"],
        source=row["source"],
    )
    told, names = (relation.arrow().column(0).to_pylist() for relation in (texts, needles))
    return by_chance(held(told, names), told, names, alpha)


def _beside_refusals(evidence: Evidence, canaries: Mapping[str, set[str]]) -> Iterator[Finding]:
    """The tables of an answer that is no release, and the reason that it gives."""
    for case in evidence.cases:
        own = canaries.get(case.id, set())
        for number, call in enumerate(case.calls):
            answer = call.response
            if answer is None or call.released:
                continue
            cells = {str(v) for t in answer.data.values() for c in t.columns for v in c.to_pylist() if v is not None}
            names = {name for table in answer.data.values() for name in table.column_names} | answer.data.keys()
            beside = {fold(text) for text in cells | names}
            reasons = {fold(text) for text in (answer.message, answer.code, answer.path)}
            for code, texts in (("IDENTIFIER_BESIDE_REFUSAL", beside), ("IDENTIFIER_IN_REASON", reasons)):
                whole = "\n".join(texts)  # what is folded has no line breaks
                n = sum(canary in whole for canary in own)
                if n:
                    yield Finding(code=code, case=case.id, call=number, params={"n": n})


def _column_names(evidence: Evidence, canaries: Mapping[str, set[str]]) -> Iterator[Finding]:
    declared = {fold(info.name.field) for info in evidence.organization.fields()}
    for case, number, call in evidence.released_calls():
        assert call.response is not None
        for name, table in call.response.data.items():
            for column in {fold(c) for c in table.column_names} - declared:
                n = sum(canary in column for canary in canaries.get(case.id, ()))
                if n:
                    yield Finding(
                        code="IDENTIFIER_IN_COLUMN_NAME", case=case.id, call=number, params={"n": n}, resource=name
                    )


CHECK = Check(id="I1-01", needs=(Need.INPUT, Need.CANARY), judge=judge)


def _name_in_kept_cell(request: Request, response: Response) -> Response:
    """Write the first person's name, in hiragana where it has a reading, into one cell of the release."""
    resource = subject_resource(request)
    source = request.data[resource]
    names = fields_with_class(request, resource, "direct")
    table = response.data[resource]
    if not names or not source.num_rows or not table.num_rows:
        return response
    value = str(source.column(names[0])[0].as_py()).replace(" ", "　")
    column = table.column_names[-1]
    return with_column(response, resource, column, [value, *table.column(column).to_pylist()[1:]])


MUTANTS = (
    Mutant(
        id="name-with-wide-space",
        kind="wrapper",
        effect=Text("全角空白の氏名が一つのセルに残る。", "One cell keeps a name, with a full-width space."),
        precedent="deidgate passes full-width and wide-space forms (peers §3)",
        trigger="one cell of each release",
        proof="the cell folds to the name of the first person of the input",
        killed_by=("I1-01",),
        wrap=after(_name_in_kept_cell),
    ),
    Mutant(
        id="kana-name-kept",
        kind="fault",
        effect=Text("カナ氏名の列が消されない。", "The column of kana names is not removed."),
        precedent="HIPS: only the kanji name was replaced",
        trigger="every release of an organization with two scripts of a name",
        proof="the released column equals the input column",
        killed_by=("I1-01", "D-03"),
        fault="kana-name-kept",
    ),
)
