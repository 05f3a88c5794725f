"""An audit of files: what it measures, what it finds, and that no real value leaves it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv as pacsv

from tokumei import documents, schema
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables.data import write
from tokumei.model import Request, RunOutcome, TokumeiError, Verdict, Why
from tokumei.runner.audit import audit
from tokumei.runner.record import audit_report
from tokumei.spec import load_spec
from tokumei.validation import validate_pair

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("TOKUMEI_DATA") or ROOT / "../shared/data")
AUDITS = ROOT / "examples/audits"
SECRET = bytes(range(32))


def run(folder, release, original=None, role="maker", purpose="加工の確認", responsible="架空の責任者"):
    with DuckDB() as engine:
        return audit(
            organization=folder / "organization.yaml",
            processing=folder / "processing.yaml",
            release=release,
            original=original,
            purpose=purpose,
            responsible=responsible,
            role=role,
            engine=engine,
        )


def of(found, clause):
    return next(result for result in found.results if result.clause == clause)


def data_of(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"data not found: {path} (set TOKUMEI_DATA)")
    return path


def said(found):
    """Every text that a report could be made of."""
    return "\n".join([repr(found), json.dumps(found.measured, ensure_ascii=False), found.summary.ja, found.summary.en])


# --- a small pair -----------------------------------------------------------------------------------------------------

FIELDS = {
    "patient_no": ["link"],
    "full_name": ["direct"],
    "age": ["quasi"],
    "town": ["quasi"],
    "note": ["neutral"],
}


def small(folder, *, suppressed=None, delimiter=";"):
    """A pair of declarations: name suppressed, number pseudonymized, age and town at k = 3."""
    fields = [
        {
            "name": name,
            "type": "string",
            "tokumei": {"class": kinds, "representation": {"kind": "value", "suppressed": ["*"]}},
        }
        for name, kinds in FIELDS.items()
    ]
    organization = {
        "name": "small",
        "tokumei": {
            "profile": "organization/1",
            "level": "release",
            "state": "released",
            "subjects": {"unit": "person", "key": "people.patient_no"},
        },
        "resources": [
            {
                "name": "people",
                "path": "people.csv",
                "dialect": {"delimiter": delimiter},
                "tokumei": {"role": "subject", "rowUnit": "person"},
                "schema": {"fields": fields},
            }
        ],
    }
    target = {"model": "k-anonymity", "quasi": ["people.age", "people.town"], "k": 3, "why": "a test"}
    steps = {"suppress-column": ["full_name"], "pseudonymize-random": ["patient_no"], "keep": ["age", "town", "note"]}
    params = {"pseudonymize-random": {"scope": "release", "domain": "subject", "bits": 128}}
    processing = {
        "tokumei": {
            "profile": "processing/1",
            "level": "release",
            "id": "small-1",
            "version": "1",
            "author": "-",
            "tool": {"name": "-", "version": "1"},
        },
        "ruleList": {"name": "-", "version": "1"},
        "codeList": {"version": "2025-03-24"},
        "organization": {"name": "small"},
        "regime": "neutral",
        "release": {
            "id": "R1",
            "context": "contract",
            "purpose": "-",
            "recipient": "-",
            "recipientSecurity": {"level": "agreed", "measures": "-"},
        },
        "steps": [
            {
                "id": technique,
                "technique": technique,
                "fields": [f"people.{name}" for name in names],
                "params": params.get(technique, {}),
                "realises": [1],
                "why": "the example of a test",
            }
            for technique, names in steps.items()
        ],
        "residualRisk": {"measured": [], "statement": "-", "acceptedBy": "-"},
        "targets": [target | ({"suppressed": suppressed} if suppressed else {})],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "organization.yaml").write_text(json.dumps(organization, ensure_ascii=False), encoding="utf-8")
    (folder / "processing.yaml").write_text(json.dumps(processing, ensure_ascii=False), encoding="utf-8")
    return folder


def put(folder, header, rows, delimiter=";"):
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    (folder / "people.csv").write_text(text.getvalue(), encoding="utf-8")
    return folder


def original(tmp_path):
    rows = [[f"9000{i}", f"佐々木第{i}号花子", "40", "Kashiwazaki", "stable"] for i in range(5)]
    return put(tmp_path / "original", list(FIELDS), rows)


HEADER = ["patient_no", "age", "town", "note"]
PEOPLE = [[f"pseudo-{i:04}", "40-49", "Kashiwazaki", "stable"] for i in range(3)]
STARS = [[f"pseudo-9{i:03}", "*", "*", "stable"] for i in range(2)]


def test_usage_is_checked_before_anything_is_read(tmp_path):
    nowhere = tmp_path / "nowhere"
    for wrong, code in (
        ({"role": "recipient", "original": nowhere}, "AUDIT_MATCHING_FORBIDDEN"),
        ({"purpose": " "}, "AUDIT_PURPOSE_MISSING"),
        ({"responsible": ""}, "AUDIT_RESPONSIBLE_MISSING"),
        ({"role": "attacker"}, "AUDIT_ROLE_UNKNOWN"),
    ):
        with pytest.raises(TokumeiError) as stopped:
            run(nowhere, nowhere, **wrong)
        assert stopped.value.exit_code == 2
        assert [problem.code for problem in stopped.value.problems] == [code]


def test_a_folder_without_the_release_is_usage(tmp_path):
    pair = small(tmp_path / "pair")
    (tmp_path / "empty").mkdir()
    for folder, code in ((tmp_path / "empty", "RELEASE_FILE_MISSING"), (tmp_path / "none", "FOLDER_MISSING")):
        with pytest.raises(TokumeiError) as stopped:
            run(pair, folder)
        assert stopped.value.exit_code == 2
        assert stopped.value.problems[0].code == code


def test_a_ragged_file_is_told_without_its_cells(tmp_path):
    pair, release = small(tmp_path / "pair"), tmp_path / "release"
    put(release, HEADER, [*PEOPLE, ["Kashiwazaki-Taro"]])
    with pytest.raises(TokumeiError) as stopped:
        run(pair, release)
    shown = "".join(traceback.format_exception(stopped.value)) + repr(stopped.value.problems)
    assert "Kashiwazaki" not in shown


def test_suppressed_records_are_read_in_both_ways(tmp_path):
    release = put(tmp_path / "release", HEADER, PEOPLE + STARS)
    removed = run(small(tmp_path / "removed"), release)
    (line,) = removed.measured["targets"]
    assert (line["reading"], line["k"], line["k_as_class"], line["k_removed"]) == ("removed", 3, 2, 3)
    assert (line["rows"], line["rows_suppressed"]) == (5, 2)
    assert removed.exit_code == 3
    as_class = run(small(tmp_path / "as-class", suppressed="as-class"), release)
    (line,) = as_class.measured["targets"]
    assert (line["reading"], line["k"]) == ("as-class", 2)
    assert as_class.exit_code == 1
    assert of(as_class, "I5-01").verdict is Verdict.FAIL


def test_a_record_with_one_cell_suppressed_is_still_described(tmp_path):
    release = put(tmp_path / "release", HEADER, [*PEOPLE, ["pseudo-0009", "40-49", "*", "stable"]])
    found = run(small(tmp_path / "pair"), release)
    assert found.measured["targets"][0]["k"] == 1
    assert found.exit_code == 1


def test_what_files_cannot_show_is_undecidable_and_the_best_outcome_is_no_finding(tmp_path):
    found = run(small(tmp_path / "pair"), put(tmp_path / "release", HEADER, PEOPLE))
    assert found.level == "E0"
    assert {"D-03", "I5-01"} <= set(found.decidable)
    assert found.outcome is RunOutcome.INCOMPLETE
    assert found.exit_code == 3
    reasons = {r.why and r.why.value for r in found.results if r.clause not in found.decidable}
    assert reasons <= {"undecidable", "vacuous", "organization"}
    assert all(of(found, id_).why is Why.UNDECIDABLE for id_ in ("I1-01", "I3-02", "I3-04"))
    assert f"({len(found.decidable)} of {len(found.results)} clauses decidable, level E0)" in found.summary.en
    assert found.measured["resources"] == {"people": {"rows": 3, "persons": 3}}


def test_a_name_left_in_a_cell_is_found_with_the_original_and_not_shown(tmp_path):
    rows = [*PEOPLE[:2], [*PEOPLE[2][:3], "佐々木第2号 花子 再診"]]
    release = put(tmp_path / "release", HEADER, rows)
    pair = small(tmp_path / "pair")
    assert run(pair, release).exit_code == 3
    found = run(pair, release, original(tmp_path))
    assert found.level == "E1"
    assert [finding.code for finding in of(found, "I1-01").findings] == ["IDENTIFIER_IN_RELEASE"]
    assert found.exit_code == 1
    nothing_of(said(found), "佐々木", "花子", "9000", "pseudo-", "Kashiwazaki", "stable", "再診")


def nothing_of(text, *values):
    assert not [value for value in values if value in text]


def test_the_original_number_in_a_column_of_its_own_is_found(tmp_path):
    release = put(
        tmp_path / "release", [*HEADER, "佐々木花子_id"], [[*row, f"9000{i}"] for i, row in enumerate(PEOPLE)]
    )
    found = run(small(tmp_path / "pair"), release, original(tmp_path))
    assert "UNDECLARED_COLUMN" in {finding.code for finding in of(found, "D-03").findings}
    assert found.exit_code == 1
    nothing_of(said(found), "佐々木", "9000", "pseudo-")


def test_a_name_in_a_column_that_is_called_by_a_name_is_told_by_its_place(tmp_path):
    release = put(tmp_path / "release", [*HEADER, "佐々木第3号花子"], [[*row, "佐々木第1号花子"] for row in PEOPLE])
    found = run(small(tmp_path / "pair"), release, original(tmp_path))
    findings = {finding.code: finding for finding in of(found, "I1-01").findings}
    assert findings["IDENTIFIER_IN_RELEASE"].fields == ("#5",)
    assert findings["IDENTIFIER_IN_RELEASE"].params["n"] == 1
    assert "IDENTIFIER_IN_COLUMN_NAME" in findings
    nothing_of(said(found), "佐々木", "9000", "pseudo-")


def test_a_suppressed_column_that_is_kept_is_found(tmp_path):
    release = put(tmp_path / "release", [*HEADER, "full_name"], [[*row, "佐々木第1号花子"] for row in PEOPLE])
    found = run(small(tmp_path / "pair"), release)
    assert [(f.code, f.fields) for f in of(found, "D-03").findings] == [("SUPPRESSED_COLUMN_RELEASED", ("full_name",))]
    nothing_of(said(found), "佐々木")


def test_pseudonyms_that_are_the_original_numbers_are_counted(tmp_path):
    release = put(tmp_path / "release", HEADER, [[f"9000{i}", *row[1:]] for i, row in enumerate(PEOPLE)])
    found = run(small(tmp_path / "pair"), release, original(tmp_path))
    assert found.measured["pseudonyms_unchanged"] == {"people.patient_no": 3}
    nothing_of(said(found), "9000")


def test_an_undeclared_file_is_a_finding_and_is_not_named(tmp_path):
    release = put(tmp_path / "release", HEADER, PEOPLE)
    (release / "佐々木花子.txt").write_text("90001", encoding="utf-8")
    found = run(small(tmp_path / "pair"), release)
    assert [finding.code for finding in of(found, "D-03").findings] == ["UNDECLARED_FILE"]
    nothing_of(said(found), "佐々木", "90001")


def test_what_a_release_contains_and_relaxes_is_told_without_a_value(tmp_path):
    story = "架空の佐々木は、同じ事故で入院した家族とともに転院した。"
    people = [[*row[:3], f"{story}{at}"] for at, row in enumerate(PEOPLE)]
    folder = small(tmp_path / "pair")
    found = run(folder, put(tmp_path / "release", [*HEADER, story], [[*row, "A/G"] for row in people]))
    record = audit_report(found, load_spec())
    assert schema.validate(record, "report") == ()
    told = {entry["profile"]: entry for entry in record["profiles"]["entries"]}
    assert set(told) == {"text", "genome"}
    assert [reason["where"] for reason in told["text"]["reasons"]] == ["people.note"]
    assert [reason["where"] for reason in told["genome"]["reasons"]] == ["people#5"]
    assert {(entry["mandatory"], entry["state"]) for entry in told.values()} == {(True, "not_in_edition")}
    (bound,) = [item for item in record["relaxed"] if item["clause"] == "D-06"]
    assert (bound["default"], bound["declared"], bound["reason"]) == (5, 3, "a test")
    nothing_of(json.dumps(record, ensure_ascii=False) + said(found), story[:6], "A/G")
    plain = audit_report(run(folder, put(tmp_path / "plain", HEADER, PEOPLE)), load_spec())
    assert plain["profiles"] == {"releases": 1, "entries": []}


def test_a_reason_that_only_a_supplied_release_gives_is_not_repeated(tmp_path):
    """The folder is what is examined: whatever wrote it may have written a value there."""
    folder = small(tmp_path / "pair")
    claim = documents.load(folder / "processing.yaml").document
    claim["targets"][0] |= {"k": 2, "why": "佐々木花子の希望による"}
    release = put(tmp_path / "release" / "data", HEADER, PEOPLE).parent
    (release / "processing.yaml").write_text(json.dumps(claim, ensure_ascii=False), encoding="utf-8")
    found = run(folder, release)
    record = audit_report(found, load_spec())
    assert schema.validate(record, "report") == ()
    told = {(item["by"], item["declared"], item["reason"]) for item in record["relaxed"] if item["clause"] == "D-06"}
    assert told == {("asked", 3, "a test"), ("claimed", 2, None)}
    nothing_of(json.dumps(record, ensure_ascii=False) + said(found), "佐々木")


def test_an_error_of_a_check_quotes_no_row(tmp_path, monkeypatch):
    from tokumei.clause import Check
    from tokumei.model import Need

    def broken(evidence):
        raise ValueError(evidence.release["people"].relation.rows())
        yield

    check = Check(id="D-03", needs=(Need.RELEASE,), judge=broken)
    monkeypatch.setattr("tokumei.runner.audit.checks", lambda: {"D-03": check})
    found = run(small(tmp_path / "pair"), put(tmp_path / "release", HEADER, PEOPLE))
    assert found.exit_code == 5
    assert "ValueError" in of(found, "D-03").error
    nothing_of(said(found), "Kashiwazaki", "pseudo-")


# --- real data --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["adult", "nafld"])
def test_the_declarations_of_the_examples_are_valid(name):
    assert validate_pair(AUDITS / name / "organization.yaml", AUDITS / name / "processing.yaml") == ()


def smallest(frame, by):
    return int(frame.groupby(by, dropna=False).size().min())


def long_cells(*frames):
    """Every cell of five or more characters, as text."""
    cells = set()
    for frame in frames:
        for column in frame.columns:
            cells |= {str(cell) for cell in frame[column].dropna().unique() if len(str(cell)) >= 5}
    return cells


def leaked(text, cells, counts):
    """The cells that stand in the text; a count that happens to be somebody's number is not one."""
    for count in sorted(counts, reverse=True):
        text = text.replace(f": {count}", ": N").replace(f"={count}", "=N")
    return sorted(cell for cell in cells if cell in text)


