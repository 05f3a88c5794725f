"""``validate_pair`` on whole folders: known-bad files, and that nothing of the data is repeated."""

from __future__ import annotations

import ast
import csv
import io
import re
import shutil
from pathlib import Path

import frictionless
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tokumei
from tokumei import documents, resources, schema, wording
from tokumei.model import REFUSAL_CODES, Place, Problem
from tokumei.validation import validate_pair

EXAMPLES = sorted(path.name for path in resources.data("examples", "declarations").iterdir())
CANARY = "0120848848"
PACKAGE = Path(tokumei.__file__).parent
CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
NO_CODES = {"O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", *REFUSAL_CODES}
VALUES = {"date": "2024-04-01", "integer": "40", "number": "1.5"}
VALUES |= {"time": "09:41:07", "datetime": "2024-07-02T09:41:07"}


class Hospital:
    """The hospital example with three rows a table, to be spoilt."""

    def __init__(self, folder):
        self.folder = folder
        source = resources.data("examples", "declarations", "hospital")
        self.organization = folder / "organization.yaml"
        self.processing = folder / "processing.yaml"
        for path in (self.organization, self.processing):
            shutil.copy(source / path.name, path)
        self.data = folder / "data"
        self.data.mkdir()
        self.tables = {}
        for resource in documents.load(self.organization).document["resources"]:
            names = [field["name"] for field in resource["schema"]["fields"]]
            cells = {field["name"]: VALUES.get(field["type"], "x") for field in resource["schema"]["fields"]}
            self.tables[resource["name"]] = (names, [cells] * 3)
            if resource["format"] == "parquet":
                pq.write_table(pa.table({name: [cells[name]] * 3 for name in names}), self.data / resource["path"])
            else:
                self.write(resource["name"])

    def text(self, name, *, rows=3, change=None):
        names, cells = self.tables[name]
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows([{**row, **(change or {})} for row in cells[:rows]])
        return out.getvalue()

    def write(self, name, encoding="utf-8", **how):
        (self.data / f"{name}.csv").write_bytes(self.text(name, **how).encode(encoding))

    def edit(self, path, old, new):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def problems(self):
        return validate_pair(self.organization, self.processing, self.data)

    def codes(self):
        return [problem.code for problem in self.problems()]


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_valid(name):
    folder = resources.data("examples", "declarations", name)
    assert validate_pair(folder / "organization.yaml", folder / "processing.yaml") == ()
    assert validate_pair(folder / "organization.yaml") == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_frictionless_reads_the_organization_unchanged(name):
    document = documents.load(resources.data("examples", "declarations", name, "organization.yaml")).document
    package = frictionless.Package.from_descriptor(document)
    assert [resource.name for resource in package.resources] == [each["name"] for each in document["resources"]]
    assert package.custom["tokumei"] == document["tokumei"]
    assert not list(frictionless.Package.metadata_validate(document))


def test_good_data_are_good(hospital):
    assert hospital.problems() == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "line_of"),
    [
        ("version: 1.0.0\ntokumei", "version: 1.0.0\nname: again\ntokumei", "DUPLICATE_KEY", "name: again"),
        ("name: hospital\n", "name: [hospital\n", "YAML_SYNTAX", None),
        ('"2022-10-01"', "2022-10-01", "IMPLICIT_DATE", "2022-10-01"),
        ("size: 310000", "size: many", "SCHEMA_TYPE", "size: many"),
        ("profile: organization/1", "profile: organization/2", "SCHEMA_CONST", "profile: organization/2"),
        ("{class: [neutral], unit: d}", "{class: [neutral], unite: d}", "SCHEMA_ADDITIONALPROPERTIES", "unite: d"),
    ],
)
def test_a_broken_organization_is_told_with_its_line(hospital, old, new, code, line_of):
    hospital.edit(hospital.organization, old, new)
    problem = next(each for each in hospital.problems() if each.place.file == str(hospital.organization))
    assert problem.code == code
    if line_of:
        lines = hospital.organization.read_text(encoding="utf-8").splitlines()
        assert line_of in lines[problem.place.line - 1]


