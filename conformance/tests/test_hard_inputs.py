"""What a product refuses, adds beside its answer, or hides under another name must not let it pass."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable

import pytest

from tokumei.adapters.inprocess import InProcess
from tokumei.clause import checks
from tokumei.declarations import Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.model import Product, Request, Response, RunOutcome, Verdict, Why
from tokumei.plan.required import required_plan
from tokumei.runner.run import run_plan
from tokumei.runner.session import examples
from tokumei.runner.verdicts import run_outcome

GOOD = baseline.product()


def refuses_what_is_hard(request: Request) -> Response:
    """Without a search for k: it refuses instead whatever has more than 130 persons."""
    if request.data["registry"].num_rows > 130:
        return Response(status="refused", code="CANNOT_MEET_PRIVACY", path="/targets")
    return GOOD(request)


def adds_a_table(request: Request) -> Response:
    answer = GOOD(request)
    extra = {"REGISTRY": request.data["registry"]} if answer.status == "ok" else {}
    return dataclasses.replace(answer, data=dict(answer.data) | extra)


def backs_up_beside_a_refusal(request: Request) -> Response:
    answer = GOOD(request)
    return dataclasses.replace(answer, extra={"data/backup.csv": "x"}) if answer.status == "refused" else answer


def claims_less_once(request: Request) -> Response:
    """The claim of an answer with many persons is of a smaller k."""
    answer = GOOD(request)
    if answer.processing is None or request.data["registry"].num_rows < 200:
        return answer
    claim = copy.deepcopy(dict(answer.processing))
    claim["targets"][0]["k"] = 2
    return dataclasses.replace(answer, processing=claim)


def claims_nothing_for_the_second(request: Request) -> Response:
    """Of two answers to one input the second has no document of its own."""
    seen = request.organization, request.data["registry"]
    second = ASKED and ASKED[-1] == id(seen[1])
    ASKED.append(id(seen[1]))
    answer = GOOD(request)
    return dataclasses.replace(answer, processing=None) if second else answer


ASKED: list[int] = []


def keeps_what_it_claims_to_keep(request: Request) -> Response:
    """The area is released as it came, and the claim says so."""
    answer = GOOD(request)
    if answer.processing is None:
        return answer
    claim = copy.deepcopy(dict(answer.processing))
    for step in claim["steps"]:
        if step["technique"] == "generalize":
            step |= {"technique": "keep", "params": {}}
    return dataclasses.replace(answer, processing=claim)


def answers_with_nothing(request: Request) -> Response:
    answer = GOOD(request)
    return dataclasses.replace(answer, data={}) if answer.status == "ok" else answer


@pytest.mark.parametrize(
    ("product", "clause", "verdict"),
    [
        (refuses_what_is_hard, "I5-01", Verdict.INCONCLUSIVE),
        (adds_a_table, "D-03", Verdict.FAIL),
        (claims_less_once, "D-03", Verdict.FAIL),
        (claims_nothing_for_the_second, "D-03", Verdict.FAIL),
        (keeps_what_it_claims_to_keep, "D-03", Verdict.FAIL),
        (answers_with_nothing, "D-03", Verdict.FAIL),
        (backs_up_beside_a_refusal, "I5-10", Verdict.FAIL),
    ],
)
def test_it_does_not_pass(product: Callable[[Request], Response], clause: str, verdict: Verdict) -> None:
    typed: Product = product
    plan = required_plan(examples()[:1], track="open", seed=4)
    with DuckDB() as engine, InProcess(typed, baseline.INFO) as adapter:
        track = run_plan(plan, adapter, checks(), engine)
    assert {r.clause: r.verdict for r in track.results}[clause] is verdict
    assert run_outcome(track.results) is not RunOutcome.ALL_MET
    assert not [r.error for r in track.results if r.error]


def test_two_settings_of_one_organization_are_judged_apart() -> None:
    pair = examples()[0]
    plan = required_plan([pair, pair], track="own", seed=4, obeys=False)
    assert len({case.id for case in plan.cases}) == len(plan.cases)
    with DuckDB() as engine, InProcess(GOOD, baseline.INFO) as adapter:
        track = run_plan(plan, adapter, checks(), engine)
    assert run_outcome(track.results) is RunOutcome.ALL_MET
    once = required_plan([pair], track="own", seed=4, obeys=False)
    assert track.calls == 2 * once.calls


def test_what_a_setting_does_not_hold_is_not_applicable_on_the_own_track_alone() -> None:
    organization, processing = examples()[0]
    document = copy.deepcopy(dict(processing.document))
    for step in document["steps"]:
        if step["technique"] == "date-shift":
            step |= {"technique": "suppress-column", "params": {}}
    pair = (organization, Processing.of(document))
    for track, verdict in (("own", Verdict.NOT_APPLICABLE), ("open", Verdict.INCONCLUSIVE)):
        plan = required_plan([pair], track=track, seed=4, obeys=False)
        with DuckDB() as engine, InProcess(GOOD, baseline.INFO) as adapter:
            results = {r.clause: r for r in run_plan(plan, adapter, checks(), engine).results}
        assert results["T-02"].verdict is verdict
        assert results["I5-01"].verdict is Verdict.PASS


def test_a_clause_that_no_regime_of_the_pair_asks_for_is_not_applicable() -> None:
    plan = required_plan(examples()[:1], track="open", seed=4)
    scope = {id_: () if id_ == "I5-01" else ("NGMIA-19",) for id_ in checks()}
    with DuckDB() as engine, InProcess(baseline.product("k-none"), baseline.INFO) as adapter:
        results = {r.clause: r for r in run_plan(plan, adapter, checks(), engine, scope=scope).results}
    assert (results["I5-01"].verdict, results["I5-01"].why) == (Verdict.NOT_APPLICABLE, Why.REGIME)
