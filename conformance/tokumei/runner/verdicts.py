"""From observations to verdicts: one rule for every clause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tokumei.clause import Check
from tokumei.model import Finding, Observation, Outcome, Premise, RunOutcome, Statistic, Verdict, Why
from tokumei.plan.bundle import pair_of
from tokumei.stats import zero_upper

ALPHA_STAGE = 2.5e-5
"""Each stage of a statistic; a check joins its calls, so that a stage has one p. Together (2.5·10⁻⁵)² < 6.3·10⁻¹⁰:
160 statistics of a clause and run stay at 10⁻⁷. I3-04 has six a table (two of each of three orders), so 26 tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseResult:
    """What is said about one clause on one track, and everything it was said for."""

    clause: str
    verdict: Verdict
    why: Why | None = None
    what: str = ""
    count: int = 0
    cases: int = 0
    findings: tuple[Finding, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    error: str = ""

    @property
    def bound95(self) -> float | None:
        """The upper 95 % bound of the rate after nothing was found in ``count`` opportunities."""
        exact = self.verdict is Verdict.PASS and self.count and not self.statistics
        return zero_upper(self.count) if exact else None


def judged(
    check: Check, observations: Iterable[Observation], *, shown: int, budget_left: bool = True, error: str = ""
) -> ClauseResult:
    """The verdict of one clause. ``shown`` is how many cases met its needs.

    A finding fails it even when a later batch broke the suite; a suite error never passes or accuses.
    """
    everything = sorted(observations, key=repr)  # an engine gives rows in any order; a report must not
    statistics = tuple(item for item in everything if isinstance(item, Statistic))
    findings = [item for item in everything if isinstance(item, Finding)] + rejected_twice(statistics)
    premises = [item for item in everything if isinstance(item, Premise)]
    verdict, why = Verdict.PASS, None
    if findings:
        verdict = Verdict.FAIL
    elif error:
        verdict = Verdict.SUITE_ERROR
    elif not shown:
        verdict, why = Verdict.INCONCLUSIVE, Why.UNDECIDABLE if budget_left else Why.BUDGET
    elif not sum(premise.count for premise in premises):
        verdict, why = Verdict.INCONCLUSIVE, Why.VACUOUS
    return ClauseResult(
        clause=check.id,
        verdict=verdict,
        why=why,
        what=premises[0].what if premises else "",
        count=sum(premise.count for premise in premises),
        cases=len({premise.case for premise in premises}),
        findings=tuple(findings),
        statistics=statistics,
        error=error,
    )


def rejected_twice(statistics: Sequence[Statistic], alpha: float = ALPHA_STAGE) -> list[Finding]:
    """The statistics whose rejection on the planned bundle was repeated on the fresh one."""
    smallest: dict[tuple[str, str, int], Statistic] = {}
    for item in statistics:
        key = (pair_of(item.case), item.name, item.stage)
        if key not in smallest or item.p < smallest[key].p:
            smallest[key] = item
    found = []
    for (organization, name, stage), second in smallest.items():
        first = smallest.get((organization, name, 1))
        if stage == 2 and first and max(first.p, second.p) <= alpha:
            found.append(Finding(code=second.code, case=second.case, params=second.params, resource=second.resource))
    return found


def run_outcome(results: Sequence[ClauseResult]) -> RunOutcome:
    """All met, not met, incomplete or error; an empty run is an error."""
    verdicts = {result.verdict for result in results}
    if not results:
        return RunOutcome.ERROR
    if Verdict.FAIL in verdicts:
        return RunOutcome.NOT_MET
    if Verdict.SUITE_ERROR in verdicts:
        return RunOutcome.ERROR
    if Verdict.INCONCLUSIVE in verdicts or Verdict.PASS not in verdicts:
        return RunOutcome.INCOMPLETE
    return RunOutcome.ALL_MET


def accused(results: Sequence[ClauseResult], outcomes: Mapping[str, Outcome]) -> list[str]:
    """The privacy clauses that failed."""
    return [
        r.clause
        for r in results
        if r.verdict is Verdict.FAIL and outcomes.get(r.clause, Outcome.PRIVACY) is Outcome.PRIVACY
    ]
