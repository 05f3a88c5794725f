"""A sample of the persons: drawn by a secret before anything is counted, and told with its rate."""

from __future__ import annotations

import math
from typing import Any

import pytest
from conftest import KEY, Caller, Rows, declarations, hospital_rows, registry_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from test_columns import call, keys, people, processing, rows_of

SAMPLE = {"id": "z1", "technique": "sample", "fields": ["t"], "params": {"fraction": 0.5, "of": "subject"}}


def sampled(fraction: float, *steps: tuple[str, list[str], dict[str, Any]], targets: Any = None) -> dict[str, Any]:
    pro = processing(*steps, targets=targets)
    pro["steps"].insert(0, {**SAMPLE, "params": {"fraction": fraction, "of": "subject"}})
    return pro


@settings(max_examples=25, deadline=None)
@given(people, st.sampled_from([0.1, 0.25, 0.5, 0.9, 1.0]), keys, st.randoms())
def test_whole_persons_are_drawn_the_same_ones_by_the_same_secret(
    drawn: Any, fraction: float, key: bytes, rng: Any
) -> None:
    rows = rows_of(drawn)
    everyone = {row["person"] for row in rows}
    out = call(drawn, sampled(fraction), key)
    size = math.floor(fraction * len(everyone) + 1e-9)
    if not size:
        assert out.reason == ("CANNOT_MEET_PRIVACY", "/targets/0")  # the least number of persons, else the fraction
        return
    ids = set(out.tables["t"]["id"])
    chosen = {row["person"] for row in rows if row["id"] in ids}
    assert len(chosen) == size
    assert ids == {row["id"] for row in rows if row["person"] in chosen}
    assert out.document_risk["persons"] == {
        "in": len(everyone), "excluded": 0, "notDrawn": len(everyone) - size, "suppressed": 0, "out": size,
    }  # fmt: skip
    assert call(drawn, sampled(fraction), key).raw == out.raw


def test_another_secret_draws_others_and_every_person_may_be_drawn() -> None:
    drawn = [(i, "a", 1, None, "x") for i in range(40)]
    samples = [frozenset(call(drawn, sampled(0.25), bytes([i]) * 32).tables["t"]["id"]) for i in range(30)]
    assert len(set(samples)) == 30
    times = [sum(f"{i:04d}" in sample for sample in samples) for i in range(40)]
    # Of 30 samples of a quarter, 7.5 on average: being in none, or in more than 20, has a chance below 0.0002 a person.
    assert min(times) > 0 and max(times) <= 20


def test_nobody_is_drawn_is_no_release() -> None:
    pro = sampled(0.1)
    pro["targets"] = [{"model": "k-anonymity", "quasi": ["t.group"], "k": 2}]
    out = call([(1, "a", 1, None, "x")], pro)
    assert out.reason == ("CANNOT_MEET_PRIVACY", "/steps/0/params/fraction")
    assert out.answer["reason"]["hint"]["ja"]


@settings(max_examples=20, deadline=None)
@given(people, st.integers(2, 3))
def test_k_is_of_the_drawn_persons(drawn: Any, k: int) -> None:
    search = ("k-search", ["group"], {"algorithm": "suppression", "k": k, "maxSuppressed": 1.0})
    target = {"model": "k-anonymity", "quasi": ["t.group"], "k": k}
    pro = sampled(0.6, search, targets=[target])
    pro["steps"][2]["fields"].append("t.group")
    out = call(drawn, pro)
    if out.status != "ok":
        assert out.reason[0] == "CANNOT_MEET_PRIVACY"
        return
    assert out.tables["t"].groupby("group")["person"].nunique().min() >= k
    assert out.document_risk["targets"][0]["reached"] >= k


