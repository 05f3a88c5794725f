"""The search beyond the required plan (P2 and P3): it can only find failures, and shrinks what it finds.

Hypothesis draws the examples, all before any is judged, so that many are judged by one query. For each kind of
failure it then draws the same examples again, stops at the first that fails, and shrinks it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from hypothesis import Phase, Verbosity, find, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from tokumei.clause import Check
from tokumei.declarations import Organization, Processing
from tokumei.modalities.tables.relations import Played
from tokumei.model import Finding
from tokumei.plan.bundle import Case, PlannedCall, labels
from tokumei.plan.search import sequences, small_cases
from tokumei.relation import Engine
from tokumei.runner.disturb import disturbed
from tokumei.runner.run import Caller, Progress, judge, play
from tokumei.shrink.allowance import Allowance

SMALL = 200
SEQUENCES = 40
"""Examples of P2 and P3 for each pair of declarations."""
TRIALS = 80
"""New examples that one failure may be shrunk with."""
AMPLE = 1e6
MOST_A_CLAUSE = 5
JUDGED_AT_ONCE = 50

Kind: TypeAlias = tuple[str, str]
"""A clause and the code of its finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One kind of failure, in the smallest case that the search came to, and what that case gave."""

    clause: str
    finding: Finding
    case: Case
    played: Played
    people_from: int
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What the search found, and the cases and product calls that it took without shrinking."""

    found: tuple[Found, ...]
    cases: int
    calls: int
    seconds: float


class _Enough(BaseException):
    """Ends the shrinking at once; Hypothesis would take an Exception for another failure."""


@dataclass(frozen=True, slots=True)
class _Example:
    """A drawn case; its text is short, since Hypothesis writes it."""

    id: str
    case: Case = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Space:
    """The examples of one strategy: the same name and count give the same examples in the same order."""

    name: str
    strategy: SearchStrategy[Case]
    count: int

    def look(self, fails: Callable[[Case], bool]) -> None:
        """Show ``fails`` every example until one fails, then those that Hypothesis shrinks it to."""
        chosen = settings(
            max_examples=self.count,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            verbosity=Verbosity.quiet,
        )
        with contextlib.suppress(NoSuchExample, _Enough):
            find(
                self.strategy.map(lambda case: _Example(case.id, case)),
                lambda example: fails(example.case),
                settings=chosen,
                random=Random(self.name),
            )

    def examples(self) -> list[Case]:
        """All examples, each once."""
        drawn: dict[str, Case] = {}

        def note(case: Case) -> bool:
            drawn.setdefault(case.id, case)
            return False

        self.look(note)
        return list(drawn.values())


def explore(
    pairs: Sequence[tuple[Organization, Processing]],
    caller: Caller,
    checks: Mapping[str, Check],
    engine: Engine,
    *,
    seed: int,
    obeys: bool,
    already: frozenset[Kind] = frozenset(),
    small: int | None = None,
    chains: int | None = None,
    trials: int = TRIALS,
    deadline: float | None = None,
    allowance: Allowance | None = None,
    progress: Progress | None = None,
) -> Explored:
    """Search every pair for failures that are not ``already`` known. Statistical checks are left out (law 5).

    ``deadline`` (monotonic) caps the search, ``trials`` for each finding and the allowance cap the shrinking.
    """
    exact = {id_: check for id_, check in checks.items() if check.kind == "exact"}
    spaces = [
        space
        for label, (organization, processing) in zip(labels(pairs), pairs, strict=True)
        for space in (
            _Space(
                f"{seed}/{label}/small",
                small_cases(organization, processing, label=label, obeys=obeys),
                SMALL if small is None else small,
            ),
            _Space(
                f"{seed}/{label}/sequence",
                sequences(organization, processing, label=label, obeys=obeys),
                SEQUENCES if chains is None else chains,
            ),
        )
    ]
    searches = [_Search(space, caller, exact, engine, seed) for space in spaces if space.count]
    for search in searches:
        search.draw()
    total = sum(len(case.calls) for search in searches for case in search.cases)
    done, seconds, cases = 0, 0.0, 0
    for search in searches:
        for start in range(0, len(search.cases), JUDGED_AT_ONCE):
            if deadline is not None and time.monotonic() > deadline:
                break
            part = search.cases[start : start + JUDGED_AT_ONCE]
            calls, spent = search.look(part)
            done, seconds, cases = done + calls, seconds + spent, cases + len(part)
            if progress:
                progress(done, total, seconds)
    left = allowance or Allowance(AMPLE)
    found = []
    chosen = _chosen(searches, already)
    for turn, (search, kind) in enumerate(chosen):
        left.share(len(chosen) - turn)
        found.append(search.smallest(kind, trials, left))
    return Explored(found=tuple(found), cases=cases, calls=done, seconds=seconds)


