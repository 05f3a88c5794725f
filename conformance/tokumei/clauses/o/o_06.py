"""O-06: what no declaration names is refused or dropped: a column, or a file beside the tables, never goes through."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Call, Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import subject_resource, with_column
from tokumei.relation import Relation
from tokumei.text import fold

SHORTEST = 12
"""Shorter texts of an undeclared column stand in a release for other reasons: places, dates, kinds."""

VALUES = """
SELECT DISTINCT "case", {column} AS canary, text_fold({column}) AS folded, {field} AS source
FROM {self} t WHERE length(text_fold({column})) >= {least}
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for the names and texts of undeclared columns, and for the lines of undeclared files, in the release."""
    declared = {
        resource.name: {info.name.field for info in resource.fields} for resource in evidence.organization.resources
    }
    for case in evidence.cases:
        for number, call in enumerate(case.calls):
            if call.response is None or call.trouble:
                continue
            columns, lines = _columns(call, declared), _lines(evidence, call)
            if columns or lines:
                yield Premise(case=case.id, count=len(columns) + len(lines), what="undeclared inputs")
            if call.released and lines:
                yield from _copied(call, case.id, number, lines)
            if call.released and columns:
                yield from _passed(call, case.id, number, columns)
    values = _values(evidence, declared)
    if values is not None:
        for row in occurrences(evidence.texts, values, folded=True).rows():
            yield Finding(
                code="UNDECLARED_VALUES_PASSED",
                case=row["case"],
                call=row["call"],
                params={"resource": row["resource"], "n": row["n"]},
                resource=row["resource"],
            )


def _columns(call: Call, declared: dict[str, set[str]]) -> set[tuple[str, str]]:
    """The undeclared columns of the declared tables of the input."""
    return {
        (name, c) for name, known in declared.items() for c in call.request.data[name].column_names if c not in known
    }


def _lines(evidence: Evidence, call: Call) -> set[str]:
    """The lines of the files of the input that are no declared table, as they are compared."""
    tables = {resource.path for resource in evidence.organization.resources}
    unknown = [content for path, content in call.request.files.items() if path not in tables]
    lines = {fold(line) for content in unknown for line in content.decode("utf-8", "replace").splitlines()}
    return {line for line in lines if len(line) >= SHORTEST}


def _copied(call: Call, case: str, number: int, lines: set[str]) -> Iterator[Finding]:
    assert call.response is not None
    cells = [str(v) for t in call.response.data.values() for c in t.columns for v in c.to_pylist() if v is not None]
    text = fold("\n".join([*call.response.extra.values(), *cells]))
    n = sum(line in text for line in lines)
    if n:
        yield Finding(code="UNDECLARED_FILE_PASSED", case=case, call=number, params={"n": n})


def _passed(call: Call, case: str, number: int, columns: set[tuple[str, str]]) -> Iterator[Finding]:
    assert call.response is not None
    for name, table in call.response.data.items():
        n = len({(name, column) for column in table.column_names} & columns)
        if n:
            shown = {"resource": name, "n": n}
            yield Finding(code="UNDECLARED_COLUMN_PASSED", case=case, call=number, params=shown, resource=name)


def _values(evidence: Evidence, declared: dict[str, set[str]]) -> Relation | None:
    """case, canary, folded, source: the texts of undeclared columns."""
    parts = [
        evidence.input[name].relation.query(VALUES, column=column, field=field, least=SHORTEST).sql
        for name, known in declared.items()
        for field, column in evidence.input[name].names.items()
        if field not in known
    ]
    return Relation(evidence.canaries.engine, " UNION ".join(parts)) if parts else None


CHECK = Check(id="O-06", needs=(Need.INPUT, Need.FAULT), judge=judge)


def _unknown(request: Request) -> list[str]:
    """The undeclared columns of the table of persons."""
    resource = subject_resource(request)
    known = next(r for r in request.organization["resources"] if r["name"] == resource)["schema"]["fields"]
    return [name for name in request.data[resource].column_names if name not in {field["name"] for field in known}]


def _without(request: Request) -> Request:
    """The request without what is undeclared: a product that would refuse it answers."""
    resource = subject_resource(request)
    data = dict(request.data) | {resource: request.data[resource].drop_columns(_unknown(request))}
    return dataclasses.replace(request, data=data, files={})


def _appends(product: Product) -> Product:
    """The undeclared column is laid beside the released rows under the name of a declared one."""

    def broken(request: Request) -> Response:
        columns, resource = _unknown(request), subject_resource(request)
        answer = product(_without(request) if columns else request)
        if not columns or resource not in answer.data:
            return answer
        table = answer.data[resource]
        told = request.data[resource].column(columns[0]).to_pylist()
        values = [told[i % len(told)] for i in range(table.num_rows)] if told else []
        return with_column(answer, resource, table.column_names[-1], values) if values else answer

    return broken


def _copies(product: Product) -> Product:
    """Files that are no tables are copied to the release."""

    def broken(request: Request) -> Response:
        paths = {str(resource["path"]) for resource in request.organization["resources"]}
        unknown = {path: content for path, content in request.files.items() if path not in paths}
        answer = product(_without(request) if unknown else request)
        texts = {path: content.decode("utf-8", "replace") for path, content in unknown.items()}
        return dataclasses.replace(answer, extra={**answer.extra, **texts}) if answer.data else answer

    return broken


MUTANTS = (
    Mutant(
        id="undeclared-column-merged",
        kind="wrapper",
        effect=Text(
            "宣言にない列の内容が、宣言された項目に紛れて提供される。",
            "The content of an undeclared column goes out inside a declared field.",
        ),
        precedent="positional reading of CSV: a new column shifts the others",
        trigger="an input with a column that nobody declared",
        proof="a released cell is a text of the undeclared column",
        killed_by=("O-06",),
        wrap=_appends,
    ),
    Mutant(
        id="undeclared-file-copied",
        kind="wrapper",
        effect=Text(
            "表のほかに置かれたファイルがそのまま提供される。", "A file that lay beside the tables goes out as it is."
        ),
        precedent="copying the whole folder and overwriting the tables",
        trigger="an input folder with another file",
        proof="a file of the release holds the lines of the undeclared file",
        killed_by=("O-06",),
        wrap=_copies,
    ),
    Mutant(
        id="undeclared-columns-kept",
        kind="fault",
        effect=Text(
            "宣言にない列が何の確認もなく提供される。", "An undeclared column goes out without having been judged."
        ),
        precedent="block lists: what is not named passes (peers §3)",
        trigger="an input with a column that nobody declared",
        proof="the release has the undeclared column",
        killed_by=("O-06",),
        fault="undeclared-columns-kept",
    ),
)
