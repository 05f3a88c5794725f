"""I2-05: no template or embedding of a body is in the release: no long vector of numbers for each person, and no known form.

What is looked for needs no declaration: any release is judged. A vector with a unit, as of an electrocardiogram, is a
series of measurements; templates have none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.measures import vectors
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_table
from tokumei.text import fold
from tokumei.thresholds import DIMENSIONS

ALPHA = 1e-11
SHORTEST = 8
"""Shorter vectors point the same way by chance."""
SIGNED = 48
"""So many signs of numbers are not met by chance."""
MOST = 4000
"""Vectors of a case that are compared one by one."""

VECTORS = """
SELECT DISTINCT "case", "call", resource, field, value FROM {self} t
WHERE (length(value) >= {least} AND regexp_extract(value, '^[-+0-9.eE,;:|/ \\[\\](){{}}_]+$', 0) <> ''
    AND length(value) - length(translate(value, ',;:|/ _', '')) >= {gaps})
  OR (length(value) >= {packed} AND regexp_extract(value, '^[0-9A-Za-z+/_-]+={{0,2}}$', 0) <> '')
"""

HEADERS = """
SELECT "case", "call", resource, field, count(DISTINCT value) AS n FROM {self} t
WHERE regexp_extract(value, '^((Rk1S|RklS|RkFD|SUlS|VklS)A[CD]A[xyz]M|k05VTVBZAQ|(0x)?(464[Dd]52|464952|464143|494952|564952)00[23]03[0-9]3[0-9]00'
  || '|(FMR|FIR|FAC|IIR|VIR)[^0-9A-Za-z]+[0-9]{{2,3}})', 0) <> ''
GROUP BY "case", "call", resource, field
"""
"""The first bytes of the interchange formats of ISO/IEC 19794 (finger, face, iris, vein), and of arrays in files."""


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Look at every cell and every run of columns; then for the vectors of the input, shortened or as signs."""
    released = {case.id for case, *_ in evidence.released_calls()}
    for row in evidence.texts.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="released values")
    measured = _measured(evidence)
    given = _given(evidence)
    for case in sorted(given.keys() & released):
        yield Premise(case=case, count=len(given[case]), what="templates")
    long: Counter[tuple[str, int, str, str]] = Counter()
    alike: Counter[tuple[str, int, str, str]] = Counter()
    for place, vector in _vectors(evidence):
        if place[2:] in measured:
            continue
        if len(vector) >= DIMENSIONS and not vectors.answers(vector):
            long[place] += 1
        elif len(vector) >= SHORTEST:
            known = given.get(place[0], [])
            alike[place] += any(vectors.same(vector, one, len(known) * MOST, alpha) for one in known)
    for row in evidence.texts.query(HEADERS).rows():
        long[row["case"], row["call"], row["resource"], row["field"]] += row["n"]
    for name, view in evidence.release.items():
        for stem, columns in vectors.runs(view.names).items():
            numeric = [c for c in columns if (name, c) not in measured]
            if len(numeric) >= DIMENSIONS:
                for row in view.relation.query(
                    _numeric(len(numeric)), **{f"c{n}": view.column(c) for n, c in enumerate(numeric)}
                ).rows():
                    if row["n"]:
                        long[row["case"], row["call"], name, f"{stem}…"] += row["n"]
    for row in _as_signs(evidence, given):
        alike[row["case"], row["call"], row["resource"], row["field"]] += row["n"]
    for code, counted in (("TEMPLATE_IN_RELEASE", long), ("PART_OF_TEMPLATE", alike)):
        for (case, number, resource, field), n in sorted(counted.items()):
            if n and (code == "TEMPLATE_IN_RELEASE" or not long[case, number, resource, field]):
                shown = {"resource": resource, "field": field, "n": n}
                yield Finding(code=code, case=case, call=number, params=shown, resource=resource, fields=(field,))


def _numeric(columns: int) -> str:
    """The rows in which all columns are numbers, and a third of them no answers of a questionnaire (``answers``)."""
    number = " AND ".join(
        f"regexp_extract({{c{n}}}, '^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$', 0) <> ''" for n in range(columns)
    )
    fine = " + ".join(
        f"CASE WHEN regexp_extract({{c{n}}}, '^-|[.]|[0-9]{{{{3}}}}', 0) <> '' THEN 1 ELSE 0 END"
        for n in range(columns)
    )
    return f'SELECT "case", "call", count(*) AS n FROM {{self}} t WHERE {number} AND 3 * ({fine}) >= {columns} GROUP BY "case", "call"'


def _measured(evidence: Evidence) -> set[tuple[str, str]]:
    """The fields for which the declarations state a unit."""
    units = {(i.name.resource, i.name.field) for i in evidence.organization.fields() if i.tokumei.get("unit")}
    for *_, call in evidence.released_calls():
        document: Any = call.response.organization if call.response else None
        for resource in document.get("resources", []) if isinstance(document, dict) else []:
            try:
                units |= {
                    (resource["name"], f["name"]) for f in resource["schema"]["fields"] if f["tokumei"].get("unit")
                }
            except (KeyError, TypeError, AttributeError):
                continue  # D-02 sees to it
    return units