def counts_of(value):
    if isinstance(value, dict):
        return {n for each in value.values() for n in counts_of(each)}
    if isinstance(value, list):
        return {n for each in value for n in counts_of(each)}
    return {value} if isinstance(value, int) else set()


ADULT_QUASI = ["age", "education", "occupation", "relationship", "sex", "native-country"]


@pytest.fixture
def adult(tmp_path):
    folder = tmp_path / "adult"
    folder.mkdir()
    shutil.copy(data_of("adult/adult_anonymized_3.csv"), folder)
    return folder


def test_adult_k_is_what_pandas_counts(adult):
    frame = pd.read_csv(adult / "adult_anonymized_3.csv", dtype=str, keep_default_na=False)
    gone = (frame[ADULT_QUASI] == "*").all(axis=1)
    found = run(AUDITS / "adult", adult, role="recipient")
    (line,) = found.measured["targets"]
    assert line["k_as_class"] == smallest(frame, ADULT_QUASI)
    assert line["k"] == line["k_removed"] == smallest(frame[~gone], ADULT_QUASI) == 3
    assert (line["rows"], line["rows_suppressed"]) == (len(frame), int(gone.sum()))
    assert line["classes"] == frame[~gone].groupby(ADULT_QUASI).ngroups
    assert found.exit_code == 3
    assert leaked(said(found), long_cells(frame), counts_of(found.measured)) == []


