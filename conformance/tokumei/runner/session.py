"""One whole run of a product: plan, play, judge, shrink, and the record."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokumei.adapters.inprocess import InProcess
from tokumei.beside import path_of
from tokumei.clause import Check
from tokumei.declarations import Organization, Processing
from tokumei.documents import load
from tokumei.modalities.tables import baseline
from tokumei.model import Call, Finding, Need, ProductInfo, Verdict, Why
from tokumei.plan.bundle import Case, Plan, labels, pair_of
from tokumei.plan.required import required_plan
from tokumei.relation import Engine
from tokumei.resources import data
from tokumei.runner.disturb import disturbed
from tokumei.runner.examined import Released, examined
from tokumei.runner.record import MOST_FINDINGS, Shown, finding_id, report
from tokumei.runner.run import Caller, Progress, Scope, Track, judge, play, run_plan
from tokumei.runner.verdicts import ClauseResult
from tokumei.shrink.allowance import Allowance
from tokumei.shrink.case import Shrunk, shrink, to_document
from tokumei.spec import Edition

EXAMPLES = ("stroke-registry", "hospital")
SMOKE_CALLS = 8
SMOKE_SHRINKING = 15.0
"""Smoke ends within a minute where a call takes five seconds: 40 of them for calls, 15 for shrinking."""
SMOKE_ORDER = ("boundary", "classes", "malformed", "few-", "enough-", "covering-isolated")
"""The cases that show most, first; of the small inputs only the largest is played."""
REPLAYS = 3
LEAST_SHRINKING = 60.0
"""Seconds of the product that shrinking may take; where it is slow, up to a third of its time in all."""

Pair = tuple[Organization, Processing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The record of a run, and the replay file of every shrunk finding by its id."""

    record: dict[str, Any]
    replays: Mapping[str, Mapping[str, Any]]


def examples() -> list[Pair]:
    """The suite's own organizations, each with what is asked of it."""
    return [
        (
            Organization.of(load(data("examples", "declarations", name, "organization.yaml")).document),
            Processing.of(load(data("examples", "declarations", name, "processing.yaml")).document),
        )
        for name in EXAMPLES
    ]


def run(
    caller: Caller,
    info: ProductInfo,
    checks: Mapping[str, Check],
    engine: Engine,
    edition: Edition,
    *,
    adapter: str,
    seed: int,
    effort: str = "standard",
    budget: float | None = None,
    own: Sequence[Pair] = (),
    progress: Progress | None = None,
) -> Finished:
    """Run the required plan on the open track, or on the own track of a fixed product, and shrink.

    ``effort`` is counted in product calls: smoke plays a part of the plan of one pair of declarations, deep
    searches beyond the plan. ``budget`` is seconds in total, a third of them for shrinking.
    """
    began = time.monotonic()
    scope = {id_: frozenset(clause.strength) for id_, clause in edition.clauses.items()}
    deadline = began + budget * 2 / 3 if budget else None
    fixed = info.configuration == "fixed"
    settings = [(Organization.of(o), Processing.of(p)) for o, p in info.settings] + list(own)
    chosen: list[tuple[str, list[Pair]]] = []
    if not fixed:
        chosen.append(("open", examples()[:1] if effort == "smoke" else examples()))
    if settings:
        chosen.append(("own", settings))
    if effort == "smoke":
        chosen = chosen[-1:]
    tracks: list[Track] = []
    shown: dict[str, list[Shown]] = {}
    replays: dict[str, Mapping[str, Any]] = {}
    for name, pairs in chosen:
        plan = required_plan(pairs, track=name, seed=seed, obeys=not fixed, encodings=info.encodings)
        if effort == "smoke":
            track = _smoke(plan, caller, checks, engine, deadline, progress, scope)
        else:
            track = run_plan(plan, caller, checks, engine, deadline=deadline, progress=progress, scope=scope)
        track = _as_stated(track, info, checks)
        if effort == "deep":
            track = _deeper(track, pairs, caller, checks, engine, obeys=not fixed, deadline=deadline, progress=progress)
        tracks.append(track)
        least = SMOKE_SHRINKING if effort == "smoke" else LEAST_SHRINKING
        allowance = Allowance(max(least, track.product_seconds / 2), _over(began + budget if budget else None))
        _show(track, caller, checks, engine, shown, replays, relax=not fixed, allowance=allowance)
    calls = sum(track.calls for track in tracks)
    every = [call for track in tracks for _, one in track.played.values() for call in one.view.calls]
    record = report(
        tracks=[
            (name, list(labels(pairs)), track.results) for (name, pairs), track in zip(chosen, tracks, strict=True)
        ],
        shown=shown,
        edition=edition,
        info=info,
        adapter=adapter,
        seed=seed,
        broken=not every or all(call.response is None for call in every),
        examined=examined(
            [each for _, pairs in chosen for each in zip(labels(pairs), pairs, strict=True)],
            [one for track in tracks for one in _released(track)],
        ),
        effort={
            "calls": calls,
            "cases": sum(len(track.played) for track in tracks),
            "judged_seconds": round(sum(track.judged_seconds for track in tracks), 2),
            "product_seconds": round(sum(track.product_seconds for track in tracks), 2),
            "wall_seconds": round(time.monotonic() - began, 2),
            "restarts": sum(track.crashes for track in tracks),
            "timeouts": sum(track.timeouts for track in tracks),
        },
    )
    return Finished(record=record, replays=replays)


