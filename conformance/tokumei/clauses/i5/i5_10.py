"""I5-10: a database of fewer persons than the declared minimum is refused, and nothing is released."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text


def judge(evidence: Evidence) -> Iterator[Observation]:
    """A refusal is a premise only if the nearest valid input was accepted with rows in it.

    A batch may hold no valid input: then the runner sees whether one was answered.
    """
    target = evidence.asked.target("minimum-subjects")
    if target is None:
        return
    valid = [
        call.released and call.response is not None and any(t.num_rows for t in call.response.data.values())
        for case in evidence.cases
        for call, expects in zip(case.calls, case.expects, strict=True)
        if expects == "release"
    ]
    accepted = any(valid) or not valid
    for case in evidence.cases:
        for number, (call, expects) in enumerate(zip(case.calls, case.expects, strict=True)):
            if expects != "refusal" or call.response is None:
                continue
            rows = sum(table.num_rows for table in call.response.data.values())
            rows += sum(path.startswith("data/") for path in call.response.extra)
            params = {"n": case.persons, "minimum": target.minimum}
            if call.response.status == "ok" and rows:
                yield Finding(code="RELEASED_TOO_FEW", case=case.id, call=number, params=params)
            elif call.response.status != "ok" and rows:
                yield Finding(code="DATA_WITH_REFUSAL", case=case.id, call=number, params=params)
            if accepted:
                yield Premise(case=case.id, count=1, what="refusals")


def applies(organization: Organization, processing: Processing) -> bool:
    """A least number of persons is asked for."""
    del organization
    return processing.target("minimum-subjects") is not None


CHECK = Check(id="I5-10", needs=(Need.REFUSAL, Need.CLAIM), judge=judge, applies=applies)


def _partial_with_refusal(product: Product) -> Product:
    """Refuse, and still leave the input's tables in the folder."""

    def broken(request: Request) -> Response:
        response = product(request)
        if response.status != "refused":
            return response
        return Response(status="refused", code=response.code, path=response.path, data=dict(request.data))

    return broken


MUTANTS = (
    Mutant(
        id="data-with-refusal",
        kind="wrapper",
        effect=Text("拒否と答えながらデータを残す。", "It says no and leaves the data behind."),
        precedent="GEN: partial output after an error",
        trigger="every refusal of a non-empty input",
        proof="the response folder of a refusal holds tables",
        killed_by=("I5-10",),
        wrap=_partial_with_refusal,
    ),
    Mutant(
        id="minimum-counts-rows",
        kind="fault",
        effect=Text(
            "行数で数えるため、数人のデータが提供される。", "Rows are counted, so data of a few persons are released."
        ),
        precedent="GEN: rows taken for persons in longitudinal data",
        trigger="fewer persons than the minimum with more rows than it",
        proof="19 persons with 57 rows are released under a minimum of 20",
        killed_by=("I5-10",),
        pairs=("stroke-registry",),  # elsewhere a person has one row in the table of persons
        fault="minimum-counts-rows",
    ),
)
