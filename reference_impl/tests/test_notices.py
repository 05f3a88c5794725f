"""The documents beside the data: risk, statement, items to publish, and how open classes are described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from conftest import Caller, declarations, hospital_rows, registry_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from test_columns import call, processing, rows_of

SCHEMAS = Path(__file__).parents[2] / "schemas"
QUASI = ["年齢", "性別", "市区町村"]


def test_risk_is_what_pandas_counts(run: Caller) -> None:
    rows = registry_rows(300)
    out = run(*declarations("stroke-registry"), {"registry": rows})
    risk, table = out.document("risk.json"), out.tables["registry"]
    persons = table[["患者番号", *QUASI]].drop_duplicates()
    size = persons.groupby(QUASI)["患者番号"].transform("size")
    smallest = size.groupby(persons["患者番号"]).min()
    [found] = risk["classes"]
    assert found["k"] == smallest.min() >= 5 and found["uniquePersons"] == 0
    assert found["classes"] == len(persons.groupby(QUASI)) and found["persons"] == table["患者番号"].nunique()
    assert found["prosecutorRisk"]["maximum"] == pytest.approx(1 / smallest.min(), abs=1e-6)
    assert found["prosecutorRisk"]["mean"] == pytest.approx((1 / smallest).mean(), abs=1e-6)
    given_rows = pd.DataFrame(rows)
    refused = given_rows.loc[given_rows["提供停止"] == "1", "患者番号"].nunique()
    before, after = given_rows["患者番号"].nunique(), table["患者番号"].nunique()
    assert risk["persons"] == {"in": before, "excluded": refused, "suppressed": before - refused - after, "out": after}


people = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.integers(0, 2), st.none(), st.just("x")), min_size=1
)


@settings(max_examples=25, deadline=None)
@given(people)
def test_risk_without_a_target_is_over_the_declared_quasi_identifiers(drawn: Any) -> None:
    out = call(drawn, processing(("keep", ["value"], {})))
    [found] = out.document_risk["classes"]
    persons = pd.DataFrame(rows_of(drawn))[["person", "group"]].drop_duplicates()
    smallest = persons.groupby("group")["person"].transform("size").groupby(persons["person"]).min()
    assert found["target"] is None and found["quasi"] == ["group"]
    assert found["k"] == smallest.min() and found["uniquePersons"] == (smallest == 1).sum()
    assert found["prosecutorRisk"]["mean"] == pytest.approx((1 / smallest).mean(), abs=1e-6)


def test_statement_says_what_the_data_are_and_what_is_forbidden(run: Caller) -> None:
    out = run(*declarations("hospital"), hospital_rows(200))
    statement = out.document("statement.json")
    assert statement["kind"]["ja"] == "匿名加工医療情報" and "第19条" in statement["kind"]["law"]
    text = "".join(item["ja"] for item in statement["recipient"])
    assert all(word in text for word in ("照合してはならない", "取得してはならない", "第三者に提供"))
    assert all(item["en"] for item in statement["recipient"])
    assert statement["determinism"] == "keyed" and "秘密情報の HMAC" in statement["randomness"]["ja"]
    everything = json.dumps(statement, ensure_ascii=False)
    assert not any(word in everything for word in ("適合", "認証", "匿名済", "certified"))


@pytest.mark.parametrize("regime", ["APPI-43", "APPI-116", "NGMIA-19", "NGMIA-35", "MHLW-DB", "neutral"])
def test_every_regime_has_a_statement_and_an_item_list(run: Caller, regime: str) -> None:
    org, pro = declarations("stroke-registry")
    pro["regime"] = regime
    pro["release"]["method"] = "記録媒体の手渡し"
    out = run(org, pro, {"registry": registry_rows(150)})
    statement, publication = out.document("statement.json"), out.document("publication.json")
    named = regime not in ("MHLW-DB", "neutral")
    assert ("kind" in statement) == named
    assert publication["title"]["ja"].startswith(statement["kind"]["ja"] if named else "個人に関する情報の項目")
    assert publication["method"] == "記録媒体の手渡し"
    [table] = publication["items"]
    titles = {f["name"]: f.get("title", f["name"]) for f in org["resources"][0]["schema"]["fields"]}
    assert table["items"] == [titles[name] for name in out.tables["registry"].columns]


def test_without_a_secret_nothing_is_called_keyed(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    pro["secrets"] = []
    for step in pro["steps"]:
        step.get("params", {}).pop("secret", None)
        if step["technique"] == "pseudonymize-keyed":
            step["technique"] = "pseudonymize-random"
            step["params"].pop("function")
    statement = run(org, pro, {"registry": registry_rows(150)}, key=None).document("statement.json")
    assert statement["determinism"] == "none"
    assert "OS" in statement["randomness"]["ja"] and "HMAC" not in statement["randomness"]["ja"]
    assert "operating system" in statement["randomness"]["en"]


@pytest.mark.parametrize(
    ("params", "bins", "texts", "labels"),
    [
        ({"top": 90}, 10, {"90+"}, {"90+": {"minimum": 90}}),
        ({"top": 90, "topLabel": "90歳以上"}, 10, {"90歳以上"}, {"90歳以上": {"minimum": 90}}),
        ({"top": 90, "bottom": 64, "bottomLabel": "64歳以下"}, 10, {"90+", "64歳以下"},
         {"90+": {"minimum": 90}, "64歳以下": {"maximum": 64}}),
        ({"top": 90, "topLabel": "90歳以上"}, None, {"90歳以上", "89"}, {"90歳以上": {"minimum": 90}}),
        ({"top": 90}, None, {"90", "89"}, {"90": {"minimum": 90}}),
    ],
)  # fmt: skip
def test_open_classes_are_described(run: Caller, params: Any, bins: Any, texts: set[str], labels: Any) -> None:
    org, pro = declarations("stroke-registry")
    steps = {step["id"]: step for step in pro["steps"]}
    steps["s08"]["params"] = params
    if bins is None:
        pro["steps"].remove(steps["s09"])
        steps["s13"]["after"].remove("s09")
    pro["steps"].remove(steps["s13"])
    pro["targets"] = [target for target in pro["targets"] if "quasi" not in target]  # met by that search
    out = run(org, pro, {"registry": registry_rows(300)})
    ages = set(out.tables["registry"]["年齢"])
    assert texts <= ages and not {"90", *map(str, range(91, 120))} & (ages - texts)
    [field] = [field for field in out.document_fields if field["name"] == "年齢"]
    assert field["tokumei"]["representation"]["labels"] == labels


def test_the_documents_of_a_release_obey_the_schemas(run: Caller) -> None:
    for name, rows in (("stroke-registry", {"registry": registry_rows(150)}), ("hospital", hospital_rows(200))):
        org, pro = declarations(name)
        pro["hierarchies"]["icd"] = {"source": "icd-10", "levels": ["code", "category", "block", "chapter"]}
        out = run(org, pro, rows)
        for kind in ("organization", "processing"):
            schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8"))
            jsonschema.Draft202012Validator(schema).validate(out.document(f"{kind}.yaml"))


def test_nothing_left_is_refused_at_its_place(run: Caller) -> None:
    org, pro = declarations("hospital")
    rows = hospital_rows(200)
    pro["targets"] = pro["targets"][:1]
    # Only one person of a class of one has prescriptions: with him goes all of the table.
    rows["patients"][0].update(age="20", opt_out="0")
    visits = [visit["visit_id"] for visit in rows["visits"] if visit["subject_id"] == rows["patients"][0]["subject_id"]]
    rows["prescriptions"] = [row for row in rows["prescriptions"] if row["visit_id"] in visits]
    assert rows["prescriptions"]
    assert run(org, pro, rows).reason == ("CANNOT_MEET_PRIVACY", "/data/prescriptions")
