"""I3-08: nothing technical leads from a released row to a row of the input.

Times of loading, batches and other values of system fields are looked for in every cell, also as epoch seconds; sums of
whole rows are computed for some rows and looked for in cells and files. A field that nobody declared, or that told no
rows apart before, must not tell rows apart in a release.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, FieldInfo, FieldName
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, steps, subject_resource, with_column
from tokumei.representation import MARKERS
from tokumei.text import fold

HEAD = 16
"""So many digits of a sum (64 bits in base 16) are not met by chance."""
SHORT = 8
"""A sum of 32 bits is met by chance once; ``SEVERAL`` in one field are not."""
SEVERAL = 3
MINUTE = 12
"""The digits of a time to the minute."""
SHORTEST = 6
"""Shorter texts of a system field stand in a release for other reasons."""
ROWS = 40
"""Rows of each table of the largest case whose sums are computed: who writes sums writes them for all rows."""
FEWEST = 20
"""Among fewer rows a field tells most apart by chance."""
APART, TOGETHER = 0.9, 0.5
"""A field tells rows apart that has more values a row than the one; it does not that has fewer than the other."""
FREE = PSEUDONYMS | {"date-shift", "noise", "synthesize", "swap", "microaggregate", "uid-map", "text-redact"}
"""Techniques that may make values which the input does not hold."""
CODES = {True: ("SYSTEM_VALUE", "SYSTEM_VALUE_IN_FILE"), False: ("ROW_CHECKSUM", "ROW_CHECKSUM_IN_FILE")}
"""By whether it is of a system field: what is found in a cell, and in a file."""
JOINED = ("", ",", "|", "\t", ";", " ", "_", "\x1f")

SYSTEM = """
SELECT DISTINCT "case", {column} AS v FROM {self} t WHERE {column} IS NOT NULL AND length({column}) >= {shortest}
"""
GIVEN = 'SELECT * FROM {self} t WHERE "call" = 0 AND "case" = {case} AND "row" < {rows}'

WORDS = """
SELECT "case", "call", resource, field, text, text AS word FROM {self} t WHERE length(text) >= {short}
UNION SELECT "case", "call", resource, field, text, substr(text, 1, {head}) FROM {self} t WHERE length(text) >= {head}
UNION SELECT "case", "call", resource, field, text, substr(text, length(text) - {head} + 1, {head}) FROM {self} t
  WHERE length(text) >= {head}
UNION SELECT "case", "call", resource, field, text, substr(replace(replace(text, ':', ''), 't', ''), 1, {minute})
  FROM {self} t WHERE length(text) >= {minute}
