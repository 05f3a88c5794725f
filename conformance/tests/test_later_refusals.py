"""Refusals between two releases: what is planted, and that products are judged by it on data of their own too."""

import pytest

from tokumei.clause import checks
from tokumei.clauses.p.p_06 import MUTANTS
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.model import Verdict
from tokumei.plan.bundle import Plan
from tokumei.plan.required import required_plan
from tokumei.runner.power import PAIRS, Direct, broken, pair_named
from tokumei.runner.run import run_plan


def boundary(pair, obeys=True):
    plan = required_plan([pair_named(pair)], track="own", seed=5, obeys=obeys)
    return Plan(track="own", cases=tuple(c for c in plan.cases if c.id.endswith("/boundary")), seed=5)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_second_input_differs_in_the_last_row_of_those_who_refused(pair):
    one, two = (call.bundle for call in boundary(pair).cases[0].calls)
    refusals = one.organization.refusals
    home = refusals.field.resource
    told = [bundle.tables[home].column(refusals.field.field).to_pylist() for bundle in (one, two)]
    changed = [row for row, (before, after) in enumerate(zip(*told, strict=True)) if before != after]
    late = [row for row in changed if told[1][row] in refusals.texts]
    early = [row for row in changed if told[0][row] in refusals.texts]
    assert not set(late) & set(early) and len(late) + len(early) == len(changed)
    for rows in (late, early):  # as many refuse at first only, so that both releases have as many people
        who = [one.persons[home][row] for row in rows]
        assert len(set(who)) == len(who) == one.processing.target("k-anonymity").k + 1
        for row, person in zip(rows, who, strict=True):
            assert row == max(n for n, each in enumerate(one.persons[home]) if each == person)
    other = [b.tables[home].drop_columns([refusals.field.field]) for b in (one, two)]
    assert other[0] == other[1]
    assert all(one.tables[name] == two.tables[name] for name in one.tables if name != home)


@pytest.mark.parametrize("wrong", [None, *MUTANTS], ids=lambda m: m.id if m else "correct")
def test_a_product_with_settings_of_its_own_is_judged_by_what_it_does_after_a_refusal(wrong):
    product = broken(wrong) if wrong else baseline.product()
    with DuckDB() as engine:
        track = run_plan(boundary("stroke-registry", obeys=False), Direct(product), {"P-06": checks()["P-06"]}, engine)
    assert [result.verdict for result in track.results] == [Verdict.FAIL if wrong else Verdict.PASS]
