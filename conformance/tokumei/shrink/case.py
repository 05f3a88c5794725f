"""From a finding to the artefact of record: the smallest case that fails again, kept as JSON and replayed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tokumei.declarations import FieldName, Organization, Processing
from tokumei.model import Document, Finding, Need
from tokumei.plan.asked import without_minimum
from tokumei.plan.bundle import Bundle, Case, PlannedCall, Truth
from tokumei.shrink.events import events, without_events
from tokumei.shrink.persons import smallest, smallest_or_none
from tokumei.shrink.values import simplified, values

TRIALS = 60
"""Trials over persons; half as many over rows, and over values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """A finding, the smallest case that shows it, and how many persons, rows, values and trials that took.

    ``rows_from`` counts the rows of the kept persons, ``simplified`` the facts of theirs that could be made simple.
    """

    finding: Finding
    case: Case
    people_from: int
    people_to: int
    trials: int
    rows_from: int = 0
    rows_to: int = 0
    simplified: int = 0


def shrink(
    case: Case,
    finding: Finding,
    again: Callable[[Case], Finding | None],
    *,
    relax: bool,
    stop: Callable[[], bool] = lambda: False,
) -> Shrunk:
    """Take persons, then their rows, then their values out of ``case`` while ``again`` finds the same code.

    ``relax`` tries the case first without the minimum number of persons, which else sets the floor; it is
    for products that obey. ``again`` plays and judges a case; after ``stop`` nothing more is played.
    """
    trials = 0

    def same(candidate: Case) -> bool:
        nonlocal trials
        if stop():
            return False
        trials += 1
        found = again(candidate)
        return found is not None and found.code == finding.code

    narrow = _only(case, finding.call) if len(case.calls) > 1 and _judged_alone(case) else case
    start = case
    for candidate in [_relaxed(narrow), narrow] if relax else [narrow]:
        if same(candidate):
            start = candidate
            break
    everyone = sorted({p for call in start.calls for who in call.bundle.persons.values() for p in who})
    kept = smallest(everyone, lambda keep: same(_keep(start, everyone, keep)), trials=TRIALS)
    few = _keep(start, everyone, kept)

    rows = events(few)
    needed = smallest_or_none(rows, lambda keep: same(without_events(few, frozenset(rows) - keep)), trials=TRIALS // 2)
    short = without_events(few, frozenset(rows) - needed)

    facts = values(short)
    columns = sorted({name for name, _ in facts})
    told = smallest_or_none(
        columns,
        lambda keep: same(simplified(short, frozenset(f for f in facts if f[0] not in keep))),
        trials=TRIALS // 4,
    )
    rest = [fact for fact in facts if fact[0] in told]
    kept_facts = smallest_or_none(
        rest, lambda keep: same(simplified(short, frozenset(facts) - keep)), trials=TRIALS // 4
    )
    final = simplified(short, frozenset(facts) - kept_facts)
    return Shrunk(
        finding=finding,
        case=final,
        people_from=case.calls[0].bundle.size,
        people_to=max(call.bundle.size for call in final.calls),
        trials=trials,
        rows_from=_rows(few),
        rows_to=_rows(final),
        simplified=len(facts) - len(kept_facts),
    )


def _judged_alone(case: Case) -> bool:
    """Whether a call of the case may be played without the others: no relation of two, nothing done between."""
    return Need.RELEASE_TWICE not in case.offers and all(not call.before for call in case.calls)


def _rows(case: Case) -> int:
    return max(sum(len(who) for who in call.bundle.persons.values()) for call in case.calls)


def _only(case: Case, call: int) -> Case:
    return dataclasses.replace(case, calls=(case.calls[call],))


def _keep(case: Case, everyone: list[int], keep: frozenset[int]) -> Case:
    gone = frozenset(everyone) - keep
    return dataclasses.replace(
        case, calls=tuple(dataclasses.replace(call, bundle=call.bundle.without(gone)) for call in case.calls)
    )


def _relaxed(case: Case) -> Case:
    """The same case without a minimum number of persons."""
    return dataclasses.replace(
        case,
        calls=tuple(
            dataclasses.replace(
                call,
                bundle=dataclasses.replace(call.bundle, processing=without_minimum(call.bundle.processing)),
            )
            for call in case.calls
        ),
    )


def to_document(clause: str, shrunk: Shrunk, seed: int) -> Document:
    """The case as JSON; only generated people are ever written."""
    return {
        "replay_format": 1,
        "clause": clause,
        "code": shrunk.finding.code,
        "seed": seed,
        "shrunk": {
            "people": [shrunk.people_from, shrunk.people_to],
            "rows": [shrunk.rows_from, shrunk.rows_to],
            "simplified": shrunk.simplified,
            "trials": shrunk.trials,
        },
        "case": {
            "id": shrunk.case.id,
            "offers": sorted(shrunk.case.offers),
            "stage": shrunk.case.stage,
            "calls": [_call(call) for call in shrunk.case.calls],
        },
    }


def from_document(document: Mapping[str, Any]) -> Case:
    """The case that ``to_document`` wrote."""
    case = document["case"]
    return Case(
        id=case["id"],
        offers=frozenset(Need(need) for need in case["offers"]),
        stage=case["stage"],
        calls=tuple(
            PlannedCall(
                secret=call["secret"],
                expects=call["expects"],
                before=call.get("before", ""),
                bundle=_bundle(call),
            )
            for call in case["calls"]
        ),
    )


def _call(call: PlannedCall) -> Document:
    truth = call.bundle.truth
    return {
        "secret": call.secret,
        "expects": call.expects,
        "before": call.before,
        "organization": call.bundle.organization.document,
        "processing": call.bundle.processing.document,
        "tables": {name: table.to_pydict() for name, table in call.bundle.tables.items()},
        "persons": {name: list(who) for name, who in call.bundle.persons.items()},
        "truth": {
            "carriers": [str(name) for name in truth.carriers],
            **{
                what: table.to_pydict() if (table := getattr(truth, what)) is not None else None
                for what in ("cells", "events", "orders")
            },
        },
    }


def _bundle(call: Mapping[str, Any]) -> Bundle:
    truth = call["truth"]
    return Bundle(
        organization=Organization.of(call["organization"]),
        processing=Processing.of(call["processing"]),
        tables={
            name: pa.table({column: pa.array(values, pa.string()) for column, values in table.items()})
            for name, table in call["tables"].items()
        },
        persons={name: tuple(who) for name, who in call["persons"].items()},
        truth=Truth(
            carriers=tuple(FieldName.parse(name) for name in truth["carriers"]),
            cells=_planned(truth["cells"]),
            events=_planned(truth["events"]),
            orders=_planned(truth["orders"]),
        ),
    )


def _planned(columns: Mapping[str, list[Any]] | None) -> pa.Table | None:
    if columns is None:
        return None
    numbers = {"cell", "days", "rank", "n"}
    return pa.table(
        {name: pa.array(cells, pa.int64() if name in numbers else pa.string()) for name, cells in columns.items()}
    )
