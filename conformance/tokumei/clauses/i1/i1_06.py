"""I1-06: a postal code is released to its first three digits at most."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.relation import Relation

FEWEST = 6
"""In other fields seven digits are a postal code of the input by chance: 1,000 numbers and 300 codes meet in 0.03
cases, six of them and a tenth of all values in none (10⁻¹²). With the sign 〒 one is enough."""
PATTERN = re.compile(r"\^?(\[0-9\]|\\d)\{3\}-?\??(\[0-9\]|\\d)\{4\}\$?")

GIVEN = """
SELECT DISTINCT "case", code FROM (
  SELECT "case", translate(text_fold(value), '〒', '') AS code
  FROM (SELECT DISTINCT "case", {column} AS value FROM {self} t) AS once
) AS folded WHERE regexp_extract(code, '^[0-9]{{7}}$', 0) <> ''
"""

LONG = """
SELECT "case", "call", count(DISTINCT value) AS n FROM (
  SELECT "case", "call", text_fold(value) AS value
  FROM (SELECT DISTINCT "case", "call", {column} AS value FROM {self} t) AS once
) v
WHERE length(value) - length(translate(value, '0123456789', '')) > 3 AND regexp_extract(value, '^〒?[0-9]{{3}}0{{1,4}}$', 0) = ''
GROUP BY "case", "call"
"""
"""Noughts that fill up the last places tell nothing."""

OTHER = "SELECT * FROM {self} t WHERE resource || '.' || field NOT IN {own} AND length(value) >= 7"

ALONE = """
SELECT c."case", c."call", c.resource, c.field, count(DISTINCT g.code) AS n, count(DISTINCT c.value) AS among
FROM {self} c LEFT JOIN {given} g ON c."case" = g."case" AND length(c.value) <= 8 AND translate(c.value, '-', '') = g.code
GROUP BY c."case", c."call", c.resource, c.field HAVING count(g.code) > 0
"""

SIGNED = """
SELECT "case", 'postal code' AS source, code AS canary, '〒' || code AS folded FROM {self} a
UNION ALL SELECT "case", 'postal code' AS source, code AS canary, '郵便番号' || code AS folded FROM {self} b
"""


def postal_codes(organization: Organization) -> list[FieldInfo]:
    """The fields that are called postal codes or have their form."""
    return [
        info
        for info in organization.fields()
        if PATTERN.fullmatch(str(info.constraints.get("pattern", "")))
        or re.search("郵便番号|postal|postcode|zip_?code", info.name.field.lower())
    ]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Judge how long the released codes are, and look for whole codes of the input in every other field."""
    fields = postal_codes(evidence.organization)
    views = [(evidence.input[info.name.resource], info.name.field) for info in fields]
    parts = [v.relation.query(GIVEN, column=v.column(name)).sql for v, name in views if name in v.names]
    if not parts:
        return
    engine = evidence.canaries.engine
    given = engine.register("i1-06.given", engine.fetch(" UNION ".join(parts)))
    for row in given.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="postal codes")
    for info in fields:
        view = evidence.release.get(info.name.resource)
        if view is not None and info.name.field in view.names:
            for row in view.relation.query(LONG, column=view.column(info.name.field)).rows():
                yield _found("MORE_THAN_THREE_DIGITS", row | {"resource": info.name.resource, "field": info.name.field})
    other = evidence.texts.query(OTHER, own=[str(info.name) for info in fields])
    for row in other.query(ALONE, given=given).rows():
        if row["n"] >= FEWEST and row["n"] * 10 >= row["among"]:
            yield _found("POSTAL_CODE", row)
    for row in _signed(other, given):
        yield _found("POSTAL_CODE", row)


def _signed(cells: Relation, given: Relation) -> list[dict[str, object]]:
    """The codes of the input that stand behind 〒 or 郵便番号 in a cell."""
    signed = cells.query("SELECT * FROM {self} s WHERE regexp_extract(value, '〒|郵便番号', 0) <> ''")
    if not signed.query("SELECT count(*) AS n FROM {self} t").value():
        return []
    return list(occurrences(signed, given.query(SIGNED), folded=True).rows())


def _found(code: str, row: dict[str, object]) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": row["resource"], "field": row["field"], "n": row["n"]},
        resource=str(row["resource"]),
        fields=(str(row["field"]),),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Postal codes are held."""
    del processing
    return bool(postal_codes(organization))


CHECK = Check(id="I1-06", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _code_in_a_cell(request: Request, response: Response) -> Response:
    """The last cell of the last column ends with the postal code of the first person."""
    resource = subject_resource(request)
    given, table = request.data[resource], response.data[resource]
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    names = [
        f["name"] for f in found["schema"]["fields"] if PATTERN.fullmatch(f.get("constraints", {}).get("pattern", ""))
    ]
    if not names or not given.num_rows or not table.num_rows:
        return response
    column = table.column_names[-1]
    *rest, last = table.column(column).to_pylist()
    return with_column(response, resource, column, [*rest, f"{last or ''} 〒{given.column(names[0])[0].as_py()}"])


MUTANTS = (
    Mutant(
        id="postal-code-in-a-cell",
        kind="wrapper",
        effect=Text(
            "七桁の郵便番号が一つのセルに残り、住む町が分かる。",
            "One cell keeps a postal code of seven digits, which tells the town.",
        ),
        precedent="HIPAA 164.514(b)(2)(i)(B): three digits (law §4.2)",
        trigger="one cell of each release",
        proof="a released cell holds the postal code of the first person of the input",
        killed_by=("I1-06",),
        pairs=("stroke-registry",),  # no postal codes elsewhere
        wrap=after(_code_in_a_cell),
    ),
    Mutant(
        id="postal-code-of-five-digits",
        kind="fault",
        effect=Text(
            "郵便番号が五桁まで残り、住む地区が市区町村より細かく分かる。",
            "Five digits of the postal code are left, which tell the district within the municipality.",
        ),
        precedent="postal codes of five digits until 1998; five-digit ZIP codes under HIPAA (law §4.2)",
        trigger="every release of an organization with postal codes",
        proof="the released column holds the first five digits of the input",
        killed_by=("I1-06",),
        pairs=("stroke-registry",),  # no postal codes elsewhere
        fault="postal-code-of-five-digits",
    ),
)
