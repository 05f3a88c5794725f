"""The search finds what only small bundles or sequences of calls show, and accuses no correct product."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokumei.adapters.inprocess import InProcess
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline, variants
from tokumei.modalities.tables.strategies import MOST, bundles
from tokumei.model import Response, Verdict
from tokumei.mutants.edits import after, with_column
from tokumei.plan.required import required_plan
from tokumei.plan.search import sequences, small_cases
from tokumei.runner.explore import explore
from tokumei.runner.power import pair_named
from tokumei.runner.run import run_plan
from tokumei.runner.session import find_again
from tokumei.shrink.case import from_document, shrink, to_document

STROKE = pair_named("stroke-registry")
SEED = 4


def merges_people(product):
    """People without a telephone number are told apart by birthday; the log names those who are not."""

    def broken(request):
        rows = request.data["registry"].to_pylist()
        people = {row["患者番号"]: row for row in rows}
        birthdays = Counter(row["生年月日"] for row in people.values())
        for row in people.values():
            if row["電話番号"] is None and row["生年月日"] and birthdays[row["生年月日"]] > 1:
                print(f"same person? {row['氏名']}")
        return product(request)

    return broken


def _keeps_old_dates(request, response):
    """Dates of the Showa era are left one day behind, so intervals across its end are wrong."""
    for name in ("発症日", "入院日", "退院日"):
        before = request.data["registry"].column(name).to_pylist()
        if any(v and v < "1989-01-08" for v in before) and any(v and v >= "1989-01-08" for v in before):
            moved = [
                v and (dt.date.fromisoformat(v) + dt.timedelta(days=1)).isoformat()
                for v in response.data["registry"].column(name).to_pylist()
            ]
            return with_column(response, "registry", name, moved)
    return response


def remembers_errors(product):
    """What a refused call complained of is told in the message of the next answer."""
    memory = []

    def broken(request):
        response = product(request)
        if response.status == "refused":
            memory.extend(
                row["電話番号"] for row in request.data["registry"].slice(0, 40).to_pylist() if row["電話番号"]
            )
            return response
        told, memory[:] = ", ".join(memory), []
        return dataclasses.replace(response, message=told)

    return broken


RARE = {
    "merges-people": (merges_people, "B-03", "small", 2),
    "keeps-old-dates": (after(_keeps_old_dates), "T-02", "small", 6),
    "remembers-errors": (remembers_errors, "B-03", "sequence", 1),
}
"""The clause that sees it, by what kind of search, and how few people show it (five must be alike to be released)."""


def search(product, *, only=None, small=200, chains=40, pair=STROKE, trials=15):
    every = {id_: check for id_, check in checks().items() if only is None or id_ in only}
    with DuckDB() as engine:
        caller = InProcess(product, baseline.INFO)
        return explore([pair], caller, every, engine, seed=SEED, obeys=True, small=small, chains=chains, trials=trials)


@pytest.mark.parametrize("name", RARE)
def test_the_required_plan_does_not_see_a_rare_mutant(name):
    wrap, clause, *_ = RARE[name]
    plan = required_plan([STROKE], track="open", seed=SEED)
    with DuckDB() as engine:
        track = run_plan(plan, InProcess(wrap(baseline.product()), baseline.INFO), {clause: checks()[clause]}, engine)
    assert track.results[0].verdict is Verdict.PASS, track.results


@pytest.mark.parametrize("name", RARE)
def test_the_search_finds_a_rare_mutant_shrinks_it_and_it_can_be_replayed(name):
    wrap, clause, kind, most = RARE[name]
    product, small = wrap(baseline.product()), 200 * (kind == "small")
    found = search(product, only={clause}, small=small, chains=40 * (kind == "sequence")).found
    assert [item.clause for item in found] == [clause]
    assert f"/{kind}-" in found[0].case.id
    assert found[0].case.calls[0].bundle.size <= found[0].people_from
    with DuckDB() as engine:
        broken, correct = (InProcess(made, baseline.INFO) for made in (product, baseline.product()))

        def again(case, caller=broken):
            return find_again(case, clause, found[0].finding.code, caller, checks(), engine, SEED)[0]

        shrunk = shrink(found[0].case, found[0].finding, again, relax=False)
        assert shrunk.people_to <= most
        case = from_document(to_document(clause, shrunk, SEED))
        assert again(case)
        assert not again(case, correct)


def test_a_correct_product_is_not_accused_in_two_hundred_examples():
    searched = search(baseline.product(), small=200, chains=30)
    assert searched.found == ()
    assert searched.cases >= 180


@pytest.mark.parametrize("name", ["sorted-columns", "stars"])
def test_other_correct_products_are_not_accused(name):
    assert search(variants.correct_products()[name], small=25, chains=6).found == ()


def test_a_correct_product_is_not_accused_over_five_tables():
    assert search(baseline.product(), small=20, chains=5, pair=pair_named("hospital")).found == ()


def test_equal_seeds_search_the_same():
    product = baseline.product("null-is-wildcard")
    one, two = (search(product, only={"I5-01"}, small=15, chains=0, trials=10).found for _ in range(2))
    assert one[0].finding == two[0].finding
    assert one[0].case.id == two[0].case.id


def test_a_product_that_crashes_is_no_finding():
    def crash(request):
        raise RuntimeError

    assert search(crash, small=20, chains=5).found == ()


def test_what_is_known_is_not_found_again():
    with DuckDB() as engine:
        caller = InProcess(baseline.product("k-none"), baseline.INFO)
        searched = explore(
            [STROKE],
            caller,
            {"I5-01": checks()["I5-01"]},
            engine,
            seed=SEED,
            obeys=True,
            small=20,
            chains=0,
            already=frozenset({("I5-01", "CLASS_TOO_SMALL")}),
        )
    assert searched.found == ()
    assert searched.calls >= 15


LIGHT = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@LIGHT
@given(bundles(*STROKE))
def test_a_small_bundle_stays_in_the_declared_domain(bundle):
    organization, processing = STROKE
    assert 1 <= bundle.size <= MOST
    table = bundle.tables["registry"]
    leaves = {row[0] for row in processing.hierarchies["area"]["table"]}
    for info in organization.resource("registry").fields:
        values = table.column(info.name.field).to_pylist()
        enum = info.constraints.get("enum")
        assert not info.required or None not in values
        assert not info.constraints.get("unique") or len(set(values)) == len(values)
        assert enum is None or set(values) <= {str(value) for value in enum} | {None}
        assert info.type != "date" or all(dt.date.fromisoformat(value) for value in values if value is not None)
        "".join(value or "" for value in values).encode("cp932")
    assert set(table.column("市区町村").to_pylist()) <= leaves | {None}
    owner = dict(zip(table.column("患者番号").to_pylist(), bundle.persons["registry"], strict=True))
    assert len(owner) == bundle.size


@LIGHT
@given(st.one_of(kind(*pair_named("hospital"), label="h", obeys=True) for kind in (small_cases, sequences)))
def test_rows_of_a_small_case_lead_to_their_person(case):
    organization = pair_named("hospital")[0]
    assert case.id.startswith("h/")
    for call in case.calls:
        for resource in organization.resources:
            assert len(call.bundle.persons[resource.name]) == call.bundle.tables[resource.name].num_rows
            for key in resource.foreign_keys:
                parents = set(call.bundle.tables[key.to.resource].column(key.to.field).to_pylist())
                assert set(call.bundle.tables[resource.name].column(key.field.field).to_pylist()) <= parents


def test_a_product_with_one_setting_gets_enough_people():
    seen = []

    def product(request):
        seen.append(len(set(request.data["registry"].column("患者番号").to_pylist())))
        return Response(status="refused", code="CANNOT_MEET_PRIVACY", path="/targets")

    with DuckDB() as engine:
        caller = InProcess(product, baseline.INFO)
        explore([STROKE], caller, checks(), engine, seed=SEED, obeys=False, small=20, chains=0)
    assert seen and min(seen) >= STROKE[1].target("minimum-subjects").minimum
