"""I1-02: no identifier is in the release in a code that anybody can read back: Base64, hexadecimal, backwards, ROT13 …"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column
from tokumei.relation import Relation

SHORTEST = 8
"""A shorter code is met by chance in serial numbers and counts."""
FEWEST = 6
"""So many, and a tenth of the values of a field, are asked for where a code is not long: 60 values of 8 digits meet
10⁴ codes in 10⁻¹³ of runs, 1,000 values never reach a tenth."""
INSIDE = 12
"""So long is a code that is looked for inside a longer text, where it has more places to be met by chance."""

CODES = """
WITH canaries AS {self}, texts AS (
  SELECT "case", source, canary AS text FROM canaries
  UNION ALL SELECT "case", source, translate(canary, ' 　', '') AS text FROM canaries WHERE kind IN ('direct', 'staff')
  UNION ALL SELECT "case", source, folded AS text FROM canaries WHERE kind IN ('direct', 'staff')
), identifiers AS (
  SELECT "case", source, folded, CASE WHEN regexp_extract(folded, '[^ -~]', 0) = '' THEN 16 ELSE 4 END AS sure FROM canaries
  WHERE length(folded) >= {shortest} OR (length(folded) >= 4 AND regexp_extract(folded, '[^ -~]', 0) <> '')
), figures AS (SELECT * FROM identifiers WHERE regexp_extract(folded, '[0-9]', 0) <> '')
SELECT "case", source, text, 'base64' AS way, translate(base64(unhex(hex(text))), '=', '') AS code, 11 AS sure FROM texts
UNION ALL SELECT "case", source, text, 'hex' AS way, lower(hex(text)) AS code, 16 AS sure FROM texts
UNION ALL SELECT "case", source, text, 'folded' AS way, code, sure FROM (
  SELECT "case", source, sure, folded AS text, reverse(folded) AS code FROM identifiers
  UNION ALL SELECT "case", source, sure, folded AS text,
    translate(folded, 'abcdefghijklmnopqrstuvwxyz', 'nopqrstuvwxyzabcdefghijklm') AS code
  FROM identifiers WHERE regexp_extract(folded, '[a-z]', 0) <> ''
  UNION ALL SELECT "case", source, sure, folded AS text, translate(folded, '0123456789', 'abcdefghij') AS code FROM figures
  UNION ALL SELECT "case", source, sure, folded AS text, translate(folded, '0123456789', 'jabcdefghi') AS code FROM figures
) AS turned WHERE code <> text
"""
"""Percent-encoding is hexadecimal but for the signs, so the signs are taken out of the released values."""

VALUES = 'SELECT DISTINCT "case", value, text FROM {self} t WHERE length(value) >= 4'

WRITTEN = """
SELECT "case", value, 'base64' AS way, translate(value, '-_=', '+/') AS code FROM {self} a
WHERE length(value) >= {shortest} AND regexp_extract(value, '^[0-9A-Za-z+/_-]+=*$', 0) <> ''
UNION ALL SELECT "case", value, 'hex' AS way, lower(translate(value, '%+: -', '')) AS code FROM {self} b
WHERE length(value) >= {shortest} AND regexp_extract(value, '^[0-9A-Fa-f%+: -]+$', 0) <> ''
UNION ALL SELECT "case", value, 'folded' AS way, text AS code FROM {self} c
"""

SAME = """
SELECT w."case", w.value, c.source, min(CASE WHEN length(c.code) >= c.sure THEN 0 ELSE 1 END) AS short
FROM {self} w JOIN {codes} c ON w."case" = c."case" AND w.way = c.way AND w.code = c.code
WHERE length(w.code) >= {shortest} OR c.sure = 4
GROUP BY w."case", w.value, c.source
"""

FIELDS = """
SELECT c."case", c."call", c.resource, c.field, h.source, count(DISTINCT h.value) AS n, min(h.short) AS short, min(a.n) AS among
FROM {self} c
JOIN {hits} h ON c."case" = h."case" AND c.value = h.value
JOIN (
  SELECT "case", "call", resource, field, count(DISTINCT value) AS n FROM {self} b GROUP BY "case", "call", resource, field
) AS a ON c."case" = a."case" AND c."call" = a."call" AND c.resource = a.resource AND c.field = a.field
GROUP BY c."case", c."call", c.resource, c.field, h.source
"""

PROSE = """
SELECT "case", "call", resource, field, translate(value, '%', '') AS value FROM {self} t
WHERE length(value) > {inside} AND regexp_extract(value, '^[0-9A-Za-z+/=_%.: -]+$', 0) = ''
  AND regexp_extract(value, '[0-9A-Za-z+/_-]{{12,}}|%[0-9A-Fa-f]{{2}}', 0) <> ''
