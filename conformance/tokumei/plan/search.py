"""What the search plays beyond the required plan: small bundles (P2) and sequences of calls (P3).

Both are Hypothesis strategies of cases. They can only find failures, so every call that is not below the
declared minimum may be refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

import pyarrow as pa
from hypothesis import strategies as st

from tokumei.declarations import Organization, Processing
from tokumei.modalities.tables.strategies import MOST, bundles, pick
from tokumei.model import Need
from tokumei.plan.asked import without_minimum
from tokumei.plan.bundle import Bundle, Case, PlannedCall
from tokumei.plan.required import ALWAYS

SECRET = 31
"""The first secret of a searched case; the required plan has those below."""
MOST_STEPS = 4

Step = Literal["new-secret", "again", "opt-out", "add", "permuted", "malformed", "restart", "kill"]
STEPS: tuple[Step, ...] = ("new-secret", "again", "opt-out", "add", "permuted", "malformed", "restart", "kill")


def small_cases(
    organization: Organization, processing: Processing, *, label: str, obeys: bool
) -> st.SearchStrategy[Case]:
    """P2: one call with 1 to 30 people; a product that obeys is asked mostly without a minimum."""
    strategies = [_bundles(organization, asked, obeys=obeys) for asked in _asked(processing, obeys=obeys)]
    return st.one_of(*strategies).map(lambda bundle: _case(f"{label}/small", [_call(bundle, SECRET)], _offers(bundle)))


def sequences(
    organization: Organization, processing: Processing, *, label: str, obeys: bool
) -> st.SearchStrategy[Case]:
    """P3: a release, then up to four steps: another secret or the same, an opt-out, a newcomer, crash and retry."""
    asked = without_minimum(processing) if obeys else processing
    return st.builds(
        _sequence,
        st.just(f"{label}/sequence"),
        _bundles(organization, asked, obeys=obeys),
        st.lists(st.tuples(pick(STEPS), pick(range(64))), min_size=1, max_size=MOST_STEPS),
    )


def _asked(processing: Processing, *, obeys: bool) -> list[Processing]:
    if not obeys:
        return [processing]
    free = without_minimum(processing)
    return [free, free, free, processing]  # the last refuses most small bundles


def _bundles(organization: Organization, asked: Processing, *, obeys: bool) -> st.SearchStrategy[Bundle]:
    """A product with one setting would refuse nearly everything below its minimum: it gets just enough people."""
    target = asked.target("minimum-subjects")
    least = target.minimum + 2 if target and not obeys else 1
    return bundles(organization, asked, least=least, most=max(MOST, least + 10))


@dataclass(frozen=True, slots=True)
class _State:
    """What the next step starts from."""

    bundle: Bundle
    secret: int
    waiting: Bundle | None
    """The bundle with a person more, who has not joined yet."""


def _sequence(name: str, whole: Bundle, steps: Sequence[tuple[Step, int]]) -> Case:
    last = max(whole.persons[whole.organization.subject_key.resource], default=0)
    first = whole.without(frozenset({last})) if whole.size > 1 else whole
    state = _State(first, SECRET, whole)
    calls = [_call(first, SECRET)]
    for step, place in steps:
        state, call = _next(state, step, place)
        calls.append(call)
    return _case(name, calls, _offers(first) | _relations([step for step, _ in steps]))


def _next(state: _State, step: Step, place: int) -> tuple[_State, PlannedCall]:
    """The state after a step and the call that it makes."""
    match step:
        case "malformed":  # the retry is any later step
            return state, replace(_call(_broken(state.bundle, place), state.secret), expects="either")
        case "again":
            after = state
        case "restart" | "kill":
            return state, replace(_call(state.bundle, state.secret), before=step)
        case "permuted":
            after = replace(state, bundle=_permuted(state.bundle, place))
        case "opt-out":
            after = replace(state, bundle=_opted_out(state.bundle, place), waiting=None, secret=state.secret + 1)
        case "add":
            after = replace(state, bundle=state.waiting or state.bundle, waiting=None, secret=state.secret + 1)
        case _:
            after = replace(state, secret=state.secret + 1)
    return after, _call(after.bundle, after.secret)


def _relations(steps: Sequence[Step]) -> frozenset[Need]:
    """What two calls offer together; a longer sequence is judged call by call."""
    if list(steps) == ["new-secret"]:
        return frozenset({Need.RELEASE_TWICE})
    return frozenset({Need.PERMUTED, Need.SAME_SECRET} if list(steps) == ["permuted"] else ())


def _call(bundle: Bundle, secret: int) -> PlannedCall:
    target = bundle.processing.target("minimum-subjects")
    few = target is not None and bundle.size < target.minimum
    return PlannedCall(bundle=bundle, secret=secret, expects="refusal" if few else "either")


def _offers(bundle: Bundle) -> frozenset[Need]:
    cell = {Need.ALIGNMENT_CELL, Need.ALIGNMENT_PERSON} if bundle.truth.cells is not None else set()
    return ALWAYS | {Need.REFUSAL} | cell


def _case(name: str, calls: Sequence[PlannedCall], offers: frozenset[Need]) -> Case:
    """A case whose id says what it holds, so that equal cases are played once."""
    digest = hashlib.sha256()
    for call in calls:
        digest.update(f"{call.secret}/{call.expects}/{call.before}/{call.bundle.processing.targets}".encode())
        for resource, table in call.bundle.tables.items():
            digest.update(f"{resource}{table.to_pydict()}".encode())
    return Case(id=f"{name}-{digest.hexdigest()[:10]}", calls=tuple(calls), offers=offers)


def _with_columns(bundle: Bundle, resource: str, columns: dict[str, list[str | None]]) -> Bundle:
    table = bundle.tables[resource]
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.string()))
    return replace(bundle, tables=dict(bundle.tables) | {resource: table})


def _opted_out(bundle: Bundle, place: int) -> Bundle:
    """One person more has opted out."""
    refusals = bundle.organization.refusals
    if refusals is None:
        return bundle
    name = refusals.field
    who = bundle.persons[name.resource]
    column = bundle.tables[name.resource].column(name.field).to_pylist()
    person = who[place % len(who)] if who else 0
    told = [refusals.texts[0] if p == person else v for p, v in zip(who, column, strict=True)]
    return _with_columns(bundle, name.resource, {name.field: told})


def _permuted(bundle: Bundle, seed: int) -> Bundle:
    """The same rows of every table in another order."""
    random = Random(f"permuted/{seed}")
    order = {name: random.sample(range(table.num_rows), table.num_rows) for name, table in bundle.tables.items()}
    return replace(
        bundle,
        tables={name: table.take(pa.array(order[name], pa.int64())) for name, table in bundle.tables.items()},
        persons={name: tuple(who[i] for i in order[name]) for name, who in bundle.persons.items()},
    )


def _broken(bundle: Bundle, place: int) -> Bundle:
    """A direct identifier stands where a date belongs, in one row: a product may refuse or crash, and say nothing."""
    for resource in bundle.organization.parents_first():
        table = bundle.tables[resource.name]
        dates = [info.name.field for info in resource.fields if info.type == "date"]
        direct = [info.name.field for info in resource.fields if "direct" in info.classes]
        if not (dates and direct and table.num_rows):
            continue
        row = place % table.num_rows
        column = table.column(dates[-1]).to_pylist()
        column[row] = max((table.column(name)[row].as_py() or "" for name in direct), key=len) or "?"
        return _with_columns(bundle, resource.name, {dates[-1]: column})
    return bundle
