"""Open levels: the release is that of the best closed declaration, found here by asking for every one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from conftest import Caller, Outcome, Rows, declarations, hospital_rows, registry_rows

from tokumei_reference import open_levels

AGES = [[str(a), f"{a // 5 * 5}代", f"{a // 20 * 20}台", "不問"] for a in range(150)]
LEVELS = {"年齢": ["歳", "5歳階級", "20歳階級", "全年齢"], "市区町村": ["市区町村", "都道府県", "地方"]}
OPEN = {"年齢": ["20歳階級", "全年齢", "5歳階級"], "市区町村": ["地方", "都道府県", "市区町村"]}


def asked(k: int, share: float, ages: Any = None, areas: Any = None) -> tuple[Any, Any]:
    """The registry with both levels open, or closed where one is given."""
    org, pro = declarations("stroke-registry")
    pro["hierarchies"]["age"] = {"levels": LEVELS["年齢"], "table": AGES}
    pro["steps"] = [step for step in pro["steps"] if step["id"] != "s08"]
    steps = {step["id"]: step for step in pro["steps"]}
    for step in pro["steps"]:  # the coding of the extremes, which is not needed here, is gone
        step["after"] = [name for name in step.get("after", []) if name != "s08"]
    for name, step, hierarchy, level in (("年齢", "s09", "age", ages), ("市区町村", "s10", "area", areas)):
        chosen = {"level": level} if level else {"levels": OPEN[name]}
        steps[step]["params"] = {"hierarchy": hierarchy, **chosen}
    closed = ages and areas
    algorithm = "suppression" if closed else "optimal"
    steps["s13"]["params"] = {"algorithm": algorithm, "k": k, "maxSuppressed": share}
    pro["targets"] = [
        {**pro["targets"][0], "k": k},
        {"model": "minimum-subjects", "minimum": 2},
    ]  # k alone, which is what is counted here
    return org, pro


def params(outcome: Outcome, step: str) -> Any:
    return next(s for s in outcome.document("processing.yaml")["steps"] if s["id"] == step)["params"]


def loss(rows: Rows, gone: set[str], ages: str, areas: str) -> float:
    """Each person once in every combination that they show at the finest permitted levels."""
    area_table = {row[0]: row for row in declarations("stroke-registry")[1]["hierarchies"]["area"]["table"]}
    admitted = [row for row in rows if row["患者番号"] not in {r["患者番号"] for r in rows if r["提供停止"] == "1"}]
    held = {(r["患者番号"], AGES[int(r["年齢"])][1], r["性別"], r["市区町村"]) for r in admitted}
    total = 0.0
    for field, level, nodes in (
        (1, ages, {row[1]: row for row in AGES}),
        (3, areas, area_table),
    ):
        at = LEVELS["年齢" if field == 1 else "市区町村"].index(level)
        leaves = {pair[field] for pair in held if pair[field] is not None}
        for pair in held:
            if pair[0] in gone:
                total += 1
            elif pair[field] is not None:
                below = sum(nodes[leaf][at] == nodes[pair[field]][at] for leaf in leaves)
                total += (below - 1) / (len(leaves) - 1)
    total += sum(pair[0] in gone for pair in held)
    return total / len(held) / 3


@pytest.mark.parametrize(
    ("people", "k", "share"), [(60, 3, 0.2), (120, 4, 0.05), (120, 4, 1.0), (40, 2, 0.0), (400, 2, 0.1)]
)
def test_the_best_permitted_levels_are_chosen_and_claimed(run: Caller, people: int, k: int, share: float) -> None:
    rows = registry_rows(people, seed=people + k)
    out = run(*asked(k, share), {"registry": rows})
    best: tuple[float, str, str] | None = None
    bodies: dict[tuple[str, str], bytes] = {}
    numbers = [row["患者番号"] for row in rows]
    admitted = set(numbers) - {row["患者番号"] for row in rows if row["提供停止"] == "1"}
    for ages, areas in itertools.product(LEVELS["年齢"][1:], LEVELS["市区町村"]):
        closed = run(*asked(k, share, ages, areas), {"registry": rows})
        if closed.status != "ok":
            assert closed.reason[0] == "CANNOT_MEET_PRIVACY"
            continue
        bodies[ages, areas] = (closed.folder / "data" / "registry.csv").read_bytes()
        gone = admitted - released(rows, admitted, k, ages, areas)
        assert closed.tables["registry"]["患者番号"].nunique() == len(admitted) - len(gone)
        found = (loss(rows, gone, ages, areas), ages, areas)
        best = min(best, found) if best else found
    if best is None:
        assert (*out.reason,) == ("CANNOT_MEET_PRIVACY", "/targets/0")
        return
    assert out.status == "ok"
    chosen = (params(out, "s09")["level"], params(out, "s10")["level"])
    assert "levels" not in params(out, "s09")
    gone = admitted - released(rows, admitted, k, *chosen)
    assert loss(rows, gone, *chosen) == pytest.approx(best[0], abs=1e-9)
    assert (out.folder / "data" / "registry.csv").read_bytes() == bodies[chosen]
    assert params(out, "s13")["algorithm"] == "optimal"


def released(rows: Rows, admitted: set[str], k: int, ages: str, areas: str) -> set[str]:
    area_table = {row[0]: row for row in declarations("stroke-registry")[1]["hierarchies"]["area"]["table"]}
    one, two = LEVELS["年齢"].index(ages), LEVELS["市区町村"].index(areas)
    shown = [
        (r["患者番号"], AGES[int(r["年齢"])][one], r["性別"], r["市区町村"] and area_table[r["市区町村"]][two])
        for r in rows
    ]
    left = set(admitted)
    while True:
        members: dict[Any, set[str]] = {}
        for person, *key in shown:
            if person in left:
                members.setdefault(tuple(key), set()).add(person)
        gone = {person for held in members.values() if len(held) < k for person in held}
        if not gone:
            return left
        left -= gone


def test_levels_that_cannot_reach_k_are_refused_at_the_target(run: Caller) -> None:
    org, pro = asked(200, 0.0)
    out = run(org, pro, {"registry": registry_rows(60)})
    assert (out.status, *out.reason) == ("refused", "CANNOT_MEET_PRIVACY", "/targets/0")


def test_the_hospital_opens_one_level(run: Caller) -> None:
    org, pro = declarations("hospital")
    steps = {step["id"]: step for step in pro["steps"]}
    steps["a12"]["params"] = {"hierarchy": "area", "levels": ["市区町村", "二次医療圏", "都道府県"]}
    steps["a17"]["params"] |= {"algorithm": "optimal", "maxSuppressed": 0.5}
    out = run(org, pro, hospital_rows(300))
    assert out.status == "ok"
    assert params(out, "a12")["level"] in {"市区町村", "二次医療圏", "都道府県"}
    patients = out.tables["patients"]
    assert patients.groupby(["age", "sex", "area"])["subject_id"].nunique().min() >= 5
    field = next(
        f for f in out.document("organization.yaml")["resources"][0]["schema"]["fields"] if f["name"] == "area"
    )
    assert field["tokumei"]["representation"]["level"] == params(out, "a12")["level"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda p: p["steps"][8]["params"].update(levels=["no such"]), "/steps/8/params/levels"),
        (lambda p: p["steps"][8]["params"].update(levels=[]), "/steps/8/params/levels"),
        (lambda p: p["steps"][8]["params"].update(hierarchy="none"), "/steps/8/params/hierarchy"),
        (lambda p: p["steps"][8]["params"].update(level="地方"), "/steps/8/params"),
        (lambda p: next(s for s in p["steps"] if s["id"] == "s13")["params"].update(algorithm="suppression"),
         "/steps/7/params"),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen_from_is_refused(run: Caller, change: Any, path: str) -> None:
    org, pro = asked(3, 0.2)
    change(pro)
    out = run(org, pro, {"registry": registry_rows(40)})
    assert (out.status, *out.reason) == ("refused", "DECLARATION_INVALID", path)


def test_a_hierarchy_that_parts_what_it_joined_is_refused(run: Caller) -> None:
    org, pro = asked(2, 0.5)
    table = [list(row) for row in AGES]
    for row in table:
        row[2] = row[0]
    pro["hierarchies"]["age"]["table"] = table
    out = run(org, pro, {"registry": registry_rows(40)})
    assert (out.status, *out.reason) == ("refused", "DECLARATION_INVALID", "/steps/7/params/levels")


def test_a_search_that_is_not_finished_is_refused(run: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_levels, "_MOST_CHECKS", 1)
    out = run(*asked(4, 0.05), {"registry": registry_rows(120)})
    assert (out.status, *out.reason) == ("refused", "LIMIT_EXCEEDED", "/steps/11")


def test_classes_are_counted_in_persons_not_rows(run: Caller) -> None:
    """Five rows of one person are no class of two: the 5-year classes hold one person each."""
    template = {**registry_rows(1)[0], "市区町村": "函館市", "性別": "男", "提供停止": "0"}
    rows = [
        {**template, "登録番号": f"R{person}{visit:07d}", "患者番号": f"{person:08d}", "年齢": age}
        for person, age in enumerate(["70", "75"])
        for visit in range(5)
    ]
    out = run(*asked(2, 0.0), {"registry": rows})
    assert out.status == "ok"
    assert params(out, "s09")["level"] == "20歳階級"
    rows[0]["年齢"] = "81"  # one visit of one person, in a class of 20 years that nobody else is in
    out = run(*asked(2, 0.0), {"registry": rows})
    assert params(out, "s09")["level"] == "全年齢"