def _released(track: Track) -> Iterator[Released]:
    """The calls of a track, each with the declarations that it was made under."""
    for case, played in track.played.values():
        for number, (planned, call) in enumerate(zip(case.calls, played.view.calls, strict=True)):
            bundle = planned.bundle
            held, asked, label = bundle.organization, bundle.processing, pair_of(case.id)
            yield Released(organization=label, case=case.id, number=number, held=held, asked=asked, call=call)


def _as_stated(track: Track, info: ProductInfo, checks: Mapping[str, Check]) -> Track:
    """The track without the clauses of documents that the product states to be another system's and never wrote."""
    answers = [call.response for _, one in track.played.values() for call in one.view.calls if call.response]
    silent = {name for name in info.elsewhere if not any(path_of(name) in answer.extra for answer in answers)}
    results = tuple(
        ClauseResult(clause=r.clause, verdict=Verdict.NOT_APPLICABLE, why=Why.ICS, what=info.elsewhere[wanted])
        if (wanted := checks[r.clause].document) in silent and r.verdict is not Verdict.NOT_APPLICABLE
        else r
        for r in track.results
    )
    return dataclasses.replace(track, results=results)


def _smoke(
    plan: Plan,
    caller: Caller,
    checks: Mapping[str, Check],
    engine: Engine,
    deadline: float | None,
    progress: Progress | None,
    scope: Scope,
) -> Track:
    """The track of a few cases; what the others were to show is inconclusive for want of budget."""

    def rank(case: Case) -> int:
        name = case.id.split("/", 1)[1]
        return next((n for n, start in enumerate(SMOKE_ORDER) if name.startswith(start)), len(SMOKE_ORDER))

    chosen: list[Case] = []
    few = [case.id for case in plan.cases if "/few-" in case.id]
    for case in sorted((c for c in plan.cases if c.id not in few[:-1]), key=rank):
        if sum(len(c.calls) for c in chosen) + len(case.calls) <= SMOKE_CALLS:
            chosen.append(case)
    few_cases = dataclasses.replace(plan, cases=tuple(chosen))
    track = run_plan(few_cases, caller, checks, engine, deadline=deadline, progress=progress, scope=scope)
    left = [case for case in plan.cases if case.id not in track.played]
    results = [
        ClauseResult(clause=result.clause, verdict=Verdict.INCONCLUSIVE, why=Why.BUDGET)
        if result.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)
        and any(set(checks[result.clause].needs) <= case.offers for case in left)
        else result
        for result in track.results
    ]
    return dataclasses.replace(track, results=tuple(results))


def _deeper(
    track: Track,
    pairs: Sequence[Pair],
    caller: Caller,
    checks: Mapping[str, Check],
    engine: Engine,
    *,
    obeys: bool,
    deadline: float | None,
    progress: Progress | None,
) -> Track:
    """The track with what the search finds beyond the plan; it can only add failures."""
    from tokumei.runner.explore import explore  # loads Hypothesis

    applicable = {r.clause for r in track.results if r.verdict is not Verdict.NOT_APPLICABLE}
    searched = explore(
        pairs,
        caller,
        {id_: check for id_, check in checks.items() if id_ in applicable},
        engine,
        seed=track.plan.seed,
        obeys=obeys,
        already=frozenset((r.clause, finding.code) for r in track.results for finding in r.findings),
        deadline=deadline,
        allowance=Allowance(LEAST_SHRINKING, _over(deadline)),
        progress=progress,
    )
    extra: dict[str, list[Finding]] = {}
    for found in searched.found:
        extra.setdefault(found.clause, []).append(found.finding)
    return dataclasses.replace(
        track,
        results=tuple(
            dataclasses.replace(r, verdict=Verdict.FAIL, why=None, findings=(*r.findings, *extra[r.clause]))
            if r.clause in extra
            else r
            for r in track.results
        ),
        played={**track.played, **{found.case.id: (found.case, found.played) for found in searched.found}},
        calls=track.calls + searched.calls,
        product_seconds=track.product_seconds + searched.seconds,
    )


