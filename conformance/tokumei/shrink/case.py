"""From a finding to the artefact of record: the smallest case that fails again, kept as JSON and replayed."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tokumei.declarations import FieldName, Organization, Processing
from tokumei.model import Document, Finding, Need
from tokumei.plan.bundle import Bundle, Case, PlannedCall, Truth
from tokumei.shrink.persons import smallest

TRIALS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """A finding, the smallest case that shows it, and how many persons and trials that took."""

    finding: Finding
    case: Case
    people_from: int
    people_to: int
    trials: int


def shrink(case: Case, finding: Finding, again: Callable[[Case], Finding | None], *, relax: bool) -> Shrunk:
    """Take persons out of every bundle of ``case`` while ``again`` still finds the same code.

    ``relax`` tries the case first without the minimum number of persons, which else sets the floor; it is
    for products that obey. ``again`` plays and judges a case.
    """
    trials = 0

    def same(candidate: Case) -> bool:
        nonlocal trials
        trials += 1
        found = again(candidate)
        return found is not None and found.code == finding.code

    narrow = _only(case, finding.call) if Need.RELEASE_TWICE not in case.offers else case
    start = case
    for candidate in [_relaxed(narrow), narrow] if relax else [narrow]:
        if same(candidate):
            start = candidate
            break
    everyone = sorted({p for call in start.calls for who in call.bundle.persons.values() for p in who})
    kept = smallest(everyone, lambda keep: same(_keep(start, everyone, keep)), trials=TRIALS)
    final = _keep(start, everyone, kept)
    return Shrunk(
        finding=finding, case=final, people_from=case.calls[0].bundle.size, people_to=len(kept), trials=trials
    )


def _only(case: Case, call: int) -> Case:
    return dataclasses.replace(case, calls=(case.calls[call],))


def _keep(case: Case, everyone: list[int], keep: frozenset[int]) -> Case:
    gone = frozenset(everyone) - keep
    return dataclasses.replace(
        case, calls=tuple(dataclasses.replace(call, bundle=call.bundle.without(gone)) for call in case.calls)
    )


def _relaxed(case: Case) -> Case:
    """The same case without a minimum number of persons."""
    calls = []
    for call in case.calls:
        document = copy.deepcopy(dict(call.bundle.processing.document))
        document["targets"] = [t for t in document["targets"] if t["model"] != "minimum-subjects"]
        if not document["targets"]:
            return case
        calls.append(
            dataclasses.replace(call, bundle=dataclasses.replace(call.bundle, processing=Processing.of(document)))
        )
    return dataclasses.replace(case, calls=tuple(calls))


def to_document(clause: str, shrunk: Shrunk, seed: int) -> Document:
    """The case as JSON; only generated people are ever written."""
    return {
        "replay_format": 1,
        "clause": clause,
        "code": shrunk.finding.code,
        "seed": seed,
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
            PlannedCall(secret=call["secret"], expects=call["expects"], bundle=_bundle(call)) for call in case["calls"]
        ),
    )


def _call(call: PlannedCall) -> Document:
    truth = call.bundle.truth
    return {
        "secret": call.secret,
        "expects": call.expects,
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
    numbers = {"cell", "days", "rank"}
    return pa.table(
        {name: pa.array(values, pa.int64() if name in numbers else pa.string()) for name, values in columns.items()}
    )
