"""The measurement of power: what counts as killed, and that parted, merged and resumed measurements are one."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tokumei.clause import Mutant, mutants
from tokumei.cli.selftest import selftest as command
from tokumei.modalities.tables import nulls
from tokumei.model import Exit, RunOutcome, Text
from tokumei.runner import power, selftest

PAIR = "stroke-registry"
MERELY = Text("試験のため。", "For a test.")


def run_of(name="mutant:m", pair=PAIR, seed=1, failed=(), **more):
    return power.PowerRun(
        name=name,
        pair=pair,
        seed=seed,
        outcome=RunOutcome.NOT_MET if failed else RunOutcome.ALL_MET,
        failed=failed,
        **more,
    )


def kill_of(*kills):
    """A mutant due to I5-01, with one run a bool: whether it was killed."""
    runs = tuple(run_of(seed=n, failed=("I5-01",) if yes else ("T-01",)) for n, yes in enumerate(kills))
    return selftest.Kill(mutant="m", kind="wrapper", expected=("I5-01", "I5-02"), runs=runs)


def mutant_of(id_, wrap, killed_by=("B-03",), pairs=()):
    return Mutant(
        id=id_,
        kind="wrapper",
        effect=MERELY,
        precedent="-",
        trigger="always",
        proof="-",
        killed_by=killed_by,
        wrap=wrap,
        pairs=pairs,
    )


def refusing(_):
    return nulls.null_products()["refuse-all"]


# -- what counts as killed


@pytest.mark.parametrize(("kills", "runs", "killed"), [(10, 10, True), (9, 10, True), (8, 9, False), (0, 1, False)])
def test_nine_of_ten_runs_count_as_killed(kills, runs, killed):
    assert kill_of(*[True] * kills, *[False] * (runs - kills)).killed is killed


def test_a_mutant_that_was_not_run_neither_survives_nor_is_killed():
    kill = kill_of()
    found = selftest.SelfTest(digest="d", kills=(kill,), nulls=(), alarms=selftest.FalseAlarms(runs=()))
    assert not kill.killed
    assert found.survivors == ()
    assert kill.bounds() == (0.0, 1.0)


def test_the_interval_has_two_sides():
    lower, upper = kill_of(*[True] * 9, False).bounds()
    assert (lower, upper) == pytest.approx((0.5550, 0.9975), abs=1e-4)


@given(st.lists(st.tuples(st.sampled_from(power.PAIRS), st.booleans()), min_size=1, max_size=30))
def test_the_pairs_of_a_mutant_are_its_runs(runs):
    every = tuple(run_of(pair=pair, seed=n, failed=("I5-01",) * yes) for n, (pair, yes) in enumerate(runs))
    kill = selftest.Kill(mutant="m", kind="fault", expected=("I5-01",), runs=every)
    assert sorted((run for on in kill.pairs.values() for run in on.runs), key=lambda run: run.seed) == list(every)
    assert sum(len(on.kills) for on in kill.pairs.values()) == len(kill.kills) == sum(yes for _, yes in runs)
    lower, upper = kill.bounds()
    assert lower <= len(kill.kills) / len(every) <= upper


def test_a_mutant_is_not_run_on_a_pair_that_it_leaves_out():
    only = mutant_of("only", refusing, pairs=("hospital",))
    assert selftest.kill_matrix([3], chosen=[only], pairs=(PAIR,))[0].runs == ()


# -- a run of a mutant ends early


def counted(product, made):
    def count(request):
        made.append(request.id)
        return product(request)

    return count


def test_a_run_ends_at_the_look_that_kills_and_tells_its_calls():
    made = []
    mutant = mutants()["k-none"]
    product = counted(power.broken(mutant), made)
    run = power.power_run("m", product, pair=PAIR, seed=5, due=mutant.killed_by)
    plan = power.plan_of(PAIR, 5)
    looks = [sum(len(case.calls) for case in plan.cases[:look]) for look in power.LOOKS]
    assert set(mutant.killed_by) & set(run.failed)
    assert run.calls == len(made)
    assert run.calls in looks and run.calls < plan.calls


def test_a_run_that_no_look_kills_takes_the_whole_plan():
    made = []
    product = counted(nulls.null_products()["refuse-all"], made)
    run = power.power_run("m", product, pair=PAIR, seed=5, due=("D-01",))
    assert run.failed == ()
    assert run.calls == len(made) == power.plan_of(PAIR, 5).calls


# -- ledgers


RUNS = st.lists(
    st.builds(
        run_of,
        name=st.sampled_from(["mutant:a", "correct:あ", "null:x\n"]),
        pair=st.sampled_from(power.PAIRS),
        seed=st.integers(1, 40),
        failed=st.sampled_from([(), ("I1-01",), ("I1-01", "T-02")]),
        calls=st.integers(0, 20),
        seconds=st.integers(0, 900).map(lambda n: n / 100),
    ),
    max_size=12,
    unique_by=lambda run: (run.name, run.pair, run.seed),
)


@given(runs=RUNS, data=st.data())
def test_merged_ledgers_are_the_whole(runs, data, tmp_path_factory):
    """However the runs lie in files, and wherever a line was cut off."""
    folder = tmp_path_factory.mktemp("ledgers")
    paths = [folder / f"{n}.jsonl" for n in range(3)]
    for run in runs:
        path = data.draw(st.sampled_from(paths))
        if path.exists() and data.draw(st.booleans()):
            with path.open("a", encoding="utf-8") as file:
                file.write('{"suite": "cut')
        power.Ledger(path, digest="d").add(run)
    merged = power.Ledger(*data.draw(st.permutations(paths)), digest="d")
    assert [merged.get(run.name, run.pair, run.seed) for run in runs] == runs
    other = power.Ledger(*paths, digest="e")
    assert all(other.get(run.name, run.pair, run.seed) is None for run in runs)


def test_only_the_first_ledger_is_added_to(tmp_path):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    power.Ledger(second, digest="d").add(run_of())
    before = second.read_bytes()
    power.Ledger(first, second, digest="d").add(run_of(seed=2))
    assert second.read_bytes() == before
    assert power.Ledger(first, digest="d").get("mutant:m", PAIR, 2)


APPEND = """
import sys
from pathlib import Path
from tokumei.runner.power import Ledger, PowerRun
ledger = Ledger(Path(sys.argv[1]), digest="d")
for seed in range(300):
    failed = ("I1-01",) * (seed % 150)
    ledger.add(PowerRun(name=sys.argv[2], pair="p", seed=seed, outcome="all_met", failed=failed))
