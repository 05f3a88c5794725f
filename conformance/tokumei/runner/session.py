"""One whole run of a product: plan, play, judge, shrink, and the record."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokumei.clause import Check
from tokumei.declarations import Organization, Processing
from tokumei.documents import load
from tokumei.model import Call, Finding, Need, ProductInfo, Verdict
from tokumei.plan.bundle import Case, labels, pair_of
from tokumei.plan.required import required_plan
from tokumei.relation import Engine
from tokumei.resources import data
from tokumei.runner.record import MOST_FINDINGS, Shown, finding_id, report
from tokumei.runner.run import Caller, Progress, Track, judge, play, run_plan
from tokumei.runner.verdicts import ClauseResult
from tokumei.shrink.case import Shrunk, shrink, to_document
from tokumei.spec import Edition

EXAMPLES = ("stroke-registry", "hospital")

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

    ``effort`` smoke plays one pair of declarations; ``budget`` is seconds in total.
    """
    began = time.monotonic()
    deadline = began + budget * 2 / 3 if budget else None
    fixed = info.configuration == "fixed"
    settings = [(Organization.of(o), Processing.of(p)) for o, p in info.settings] + list(own)
    chosen: list[tuple[str, list[Pair]]] = []
    if not fixed:
        chosen.append(("open", examples()[:1] if effort == "smoke" else examples()))
    if settings:
        chosen.append(("own", settings))
    tracks: list[Track] = []
    shown: dict[str, list[Shown]] = {}
    replays: dict[str, Mapping[str, Any]] = {}
    for name, pairs in chosen:
        plan = required_plan(pairs, track=name, seed=seed, obeys=not fixed)
        track = run_plan(plan, caller, checks, engine, deadline=deadline, progress=progress)
        tracks.append(track)
        until = time.monotonic() + budget / 3 if budget else math.inf  # a cap only: trials bound the shrinking
        _show(track, caller, checks, engine, shown, replays, relax=not fixed, until=until)
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


def _show(
    track: Track,
    caller: Caller,
    checks: Mapping[str, Check],
    engine: Engine,
    shown: dict[str, list[Shown]],
    replays: dict[str, Mapping[str, Any]],
    *,
    relax: bool,
    until: float,
) -> None:
    """Shrink one finding of every kind, round robin over clauses, until the time is used."""
    for result in track.results:
        if result.verdict is not Verdict.FAIL:
            continue
        for finding in _distinct(result)[:MOST_FINDINGS]:
            entry = track.played.get(finding.case)
            organization = pair_of(finding.case)
            id_ = finding_id(result.clause, finding)
            exact = entry is not None and not any(s.code == finding.code for s in result.statistics)
            if entry is None or not exact or time.monotonic() > until:
                shown.setdefault(result.clause, []).append(Shown(finding=finding, id=id_, organization=organization))
                continue
            small, again, call, last = smallest_case(
                entry[0], result.clause, finding, caller, checks, engine, track, relax=relax
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
    one = play(case, caller, seed=seed)
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
) -> tuple[Shrunk, str, Call | None, Finding]:
    """The shrunk case, how often of three it fails again, the call to show, and the finding in it."""
    seed = track.plan.seed
    small = shrink(
        case,
        finding,
        lambda candidate: find_again(candidate, clause, finding.code, caller, checks, engine, seed)[0],
        relax=relax and clause != "I5-10",
    )
    times, call, last = 0, None, finding
    for _ in range(3):
        found, calls = find_again(small.case, clause, finding.code, caller, checks, engine, seed)
        if found is not None:
            times, call, last = times + 1, calls[min(found.call, len(calls) - 1)], found
    return small, f"{times}/3", call, last