class _Search:
    """The examples of one space and what they gave."""

    def __init__(self, space: _Space, caller: Caller, checks: Mapping[str, Check], engine: Engine, seed: int) -> None:
        self._space = space
        self._caller = caller
        self._checks = checks
        self._engine = engine
        self._seed = seed
        self.cases: list[Case] = []
        self.seen: dict[str, dict[Kind, Finding]] = {}
        """What each case that was judged by every check gave."""

    def draw(self) -> None:
        self.cases = self._space.examples()

    def look(self, cases: Sequence[Case]) -> tuple[int, float]:
        """Play and judge; how many calls that took, and the seconds of the product."""
        played = [(case.calls[0], self._play(case)) for case in cases]
        for case, found in self._judge(played, list(self._checks.values())).items():
            self.seen[case] = found
        every = [call for _, one in played for call in one.view.calls]
        return len(every), sum(call.seconds for call in every)

    def smallest(self, kind: Kind, trials: int, allowance: Allowance) -> Found:
        """The failure in the smallest case that Hypothesis comes to; at worst in the first that showed it."""
        check = self._checks[kind[0]]
        first = next(case for case in self.cases if kind in self.seen.get(case.id, {}))
        best, shown = first, dict[str, bool]()

        def fails(case: Case) -> bool:
            nonlocal best
            if case.id in self.seen:
                failed = kind in self.seen[case.id]
            else:
                if case.id not in shown:
                    if len(shown) >= trials or not allowance.affords(0.0):
                        raise _Enough
                    shown[case.id] = self._shown(case, check, kind, allowance) is not None
                failed = shown[case.id]
            if failed:
                best = min(best, case, key=_size)
            return failed

        self._space.look(fails)
        again = self._shown(best, check, kind, allowance)
        if again is None:  # it does not come every time: the first sight of it is what there is
            best, again = first, (self._play(first), self.seen[first.id][kind])
        return Found(
            clause=kind[0],
            finding=again[1],
            case=best,
            played=again[0],
            people_from=first.calls[0].bundle.size,
            trials=len(shown) + 1,
        )

    def _shown(self, case: Case, check: Check, kind: Kind, allowance: Allowance) -> tuple[Played, Finding] | None:
        played = self._play(case)
        allowance.pay(played.view.calls)
        found = self._judge([(case.calls[0], played)], [check]).get(case.id, {}).get(kind)
        return (played, found) if found is not None else None

    def _play(self, case: Case) -> Played:
        return play(case, disturbed(self._caller, case), seed=self._seed)

    def _judge(
        self, played: Sequence[tuple[PlannedCall, Played]], checks: Sequence[Check]
    ) -> dict[str, dict[Kind, Finding]]:
        found: dict[str, dict[Kind, Finding]] = {one.view.id: {} for _, one in played}
        for clause, (observations, *_) in judge(checks, played, self._engine, seed=self._seed).items():
            for item in observations:
                if isinstance(item, Finding):
                    found[item.case].setdefault((clause, item.code), item)
        return found


def _chosen(searches: Sequence[_Search], already: frozenset[Kind]) -> list[tuple[_Search, Kind]]:
    """At most five kinds a clause, the first of every clause before the second of any."""
    first: dict[Kind, _Search] = {}
    for search in searches:
        for case in search.cases:
            for kind in search.seen.get(case.id, {}):
                if kind not in already:
                    first.setdefault(kind, search)
    by_clause: dict[str, list[Kind]] = {}
    for kind in sorted(first):
        by_clause.setdefault(kind[0], []).append(kind)
    return [
        (first[kinds[turn]], kinds[turn])
        for turn in range(MOST_A_CLAUSE)
        for kinds in by_clause.values()
        if turn < len(kinds)
    ]


def _size(case: Case) -> tuple[int, int, int]:
    """People, calls and rows: what makes one case smaller than another."""
    bundles = [call.bundle for call in case.calls]
    rows = sum(table.num_rows for bundle in bundles for table in bundle.tables.values())
    return max(bundle.size for bundle in bundles), len(bundles), rows


__all__ = ["Explored", "Found", "explore"]
