"""Each clause on the smallest pair: the baseline passes, its own two mutants are killed, null products never pass."""

from functools import cache

import pytest

from tokumei.clause import checks, mutants
from tokumei.modalities.tables import baseline, nulls
from tokumei.modalities.tables.faults import faults
from tokumei.model import RunOutcome
from tokumei.mutants import classes, dates
from tokumei.runner import selftest
from tokumei.runner.power import PAIRS, Direct, broken, plan_of
from tokumei.runner.run import play

PAIR = "stroke-registry"
SEED = 11


def run(name, product, pair=PAIR, due=()):
    return selftest.power_run(name, product, pair=pair, seed=SEED, due=due)


def own(clause):
    """The mutants of a clause's own module."""
    import importlib

    family = clause.split("-")[0].lower()
    return importlib.import_module(f"tokumei.clauses.{family}.{clause.lower().replace('-', '_')}").MUTANTS


@pytest.mark.parametrize("pair", selftest.PAIRS)
def test_the_baseline_meets_every_clause(pair):
    found = run("baseline", baseline.product(), pair)
    assert (found.outcome, found.failed, found.errors) == (RunOutcome.ALL_MET, (), ())


@pytest.mark.parametrize(
    ("clause", "mutant"), [(c, m) for c in checks() for m in own(c)], ids=lambda x: x if isinstance(x, str) else x.id
)
def test_a_clause_kills_its_own_mutants(clause, mutant):
    """On the first pair that holds what the mutant breaks."""
    found = run(mutant.id, selftest.broken(mutant), (mutant.pairs or PAIRS)[0], due=(clause,))
    assert not found.errors
    assert clause in found.failed


@pytest.mark.parametrize("clause", checks())
def test_a_clause_has_a_wrapper_and_a_fault(clause):
    assert {m.kind for m in own(clause)} == {"wrapper", "fault"}


@pytest.mark.parametrize("name", nulls.null_products())
def test_a_null_product_never_passes(name):
    assert run(name, nulls.null_products()[name]).outcome != RunOutcome.ALL_MET


def test_every_fault_of_the_baseline_is_a_mutant():
    known = [*mutants().values(), *(mutant for mutant, _ in classes.UNDETECTED)]
    assert {m.fault for m in known if m.kind == "fault"} == baseline.SWITCHES | faults().keys()


def test_mutants_are_well_described():
    known = checks().keys()
    every = mutants()
    for id_, mutant in every.items():
        assert id_ == mutant.id
        assert mutant.killed_by, id_
        assert set(mutant.killed_by) <= known, id_
        assert mutant.effect.ja.endswith("。") and mutant.effect.en.endswith("."), id_
        assert mutant.precedent and mutant.trigger and mutant.proof, id_
        assert bool(mutant.wrap) == (mutant.kind == "wrapper") and bool(mutant.fault) == (mutant.kind == "fault"), id_
    undetected = [*classes.UNDETECTED, *dates.UNDETECTED]
    assert all(reason and not mutant.killed_by and mutant.id not in every for mutant, reason in undetected)


def test_a_mutant_leaves_out_known_pairs_and_not_all():
    for mutant in mutants().values():
        assert not mutant.pairs or set(mutant.pairs) < set(PAIRS), mutant.id


OTHERWISE = {"report-counts-rows", "pseudonym-by-table", "hidden-by-the-diagnosis"}
"""They answer otherwise and not wrongly: a number of rows that is that of persons, a key of the one table, blanks beside
a number that too few share."""


@pytest.mark.parametrize(
    ("mutant", "pair"),
    [(m, p) for m in mutants().values() for p in PAIRS if m.pairs and p not in m.pairs and m.id not in OTHERWISE],
    ids=lambda x: x if isinstance(x, str) else x.id,
)
def test_a_mutant_does_nothing_on_a_pair_that_it_leaves_out(mutant, pair):
    assert answers(broken(mutant), pair) == of_the_baseline(pair)


@cache
def of_the_baseline(pair):
    return answers(baseline.product(), pair)


def answers(product, pair):
    """What a product says to the planned calls of one pair; of the large cases, one is enough."""
    plan = plan_of(pair, SEED)
    played = [play(case, Direct(product), seed=plan.seed) for case in plan.cases if case.stage < 2]
    return [(one.view.id, call.response, call.left) for one in played for call in one.view.calls]


def test_an_id_is_used_once():
    from tokumei.clause import _modules

    ids = [
        m.id
        for package in ("tokumei.clauses", "tokumei.mutants")
        for mod in _modules(package, attribute="MUTANTS")
        for m in mod.MUTANTS
    ]
    assert len(ids) == len(set(ids))


def test_an_unknown_fault_is_refused():
    with pytest.raises(KeyError):
        baseline.product("no-such-fault")
