"""Effort is counted in product calls: smoke ends within a minute and never passes, deep finds more and replays it."""

from __future__ import annotations

import dataclasses

import pytest

from tokumei.adapters.inprocess import InProcess
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.model import RunOutcome
from tokumei.plan.bundle import Case, PlannedCall
from tokumei.plan.tables import Person, bundle
from tokumei.runner import explore
from tokumei.runner.disturb import disturbed
from tokumei.runner.run import play
from tokumei.runner.session import examples, run
from tokumei.shrink.case import from_document
from tokumei.spec import load_spec


class Slow:
    """A product that says that each of its calls took five seconds."""

    def __init__(self, product):
        self.inner = InProcess(product, baseline.INFO)
        self.calls = 0

    def call(self, request):
        self.calls += 1
        return dataclasses.replace(self.inner.call(request), seconds=5.0)


def session(caller, effort, *, only=None, info=baseline.INFO):
    chosen = {id_: check for id_, check in checks().items() if only is None or id_ in only}
    with DuckDB() as engine:
        return run(caller, info, chosen, engine, load_spec(), adapter="test", seed=3, effort=effort)


def verdicts(record):
    return {clause["clause"]: clause for track in record["tracks"] for clause in track["clauses"]}


def test_smoke_of_a_correct_product_is_incomplete_after_few_calls():
    caller = Slow(baseline.product())
    record = session(caller, "smoke").record
    assert record["outcome"] == RunOutcome.INCOMPLETE
    assert record["exit"] == 3
    assert caller.calls == record["effort"]["calls"] <= 10
    found = verdicts(record)
    assert found["I3-02"]["verdict"] == "pass"  # every case that it needs was played
    assert (found["I5-01"]["verdict"], found["I5-01"]["why"]) == ("inconclusive", "budget")
    assert not [clause for clause in found.values() if clause["verdict"] == "fail"]


@pytest.mark.parametrize("fault", ["k-over-rows", "md5-of-the-id"])
def test_smoke_of_a_broken_product_fails_within_a_minute_of_its_time(fault):
    caller = Slow(baseline.product(fault))
    record = session(caller, "smoke").record
    assert record["exit"] == 1
    assert caller.calls * 5 <= 60


def test_shrinking_takes_a_third_of_a_slow_product_s_time():
    caller = Slow(baseline.product("k-over-rows", "note-kept", "shift-by-row"))
    record = session(caller, "standard", only={"I5-01", "I1-01", "T-02"}).record
    planned = record["effort"]["calls"]
    assert caller.calls - planned <= max(60 / 5, planned / 2)
    assert record["exit"] == 1


def test_deep_adds_what_the_plan_did_not_show_with_a_replay_file(monkeypatch):
    monkeypatch.setattr(explore, "SMALL", 40)
    monkeypatch.setattr(explore, "SEQUENCES", 5)

    def broken(request):
        rows = request.data["registry"].to_pylist()
        if any(row["電話番号"] is None for row in rows):
            print(f"no telephone: {rows[0]['氏名']}")
        return baseline.product()(request)

    pair = examples()[0]
    info = dataclasses.replace(baseline.INFO, configuration="fixed", settings=((pair[0].document, pair[1].document),))
    plain = session(InProcess(broken, info), "standard", only={"B-03"}, info=info)
    deep = session(InProcess(broken, info), "deep", only={"B-03"}, info=info)
    assert verdicts(plain.record)["B-03"]["verdict"] == "pass"
    clause = verdicts(deep.record)["B-03"]
    assert clause["verdict"] == "fail"
    assert clause["findings"][0]["reproduced"] == "3/3"
    case = from_document(deep.replays[clause["findings"][0]["id"]])
    assert case.id.startswith("stroke-registry/")
    assert deep.record["effort"]["calls"] > plain.record["effort"]["calls"] + 40


def test_a_case_can_end_the_product_between_calls_and_in_the_middle_of_one():
    pair = examples()[0]
    made = bundle(*pair, [Person(quasi={})] * 3, seed=1)
    told = []

    class Process(InProcess):
        def close(self):
            told.append("close")

    def product(request):
        told.append("call")
        return baseline.product()(request)

    plan = [PlannedCall(bundle=made, secret=1, before=before) for before in ("", "restart", "kill")]
    case = Case(id="x/y", calls=tuple(plan), offers=frozenset())
    caller = Process(product, baseline.INFO)
    played = play(case, disturbed(caller, case), seed=1)
    assert len(played.view.calls) == 3
    assert told[:3] == ["call", "close", "call"]
    assert sorted(told[3:]) == ["call", "call", "close"]
    assert told[-1] == "call"
