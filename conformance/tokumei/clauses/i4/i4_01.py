"""I4-01: ages above the declared bound are merged into one class, wherever they can be read or derived.

An age is read from the first number of a released label, and derived from a released date, year or era of birth and the
first date that the release shows of the same person.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.relation import Relation

OLDEST = 90
"""The bound where none is declared: 「116歳」 becomes 「90歳以上」 in the example of the guideline."""
MEIJI, TAISHO = 1912, 1926
"""The last year of each era: nobody born in it is younger."""

FULLWIDTH = "０１２３４５６７８９", "0123456789"

READ = """
SELECT "case", "call", count(*) AS n FROM (
  SELECT "case", "call", try_cast(regexp_extract(translate({column}, {wide}, {digits}), '[0-9]+', 0) AS INTEGER) AS age
  FROM {self} t
) a WHERE age > {bound} GROUP BY "case", "call"
"""

OLD = 'SELECT "case", "call", count(*) AS n FROM {self} t WHERE try_cast({column} AS DOUBLE) > {bound} GROUP BY "case", "call"'

SEEN = """
SELECT "case", "call", subject, min(try_cast(regexp_extract({column}, '[0-9]{{4}}', 0) AS INTEGER)) AS year
FROM {self} t WHERE subject IS NOT NULL GROUP BY "case", "call", subject
"""

DERIVED = """
SELECT b."case", b."call", count(*) AS n FROM (
  SELECT "case", "call", subject, CASE
    WHEN v LIKE '%明治%' OR regexp_extract(v, '^[MＭ][0-9]', 0) <> '' THEN {meiji}
    WHEN v LIKE '%大正%' OR regexp_extract(v, '^[TＴ][0-9]', 0) <> '' THEN {taisho}
    ELSE try_cast(regexp_extract(v, '[0-9]{{4}}', 0) AS INTEGER) END AS born
  FROM (SELECT "case", "call", subject, translate({column}, {wide}, {digits}) AS v FROM {self} t) x
) b LEFT JOIN (SELECT "case", "call", subject, min(year) AS year FROM {seen} s GROUP BY "case", "call", subject) e
  ON b."case" = e."case" AND b."call" = e."call" AND b.subject = e.subject
WHERE coalesce(e.year, {today}) - b.born - 1 > {bound} GROUP BY b."case", b."call"
"""
"""Rows whose person had turned more than the bound in the year of the first date that is released of them."""


def ages(organization: Organization) -> list[FieldInfo]:
    """The numbers that are ages: their unit is the year."""
    return [i for i in organization.fields() if i.tokumei.get("unit") == "a" and i.type in ("integer", "number")]


def births(organization: Organization) -> list[FieldInfo]:
    """The dates of birth: by their generator, or by the redundancy group of an age."""
    groups = {info.tokumei.get("redundancyGroup") for info in ages(organization)} - {None}
    return [
        info
        for info in organization.fields()
        if info.tokumei.get("generator") == "birth-date"
        or (info.type == "date" and info.tokumei.get("redundancyGroup") in groups)
    ]


def bound_of(organization: Organization, *processings: Processing) -> float:
    """The strictest bound that is declared for an age."""
    names = {info.name for info in ages(organization)}
    tops = [
        float(step.params["top"])
        for processing in processings
        for step in processing.with_technique("top-bottom-code")
        if names & set(step.fields) and isinstance(step.params.get("top"), int | float)
    ]
    return min(tops, default=float(OLDEST))


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Read the released ages, and reckon those that dates of birth give."""
    claim = evidence.claim or evidence.asked
    bound = bound_of(evidence.organization, evidence.asked, claim)
    wide, digits = FULLWIDTH
    for info in ages(evidence.organization):
        given, view = evidence.input.get(info.name.resource), evidence.release.get(info.name.resource)
        if given is not None and info.name.field in given.names:
            for row in given.relation.query(OLD, column=given.column(info.name.field), bound=bound).rows():
                yield Premise(case=row["case"], count=row["n"], what="ages above the bound")
        if view is not None and info.name.field in view.names:
            column = view.column(info.name.field)
            for row in view.relation.query(READ, column=column, wide=wide, digits=digits, bound=bound).rows():
                yield _finding("AGE_ABOVE_BOUND", row, info.name, bound)
    born = [info.name for info in births(evidence.organization)]
    if not any(_has(evidence.release.get(name.resource), name) for name in born):
        return
    seen = _seen(evidence, born)
    nothing = seen.query("SELECT * FROM {self} t WHERE FALSE")
    today = int(str(evidence.asked.document["tokumei"].get("date", "2024"))[:4])
    for name in born:
        view = evidence.release.get(name.resource)
        if view is None or name.field not in view.names:
            continue
        texts: dict[str, str | float] = {
            "wide": wide,
            "digits": digits,
            "meiji": MEIJI,
            "taisho": TAISHO,
            "today": today,
            "bound": bound,
        }
        given = evidence.input.get(name.resource)
        if given is not None and name.field in given.names:
            for row in given.relation.query(DERIVED, column=given.column(name.field), seen=nothing, **texts).rows():
                yield Premise(case=row["case"], count=row["n"], what="ages above the bound")
        for row in view.relation.query(DERIVED, column=view.column(name.field), seen=seen, **texts).rows():
            yield _finding("AGE_FROM_BIRTH", row, name, bound)