def test_both_files_are_looked_at_when_one_is_broken(hospital):
    hospital.edit(hospital.organization, "level: release", "level: x")
    hospital.edit(hospital.processing, "regime: NGMIA-19", "regime: x")
    assert hospital.codes() == ["SCHEMA_ENUM", "SCHEMA_ENUM"]


def test_missing_files_and_folders(hospital):
    (hospital.data / "visits.csv").unlink()
    (hospital.data / "diagnoses.csv").write_bytes(b"")
    assert hospital.codes() == ["DATA_MISSING", "DATA_EMPTY"]
    assert [p.code for p in validate_pair(hospital.folder / "none.yaml")] == ["FILE_MISSING"]
    found = validate_pair(hospital.organization, None, hospital.folder / "none")
    assert [problem.code for problem in found] == ["FOLDER_MISSING"]


def test_the_right_encoding_is_suggested(hospital):
    hospital.write("patients", "cp932", change={"name_kanji": "山田太郎"})
    problem = hospital.problems()[0]
    assert (problem.code, problem.params["likely"], problem.place.line) == ("DATA_NOT_DECODABLE", "cp932", 2)


def test_mixed_encodings_are_told_apart(hospital):
    good = hospital.text("patients", change={"name_kanji": "山田髙子"}).encode()
    bad = hospital.text("patients", change={"name_kanji": "山田太郎"}).encode("cp932").split(b"\r\n", 1)[1]
    (hospital.data / "patients.csv").write_bytes(good + bad)
    problem = hospital.problems()[0]
    assert (problem.code, problem.place.line) == ("DATA_NOT_DECODABLE", 5)


def test_a_byte_order_mark_is_told(hospital):
    hospital.write("patients", "utf-8-sig")
    assert hospital.codes() == ["DATA_BOM"]


def test_no_rows(hospital):
    hospital.write("patients", rows=0)
    names, _ = hospital.tables["labs"]
    pq.write_table(pa.table({name: pa.array([], pa.string()) for name in names}), hospital.data / "labs.parquet")
    assert hospital.codes() == ["NO_ROWS", "NO_ROWS"]


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95])
def test_truncated_parquet(hospital, keep):
    path = hospital.data / "labs.parquet"
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    assert hospital.codes() == ["PARQUET_UNREADABLE"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("subject_id,", "ｓｕｂｊｅｃｔ_id,", "HEADER_MISMATCH"),
        ("subject_id,", '"subject\n_id",', "HEADER_MISMATCH"),
        ("subject_id,", '"subject""_id",', "HEADER_MISMATCH"),
        ("subject_id,", "subject_id ,", "HEADER_MISMATCH"),
        ("subject_id,chart_no", "chart_no,subject_id", "HEADER_ORDER"),
        ("subject_id,chart_no", "chart_no", "HEADER_MISMATCH"),
        ("subject_id,", f"{CANARY},", "HEADER_MISMATCH"),
    ],
)
def test_a_header_that_differs(hospital, old, new, code):
    text = hospital.text("patients").replace(old, new, 1)
    (hospital.data / "patients.csv").write_text(text, encoding="utf-8", newline="")
    assert hospital.codes()[0] == code


def test_cells_are_counted_by_field(hospital):
    change = {"birth": "2024-02-30", "age": "四十", "subject_id": ""}
    hospital.write("patients", change=change)
    found = {(problem.code, problem.params["field"], problem.params["count"]) for problem in hospital.problems()}
    assert found == {
        ("REQUIRED_MISSING", "patients.subject_id", 3),
        ("TYPE_MISMATCH", "patients.birth", 3),
        ("TYPE_MISMATCH", "patients.age", 3),
    }


def test_typed_parquet_is_compared_by_type(hospital):
    names, _ = hospital.tables["labs"]
    columns = {name: ["x"] * 3 for name in names} | {"value": [1.5, 2.5, None], "taken_on": [1, 2, 3]}
    pq.write_table(pa.table(columns), hospital.data / "labs.parquet")
    problem = hospital.problems()[0]
    assert (problem.code, problem.params["field"], problem.params["count"]) == ("TYPE_MISMATCH", "labs.taken_on", 3)