UNION SELECT "case", "call", resource, field, text, substr(text, 1, 10) FROM {self} t WHERE length(text) = 13
"""

FOUND = """
SELECT w."case", w."call", w.resource, w.field, k.kind, count(DISTINCT w.text) AS n FROM {words} w
JOIN {self} k ON w."case" = k."case" AND w.word = k.word GROUP BY w."case", w."call", w.resource, w.field, k.kind
"""

APART_IN = """
SELECT "case", "call", resource, field, count(*) AS n, count(DISTINCT value) AS v FROM {self} t
WHERE value NOT IN {markers} GROUP BY "case", "call", resource, field
"""
BEFORE = """
SELECT count(*) AS n, count(DISTINCT {column}) AS v FROM {self} t WHERE "case" = {case} AND "call" = 0 AND {column} <> ''
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for system values and sums of rows in cells and files, and ask which fields tell rows apart."""
    traces = _traces(evidence)
    for case in evidence.cases:
        if count := sum(case.id == of for of, *_ in traces):
            yield Premise(case=case.id, count=count, what="technical values")
    yield from _found(evidence, traces)
    yield from _apart(evidence)


def _found(evidence: Evidence, traces: Sequence[tuple[str, str, str]]) -> Iterator[Finding]:
    engine = evidence.canaries.engine
    columns = {name: pa.array([t[at] for t in traces], pa.string()) for at, name in enumerate(("case", "word", "kind"))}
    known = engine.register("i3-08.traces", pa.table(columns))
    dates = {
        (info.name.resource, info.name.field)
        for info in evidence.organization.fields()
        if "date" in info.classes and "system" not in info.classes
    }
    for texts in (evidence.texts, engine.register("i3-08.files", _words(evidence))):
        words = texts.query(WORDS, short=SHORTEST, head=HEAD, minute=MINUTE)
        for row in sorted(known.query(FOUND, words=words).rows(), key=str):
            place, n = (row["resource"], row["field"]), row["n"]
            of_system = row["kind"].startswith("system")
            if (row["kind"].endswith("short") and n < SEVERAL) or (of_system and place in dates):
                continue
            code, in_file = CODES[of_system]
            shown = {"resource": place[0], "field": place[1], "n": n}
            yield Finding(
                code=code if place[0] else in_file,
                case=row["case"],
                call=row["call"],
                params=shown if place[0] else {"n": n},
                resource=place[0],
                fields=(place[1],) if place[0] else (),
            )


def _words(evidence: Evidence) -> pa.Table:
    """The words of the files beside the tables, as cells are."""
    rows = {
        (row["case"], row["call"], fold(word))
        for row in evidence.files.rows()
        for word in re.findall(r"[0-9A-Za-z+/_=:.-]{6,}", row["text"])
    }
    columns = list(zip(*sorted(rows), strict=True)) or [(), (), ()]
    empty = pa.array([""] * len(rows), pa.string())
    texts = pa.array(columns[2], pa.string())
    calls = pa.array(columns[1], pa.int32())
    return pa.table(
        {"case": pa.array(columns[0], pa.string()), "call": calls, "resource": empty, "field": empty, "text": texts}
    )


def _traces(evidence: Evidence) -> list[tuple[str, str, str]]:
    """case, folded text, kind: the values of system fields in their forms, and the sums of some rows."""
    found: set[tuple[str, str, str]] = set()
    for info in evidence.organization.fields():
        view = evidence.input.get(info.name.resource)
        if "system" in info.classes and view is not None and info.name.field in view.names:
            column = view.column(info.name.field)
            for row in view.relation.query(SYSTEM, column=column, shortest=SHORTEST).rows():
                found |= {(row["case"], *form) for form in forms(row["v"])}
    largest = max((case for case in evidence.cases if case.persons), key=lambda c: (c.persons, c.id), default=None)
    for case in [largest] if largest else evidence.cases:
        for resource in evidence.organization.resources:
            view = evidence.input.get(resource.name)
            names = [info.name.field for info in resource.fields if view is not None and info.name.field in view.names]
            if view is None or len(names) < 2:
                continue
            for row in view.relation.query(GIVEN, case=case.id, rows=ROWS).rows():
                values = {name: row[view.column(name).name] for name in names}
                found |= {(case.id, *form) for form in sums(values)}
    return sorted(found)


def forms(value: str) -> Iterator[tuple[str, str]]:
    """How a value of a system field may stand in a release: as it is, to the minute, or in seconds since 1970."""
    yield fold(value), "system"
    try:
        at = dt.datetime.fromisoformat(value)
    except ValueError:
        return
    if at.time() == dt.time(0):
        return
    yield at.strftime("%Y%m%d%H%M"), "system"
    for hours in (0, 9):
        zone = dt.timezone(dt.timedelta(hours=hours))
        yield str(int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp())), "system short"


def sums(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The sums that programs make of a whole row."""
    cells = ["" if value is None else str(value) for value in values.values()]
    texts = [f"{joined.join(cells)}{end}" for joined in JOINED for end in ("", "\n")]
    texts += [json.dumps(given, ensure_ascii=False) for given in (list(values.values()), cells, dict(values))]
    for text in texts:
        data = text.encode()
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(name, data, usedforsecurity=False).digest()
            yield digest.hex()[:HEAD], "sum"
            yield fold(base64.b64encode(digest).decode())[:HEAD], "sum"
        yield f"{zlib.crc32(data):08x}", "sum short"
        yield str(zlib.crc32(data)), "sum short"


def _apart(evidence: Evidence) -> Iterator[Finding]:
    """System fields with several values, and fields that tell rows apart though nobody declared them or they did not before."""
    claim = evidence.claim or evidence.asked
    for row in sorted(evidence.released_cells.query(APART_IN, markers=MARKERS).rows(), key=str):
        name = FieldName(row["resource"], row["field"])
        info = evidence.organization.field(name)
        many = row["v"] >= APART * row["n"] and row["n"] >= FEWEST
        code = ""
        if info is None:
            code = "NEW_FIELD_TELLS_ROWS" if many else ""
        elif "system" in info.classes:
            code = "SYSTEM_FIELD" if row["v"] > 1 else ""
        elif many and not FREE & {step.technique for step in claim.steps if name in step.fields}:
            code = "TELLS_ROWS_APART" if _together(evidence, info, row["case"]) else ""
        if code:
            shown = {"resource": name.resource, "n": row["n"], "values": row["v"]}
            known = (name.field,) if info is not None else ()
            yield Finding(
                code=code,
                case=row["case"],
                call=row["call"],
                params=shown | ({"field": name.field} if known else {}),
                resource=name.resource,
                fields=known,
            )


