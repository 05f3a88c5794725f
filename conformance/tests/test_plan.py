"""The required plan: the same for a seed, consistent in itself, with every trap in it."""

import datetime as dt
from collections import Counter
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.declarations import FieldName
from tokumei.model import Need
from tokumei.plan.carriers import Carriers
from tokumei.plan.levels import levels
from tokumei.plan.required import required_plan, with_k
from tokumei.runner.power import PAIRS, pair_named
from tokumei.runner.run import WATCHED

seeds = st.integers(min_value=0, max_value=10**6)
names = st.sampled_from(PAIRS)
few = settings(max_examples=6, deadline=None)


@lru_cache(maxsize=4)
def plan_of(name, seed):
    return required_plan([pair_named(name)], track="open", seed=seed)


def bundles(plan):
    return [(case, call.bundle) for case in plan.cases for call in case.calls]


@pytest.mark.parametrize("name", PAIRS)
def test_a_plan_is_the_same_for_a_seed(name):
    one, two = plan_of(name, 5), required_plan([pair_named(name)], track="open", seed=5)
    assert [case.id for case in one.cases] == [case.id for case in two.cases]
    for (_, a), (_, b) in zip(bundles(one), bundles(two), strict=True):
        assert a.tables == b.tables
        assert a.truth.cells == b.truth.cells
        assert a.truth.events == b.truth.events
        assert a.truth.orders == b.truth.orders
    assert any(a.tables != b.tables for (_, a), (_, b) in zip(bundles(one), bundles(plan_of(name, 6)), strict=True))


def test_both_pairs_take_at_most_forty_calls():
    plan = required_plan([pair_named(name) for name in PAIRS], track="open", seed=1)
    assert plan.calls <= 40
    assert len({case.id for case in plan.cases}) == len(plan.cases)
    assert {need for case in plan.cases for need in case.offers} >= set(Need) - WATCHED


@few
@given(names, seeds)
def test_keys_are_unique_and_foreign_keys_hold(name, seed):
    organization, _ = pair_named(name)
    for case, bundle in bundles(plan_of(name, seed)):
        for resource in organization.resources:
            table = bundle.tables[resource.name]
            assert len(bundle.persons[resource.name]) == table.num_rows
            if resource.primary_key:
                keys = table.column(resource.primary_key).to_pylist()
                assert len(set(keys)) == len(keys) and None not in keys, case.id
            for key in resource.foreign_keys:
                known = set(bundle.tables[key.to.resource].column(key.to.field).to_pylist())
                assert set(table.column(key.field.field).to_pylist()) <= known, case.id


@few
@given(names, seeds)
def test_a_source_key_is_one_person(name, seed):
    organization, _ = pair_named(name)
    key = organization.subject_key
    for _, bundle in bundles(plan_of(name, seed)):
        keys = bundle.tables[key.resource].column(key.field).to_pylist()
        pairs = set(zip(keys, bundle.persons[key.resource], strict=True))
        assert len(pairs) == len({k for k, _ in pairs}) == len({p for _, p in pairs})


@few
@given(names, seeds)
def test_people_of_a_cell_share_its_code_and_each_value_is_shared(name, seed):
    """No unique tracer: each cell has more than k persons, and every value of its code more than one cell."""
    organization, processing = pair_named(name)
    carriers = [info.name.field for info in Carriers.of(organization, processing).fields]
    resource = organization.subject_key.resource
    for case, bundle in bundles(plan_of(name, seed)):
        if Need.ALIGNMENT_CELL not in case.offers or bundle.truth.cells is None:
            continue
        codes = {tuple(list(row.values())[1:]) for row in bundle.truth.cells.to_pylist()}
        assert len(codes) == bundle.truth.cells.num_rows
        people = {}
        for person, row in zip(
            bundle.persons[resource], bundle.tables[resource].select(carriers).to_pylist(), strict=True
        ):
            people.setdefault(tuple(row.values()), set()).add(person)
        assert codes <= people.keys()
        assert min(len(people[code]) for code in codes) > processing.target("k-anonymity").k
        for place in range(len(carriers)):
            assert all(n > 1 for n in Counter(code[place] for code in codes).values())


