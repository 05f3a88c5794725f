"""Generated people for both worked declarations, and a call of the product on folders."""

from __future__ import annotations

import copy
import csv
import datetime as dt
import io
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tokumei_reference import documents, protocol

EXAMPLES = Path(__file__).parents[2] / "examples" / "declarations"
KEY = bytes(range(32))

Rows = list[dict[str, Any]]


def declarations(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    both = [documents.read(EXAMPLES / name, part) for part in ("organization", "processing")]
    return copy.deepcopy(both[0]), copy.deepcopy(both[1])


def day(rng: random.Random, year: int = 2023) -> dt.date:
    return dt.date(year, 4, 1) + dt.timedelta(days=rng.randrange(365))


def registry_rows(n: int, seed: int = 1) -> Rows:
    """``n`` persons with one to three admissions."""
    rng = random.Random(seed)
    areas = [row[0] for row in declarations("stroke-registry")[1]["hierarchies"]["area"]["table"][:6]]
    rows: Rows = []
    for person in range(n):
        sex, area, age = rng.choice("男女"), rng.choice(areas), rng.randrange(60, 105)
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            onset = day(rng)
            rows.append(
                {
                    "登録番号": f"R{len(rows):08d}",
                    "患者番号": f"{person:08d}",
                    "氏名": f"架空 {person}",
                    "カナ氏名": "カクウ",
                    "生年月日": "1950-01-01",
                    "年齢": str(age),
                    "性別": sex,
                    "郵便番号": "060-0001",
                    "市区町村": area if rng.random() > 0.02 else None,
                    "住所": '一条, "西"1',
                    "電話番号": "",
                    "保険者番号": "01130012",
                    "被保険者番号": "1234567",
                    "発症日": onset.isoformat(),
                    "入院日": (onset + dt.timedelta(days=1)).isoformat(),
                    "退院日": (onset + dt.timedelta(days=rng.randrange(2, 90))).isoformat()
                    if rng.random() > 0.1
                    else None,
                    "病型": rng.choice(["脳梗塞", "脳出血", "くも膜下出血"]),
                    "来院方法": rng.choice(["救急車", "独歩"]),
                    "退院先": rng.choice(["自宅", "他院", None]),
                    "搬入時間帯": rng.choice(["深夜", "午前"]),
                    "NIHSS": str(rng.randrange(43)),
                    "備考": f"改行\nあり {person}",
                    "提供停止": rng.choice(["0"] * 19 + ["1"]),
                }
            )
    return rows


def hospital_rows(n: int, seed: int = 1) -> dict[str, Rows]:
    rng = random.Random(seed)
    areas = [row[0] for row in declarations("hospital")[1]["hierarchies"]["area"]["table"][:5]]
    out: dict[str, Rows] = {name: [] for name in ("patients", "visits", "diagnoses", "prescriptions", "labs")}
    for person in range(n):
        subject = f"{person:010d}"
        out["patients"].append(
            {
                "subject_id": subject,
                "chart_no": f"C{person:07d}",
                "name_kanji": "架空",
                "name_kana": "ｶｸｳ",
                "birth": "1950-01-01",
                "age": str(rng.randrange(70, 105)),
                "sex": rng.choice("MF"),
                "area": rng.choice(areas),
                "phone": "",
                "insurer_no": "01130012",
                "insured_no": "12345678",
                "blood": rng.choice(["A", "B", "O", "AB"]),
                "smoking": "never",
                "payer": "national",
                "first_contact": "walk-in",
                "opt_out": rng.choice(["0"] * 19 + ["1"]),
                "notice": "57" if person % 10 == 3 else "both" if person % 2 else "52",
            }
        )
        for _ in range(rng.randrange(1, 4)):
            visit, date = f"V{len(out['visits']):09d}", day(rng)
            out["visits"].append(
                {
                    "visit_id": visit,
                    "subject_id": subject,
                    "visit_date": date.isoformat(),
                    "kind": "outpatient",
                    "dept": "IM",
                    "doctor": "架空",
                }
            )
            out["diagnoses"].append(
                {
                    "dx_id": f"D{len(out['diagnoses']):09d}",
                    "visit_id": visit,
                    "icd10": "I639",
                    "onset": (date - dt.timedelta(days=3)).isoformat(),
                }
            )
            out["prescriptions"].append(
                {
                    "rx_id": f"P{len(out['prescriptions']):09d}",
                    "visit_id": visit,
                    "drug": "3399007F1015",
                    "start_date": date.isoformat(),
                    "days": "7",
                }
            )
            out["labs"].append(
                {
                    "lab_id": f"L{len(out['labs']):09d}",
                    "visit_id": visit,
                    "test": "CRP",
                    "value": rng.choice(["0.3", "300", "399.5", "12.50"]),
                    "taken_on": date.isoformat(),
                    "comment": "自由記載",
                }
            )
    return out


def csv_bytes(rows: Rows, names: list[str], encoding: str) -> bytes:
    """CSV in which an empty string is quoted and NULL is not."""

    def cell(value: str | None) -> str:
        return "" if value is None else '"' + value.replace('"', '""') + '"'

    lines = [",".join(cell(name) for name in names)]
    lines += [",".join(cell(row.get(name)) for name in names) for row in rows]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def read_csv(raw: bytes, encoding: str) -> pd.DataFrame:
    """Everything as text; NULL and empty both as ''."""
    rows = list(csv.reader(io.StringIO(raw.decode(encoding), newline="")))
    return pd.DataFrame(rows[1:], columns=rows[0], dtype=object)


@dataclass
class Outcome:
    folder: Path
    answer: dict[str, Any]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    organization: dict[str, Any] = field(default_factory=dict)
    document_risk: dict[str, Any] = field(default_factory=dict)
    claim: dict[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    """The first file of the release."""

    @property
    def document_fields(self) -> list[dict[str, Any]]:
        return list(self.organization["resources"][0]["schema"]["fields"])

    @property
    def status(self) -> str:
        return str(self.answer["status"])

    @property
    def reason(self) -> tuple[str, str]:
        return self.answer["reason"]["code"], self.answer["reason"]["path"]

    def document(self, name: str) -> Any:
        return documents.parse((self.folder / name).read_text(encoding="utf-8"))


class Caller:
    """Writes request folders and makes calls in this process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0

    def request(self, org: Any, pro: Any, rows: Mapping[str, Rows], key: bytes | None = KEY) -> Path:
        self.count += 1
        folder = self.root / f"request-{self.count}"
        (folder / "data").mkdir(parents=True)
        (folder / "secrets").mkdir()
        secrets = []
        if key is not None:
            (folder / "secrets" / "key-1.bin").write_bytes(key)
            secrets = [{"id": "key-1", "file": "secrets/key-1.bin"}]
        head = {"protocol": "tokumei/1", "id": "x", "operation": "anonymize", "secrets": secrets, "test_seed": None}
        documents.write(folder / "request.json", head)
        documents.write(folder / "organization.yaml", org)
        documents.write(folder / "processing.yaml", pro)
        for resource in org["resources"]:
            if resource["name"] not in rows:
                continue
            names = [f["name"] for f in resource["schema"]["fields"]]
            target = folder / "data" / resource["path"]
            if resource["format"] == "parquet":
                columns = {
                    name: pa.array([row.get(name) for row in rows[resource["name"]]], pa.string()) for name in names
                }
                pq.write_table(pa.table(columns), target)
            else:
                target.write_bytes(csv_bytes(rows[resource["name"]], names, resource["encoding"]))
        return folder

    def send(self, request: Path) -> Outcome:
        response = request.with_name(request.name.replace("request", "response"))
        protocol.call(request, response)
        outcome = Outcome(response, json.loads((response / "response.json").read_text(encoding="utf-8")))
        if outcome.status == "ok":
            outcome.organization = outcome.document("organization.yaml")
            outcome.document_risk = outcome.document("risk.json")
            outcome.claim = outcome.document("processing.yaml")
            for resource in outcome.organization["resources"]:
                file = response / "data" / resource["path"]
                if resource["format"] == "parquet":
                    outcome.tables[resource["name"]] = pq.read_table(file).to_pandas()
                else:
                    outcome.tables[resource["name"]] = read_csv(file.read_bytes(), resource["encoding"])
                outcome.raw = outcome.raw or file.read_bytes()
        else:
            assert sorted(p.name for p in response.iterdir()) == ["response.json"]
        return outcome

    def __call__(self, org: Any, pro: Any, rows: Mapping[str, Rows], key: bytes | None = KEY) -> Outcome:
        return self.send(self.request(org, pro, rows, key))


@pytest.fixture
def run(tmp_path: Path) -> Caller:
    return Caller(tmp_path)
