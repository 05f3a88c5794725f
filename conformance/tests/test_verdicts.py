"""From observations to verdicts: silence is no pass, an error of the suite is no kill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.clause import Check
from tokumei.model import Finding, Need, Outcome, Premise, RunOutcome, Statistic, Verdict, Why
from tokumei.runner.verdicts import ALPHA_STAGE, ClauseResult, accused, judged, rejected_twice, run_outcome

CHECK = Check(id="X-01", needs=(Need.RELEASE,), judge=lambda _: iter(()))
PREMISE = Premise(case="c", count=3, what="things")
FINDING = Finding(code="BAD", case="c")


def statistic(stage, p, *, case="org/large", name="t/input"):
    return Statistic(name=name, stage=stage, case=f"{case}-{stage}", value=1.0, p=p, n=24, null="", code="ORDER")


def result(verdict, clause="X-01"):
    return ClauseResult(clause=clause, verdict=verdict)


@pytest.mark.parametrize(
    ("observations", "shown", "budget", "error", "verdict", "why"),
    [
        ((PREMISE,), 1, True, "", Verdict.PASS, None),
        ((PREMISE, FINDING), 1, True, "", Verdict.FAIL, None),
        ((FINDING,), 1, True, "", Verdict.FAIL, None),
        ((FINDING,), 1, True, "Traceback", Verdict.FAIL, None),
        ((PREMISE,), 1, True, "Traceback", Verdict.SUITE_ERROR, None),
        ((), 1, True, "", Verdict.INCONCLUSIVE, Why.VACUOUS),
        ((Premise(case="c", count=0, what="things"),), 1, True, "", Verdict.INCONCLUSIVE, Why.VACUOUS),
        ((), 0, True, "", Verdict.INCONCLUSIVE, Why.UNDECIDABLE),
        ((), 0, False, "", Verdict.INCONCLUSIVE, Why.BUDGET),
    ],
)
def test_one_rule_for_every_clause(observations, shown, budget, error, verdict, why):
    found = judged(CHECK, observations, shown=shown, budget_left=budget, error=error)
    assert (found.verdict, found.why) == (verdict, why)


def test_a_pass_says_how_much_was_seen():
    found = judged(CHECK, [PREMISE, PREMISE], shown=2)
    assert (found.count, found.cases, found.what) == (6, 1, "things")
    assert found.bound95 == pytest.approx(1 - 0.05 ** (1 / 6))
    assert judged(CHECK, [PREMISE, FINDING], shown=1).bound95 is None


def test_a_statistic_accuses_only_when_a_fresh_bundle_rejects_again():
    small, large = ALPHA_STAGE / 2, 0.3
    assert rejected_twice([statistic(1, small), statistic(2, small)])
    assert not rejected_twice([statistic(1, small), statistic(2, large)])
    assert not rejected_twice([statistic(1, large), statistic(2, small)])
    assert not rejected_twice([statistic(2, small)])
    assert not rejected_twice([statistic(1, small), statistic(1, small)])
    assert not rejected_twice([statistic(1, small), statistic(2, small, name="t/key")])


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=8))
def test_the_worst_verdict_decides_the_run(verdicts):
    outcome = run_outcome([result(v) for v in verdicts])
    if Verdict.FAIL in verdicts:
        assert outcome is RunOutcome.NOT_MET
    elif Verdict.SUITE_ERROR in verdicts:
        assert outcome is RunOutcome.ERROR
    elif Verdict.INCONCLUSIVE in verdicts or Verdict.PASS not in verdicts:
        assert outcome is RunOutcome.INCOMPLETE
    else:
        assert outcome is RunOutcome.ALL_MET


def test_a_run_of_nothing_is_an_error():
    assert run_outcome([]) is RunOutcome.ERROR


def test_only_privacy_accuses():
    results = [
        result(Verdict.FAIL, "P-1"),
        result(Verdict.FAIL, "U-1"),
        result(Verdict.PASS, "P-2"),
        result(Verdict.FAIL, "N-1"),
    ]
    assert accused(results, {"P-1": Outcome.PRIVACY, "U-1": Outcome.USE}) == ["P-1", "N-1"]
