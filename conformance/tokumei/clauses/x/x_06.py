"""X-06: words that hide behind codes, in comments of codes and in names of files are free text, and not released as such."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column
from tokumei.relation import Relation
from tokumei.representation import markers
from tokumei.text import fold

SHORTEST = 6
"""A shorter phrase, such as 軽快, is also a label of a code."""
WORDS = 4
"""So many letters behind a code are words; fewer are a unit, a branch or a mark."""
PHRASES = "[、。，．,.!！?？;；:：（）()「」『』\\s]+"
LETTERS = re.compile(r"[^\W\d_]")

NOTES = (
    'SELECT DISTINCT "case", {source} AS source, {column} AS note FROM {self} t WHERE length({column}) >= {shortest}'
)

CODED = """
SELECT DISTINCT "case", "call", value, text FROM {self} t
WHERE resource = {resource} AND field = {field} AND length(value) > {words} AND value NOT IN {listed} AND value NOT IN {markers}
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look at what stands behind listed codes, and for phrases of notes in other fields and in files."""
    codes = code_fields(evidence.organization)
    for info in codes:
        yield from _behind(evidence, info)
    phrases = _phrases(evidence)
    for case, n in sorted(Counter(case for case, *_ in phrases).items()):
        yield Premise(case=case, count=n, what="phrases")
    if not phrases:
        return
    needles = _needles(evidence, phrases)
    open_fields = _redacted(evidence)
    own = sorted({str(info.name) for info in free_texts(evidence.organization)} | open_fields | {""})
    cells = evidence.texts.query(
        'SELECT "case", "call", resource, field, value, text FROM {self} t WHERE length(text) >= {least} '
        "AND regexp_extract(text, '[^ -~]', 0) <> '' AND resource || '.' || field NOT IN {own} "
        "UNION ALL SELECT \"case\", \"call\", '' AS resource, '' AS field, place AS value, "
        "text_fold(place || ' ' || text) AS text FROM {files} f",
        files=_others(evidence),
        least=SHORTEST,
        own=own,
    )
    for row in occurrences(cells, needles, folded=True).rows():
        if row["resource"]:
            shown = {key: row[key] for key in ("resource", "field", "source", "n")}
            yield _found("PHRASE_IN_OTHER_FIELD", row["case"], row["call"], shown)
        else:
            shown = {"source": row["source"], "n": row["n"]}
            yield Finding(code="PHRASE_IN_FILE", case=row["case"], call=row["call"], params=shown)


def _others(evidence: Evidence) -> Relation:
    """The files beside tables and declarations."""
    return evidence.files.query(
        "SELECT * FROM {self} t WHERE regexp_extract(place, '^(organization|processing)[.](json|yaml)$', 0) = ''"
    )


def _behind(evidence: Evidence, info: FieldInfo) -> Iterator[Observation]:
    """The released values of a field of codes that begin with a code, and have words behind it."""
    view = evidence.release[info.name.resource]
    if info.name.field not in view.names:
        return
    listed = _listed(evidence, info)
    cut = [int(s.params["truncate"]) for s in evidence.asked.steps_of(info.name) if "truncate" in s.params]
    listed |= {code[:n] for n in cut for code in listed}
    place = {"resource": info.name.resource, "field": info.name.field}
    for row in evidence.texts.query(
        'SELECT "case", count(*) AS n FROM {self} t WHERE resource = {resource} AND field = {field} GROUP BY "case"',
        **place,
    ).rows():
        yield Premise(case=row["case"], count=row["n"], what="values of coded fields")
    odd = evidence.texts.query(
        CODED, **place, words=WORDS, listed=[*sorted(listed), ""], markers=markers(evidence, info.name)
    )
    counted: Counter[tuple[str, int]] = Counter()
    known = sorted(filter(None, map(fold, listed)), key=len, reverse=True)
    begin = re.compile("|".join(map(re.escape, known)))
    for row in odd.rows():
        if begin.match(row["text"]):
            rest = begin.sub(" ", row["text"])
            counted[row["case"], row["call"]] += len(LETTERS.findall(rest)) >= WORDS
    for (case, call), n in sorted(counted.items()):
        if n:
            yield _found("WORDS_BEHIND_CODE", case, call, place | {"n": n})


def _listed(evidence: Evidence, info: FieldInfo) -> set[str]:
    codes = {str(value) for value in info.constraints.get("enum", ())}
    for step in evidence.asked.steps_of(info.name):
        hierarchy = evidence.asked.hierarchies.get(str(step.params.get("hierarchy", "")), {"table": ()})
        codes |= {str(node) for line in hierarchy["table"] for node in line}
    return codes


def _phrases(evidence: Evidence) -> list[tuple[str, str, str]]:
    """Case, source and phrase of the notes of the input for which no redaction is declared."""
    found: set[tuple[str, str, str]] = set()
    open_fields = _redacted(evidence)
    for info in free_texts(evidence.organization):
        view = evidence.input[info.name.resource]
        if info.name.field not in view.names or str(info.name) in open_fields:
            continue
        notes = view.relation.query(
            NOTES, source=str(info.name), column=view.column(info.name.field), shortest=SHORTEST
        )
        for row in notes.rows():
            for part in re.split(PHRASES, row["note"]):
                phrase = fold(part)
                if len(phrase) >= SHORTEST and re.search("[^ -~]", phrase):
                    found.add((row["case"], row["source"], phrase))
    return sorted(found)


def _needles(evidence: Evidence, phrases: list[tuple[str, str, str]]) -> Relation:
    names = ("case", "source", "folded")
    table = {name: pa.array([row[n] for row in phrases], pa.string()) for n, name in enumerate(names)}
    table["canary"] = table["folded"]
    return evidence.canaries.engine.register("x-06.phrases", pa.table(table))


def _redacted(evidence: Evidence) -> set[str]:
    """The fields for which some call claims a method of redaction."""
    claims = [claim for claim in (evidence.asked, *evidence.claims) if claim is not None]
    return {str(name) for claim in claims for step in claim.with_technique("text-redact") for name in step.fields}


def free_texts(organization: Organization) -> list[FieldInfo]:
    """The fields that hold free text."""
    return [info for info in organization.fields() if "freetext" in info.classes]


def code_fields(organization: Organization) -> list[FieldInfo]:
    """The fields whose values are listed."""
    return [i for i in organization.fields() if "enum" in i.constraints and "freetext" not in i.classes]


def _found(code: str, case: str, call: int, params: dict[str, object]) -> Finding:
    fields = (str(params["field"]),)
    return Finding(code=code, case=case, call=call, params=params, resource=str(params["resource"]), fields=fields)


def applies(organization: Organization, processing: Processing) -> bool:
    """Codes or notes are held."""
    del processing
    return bool(free_texts(organization) or code_fields(organization))


CHECK = Check(id="X-06", needs=(Need.RELEASE, Need.CLAIM, Need.INPUT), judge=judge, applies=applies)


def _words_behind_a_code(request: Request, response: Response) -> Response:
    """The first cell of a field of codes tells in words what the code does not."""
    resource = subject_resource(request)
    organization = Organization.of(request.organization)
    table = response.data[resource]
    kept = [
        i.name.field
        for i in code_fields(organization)
        if i.name.resource == resource and i.name.field in table.column_names
    ]
    for name in kept:
        first, *rest = table.column(name).to_pylist() or [None]
        if first:
            return with_column(response, resource, name, [f"{first}:酒蔵を継いだ長男、同じ事故で父も入院", *rest])
    return response


def _phrase_in_file_name(request: Request, response: Response) -> Response:
    """A file is named after what was noted down."""
    for resource, given in request.data.items():
        if not any(r["name"] == resource for r in request.organization["resources"]):
            continue
        notes = [t for f in fields_with_class(request, resource, "freetext") for t in given.column(f).to_pylist() if t]
        parts = [part for note in notes for part in re.split(PHRASES, note) if len(fold(part)) >= SHORTEST]
        if parts:
            return dataclasses.replace(response, extra=dict(response.extra) | {f"images/{parts[-1]}.txt": "1 image"})
    return response


MUTANTS = (
    Mutant(
        id="words-behind-a-code",
        kind="wrapper",
        effect=Text(
            "コードの後ろに付いた言葉から、家業や事故が知られ、本人が分かる。",
            "Words behind a code tell of a family business and an accident, and show the person.",
        ),
        precedent="'other' codes spelled out; comment codes of claims (8xxxxxxxx with text)",
        trigger="one cell of each release with codes",
        proof="a released cell is a listed code with a sentence behind it",
        killed_by=("X-06",),
        wrap=after(_words_behind_a_code),
    ),
    Mutant(
        id="phrase-in-file-name",
        kind="wrapper",
        effect=Text(
            "ファイル名に自由記載の一部が残り、経過から本人が分かる。",
            "The name of a file keeps a part of a note, and what it tells shows the person.",
        ),
        precedent="pictures and scans named after what they show",
        trigger="every release of an organization with notes",
        proof="the name of a file holds a phrase of a note of the input",
        killed_by=("X-06",),
        wrap=after(_phrase_in_file_name),
    ),
    Mutant(
        id="comment-behind-the-code",
        kind="fault",
        effect=Text(
            "コメントの列は消えるが、その文がコードの列に移り、読まれる。",
            "The column of comments is removed, but its words move behind a code and are read.",
        ),
        precedent="exports that join code and comment into one item",
        trigger="every row with a note",
        proof="released codes end with phrases of notes of the input",
        killed_by=("X-06",),
        fault="comment-behind-the-code",
    ),
)
