"""O-09: dummy values are declared and treated as missing: they are not released, and not coded as extremes.

What was coded is found by counting: the class at a bound cannot have more persons than the input has beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column

FULLWIDTH = "０１２３４５６７８９．", "0123456789."
DATES = ("1900-01-01", "1800-01-01", "9999-12-31", "9999-99-99")
"""Days that stand for no day in so many systems that they must be declared where they are."""

HELD = 'SELECT "case", "call", count(*) AS n FROM {self} t WHERE {column} IN {texts} GROUP BY "case", "call"'

READ = """
SELECT "case", "call", subject, "row",
  try_cast(regexp_extract(translate({column}, {wide}, {digits}), '[0-9]+([.][0-9]+)?', 0) AS DOUBLE) AS number
FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {texts}
"""

ABOVE = """
SELECT "case", "call", count(DISTINCT coalesce(subject, 'row ' || "row")) AS n FROM {self} t
WHERE number >= {bound} GROUP BY "case", "call"
"""

NINES = """
SELECT "case", "call", count(*) AS n FROM {self} t WHERE {column} NOT IN {texts} AND ({column} IN {dates} OR
  (regexp_extract({column}, '^9{{2,}}([.]9+)?$', 0) = {column} AND try_cast({column} AS DOUBLE) > {most}))
GROUP BY "case", "call"
"""

NO_BOUND = 1e300


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for dummy values in the release, count who is coded as extreme, and find what is not declared."""
    for info in evidence.organization.fields():
        view, given = evidence.release.get(info.name.resource), evidence.input.get(info.name.resource)
        if given is None or info.name.field not in given.names or info.type not in ("integer", "number", "date"):
            continue
        column, texts = given.column(info.name.field), info.dummies or ("",)
        if view is None or info.name.field not in view.names:
            continue
        most = float(info.constraints.get("maximum", NO_BOUND)) if info.type != "date" else NO_BOUND
        for row in given.relation.query(NINES, column=column, texts=texts, dates=DATES, most=most).rows():
            yield Premise(case=row["case"], count=row["n"], what="dummy values")
            yield _finding("DUMMY_NOT_DECLARED", row, info.name)
        if not info.dummies:
            continue
        for row in given.relation.query(HELD, column=column, texts=texts).rows():
            yield Premise(case=row["case"], count=row["n"], what="dummy values")
        for row in view.relation.query(HELD, column=view.column(info.name.field), texts=texts).rows():
            yield _finding("DUMMY_RELEASED", row, info.name)
        if info.type != "date":
            yield from _coded(evidence, info, view, given, most)


def _coded(
    evidence: Evidence, info: FieldInfo, view: TableView, given: TableView, most: float
) -> Iterator[Observation]:
    """More persons at a bound, or beyond what a value can be, than the input has there without its dummy values."""
    wide, digits = FULLWIDTH
    texts = info.dummies
    claims = [claim for claim in evidence.claims if claim] or [evidence.asked]
    tops = [
        float(step.params["top"])
        for each in (evidence.asked, *claims)
        for step in each.with_technique("top-bottom-code")
        if info.name in step.fields and "top" in step.params
    ]
    shown = {"wide": wide, "digits": digits, "texts": texts}
    there = given.relation.query(READ, column=given.column(info.name.field), **shown)
    released = view.relation.query(READ, column=view.column(info.name.field), **shown)
    for bound in {min(tops, default=NO_BOUND), most} - {NO_BOUND}:
        true = {(row["case"], row["call"]): row["n"] for row in there.query(ABOVE, bound=bound).rows()}
        for row in released.query(ABOVE, bound=bound).rows():
            extra = row["n"] - true.get((row["case"], row["call"]), 0)
            if extra > 0:
                yield _finding("DUMMY_CODED", {**row, "n": extra}, info.name)


def _finding(code: str, row: Mapping[str, Any], name: FieldName) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(row["call"]),
        params={"resource": name.resource, "field": name.field, "n": row["n"]},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """A released number or date has dummy values."""
    kinds = ("integer", "number", "date")
    return any(info.dummies and info.type in kinds and processing.released(info.name) for info in organization.fields())


CHECK = Check(id="O-09", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _dummies_back(request: Request, response: Response) -> Response:
    """Empty cells are written with the dummy value of the source, as its export does."""
    for resource in request.organization["resources"]:
        for field in resource["schema"]["fields"]:
            dummies, table = list(field["tokumei"].get("dummies", ())), response.data.get(resource["name"])
            if dummies and table is not None and field["name"] in table.column_names:
                cells = table.column(field["name"]).to_pylist()
                filled = [cell if cell not in (None, "", "*") else dummies[0] for cell in cells]
                response = with_column(response, resource["name"], field["name"], filled)
                table = response.data[resource["name"]]
    return response


MUTANTS = (
    Mutant(
        id="dummies-back",
        kind="wrapper",
        effect=Text(
            "年齢 999 歳が値として提供され、解析を誤らせる。",
            "An age of 999 goes out as a value and misleads the analysis.",
        ),
        precedent="exports that write missing values as 9999 (law O-09)",
        trigger="a missing value in a field with dummy values",
        proof="a released cell is a declared dummy value",
        killed_by=("O-09",),
        pairs=("hospital",),  # no dummy values elsewhere
        wrap=after(_dummies_back),
    ),
    Mutant(
        id="dummies-are-values",
        kind="fault",
        effect=Text(
            "年齢不明の本人が 90 歳以上とされ、測定不能の身長が極端な高身長とされる。",
            "Persons of unknown age are among those of 90 and over, and heights not measured among the tallest.",
        ),
        precedent="dummy birthday 1900-01-01 taken for a person of 126 years (law O-09)",
        trigger="a dummy value beyond a bound",
        proof="the class at the bound has more persons than the input has beyond it",
        killed_by=("O-09",),
        pairs=("hospital",),  # no dummy values elsewhere
        fault="dummies-are-values",
    ),
)