def _together(evidence: Evidence, info: FieldInfo, case: str) -> bool:
    """Whether the values of the field tell few rows of the input apart."""
    view = evidence.input.get(info.name.resource)
    if view is None or info.name.field not in view.names:
        return True
    rows = view.relation.query(BEFORE, column=view.column(info.name.field), case=case).rows()
    return all(row["v"] < TOGETHER * row["n"] for row in rows)


CHECK = Check(id="I3-08", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge)


def _rows_of(request: Request) -> list[str]:
    """The rows of the table of persons as lines of a file."""
    return [
        ",".join(value or "" for value in row.values()) for row in request.data[subject_resource(request)].to_pylist()
    ]


def _sums_beside(request: Request, response: Response) -> Response:
    """A list of sums, by which the recipient may tell that a row was delivered before."""
    lines = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in _rows_of(request)]
    return dataclasses.replace(response, extra={**response.extra, "rows.md5": "\n".join(sorted(lines))})


def _numbered(request: Request, response: Response) -> Response:
    """Every row of the table of persons bears a number under the name of a field that told no rows apart."""
    home = subject_resource(request)
    table = response.data.get(home)
    kept = [name for step in steps(request, "keep") for name in step["fields"] if str(name).startswith(f"{home}.")]
    if table is None or not kept:
        return response
    numbers: list[str | None] = [f"{place:07}" for place in range(1, table.num_rows + 1)]
    return with_column(response, home, str(kept[:2][-1]).split(".")[1], numbers)


MUTANTS = (
    Mutant(
        id="sums-of-rows-beside",
        kind="wrapper",
        effect=Text(
            "元の行の要約値の一覧が渡り、元データを持つ者が渡された行を突き止める。",
            "A list of sums of the source rows is handed over, and holders of the source tell which rows were given.",
        ),
        precedent="row hashes of incremental loads (dbt snapshots, Data Vault hashdiff) shipped with an extract",
        trigger="every release",
        proof="a file beside the tables holds the MD5 of every row of the input",
        killed_by=("I3-08",),
        wrap=after(_sums_beside),
    ),
    Mutant(
        id="row-number-in-a-field",
        kind="wrapper",
        effect=Text(
            "行の番号が他の項目の名で残り、抽出の記録と行ごとに結び付く。",
            "The number of the row stays under the name of another field and joins the log of the extraction.",
        ),
        precedent="an index column of a data frame that slides one column over on export",
        trigger="every row of the table of persons",
        proof="a kept field of few values has another value in every row",
        killed_by=("I3-08",),
        wrap=after(_numbered),
    ),
    Mutant(
        id="loading-time-kept",
        kind="fault",
        effect=Text(
            "取込日時が秒まで残り、元の基盤の記録と行ごとに結び付く。",
            "The time of loading stays to the second and joins, row by row, the log of the source.",
        ),
        precedent="audit columns (created_at, etl_loaded_at) that SELECT * carries along",
        trigger="every row with a time of loading",
        proof="the release holds the times of loading of the input",
        killed_by=("I3-08",),
        pairs=("hospital",),  # no time of loading elsewhere
        fault="loading-time-kept",
    ),
    Mutant(
        id="row-sum-as-identifier",
        kind="fault",
        effect=Text(
            "行の識別子が元の行の要約値であり、元データを持つ者が計算して突き合わせる。",
            "The identifier of a row is the sum of the source row, which holders of the source compute and compare.",
        ),
        precedent="MD5 over CONCAT_WS of all columns as a surrogate key (dbt generate_surrogate_key)",
        trigger="every row with an identifier of its own",
        proof="the identifier is the SHA-256 of the source row, cut to 32 digits",
        killed_by=("I3-08",),
        fault="row-sum-as-identifier",
    ),
)
