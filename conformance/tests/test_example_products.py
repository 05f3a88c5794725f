"""The example products, written against the protocol alone, do what their declarations say."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from tokumei import schema
from tokumei.adapters.adapter import Adapter
from tokumei.adapters.connect import connect
from tokumei.adapters.doctor import diagnose
from tokumei.documents import load
from tokumei.modalities.tables.csvtext import csv_bytes
from tokumei.model import Request

PRODUCTS = Path(__file__).parents[2] / "examples" / "products"
SPECS = [
    pytest.param(
        "java-batch",
        "batch:java Anon.java",
        marks=[pytest.mark.java, pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK")],
    ),
    pytest.param(
        "node-exec",
        "exec:node anon.js",
        marks=[pytest.mark.node, pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")],
    ),
    pytest.param("python-function", "python:anon:anonymize"),
]
each = pytest.mark.parametrize(("folder", "spec"), SPECS)
PROGRAMS = {"java-batch": "Anon.java", "node-exec": "anon.js", "python-function": "anon.py"}
MOST_LINES = 40
MOST_WITH_DOCUMENTS = 60
DOCUMENT = re.compile("risk|book|erasure|documents|utility|marginal|statement|smallest")
"""What the lines that write the documents beside a release speak of."""
VALUES = {
    "性別": ["男", "女"],
    "病名": ["高血圧症", "糖尿病", "肺炎", "骨折"],
    "来院方法": ["独歩", "救急車", "紹介"],
    "転帰": ["治癒", "軽快", "中止"],
    "受診時間帯": ["深夜", "午前", "夜間"],
}


def people(count: int) -> dict[str, list[str | None]]:
    chance = random.Random(count)
    days = [dt.date(2023, 4, 1) + dt.timedelta(chance.randrange(300)) for _ in range(count)]
    table: dict[str, list[str | None]] = {
        "患者ID": [f"P{number:06}" for number in range(count)],
        "氏名": [None if number < 4 else f'架空, "{number}"\n太郎' for number in range(count)],
        "年齢": [str(chance.choice([0, 9, 34, 35, 39, 40, 89, 90, 101])) for _ in range(count)],
        "性別": [chance.choice(VALUES["性別"]) for _ in range(count)],
        "受診日": [day.isoformat() for day in days],
    }
    kept: dict[str, list[str | None]] = {
        name: [None if at % 11 == 0 else chance.choice(VALUES[name]) for at in range(count)]
        for name in list(VALUES)[1:]
    }
    return table | kept


def ask(adapter: Adapter, table: dict[str, list[str | None]], **files: bytes) -> Request:
    organization, processing = adapter.describe().settings[0]
    columns = {name: pa.array(cells, pa.string()) for name, cells in table.items()}
    return Request(
        id="r",
        organization=organization,
        processing=processing,
        data={"patients": pa.table(columns)},
        files={f"patients.{suffix}": content for suffix, content in files.items()},
    )


def compiled(folder: str, spec: str, place: Path) -> str:
    """Java compiled once, to start fast; the doctor below starts it from its source."""
    if folder != "java-batch":
        return spec
    subprocess.run(
        ["javac", "-encoding", "UTF-8", "-d", place / "classes", PRODUCTS / folder / "Anon.java"], check=True
    )
    shutil.copytree(PRODUCTS / folder / "release", place / "release", dirs_exist_ok=True)
    return f"batch:java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '{place / 'classes'}' Anon"


@each
def test_it_meets_all_that_its_setting_is_asked(folder: str, spec: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tokumei", "run", compiled(folder, spec, tmp_path), "--product", "product.yaml"]
    command += ["--report-dir", str(tmp_path / "report")]
    ran = subprocess.run(
        command, check=False, cwd=PRODUCTS / folder, capture_output=True, encoding="utf-8", timeout=200
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))["outcome"] == "all_met"


@each
def test_a_release_is_as_declared_and_what_cannot_be_is_refused(folder: str, spec: str, tmp_path: Path) -> None:
    statement = PRODUCTS / folder / "product.yaml"
    with connect(compiled(folder, spec, tmp_path), cwd=PRODUCTS / folder, product_file=statement) as adapter:
        assert adapter.describe().configuration == "fixed"
        table = people(120)
        call = adapter.call(ask(adapter, table))
        assert call.released, (call.trouble, call.log, call.response)
        assert call.response is not None
        assert call.response.problems == ()
        released = call.response.data["patients"].to_pydict()
        assert set(released) == set(table) - {"氏名"}
        assert not set(released["患者ID"]) & set(table["患者ID"])
        assert len(set(released["患者ID"])) == len(released["患者ID"]) >= 100
        assert set(released["年齢"]) <= {"0-10", "30-40", "40-50", "80-90", "90+"}
        assert min(Counter(zip(released["年齢"], released["性別"], strict=True)).values()) >= 5
        assert kept(released) <= kept(table)
        assert days(table)[0] < days(released)[0] <= days(released)[-1] <= days(table)[-1] + dt.timedelta(182)
        assert released["受診時間帯"] != table["受診時間帯"]
        assert call.response.organization is not None
        assert schema.validate(call.response.organization, "organization") == ()
        assert call.response.processing == adapter.describe().settings[0][1]
        again = adapter.call(ask(adapter, table)).response
        assert again is not None
        assert not set(again.data["patients"]["患者ID"].to_pylist()) & set(released["患者ID"])
        text = csv_bytes(ask(adapter, table).data["patients"], "utf-8")
        for form in (text.replace(b"\n", b"\r\n"), text.removesuffix(b"\n")):
            assert adapter.call(ask(adapter, table, csv=form)).released
        refused: list[tuple[dict[str, list[str | None]], str]] = [
            (people(9), "CANNOT_MEET_PRIVACY"),
            (people(0), "CANNOT_MEET_PRIVACY"),
            (people(40) | {"受診日": ["2023-02-30"] * 40}, "INPUT_INVALID"),
            (people(40) | {"受診日": ["架空太郎"] * 40}, "INPUT_INVALID"),
            (people(40) | {"年齢": [None] * 40}, "INPUT_INVALID"),
            (people(40) | {"転帰": ["架空太郎"] * 40}, "INPUT_INVALID"),
            (people(40) | {"患者ID": ["P000001"] * 40}, "INPUT_INVALID"),
            ({"患者ID": ["P000001"]}, "ORGANIZATION_MISMATCH"),
        ]
        for wrong, code in refused:
            response = adapter.call(ask(adapter, wrong)).response
            assert response is not None
            assert (response.status, response.code, response.data) == ("refused", code, {})
        hostile = adapter.call(ask(adapter, table, csv=b"\xff\xfe\x00broken")).response
        assert hostile is not None
        assert (hostile.status, hostile.code) == ("refused", "INPUT_INVALID")


def kept(table: dict[str, list[str | None]]) -> Counter[object]:
    """The values that are kept together, as often as they occur; nothing and the empty text are the same."""
    rows = zip(*(table[name] for name in VALUES), strict=True)
    return Counter(tuple(cell or "" for cell in row) for row in rows)


def days(table: dict[str, list[str | None]]) -> list[dt.date]:
    return sorted(dt.date.fromisoformat(day or "") for day in table["受診日"])


def _without_documents(code: list[str]) -> list[str]:
    """The lines but those of the functions that make documents, and those that name one."""
    kept, inside = [], False
    for line in code:
        if re.match(r"\s*(def|function|static String) (risk|marginal)\b", line):
            inside = True
        elif re.match("def |function |    static |require", line):
            inside = False
        if not inside and not DOCUMENT.search(line):
            kept.append(line)
    return kept


@each
def test_forty_lines_are_enough_and_sixty_with_every_document(folder: str, spec: str) -> None:
    lines = (PRODUCTS / folder / PROGRAMS[folder]).read_text("utf-8").splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith(("//", "#", '"""'))]
    assert len(code) <= MOST_WITH_DOCUMENTS
    assert len(_without_documents(code)) <= MOST_LINES
    assert max(len(line) for line in lines) <= 120
    kinds = {file.suffix for file in (PRODUCTS / folder).rglob("*.*")}
    assert kinds - {".yaml", ".json", ".pyc"} == {Path(PROGRAMS[folder]).suffix}


@each
def test_what_is_shipped_obeys_the_schemas(folder: str, spec: str) -> None:
    files = {"product": PRODUCTS / folder / "product.yaml", "organization": PRODUCTS / folder / "organization.yaml"}
    for name, file in [*files.items(), *((file.stem, file) for file in (PRODUCTS / folder / "release").iterdir())]:
        assert schema.validate(load(file).document, name) == (), file
    with connect(spec, cwd=PRODUCTS / folder) as adapter:
        assert adapter.describe().settings  # product.yaml is found beside the program or module


@each
def test_the_doctor_finds_it_healthy(folder: str, spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PRODUCTS / folder)
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    assert all(ok for _, ok, _ in diagnose(spec))
