"""R-08: what several measures and attacks say of one release is combined by the minimum, never by the average."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tokumei.beside import RISK, path_of, read
from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after

TOLERANCE = 0.001
"""Scores are often written with 3 or 4 digits."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Recompute the score from the scores, and hold these against the greatest risk that the same report states."""
    for case, number, call in evidence.released_calls():
        if call.response is None or not any(table.num_rows for table in call.response.data.values()):
            continue  # where nobody is released, there is no risk to score
        yield Premise(case=case.id, count=1, what="releases")
        report = read(call.response, RISK)
        if report is None:
            code = "DOCUMENT_INVALID" if path_of(RISK) in call.response.extra else "DOCUMENT_MISSING"
            yield Finding(code=code, case=case.id, call=number, params={"file": path_of(RISK)})
            continue
        scores = [item["value"] for item in report.get("scores", ())]
        score = report.get("score")
        if not scores or score is None:
            yield Finding(code="NO_SCORE", case=case.id, call=number)
            continue
        if score["combine"] != "minimum" or abs(score["value"] - min(scores)) > TOLERANCE:
            shown = {"said": f"{score['value']:.4g}", "found": f"{min(scores):.4g}"}
            yield Finding(code="NOT_THE_MINIMUM", case=case.id, call=number, params=shown)
        known = [line["prosecutorRisk"]["maximum"] for line in report.get("classes", ())]
        worst = max((risk for risk in known if risk is not None), default=0.0)
        if min(scores) > 1 - worst + TOLERANCE:
            shown = {"said": f"{min(scores):.4g}", "found": f"{1 - worst:.4g}"}
            yield Finding(code="WORST_LEFT_OUT", case=case.id, call=number, params=shown)


def applies(organization: Organization, processing: Processing) -> bool:
    """A least number of persons in a class is asked for, so that there is a risk to report."""
    del organization
    return processing.target("k-anonymity") is not None


CHECK = Check(id="R-08", needs=(Need.RELEASE,), judge=judge, applies=applies, document=RISK)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def _average(request: Request, response: Response) -> Response:
    """The score is the average of the scores, and is called their minimum."""
    del request
    report = json.loads(response.extra.get(path_of(RISK), "{}"))
    values = [item["value"] for item in report.get("scores", ())]
    return _with(response, report | {"score": {"combine": "minimum", "value": _mean(values)}}) if values else response


def _worst_left_out(request: Request, response: Response) -> Response:
    """The weakest of the scores is left out before they are combined."""
    del request
    report = json.loads(response.extra.get(path_of(RISK), "{}"))
    left = sorted(report.get("scores", ()), key=lambda item: item["value"])[1:]
    if not left:
        return response
    return _with(response, report | {"scores": left, "score": {"combine": "minimum", "value": left[0]["value"]}})


def _with(response: Response, report: Mapping[str, Any]) -> Response:
    return dataclasses.replace(response, extra=dict(response.extra) | {path_of(RISK): json.dumps(report)})


MUTANTS = (
    Mutant(
        id="score-by-average",
        kind="wrapper",
        effect=Text(
            "一つの攻撃に弱いデータが、他の得点に助けられて安全に見える。",
            "Data that are weak against one attack look safe by the help of other scores.",
        ),
        precedent="averages of risk measures in dashboards; PWS Cup takes the minimum (law §6.2)",
        trigger="scores that differ",
        proof="the score is not the smallest of the scores beside it",
        killed_by=("R-08",),
        wrap=after(_average),
    ),
    Mutant(
        id="weakest-score-left-out",
        kind="wrapper",
        effect=Text(
            "都合の悪い得点を除いてから合わせ、弱点が報告から消える。",
            "The inconvenient score is dropped before combining, and the weak place is not in the report.",
        ),
        precedent="selective reporting (law §6.2)",
        trigger="a maximum risk above the mean",
        proof="the smallest score is above what the maximum risk of the same report leaves",
        killed_by=("R-08",),
        wrap=after(_worst_left_out),
    ),
    Mutant(
        id="scores-averaged",
        kind="fault",
        effect=Text(
            "平均を最小として報告し、最も弱い所が隠れる。",
            "A mean is reported as the minimum, and the weakest place is hidden.",
        ),
        precedent="PWS Cup before 2026: means of scores",
        trigger="scores that differ",
        proof="the score of the whole is above the least score",
        killed_by=("R-08",),
        fault="scores-averaged",
    ),
)