"""
"""Texts that hold something like a code, and are not one value such as a number, a date or a pseudonym."""

FILES = """
SELECT "case", "call", 'file' AS resource, 'text' AS field, translate(text, '%', '') AS value FROM {self} t
WHERE length(text) > 0 AND regexp_extract(place, '^(organization|processing)[.](json|yaml)$', 0) = ''
  AND regexp_extract(text, '[0-9A-Za-z+/_-]{{12,}}|%[0-9A-Fa-f]{{2}}', 0) <> ''
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Write every identifier in each code, and compare with whole values, and with codes inside texts and files."""
    for row in evidence.canaries.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="canaries")
    engine = evidence.canaries.engine
    codes = evidence.canaries.query(CODES, shortest=SHORTEST)
    values = engine.register("i1-02.values", evidence.texts.query(VALUES).arrow())
    written = values.query(WRITTEN, shortest=SHORTEST)
    hits = engine.register("i1-02.hits", written.query(SAME, codes=codes, shortest=SHORTEST).arrow())
    if _some(hits):
        for row in evidence.texts.query(FIELDS, hits=hits).rows():
            if not row["short"] or (row["n"] >= FEWEST and row["n"] * 10 >= row["among"]):
                yield _found("ENCODED_IDENTIFIER", row)
    long = codes.query(
        'SELECT DISTINCT "case", source, text AS canary, text_fold(code) AS folded FROM {self} t '
        "WHERE way <> 'folded' AND length(code) >= {inside}",
        inside=INSIDE,
    )
    prose = evidence.texts.query(PROSE, inside=INSIDE)
    if _some(
        values.query("SELECT *, 0 AS \"call\", '' AS resource, '' AS field FROM {self} t").query(PROSE, inside=INSIDE)
    ):
        for row in occurrences(prose, long).rows():
            yield _found("ENCODED_IN_TEXT", row)
    files = evidence.files.query(FILES)
    if _some(files):
        for row in occurrences(files, long).rows():
            yield Finding(code="ENCODED_IN_FILE", case=row["case"], call=row["call"], params={"n": row["n"]})


def _some(relation: Relation) -> bool:
    return bool(relation.query("SELECT count(*) AS n FROM {self} t").value())


def _found(code: str, row: dict[str, object]) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"n": row["n"], "source": row["source"], "resource": row["resource"], "field": row["field"]},
        resource=str(row["resource"]),
        fields=(str(row["field"]),),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Identifiers are held that are no labels of a list."""
    del processing
    kinds = {"direct", "staff", "symbol", "link"}
    return any(kinds & set(i.classes) and "enum" not in i.constraints for i in organization.fields())


CHECK = Check(id="I1-02", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _name_in_base64(request: Request, response: Response) -> Response:
    """The last cell of the last column is the name of the first person in Base64."""
    resource = subject_resource(request)
    given, table = request.data[resource], response.data[resource]
    names = fields_with_class(request, resource, "direct")
    if not names or not given.num_rows or not table.num_rows:
        return response
    column = table.column_names[-1]
    value = base64.urlsafe_b64encode((given.column(names[0])[0].as_py() or "").encode()).decode().rstrip("=")
    return with_column(response, resource, column, [*table.column(column).to_pylist()[:-1], value])


MUTANTS = (
    Mutant(
        id="name-in-base64",
        kind="wrapper",
        effect=Text("セルを復号すると本人の氏名が読める。", "Decoding one cell gives the name of a person."),
        precedent="tokens of web services that hold the user in Base64",
        trigger="one cell of each release",
        proof="the last cell of a column decodes to the name of the first person of the input",
        killed_by=("I1-02",),
        wrap=after(_name_in_base64),
    ),
    Mutant(
        id="row-key-backwards",
        kind="fault",
        effect=Text(
            "行の番号を逆に読むだけで、元の台帳の行に戻る。",
            "Reading a row number backwards gives the row of the source register.",
        ),
        precedent="South Korean RRN: letters for digits, 23,163 of 23,163 reversed",
        trigger="every key that is not of the person",
        proof="the released value is the source key backwards",
        killed_by=("I1-02",),
        fault="row-key-backwards",
    ),
)
