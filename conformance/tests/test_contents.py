"""What a release contains makes profiles mandatory: each thing is seen wherever it stands, labels and codes are not."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tokumei import schema
from tokumei.adapters.inprocess import InProcess
from tokumei.adapters.product import info_from
from tokumei.clause import checks
from tokumei.declarations import Organization, Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.modalities.tables.data import read
from tokumei.model import Finding, Product, Request, Response, RunOutcome, Text, TokumeiError, Verdict
from tokumei.report import scope
from tokumei.report.terminal import lines
from tokumei.runner.contents import FILES, Content, contents
from tokumei.runner.examined import Examined, profiles
from tokumei.runner.session import examples, run
from tokumei.runner.verdicts import ClauseResult
from tokumei.spec import Edition, Profile, load_spec

PAIRS = {organization.name: (organization, processing) for organization, processing in examples()}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(200))).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(200))).decode()
DICOM = b"\x00" * 128 + b"DICM" + bytes(range(100))
NOTE = "架空の経過。家族は近くに住み、退院後は仕事に戻る予定である。"
MASTER = [f"その他及び詳細不明の原因によるもの，第{n}群に属するもの" for n in range(12)] * 4
LABELS = ["詳細不明の慢性閉塞性肺疾患，急性増悪を伴うもの", "その他及び詳細不明の原因による胃腸炎，感染性のもの"] * 8
HISTORY = [f"第{n}病日に歩行を始め、{n + 3}日目に自宅へ戻ることを希望した" for n in range(12)]


def seen(
    tables: dict[str, dict[str, list[str | None]]],
    pair: str = "hospital",
    extra: dict[str, str] | None = None,
    claim: Processing | None = None,
) -> set[Content]:
    data = {
        name: pa.table({field: pa.array(values, pa.string()) for field, values in columns.items()})
        for name, columns in tables.items()
    }
    return set(contents(*PAIRS[pair], claim, Response(status="ok", data=data, extra=extra or {})))


def one(profile: str, object_: str, where: str) -> set[Content]:
    return {Content(profile, object_, where)}


@pytest.mark.parametrize(
    ("values", "profile", "object_"),
    [
        ([NOTE], "text", "text"),
        (["Admitted with fever and cough at night. He lives alone and works in a bakery."], "text", "text"),
        (HISTORY, "text", "text"),
        ([PNG], "camera", "image"),
        ([JPEG], "camera", "image"),
        (["data:image/webp;base64,UklGRg"], "camera", "image"),
        (["wound/left-arm.JPG"], "camera", "image"),
        ([base64.b64encode(DICOM).decode()], "dicom", "image"),
        (["series1/0001.dcm"], "dicom", "image"),
        (["rs429358 C/T"], "genome", "genotypes"),
        (["A/G", "G/G"], "genome", "genotypes"),
        (["0|1"], "genome", "genotypes"),
        (["NM_000277.3:c.1222C>T (p.Arg408Trp)"], "genome", "genotypes"),
        (["D3S1358 15,16", "TH01 6,9.3"], "genome", "genotypes"),
        (["ACGT" * 40], "genome", "genotypes"),
    ],
)
@pytest.mark.parametrize("column", ["dept", "anything"])
def test_a_thing_is_seen_in_any_column(values: list[str | None], profile: str, object_: str, column: str) -> None:
    """A declared column is named; another is told by its place, since its name may hold a value."""
    found = seen({"visits": {"kind": ["外来"] * len(values), column: values}})
    assert found == one(profile, object_, "visits.dept" if column == "dept" else "visits#2")


@pytest.mark.parametrize(
    "values",
    [
        LABELS,
        MASTER,
        ["[40-45)", "90歳以上", "*", "", "40～44歳"],
        ["長野県", "山梨県", "松本圏", "富士・東部圏"],
        ["2024-04-01", "2024年4月1日", "2024/04"],
        ["E11", "I63.9", "8830052", "3B010000002327101"],
        ["Chronic obstructive pulmonary disease with acute exacerbation, unspecified"] * 30,
        [base64.urlsafe_b64encode(bytes([n]) * 16).decode() for n in range(50)],
        ["AAAAAAAA-rs12345-B", "Xrs123456", "chr1-2", "FGA", "120/80", "1/2", "T/T test"],
        ["-", "＊", "■■■", "削除"],
        ["9999999999", "0.5", "1e-5", "<10"],
        ["特になし", "禁煙済み", "救急車", "家族同伴", "院内発症"],
    ],
)
def test_labels_codes_and_pseudonyms_are_none_of_them(values: list[str | None]) -> None:
    assert seen({"visits": {"kind": values, "whatever": values}}) == set()


def test_a_declared_column_of_texts_or_pictures_counts_whatever_its_values() -> None:
    found = seen({"registry": {"備考": ["良", "可", None]}}, "stroke-registry")
    assert found == one("text", "text", "registry.備考")
    assert seen({"registry": {"備考": ["■", "*", None, ""]}}, "stroke-registry") == set()  # markers in place of texts
    organization, processing = PAIRS["stroke-registry"]
    document: dict[str, Any] = copy.deepcopy(dict(organization.document))
    field = next(f for f in document["resources"][0]["schema"]["fields"] if f["name"] == "退院先")
    field["tokumei"]["class"] = ["image"]
    table = pa.table({"退院先": pa.array(["a"], pa.string())})
    response = Response(status="ok", data={"registry": table})
    assert set(contents(Organization.of(document), processing, None, response)) == one(
        "camera", "image", "registry.退院先"
    )


def test_listed_values_are_labels_however_long_they_are() -> None:
    organization, processing = PAIRS["stroke-registry"]
    document: dict[str, Any] = copy.deepcopy(dict(organization.document))
    field = next(f for f in document["resources"][0]["schema"]["fields"] if f["name"] == "退院先")
    field["constraints"]["enum"].append(NOTE)
    response = Response(status="ok", data={"registry": pa.table({"退院先": pa.array([NOTE], pa.string())})})
    assert set(contents(Organization.of(document), processing, None, response)) == set()
    assert seen({"registry": {"退院先": [NOTE]}}, "stroke-registry") == one("text", "text", "registry.退院先")


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("figures/1.png", "x", ("camera", "image")),
        ("data/a", "\ufffdPNG\r\n\x1a\n\x00", ("camera", "image")),
        ("data/a", "臼NG\r\n\x1a\n\x00", ("camera", "image")),
        ("data/a", "\ufffd\ufffd\ufffd\ufffd\x00\x10JFIF\x00", ("camera", "image")),
        ("data/all.zip!scan/2.jpeg", "x", ("camera", "image")),
        ("data/a", DICOM.decode("utf-8", "replace"), ("dicom", "image")),
        ("data/series.nii.gz", "x", ("dicom", "image")),
        ("data/calls.vcf", "##fileformat=VCFv4.2", ("genome", "genotypes")),
        ("summary.csv", "sex,count\n男,12\n女,9\n", ("stat", "counts")),
        ("data/tables/t1.tsv", "地域\t患者数\n松本圏\t<10\n", ("stat", "counts")),
        ("data/notes/0001.txt", NOTE, ("text", "text")),
    ],
)
def test_a_file_beside_the_tables_is_told_by_what_it_is_and_not_named(
    path: str, text: str, found: tuple[str, str]
) -> None:
    assert seen({}, extra={path: text}) == one(*found, FILES)


@pytest.mark.parametrize(
    ("content", "profile"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "camera"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)), "camera"),
        (b"GIF89a\x01\x00\x01\x00" + bytes(range(256)), "camera"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(range(256)), "camera"),
        (DICOM, "dicom"),
        ("地域,患者数\n松本圏,12\n".encode("cp932"), "stat"),
        (b"%PDF-1.7\n", None),
        (bytes(range(256)), None),
    ],
)
def test_the_bytes_of_a_file_tell_what_it_is_whatever_it_is_called(
    content: bytes, profile: str | None, tmp_path: Path
) -> None:
    organization, processing = PAIRS["hospital"]
    (tmp_path / "data").mkdir()
    (tmp_path / "response.json").write_text('{"status": "ok"}', encoding="utf-8")
    (tmp_path / "data" / "payload").write_bytes(content)
    request = Request(id="x", organization=organization.document, processing=processing.document, data={})
    response = read(tmp_path, request)
    assert {found.profile for found in contents(organization, processing, None, response)} == {profile} - {None}


def test_documents_and_plain_files_are_none_of_them() -> None:
    extra = {
        "risk.json": '{"persons": {"suppressed": 4}, "method": "prosecutor"}',
        "statement.json": json.dumps({"items": [NOTE]}, ensure_ascii=False),
        "organization.yaml": "name: hospital\n",
        "log/run.log": NOTE,
        "data/README": "1 image",
        "data/codes.csv": "code,label\nE11,糖尿病\n",
    }
    assert seen({}, extra=extra) == set()


def test_a_count_table_has_no_persons_and_says_how_many_there_are() -> None:
    assert seen({"by-area": {"area": ["松本圏", "長野圏"], "患者数": ["12", "<10"]}}) == one("stat", "counts", "#1")
    aggregated: dict[str, list[str | None]] = {"dept": ["内科", "外科"], "件数": ["12", "30"]}
    assert seen({"visits": aggregated}) == one("stat", "counts", "visits")
    of_persons = aggregated | {"subject_id": ["p1", "p2"]}
    assert seen({"visits": of_persons}) == set()  # each row is of a person, as the size of a class is
    assert seen({"by-area": {"area": ["松本圏"], "患者数": ["多い"]}}) == set()
    assert seen({"by-area": {"n": ["1"]}}) == set()


def test_a_declared_number_of_each_person_is_no_count_of_persons() -> None:
    organization, processing = PAIRS["hospital"]
    document: dict[str, Any] = copy.deepcopy(dict(organization.document))
    visits = next(resource for resource in document["resources"] if resource["name"] == "visits")
    table = pa.table({"dept": pa.array(["内科", "外科"]), "件数": pa.array(["12", "30"])})
    response = Response(status="ok", data={"visits": table})
    assert set(contents(organization, processing, None, response)) == one("stat", "counts", "visits")
    visits["schema"]["fields"].append({"name": "件数", "type": "integer", "tokumei": {"class": ["neutral"]}})
    assert set(contents(Organization.of(document), processing, None, response)) == set()


@pytest.mark.parametrize(
    ("change", "object_", "where"),
    [
        (
            lambda d: d["release"].update(priorReleases=[{"id": "R0", "relation": "unknown"}]),
            "prior-release",
            "/release/priorReleases",
        ),
        (lambda d: d["secrets"][0].update(scope="recipient"), "linkable", "/secrets/0/scope"),
        (
            lambda d: [s["params"].update(scope="operator") for s in d["steps"] if s["id"] == "s06"],
            "linkable",
            "/steps/5/params/scope",
        ),
    ],
)
def test_a_second_release_is_declared_by_what_is_asked_or_claimed(change: Any, object_: str, where: str) -> None:
    organization, processing = PAIRS["stroke-registry"]
    document: dict[str, Any] = copy.deepcopy(dict(processing.document))
    change(document)
    wider = Processing.of(document)
    empty = Response(status="ok")
    assert set(contents(organization, wider, None, empty)) == one("multi", object_, where)
    assert set(contents(organization, processing, wider, empty)) == one("multi", object_, where)
    assert set(contents(organization, processing, processing, empty)) == set()


@pytest.mark.parametrize(
    "text", ["a " * 40_000, "あ" * 80_000, "c." * 40_000, "rs1" * 30_000, "AC " * 20_000 + "AC", "\ud800/x"]
)
def test_long_texts_of_a_hostile_product_are_read_in_time(text: str) -> None:
    cell = text.encode("utf-8", "replace").decode()
    began = time.process_time()
    seen({"visits": {"dept": [cell], cell[:5000]: [cell]}}, extra={"data/x": text, f"data/{text[:5000]}": text})
    assert time.process_time() - began < 2


def test_odd_tables_stop_nothing() -> None:
    table = pa.table([pa.array(["a"]), pa.array([NOTE]), pa.array([[1]])], names=["dept", "dept", "n"])
    numbers = pa.table({"a": pa.array([1, 2]), "n": pa.array([3, None])})
    response = Response(status="ok", data={"visits": table, "x": numbers, "none": pa.table({})})
    found = set(contents(*PAIRS["hospital"], None, response))
    assert Content("text", "text", "visits.dept") in found
    assert Content("stat", "counts", "#2") in found


# --- profiles of a run ------------------------------------------------------------------------------------------------


def result(clause: str, verdict: Verdict = Verdict.PASS, **over: Any) -> ClauseResult:
    return ClauseResult(clause=clause, verdict=verdict, **over)


def having(*own: str) -> Edition:
    edition = load_spec()
    words = Text("自由記載", "Free text")
    made = Profile(id="text", title=words, description=words, includes=(), own=own, clauses=own)
    return dataclasses.replace(edition, profiles={**edition.profiles, "text": made})


def test_a_finding_of_a_detector_makes_its_profile_mandatory_and_names_declared_fields_only() -> None:
    organization, _ = PAIRS["stroke-registry"]
    found = Examined(fields={"stroke-registry": frozenset(info.name for info in organization.fields())})
    known = Finding(code="FREE_TEXT", case="stroke-registry/a", resource="registry", fields=("備考",))
    other = dataclasses.replace(known, fields=("佐藤 花子",))
    results = [result("X-01", Verdict.FAIL, findings=(known, other, other)), result("I2-06")]
    (entry,) = profiles(found, results, load_spec())
    assert (entry["profile"], entry["mandatory"], entry["claimed"]) == ("text", True, False)
    assert [(r["where"], r["calls"]) for r in entry["reasons"]] == [("X-01 registry.備考", 1), ("X-01 registry", 2)]
    assert "佐藤" not in json.dumps(entry, ensure_ascii=False)
    assert profiles(found, [result("X-01"), result("I2-06")], load_spec()) == []


def test_a_profile_is_judged_only_when_every_clause_of_it_was_decided() -> None:
    def state(edition: Edition, *results: ClauseResult) -> str:
        return str(profiles(Examined(), results, edition, ["text"])[0]["state"])

    assert state(load_spec(), result("X-01")) == "not_in_edition"
    assert state(having("X-90", "X-91"), result("X-90"), result("X-91", Verdict.FAIL)) == "judged"
    assert state(having("X-90", "X-91"), result("X-90")) == "not_run"
    assert state(having("X-90"), result("X-90", Verdict.INCONCLUSIVE)) == "not_run"
    assert state(having("X-90"), result("X-90", Verdict.SUITE_ERROR)) == "not_run"


def test_a_claimed_profile_is_listed_and_not_mandatory() -> None:
    (entry,) = profiles(Examined(), [], load_spec(), ["dicom"])
    assert (entry["mandatory"], entry["claimed"], entry["state"], entry["reasons"]) == (
        False,
        True,
        "not_in_edition",
        [],
    )


def with_a_picture(product: Product) -> Product:
    def made(request: Request) -> Response:
        response = product(request)
        return dataclasses.replace(response, extra={**response.extra, "figures/架空花子.png": "\ufffdPNG\r\n\x1a\n"})

    return made


def less_k(product: Product) -> Product:
    def made(request: Request) -> Response:
        response = product(request)
        claim: dict[str, Any] = copy.deepcopy(dict(response.processing or {}))
        if claim:
            claim["targets"][0] |= {"k": 3, "why": "架空の理由 <script>"}
        return dataclasses.replace(response, processing=claim or None)

    return made


def record_of(product: Product, *clauses: str) -> dict[str, Any]:
    asked = {id_: checks()[id_] for id_ in clauses}
    with DuckDB() as engine:
        return run(
            InProcess(product, baseline.INFO), baseline.INFO, asked, engine, load_spec(), adapter="x", seed=1
        ).record


def test_a_correct_product_has_no_other_profile_and_no_relaxed_bound() -> None:
    record = record_of(baseline.product(), "D-05")
    assert (record["outcome"], record["exit"]) == (RunOutcome.ALL_MET, 0)
    assert record["profiles"]["entries"] == [] == record["relaxed"]
    assert record["profiles"]["releases"] > 20
    assert scope.headline(record)["ja"] == "全要求事項を満たした"


def test_a_mandatory_profile_that_is_not_tested_stands_beside_the_outcome() -> None:
    record = record_of(with_a_picture(less_k(baseline.product())), "D-05")
    assert schema.validate(record, "report") == ()
    assert record["outcome"] == RunOutcome.ALL_MET  # of what was tested
    (entry,) = record["profiles"]["entries"]
    assert (entry["profile"], entry["mandatory"], entry["claimed"]) == ("camera", True, False)
    assert entry["state"] == "not_in_edition"
    assert {reason["organization"] for reason in entry["reasons"]} == set(PAIRS)
    assert {reason["where"] for reason in entry["reasons"]} == {FILES}
    assert sum(reason["calls"] for reason in entry["reasons"]) == record["profiles"]["releases"]
    assert "架空花子" not in json.dumps(record, ensure_ascii=False)
    told = "\n".join(lines(record, "ja"))
    assert "判定: 全要求事項を満たした（未試験の適用区分：写真及びカメラ画像）" in told
    assert {(row["clause"], row["by"], row["reason"]) for row in record["relaxed"]} >= {
        ("D-06", "claimed", "架空の理由 <script>")
    }


def test_a_statement_names_profiles_that_there_are(tmp_path: Path) -> None:
    assert info_from({"name": "x", "profiles": ["text", "multi"]}, tmp_path, "product.yaml").profiles == (
        "text",
        "multi",
    )
    assert info_from({"name": "x"}, tmp_path, "product.yaml").profiles == ()
    for wrong in ("text", ["unheard-of"], [1], [["text"]]):
        with pytest.raises(TokumeiError) as refused:
            info_from({"name": "x", "profiles": wrong}, tmp_path, "product.yaml")
        assert refused.value.problems[0].place.pointer == "/profiles"
