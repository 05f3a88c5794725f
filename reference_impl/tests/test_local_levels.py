"""Open levels with l and t, and local generalization: every release is counted anew from its labels."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from conftest import KEY, Outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from test_columns import call, processing, rows_of
from test_targets import reaches, worst

GROUPS = [("a1", "a", "*"), ("a2", "a", "*"), ("b1", "b", "*"), ("b2", "b", "*")]
VALUES = [(str(v), f"{v // 2 * 2}-{v // 2 * 2 + 1}", f"{v // 4 * 4}-{v // 4 * 4 + 3}", "*") for v in range(8)]
TREES = {"group": GROUPS, "value": VALUES}
LEVELS = {"group": ["g0", "g1", "g2"], "value": ["v0", "v1", "v2", "v3"]}
QUASI = ["t.group", "t.value"]
L = {"model": "l-diversity", "quasi": QUASI, "sensitive": "t.word", "l": 2}
E = {**L, "kind": "entropy"}
T = {"model": "t-closeness", "quasi": QUASI, "sensitive": "t.word", "t": 0.3}


def asked(targets: list[dict[str, Any]], k: int, share: float, local: bool, **chosen: str) -> dict[str, Any]:
    """Both levels open, or closed at ``chosen``."""
    steps = [
        (
            "generalize",
            [name],
            {"hierarchy": name, **({"level": chosen[name]} if chosen else {"levels": LEVELS[name]})},
        )
        for name in TREES
    ]
    params = {"algorithm": "suppression" if chosen else "optimal", "k": k, "maxSuppressed": share}
    if local:
        params["recoding"] = "local"
    targets = [{"model": "k-anonymity", "quasi": QUASI, "k": k}, *targets]
    pro = processing(*steps, ("k-search", list(TREES), params), targets=targets)
    pro["hierarchies"] = {
        name: {"levels": LEVELS[name], "table": [list(row) for row in rows]} for name, rows in TREES.items()
    }
    return pro


def people(seed: int, n: int) -> list[tuple[Any, ...]]:
    rng = random.Random(seed)
    return [
        (i, rng.choice(GROUPS)[0] if rng.random() > 0.05 else None, min(int(rng.expovariate(0.4)), 7), None,
         rng.choice("xxyz")) for i in range(n)
    ]  # fmt: skip


def params(out: Outcome, technique: str) -> list[dict[str, Any]]:
    return [s["params"] for s in out.claim["steps"] if s["technique"] == technique]


def lost(drawn: list[tuple[Any, ...]], out: Outcome) -> float:
    """The mean share of the leaves that occur among those below a released label; a person who is gone lost all."""
    rows, shown = rows_of(drawn), out.tables["t"].set_index("id")
    total = 0.0
    for name, tree in TREES.items():
        leaves = {row[name] for row in rows}
        for row in rows:
            if row["id"] not in shown.index:
                total += 1
            elif row[name] is not None:
                label = shown.loc[row["id"], name]
                total += (sum(label in r for r in tree if r[0] in leaves) - 1) / max(len(leaves) - 1, 1)
    return total / len(rows) / len(TREES)


def check(drawn: list[tuple[Any, ...]], out: Outcome, targets: list[dict[str, Any]], k: int) -> None:
    """k, l and t on the labels; each label stands above its value; one finest combination has one label."""
    rows = {row["id"]: row for row in rows_of(drawn)}
    released = out.tables["t"].to_dict("records")
    classes: dict[Any, set[str]] = {}
    labels: dict[Any, Any] = {}
    for row in released:
        classes.setdefault((row["group"], row["value"]), set()).add(row["person"])
        given_row = rows[row["id"]]
        for name, tree in TREES.items():
            nodes = next((r for r in tree if r[0] == given_row[name]), ("",))
            assert row[name] in nodes
        key = (given_row["group"], given_row["value"])
        assert labels.setdefault(key, (row["group"], row["value"])) == (row["group"], row["value"])
    assert min(map(len, classes.values())) >= k
    shown = [(row["person"], (row["group"], row["value"]), row["word"]) for row in released]
    for target, told in zip(targets, out.document_risk["targets"][1:], strict=True):
        values = worst(shown, target).values()
        assert all(reaches(value, target) for value in values)
        found = max(values) if target["model"] == "t-closeness" else min(values)
        assert told["reached"] == pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize(
    ("targets", "n", "k", "share"),
    [([L], 40, 3, 0.1), ([E], 60, 2, 0.2), ([T], 60, 3, 0.15), ([L, T], 50, 2, 0.3), ([T], 30, 2, 0.0)],
)
def test_the_chosen_levels_are_the_best_that_reach_all_targets(
    targets: list[dict[str, Any]], n: int, k: int, share: float
) -> None:
    drawn = people(n + k, n)
    out = call(drawn, asked(targets, k, share, local=False))
    best: list[float] = []
    for chosen in itertools.product(*LEVELS.values()):
        closed = call(drawn, asked(targets, k, share, local=False, **dict(zip(LEVELS, chosen, strict=True))))
        if closed.status == "ok":
            best.append(lost(drawn, closed))
            if out.status == "ok" and [p["level"] for p in params(out, "generalize")] == list(chosen):
                assert closed.raw == out.raw
    if not best:
        assert out.reason[0] == "CANNOT_MEET_PRIVACY"
        return
    check(drawn, out, targets, k)
    assert lost(drawn, out) == pytest.approx(min(best), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(4, 80),
    st.integers(2, 4),
    st.sampled_from([[], [L], [E], [T], [L, T]]),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_local_generalization_reaches_the_targets_and_loses_no_more(
    seed: int, n: int, k: int, targets: list[dict[str, Any]], share: float
) -> None:
    drawn = people(seed, n)
    whole, local = (call(drawn, asked(targets, k, share, local=each)) for each in (False, True))
    assert local.status == whole.status
    if local.status != "ok":
        assert local.reason == whole.reason
        return
    check(drawn, local, targets, k)
    check(drawn, whole, targets, k)
    assert len(local.tables["t"]) >= len(whole.tables["t"])
    assert lost(drawn, local) <= lost(drawn, whole) + 1e-9


def test_classes_of_one_release_show_different_levels_and_the_claim_names_the_permitted() -> None:
    drawn = people(7, 200)
    out = call(drawn, asked([L], 4, 0.05, local=True))
    levels = {next(i for i, row in enumerate(zip(*VALUES, strict=True)) if v in row) for v in out.tables["t"]["value"]}
    assert len(levels) > 1
    assert [p["levels"] for p in params(out, "generalize")] == list(LEVELS.values())
    assert params(out, "k-search")[0] == {"algorithm": "optimal", "k": 4, "maxSuppressed": 0.05, "recoding": "local"}
    for field in out.document_fields:
        if field["name"] in TREES:
            assert field["tokumei"]["representation"]["kind"] == "node"
            assert "level" not in field["tokumei"]["representation"]


def test_the_same_secret_gives_the_same_release_in_any_order_of_rows() -> None:
    drawn = people(3, 60)
    both = [call(rows, asked([L], 3, 0.1, local=True)) for rows in (drawn, drawn)]
    assert both[0].raw == both[1].raw


@pytest.mark.parametrize("target", [T, E])
def test_persons_of_several_rows_are_refused_where_the_search_cannot_judge_them(target: dict[str, Any]) -> None:
    drawn = [*people(1, 30), (0, "b2", 7, None, "y")]
    out = call(drawn, asked([target], 2, 0.5, local=False))
    assert out.reason == ("UNSUPPORTED", "/targets/1")
    assert "suppression" in out.answer["reason"]["hint"]["ja"]
    assert call(drawn, asked([], 2, 0.5, local=True)).reason == ("UNSUPPORTED", "/steps/4/params/recoding")
    assert call(drawn, asked([L], 2, 0.5, local=False)).status == "ok"
    closed = call(drawn, asked([target], 2, 1.0, local=False, group="g2", value="v3"))
    assert closed.status in ("ok", "refused")


def test_local_needs_an_optimal_search_and_open_levels_a_known_recoding() -> None:
    drawn = people(1, 30)
    closed = asked([], 2, 0.5, local=True, group="g2", value="v3")
    assert call(drawn, closed).reason == ("DECLARATION_INVALID", "/steps/4/params/recoding")
    strange = asked([], 2, 0.5, local=True)
    strange["steps"][-1]["params"]["recoding"] = "regional"
    assert call(drawn, strange).reason == ("DECLARATION_INVALID", "/steps/4/params/recoding")


def test_two_sensitive_fields_in_one_optimal_search_are_refused() -> None:
    other = {**L, "sensitive": "t.real"}
    out = call(people(1, 30), asked([L, other], 2, 0.5, local=False))
    assert out.reason == ("UNSUPPORTED", "/targets/2/sensitive")
    assert call(people(1, 30), asked([L, other], 2, 0.5, local=False, group="g2", value="v3")).reason == (
        "CANNOT_MEET_PRIVACY",
        "/targets/1",
    )


def test_a_sensitive_field_whose_own_level_is_open_is_refused() -> None:
    pro = asked([{**L, "quasi": ["t.group"], "sensitive": "t.value"}], 2, 0.5, local=False)
    pro["steps"][-1]["fields"] = ["t.value"]
    pro["steps"].append({**pro["steps"][-1], "id": "s9", "fields": ["t.group"]})
    pro["targets"][0]["quasi"] = ["t.group"]
    assert call(people(1, 30), pro).reason == ("UNSUPPORTED", "/targets/1/sensitive")


def test_what_cannot_be_reached_is_refused_at_the_target_that_cannot() -> None:
    drawn = [(i, "a1", 1, None, "x") for i in range(20)]
    out = call(drawn, asked([L], 2, 0.5, local=False), KEY)
    assert out.reason == ("CANNOT_MEET_PRIVACY", "/targets/1")
    assert call(drawn, asked([L], 30, 0.5, local=False), KEY).reason == ("CANNOT_MEET_PRIVACY", "/targets/0")
