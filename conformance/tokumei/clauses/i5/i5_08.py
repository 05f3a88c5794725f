"""I5-08: persons who cannot reach k are taken out, and the report says how many they are.

The number is that of the persons who might have been released, as far as records are suppressed by what the
declarations say, and are not. ``risk.json`` holds it as ``persons.suppressed``; else the claim holds it as the metric
``suppressed-subjects``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Marked, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.relation import Relation

REPORT = "risk.json"
METRIC = "suppressed-subjects"

PERSONS = (
    'SELECT "case", "call", count(DISTINCT subject) AS n, count(*) FILTER (WHERE subject IS NULL) AS unknown '
    'FROM {self} t GROUP BY "case", "call"'
)
ELIGIBLE = """
SELECT t.* FROM {self} t LEFT JOIN {gone} g ON t."case" = g."case" AND t."call" = g."call" AND t.subject = g.subject
WHERE g.subject IS NULL
"""


def reported(response: Response) -> int | None:
    """The number of suppressed persons that the answer reports; None where it reports none."""
    try:
        document = json.loads(response.extra.get(REPORT, "null"))
    except (ValueError, RecursionError):
        document = None
    persons = document.get("persons") if isinstance(document, Mapping) else None
    found: Any = persons.get("suppressed") if isinstance(persons, Mapping) else None
    risk = (response.processing or {}).get("residualRisk")
    measured = risk.get("measured") if isinstance(risk, Mapping) else None
    for item in measured if found is None and isinstance(measured, list) else ():
        if isinstance(item, Mapping) and item.get("metric") == METRIC:
            found = item.get("value")
    whole = isinstance(found, int | float) and not isinstance(found, bool) and found == int(found)
    return int(found) if whole else None


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Compare the number reported with the persons of the input that the release has not."""
    key = evidence.organization.subject_key
    given, view = evidence.input.get(key.resource), evidence.release.get(key.resource)
    one_a_row = evidence.organization.resource(key.resource).row_unit == "person"
    if given is None or view is None or (key.field not in view.names and not one_a_row):
        return
    claim = evidence.claim or evidence.asked
    if claim.with_technique("sample", "synthesize"):
        return  # who is not there was not drawn, or is nobody
    allowed = _eligible(evidence, claim, given.relation)
    before = {(row["case"], row["call"]): row for row in allowed.query(PERSONS).rows()}
    left = {(row["case"], row["call"]): row for row in view.relation.query(PERSONS).rows()}
    for case, number, call in evidence.released_calls():
        count, rest = before.get((case.id, number)), left.get((case.id, number))
        if call.response is None or count is None or (rest is not None and rest["unknown"]):
            continue
        gone = count["n"] - (rest["n"] if rest is not None else 0)
        yield Premise(case=case.id, count=1, what="releases")
        said = reported(call.response)
        if said is None:
            yield Finding(code="NOT_REPORTED", case=case.id, call=number, params={"n": gone})
        elif not gone <= said <= gone + count["unknown"]:  # a row without a person may be a person of its own
            yield Finding(code="WRONG_NUMBER", case=case.id, call=number, params={"said": said, "n": gone})


def _eligible(evidence: Evidence, claim: Processing, given: Relation) -> Relation:
    """The rows of the persons whom no declared rule takes out, k apart."""
    for marked in {*evidence.organization.excluded(claim.regime), *_suppressed(claim)}:
        view = evidence.input.get(marked.field.resource)
        if view is not None and marked.field.field in view.names:
            gone = view.relation.query(
                'SELECT DISTINCT "case", "call", subject FROM {self} t WHERE {column} IN {texts}',
                column=view.column(marked.field.field),
                texts=marked.texts,
            )
            given = given.query(ELIGIBLE, gone=gone)
    return given


def _suppressed(claim: Processing) -> Iterator[Marked]:
    for step in claim.with_technique("suppress-record"):
        texts = [step.params["equals"]] if "equals" in step.params else step.params.get("in", [])
        if texts and step.params.get("of") == "subject":
            field = FieldName.parse(str(step.params["field"]))
            yield Marked(field=field, texts=tuple(str(text) for text in texts))


def applies(organization: Organization, processing: Processing) -> bool:
    """A least number of persons in a class is asked for."""
    del organization
    return processing.target("k-anonymity") is not None


CHECK = Check(id="I5-08", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _report_left_out(request: Request, response: Response) -> Response:
    """The release goes out without its report, and no claim holds the number."""
    del request
    extra = {path: text for path, text in response.extra.items() if path != REPORT}
    claim = response.processing
    if claim is not None:
        risk = dict(claim.get("residualRisk", {}))
        risk["measured"] = [item for item in risk.get("measured", []) if item.get("metric") != METRIC]
        claim = dict(claim) | {"residualRisk": risk}
    return dataclasses.replace(response, extra=extra, processing=claim)


MUTANTS = (
    Mutant(
        id="report-left-out",
        kind="wrapper",
        effect=Text(
            "何人が除かれたか分からず、偏ったデータを全数と取り違える。",
            "Nobody knows how many persons are missing, and biased data are taken for complete ones.",
        ),
        precedent="suppression without a count in shipped tools (peers §3)",
        trigger="every release",
        proof="the answer holds no number of suppressed persons",
        killed_by=("I5-08",),
        wrap=after(_report_left_out),
    ),
    Mutant(
        id="rows-reported-as-persons",
        kind="fault",
        effect=Text(
            "除いた行の数が本人の数として報告される。", "The number of suppressed rows is reported as that of persons."
        ),
        precedent="suppression rates over records in tools of one row a person (peers §3)",
        trigger="a suppressed person with two rows in the table of persons",
        proof="the number reported is that of rows and differs from that of persons",
        killed_by=("I5-08",),
        pairs=("stroke-registry",),  # elsewhere a person has one row in the table of persons
        fault="rows-reported-as-persons",
    ),
)
