"""Who is in a release: both directions of the notice of the act, and refusals told by one row."""

import copy
from dataclasses import replace

import pyarrow as pa
import pytest

from tokumei.clause import checks, mutants
from tokumei.declarations import Organization, Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline, variants
from tokumei.model import Response, Verdict
from tokumei.plan.bundle import Plan
from tokumei.plan.required import required_plan
from tokumei.runner.power import PAIRS, Direct, broken, pair_named, plan_of
from tokumei.runner.run import run_plan


def pmi_pair():
    """The hospital as an organization that makes pseudonymized medical data: now those told only under 52 must go."""
    organization, processing = pair_named("hospital")
    document = copy.deepcopy(dict(processing.document))
    document["regime"] = "NGMIA-35"
    for step in document["steps"]:
        if step["technique"] == "suppress-record" and step["params"]["field"] == "patients.notice":
            step["params"]["equals"] = "52"
    return organization, Processing.of(document)


@pytest.fixture(scope="module")
def pmi_plan():
    plan = required_plan([pmi_pair()], track="open", seed=5)
    few = tuple(case for case in plan.cases if case.id.endswith(("/classes", "/enough-20")))
    assert len(few) == 2
    return Plan(track="open", cases=few, seed=5)


def verdict(plan, product):
    with DuckDB() as engine:
        track = run_plan(plan, Direct(product), {"O-07": checks()["O-07"]}, engine)
    return track.results[0]


@pytest.mark.parametrize("name", ["baseline", *variants.correct_products()])
def test_correct_products_meet_the_clause_under_the_other_notice(pmi_plan, name):
    product = {"baseline": baseline.product(), **variants.correct_products()}[name]
    found = verdict(pmi_plan, product)
    assert (found.verdict, found.error, found.findings) == (Verdict.PASS, "", ())
    assert found.count >= 2 * 6


@pytest.mark.parametrize("id_", ["any-notice-will-do", "refusals-not-read", "excluded-children-stay"])
def test_a_record_notified_only_under_52_must_not_be_in_a_pseudonymized_release(pmi_plan, id_):
    found = verdict(pmi_plan, broken(mutants()[id_]))
    assert found.verdict is Verdict.FAIL, found


def test_the_steps_of_the_other_regime_are_not_enough(pmi_plan):
    """Asked for a PMI release, the product removes those whom an AMI release excludes."""

    def wrong(request):
        document = copy.deepcopy(dict(request.processing))
        for step in document["steps"]:
            if step.get("params", {}).get("field") == "patients.notice":
                step["params"]["equals"] = "57"
        return baseline.product()(replace(request, processing=document))

    found = verdict(pmi_plan, wrong)
    assert "EXCLUDED_PERSON_RELEASED" in {f.code for f in found.findings}


def test_the_clause_applies_where_a_field_tells():
    organization, processing = pair_named("hospital")
    applies = checks()["O-07"].applies
    assert applies(organization, processing)
    document = copy.deepcopy(dict(organization.document))
    del document["tokumei"]["noticeBasis"]
    assert applies(Organization.of(document), processing)
    del document["tokumei"]["optOut"]
    assert not applies(Organization.of(document), processing)


@pytest.mark.parametrize("name", PAIRS)
def test_the_plan_has_one_call_with_what_nobody_declared(name):
    calls = [call for case in plan_of(name, 3).cases if case.id.endswith("/undeclared") for call in case.calls]
    (bundle,) = [call.bundle for call in calls]
    assert [call.expects for call in calls] == ["either"]
    extra = {
        (resource.name, column)
        for resource in bundle.organization.resources
        for column in bundle.tables[resource.name].column_names
        if resource.field(column) is None
    }
    (place,) = extra
    told = bundle.tables[place[0]].column(place[1]).to_pylist()
    assert len(set(told)) == len(told) >= 20
    assert set(bundle.files) and not set(bundle.files) & {resource.path for resource in bundle.organization.resources}


@pytest.mark.parametrize("name", PAIRS)
def test_a_product_may_refuse_what_nobody_declared(name):
    def refuses(request):
        known = {r["name"]: {f["name"] for f in r["schema"]["fields"]} for r in request.organization["resources"]}
        if any(set(table.column_names) - known[key] for key, table in request.data.items()) or request.files:
            return Response(status="refused", code="ORGANIZATION_MISMATCH", path="/data")
        return baseline.product()(request)

    plan = plan_of(name, 3)
    few = Plan(track="open", cases=tuple(c for c in plan.cases if c.id.endswith("/undeclared")), seed=3)
    with DuckDB() as engine:
        (result,) = run_plan(few, Direct(refuses), {"O-06": checks()["O-06"]}, engine).results
    assert (result.verdict, result.count) == (Verdict.PASS, 4), "a column and three lines of a file"


def few_with_nobody(name):
    k = pair_named(name)[1].target("k-anonymity").k
    return next(case for case in plan_of(name, 3).cases if case.id.endswith(f"/few-{k}"))


def test_rows_of_nobody_would_make_a_database_if_they_were_persons():
    (call,) = few_with_nobody("stroke-registry").calls
    keys = call.bundle.tables["registry"].column("患者番号").to_pylist()
    assert call.expects == "refusal" and keys.count(None) == 20 and len(set(keys) - {None}) == 5
    (call,) = few_with_nobody("hospital").calls
    assert None not in call.bundle.tables["patients"].column("subject_id").to_pylist()


def test_rows_of_nobody_are_found_whatever_key_they_are_given():
    """A product that invents a person for each row without a key releases more rows than anybody has."""

    def invents(request):
        name = "registry"
        table = request.data[name]
        place = table.schema.get_field_index("患者番号")
        told = [key or f"{90000000 + i}" for i, key in enumerate(table.column(place).to_pylist())]
        table = table.set_column(place, "患者番号", pa.array(told, pa.string()))
        return baseline.product()(replace(request, data={name: table}))

    few = Plan(track="open", cases=(few_with_nobody("stroke-registry"),), seed=3)
    for product, verdict_ in ((invents, Verdict.FAIL), (baseline.product(), Verdict.PASS)):
        with DuckDB() as engine:
            (result,) = run_plan(few, Direct(product), {"O-02": checks()["O-02"]}, engine).results
        assert result.verdict is verdict_, result
        assert result.count >= 20
