"""Plays a plan against an adapter and judges what came back, batch by batch."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tokumei.claims import substance
from tokumei.clause import Check
from tokumei.declarations import Organization, Processing
from tokumei.evidence import CaseView, Evidence
from tokumei.modalities.tables.relations import Played, claimed, evidence
from tokumei.model import Call, Need, Observation, Request, Verdict, Why
from tokumei.plan.bundle import Bundle, Case, Plan, PlannedCall, pair_of
from tokumei.relation import Engine
from tokumei.runner.verdicts import ClauseResult, judged

WATCHED = frozenset({Need.FILESYSTEM, Need.NETWORK})
"""What no plan offers: adapters see it in any call, as far as the machine lets them."""

BATCH = 200
"""Most cases that one query judges."""

BATCH_CELLS = 250_000
"""Most input cells of a batch of several cases: what bounds the memory of a query. A required plan is below it."""


Scope = Mapping[str, Collection[str]]
"""The regimes of a clause by its id."""


def inapplicable(
    check: Check, pairs: Iterable[tuple[Organization, Processing]], scope: Scope | None = None
) -> Why | None:
    """Why the clause cannot be violated on any of the pairs, or None where it can."""
    why = None
    for organization, processing in pairs:
        if scope is not None and processing.regime != "neutral" and processing.regime not in scope.get(check.id, ()):
            why = why or Why.REGIME
        elif not check.applies(organization, processing):
            why = Why.ORGANIZATION
        else:
            return None
    return why


class Caller(Protocol):
    """The part of an adapter that the runner uses."""

    def call(self, request: Request) -> Call: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The results of one plan, and the played cases that findings point to."""

    plan: Plan
    results: tuple[ClauseResult, ...]
    played: Mapping[str, tuple[Case, Played]]
    calls: int
    product_seconds: float
    judged_seconds: float
    timeouts: int = 0
    crashes: int = 0
    stopped: bool = False


Progress = Callable[[int, int, float], None]

Seen = dict[str, tuple[list[Observation], int, str]]
"""By clause: its observations, how many cases it was shown, and the suite's own error if any."""


def secret_bytes(seed: int, number: int) -> bytes:
    """32 bytes for one release of a plan; the same plan gives the same bytes."""
    return hashlib.sha256(f"tokumei/secret/{seed}/{number}".encode()).digest()


def request_of(bundle: Bundle, secret: bytes, id_: str) -> Request:
    return Request(
        id=id_,
        organization=bundle.organization.document,
        processing=bundle.processing.document,
        data=bundle.tables,
        secrets=dict.fromkeys(bundle.processing.secrets, secret),
        files=bundle.files,
    )


def play(case: Case, caller: Caller, *, seed: int) -> Played:
    """Make the calls of one case. Request ids are opaque: they say nothing of the case."""
    calls = []
    for number, planned in enumerate(case.calls):
        opaque = hashlib.sha256(f"{seed}/{case.id}/{number}".encode()).hexdigest()[:12]
        calls.append(caller.call(request_of(planned.bundle, secret_bytes(seed, planned.secret), opaque)))
    view = CaseView(
        id=case.id,
        calls=tuple(calls),
        offers=case.offers | {Need.FILESYSTEM} | {Need.NETWORK for call in calls if call.network is not None},
        stage=case.stage,
        expects=tuple(planned.expects for planned in case.calls),
        persons=case.calls[0].bundle.size,
    )
    return Played(view=view, truths=tuple(planned.bundle.truth for planned in case.calls))


def _batches(played: Sequence[tuple[PlannedCall, Played]]) -> list[list[tuple[PlannedCall, Played]]]:
    """Cases that share the pair of declarations, what was asked, and what each call claims.

    A case that claims nothing (a refusal) joins the first batch of what it was asked.
    """
    groups: dict[tuple[str, str, tuple[str, ...]], list[tuple[PlannedCall, Played]]] = {}
    silent: list[tuple[tuple[str, str], tuple[PlannedCall, Played]]] = []
    for planned, one in played:
        asked = (pair_of(one.view.id), id_of(planned.bundle.processing))
        made = tuple(substance(claimed(call)) for call in one.view.calls)
        if any(call.released for call in one.view.calls):
            groups.setdefault((*asked, made[:1] if len(set(made)) == 1 else made), []).append((planned, one))
        else:
            silent.append((asked, (planned, one)))
    for asked, item in silent:
        home = next((key for key in groups if key[:2] == asked), (*asked, ()))
        groups.setdefault(home, []).append(item)
    return list(groups.values())