def _vectors(evidence: Evidence) -> Iterator[tuple[tuple[str, int, str, str], tuple[float, ...]]]:
    """The released cells that are vectors."""
    cells = evidence.texts.query(VECTORS, least=2 * SHORTEST, gaps=SHORTEST - 1, packed=16 * DIMENSIONS // 3)
    for row in cells.rows():
        found = vectors.vector(row["value"], SHORTEST)
        if found:
            yield (row["case"], row["call"], row["resource"], row["field"]), found


def _given(evidence: Evidence) -> dict[str, list[tuple[float, ...]]]:
    """The long vectors of the input by case."""
    known: dict[str, list[tuple[float, ...]]] = {}
    texts = evidence.canaries.query(
        'SELECT DISTINCT "case", canary FROM {self} t WHERE length(canary) >= {least}', least=2 * DIMENSIONS
    )
    for row in texts.rows():
        found = vectors.vector(row["canary"], DIMENSIONS)
        if found:
            known.setdefault(row["case"], []).append(found)
    return known


def _as_signs(evidence: Evidence, given: dict[str, list[tuple[float, ...]]]) -> Iterator[dict[str, Any]]:
    """Cells with the signs of a template of the input."""
    rows = [(case, fold(text)) for case, some in given.items() for one in some for text in vectors.signs(one[:64])]
    rows = [(case, text) for case, text in rows if len(text) >= SIGNED // 4]
    table = {
        "case": pa.array([case for case, _ in rows], pa.string()),
        "source": pa.array(["template"] * len(rows), pa.string()),
        "canary": pa.array([text for _, text in rows], pa.string()),
        "folded": pa.array([text for _, text in rows], pa.string()),
    }
    if rows:
        needles = evidence.canaries.engine.register("i2-05.signs", pa.table(table))
        yield from occurrences(evidence.texts, needles, folded=True).rows()


CHECK = Check(id="I2-05", needs=(Need.RELEASE, Need.INPUT), judge=judge)


def _embedding_in_columns(request: Request, response: Response) -> Response:
    """Every row has 128 columns, as a program for recognising faces gives them."""
    resource = subject_resource(request)
    table = response.data[resource]
    for n in range(128):
        column = [f"{((row + 1) * (n + 3) * 7919 % 2000 - 1000) / 1000:.3f}" for row in range(table.num_rows)]
        table = table.append_column(f"emb_{n}", pa.array(column, pa.string()))
    return with_table(response, resource, table)


def _signs_of_a_face(request: Request, response: Response) -> Response:
    """A column holds the signs of a template for each person, as a code to find the same person again."""
    resource = subject_resource(request)
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    names = [f["name"] for f in found["schema"]["fields"] if f["tokumei"].get("generator") == "face-template"]
    given = [t for name in names for t in request.data[resource].column(name).to_pylist() if t]
    table = response.data[resource]
    if not given or not table.num_rows:
        return response
    codes = [list(vectors.signs(vectors.vector(text)))[1] for text in given]
    column = [codes[row % len(codes)] for row in range(table.num_rows)]
    return with_table(response, resource, table.append_column("visitor_code", pa.array(column, pa.string())))


MUTANTS = (
    Mutant(
        id="embedding-in-columns",
        kind="wrapper",
        effect=Text(
            "顔の特徴量が 128 列の数値として残り、別の写真と照合すると本人が分かる。",
            "Features of a face stay as 128 columns of numbers, and match a photograph taken elsewhere.",
        ),
        precedent="embeddings of recognition programs exported as columns of numbers",
        trigger="every row of the table of persons",
        proof="each row holds 128 numbered columns of numbers without a unit",
        killed_by=("I2-05",),
        wrap=after(_embedding_in_columns),
    ),
    Mutant(
        id="signs-of-a-face",
        kind="wrapper",
        effect=Text(
            "顔の特徴量の符号が来院者の番号として残り、別の場所で撮られた顔と照合できる。",
            "The signs of a template stay as a code of visitors, and match faces taken elsewhere.",
        ),
        precedent="locality-sensitive hashes of templates sold as anonymous codes (camera research §4)",
        trigger="every row of the table of persons",
        proof="the codes are the signs of templates of the input",
        killed_by=("I2-05",),
        pairs=("hospital",),  # no templates elsewhere
        wrap=after(_signs_of_a_face),
    ),
    Mutant(
        id="template-coarsened",
        kind="fault",
        effect=Text(
            "精度を落としただけの特徴量が残り、なお本人を認証できる。",
            "Templates stay at a lower precision, and still authenticate the person.",
        ),
        precedent="rounding taken for anonymization; templates of one byte a dimension are usual",
        trigger="every person with a template",
        proof="each released vector is a template of the input divided by ten",
        killed_by=("I2-05",),
        pairs=("hospital",),
        fault="template-coarsened",
    ),
)