def _show(
    track: Track,
    caller: Caller,
    checks: Mapping[str, Check],
    engine: Engine,
    shown: dict[str, list[Shown]],
    replays: dict[str, Mapping[str, Any]],
    *,
    relax: bool,
    allowance: Allowance,
) -> None:
    """Shrink one finding of every kind, round robin over clauses, each with its part of what is left."""
    turns = [
        (turn, result, finding)
        for result in track.results
        if result.verdict is Verdict.FAIL
        for turn, finding in enumerate(_distinct(result)[:MOST_FINDINGS])
    ]
    turns.sort(key=lambda item: item[0])  # stable: the first finding of every clause before the second of any
    for done, (_, result, finding) in enumerate(turns):
        entry = track.played.get(finding.case)
        organization = pair_of(finding.case)
        id_ = finding_id(result.clause, finding)
        exact = entry is not None and not any(s.code == finding.code for s in result.statistics)
        allowance.share(len(turns) - done)
        if entry is None or not exact or not allowance.affords(_seconds(entry[1].view.calls)):
            shown.setdefault(result.clause, []).append(Shown(finding=finding, id=id_, organization=organization))
            continue
        small, again, call, last = smallest_case(
            entry[0],
            result.clause,
            finding,
            caller,
            checks,
            engine,
            track,
            relax=relax,
            allowance=allowance,
        )
        replays[id_] = to_document(result.clause, small, track.plan.seed)
        shown.setdefault(result.clause, []).append(
            Shown(
                finding=last,
                id=id_,
                organization=organization,
                reproduced=again,
                shrunk=small,
                call=call,
            )
        )


def _seconds(calls: Sequence[Call]) -> float:
    return sum(call.seconds for call in calls)


def _over(end: float | None) -> Callable[[], bool]:
    return lambda: end is not None and time.monotonic() > end


def _distinct(result: ClauseResult) -> list[Finding]:
    """The first finding of each code, resource and set of fields."""
    seen: dict[tuple[object, ...], Finding] = {}
    for finding in result.findings:
        seen.setdefault((finding.code, finding.resource, finding.fields), finding)
    return list(seen.values())


def find_again(
    case: Case, clause: str, code: str, caller: Caller, checks: Mapping[str, Check], engine: Engine, seed: int
) -> tuple[Finding | None, tuple[Call, ...]]:
    """Play a case once more and return the finding of that code, if it is there, with the calls."""
    one = play(case, disturbed(caller, case), seed=seed)
    wanted = checks[clause]
    seen = judge(
        [wanted],
        [(case.calls[0], one)],
        engine,
        seed=seed,
        needs_met=lambda check, view: set(check.needs) - {Need.REFUSAL} <= view.offers,
    )
    found = [item for item in seen[clause][0] if isinstance(item, Finding) and item.code == code]
    return (found[0] if found else None), one.view.calls


def smallest_case(
    case: Case,
    clause: str,
    finding: Finding,
    caller: Caller,
    checks: Mapping[str, Check],
    engine: Engine,
    track: Track,
    *,
    relax: bool,
    allowance: Allowance,
) -> tuple[Shrunk, str, Call | None, Finding]:
    """The shrunk case, how often of three replays it fails again, the call to show, and the finding in it.

    A smaller case of which the suite's own correct product is accused too shows nothing and is not taken.
    """
    seed = track.plan.seed
    cost = _seconds(track.played[finding.case][1].view.calls)
    correct = InProcess(baseline.product(), baseline.INFO)

    def again(candidate: Case) -> Finding | None:
        found, calls = find_again(candidate, clause, finding.code, caller, checks, engine, seed)
        allowance.pay(calls)
        if found is None or find_again(candidate, clause, finding.code, correct, checks, engine, seed)[0]:
            return None
        return found

    small = shrink(
        case,
        finding,
        again,
        relax=relax and clause != "I5-10",
        stop=lambda: not allowance.affords((REPLAYS + 1) * cost),
    )
    times, tried, call, last = 0, 0, None, finding
    while tried < REPLAYS and (not tried or allowance.affords(cost)):
        tried += 1
        found, calls = find_again(small.case, clause, finding.code, caller, checks, engine, seed)
        allowance.pay(calls)
        if found is not None:
            times, call, last = times + 1, calls[min(found.call, len(calls) - 1)], found
    return small, f"{times}/{tried}", call, last
