"""I1-10: names of files, tables and columns, comments, properties and other metadata of a release name nobody."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Call, Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_table
from tokumei.text import fold

LONG = 10
"""A code of so many characters, letters among them, is looked for inside other words; a shorter one as a word."""
ABOUT = frozenset(
    {"title", "description", "contributors", "sources", "created", "keywords", "path", "homepage", "author"}
)
"""What a document says of the data and of who made them."""
WORD = re.compile(r"[0-9]+|[A-Za-z]+[0-9]+|[0-9A-Za-z]+")


@dataclasses.dataclass(frozen=True, slots=True)
class _Known:
    """The identifiers of one case: those found anywhere, and those found as a word."""

    inside: frozenset[str]
    words: frozenset[str]

    def within(self, text: str) -> int:
        """How many of them a text holds."""
        folded = fold(text)
        told = {fold(word) for word in WORD.findall(text)} | {fold(word) for word in re.split(r"[^0-9A-Za-z-]+", text)}
        return sum(one in folded for one in self.inside) + len(self.words & told)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for the identifiers of the input in every name and in all that files say beside their content."""
    known = _known(evidence)
    for case, number, call in evidence.released_calls():
        own = known.get(case.id)
        if own is None:
            continue
        if number == 0:
            yield Premise(case=case.id, count=len(own.inside) + len(own.words), what="identifiers")
        names, beside = _names(call), _beside(call)
        for row in evidence.files.query(
            'SELECT place, text FROM {self} t WHERE "case" = {case} AND "call" = {call}', case=case.id, call=number
        ).rows():
            names.append(row["place"])
            if "#" in row["place"] or "!" in row["place"]:
                beside.append(row["text"])
        for code, texts in (("IDENTIFIER_IN_NAME", names), ("IDENTIFIER_IN_METADATA", beside)):
            n = sum(own.within(text) > 0 for text in texts)
            if n:
                yield Finding(code=code, case=case.id, call=number, params={"n": n})


def _known(evidence: Evidence) -> dict[str, _Known]:
    """The identifiers by case: names and contacts from three characters on, codes and keys from six."""
    inside: defaultdict[str, set[str]] = defaultdict(set)
    words: defaultdict[str, set[str]] = defaultdict(set)
    for row in evidence.canaries.query('SELECT DISTINCT "case", folded, kind FROM {self} t').rows():
        text = row["folded"]
        if row["kind"] in ("direct", "staff") or (len(text) >= LONG and not text.isdigit()):
            inside[row["case"]].add(text)
        elif len(text) >= 6:
            words[row["case"]].add(text)
    return {c: _Known(frozenset(inside[c]), frozenset(words[c])) for c in inside.keys() | words.keys()}


def _names(call: Call) -> list[str]:
    """The tables and columns that the request does not name."""
    assert call.response is not None
    given = {name for table in call.request.data.values() for name in table.column_names} | call.request.data.keys()
    answered = {
        name for table in call.response.data.values() for name in table.column_names
    } | call.response.data.keys()
    return sorted(answered - given)


def _beside(call: Call) -> list[str]:
    """What the declaration of the release says of the data, where the one that came with the request does not."""
    assert call.response is not None
    return sorted(set(_about(call.response.organization)) - set(_about(call.request.organization)))


def _about(document: Any, under: bool = False) -> Iterator[str]:
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from _about(value, under or key in ABOUT)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from _about(value, under)
    elif under and isinstance(document, str):
        yield document


CHECK = Check(id="I1-10", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge)


def _name_of(request: Request) -> str:
    resource = subject_resource(request)
    names = [
        t for f in fields_with_class(request, resource, "direct") for t in request.data[resource].column(f).to_pylist()
    ]
    return next((name for name in names if name), "")


def _author_in_metadata(request: Request, response: Response) -> Response:
    """The metadata of a Parquet table say whose record was opened last."""
    resource = subject_resource(request)
    told = {"created_by": "export 2.1", "last_opened": _name_of(request)}
    return with_table(response, resource, response.data[resource].replace_schema_metadata(told))


def _example_of_a_column(request: Request, response: Response) -> Response:
    """A column of the person key is documented with a value of the source, as an example."""
    resource = subject_resource(request)
    key = str(request.organization["tokumei"]["subjects"]["key"]).split(".", 1)[1]
    keys = [value for value in request.data[resource].column(key).to_pylist() if value]
    table = response.data[resource]
    if not keys or not table.num_columns:
        return response
    field = table.schema.field(0).with_metadata({"example": keys[0]})
    return with_table(response, resource, table.cast(table.schema.set(0, field)))


def _file_by_person(request: Request, response: Response) -> Response:
    """A log of the work is written for each person, under the key of the source."""
    resource = subject_resource(request)
    key = str(request.organization["tokumei"]["subjects"]["key"]).split(".", 1)[1]
    keys = [value for value in request.data[resource].column(key).to_pylist() if value][:3]
    return dataclasses.replace(response, extra=dict(response.extra) | {f"checked/{one}.txt": "ok" for one in keys})


def _described_by_name(request: Request, response: Response) -> Response:
    """The description of the data set thanks a patient by name."""
    document = dict(response.organization or request.organization)
    document["title"] = f"{document.get('title', '')}（{_name_of(request)}様ほか）"
    return dataclasses.replace(response, organization=document)


MUTANTS = (
    Mutant(
        id="name-in-metadata",
        kind="wrapper",
        effect=Text(
            "表のメタデータに直前に開いた患者の氏名が残る。",
            "Metadata of a table keep the name of the patient whose record was opened last.",
        ),
        precedent="authors and last users in properties of office documents (UK ICO: hidden data)",
        trigger="every release",
        proof="metadata of a table hold the name of a person of the input",
        killed_by=("I1-10",),
        wrap=after(_author_in_metadata),
    ),
    Mutant(
        id="example-of-a-column",
        kind="wrapper",
        effect=Text(
            "項目の説明に元の患者番号が例として残る。",
            "The description of a column holds a patient number of the source as an example.",
        ),
        precedent="data dictionaries made from the first row of the source",
        trigger="every release",
        proof="metadata of a column hold a key of the input",
        killed_by=("I1-10",),
        wrap=after(_example_of_a_column),
    ),
    Mutant(
        id="file-by-person",
        kind="wrapper",
        effect=Text(
            "ファイル名に元の患者番号が残る。",
            "Names of files hold patient numbers of the source.",
        ),
        precedent="SS-MIX2 and PACS exports: the patient id is in paths",
        trigger="every release",
        proof="names of files are keys of the input",
        killed_by=("I1-10",),
        wrap=after(_file_by_person),
    ),
    Mutant(
        id="described-by-name",
        kind="wrapper",
        effect=Text(
            "データの題名に患者の氏名が残る。",
            "The title of the data names a patient.",
        ),
        precedent="titles of case series",
        trigger="every release",
        proof="the title of the release holds the name of a person of the input",
        killed_by=("I1-10",),
        wrap=after(_described_by_name),
    ),
    Mutant(
        id="title-of-the-last-person",
        kind="fault",
        effect=Text(
            "題名の欄に最後に読んだ本人の氏名が入り、データとともに提供される。",
            "The name of the person read last fills the title and goes out with the data.",
        ),
        precedent="forms that keep what was typed last",
        trigger="every release",
        proof="the title of the release is the name of a person of the input",
        killed_by=("I1-10",),
        fault="title-of-the-last-person",
    ),
)
