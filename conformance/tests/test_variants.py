"""Correct products that are unlike the baseline are accused of nothing; the measurement itself is sound."""

import json

import pyarrow as pa
import pytest

from tokumei.clause import mutants
from tokumei.modalities.tables import baseline, nulls, variants, variants_files, variants_persons
from tokumei.modalities.tables.accompanying import accompanied
from tokumei.model import Request, Response, RunOutcome
from tokumei.runner import power, selftest

PAIR = "stroke-registry"
SEED = 11


def run_of(name="correct:a", failed=(), outcome=RunOutcome.ALL_MET):
    return power.PowerRun(name=name, pair=PAIR, seed=1, outcome=str(outcome), failed=failed)


@pytest.mark.parametrize("name", variants.correct_products())
def test_a_correct_product_is_accused_of_nothing(name):
    found = power.power_run(name, variants.correct_products()[name], pair=PAIR, seed=SEED)
    assert (found.failed, found.errors, found.crashes, found.outcome) == ((), (), 0, RunOutcome.ALL_MET)


def test_a_sample_is_accused_of_nothing():
    product = accompanied(variants.careful(variants_persons.product(variants_persons.SAMPLED)))
    found = power.power_run("sampled", product, pair=PAIR, seed=SEED)
    assert (found.failed, found.errors, found.crashes, found.outcome) == ((), (), 0, RunOutcome.INCOMPLETE)


def test_the_variants_differ_from_the_baseline_and_each_other():
    plan = power.plan_of(PAIR, SEED)
    call = next(c for case in plan.cases if case.id.endswith("/covering-copies") for c in case.calls)
    from tokumei.runner.run import request_of

    request = request_of(call.bundle, b"k" * 32, "r1")
    products = {"baseline": baseline.product(), **variants.correct_products()}
    products = {name: product for name, product in products.items() if name not in variants_files.FORMS}
    tables = {name: product(request).data["registry"] for name, product in products.items()}
    assert all(table.num_rows for table in tables.values())
    seen = {name: frozenset(map(str, table.to_pylist())) for name, table in tables.items()}
    assert len(set(seen.values())) == len(products)


@pytest.mark.parametrize("name", variants_files.FORMS)
def test_a_form_of_files_changes_no_value(name):
    form = variants_files.FORMS[name]
    values = [[None, "a"], ["", "1,5"], ['氏"名', "三\r\n行"]]
    table = pa.table({f"c{i}": pa.array(cells, pa.string()) for i, cells in enumerate(values)})
    organization = {"resources": [{"name": "t", "schema": {"fields": []}}]}
    answer = Response(status="ok", data={"t": table}, organization=organization, processing={})
    request = Request(id="r", organization=organization, processing={}, data={})
    read = variants_files.written(lambda _: answer, form)(request)
    assert read.problems == ()
    assert read.data["t"].to_pydict() == table.to_pydict()
    assert read.organization != organization


def test_a_ledger_is_taken_up_again(tmp_path):
    path = tmp_path / "power" / "ledger.jsonl"
    calls = []

    def product(request):
        calls.append(request.id)
        return nulls.null_products()["refuse-all"](request)

    first = power.power_run("p", product, pair=PAIR, seed=SEED, ledger=power.Ledger(path))
    made = len(calls)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"suite": "cut off')
    again = power.power_run("p", product, pair=PAIR, seed=SEED, ledger=power.Ledger(path))
    assert first == again
    assert len(calls) == made > 0
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[0])["suite"] == power.suite_digest()
    assert power.Ledger(path, digest="another").get("p", PAIR, SEED) is None


def test_false_alarms_have_bounds_for_runs_and_for_products():
    alarms = selftest.FalseAlarms(
        runs=(run_of("a"), run_of("a"), run_of("b", ("I5-01",), RunOutcome.NOT_MET), run_of("b"))
    )
    assert len(alarms.alarms) == 1
    assert alarms.bound() == pytest.approx(0.7514, abs=1e-3)
    assert alarms.bound_of_variants() > alarms.bound()
    assert selftest.FalseAlarms(runs=()).bound() == 1.0


def test_what_a_person_reads():
    mutant = mutants()["k-none"]
    kills = (
        selftest.Kill(mutant="k-none", kind=mutant.kind, expected=mutant.killed_by, runs=(run_of("m", ("I5-01",)),)),
        selftest.Kill(mutant="lives", kind="wrapper", expected=("T-02",), runs=(run_of("m", ("I5-01",)),)),
    )
    found = selftest.SelfTest(
        digest="d" * 16,
        kills=kills,
        nulls=(run_of("null:x", (), RunOutcome.INCOMPLETE),),
        alarms=selftest.FalseAlarms(runs=(run_of(),)),
    )
    assert [kill.mutant for kill in found.survivors] == ["lives"]
    assert not found.good
    ja, en = selftest.lines(found, "ja"), selftest.lines(found, "en")
    assert len(ja) == len(en)
    assert "lives" in "\n".join(ja) and "T-02" in "\n".join(en)


def test_a_product_that_prints_is_captured():
    def product(request):
        print("secret")
        raise RuntimeError("no")

    request = power.plan_of(PAIR, SEED)
    call = power.Direct(product).call(request)
    assert call.trouble == "crash"
    assert call.log.startswith("secret")


@pytest.mark.power
@pytest.mark.slow
@pytest.mark.timeout(0)
def test_three_hundred_runs_accuse_nobody():
    alarms = selftest.false_alarms(300, seed=10_000)
    assert not alarms.alarms and not alarms.not_met, alarms


@pytest.mark.power
@pytest.mark.slow
@pytest.mark.timeout(0)
def test_every_mutant_is_killed():
    kills = selftest.kill_matrix([1])
    assert [kill.mutant for kill in kills if not kill.killed] == []