def test_ragged_rows_and_open_quotes(hospital):
    (hospital.data / "patients.csv").write_text(hospital.text("patients") + "1,2\r\n", encoding="utf-8", newline="")
    (hospital.data / "visits.csv").write_text(hospital.text("visits") + '"x', encoding="utf-8", newline="")
    assert hospital.codes() == ["ROW_LENGTH", "CSV_SYNTAX"]


def test_a_wrong_dialect_or_encoding_is_told_once(hospital):
    hospital.edit(hospital.organization, "path: visits.csv", "path: visits.csv\n    dialect: {delimiter: ab}")
    assert hospital.codes() == ["DIALECT_INVALID"]
    hospital.edit(hospital.organization, "encoding: utf-8", "encoding: rot13")
    assert set(hospital.codes()) == {"UNKNOWN_ENCODING"}


def spoilt(hospital):
    """Every way of this file to spoil data, each with a canary in the cells."""
    everywhere = dict.fromkeys(hospital.tables["patients"][0], CANARY)
    yield hospital.text("patients", change=everywhere).encode()
    yield hospital.text("patients", change={"age": CANARY + "ｶﾅ"}).encode("cp932")
    yield CANARY.encode() + b"," + hospital.text("patients").encode()
    yield hospital.text("patients").encode() + CANARY.encode() + b"\r\n"
    yield hospital.text("patients").encode() + b'"' + CANARY.encode()
    yield CANARY.encode() * 1000
    yield b"\xff\xfe" + CANARY.encode("utf-16-le")
    yield f"{CANARY}\n".encode() * 40


@pytest.mark.parametrize("way", range(8))
def test_no_message_repeats_a_cell(hospital, way):
    (hospital.data / "patients.csv").write_bytes(list(spoilt(hospital))[way])
    (hospital.data / "labs.parquet").write_bytes(b"PAR1" + CANARY.encode())
    problems = hospital.problems()
    assert problems
    for problem in problems:
        assert CANARY not in repr(problem)
        assert CANARY not in wording.render(problem, "ja") + wording.render(problem, "en")


def raised():
    """Every problem code that the source of the package writes."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "Problem(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield node.value, path.name


def test_every_code_is_told_in_both_languages():
    told = set(wording.messages("ja")) & set(wording.messages("en"))
    untold = {(code, file) for code, file in raised() if code not in told | NO_CODES}
    assert not untold, "add cause and hint to messages/ja.yaml and messages/en.yaml"
    assert set(schema.CODES.values()) <= told


def test_the_sentences_are_whole_and_take_the_same_parameters():
    assert list(wording.messages("ja")) == list(wording.messages("en"))
    for code, sentences in wording.messages("ja").items():
        for lang in ("ja", "en"):
            both = wording.messages(lang)[code]
            assert set(both) == {"cause", "hint"}
            assert all(text.strip() for text in both.values())
        names = [
            set(re.findall(r"{(\w+)}", " ".join(each[code].values()))) for each in map(wording.messages, ("ja", "en"))
        ]
        assert names[0] == names[1], code
        assert re.search("[ぁ-んァ-ヶ]", sentences["cause"]), code


def test_a_problem_is_one_line_with_place_cause_hint_and_clause():
    place = Place(file="o.yaml", line=3, pointer="/a")
    problem = Problem(code="SCHEMA_REQUIRED", place=place, clause="D-01", params={"expected": "name"})
    assert wording.render(problem, "ja") == "o.yaml:3 /a: 「name」がない。 ヒント: 「name」を書き加える。 [D-01]"
    assert wording.render(problem, "en") == "o.yaml:3 /a: “name” is missing. Hint: Add “name”. [D-01]"
    assert "NEVER_HEARD" in wording.render(Problem(code="NEVER_HEARD"), "ja")
