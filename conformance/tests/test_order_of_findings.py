"""An engine gives rows in any order; what was judged has one, or equal seeds would shrink to other people."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tokumei.clause import Check
from tokumei.engines.duckdb import DuckDB
from tokumei.evidence import Evidence
from tokumei.modalities.tables import baseline
from tokumei.model import Finding, Need, Observation, Premise
from tokumei.runner.power import Direct, plan_of
from tokumei.runner.run import judge, play

FINDINGS = [
    (code, call, resource, fields, n)
    for code in ("B", "A")
    for call in (1, 0)
    for resource, fields in (("registry", ("sex",)), ("registry", ("age",)), ("", ()))
    for n in (10, 9)
]


def _check(seed: int) -> Check:
    def shuffled(evidence: Evidence) -> Iterator[Observation]:
        cases = [case.id for case in evidence.cases]
        yield Premise(case=cases[0], count=1, what="rows")
        every = [(case, *finding) for case in cases for finding in FINDINGS]
        Random(seed).shuffle(every)
        for case, code, call, resource, fields, n in every:
            yield Finding(code=code, case=case, call=call, params={"n": n}, resource=resource, fields=fields)

    return Check(id="Z-01", needs=(Need.RELEASE,), judge=shuffled)


def test_what_is_judged_stands_in_one_order() -> None:
    cases = plan_of("stroke-registry", 1).cases[:2]
    played = [(case.calls[0], play(case, Direct(baseline.product()), seed=1)) for case in cases]
    seen = []
    for seed in (1, 2, 3):
        with DuckDB() as engine:
            seen.append(judge([_check(seed)], played, engine, seed=1)["Z-01"])
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0][0]) > len(FINDINGS)
