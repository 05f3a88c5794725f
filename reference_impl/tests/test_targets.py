"""l-diversity and t-closeness as targets: counted anew on what is released, and refused when they cannot be reached."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

import pytest
from conftest import Caller, Rows, declarations, registry_rows
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_columns import call, processing, rows_of

K = {"model": "k-anonymity", "quasi": ["t.group", "t.value"], "k": 2}
people = st.lists(
    st.tuples(
        st.integers(0, 25),
        st.sampled_from(["a", "b", None]),
        st.sampled_from([1, 2]),
        st.none(),
        st.sampled_from(["x", "y", "z", ""]),
    ),
    min_size=1,
    max_size=40,
)
alone = people.map(lambda drawn: [(i, *row[1:]) for i, row in enumerate(drawn)])
ls = st.builds(lambda least, kind: {"model": "l-diversity", "l": least, "kind": kind}, st.sampled_from([2, 2.5, 3]),
               st.sampled_from(["distinct", "entropy"]))  # fmt: skip
ts = st.builds(lambda t: {"model": "t-closeness", "t": t}, st.sampled_from([0.1, 0.2, 0.35, 0.6]))
asked = st.lists(ls | ts, min_size=1, max_size=2).map(
    lambda drawn: [{**each, "quasi": K["quasi"], "sensitive": "t.word"} for each in drawn]
)


def worst(rows: list[tuple[str, Any, str]], target: dict[str, Any]) -> dict[Any, float]:
    """Of each class, what the target bounds: (person, class, sensitive) once each, whatever the number of rows."""
    classes: dict[Any, Counter[str]] = defaultdict(Counter)
    for _, key, value in set(rows):
        classes[key][value] += 1
    whole = Counter(value for _, value in {(person, value) for person, _, value in rows})
    found = {}
    for key, held in classes.items():
        n = held.total()
        if target["model"] == "t-closeness":
            found[key] = sum(abs(held[v] / n - whole[v] / whole.total()) for v in whole) / 2
        elif target.get("kind") == "entropy":
            found[key] = math.exp(-sum(c / n * math.log(c / n) for c in held.values()))
        else:
            found[key] = float(len(held))
    return found


def reaches(value: float, target: dict[str, Any]) -> bool:
    if target["model"] == "t-closeness":
        return value <= float(target["t"]) + 1e-9
    return value >= float(target["l"]) - 1e-9


def shown(row: dict[str, Any]) -> tuple[str, Any, str]:
    return row["person"], (row["group"], row["value"]), row["word"]


def left(rows: Rows, k: int, targets: list[dict[str, Any]]) -> set[str]:
    """The persons who stay: classes below k go until none is, then every class that falls short, together."""
    alive = {row["person"] for row in rows}
    for checks in ([], targets):
        while True:
            here = [shown(row) for row in rows if row["person"] in alive]
            persons = defaultdict(set)
            for person, key, _ in here:
                persons[key].add(person)
            bad = {key for key, held in persons.items() if len(held) < k}
            for target in checks:
                bad |= {key for key, value in worst(here, target).items() if not reaches(value, target)}
            if not bad:
                break
            alive -= {person for key in bad for person in persons[key]}
    return alive


def search(share: float, k: int = 2) -> tuple[str, list[str], dict[str, Any]]:
    return "k-search", ["group", "value"], {"algorithm": "suppression", "k": k, "maxSuppressed": share}


def asking(targets: list[dict[str, Any]], share: float = 1.0) -> dict[str, Any]:
    return with_kept(processing(search(share), targets=[K, *targets]))


def with_kept(pro: dict[str, Any]) -> dict[str, Any]:
    """``processing`` takes a field of a search for treated: these are kept as they are."""
    pro["steps"][1]["fields"] += ["t.group", "t.value"]
    return pro


@settings(max_examples=60, deadline=None)
@given(people | alone, asked, st.sampled_from([0.0, 0.2, 0.5, 1.0]))
def test_exactly_those_whom_brute_force_leaves_are_released(
    drawn: Any, targets: list[dict[str, Any]], share: float
) -> None:
    out = call(drawn, asking(targets, share))
    rows = rows_of(drawn)
    everyone, stay = {row["person"] for row in rows}, left(rows, 2, targets)
    if not stay or len(everyone) - len(stay) > share * len(everyone):
        assert out.reason[0] == "CANNOT_MEET_PRIVACY"
        by_k = left(rows, 2, [])
        fails_k = not by_k or len(everyone) - len(by_k) > share * len(everyone)
        assert out.reason[1] == ("/targets/0" if fails_k else "/targets/1")
        if not fails_k:
            text = out.answer["reason"]["text"] | {"hint": out.answer["reason"]["hint"]}
            assert text["ja"] and text["en"] and text["hint"]["ja"] and text["hint"]["en"]
        return
    kept = {row["id"]: row for row in rows if row["person"] in stay}
    assert set(out.tables["t"]["id"]) == set(kept)
    released = [
        (row["person"], (row["group"], row["value"]), row["word"]) for row in out.tables["t"].to_dict("records")
    ]
    for target, told in zip([K, *targets], out.document_risk["targets"], strict=True):
        assert told["model"] == target["model"]
        if target is K:
            continue
        values = worst(released, target).values()
        found = max(values) if target["model"] == "t-closeness" else min(values)
        assert reaches(found, target)
        assert told["reached"] == pytest.approx(found, abs=1e-6)
        assert told["asked"] == target.get("l", target.get("t"))


@settings(max_examples=30, deadline=None)
@given(alone, asked)
@example([(i, "a", 1, None, "x") for i in range(4)], [{"model": "l-diversity", "l": 2, "quasi": K["quasi"],
         "sensitive": "t.word"}])  # fmt: skip
def test_a_target_that_no_search_serves_is_measured(drawn: Any, targets: list[dict[str, Any]]) -> None:
    out = call(drawn, processing(targets=targets))
    rows = [shown(row) for row in rows_of(drawn)]
    missed = [
        i for i, target in enumerate(targets) if not all(reaches(v, target) for v in worst(rows, target).values())
    ]
    assert out.status == "ok" if not missed else out.reason == ("CANNOT_MEET_PRIVACY", f"/targets/{missed[0]}")


L = {"model": "l-diversity", "quasi": K["quasi"], "sensitive": "t.word", "l": 2}
T = {"model": "t-closeness", "quasi": K["quasi"], "sensitive": "t.word", "t": 0.4}
BAD: list[tuple[dict[str, Any], str, str, str]] = [
    ({**L, "sensitive": "t.group"}, "DECLARATION_INVALID", "/sensitive", "SENSITIVE_IS_QUASI"),
    ({**L, "sensitive": "t.person"}, "DECLARATION_INVALID", "/sensitive", "SENSITIVE_PSEUDONYM"),
    ({**L, "sensitive": "t.nothing"}, "DECLARATION_INVALID", "/sensitive", ""),
    ({**L, "l": 1}, "DECLARATION_INVALID", "/l", ""),
    ({**L, "l": "2"}, "DECLARATION_INVALID", "/l", ""),
    ({**L, "kind": "recursive"}, "DECLARATION_INVALID", "/kind", ""),
    ({**L, "t": 0.1}, "DECLARATION_INVALID", "", ""),
    ({**L, "quasi": ["t.nothing"]}, "DECLARATION_INVALID", "/quasi/0", ""),
    ({**L, "unit": "row"}, "UNSUPPORTED", "/unit", ""),
    ({**T, "t": 0}, "DECLARATION_INVALID", "/t", ""),
    ({**T, "t": 1.5}, "DECLARATION_INVALID", "/t", ""),
    ({**T, "distance": "emd"}, "UNSUPPORTED", "/distance", "DISTANCE"),
    ({**T, "distance": "far"}, "DECLARATION_INVALID", "/distance", ""),
]


@pytest.mark.parametrize(("target", "code", "below", "why"), BAD, ids=lambda value: str(value)[:40])
def test_a_target_that_cannot_be_kept_is_refused_with_its_place(
    target: dict[str, Any], code: str, below: str, why: str
) -> None:
    out = call([(i, "a", 1, None, "xy"[i % 2]) for i in range(9)], asking([target]))
    assert out.reason == (code, "/targets/1" + below)
    assert bool(why) == ("hint" in out.answer["reason"])


def test_a_sensitive_field_that_goes_or_changes_after_the_search_is_refused() -> None:
    drawn = [(i, "a", 1, None, "xy"[i % 2]) for i in range(9)]
    pro = with_kept(processing(search(1.0), ("suppress-column", ["word"], {}), targets=[K, L]))
    assert call(drawn, pro).reason == ("DECLARATION_INVALID", "/targets/1/sensitive")
    pro = with_kept(processing(search(1.0), ("swap", ["word"], {"fraction": 1.0}), targets=[K, L]))
    assert call(drawn, pro).reason == ("UNSUPPORTED", "/targets/1/sensitive")


def test_only_one_of_two_ways_to_write_a_missing_value_counts(run: Caller) -> None:
    """Whoever reads a CSV file may take an empty text and nothing at all for the same."""
    org_rows = registry_rows(80)
    for i, row in enumerate(org_rows):
        row.update(年齢="70", 性別="男", 市区町村="函館市", 提供停止="0", 退院先="" if i % 2 else None)
    org, pro = declarations("stroke-registry")
    next(f for f in org["resources"][0]["schema"]["fields"] if f["name"] == "退院先").pop("constraints")
    [at] = [i for i, target in enumerate(pro["targets"]) if target["model"] == "l-diversity"]
    pro["targets"][at]["sensitive"] = "registry.退院先"
    assert run(org, pro, {"registry": org_rows}).reason == ("CANNOT_MEET_PRIVACY", f"/targets/{at}")
    org_rows[0]["退院先"] = "自宅"
    assert run(org, pro, {"registry": org_rows}).document_risk["targets"][at]["reached"] == 2
