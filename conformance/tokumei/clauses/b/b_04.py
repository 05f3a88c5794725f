"""B-04: temporary files stay in the folder that was declared for them, and are gone when the call is done."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.measures.leaks import secrets_within
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.text import fold

WITHIN, ANSWER = "temp/", "response/"
"""Where places begin in the folder for temporary files, and in that of an answer that was not given."""
OFTEN = 3
"""A runtime leaves a file of its own once for each process; what is left by so many calls is left by calls."""
FEWEST = 3
"""So many different values of the input stand in one place by no chance."""
SHORTEST_KEY, SHORTEST_NAME, SHORTEST_DRAWN = 8, 5, 16

LONGEST = 1 << 18
"""Of a longer file the beginning is read: a copy of the data shows itself there."""

GIVEN = """
SELECT DISTINCT "case", folded FROM {self} t
WHERE length(folded) >= CASE kind WHEN 'direct' THEN {name} ELSE {key} END
"""

DRAWN = 'SELECT DISTINCT "case", text AS folded FROM {self} t WHERE length(value) >= {least}'


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look at every file that a call left: where it lies, whether it holds data, and whether every call leaves one."""
    left: dict[tuple[str, int], list[str]] = {}
    for case in evidence.cases:
        yield Premise(case=case.id, count=len(case.calls), what="calls")
        for number, call in enumerate(case.calls):
            places = [place for place, text in call.left.items() if text and not place.startswith(ANSWER)]
            if places:
                left[case.id, number] = places
            outside = [place for place in places if not place.startswith(WITHIN)]
            if outside:
                yield Finding(code="OUTSIDE_WORK_FOLDER", case=case.id, call=number, params={"n": len(outside)})
    if not left:
        return
    holding = _holding(evidence, left)
    for (case_id, number), places in left.items():
        n = sum(place.startswith(WITHIN) for place in places)
        if n and ((case_id, number) in holding or len(left) >= OFTEN):
            yield Finding(code="TEMPORARY_FILE_LEFT", case=case_id, call=number, params={"n": n})


def _holding(evidence: Evidence, left: Mapping[tuple[str, int], list[str]]) -> set[tuple[str, int]]:
    """The calls that left a file with values of the input, drawn values of the release, or a secret."""
    given = evidence.canaries.query(GIVEN, name=SHORTEST_NAME, key=SHORTEST_KEY)
    known: dict[str, list[list[str]]] = {}
    for relation in (given, evidence.texts.query(DRAWN, least=SHORTEST_DRAWN)):
        for case in {case for case, _ in left}:
            known.setdefault(case, []).append([])
        for row in relation.rows():
            if row["case"] in known:
                known[row["case"]][-1].append(row["folded"])
    texts = evidence.left.query('SELECT "case", "call", \'left\' AS field, text AS value FROM {self} t')
    found = {(row["case"], row["call"]) for row in secrets_within(texts, evidence.secrets).rows()}
    calls = {(case.id, number): call for case in evidence.cases for number, call in enumerate(case.calls)}
    for at in left:
        for text in calls[at].left.values():
            folded = fold(text[:LONGEST])
            if any(_holds(folded, values) for values in known[at[0]]):
                found.add(at)
    return found


def _holds(text: str, values: Iterable[str]) -> bool:
    within = (value for value in values if value in text)
    return len(list(islice(within, FEWEST))) == FEWEST


CHECK = Check(id="B-04", needs=(Need.FILESYSTEM,), judge=judge)


def _left(name: str, content: bytes) -> None:
    with tempfile.NamedTemporaryFile("wb", prefix=name, delete=False) as file:
        file.write(content)


def _rows(tables: Request | Response) -> bytes:
    return json.dumps({name: table.to_pylist() for name, table in tables.data.items()}, ensure_ascii=False).encode()


def _on_refusal(product: Product) -> Product:
    """The work file is removed at the end of the work, which a refusal does not reach."""

    def broken(request: Request) -> Response:
        answer = product(request)
        if answer.status != "ok" and any(table.num_rows for table in request.data.values()):
            _left("work-", _rows(request))
        return answer

    return broken


def _sorted_rows(product: Product) -> Product:
    """The processed rows are sorted in a file of their own before they are written."""

    def broken(request: Request) -> Response:
        answer = product(request)
        if any(table.num_rows > 64 for table in answer.data.values()):
            _left("sort-", _rows(answer))
        return answer

    return broken


def _compressed(product: Product) -> Product:
    """The input is spilled to a compressed file, below a folder that is emptied once a month."""

    def broken(request: Request) -> Response:
        folder = Path(tempfile.gettempdir(), "spill")
        folder.mkdir(exist_ok=True)
        (folder / f"{request.id}.gz").write_bytes(gzip.compress(_rows(request)))
        return product(request)

    return broken


MUTANTS = (
    Mutant(
        id="work-file-of-a-refusal",
        kind="wrapper",
        effect=Text(
            "拒否で終わった回の、加工前のデータの写しが残る。",
            "A copy of the data as they were before processing stays after a call that was refused.",
        ),
        precedent="cleaning up at the end of the happy path instead of always (CWE-459)",
        trigger="an input with rows that is refused",
        proof="a file in the temporary folder holds the rows of the input",
        killed_by=("B-04",),
        wrap=_on_refusal,
    ),
    Mutant(
        id="sort-file-left",
        kind="wrapper",
        effect=Text(
            "加工の途中の表が残り、提供の判断を経ていないデータを誰でも複写できる。",
            "A table from the middle of the work stays, and anybody can copy data whose provision nobody approved.",
        ),
        precedent="spill files of out-of-core engines",
        trigger="a release of more than 64 rows",
        proof="a file in the temporary folder holds released pseudonyms",
        killed_by=("B-04",),
        wrap=_sorted_rows,
    ),
    Mutant(
        id="compressed-spill-left",
        kind="wrapper",
        effect=Text(
            "加工前のデータの圧縮された写しが、加工のたびに増える。",
            "Compressed copies of the data before processing grow in number with every call.",
        ),
        precedent="temporary folders that are emptied at the next start only (CWE-459)",
        trigger="every call",
        proof="every call leaves one more file in the temporary folder",
        killed_by=("B-04",),
        wrap=_compressed,
    ),
    Mutant(
        id="rejected-rows-filed",
        kind="fault",
        effect=Text(
            "提供を拒んだ本人や特異な本人の行が、加工前のまま確認用のファイルに残る。",
            "Rows of those who refused or who stand out stay in a file for review, as they were.",
        ),
        precedent="bad files of database loaders (SQL*Loader), which hold the rejected rows as they came",
        trigger="a person who is taken out of the release",
        proof="a file in the temporary folder holds the rows that the release leaves out",
        killed_by=("B-04",),
        fault="rejected-rows-filed",
    ),
)
