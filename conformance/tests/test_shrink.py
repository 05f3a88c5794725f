"""Shrinking keeps what fails, ends at people, rows and values that are needed, and never asks more than its budget."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.adapters.inprocess import InProcess
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.model import Call, Finding, Request
from tokumei.plan.required import required_plan
from tokumei.plan.tables import Person, bundle
from tokumei.runner.session import examples, find_again
from tokumei.shrink.allowance import Allowance
from tokumei.shrink.case import Shrunk, from_document, shrink, to_document
from tokumei.shrink.events import events, without_events
from tokumei.shrink.persons import smallest, smallest_or_none
from tokumei.shrink.values import simplified, values


@given(st.integers(2, 60), st.data())
def test_the_smallest_people_are_exactly_the_guilty(count: int, data: st.DataObject) -> None:
    guilty = frozenset(data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=4)))
    kept = smallest(range(count), lambda people: guilty <= people, trials=2000)
    assert kept == guilty


@given(st.integers(2, 60), st.integers(0, 30))
def test_the_budget_is_kept_and_the_result_fails(count: int, trials: int) -> None:
    asked = []

    def fails(people: frozenset[int]) -> bool:
        asked.append(people)
        return len(people) >= 3

    kept = smallest(range(count), fails, trials=trials)
    assert len(asked) <= trials
    assert len(kept) >= 3 or len(kept) == count


def test_a_case_is_the_same_after_it_was_written_and_read() -> None:
    plan = required_plan(examples()[:1], track="open", seed=5)
    for case in plan.cases:
        finding = Finding(code="X", case=case.id)
        shrunk = Shrunk(finding=finding, case=case, people_from=1, people_to=1, trials=0)
        again = from_document(to_document("I5-01", shrunk, 5))
        assert (again.id, again.offers, again.stage) == (case.id, case.offers, case.stage)
        for one, two in zip(again.calls, case.calls, strict=True):
            assert all(one.bundle.tables[name].equals(table) for name, table in two.bundle.tables.items())
            assert one.bundle.persons == two.bundle.persons
            assert one.bundle.truth.carriers == two.bundle.truth.carriers


def test_rows_and_values_may_all_go_and_people_may_not() -> None:
    assert smallest_or_none(range(9), lambda kept: True, trials=50) == frozenset()
    assert smallest_or_none(range(9), lambda kept: 4 in kept, trials=50) == {4}
    assert smallest_or_none(range(9), lambda kept: 4 in kept, trials=0) == frozenset(range(9))
    assert len(smallest(range(9), lambda kept: True, trials=50)) == 1


HOSPITAL = next(pair for pair in examples() if pair[0].name == "hospital")
CASES = {
    case.id.split("/")[1]: case
    for case in required_plan([HOSPITAL], track="open", seed=5).cases
    if case.id.endswith(("classes", "boundary"))
}


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(CASES)), st.data())
def test_taken_rows_leave_no_orphan_and_no_person_behind(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    rows = events(case)
    gone = frozenset(data.draw(st.sets(st.sampled_from(rows), max_size=40)))
    for call, before in zip(without_events(case, gone).calls, case.calls, strict=True):
        made = call.bundle
        assert made.size == before.bundle.size
        for resource in made.organization.resources:
            table = made.tables[resource.name]
            assert len(made.persons[resource.name]) == table.num_rows <= before.bundle.tables[resource.name].num_rows
            for key in resource.foreign_keys:
                parents = set(made.tables[key.to.resource].column(key.to.field).to_pylist())
                assert set(table.column(key.field.field).to_pylist()) <= parents
    assert not frozenset(events(without_events(case, frozenset(rows)))) & frozenset(rows)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(CASES)), st.data())
def test_simple_values_stay_in_the_declared_domain_and_keep_keys_and_truth(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    facts = values(case)
    changed = frozenset(facts) if data.draw(st.booleans()) else frozenset(data.draw(st.sets(st.sampled_from(facts))))
    small = simplified(case, changed)
    assert set(values(small)) == set(facts) - changed
    organization, processing = HOSPITAL
    leaves = {row[0] for row in processing.hierarchies["area"]["table"]}
    for call, before in zip(small.calls, case.calls, strict=True):
        for info in organization.fields():
            was = before.bundle.tables[info.name.resource].column(info.name.field).to_pylist()
            now = call.bundle.tables[info.name.resource].column(info.name.field).to_pylist()
            if organization.is_key(info):
                assert now == was
            assert not info.required or None not in now
            if info.type == "date" or info.name in call.bundle.truth.carriers:
                assert all(new in (None, old) for new, old in zip(now, was, strict=True))
            if "enum" in info.constraints:
                assert set(now) <= {str(value) for value in info.constraints["enum"]} | {None}
            if str(info.name) == "patients.area":
                assert set(now) <= leaves | {None}


@pytest.mark.parametrize(("fault", "clause"), [("secret-in-log", "B-03"), ("k-over-rows", "I5-01")])
def test_a_shrunk_case_fails_the_same_clause_with_the_same_code_and_no_correct_product(fault: str, clause: str) -> None:
    pair = examples()[0]
    case = next(c for c in required_plan([pair], track="open", seed=5).cases if c.id.endswith("/classes"))
    broken, correct = (InProcess(baseline.product(*f), baseline.INFO) for f in ((fault,), ()))
    code = {"B-03": "SECRET_IN_LOG", "I5-01": "CLASS_TOO_SMALL"}[clause]
    with DuckDB() as engine:

        def again(candidate, caller=broken):
            return find_again(candidate, clause, code, caller, checks(), engine, 5)[0]

        finding = again(case)
        assert finding is not None
        small = shrink(case, finding, again, relax=True)
        assert again(small.case)
        assert not again(small.case, correct)
        assert small.people_to < small.people_from
        assert small.rows_to <= small.rows_from
        assert small.simplified > 0
        document = to_document(clause, small, 5)
        assert document["shrunk"]["people"] == [small.people_from, small.people_to]
        assert again(from_document(document))


def test_nothing_is_played_after_stop() -> None:
    pair = examples()[0]
    case = required_plan([pair], track="open", seed=5).cases[1]

    def again(candidate):
        raise AssertionError

    small = shrink(case, Finding(code="X", case=case.id), again, relax=True, stop=lambda: True)
    assert (small.case, small.trials) == (case, 0)


def test_each_finding_has_its_part_of_the_allowance() -> None:
    pair = examples()[0]
    made = bundle(*pair, [Person(quasi={})], seed=1)
    request = Request(id="x", organization={}, processing={}, data=made.tables)
    call = Call(request=request, response=None, seconds=4.0)
    allowance = Allowance(12.0)
    for left in (3, 2, 1):
        allowance.share(left)
        assert allowance.affords(4.0)
        assert not allowance.affords(4.1)
        allowance.pay([call])
        assert not allowance.affords(0.1)
    assert not dataclasses.replace(allowance, seconds=1.0, over=lambda: True).affords(0.5)