def _has(view: TableView | None, name: FieldName) -> bool:
    return view is not None and name.field in view.names


def _seen(evidence: Evidence, born: list[FieldName]) -> Relation:
    """case, call, subject, year: the first year of each released column of dates that are no births."""
    parts = ["SELECT '' AS \"case\", 0 AS \"call\", '' AS subject, 0 AS year WHERE FALSE"]
    for info in evidence.organization.fields():
        view = evidence.release.get(info.name.resource)
        if info.type == "date" and info.name not in born and view is not None and info.name.field in view.names:
            parts.append(view.relation.query(SEEN, column=view.column(info.name.field)).sql)
    return Relation(evidence.released_cells.engine, " UNION ALL ".join(parts))


def _finding(code: str, row: dict[str, object], name: FieldName, bound: float) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": name.resource, "field": name.field, "n": row["n"], "bound": f"{bound:g}"},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """An age or a date of birth is released."""
    return any(processing.released(info.name) for info in (*ages(organization), *births(organization)))


CHECK = Check(id="I4-01", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _birth_years(request: Request, response: Response) -> Response:
    """The year of birth is added as harmless, beside ages whose top is merged."""
    resource = subject_resource(request)
    found = next(r for r in request.organization["resources"] if r["name"] == resource)["schema"]["fields"]
    names = [f["name"] for f in found if f["tokumei"].get("generator") == "birth-date"]
    if not names or resource not in response.data:
        return response
    years = [day[:4] if day else None for day in request.data[resource].column(names[0]).to_pylist()]
    years = sorted(years, key=lambda year: year or "9999")[: response.data[resource].num_rows]
    if len(years) < response.data[resource].num_rows:
        return response
    return with_column(response, resource, names[0], years)


MUTANTS = (
    Mutant(
        id="birth-years-beside-ages",
        kind="wrapper",
        effect=Text(
            "年齢を「90歳以上」としながら生まれた年を残し、116 歳の本人が分かる。",
            "Ages end at 90 and over, and the year of birth is still there: the person of 116 is seen.",
        ),
        precedent="guideline example of item 4 (116 years); redundant columns missed by de-identifiers (peers §3)",
        trigger="a person over the bound",
        proof="the released years of birth lie more than the bound before the released visits",
        killed_by=("I4-01", "D-03"),
        wrap=after(_birth_years),
    ),
    Mutant(
        id="top-code-after-bins",
        kind="fault",
        effect=Text(
            "階級にした後でトップコーディングをするため、「115-119」の組が残る。",
            "Ages are coded after they were put in bands, so the band 115-119 stays.",
        ),
        precedent="order of transformations left to the user (peers §3)",
        trigger="an age above the bound that shares its band with k persons",
        proof="a released label begins above the bound",
        killed_by=("I4-01",),
        fault="top-code-after-bins",
    ),
)
