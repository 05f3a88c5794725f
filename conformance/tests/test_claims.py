"""A claim is compared with what was asked: equal or stricter is no finding, laxer is one in its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.claims import laxer, substance
from tokumei.declarations import Processing
from tokumei.runner.session import examples

PAIRS = examples()


def changed(processing: Processing, change: Any) -> Processing:
    document = copy.deepcopy(dict(processing.document))
    change(document)
    return Processing.of(document)


def step(document: Any, technique: str, field: str) -> Any:
    return next(s for s in document["steps"] if s["technique"] == technique and field in s["fields"])


@pytest.mark.parametrize("processing", [processing for _, processing in PAIRS], ids=lambda p: p.id)
def test_a_claim_equal_to_what_was_asked_is_not_laxer(processing: Processing) -> None:
    assert laxer(processing, processing) == ()


@given(asked=st.integers(2, 50), claimed=st.integers(2, 50))
def test_a_smaller_k_is_laxer_and_no_other(asked: int, claimed: int) -> None:
    def k(value: int) -> Processing:
        return changed(PAIRS[0][1], lambda d: d["targets"][0].update(k=value))

    assert laxer(k(asked), k(claimed)) == (("targets/k-anonymity",) if claimed < asked else ())


@given(asked=st.integers(0, 2), claimed=st.integers(0, 2))
def test_a_lower_level_of_the_hierarchy_is_laxer(asked: int, claimed: int) -> None:
    levels = PAIRS[0][1].hierarchies["area"]["levels"]

    def at(level: int) -> Processing:
        return changed(
            PAIRS[0][1], lambda d: step(d, "generalize", "registry.市区町村")["params"].update(level=levels[level])
        )

    assert laxer(at(asked), at(claimed)) == (("registry.市区町村",) if claimed < asked else ())


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("registry.年齢", lambda d: step(d, "generalize", "registry.年齢")["params"].update(bin=5)),
        ("registry.年齢", lambda d: step(d, "top-bottom-code", "registry.年齢")["params"].update(top=95)),
        ("registry.発症日", lambda d: step(d, "date-shift", "registry.発症日").update(technique="keep")),
        ("targets/minimum-subjects", lambda d: d["targets"].pop()),
        ("targets/k-anonymity", lambda d: d["targets"][0]["quasi"].pop()),
    ],
)
def test_a_finer_value_or_a_missing_promise_is_laxer(field: str, change: Any) -> None:
    assert field in laxer(PAIRS[0][1], changed(PAIRS[0][1], change))


def test_dropping_a_column_is_stricter() -> None:
    def drop(document: Any) -> None:
        document["steps"].append(
            {"id": "z1", "technique": "suppress-column", "fields": ["registry.年齢"], "realises": [1], "why": "x"}
        )

    assert laxer(PAIRS[0][1], changed(PAIRS[0][1], drop)) == ()


def test_the_date_and_number_of_a_claim_are_not_its_substance() -> None:
    document = copy.deepcopy(dict(PAIRS[0][1].document))
    document["tokumei"]["id"] = "another"
    document["release"]["id"] = "another"
    assert substance(document) == substance(PAIRS[0][1].document)
    assert substance(None) != substance(document)
