"""What the reference says that it reached of l and t is what the measures of the suite count on its release."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pytest

from tokumei import crosscheck, documents, resources, schema
from tokumei.adapters.adapter import Adapter
from tokumei.adapters.connect import connect
from tokumei.declarations import Organization
from tokumei.documents import Loaded
from tokumei.engines.duckdb import DuckDB
from tokumei.measures.classes import k
from tokumei.measures.closeness import t_equal
from tokumei.measures.combinations import combinations
from tokumei.measures.diversity import l_distinct
from tokumei.measures.profile import profile
from tokumei.model import Request, Response
from tokumei.relation import Column, columns

pytest.importorskip("tokumei_reference")

FOLDER = resources.data("examples", "declarations", "stroke-registry")
QUASI = ["registry.年齢", "registry.性別", "registry.市区町村"]
BASE = {"quasi": QUASI, "sensitive": "registry.病型"}
L = {"model": "l-diversity", "l": 2, **BASE}
E = {"model": "l-diversity", "l": 2.2, "kind": "entropy", **BASE}
T = {"model": "t-closeness", "t": 0.25, **BASE}
OPEN = {"hierarchy": "area", "levels": ["市区町村", "都道府県", "地方"]}
OPTIMAL = {"algorithm": "optimal", "k": 5, "maxSuppressed": 0.3}
SAMPLE = {
    "id": "z1", "technique": "sample", "fields": ["registry"], "params": {"fraction": 0.6, "of": "subject"},
    "realises": [5], "why": "標本とする",
}  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> Iterator[Adapter]:
    with connect("reference") as adapter:
        yield adapter


def people(count: int, admissions: int) -> list[dict[str, str | None]]:
    """Invented persons, each with up to so many rows; the disease leans on the sex, so that t is not for nothing."""
    chance = random.Random(count)
    areas = [row[0] for row in documents.load(FOLDER / "processing.yaml").document["hierarchies"]["area"]["table"]]
    rows: list[dict[str, str | None]] = []
    for person in range(count):
        sex, area, age = chance.choice("男女"), chance.choice(areas[:8]), str(chance.randrange(60, 100))
        for _ in range(chance.randint(1, admissions)):
            rows.append({
                "登録番号": f"R{len(rows):08d}", "患者番号": f"{person:08d}", "氏名": "架空", "カナ氏名": "カクウ",
                "生年月日": "1950-01-01", "年齢": age, "性別": sex, "郵便番号": "060-0001", "市区町村": area,
                "住所": "架空", "電話番号": "", "保険者番号": "01130012", "被保険者番号": "1234567",
                "発症日": "2023-05-01", "入院日": "2023-05-02", "退院日": "2023-06-01",
                "病型": chance.choice(["脳梗塞", "脳出血", "くも膜下出血", "脳梗塞" if sex == "男" else None]),
                "来院方法": "救急車", "退院先": "自宅", "搬入時間帯": "深夜", "NIHSS": "4", "備考": "", "提供停止": "0",
            })  # fmt: skip
    return rows


def release(reference: Adapter, targets: list[Any], rows: int = 1, count: int = 400, **changes: Any) -> Response:
    """Declare, validate as the suite does, and call."""
    organization = documents.load(FOLDER / "organization.yaml")
    asked = documents.load(FOLDER / "processing.yaml")
    document = copy.deepcopy(asked.document)
    document["targets"] = [each for each in document["targets"] if each["model"] != "l-diversity"] + targets
    steps = {step["id"]: step for step in document["steps"]}
    for step, params in changes.items():
        if step != "before":
            steps[step]["params"] = params
    if "before" in changes:
        document["steps"].insert(1, changes["before"])
    processing = Loaded(document=document, file=asked.file, text=asked.text)
    assert schema.validate(document, "processing") == ()
    assert crosscheck.pair(organization, processing) == ()
    people_of = people(count, rows)
    names = [field.name.field for field in Organization.of(organization.document).fields()]
    table = pa.table({name: pa.array([row[name] for row in people_of], pa.string()) for name in names})
    request = Request(
        id="r",
        organization=organization.document,
        processing=document,
        data={"registry": table},
        secrets={"key-1": bytes(range(32))},
    )
    response = reference.call(request).response
    assert response is not None
    return response


def measured(response: Response) -> Mapping[str, Any]:
    table = response.data["registry"]
    names = [name.split(".")[1] for name in QUASI]
    chosen = {name: table.column(name) for name in ["患者番号", *names, "病型"]}
    nothing = {"case": pa.array(["one"] * table.num_rows), "call": pa.array([0] * table.num_rows)}
    with DuckDB() as engine:
        given = engine.register("rows", pa.table(nothing | chosen))
        by, person, sensitive = columns(names), Column("患者番号"), Column("病型")
        (all_of,) = profile(combinations(given, by=by, person=person, sensitive=sensitive)).rows()
        (one,) = l_distinct(given, by=by, person=person, sensitive=sensitive).rows()
        (two,) = t_equal(given, by=by, person=person, sensitive=sensitive).rows()
        (three,) = k(given, by=by, person=person).rows()
    return {"k": three["k"], "distinct": one["l"], "entropy": all_of["l_entropy"], "total-variation": two["t"]}


CASES: dict[str, dict[str, Any]] = {
    "l": {"targets": [L]},
    "entropy l": {"targets": [E]},
    "t": {"targets": [T]},
    "all": {"targets": [L, E, T]},
    "persons of several rows": {"targets": [L, T], "rows": 3},
    "open levels": {"targets": [L, T], "s10": OPEN, "s13": OPTIMAL},
    "local": {"targets": [L, T], "s10": OPEN, "s13": {**OPTIMAL, "recoding": "local"}},
    "sample": {"targets": [L, T], "before": SAMPLE, "count": 700},
    "numbers": {"targets": [L], "s07": {"scope": "release", "domain": "admission", "bits": 0}},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_measures_of_the_suite_count_what_the_release_says(reference: Adapter, case: dict[str, Any]) -> None:
    response = release(reference, **case)
    assert (response.status, response.problems) == ("ok", ()), (response.code, response.path)
    assert response.organization is not None
    assert response.processing is not None
    assert schema.validate(response.organization, "organization") == ()
    assert schema.validate(response.processing, "processing") == ()
    found, told = measured(response), json.loads(response.extra["risk.json"])
    by_model = {(each["model"], each.get("kind")): each for each in told["targets"]}
    assert by_model["k-anonymity", None]["reached"] == found["k"] >= 5
    for target in case["targets"]:
        kind = target.get("kind", "distinct") if target["model"] == "l-diversity" else "total-variation"
        each = by_model[target["model"], kind]
        assert each["reached"] == pytest.approx(found[kind], abs=1e-6)
        assert each["asked"] == target.get("l", target.get("t"))
        assert found[kind] <= target["t"] + 1e-9 if "t" in target else found[kind] >= target["l"] - 1e-9
    assert response.data["registry"].num_rows > 50


def test_what_is_not_reached_is_refused_at_its_target(reference: Adapter) -> None:
    response = release(reference, [{**L, "l": 5}])
    assert (response.status, response.code, response.path) == ("refused", "CANNOT_MEET_PRIVACY", "/targets/2")
    assert response.data == {}
