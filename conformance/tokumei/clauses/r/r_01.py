"""R-01: the release comes with its risk report, and the numbers are those of the released rows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tokumei.beside import RISK, path_of, read
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after

TOLERANCE = 0.001
"""Rates are often written with 3 or 4 digits."""

RISKS = """
SELECT "case", "call", count(*) AS persons, min(size) AS k, avg(1 / CAST(size AS DOUBLE)) AS mean FROM (
  SELECT "case", "call", subject, min(n) AS size FROM (
    SELECT "case", "call", subject, count(*) OVER (PARTITION BY "case", "call", {by}) AS n
    FROM (SELECT DISTINCT "case", "call", subject, {by} FROM {self} t WHERE subject IS NOT NULL) members
  ) counted GROUP BY "case", "call", subject
) smallest GROUP BY "case", "call"
"""
"""A person is in the smallest of his classes when the attacker knows the row that shows him best."""

Rows = Mapping[tuple[str, int], Mapping[str, Any]]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Recompute for every target of k what the report says of it."""
    found: dict[tuple[FieldName, ...], Rows] = {}
    for case, number, call in evidence.released_calls():
        if call.response is None:
            continue
        yield Premise(case=case.id, count=1, what="releases")
        report = read(call.response, RISK)
        if report is None:
            code = "DOCUMENT_INVALID" if path_of(RISK) in call.response.extra else "DOCUMENT_MISSING"
            yield Finding(code=code, case=case.id, call=number, params={"file": path_of(RISK)})
            continue
        if not (report.get("method") and report.get("reference")):
            yield Finding(code="METHOD_NOT_STATED", case=case.id, call=number)
        for target in (evidence.claim_of(number) or evidence.asked).targets:
            if target.model != "k-anonymity" or not target.quasi:
                continue
            if target.quasi not in found:
                found[target.quasi] = _risks(evidence, target.quasi)
            rows = found[target.quasi]
            yield from _compared(report, target.quasi, rows.get((case.id, number)), case.id, number)


def _risks(evidence: Evidence, quasi: Sequence[FieldName]) -> Rows:
    view = evidence.release.get(quasi[0].resource)
    by = view.pick(quasi) if view is not None else None
    if view is None or by is None:
        return {}
    return {(row["case"], row["call"]): row for row in view.relation.query(RISKS, by=by).rows()}


def _compared(
    report: Mapping[str, Any], quasi: Sequence[FieldName], row: Mapping[str, Any] | None, case: str, call: int
) -> Iterator[Finding]:
    """The line of the report over these fields against the released rows, where persons can be told apart in them."""
    fields, resource = tuple(name.field for name in quasi), quasi[0].resource
    at: dict[str, Any] = {"case": case, "call": call, "resource": resource, "fields": fields}
    lines = [
        line
        for line in report.get("classes", ())
        if line["resource"] == resource and {text.removeprefix(f"{resource}.") for text in line["quasi"]} == set(fields)
    ]
    if not lines:
        yield Finding(code="TARGET_LEFT_OUT", params={"fields": ", ".join(fields)}, **at)
        return
    said, risk = lines[0], lines[0]["prosecutorRisk"]
    if row is None:
        return
    for what, told, true in (
        ("persons", said["persons"], row["persons"]),
        ("k", said["k"], row["k"]),
        ("prosecutorRisk.maximum", risk["maximum"], 1 / row["k"]),
        ("prosecutorRisk.mean", risk["mean"], row["mean"]),
    ):
        if told is None or abs(told - true) > TOLERANCE:
            shown = {"what": what, "said": "null" if told is None else f"{told:.4g}", "found": f"{true:.4g}"}
            yield Finding(code="WRONG_NUMBER", params=shown, **at)


def applies(organization: Organization, processing: Processing) -> bool:
    """A least number of persons in a class is asked for."""
    del organization
    return processing.target("k-anonymity") is not None


CHECK = Check(id="R-01", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies, document=RISK)


def _as_promised(request: Request, response: Response) -> Response:
    """The report repeats what was promised: every class is said to hold exactly k persons."""
    report = json.loads(response.extra.get(path_of(RISK), "{}"))
    k = next(t["k"] for t in request.processing["targets"] if t["model"] == "k-anonymity")
    for line in report.get("classes", ()):
        line |= {"k": k, "prosecutorRisk": {"maximum": round(1 / k, 4), "mean": round(1 / k, 4)}}
    return _with(response, report)


def _mean_only(request: Request, response: Response) -> Response:
    """The mean is reported in the place of the maximum, which looks better."""
    del request
    report = json.loads(response.extra.get(path_of(RISK), "{}"))
    for line in report.get("classes", ()):
        line["prosecutorRisk"]["maximum"] = line["prosecutorRisk"]["mean"]
    return _with(response, report)


def _with(response: Response, report: Mapping[str, Any]) -> Response:
    return dataclasses.replace(response, extra=dict(response.extra) | {path_of(RISK): json.dumps(report)})


MUTANTS = (
    Mutant(
        id="risk-as-promised",
        kind="wrapper",
        effect=Text(
            "報告が目標を写しただけで、実際の危険性を誰も測っていない。",
            "The report copies the target, and nobody has measured the risk there is.",
        ),
        precedent="1/k stated for every release (peers §2)",
        trigger="a class of more than k persons",
        proof="the mean risk reported is not that of the released rows",
        killed_by=("R-01",),
        wrap=after(_as_promised),
    ),
    Mutant(
        id="mean-risk-as-maximum",
        kind="wrapper",
        effect=Text(
            "最も危険な本人の危険性が、平均に隠れる。",
            "The risk of the person most at risk hides behind the mean.",
        ),
        precedent="marketer risk reported as the risk (peers §2)",
        trigger="classes of different sizes",
        proof="the maximum reported is smaller than that of the released rows",
        killed_by=("R-01",),
        wrap=after(_mean_only),
    ),
    Mutant(
        id="mean-as-maximum",
        kind="fault",
        effect=Text("平均の危険性が最大の危険性として報告される。", "The mean risk is reported as the greatest."),
        precedent="reports that show one number (peers §3)",
        trigger="classes of unequal sizes",
        proof="the greatest risk recomputed from the release is larger than the reported one",
        killed_by=("R-01",),
        fault="mean-as-maximum",
    ),
)