def test_the_limit_of_suppression_is_a_share_of_the_drawn() -> None:
    """Ten of a, one of b: without b the half of the persons that is drawn by this key has no one of a small class."""
    drawn = [(i, "ab"[i >= 10], 1, None, "x") for i in range(12)]
    search = ("k-search", ["group"], {"algorithm": "suppression", "k": 3, "maxSuppressed": 0.0})
    seen = set()
    for i in range(20):
        pro = sampled(0.5, search, targets=[{"model": "minimum-subjects", "minimum": 1}])
        pro["steps"][2]["fields"].append("t.group")
        out = call(drawn, pro, bytes([i]) * 32)
        plain = call(drawn, sampled(0.5), bytes([i]) * 32)
        small = "b" in set(plain.tables["t"]["group"])
        assert out.status == ("refused" if small else "ok")
        seen.add(small)
    assert seen == {True, False}


def test_who_refused_is_never_drawn_and_the_statement_tells_the_rate(run: Caller) -> None:
    org, pro = declarations("hospital")
    rows: dict[str, Rows] = hospital_rows(400)
    last = max(i for i, step in enumerate(pro["steps"]) if step["technique"] == "suppress-record")
    step = {"id": "smp", "technique": "sample", "fields": ["patients"], "params": {"fraction": 0.5, "of": "subject"},
            "realises": [5], "why": "標本"}  # fmt: skip
    pro["steps"].insert(last + 1, step)
    for target in pro["targets"]:
        target.update({"k": 2} if "k" in target else {})
    whole, part = run(*declarations("hospital"), rows), run(org, pro, rows)
    assert part.status == "ok"
    told = part.document_risk["persons"]
    assert told["excluded"] == whole.document_risk["persons"]["excluded"] > 0
    assert told["notDrawn"] == math.ceil((told["in"] - told["excluded"]) / 2)
    statement = part.document("statement.json")["sample"]
    assert statement["fraction"] == 0.5 and "50%" in statement["ja"] and "50%" in statement["en"]
    assert "sample" not in whole.document("statement.json")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"params": {"fraction": 0, "of": "subject"}}, ("DECLARATION_INVALID", "/steps/0/params/fraction")),
        ({"params": {"fraction": 1.5, "of": "subject"}}, ("DECLARATION_INVALID", "/steps/0/params/fraction")),
        ({"params": {"fraction": "half", "of": "subject"}}, ("DECLARATION_INVALID", "/steps/0/params/fraction")),
        ({"params": {"fraction": 0.5, "of": "row"}}, ("UNSUPPORTED", "/steps/0/params/of")),
        ({"params": {"fraction": 0.5, "of": "subject", "seed": 1}}, ("DECLARATION_INVALID", "/steps/0/params/seed")),
        (
            {"params": {"fraction": 0.5, "of": "subject", "secret": "none"}},
            ("DECLARATION_INVALID", "/steps/0/params/secret"),
        ),
        ({"fields": ["t.group"]}, ("DECLARATION_INVALID", "/steps/0/fields/0")),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused(change: dict[str, Any], reason: tuple[str, str]) -> None:
    pro = processing()
    pro["steps"].insert(0, SAMPLE | change)
    assert call([(i, "a", 1, None, "x") for i in range(9)], pro).reason == reason


def test_a_sample_after_what_looks_at_several_persons_is_refused(run: Caller) -> None:
    drawn = [(i, "a", 1, None, "x") for i in range(9)]
    for technique, params in (
        ("k-search", {"algorithm": "suppression", "k": 2, "maxSuppressed": 1.0}),
        ("swap", {"fraction": 0.5}),
    ):
        pro = processing((technique, ["group"], params))
        if technique == "k-search":
            pro["steps"][1]["fields"].append("t.group")
        pro["steps"].append(SAMPLE)
        assert call(drawn, pro).reason == ("DECLARATION_INVALID", f"/steps/{len(pro['steps']) - 1}")
    twice = sampled(0.5)
    twice["steps"].insert(1, SAMPLE | {"id": "z2"})
    assert call(drawn, twice).reason == ("DECLARATION_INVALID", "/steps/0")
    org, pro = declarations("stroke-registry")
    pro["steps"].insert(0, SAMPLE | {"fields": ["registry"]})
    assert run(org, pro, {"registry": registry_rows(60)}, KEY).reason == ("DECLARATION_INVALID", "/steps/0")
