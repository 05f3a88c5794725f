"""Hierarchies written out, read from a file, and computed from the code."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from conftest import Caller
from hypothesis import given
from hypothesis import strategies as st

from tokumei_reference import areas, icd10

ICD = {"source": "icd-10", "levels": ["コード", "3 桁", "中間", "章"]}
AREA = {"source": "jis-area", "levels": ["市区町村", "都道府県", "地方"]}
AGE = {"source": "age", "levels": ["歳", "5 歳", "10 歳"], "widths": [5, 10], "top": 90}
DATE = {"source": "date", "levels": ["日", "月", "年", "5 年"]}
TABLE = {"levels": ["葉", "根"], "table": [["a", "A"], ["b", "A"]]}


def one_column(values: list[str | None], kind: str, hierarchy: dict[str, Any], level: Any) -> tuple[Any, Any, Any]:
    fields = [
        {"name": "id", "type": "string", "tokumei": {"class": ["link"]}},
        {"name": "v", "type": kind, "tokumei": {"class": ["quasi"]}},
        {"name": "v0", "type": "string", "tokumei": {"class": ["neutral"]}},
    ]
    org = {
        "name": "t",
        "tokumei": {"subjects": {"unit": "person", "key": "t.id"}},
        "resources": [{"name": "t", "path": "t.csv", "format": "csv", "encoding": "utf-8", "schema": {"fields": fields}}],
    }  # fmt: skip
    pro = {
        "release": {"id": "R"},
        "hierarchies": {"h": hierarchy},
        "steps": [
            {"id": "a", "technique": "pseudonymize-random", "fields": ["t.id"], "params": {"domain": "x"}},
            {"id": "b", "technique": "generalize", "fields": ["t.v"], "params": {"hierarchy": "h", "level": level}},
            {"id": "c", "technique": "keep", "fields": ["t.v0"]},
        ],
        "targets": [{"model": "minimum-subjects", "minimum": 1}],
    }
    return org, pro, {"t": [{"id": str(i), "v": value, "v0": str(i)} for i, value in enumerate(values)]}


def released(run: Caller, values: list[str | None], kind: str, hierarchy: dict[str, Any], level: Any) -> list[str]:
    out = run(*one_column(values, kind, hierarchy, level))
    assert out.status == "ok", out.answer
    table = out.tables["t"]
    table.index = table["v0"].astype(int)
    return list(table["v"].sort_index())


@pytest.mark.parametrize(
    ("kind", "hierarchy", "level", "values", "expected"),
    [
        ("string", ICD, "コード", ["I63.9", "C50"], ["I63.9", "C50"]),
        ("string", ICD, "3 桁", ["I639", "C50", None], ["I63", "C50", ""]),
        ("string", ICD, "中間", ["I63.9", "C509", "M171", "V134", "U071"],
         ["I60-I69", "C50-C50", "M15-M19", "V10-V19", "U00-U49"]),
        ("string", ICD, "章", ["I63.9", "C509", "T98", "Z00"], ["I00-I99", "C00-D48", "S00-T98", "Z00-Z99"]),
        ("string", AREA, "都道府県", ["01101", "13101", "47201", None], ["北海道", "東京都", "沖縄県", ""]),
        ("string", AREA, "地方", ["01101", "24201", "47201"], ["北海道地方", "近畿地方", "九州・沖縄地方"]),
        ("integer", AGE, "歳", ["7", "089", "90", "104"], ["7", "89", "90+", "90+"]),
        ("integer", AGE, "5 歳", ["0", "4", "5", "89", "90", None], ["0-4", "0-4", "5-9", "85-89", "90+", ""]),
        ("integer", AGE, 2, ["0", "19", "89", "120"], ["0-9", "10-19", "80-89", "90+"]),
        ("date", DATE, "日", ["2024-02-29"], ["2024-02-29"]),
        ("date", DATE, "月", ["2024-02-29", None], ["2024-02", ""]),
        ("date", DATE, "年", ["2024-02-29"], ["2024"]),
        ("date", DATE, "5 年", ["2024-12-31", "2025-01-01", "0004-01-01"], ["2020-2024", "2025-2029", "0000-0004"]),
        ("string", TABLE, "根", ["a", "b", None], ["A", "A", ""]),
    ],
)  # fmt: skip
def test_levels(run: Caller, kind: str, hierarchy: Any, level: Any, values: Any, expected: list[str]) -> None:
    assert released(run, values, kind, hierarchy, level) == expected


@pytest.mark.parametrize(
    ("hierarchy", "level", "value"),
    [
        (ICD, "章", "63.9"), (ICD, "章", "i639"), (ICD, "コード", "脳梗塞"), (ICD, "章", "U99"),
        (AREA, "地方", "48201"), (AREA, "地方", "1101"), (AREA, "市区町村", "011011"), (TABLE, "根", "c"),
    ],
)  # fmt: skip
def test_a_value_outside_is_refused(run: Caller, hierarchy: Any, level: str, value: str) -> None:
    out = run(*one_column([value], "string", hierarchy, level))
    assert out.reason == ("INPUT_INVALID", "/data/t/v")


@pytest.mark.parametrize(
    ("kind", "hierarchy", "level", "path"),
    [
        ("string", {**ICD, "levels": ["コード", "章"]}, "章", "/hierarchies/h/levels"),
        ("integer", ICD, "章", "/hierarchies/h/levels"),
        ("string", {**ICD, "source": "icd-11"}, "章", "/hierarchies/h/source"),
        ("string", ICD, "節", "/steps/1/params/level"),
        ("integer", {**AGE, "widths": [5, 12]}, "5 歳", "/hierarchies/h"),
        ("integer", {**AGE, "top": 88}, "5 歳", "/hierarchies/h"),
        ("integer", {**AGE, "widths": [5]}, "5 歳", "/hierarchies/h"),
        ("string", {"levels": ["a", "b"]}, "b", "/hierarchies/h"),
        ("string", {"levels": ["a", "b"], "source": "csv", "path": "../h.csv"}, "b", "/hierarchies/h/path"),
    ],
)  # fmt: skip
def test_what_is_no_hierarchy_is_refused(run: Caller, kind: str, hierarchy: Any, level: str, path: str) -> None:
    assert run(*one_column([None], kind, hierarchy, level)).reason == ("DECLARATION_INVALID", path)


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-8-sig"])
def test_a_hierarchy_from_a_file(run: Caller, encoding: str) -> None:
    hierarchy = {"source": "csv", "path": "tables/h.csv", "encoding": encoding, "levels": ["市", "県"]}
    org, pro, rows = one_column(["松本市", "甲府市"], "string", hierarchy, "県")
    request = run.request(org, pro, rows)
    (request / "tables").mkdir()
    file = request / "tables" / "h.csv"
    file.write_text("市,県\n松本市,長野県\n甲府市,山梨県\n", encoding=encoding)
    out = run.send(request)
    assert set(out.tables["t"]["v"]) == {"長野県", "山梨県"}
    assert out.document("processing.yaml")["hierarchies"]["h"] == hierarchy
    for wrong in ("市\n", "市,県\n松本市\n甲府市,山梨県\n", "県,市\n松本市,長野県\n", "", '市,県\n"松本市'):
        file.write_text(wrong, encoding=encoding)
        again = run.request(org, pro, rows)
        (again / "tables").mkdir()
        (again / "tables" / "h.csv").write_text(wrong, encoding=encoding)
        assert run.send(again).reason[0] == "DECLARATION_INVALID"


@pytest.mark.parametrize(
    ("unit", "expected"), [("week", "2021-W53"), ("month", "2022-01"), ("quarter", "2022-Q1"), ("year", "2022"),
                           ("decade", "2020-2029")],
)  # fmt: skip
def test_dates_are_coarsened(run: Caller, unit: str, expected: str) -> None:
    org, pro, rows = one_column(["2022-01-02" if unit != "week" else "2021-01-03", None], "date", DATE, "年")
    pro["steps"][1] = {"id": "b", "technique": "date-coarsen", "fields": ["t.v"], "params": {"to": unit}}
    out = run(org, pro, rows)
    assert set(out.tables["t"]["v"]) == {expected.replace("2021-W53", "2020-W53"), ""}


def test_every_category_of_icd_10_is_in_one_block_of_its_chapter() -> None:
    rows = list(icd10.categories())
    assert len({code for code, _, _ in rows}) == len(rows)
    for code, block, chapter in rows:
        assert block[:3] <= code <= block[4:]
        assert chapter[:3] <= block[:3] and block[4:] <= chapter[4:]
    assert len({chapter for _, _, chapter in rows}) == 22


def test_prefectures_have_their_codes() -> None:
    known = {
        "01": "北海道",
        "13": "東京都",
        "20": "長野県",
        "23": "愛知県",
        "27": "大阪府",
        "40": "福岡県",
        "47": "沖縄県",
    }
    table = {code: name for code, name, _ in areas.PREFECTURES}
    assert len(table) == 47 and known.items() <= table.items()
    assert len({region for _, _, region in areas.PREFECTURES}) == 8


@given(st.dates())
def test_coarser_units_follow_from_finer_ones(day: dt.date) -> None:
    """A hierarchy is one only if what is equal on a level is equal on the next."""
    import duckdb

    from tokumei_reference.hierarchies import date_sql

    with duckdb.connect() as connection:
        text = day.isoformat()
        sql = ", ".join(date_sql(f"'{text}'", unit) for unit in ("month", "year", "lustrum", "decade"))
        [(month, year, lustrum, decade)] = connection.execute(f"SELECT {sql}").fetchall()
    assert month.startswith(year) and lustrum[:4] <= year <= lustrum[5:] and decade[:4] <= lustrum[:4]
    assert int(lustrum[5:]) - int(lustrum[:4]) == 4 and lustrum[5:] <= decade[5:]


def test_files_stay_inside(run: Caller, tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("a,b\nx,y\n", encoding="utf-8")
    hierarchy = {"source": "csv", "path": str(tmp_path / "h.csv"), "levels": ["a", "b"]}
    out = run(*one_column(["x"], "string", hierarchy, "b"))
    assert out.reason == ("DECLARATION_INVALID", "/hierarchies/h/path")
