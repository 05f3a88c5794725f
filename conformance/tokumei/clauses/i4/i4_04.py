"""I4-04: extreme numbers are put in one class at the declared bound, and that class has k persons.

A number is read from the first digits of a released label, so that a class that begins beyond the bound is seen too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.clauses.i4 import least_persons, quasi
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, steps, with_column
from tokumei.representation import markers

FULLWIDTH = "０１２３４５６７８９．", "0123456789."
NUMBERS = ("integer", "number")
TREATED = frozenset(
    {"top-bottom-code", "generalize", "microaggregate", "noise", "synthesize", "suppress-column", "text-drop"}
)
"""Techniques after which no extreme number stands as it was."""

GIVEN = """
SELECT "case", "call", count(*) AS n FROM {self} t
WHERE {column} NOT IN {dummies} AND (try_cast({column} AS DOUBLE) > {top} OR try_cast({column} AS DOUBLE) < {bottom})
GROUP BY "case", "call"
"""

CLASSES = """
SELECT "case", "call", side, count(*) AS cells, count(DISTINCT coalesce(subject, 'row ' || "row")) AS persons,
  count(*) FILTER (WHERE number > {top} OR number < {bottom}) AS beyond
FROM (
  SELECT "case", "call", "row", subject, number, CASE WHEN number >= {top} THEN 'top' WHEN number <= {bottom} THEN 'bottom'
    WHEN number IS NULL THEN 'label ' || v END AS side
  FROM (
    SELECT "case", "call", "row", subject, {column} AS v,
      try_cast(regexp_extract(translate({column}, {wide}, {digits}), '-?[0-9]+([.][0-9]+)?', 0) AS DOUBLE) AS number
    FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
  ) a
) b WHERE side IS NOT NULL GROUP BY "case", "call", side
"""
"""The classes at and beyond each bound, and labels without a number; persons, and cells beyond."""

FAR_AWAY = 1e300
"""The bound where none is declared."""


def measured(organization: Organization) -> Iterator[FieldInfo]:
    """The numbers that are no ages, which I4-01 merges, and no scores, whose scale ends by itself."""
    for info in organization.fields():
        unit = str(info.tokumei.get("unit", ""))
        if info.type in NUMBERS and unit != "a" and not unit.startswith("{"):
            yield info


def bounds(name: FieldName, *processings: Processing) -> tuple[float, float]:
    """The strictest lower and upper bound of a field; very far away where there is none."""
    known: dict[str, list[float]] = {"top": [FAR_AWAY], "bottom": [-FAR_AWAY]}
    for step in (step for each in processings for step in each.with_technique("top-bottom-code")):
        for key, found in known.items():
            if name in step.fields and isinstance(step.params.get(key), int | float):
                found.append(float(step.params[key]))
    return max(known["bottom"]), min(known["top"])


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the numbers beyond the bounds, and the persons of the class at each bound."""
    claims = [claim for claim in evidence.claims if claim] or [evidence.asked]
    k, counted = least_persons(evidence), quasi(evidence)
    for info in measured(evidence.organization):
        view, given = evidence.release.get(info.name.resource), evidence.input.get(info.name.resource)
        if info.name in counted:
            continue
        there = view is not None and info.name.field in view.names
        bottom, top = bounds(info.name, evidence.asked, *claims)
        if (bottom, top) == (-FAR_AWAY, FAR_AWAY):
            yield from _unbounded(evidence, info) if there else ()
            continue
        shown: dict[str, Any] = {"top": top, "bottom": bottom}
        if given is not None and info.name.field in given.names:
            dummies = info.dummies or ("",)
            column = given.column(info.name.field)
            for row in given.relation.query(GIVEN, column=column, dummies=dummies, **shown).rows():
                yield Premise(case=row["case"], count=row["n"], what="extreme numbers")
        if view is None or not there:
            continue
        wide, digits = FULLWIDTH
        column, hidden = view.column(info.name.field), markers(evidence, info.name)
        found = view.relation.query(CLASSES, wide=wide, digits=digits, column=column, markers=hidden, **shown)
        for row in found.rows():
            if row["beyond"]:
                yield _finding("NUMBER_BEYOND", row, info.name, n=row["beyond"])
            elif row["persons"] < k:
                yield _finding("BOUND_CLASS_TOO_SMALL", row, info.name, n=row["persons"], k=k)