"""


def test_two_processes_can_add_to_one_ledger(tmp_path):
    path = tmp_path / "ledger.jsonl"
    names = ("one", "two")
    working = [subprocess.Popen([sys.executable, "-c", APPEND, str(path), name]) for name in names]
    assert [each.wait(timeout=120) for each in working] == [0, 0]
    both = power.Ledger(path, digest="d")
    assert all(both.get(name, "p", seed) for name in names for seed in range(300))


# -- shards


def measured(folder, *names, shard=selftest.WHOLE, product=refusing):
    """Two mutants on two seeds, and three runs of a product, under the ledgers of these names."""
    book = power.Ledger(*(folder / f"{name}.jsonl" for name in names))
    chosen = [mutant_of("one", product), mutant_of("two", product, killed_by=("I1-01", "B-03"))]
    kills = selftest.kill_matrix([3, 4], chosen=chosen, pairs=(PAIR,), ledger=book, shard=shard)
    alarms = selftest.false_alarms(3, seed=3, products={"p": product(None)}, pairs=(PAIR,), ledger=book, shard=shard)
    return [run for kill in kills for run in kill.runs] + list(alarms.runs)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return [replace(run, seconds=0.0) for run in measured(tmp_path_factory.mktemp("whole"), "all")]


def never(_):
    def product(request):
        raise AssertionError(request.id)

    return product


@pytest.mark.parametrize("names", [("a", "a"), ("a", "b"), ("a", "b", "c")], ids="-".join)
def test_merged_shards_are_the_whole_and_run_nothing_again(names, whole, tmp_path):
    parts = [measured(tmp_path, name, shard=(n, len(names))) for n, name in enumerate(names)]
    assert sum(map(len, parts)) == len(whole)
    assert all(0 < len(part) < len(whole) for part in parts)
    merged = measured(tmp_path, *dict.fromkeys(names), product=never)
    assert [replace(run, seconds=0.0) for run in merged] == whole
    assert {run.crashes for run in merged} == {0}


# -- what is told


def found_of():
    runs = (
        run_of(seed=1, failed=("I5-01",), calls=4, seconds=1.0),
        run_of(seed=2, failed=("I5-01",), calls=8, seconds=2.0),
        run_of(seed=1, pair="hospital", calls=20, seconds=6.0),
    )
    return selftest.SelfTest(
        digest="d" * 16,
        kills=(selftest.Kill(mutant="m", kind="wrapper", expected=("I5-01",), runs=runs),),
        nulls=(),
        alarms=selftest.FalseAlarms(runs=(run_of("correct:p", seconds=3.0),)),
    )


def test_the_document_tells_rates_calls_and_seconds_of_each_pair():
    document = json.loads(json.dumps(selftest.as_document(found_of())))
    (told,) = document["mutants"]
    stroke, hospital = told["pairs"]
    assert (told["killed"], document["survivors"]) == (False, ["m"])
    assert (stroke["pair"], stroke["runs"], stroke["kills"], stroke["calls"], stroke["seconds"]) == (PAIR, 2, 2, 6, 1.5)
    assert stroke["lower"] == pytest.approx(0.025**0.5, abs=1e-6)
    assert (hospital["runs"], hospital["kills"], hospital["calls"], hospital["lower"]) == (1, 0, None, 0.0)
    assert document["effort"]["mutants"] == {"runs": 3, "mean": 3.0, "most": 6.0}


def test_a_person_reads_what_was_missed_where_and_what_a_run_cost():
    ja, en = (selftest.lines(found_of(), lang) for lang in ("ja", "en"))
    assert len(ja) == len(en)
    assert any("survivor: m (2 of 3 runs" in line for line in en)
    assert [line for line in en if "missed at times" in line] == [
        "  missed at times: m hospital 0 of 1 runs (95 % interval 0%–98%)"
    ]
    assert any("mutants 3.0 (6.0; 3)" in line and "correct products 3.0 (3.0; 1)" in line for line in en)


def filled(path, seeds):
    """A ledger in which every mutant was killed on every seed, and no product was accused."""
    ledger = power.Ledger(path)
    for mutant in mutants().values():
        for pair in mutant.pairs or power.PAIRS:
            for seed in seeds:
                ledger.add(run_of(f"mutant:{mutant.id}", pair, seed, mutant.killed_by[:1], calls=4, seconds=0.5))
    for pair in power.PAIRS:
        for name in nulls.null_products():
            ledger.add(replace(run_of(f"null:{name}", pair, seeds[0]), outcome=RunOutcome.INCOMPLETE))
    for number, name in enumerate([*power.correct_products()][:2]):
        ledger.add(run_of(f"correct:{name}", PAIR, seeds[0] + number))


def test_the_command_reports_what_the_ledgers_hold(tmp_path):
    filled(tmp_path / "full.jsonl", [7, 8])
    given = ["--ledger", str(tmp_path / "new.jsonl"), "--ledger", str(tmp_path / "full.jsonl")]
    told = CliRunner().invoke(
        command, [*given, "--runs", "2", "--seed", "7", "--mutant-seeds", "2", "--format", "json"]
    )
    assert told.exit_code == Exit.ALL_MET, told.output
    document = json.loads(told.stdout)
    assert {one["mutant"] for one in document["mutants"]} == mutants().keys()
    assert {on["runs"] for one in document["mutants"] for on in one["pairs"]} == {2}
    assert document["correct"]["runs"] == 2
    assert not (tmp_path / "new.jsonl").exists()
