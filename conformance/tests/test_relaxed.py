"""Bounds that a declaration makes laxer than the defaults: each is repeated with its reason, and a stricter one is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.clauses.d import d_06
from tokumei.declarations import Organization, Processing
from tokumei.relaxed import relaxed
from tokumei.runner.session import examples
from tokumei.thresholds import CONTEXTS, RISK, K

PAIRS = {organization.name: (organization, processing) for organization, processing in examples()}
WHY = "架空の委員会が、提供先の管理を確かめて認めた"
Change = Callable[[dict[str, Any]], None]


def changed(change: Change, pair: str = "hospital") -> tuple[Organization, Processing]:
    organization, processing = PAIRS[pair]
    document: dict[str, Any] = copy.deepcopy(dict(processing.document))
    change(document)
    return organization, Processing.of(document)


def smaller_k(document: dict[str, Any], k: int = 3, why: str | None = WHY) -> None:
    document["targets"][0] |= {"k": k} | ({"why": why} if why is not None else {})


def later_bound(document: dict[str, Any], top: float = 95) -> None:
    for step in document["steps"]:
        if step["fields"] == ["patients.age"] and step["technique"] == "top-bottom-code":
            step |= {"params": {"top": top}, "why": WHY}


def fewer_facilities(document: dict[str, Any], minimum: int = 2) -> None:
    document["targets"].append({"model": "minimum-facilities", "minimum": minimum, "why": WHY})


def rarer(document: dict[str, Any], limit: float = 0.00001) -> None:
    document["rarity"][0] |= {"limit": limit, "why": WHY}


def less_security(document: dict[str, Any]) -> None:
    document["release"]["recipientSecurity"]["level"] = "open"
    document["targets"][0]["why"] = WHY


def likelier(document: dict[str, Any], share: float = 0.5) -> None:
    measured = {"metric": "linkage-top1", "value": share, "date": "2025-07-15"}
    document["residualRisk"] |= {"measured": [measured], "statement": WHY}


def guessed(document: dict[str, Any], share: float = 0.5) -> None:
    measured = {"metric": "attribute-inference", "value": share, "date": "2025-07-15"}
    document["residualRisk"] |= {"measured": [measured], "statement": WHY}


def test_the_examples_relax_nothing() -> None:
    assert [relaxed(*pair) for pair in PAIRS.values()] == [(), ()]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (smaller_k, {("D-06", "k", 5, 3)}),
        (later_bound, {("I4-01", "oldest", 90, 95)}),
        (fewer_facilities, {("F-02", "facilities", 3, 2)}),
        (rarer, {("I4-07", "rare-share", 0.0001, 0.00001)}),
        (less_security, {("P-04", "k", 11, 5)}),
        (likelier, {("R-03", "linkage", 0.2, 0.5)}),
        (guessed, {("R-05", "inference", 0.2, 0.5)}),
    ],
)
def test_each_laxer_bound_is_told_with_its_reason(change: Change, told: set[tuple[object, ...]]) -> None:
    found = relaxed(*changed(change))
    assert {(one.clause, one.bound, one.default, one.declared) for one in found} == told
    assert {one.reason for one in found} == {WHY}
    assert {one.context for one in found} == {"contract"}


def test_a_greater_risk_is_a_bound_of_its_own() -> None:
    def change(document: dict[str, Any]) -> None:
        smaller_k(document)
        document["residualRisk"]["measured"] = []

    assert {
        (one.clause, round(one.default, 3), round(one.declared, 3), one.reason) for one in relaxed(*changed(change))
    } == {
        ("D-06", 5, 3, WHY),
        ("R-02", 0.2, 0.333, WHY),
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda document: smaller_k(document, 8),
        lambda document: later_bound(document, 80),
        lambda document: fewer_facilities(document, 4),
        lambda document: rarer(document, 0.001),
        lambda document: likelier(document, 0.1),
        lambda document: guessed(document, 0.1),
    ],
)
def test_a_stricter_bound_needs_no_word(change: Change) -> None:
    assert relaxed(*changed(change)) == ()


@given(k=st.integers(2, 20), context=st.sampled_from(CONTEXTS), why=st.sampled_from([None, "", "  ", WHY]))
def test_k_is_told_exactly_where_it_is_below_the_default(k: int, context: str, why: str | None) -> None:
    def change(document: dict[str, Any]) -> None:
        smaller_k(document, k, why)
        document["release"]["context"] = context
        document["release"].pop("recipientSecurity")
        document["residualRisk"]["measured"] = []

    found = {one.clause: one for one in relaxed(*changed(change))}
    assert ("D-06" in found) == (k < K[context])
    if "D-06" in found:
        assert (found["D-06"].default, found["D-06"].reason) == (K[context], (why or "").strip())
    assert ("R-02" in found) == (k < K[context] and why == WHY)  # without a reason the default of the risk stays
    if "R-02" in found:
        assert found["R-02"].declared == pytest.approx(1 / k)
        assert found["R-02"].default == RISK[context] < 1 / k


def test_what_is_told_without_a_reason_is_what_d_06_accuses() -> None:
    """The report repeats the reason that the clause asks for, and nothing where the clause fails."""
    for why in (None, WHY):
        _, processing = changed(partial(smaller_k, why=why))
        (target,) = [t for t in processing.document["targets"] if t["model"] == "k-anonymity"]
        accused = target["k"] < d_06.K[processing.context] and not str(target.get("why", "")).strip()
        (told,) = [one for one in relaxed(PAIRS["hospital"][0], processing) if one.clause == "D-06"]
        assert accused == (not told.reason)