def _parts(group: Sequence[tuple[PlannedCall, Played]]) -> Iterator[list[tuple[PlannedCall, Played]]]:
    """The group in batches that are small enough for one query; no case is parted."""
    part: list[tuple[PlannedCall, Played]] = []
    cells = 0
    for item in group:
        tables = [table for call in item[1].view.calls for table in call.request.data.values()]
        more = sum(table.num_rows * table.num_columns for table in tables)
        if part and (len(part) == BATCH or cells + more > BATCH_CELLS):
            yield part
            part, cells = [], 0
        part.append(item)
        cells += more
    if part:
        yield part


def _claims(group: Sequence[tuple[PlannedCall, Played]]) -> list[Processing | None]:
    """What the calls of a batch claim, by number; a batch is led by a case that released, if any did."""
    calls = next((p.view.calls for _, p in group if any(c.released for c in p.view.calls)), ())
    documents = [claimed(call) for call in calls]
    return [Processing.of(document) if document else None for document in documents]


def id_of(processing: Processing) -> str:
    """A digest of the document of a processing declaration."""
    text = json.dumps(processing.document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def judge(
    checks: Iterable[Check],
    played: Sequence[tuple[PlannedCall, Played]],
    engine: Engine,
    *,
    seed: int,
    origin: Literal["generated", "supplied"] = "generated",
    needs_met: Callable[[Check, CaseView], bool] | None = None,
    scope: Scope | None = None,
) -> Seen:
    """What every check saw in the batches of what was played.

    ``scope`` gives the regimes in which a clause demands anything; without it, all of them.
    """
    seen: Seen = {check.id: ([], 0, "") for check in checks}
    for group in _batches(played):
        bundle = group[0][0].bundle
        some = [c for c in checks if inapplicable(c, [(bundle.organization, bundle.processing)], scope) is None]
        for part in _parts(group):
            _judge_batch(some, part, engine, seed, origin, seen, needs_met or _meets)
    return seen


def _meets(check: Check, view: CaseView) -> bool:
    if not set(check.needs) <= view.offers:
        return False
    twice = Need.RELEASE_TWICE in check.needs
    released = [call.released for call in view.calls]
    if twice or Need.RELEASE in check.needs:
        return all(released) if twice else any(released)
    return True


def _judge_batch(
    checks: Iterable[Check],
    group: Sequence[tuple[PlannedCall, Played]],
    engine: Engine,
    seed: int,
    origin: Literal["generated", "supplied"],
    seen: Seen,
    meets: Callable[[Check, CaseView], bool],
) -> None:
    by_cases: dict[tuple[str, ...], list[Check]] = {}
    for check in checks:
        shown = tuple(played.view.id for _, played in group if meets(check, played.view))
        if shown:
            by_cases.setdefault(shown, []).append(check)
    if not by_cases:
        return
    whole: Evidence | None = None
    failure = ""
    try:
        whole = evidence(
            engine,
            [played for _, played in group],
            organization=group[0][0].bundle.organization,
            asked=group[0][0].bundle.processing,
            claims=_claims(group),
            origin=origin,
            seed=seed,
        )
    except Exception:  # noqa: BLE001 - the suite is total: its own error is reported, never a kill
        failure = traceback.format_exc(limit=3)
    for shown, some in by_cases.items():
        part = whole.only(shown) if whole is not None else None
        for check in some:
            observations, count, error = seen[check.id]
            if part is not None:
                try:
                    observations.extend(sorted(check.judge(part), key=repr))  # an engine gives rows in any order
                except Exception:  # noqa: BLE001 - as above
                    error = error or traceback.format_exc(limit=3)
            seen[check.id] = (observations, count + len(shown), error or failure)


def run_plan(
    plan: Plan,
    caller: Caller,
    checks: Mapping[str, Check],
    engine: Engine,
    *,
    deadline: float | None = None,
    progress: Progress | None = None,
    looks: Collection[int] = (),
    enough: Callable[[Seen], bool] = bool,
    scope: Scope | None = None,
) -> Track:
    """Play every case, then judge all at once; ``deadline`` (monotonic) only caps.

    After each number of cases in ``looks`` all that was played is judged as well; it ends there if that is ``enough``.
    """
    played: list[tuple[PlannedCall, Played]] = []
    cases: dict[str, tuple[Case, Played]] = {}
    done, seconds, stopped = 0, 0.0, False
    asked = list(checks.values())
    seen: Seen = {}
    for number, case in enumerate(plan.cases, start=1):
        if deadline is not None and time.monotonic() > deadline:
            stopped = True
            break
        one = play(case, caller, seed=plan.seed)
        played.append((case.calls[0], one))
        cases[case.id] = (case, one)
        done += len(case.calls)
        seconds += sum(call.seconds for call in one.view.calls)
        if progress:
            progress(done, plan.calls, seconds)
        if number in looks:
            seen = judge(asked, played, engine, seed=plan.seed, scope=scope)
            if enough(seen):
                break
            seen = {}
    started = time.monotonic()
    seen = seen or judge(asked, played, engine, seed=plan.seed, scope=scope)
    results = tuple(
        _result(checks[id_], *seen[id_], stopped=stopped, plan=plan, scope=scope, played=played) for id_ in checks
    )
    every = [call for _, one in played for call in one.view.calls]
    return Track(
        plan=plan,
        results=results,
        played=cases,
        calls=done,
        product_seconds=seconds,
        judged_seconds=time.monotonic() - started,
        timeouts=sum(call.trouble == "timeout" for call in every),
        crashes=sum(call.trouble == "crash" for call in every),
        stopped=stopped,
    )


def _missing(check: Check, played: Sequence[tuple[PlannedCall, Played]], scope: Scope | None) -> int:
    """Planned calls that the check needed and whose valid input was not answered with a release.

    A product that refuses what it finds hard must not pass for it.
    """
    return sum(
        expects == "release" and not call.released
        for planned, one in played
        if set(check.needs) <= one.view.offers and inapplicable(check, [_pair(planned)], scope) is None
        for call, expects in zip(one.view.calls, one.view.expects, strict=True)
    )


def _pair(planned: PlannedCall) -> tuple[Organization, Processing]:
    return planned.bundle.organization, planned.bundle.processing


def _result(
    check: Check,
    observations: list[Observation],
    shown: int,
    error: str,
    *,
    stopped: bool,
    plan: Plan,
    scope: Scope | None,
    played: Sequence[tuple[PlannedCall, Played]],
) -> ClauseResult:
    why = inapplicable(check, [_pair(call) for case in plan.cases for call in case.calls], scope)
    if why is not None and (why is Why.REGIME or plan.track == "own"):
        return ClauseResult(clause=check.id, verdict=Verdict.NOT_APPLICABLE, why=why)
    planned = any(set(check.needs) - WATCHED <= case.offers for case in plan.cases)
    result = judged(check, observations, shown=shown, budget_left=not stopped, error=error)
    if result.verdict is Verdict.PASS and stopped:
        return judged(check, (), shown=0, budget_left=False)
    if result.verdict is Verdict.PASS and _missing(check, played, scope):
        return dataclasses.replace(result, verdict=Verdict.INCONCLUSIVE, why=Why.COULD_NOT_RUN)
    if Need.NETWORK in check.needs and result.verdict is Verdict.INCONCLUSIVE and not (shown or stopped):
        return dataclasses.replace(result, why=Why.COULD_NOT_RUN)
    if not planned and result.verdict is Verdict.INCONCLUSIVE:
        return ClauseResult(clause=check.id, verdict=Verdict.INCONCLUSIVE, why=Why.UNDECIDABLE)
    return result
