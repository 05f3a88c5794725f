"""Searches for counter-examples with small generated registries."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from conftest import KEY, Caller, declarations, registry_rows
from hypothesis import given, settings
from hypothesis import strategies as st

AREAS = {"札幌市中央区": "北海道", "函館市": "北海道", "千代田区": "東京都", None: ""}

people = st.lists(
    st.tuples(
        st.integers(0, 14), st.integers(60, 100), st.sampled_from("男女"), st.sampled_from(list(AREAS)), st.booleans()
    ),
    min_size=1,
    max_size=40,
)


def call(
    drawn: list[tuple[int, int, str, str | None, bool]], k: int, key: bytes = KEY
) -> tuple[Any, list[dict[str, Any]]]:
    template = registry_rows(1)[0]
    rows = [
        {**template, "登録番号": f"R{i:08d}", "患者番号": f"{person:08d}", "年齢": str(age), "性別": sex,
         "市区町村": area, "提供停止": "1" if out and person % 5 == 0 else "0", "入院日": "2023-05-01",
         "退院日": str((pd.Timestamp("2023-05-02") + pd.Timedelta(days=i)).date())}
        for i, (person, age, sex, area, out) in enumerate(drawn)
    ]  # fmt: skip
    org, pro = declarations("stroke-registry")
    pro["targets"] = [{**pro["targets"][0], "k": k}]
    next(s for s in pro["steps"] if s["id"] == "s13")["params"]["k"] = k
    with tempfile.TemporaryDirectory() as root:
        return Caller(Path(root))(org, pro, {"registry": rows}, key), rows


def band(age: str) -> str:
    number = int(age)
    return "90+" if number >= 90 else f"{number // 10 * 10}-{number // 10 * 10 + 10}"


def oracle(rows: list[dict[str, Any]], k: int) -> pd.DataFrame:
    """Brute force: drop persons in small classes until nothing changes."""
    table = pd.DataFrame(rows, dtype=object)
    table["g"] = [f"{band(a)}|{s}|{AREAS[None if pd.isna(c) else c]}" for a, s, c in
                  zip(table["年齢"], table["性別"], table["市区町村"], strict=True)]  # fmt: skip
    gone = set(table.loc[table["提供停止"] == "1", "患者番号"])
    while True:
        table = table[~table["患者番号"].isin(gone)]
        sizes = table.groupby("g")["患者番号"].nunique()
        gone = set(table.loc[table["g"].isin(sizes[sizes < k].index), "患者番号"])
        if not gone:
            return table


@settings(max_examples=60, deadline=None)
@given(people, st.integers(2, 4))
def test_exactly_the_persons_of_the_oracle_are_released(drawn: Any, k: int) -> None:
    out, rows = call(drawn, k)
    expected = oracle(rows, k)
    if expected.empty:
        assert out.reason[0] == "CANNOT_MEET_PRIVACY"
        return
    got = out.tables["registry"]
    got["g"] = got["年齢"] + "|" + got["性別"] + "|" + got["市区町村"]
    assert sorted(got["g"]) == sorted(expected["g"])
    assert got.groupby("g")["患者番号"].nunique().min() >= k
    # Intervals identify the rows here: each must be there once, with its length kept.
    stay = (pd.to_datetime(got["退院日"]) - pd.to_datetime(got["入院日"])).dt.days
    true = (pd.to_datetime(expected["退院日"]) - pd.to_datetime(expected["入院日"])).dt.days
    assert sorted(stay) == sorted(true)
    both = pd.DataFrame({"new": list(got["患者番号"]), "old": list(expected.set_index(true)["患者番号"].loc[stay])})
    assert both.groupby("old")["new"].nunique().max() == both.groupby("new")["old"].nunique().max() == 1


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_another_key_changes_every_pseudonym(one: bytes, two: bytes) -> None:
    drawn = [(i, 70, "男", "函館市", False) for i in range(10)]
    first, second = (set(call(drawn, 2, key)[0].tables["registry"]["患者番号"]) for key in (one, two))
    assert len(first) == len(second) == 10
    assert (first == second) if one == two else not first & second


cells = st.none() | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6)


def inert(text: str) -> str:
    """A text as a spreadsheet or a browser runs nothing of it; lone signs and numbers are no formulas."""
    plain = re.fullmatch(r"[+±-]+|[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]+)?%?", text)
    mark = "" if plain or not text.startswith(tuple("=+-@\t\r\n＝＋－＠")) else "'"
    return mark + re.sub("<(?=[A-Za-z/!?])", "&lt;", text)


@settings(max_examples=60, deadline=None)
@given(st.lists(cells | st.sampled_from(["", '"', "\r", "\n", "\r\n", ",", " a", "#", "NULL", "\\N", "'", "\ufeff", "NaN", "=A1", "-", "-4", "<b>"]),
                min_size=8, max_size=8))  # fmt: skip
def test_kept_text_is_kept(drawn: list[str | None]) -> None:
    org, pro = declarations("stroke-registry")
    resource = org["resources"][0]
    resource["encoding"] = "utf-8"
    fields = resource["schema"]["fields"]
    fields.append({"name": "メモ", "type": "string", "tokumei": {"class": ["neutral"]}})
    pro["steps"].append({"id": "z", "technique": "keep", "fields": ["registry.メモ"]})
    pro["targets"] = pro["targets"][:1]  # k alone: the rows differ in nothing else
    template = {**registry_rows(1)[0], "年齢": "70", "市区町村": "函館市", "提供停止": "0"}
    rows = [{**template, "登録番号": f"R{i:08d}", "患者番号": f"{i:08d}", "メモ": c} for i, c in enumerate(drawn)]
    with tempfile.TemporaryDirectory() as root:
        out = Caller(Path(root))(org, pro, {"registry": rows})
        text = (out.folder / "data" / "registry.csv").read_bytes().decode()
    assert out.status == "ok"
    assert sorted(out.tables["registry"]["メモ"]) == sorted(inert(c or "") for c in drawn)
    assert text.count(',""\n') == drawn.count("")
