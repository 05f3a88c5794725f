"""B-10: no cell of a CSV file is run by the program that opens it: as a formula, or as a script of a page."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.spreadsheets import TRIGGERS, formula, script, unbounded

SUSPECTS = """
SELECT {place} AS place, "case", "call", {column} AS value, count(*) AS n FROM {self} t
WHERE substr({column}, 1, 1) IN {triggers} OR contains({column}, '<') OR contains(lower({column}), 'script')
GROUP BY "case", "call", {column}
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the cells that would be run: in the input where they may go through, and in every released CSV file."""
    claim = evidence.claim or evidence.asked
    released = {(case.id, number): call for case, number, call in evidence.released_calls()}
    planted: Counter[str] = Counter()
    for resource in evidence.organization.resources:
        given = evidence.input[resource.name]
        texts = [i for i in resource.fields if i.type == "string" and resource.format == "csv"]
        passed = [i.name.field for i in texts if claim.released(i.name) and i.name.field in given.names]
        for (case, number, *_), n in _run(given, passed).items():
            planted[case] += n * ((case, number) in released)
    for case, count in planted.items():
        yield Premise(case=case, count=count, what="formulas and scripts in the input")
    for name, view in evidence.release.items():
        for (case, number, code, field), n in _run(view, list(view.names)).items():
            if _format(evidence, released[case, number].response, name) == "csv":
                shown = {"resource": name, "field": field, "n": n}
                yield Finding(code=code, case=case, call=number, params=shown, resource=name, fields=(field,))


def _run(view: TableView, fields: Sequence[str]) -> Counter[tuple[str, int, str, str]]:
    """How many cells of each field are run by what opens the file, by case, call, code and field."""
    counted: Counter[tuple[str, int, str, str]] = Counter()
    for row in view.of_each(SUSPECTS, fields, triggers=sorted(TRIGGERS)):
        code = "FORMULA_RELEASED" if formula(row["value"]) else "SCRIPT_RELEASED" if script(row["value"]) else ""
        if code:
            counted[row["case"], row["call"], code, fields[row["place"]]] += row["n"]
    return counted


def _format(evidence: Evidence, response: Response | None, resource: str) -> str:
    """The form of a released table: as its own document says, else as it was asked."""
    described = (response.organization if response else None) or evidence.organization.document
    found: dict[str, Any] = next((r for r in described.get("resources", []) if r.get("name") == resource), {})
    return str(found.get("format") or str(found.get("path", "")).rpartition(".")[2] or "csv").lower()


def applies(organization: Organization, processing: Processing) -> bool:
    """Some text is released as it is, and no list or pattern bounds what it can be."""
    return bool(unbounded(organization, processing))


CHECK = Check(id="B-10", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _letting(through: Callable[[str], bool]) -> Callable[[Product], Product]:
    """The product never sees the cells of one kind: a word stands for each, and is put back in the release."""

    def wrap(product: Product) -> Product:
        def broken(request: Request) -> Response:
            words: dict[str, str] = {}

            def hidden(cell: str | None) -> str | None:
                if not cell or not (formula(cell) or script(cell)) or not through(cell):
                    return cell
                return next((w for w, c in words.items() if c == cell), None) or _keep(words, cell)

            data = dict(request.data)
            for info in unbounded(Organization.of(request.organization), Processing.of(request.processing)):
                table = data[info.name.resource]
                place = table.schema.get_field_index(info.name.field)
                cells = pa.array([hidden(cell) for cell in table.column(place).to_pylist()], pa.string())
                data[info.name.resource] = table.set_column(place, info.name.field, cells)
            answer = product(dataclasses.replace(request, data=data))
            return dataclasses.replace(answer, data={n: _put_back(t, words) for n, t in answer.data.items()})

        return broken

    return wrap


def _keep(words: dict[str, str], cell: str) -> str:
    word = f"用法{len(words) + 1}号"
    words[word] = cell
    return word


def _put_back(table: pa.Table, words: dict[str, str]) -> pa.Table:
    columns = [[words.get(cell, cell) for cell in column.to_pylist()] for column in table.columns]
    return pa.table([pa.array(column, pa.string()) for column in columns], names=table.column_names)


MUTANTS = (
    Mutant(
        id="cells-only-quoted",
        kind="wrapper",
        effect=Text(
            "引用符で囲んだだけの数式が、表計算ソフトウェアで開いたときに実行される。",
            "A formula that is only put in quotes is run when the file is opened in a spreadsheet program.",
        ),
        precedent="CSV injection (OWASP, CWE-1236): quoting a field does not keep it from being run",
        trigger="a text that begins like a formula",
        proof="a released cell begins with = and calls a function",
        killed_by=("B-10",),
        pairs=("hospital",),  # elsewhere lists bound every text that is released
        wrap=_letting(lambda cell: True),
    ),
    Mutant(
        id="only-the-equals-sign",
        kind="wrapper",
        effect=Text(
            "= で始まる数式だけを無害化し、+、-、@ で始まるものが実行される。",
            "Only formulas that begin with = are neutralized; those with +, - and @ are run.",
        ),
        precedent="incomplete fixes of CWE-1236 in several exporters",
        trigger="a text that begins with +, - or @ and calls something",
        proof="a released cell begins with + or @ and calls a function",
        killed_by=("B-10",),
        pairs=("hospital",),
        wrap=_letting(lambda cell: cell[0] in "+-@"),
    ),
    Mutant(
        id="full-width-formula",
        kind="wrapper",
        effect=Text(
            "全角の ＝ やタブの後に始まる数式が無害化を免れる。",
            "Formulas behind a full-width equals sign or a tabulator escape the neutralization.",
        ),
        precedent="OWASP CSV injection: full-width variants are normalized where Japanese is set",
        trigger="a text whose first character is a full-width sign or a tabulator",
        proof="a released cell begins with ＝ or a tabulator and =",
        killed_by=("B-10",),
        pairs=("hospital",),
        wrap=_letting(lambda cell: cell[0] in "＝\t"),
    ),
    Mutant(
        id="script-passed",
        kind="wrapper",
        effect=Text(
            "加工後データを一覧で表示した画面で、セルに書かれたスクリプトが実行される。",
            "A script in a cell is run by the page that shows the release as a list.",
        ),
        precedent="stored cross-site scripting through imported files (CWE-79)",
        trigger="a text with a script element",
        proof="a released cell holds a script element as it is",
        killed_by=("B-10",),
        pairs=("hospital",),
        wrap=_letting(script),
    ),
    Mutant(
        id="first-cells-alone",
        kind="fault",
        effect=Text(
            "行の先頭のセルだけが無害化され、二列目以降の数式が開いたときに実行される。",
            "Only the cell that begins a line is made harmless; formulas in later columns are run when the file is opened.",
        ),
        precedent="incomplete fixes of CWE-1236: a line is tested for its first character, and not each of its cells",
        trigger="a text that is run, in another column than the first",
        proof="a released cell of a later column begins with a sign and calls a function",
        killed_by=("B-10",),
        pairs=("hospital",),
        fault="first-cells-alone",
    ),
)
