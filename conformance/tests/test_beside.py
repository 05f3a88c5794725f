"""The documents beside a release: read strictly, compared item by item, and made elsewhere where a product says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei import schema
from tokumei.adapters.inprocess import InProcess
from tokumei.adapters.product import info_from
from tokumei.beside import BOOK, ELSEWHERE, ERASURE, PUBLICATION, RISK, STATEMENT, UTILITY, items_differ, path_of, read
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.modalities.tables.accompanying import risk
from tokumei.model import Product, ProductInfo, Request, Response, TokumeiError
from tokumei.runner.power import pair_named
from tokumei.runner.session import run
from tokumei.spec import load_spec

ROOT = Path(__file__).parents[2]
NAMES = st.lists(st.sampled_from(["age", "sex", "area", "kind"]), min_size=1, unique=True)


def released(columns: list[str], titles: Mapping[str, str] | None = None) -> Response:
    fields = [{"name": name, "title": (titles or {}).get(name, name)} for name in columns]
    return Response(
        status="ok",
        data={"patients": pa.table({name: pa.array(["x"], pa.string()) for name in columns})},
        organization={"resources": [{"name": "patients", "schema": {"fields": fields}}]},
    )


@given(NAMES, NAMES)
def test_items_are_compared_as_sets_are(columns: list[str], items: list[str]) -> None:
    document = {"items": [{"resource": "patients", "items": items}]}
    differ = items_differ(released(columns), document)
    assert differ == (len(set(columns) - set(items)), len(set(items) - set(columns)))


def test_an_item_is_a_name_or_a_title_and_counts_once() -> None:
    response = released(["age", "sex"], {"age": "年齢"})
    for items, differ in (
        (["年齢", "sex"], (0, 0)),
        (["age", "sex", "年齢"], (0, 1)),
        (["sex", "sex"], (1, 1)),
    ):
        assert items_differ(response, {"items": [{"resource": "patients", "items": items}]}) == differ
    other = {"items": [{"resource": "visits", "items": ["age", "sex"]}]}
    assert items_differ(response, other) == (2, 2)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", "[" * 100_000, '{"recipient": "", "date": "2024-06-10", "items": []}']
)
def test_what_is_no_such_document_is_not_read(text: str) -> None:
    assert read(Response(status="ok", extra={path_of(BOOK): text}), BOOK) is None


def test_a_description_of_another_form_gives_no_titles() -> None:
    response = Response(status="ok", data=released(["age"]).data, organization={"resources": 5})
    assert items_differ(response, {"items": [{"resource": "patients", "items": ["age"]}]}) == (0, 0)


def test_the_risk_of_a_person_is_that_of_his_smallest_class() -> None:
    organization, processing = pair_named("stroke-registry")
    quasi = [name.field for name in next(t for t in processing.targets if t.quasi).quasi]
    key = organization.subject_key.field
    rows = [("p1", "a"), ("p1", "b"), ("p2", "a"), ("p3", "a"), (None, "b")]
    table = pa.table({key: [person for person, _ in rows], **{name: [value for _, value in rows] for name in quasi}})
    report = risk(organization, processing, Response(status="ok", data={"registry": table}))
    [line] = report["classes"]
    assert (line["persons"], line["k"]) == (3, 1)
    assert line["prosecutorRisk"] == {"maximum": 1.0, "mean": round((1 + 1 / 3 + 1 / 3) / 3, 4)}
    assert report["score"] == {"combine": "minimum", "value": 0.0}
    assert schema.validate(report, RISK) == ()


def test_the_risk_report_is_never_somebody_elses() -> None:
    assert info_from({"name": "x", "elsewhere": {BOOK: "a ledger"}}, ROOT, "product.yaml").elsewhere == {
        BOOK: "a ledger"
    }
    for wrong in ({RISK: "a system"}, {BOOK: " "}, {BOOK: 1}, ["book"]):
        assert schema.validate({"name": "x", "elsewhere": wrong}, "product") or wrong == {BOOK: " "}
        with pytest.raises(TokumeiError):
            info_from({"name": "x", "elsewhere": wrong}, ROOT, "product.yaml")


def without(*names: str) -> Product:
    made = baseline.product()

    def silent(request: Request) -> Response:
        answer = made(request)
        extra = {path: text for path, text in answer.extra.items() if path not in map(path_of, names)}
        return Response(
            status=answer.status, code=answer.code, path=answer.path, message=answer.message, data=answer.data,
            organization=answer.organization, processing=answer.processing, extra=extra,
        )  # fmt: skip

    return silent


def test_a_document_made_elsewhere_is_not_applicable_and_the_report_names_the_system() -> None:
    asked = {id_: check for id_, check in checks().items() if check.document}
    assert {check.document for check in asked.values()} <= {RISK, *ELSEWHERE}
    told = ProductInfo(
        name="x", configuration="obey", keys="given", elsewhere={BOOK: "提供台帳", STATEMENT: "契約管理"}
    )
    with DuckDB() as engine, InProcess(without(BOOK, PUBLICATION), told) as adapter:
        done = run(adapter, told, asked, engine, load_spec(), adapter="x", seed=1, effort="smoke")
    [track] = done.record["tracks"]
    said = {item["clause"]: item for item in track["clauses"]}
    assert (said["P-01"]["verdict"], said["P-01"]["why"]) == ("not_applicable", "ics")
    assert "提供台帳" in said["P-01"]["message"]["ja"] and "提供台帳" in said["P-01"]["message"]["en"]
    assert said["D-10"]["verdict"] == "fail"  # it is missing, and nobody else was named
    assert said["P-03"]["verdict"] != "not_applicable"  # it was written all the same, and is judged
    assert schema.validate(done.record, "report") == ()


@pytest.mark.parametrize("name", [RISK, STATEMENT, PUBLICATION, BOOK, ERASURE, UTILITY])
def test_the_documents_of_the_examples_obey_their_schemas(name: str) -> None:
    for file in (ROOT / "examples" / "products").glob(f"*/release/{name}.json"):
        assert schema.validate(json.loads(file.read_text("utf-8")), name) == ()
    assert name in schema.names()