def test_adult_with_one_class_thinned_is_found(adult):
    path = adult / "adult_anonymized_3.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = lines[1].rsplit(",", 1)[0]
    path.write_text(
        "\n".join([*lines[:2], *(x for x in lines[2:] if x.rsplit(",", 1)[0] != first)]) + "\n", encoding="utf-8"
    )
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    found = run(AUDITS / "adult", adult)
    assert found.exit_code == 1
    (finding,) = of(found, "I5-01").findings
    assert (finding.params["n"], finding.rows) == (1, ())
    assert leaked(said(found), long_cells(frame), counts_of(found.measured)) == []


def text_table(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names = next(csv.reader(file))
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
    )
    return pacsv.read_csv(path, convert_options=convert)


@pytest.fixture(scope="module")
def nafld(tmp_path_factory):
    """The request folder (which holds the original) and the release that the reference made of it."""
    tables = {"persons": text_table(data_of("nafld/nafld1.csv.gz")), "labs": text_table(data_of("nafld/nafld2.csv.gz"))}
    request, response = tmp_path_factory.mktemp("request"), tmp_path_factory.mktemp("response")
    pair = {name: documents.load(AUDITS / "nafld" / f"{name}.yaml").document for name in ("organization", "processing")}
    write(Request(id="audit", data=tables, secrets={"key-1": SECRET}, **pair), request)
    command = [sys.executable, "-m", "tokumei_reference", str(request), str(response)]
    path = os.pathsep.join([str(ROOT / "reference_impl"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert json.loads((response / "response.json").read_text(encoding="utf-8"))["status"] == "ok"
    return request, response


def frames(folder):
    return [pd.read_csv(folder / "data" / f"{name}.csv", dtype=str) for name in ("persons", "labs")]


def test_nafld_k_is_what_pandas_counts_and_nothing_leaks(nafld):
    request, response = nafld
    persons, labs = frames(response)
    found = run(AUDITS / "nafld", response, request)
    (line,) = found.measured["targets"]
    assert line["k"] == smallest(persons, ["age", "male"]) >= 5
    assert found.measured["resources"] == {
        "persons": {"rows": len(persons), "persons": persons["id"].nunique()},
        "labs": {"rows": len(labs), "persons": labs["id"].nunique()},
    }
    assert found.measured["pseudonyms_unchanged"] == {"persons.id": 0, "labs.id": 0}
    assert (found.level, found.exit_code) == ("E1", 3)
    every = long_cells(persons, labs, *frames(request))
    assert len(every) > 20_000
    counted = [result.count for result in found.results]  # of R-03: 15550 people, which is somebody's number too
    assert leaked(said(found), every, counts_of([found.measured, dict(found.counts), counted])) == []


def test_nafld_with_the_original_number_kept_is_found(nafld, tmp_path):
    request, response = nafld
    release = tmp_path / "release"
    shutil.copytree(response, release)
    persons, _ = frames(release)
    source, _ = frames(request)
    persons["case.id"] = source["case.id"].head(len(persons))
    persons["record"] = source["id"].head(len(persons))
    persons.to_csv(release / "data/persons.csv", index=False)
    found = run(AUDITS / "nafld", release)
    assert {"SUPPRESSED_COLUMN_RELEASED", "UNDECLARED_COLUMN"} <= {f.code for f in of(found, "D-03").findings}
    assert found.exit_code == 1
    every = long_cells(persons, source)
    assert leaked(said(found), every, counts_of([found.measured, dict(found.counts)])) == []
