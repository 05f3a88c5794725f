"""B-07: no encoding, mark of byte order, line end or private character lets a person or a value through."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.excluded import excluded_codes, excluded_persons, too_many
from tokumei.measures.leaks import occurrences
from tokumei.model import Call, Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import with_column
from tokumei.relation import Relation
from tokumei.text import fold

READINGS = ("latin-1", "cp932", "euc-jp", "utf-8")
"""What software takes a file for when it does not ask for its encoding."""
SHORTEST = 4
"""So many characters of a misread text say which it was."""
FEWEST_KEYS = 3
"""One key of many stands among drawn numbers by chance."""

KEYS = """
SELECT r."case", r."call", r.resource, r.field, count(DISTINCT r.value) AS n FROM {self} r
JOIN (SELECT DISTINCT "case", canary FROM {canaries} c WHERE kind IN ('link', 'symbol') AND length(canary) >= 6) k
  ON r."case" = k."case" AND r.value = k.canary
GROUP BY r."case", r."call", r.resource, r.field
"""

TEXTS = """
SELECT DISTINCT "case", "call", {column} AS value FROM {self} t
WHERE {column} IS NOT NULL AND regexp_extract({column}, '[^ -~]', 0) <> ''
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Judge the calls whose files came in a form of their own: who is released, which keys, and what was misread."""
    calls = {(case.id, number): call for case, number, call in evidence.released_calls() if encodings(call.request)}
    if not calls:
        return
    misread = _misread(evidence, calls)
    counted = misread.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"')
    planted = {row["case"]: row["n"] for row in counted.rows()}
    for (case, _), call in calls.items():
        yield Premise(case=case, count=len(encodings(call.request)) + planted.get(case, 0), what="forms and texts")
    for row in occurrences(evidence.texts, misread, folded=True).rows():
        yield from _value("MISREAD_VALUE_PASSED", row, calls)
    for row in evidence.texts.query(KEYS, canaries=evidence.canaries).rows():
        if row["n"] >= FEWEST_KEYS:
            yield from _value("KEY_PASSED", row, calls)
    yield from _persons(evidence, calls)


def _value(code: str, row: Mapping[str, object], calls: Mapping[tuple[str, int], Call]) -> Iterator[Finding]:
    case, number, resource = str(row["case"]), int(str(row["call"])), str(row["resource"])
    if (case, number) in calls:
        shown = {"resource": resource, "field": row["field"], "n": row["n"]}
        yield Finding(code=code, case=case, call=number, params=shown, resource=resource, fields=(str(row["field"]),))


def _persons(evidence: Evidence, calls: Mapping[tuple[str, int], Call]) -> Iterator[Finding]:
    """Persons who must not be released, and are: what says so of them was not recognized."""
    excluded = excluded_persons(evidence)
    if excluded is None:
        return
    found = {at: (evidence.carriers[0].resource, n) for at, n in excluded_codes(evidence, excluded) if at in calls}
    for resource in evidence.organization.resources:
        for at, n, of in too_many(evidence, excluded, resource.name, calls):
            found.setdefault(at, (resource.name, n - of))
    for (case, number), (resource_name, n) in found.items():
        shown = {"resource": resource_name, "n": n}
        yield Finding(code="PERSON_PASSED", case=case, call=number, params=shown, resource=resource_name)


def encodings(request: Request) -> dict[str, str]:
    """The declared encoding of every table whose bytes were given."""
    return {
        str(resource["name"]): str(resource.get("encoding", "utf-8"))
        for resource in request.organization["resources"]
        if resource.get("path") in request.files
    }


def _misread(evidence: Evidence, calls: Mapping[tuple[str, int], Call]) -> Relation:
    """case, canary, folded, source: how texts that are not to be released look when their bytes are misread."""
    rows: set[tuple[str, str, str]] = set()
    for resource in evidence.organization.resources:
        view = evidence.input[resource.name]
        for info in resource.fields:
            kept = {s.technique for s in evidence.asked.steps if info.name in s.fields} <= {"keep"}
            if kept or info.type != "string" or info.name.field not in view.names:
                continue
            for row in view.relation.query(TEXTS, column=view.column(info.name.field)).rows():
                call = calls.get((row["case"], row["call"]))
                encoding = encodings(call.request).get(resource.name) if call else None
                if encoding:
                    rows |= {(row["case"], text, str(info.name)) for text in misreadings(row["value"], encoding)}
    columns = list(zip(*sorted(rows), strict=True)) or [(), (), ()]
    told = {
        name: pa.array(column, pa.string()) for name, column in zip(("case", "canary", "source"), columns, strict=True)
    }
    folded = pa.array([fold(text) for text in columns[1]], pa.string())
    return evidence.canaries.engine.register("b-07.misread", pa.table(told | {"folded": folded}))


def misreadings(text: str, encoding: str) -> set[str]:
    """The text after its bytes were taken for those of another encoding, as far as that still tells which text it was."""
    raw = text.encode(encoding, "ignore")
    found = {raw.decode("latin-1").replace("\x1b", "")}
    for other in READINGS:
        for errors in ("ignore", "replace"):
            found.add(raw.decode(other, errors))
    return {read for read in found if fold(read) != fold(text) and _telling(read)}


def _telling(read: str) -> bool:
    """Whether the text can stand in a release by no chance: characters that no number has, or escapes of ISO-2022-JP."""
    other = [c for c in fold(read) if not c.isascii() and c != "\ufffd"]
    return len(other) >= SHORTEST or (len(read) >= 2 * SHORTEST and "$B" in read)


CHECK = Check(id="B-07", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge)


def _line_end_kept(product: Product) -> Product:
    """Lines are cut at the line feed; the carriage return before it stays in the last cell."""

    def broken(request: Request) -> Response:
        data = dict(request.data)
        for resource in request.organization["resources"]:
            if b"\r\n" in request.files.get(resource.get("path"), b""):
                table = data[resource["name"]]
                last = [f"{cell or ''}\r" for cell in table.columns[-1].to_pylist()]
                place = table.num_columns - 1
                data[resource["name"]] = table.set_column(place, table.column_names[-1], pa.array(last, pa.string()))
        return product(dataclasses.replace(request, data=data))

    return broken


def _mark_kept(product: Product) -> Product:
    """The name of the first column begins with the mark of byte order; no step names it, and it is passed on."""

    def broken(request: Request) -> Response:
        answer = product(request)
        for resource in request.organization["resources"]:
            table = answer.data.get(resource["name"])
            if table is None or not request.files.get(resource.get("path"), b"").startswith(b"\xef\xbb\xbf"):
                continue
            first = request.data[resource["name"]].column_names[0]
            values = request.data[resource["name"]].column(first).to_pylist()
            answer = with_column(answer, resource["name"], first, sorted(values)[: table.num_rows])
        return answer

    return broken


def _unread_passed(product: Product) -> Product:
    """Places that the list of places does not have are passed as they were read; none is found when they are misread."""

    def broken(request: Request) -> Response:
        answer, asked = product(request), encodings(request)
        processing = Processing.of(request.processing)
        named = [s.fields[0] for s in processing.with_technique("generalize") if s.params.get("hierarchy")]
        organization = Organization.of(request.organization)
        for name in named:
            encoding, table = asked.get(name.resource, "utf-8"), answer.data.get(name.resource)
            if encoding == "utf-8" or table is None or organization.field(name) is None:
                continue
            given = [cell for cell in request.data[name.resource].column(name.field).to_pylist() if cell]
            read = [cell.encode(encoding).decode("latin-1") for cell in given]
            if read:
                cells = [read[n % len(read)] for n in range(table.num_rows)]
                answer = with_column(answer, name.resource, name.field, list(cells))
        return answer

    return broken


MUTANTS = (
    Mutant(
        id="carriage-return-kept",
        kind="wrapper",
        effect=Text(
            "改行が CR LF のファイルで、最後の列に記された提供停止の求めが読まれない。",
            "In files whose lines end in CR LF, a refusal in the last column is not recognized.",
        ),
        precedent="splitting at the line feed alone: '1\\r' is not '1'",
        trigger="a file written on Windows",
        proof="a released row has a code that only excluded persons have",
        killed_by=("B-07",),
        wrap=_line_end_kept,
    ),
    Mutant(
        id="byte-order-mark-kept",
        kind="wrapper",
        effect=Text(
            "BOM が最初の列の名前に付き、その列が加工されずに残る。",
            "The mark of byte order sticks to the name of the first column, which stays as it is.",
        ),
        precedent="reading utf-8 instead of utf-8-sig; files of spreadsheet programs begin with the mark",
        trigger="a file in UTF-8 that begins with the mark",
        proof="released cells are keys of the source",
        killed_by=("B-07",),
        wrap=_mark_kept,
    ),
    Mutant(
        id="misread-passed",
        kind="wrapper",
        effect=Text(
            "文字コードを誤って読んだ地名が一覧にないものとして素通りし、読み直せば元に戻る。",
            "Places read in the wrong encoding are not in the list, pass through, and can be read back.",
        ),
        precedent="mojibake: latin-1 reads any bytes without an error and loses none",
        trigger="a file in EUC-JP, ISO-2022-JP or CP932",
        proof="a released cell is a place of the input in other characters",
        killed_by=("B-07",),
        wrap=_unread_passed,
    ),
    Mutant(
        id="names-read-as-utf-8",
        kind="fault",
        effect=Text(
            "日本語の列名が UTF-8 以外のファイルでは見付からず、その列は加工されずに渡る。",
            "Japanese column names are not found in files that are not in UTF-8, and their columns pass as they are.",
        ),
        precedent="headings that are garbled, with drop(errors='ignore'): what is not found is passed over in silence",
        trigger="a file in EUC-JP or CP932 whose columns have Japanese names",
        proof="keys of the source are released, and rows of persons who refused",
        killed_by=("B-07",),
        pairs=("stroke-registry",),  # elsewhere the names of columns are the same bytes in every encoding
        fault="names-read-as-utf-8",
    ),
)
