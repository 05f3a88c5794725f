"""Both worked declarations end to end, on generated people."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import KEY, Caller, csv_bytes, declarations, hospital_rows, registry_rows

from tokumei_reference import command

QUASI = {"registry": ["年齢", "性別", "市区町村"], "patients": ["age", "sex", "area"]}


def test_registry_release(run: Caller) -> None:
    rows = registry_rows(300)
    out = run(*declarations("stroke-registry"), {"registry": rows})
    assert out.status == "ok"
    table = out.tables["registry"]
    kept = ["登録番号", "患者番号", "年齢", "性別", "市区町村", "発症日", "入院日", "退院日"]
    kept += ["病型", "来院方法", "退院先", "搬入時間帯", "NIHSS"]
    assert list(table.columns) == kept
    assert table.groupby(QUASI["registry"], dropna=False)["患者番号"].nunique().min() >= 5
    assert set(table["年齢"]) <= {"40-50", "50-60", "60-70", "70-80", "80-90", "90+"}
    assert set(table["市区町村"]) <= {"北海道", "東京都", "神奈川県", "京都府", "大阪府", "沖縄県", ""}
    assert table["登録番号"].str.fullmatch("[0-9a-f]{24}").all() and table["登録番号"].is_unique
    assert table["患者番号"].str.fullmatch("[0-9a-f]{32}").all()
    text = (out.folder / "data" / "registry.csv").read_bytes().decode("cp932")
    assert not any(row["登録番号"] in text or row["患者番号"] in text or row["氏名"] in text for row in rows)


def test_hospital_joins_and_cascade(run: Caller) -> None:
    out = run(*declarations("hospital"), hospital_rows(300))
    assert out.status == "ok"
    patients, visits = out.tables["patients"], out.tables["visits"]
    assert patients.groupby(QUASI["patients"])["subject_id"].nunique().min() >= 5
    assert set(visits["subject_id"]) == set(patients["subject_id"])
    for child in ("diagnoses", "prescriptions", "labs"):
        assert set(out.tables[child]["visit_id"]) == set(visits["visit_id"])
    joined = out.tables["diagnoses"].merge(visits, on="visit_id")
    assert (pd.to_datetime(joined["visit_date"]) - pd.to_datetime(joined["onset"])).dt.days.eq(3).all()
    assert set(out.tables["diagnoses"]["icd10"]) == {"I63"}
    assert set(out.tables["labs"]["value"]) == {"0.3", "300", "12.50"}
    keys = [r["schema"].get("foreignKeys") for r in out.document("organization.yaml")["resources"]]
    assert keys[0] is None and all(keys[1:])


@pytest.mark.parametrize(("regime", "other"), [("NGMIA-19", "57"), ("NGMIA-35", "52")])
def test_refused_and_not_notified_are_gone(run: Caller, regime: str, other: str) -> None:
    org, pro = declarations("hospital")
    pro["regime"] = regime
    next(s for s in pro["steps"] if s.get("params", {}).get("field") == "patients.notice")["params"]["equals"] = other
    rows = hospital_rows(400)
    out = run(org, pro, rows)
    assert out.status == "ok"
    without = {r["subject_id"] for r in rows["patients"] if r["opt_out"] == "0" and r["notice"] != other}
    assert 0 < len(without) < 350
    visits = {row["visit_id"] for row in rows["visits"] if row["subject_id"] in without}
    less = {
        name: [row for row in table if row.get("subject_id") in without or row.get("visit_id") in visits]
        for name, table in rows.items()
    }
    again = run(org, pro, less)
    for name in rows:
        pd.testing.assert_frame_equal(out.tables[name], again.tables[name])


def test_a_notice_for_another_regime_needs_a_step(run: Caller) -> None:
    org, pro = declarations("hospital")
    pro["regime"] = "NGMIA-35"
    out = run(org, pro, hospital_rows(100))
    assert out.reason == ("DECLARATION_INVALID", "/steps")
    del org["tokumei"]["noticeBasis"]["values"]["57"]
    out = run(org, pro, hospital_rows(100))
    assert out.reason == ("DECLARATION_INVALID", "/tokumei/noticeBasis/values")


def test_equal_requests_give_equal_bytes_in_any_input_order(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    rows = registry_rows(200)
    one, two = run(org, pro, {"registry": rows}), run(org, pro, {"registry": rows[::-1]})
    files = [p.relative_to(one.folder) for p in one.folder.rglob("*") if p.is_file()]
    assert len(files) == 10
    for file in files:
        assert (one.folder / file).read_bytes() == (two.folder / file).read_bytes()


def test_every_person_has_one_offset_that_is_never_zero(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    rows = registry_rows(400)
    for i, row in enumerate(rows):  # a row is found again by its NIHSS and interval being its own
        row["退院日"] = str((pd.Timestamp(row["入院日"]) + pd.Timedelta(days=i + 1)).date())
    out = run(org, pro, {"registry": rows})
    table = out.tables["registry"]
    stay = (pd.to_datetime(table["退院日"]) - pd.to_datetime(table["入院日"])).dt.days
    source = pd.DataFrame(rows).iloc[stay.to_numpy() - 1].reset_index(drop=True)
    offset = (pd.to_datetime(table["入院日"]) - pd.to_datetime(source["入院日"])).dt.days
    assert offset.between(-182, 182).all() and (offset != 0).all()
    assert offset.groupby(source["患者番号"]).nunique().max() == 1
    assert offset.nunique() > 50
    assert source["患者番号"].groupby(table["患者番号"]).nunique().max() == 1
    # The order of the release tells nothing of the order of the input.
    assert abs(pd.Series(stay).corr(pd.Series(range(len(stay))))) < 0.3


def test_null_and_empty_stay_apart(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    org["resources"][0]["schema"]["fields"][18]["constraints"] = {}
    rows = registry_rows(200)
    for i, row in enumerate(rows):
        row["退院先"] = None if i % 2 else ""
    out = run(org, pro, {"registry": rows})
    lines = (out.folder / "data" / "registry.csv").read_bytes().decode("cp932").splitlines()
    column = lines[0].split(",").index("退院先")
    cells = [line.split(",")[column] for line in lines[1:]]
    assert set(cells) == {"", '""'}


def test_persistent_and_batch_process(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    request = run.request(org, pro, {"registry": registry_rows(100)})
    responses = [request.with_name(name) for name in ("served", "batch")]
    lines = [
        {"op": "hello", "protocol": "tokumei/1"},
        {"op": "call", "id": "x", "request": str(request), "response": str(responses[0])},
        {"op": "nonsense", "id": "y"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    served = subprocess.run(command(), input=text, capture_output=True, text=True, check=True, timeout=60)
    answers = [json.loads(line) for line in served.stdout.splitlines()]
    assert answers[0]["configuration"] == "obey" and answers[0]["determinism"] == "keyed"
    assert answers[1:] == [{"id": "x", "status": "done"}, {"id": "y", "status": "error"}]
    responses[1].mkdir()
    batch = subprocess.run([*command(), str(request), str(responses[1])], capture_output=True, check=True, timeout=60)
    assert served.stderr == "" and batch.stderr == batch.stdout == b""
    for part in ("data/registry.csv", "response.json", "organization.yaml"):
        assert (responses[0] / part).read_bytes() == (responses[1] / part).read_bytes()
    assert {p.name for p in request.parent.iterdir()} == {request.name, "served", "batch"}


@pytest.mark.parametrize("hostile", ['a"b', "x;DROP TABLE t0;--", "Age", "age", "p", "c0", "改 行", "\u202e"])
def test_column_names_are_never_sql(run: Caller, hostile: str) -> None:
    org, pro = declarations("stroke-registry")
    resource = org["resources"][0]
    resource["encoding"] = "utf-8"
    resource["schema"]["fields"] += [
        {"name": name, "type": "string", "tokumei": {"class": ["neutral"]}} for name in (hostile, "AGE")
    ]
    pro["steps"].append({"id": "z", "technique": "keep", "fields": [f"registry.{hostile}", "registry.AGE"]})
    rows = [{**row, hostile: "値", "AGE": "別"} for row in registry_rows(100)]
    out = run(org, pro, {"registry": rows})
    assert out.status == "ok"
    assert set(out.tables["registry"][hostile]) == {"値"} and set(out.tables["registry"]["AGE"]) == {"別"}


def test_nothing_of_the_package_under_test_is_imported() -> None:
    code = "import sys, tokumei_reference.protocol; sys.exit(any(m == 'tokumei' or m[:8] == 'tokumei.' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_secret_in_the_release(run: Caller) -> None:
    out = run(*declarations("stroke-registry"), {"registry": registry_rows(100)})
    for file in out.folder.rglob("*"):
        if file.is_file():
            assert KEY not in file.read_bytes() and KEY.hex().encode() not in file.read_bytes()


def test_csv_helper_quotes_empty() -> None:
    assert csv_bytes([{"a": None, "b": ""}], ["a", "b"], "utf-8") == b'"a","b"\r\n,""\r\n'


def test_typed_parquet_stays_typed(run: Caller) -> None:
    org, pro = declarations("hospital")
    rows = hospital_rows(200)
    request = run.request(org, pro, rows)
    file = request / "data" / "labs.parquet"
    text = pq.read_table(file)
    types = {"value": pa.float64(), "taken_on": pa.date32()}
    typed = {
        n: pa.array([float(v) for v in text[n].to_pylist()])
        if n == "value"
        else text[n].cast(types.get(n, pa.string()))
        for n in text.column_names
    }
    pq.write_table(pa.table(typed), file)
    out = run.send(request)
    assert out.status == "ok"
    got = pq.read_table(out.folder / "data" / "labs.parquet")
    assert got.schema.field("value").type == pa.float64() and got.schema.field("taken_on").type == pa.date32()
    other = run(org, pro, rows).tables["labs"]
    assert [str(day) for day in got["taken_on"].to_pylist()] == list(other["taken_on"])
    assert set(got["value"].to_pylist()) == {0.3, 300.0, 12.5}


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp", "utf-16", "utf-8-sig"])
def test_encodings(run: Caller, encoding: str) -> None:
    org, pro = declarations("stroke-registry")
    org["resources"][0]["encoding"] = encoding
    out = run(org, pro, {"registry": registry_rows(100)})
    assert out.status == "ok"
    assert set(out.tables["registry"]["性別"]) == {"男", "女"}


def test_bottom_and_top_before_bins(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    next(s for s in pro["steps"] if s["id"] == "s08")["params"] = {"top": 95, "bottom": 62}
    rows = registry_rows(400)
    out = run(org, pro, {"registry": rows})
    assert set(out.tables["registry"]["年齢"]) <= {"<63", "63-70", "70-80", "80-90", "90-95", "95+"}
    assert {"<63", "95+"} & set(out.tables["registry"]["年齢"])


def test_persons_removed_by_a_list_of_texts(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    pro["steps"][0]["params"] = {"field": "registry.提供停止", "in": ["0", "1"], "of": "subject"}
    assert run(org, pro, {"registry": registry_rows(100)}).reason == ("CANNOT_MEET_PRIVACY", "/targets/2")
