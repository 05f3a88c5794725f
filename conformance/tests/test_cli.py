"""The commands as a person types them: exit codes, files, and nothing of the input in any message."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from tokumei import resources
from tokumei.clause import checks, mutants
from tokumei.cli import main
from tokumei.report import words
from tokumei.site.clause_page import H
from tokumei.spec import ClauseText, load_spec

ROOT = Path(__file__).resolve().parents[2]
DECLARATIONS = ROOT / "examples" / "declarations" / "stroke-registry"
PRODUCTS = ROOT / "examples" / "products"


def tokumei(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_demo_shows_one_leaking_person(tmp_path: Path) -> None:
    result = tokumei("demo", "--report-dir", tmp_path, "--lang", "en")
    assert result.exit_code == 1, result.output
    record = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    findings = [f for track in record["tracks"] for clause in track["clauses"] for f in clause["findings"]]
    failed = {clause["clause"] for clause in record["tracks"][0]["clauses"] if clause["verdict"] == "fail"}
    assert failed >= {"D-03", "I1-01", "I5-01"}
    assert all(finding["people"]["to"] <= 5 for finding in findings)
    assert all(finding["reproduced"] == "3/3" for finding in findings)
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert (tmp_path / "試験成績書.xlsx").stat().st_size > 5_000
    assert (tmp_path / "findings" / f"{findings[0]['id']}.json").exists()


def test_equal_seeds_give_equal_reports(tmp_path: Path) -> None:
    records = []
    for name in ("one", "two"):
        tokumei("demo", "--report-dir", tmp_path / name)
        record = json.loads((tmp_path / name / "report.json").read_text(encoding="utf-8"))
        records.append(record["tracks"])
    assert records[0] == records[1]


def test_the_reference_meets_every_clause(tmp_path: Path) -> None:
    pytest.importorskip("tokumei_reference")
    result = tokumei("run", "reference", "--report-dir", tmp_path)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert record["outcome"] == "all_met"
    assert record["counts"]["pass"] + record["counts"]["not_applicable"] == len(checks())
    assert record["effort"]["calls"] <= 40


@pytest.mark.parametrize(
    ("spec", "program"),
    [
        (f"batch:java {PRODUCTS}/java-batch/Anon.java {{request}} {{response}}", "java"),
        (f"exec:node {PRODUCTS}/node-exec/anon.js", "node"),
        ("python:anon:anonymize", "python3"),
    ],
)
def test_a_small_product_in_any_language_gets_a_full_report(
    spec: str, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    monkeypatch.chdir(PRODUCTS / "python-function")
    result = tokumei("run", spec, "--report-dir", tmp_path)
    record = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert result.exit_code == 0, result.output
    assert [track["track"] for track in record["tracks"]] == ["own"]
    assert len(record["tracks"][0]["clauses"]) == len(checks())
    assert record["counts"]["suite_error"] == 0


def test_a_finding_is_replayed_on_a_product_that_has_mended_it(tmp_path: Path) -> None:
    pytest.importorskip("tokumei_reference")
    tokumei("demo", "--report-dir", tmp_path)
    found = sorted((tmp_path / "findings").glob("*.json"))
    assert found
    for path in found:
        result = tokumei("replay", path, "reference", "--lang", "en")
        assert (result.exit_code, "FIXED" in result.output) == (0, True), result.output


@pytest.mark.parametrize(
    ("text", "code"),
    [("a: 1\na: 2\n", 2), ("a: [1\n", 2), ("name: x\nresources: 3\n", 2), ("", 2), ("\x00", 2)],
)
def test_a_bad_declaration_is_one_clear_error(text: str, code: int, tmp_path: Path) -> None:
    bad = tmp_path / "organization.yaml"
    bad.write_text(text, encoding="utf-8")
    result = tokumei("validate", bad, DECLARATIONS / "processing.yaml")
    assert result.exit_code == code
    assert "organization.yaml" in result.output
    assert "Traceback" not in result.output


def test_the_shipped_declarations_are_valid() -> None:
    result = tokumei("validate", DECLARATIONS / "organization.yaml", DECLARATIONS / "processing.yaml")
    assert result.exit_code == 0, result.output


def test_a_product_that_is_not_there_ends_with_four(tmp_path: Path) -> None:
    result = tokumei("run", "exec:no-such-program-here", "--report-dir", tmp_path)
    assert result.exit_code == 4
    assert not (tmp_path / "report.json").exists()


@pytest.mark.parametrize(
    "arguments", [("run",), ("run", "x", "--effort", "much"), ("nothing",), ("run", "reference", "--clause", "Z-1")]
)
def test_wrong_usage_ends_with_two(arguments: tuple[str, ...]) -> None:
    assert tokumei(*arguments).exit_code == 2


def test_the_standard_is_free_of_problems() -> None:
    result = tokumei("spec", "lint")
    assert result.exit_code == 0, result.output


def test_the_list_holds_every_clause_and_how_often_a_mutant_names_it() -> None:
    edition = load_spec()
    record = json.loads(tokumei("list", "--format", "json").output)
    assert [row["clause"] for row in record["clauses"]] == list(edition.clauses)
    for row in record["clauses"]:
        naming = [mutant for mutant in mutants().values() if row["clause"] in mutant.killed_by]
        assert row["mutants"] == len(naming)
        assert row["level"] == edition.clauses[row["clause"]].level
        assert row["check"] == (row["clause"] in checks())


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_list_is_read_by_people_too(lang: str) -> None:
    text = tokumei("list", "--lang", lang).output
    assert all(clause.id in text and clause.title[lang] in text for clause in load_spec().clauses.values())


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("clause", load_spec().clauses.values(), ids=lambda clause: clause.id)
def test_a_clause_is_explained_whole(clause: ClauseText, lang: str) -> None:
    result = tokumei("explain", clause.id.lower(), "--lang", lang)
    assert result.exit_code == 0, result.output
    said = re.sub(r"[\s│]", "", result.output)
    said_by_examples = [example.say[lang] for example in clause.examples]
    for text in (clause.requirement[lang], clause.harm[lang], *said_by_examples, *(ref.text_ja for ref in clause.law)):
        assert re.sub(r"\s", "", text) in said
    assert all(str(need) in result.output for need in clause.needs)
    assert all(mutant.id in result.output for mutant in mutants().values() if clause.id in mutant.killed_by)
    assert max(cell_len(line) for line in result.output.partition(H["strength"][lang])[0].splitlines()) <= 98
    places = [line.strip() for line in result.output.splitlines()[-3:]]
    assert (ROOT / places[0]).is_file()
    assert (ROOT / places[1]).is_file() == (clause.id in checks())
    assert places[2].endswith(f"clauses/{clause.id}.html")


def test_an_unknown_clause_is_wrong_usage() -> None:
    assert tokumei("explain", "Z-99").exit_code == 2


def test_what_is_affirmed_is_listed_and_nothing_is_written() -> None:
    path = resources.data("spec", "editions", f"{load_spec().id}.yaml")
    before = path.read_bytes()
    result = tokumei("spec", "affirm", "--lang", "en")
    assert [line.split()[0] for line in result.output.splitlines()] == list(load_spec().clauses)
    assert tokumei("spec", "affirm", "Z-99").exit_code == 2
    assert path.read_bytes() == before


ADULT = ROOT / "examples" / "audits" / "adult"
DATA = Path(os.environ.get("TOKUMEI_DATA", ROOT.parent / "shared" / "data"))
WHO = ("--purpose", "x", "--responsible", "y")


def test_an_audit_without_a_finding_is_never_a_pass(tmp_path: Path) -> None:
    source = DATA / "adult" / "adult_anonymized_3.csv"
    if not source.exists():
        pytest.skip("the Adult data are not here")
    (tmp_path / "release").mkdir()
    shutil.copy(source, tmp_path / "release")
    pair = ("--organization", ADULT / "organization.yaml", "--processing", ADULT / "processing.yaml")
    result = tokumei("audit", tmp_path / "release", *pair, *WHO, "--role", "recipient", "--report-dir", tmp_path / "r")
    assert result.exit_code == 3, result.output
    assert "k = 3" in result.output
    written = (tmp_path / "r" / "report.json").read_text(encoding="utf-8")
    assert "Married" not in written + result.output
    assert json.loads(written)["product"]["configuration"] is None
    assert words.CONFIGURATIONS["fixed"]["ja"] not in result.output


def test_a_recipient_may_not_match_with_the_original(tmp_path: Path) -> None:
    pair = ("--organization", ADULT / "organization.yaml", "--processing", ADULT / "processing.yaml")
    result = tokumei(
        "audit", tmp_path, *pair, "--original", tmp_path, *WHO, "--role", "recipient", "--report-dir", tmp_path
    )
    assert result.exit_code == 2