@few
@given(names, seeds)
def test_the_planned_events_are_the_dates_of_the_cell(name, seed):
    """Every date of a planned person is their first day plus one planned distance."""
    organization, processing = pair_named(name)
    resource = organization.subject_key.resource
    carriers = [info.name.field for info in Carriers.of(organization, processing).fields]
    for case, bundle in bundles(plan_of(name, seed)):
        if case.stage != 1 or bundle.truth.events is None:
            continue
        cells = {tuple(list(row.values())[1:]): row["cell"] for row in bundle.truth.cells.to_pylist()}
        cell_of = {
            person: cells.get(tuple(row.values()))
            for person, row in zip(
                bundle.persons[resource], bundle.tables[resource].select(carriers).to_pylist(), strict=True
            )
        }
        planned = {}
        for row in bundle.truth.events.to_pylist():
            planned.setdefault((row["cell"], row["resource"], row["field"]), set()).add(row["days"])
        days = {}
        for table, field in {(r, f) for _, r, f in planned}:
            for person, text in zip(bundle.persons[table], bundle.tables[table].column(field).to_pylist(), strict=True):
                days.setdefault(person, []).append((table, field, dt.date.fromisoformat(text).toordinal()))
        checked = 0
        for person, events in days.items():
            cell = cell_of[person]
            if cell is None:
                continue
            starts = [{day - gap for gap in planned[cell, table, field]} for table, field, day in events]
            assert set.intersection(*starts), (case.id, person)
            checked += 1
        assert checked


@pytest.mark.parametrize("name", PAIRS)
def test_every_edge_of_every_group_has_more_than_k_persons(name):
    """Suppression hides a wrong boundary unless enough people stand exactly on it."""
    organization, processing = pair_named(name)
    k = processing.target("k-anonymity").k
    resource = organization.subject_key.resource
    bundle = next(
        call.bundle for case in plan_of(name, 1).cases if case.id.endswith("/boundary") for call in case.calls
    )
    for quasi in processing.target("k-anonymity").quasi:
        values = bundle.tables[resource].column(quasi.field).to_pylist()
        people = {}
        for person, value in zip(bundle.persons[resource], values, strict=True):
            people.setdefault(value, set()).add(person)
        for group in levels(organization.field(quasi), processing).groups:
            for edge in group:
                assert len(people[edge]) > k, (quasi, edge)


def test_the_top_code_is_stood_on_from_both_sides():
    organization, processing = pair_named("stroke-registry")
    groups = levels(organization.field(FieldName("registry", "年齢")), processing).groups
    edges = {value for group in groups for value in group}
    assert {"0", "9", "10", "89", "90", "119"} <= edges


@pytest.mark.parametrize("name", PAIRS)
def test_classes_of_one_below_at_and_above_k_are_planned(name):
    organization, processing = pair_named(name)
    target = processing.target("k-anonymity")
    resource = organization.subject_key.resource
    bundle = next(call.bundle for case in plan_of(name, 1).cases if case.id.endswith("/classes") for call in case.calls)
    fields = [q.field for q in target.quasi]
    people = {}
    for person, row in zip(bundle.persons[resource], bundle.tables[resource].select(fields).to_pylist(), strict=True):
        people.setdefault(tuple(row.values()), set()).add(person)
    sizes = {len(some) for some in people.values()}
    assert {1, target.k - 1, target.k, target.k + 1} <= sizes
    assert any(None in key for key in people)


@pytest.mark.parametrize("name", PAIRS)
def test_few_persons_are_expected_to_be_refused(name):
    _, processing = pair_named(name)
    minimum = processing.target("minimum-subjects").minimum
    few_cases = [
        (call.bundle.size, call.expects) for case in plan_of(name, 1).cases if "/few-" in case.id for call in case.calls
    ]
    assert {size for size, _ in few_cases} >= {0, 1, minimum - 1}
    assert {expects for _, expects in few_cases} == {"refusal"}


def test_another_k_is_asked_only_of_a_product_that_obeys():
    pair = pair_named("stroke-registry")
    fixed = required_plan([pair], track="open", seed=1, obeys=False)
    assert not any("other-k" in case.id for case in fixed.cases)
    other = with_k(pair[1], 7)
    assert other.target("k-anonymity").k == 7
    assert pair[1].target("k-anonymity").k == 5


def test_a_bundle_without_some_persons_keeps_the_rest():
    _, bundle = bundles(plan_of("hospital", 1))[0]
    less = bundle.without(frozenset({0, 1}))
    assert less.size == bundle.size - 2
    assert not {0, 1} & {person for rows in less.persons.values() for person in rows}