def _unbounded(evidence: Evidence, info: FieldInfo) -> Iterator[Observation]:
    """A measurement of a person that is released as it is must have a bound, whatever the data hold."""
    techniques = {step.technique for step in evidence.asked.steps if info.name in step.fields}
    params = {key for step in evidence.asked.steps if info.name in step.fields for key in step.params}
    if "sensitive" in info.classes and not techniques & TREATED and "gap" not in params:
        for case, number, _ in evidence.released_calls():
            yield Premise(case=case.id, count=1, what="fields without a bound")
            yield _finding("NO_BOUND", {"case": case.id, "call": number}, info.name)


def _finding(code: str, row: Mapping[str, Any], name: FieldName, **params: object) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(row["call"]),
        params={"resource": name.resource, "field": name.field, **params},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """A measurement of a person, or a number with a bound, is released outside the quasi-identifiers."""
    counted = {name for target in processing.targets for name in target.quasi}
    bounded = {name for step in processing.with_technique("top-bottom-code") for name in step.fields}
    return any(
        processing.released(info.name) and ("sensitive" in info.classes or info.name in bounded)
        for info in measured(organization)
        if info.name not in counted
    )


CHECK = Check(id="I4-04", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _one_outlier_kept(request: Request, response: Response) -> Response:
    """The last row of each measured column holds the largest number of the input: a report of outliers was joined back."""
    ages = {
        f"{resource['name']}.{field['name']}"
        for resource in request.organization["resources"]
        for field in resource["schema"]["fields"]
        if field["tokumei"].get("unit") == "a"
    }
    for name in (str(text) for step in steps(request, "top-bottom-code") for text in step["fields"]):
        field = FieldName.parse(name)
        table, given = response.data.get(field.resource), request.data[field.resource]
        if name in ages or table is None or field.field not in table.column_names or not table.num_rows:
            continue
        numbers = [text for text in given.column(field.field).to_pylist() if text and not text.startswith("999")]
        cells = table.column(field.field).to_pylist()
        response = with_column(response, field.resource, field.field, [*cells[:-1], max(numbers, key=float)])
    return response


MUTANTS = (
    Mutant(
        id="one-outlier-kept",
        kind="wrapper",
        effect=Text(
            "身長 210 cm の一人が、地域で知られた人と分かる。",
            "The one person of 210 cm is somebody whom the region knows.",
        ),
        precedent="guideline example of item 5 (a pupil of 170 cm); outlier reports joined back to the data",
        trigger="a number above the bound",
        proof="one released number is above the declared bound",
        killed_by=("I4-04",),
        pairs=("hospital",),  # no measured number with a bound elsewhere
        wrap=after(_one_outlier_kept),
    ),
    Mutant(
        id="bottom-not-coded",
        kind="fault",
        effect=Text(
            "上限だけを丸め、出生時の体重や低身長など下の極端な値を残す。",
            "Only the top is coded, and very small numbers such as birth weights stay.",
        ),
        precedent="top coding alone in shipped tools; HIPAA names the top of ages only (law 4.3)",
        trigger="a number below the lower bound",
        proof="a released number is below the declared lower bound",
        killed_by=("I4-04",),
        pairs=("hospital",),  # no lower bound elsewhere
        fault="bottom-not-coded",
    ),
    Mutant(
        id="bound-class-alone",
        kind="fault",
        effect=Text(
            "「190以上」がただ一人で、まとめたことにならない。",
            "One person alone is 190 and over: nothing was merged.",
        ),
        precedent="fixed top codes applied without counting who is beyond them (SDC handbooks on top coding)",
        trigger="fewer than k persons beyond a bound",
        proof="the class at the bound has one person",
        killed_by=("I4-04",),
        pairs=("hospital",),  # no bound outside the quasi-identifiers elsewhere
        fault="bound-class-alone",
    ),
)
