"""The standard loads, agrees with itself, and its loader and gates see known faults."""

from __future__ import annotations

import dataclasses
import re
import shutil
from types import SimpleNamespace

import pytest

from tokumei import documents, resources, schema, spec, spec_lint
from tokumei.model import Level, Need, Outcome, Strength, Text, TokumeiError

FIRST = ["D-03", "I1-01", "I3-02", "I3-04", "I5-01", "I5-10", "T-02", "B-03"]
EDITION = spec.load_spec()
FILE = "clauses/I5/I5-01.md"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(resources.data("spec"), tmp_path / "spec")


def edit(folder, file, old, new):
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def codes(problems):
    return {problem.code for problem in problems}


def gates(folder):
    """The gates that read text only; those that read code are tested below."""
    edition = spec.load_spec(folder)
    return codes(
        problem
        for gate in (
            spec_lint.profiles(edition),
            spec_lint.strengths(edition),
            spec_lint.languages(edition),
            spec_lint.numbers_are_ours(edition),
            spec_lint.review_is_stated(edition),
            spec_lint.former_articles(edition, folder),
            spec_lint.terms(edition, folder),
        )
        for problem in gate
    )


def test_the_standard_and_its_checks_agree():
    assert [f"{problem.clause} {problem.code} {dict(problem.params)}" for problem in spec_lint.lint(EDITION)] == []


def test_the_clauses_of_core_stand_in_the_order_of_the_standard():
    core = [clause.id for clause in EDITION.profile("core")]
    assert core == sorted(core, key=lambda id_: (spec.FAMILIES.index(id_.rpartition("-")[0]), id_))
    assert set(EDITION.profiles["base"].clauses) | set(EDITION.profiles["tables"].clauses) == set(core) >= set(FIRST)


def test_a_clause_is_read_whole():
    clause = EDITION.clauses["I5-01"]
    assert (clause.family, clause.level, clause.outcome) == ("I5", Level.SHALL, Outcome.PRIVACY)
    assert clause.needs == (Need.RELEASE, Need.CLAIM)
    assert "NGMIA-35" not in clause.strength
    assert set(clause.strength.values()) == {Strength.OWN}
    assert clause.law[0].old == "旧第19条第5号"


@pytest.mark.parametrize("clause", EDITION.clauses.values(), ids=lambda clause: clause.id)
def test_a_front_matter_is_what_the_schema_says(clause):
    text = resources.data("spec", *clause.file.split("/")).read_text(encoding="utf-8")
    front = text.removeprefix("---\n").partition("\n---\n")[0]
    assert schema.validate(documents.loads(front).document, "clause") == ()


def test_a_sentence_is_filled_in_both_languages():
    sentence = EDITION.sentence("I5-01", "CLASS_TOO_SMALL", resource="patients", n=1, k=5, classes=2)
    assert "patients" in sentence.ja
    assert "k = 5" in sentence.en


@pytest.mark.parametrize("clause", EDITION.clauses.values(), ids=lambda clause: clause.id)
def test_a_sentence_holds_nothing_but_its_parameters(clause):
    for text in clause.findings.values():
        names = re.findall(r"\{(\w+)\}", text.ja)
        filled = text.format(**dict.fromkeys(names, "x"))
        assert "{" not in filled.ja + filled.en


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("---\nid: I5-01", "id: I5-01", "SPEC_FRONT_MATTER_MISSING"),
        ("id: I5-01", "id: I5-02", "SPEC_ID_FILE"),
        ("slug: minimum-class-size", "slugs: minimum-class-size", "SPEC_KEY_UNKNOWN"),
        ("slug: minimum-class-size\n", "", "SPEC_KEY_MISSING"),
        ("level: shall", "level: must", "SPEC_VALUE"),
        ("outcome: privacy", "outcome: safety", "SPEC_VALUE"),
        ("needs: [release, claim]", "needs: [release, map]", "SPEC_VALUE"),
        ("needs: [release, claim]", "needs: release", "SPEC_VALUE"),
        ("verification: test", "verification: trust", "SPEC_VALUE"),
        ("article: 第34条第5号", "articles: 第34条第5号", "SPEC_VALUE"),
        (
            "title: {ja: 準識別子の組合せの最小人数, en: Minimum class size}",
            "title: {ja: 最小人数}",
            "SPEC_BOTH_LANGUAGES",
        ),
        ("revision: 1", "revision: 1\nrevision: 2", "DUPLICATE_KEY"),
        ("verdict: pass", "verdict: good", "SPEC_EXAMPLE_UNREADABLE"),
        ("      p1,[40-45),F\n", "      p1,[40-45)\n", "SPEC_EXAMPLE_UNREADABLE"),
        ("      en: With k = 5", "      eng: With k = 5", "SPEC_BOTH_LANGUAGES"),
        ("## 害", "## 害悪", "SPEC_SECTION_MISSING"),
        ("## Harm", "## Rationale", "SPEC_SECTION_TWICE"),
        ("# ja\n", "# ja\n\nA sentence of nowhere.\n", "SPEC_OUTSIDE_SECTION"),
        ("# en\n", "# en\n\n## Annex\n\nMore.\n", "SPEC_SECTION_UNKNOWN"),
    ],
)
def test_the_loader_stops_at(folder, old, new, code):
    edit(folder, FILE, old, new)
    with pytest.raises(TokumeiError) as caught:
        spec.load_spec(folder)
    assert caught.value.problems[0].code == code
    assert caught.value.problems[0].place.file.endswith(FILE)


def test_the_loader_gives_the_line(folder):
    edit(folder, FILE, "level: shall", "level: must")
    with pytest.raises(TokumeiError) as caught:
        spec.load_spec(folder)
    assert caught.value.problems[0].place.line == 5


def test_a_profile_includes_what_exists_and_not_itself(folder):
    edit(folder, "profiles/base.yaml", "includes: []", "includes: [core]")
    with pytest.raises(TokumeiError) as caught:
        spec.load_spec(folder)
    assert caught.value.problems[0].code == "SPEC_PROFILE_INCLUDE"


def test_the_text_has_no_fault_of_its_own(folder):
    assert gates(folder) == set()


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("profiles/tables.yaml", "I5-01", "I5-99", "SPEC_PROFILE_CLAUSE"),
        ("profiles/tables.yaml", "I5-01, ", "", "SPEC_CLAUSE_LISTED"),
        ("profiles/base.yaml", "clauses: [", "clauses: [I5-01, ", "SPEC_CLAUSE_LISTED"),
        (FILE, "MHLW-DB: own", "MHLW-XX: own", "SPEC_REGIME_UNKNOWN"),
        ("clauses/T/T-02.md", "APPI-43: own", "APPI-43: law", "SPEC_LAW_NOT_QUOTED"),
        (FILE, "shall be shared", "should be shared", "SPEC_KEYWORDS_DIFFER"),
        (FILE, "共通するようにしなければならない", "共通する", "SPEC_KEYWORD_MISSING"),
        (FILE, "公開では 11", "公開では 10", "SPEC_NUMBERS_DIFFER"),
        (FILE, "declared quasi-identifiers", "declared fields", "SPEC_TERM_DIFFERS"),
        (FILE, "smallest holds {n}", "smallest holds {m}", "SPEC_PARAMETERS_DIFFER"),
        (FILE, "## 理由\n", "## 理由\n\n加筆。\n", "SPEC_TRANSLATION_STALE"),
        (FILE, "法令に数値の定めはない。本規格の既定値", "本規格の既定値", "SPEC_NUMBER_NOT_OURS"),
        (FILE, "法律専門家による確認：未実施", "", "SPEC_REVIEW_NOT_STATED"),
        (FILE, "old: 旧第19条", "old: 第19条", "SPEC_FORMER_ARTICLE"),
        (FILE, "## 害\n", "## 害\n\n個情法施行規則19条による。\n", "SPEC_FORMER_ARTICLE"),
        (FILE, "article: 第34条第5号", "article: 第19条第5号", "SPEC_FORMER_ARTICLE"),
    ],
)
def test_the_gates_see(folder, file, old, new, code):
    edit(folder, file, old, new)
    assert code in gates(folder)


def clause_and_module(**changes):
    clause = dataclasses.replace(EDITION.clauses["I5-01"], **changes)
    edition = dataclasses.replace(EDITION, clauses={"I5-01": clause})
    module = SimpleNamespace(
        CHECK=SimpleNamespace(id="I5-01", needs=clause.needs),
        MUTANTS=[SimpleNamespace(killed_by=("I5-01",)), SimpleNamespace(killed_by=("I5-01", "D-03"))],
    )
    return edition, {"I5-01": module}


def test_a_shall_with_its_check_and_two_mutants_is_covered():
    assert list(spec_lint.coverage(*clause_and_module())) == []


def test_a_shall_without_a_check_is_seen():
    edition, _ = clause_and_module()
    assert codes(spec_lint.coverage(edition, {})) == {"SPEC_CHECK_MISSING"}


def test_a_mutant_that_names_another_clause_does_not_count():
    edition, modules = clause_and_module()
    modules["I5-01"].MUTANTS[0].killed_by = ("D-03",)
    assert codes(spec_lint.coverage(edition, modules)) == {"SPEC_MUTANTS_MISSING"}


def test_a_clause_that_is_not_tested_gives_a_reason():
    edition, modules = clause_and_module(verification="inspection")
    assert codes(spec_lint.coverage(edition, modules)) == {"SPEC_REASON_MISSING"}


def test_a_check_of_an_unknown_clause_is_seen():
    assert codes(spec_lint.strays(EDITION, ["I5-01", "Z-99"])) == {"SPEC_CHECK_STRAY"}


def test_needs_that_differ_are_seen():
    edition, modules = clause_and_module()
    modules["I5-01"].CHECK.needs = (Need.RELEASE,)
    assert codes(spec_lint.needs(edition, modules)) == {"SPEC_NEEDS_DIFFER"}


def test_codes_that_differ_from_the_check_are_seen():
    modules = spec_lint.clause_modules(["I5-01"])
    other = dataclasses.replace(EDITION.clauses["I5-01"], findings={"NOT_USED": Text("x", "x")})
    edition = dataclasses.replace(EDITION, clauses={"I5-01": other})
    assert codes(spec_lint.codes(edition, modules)) == {"SPEC_CODE_UNUSED", "SPEC_CODE_UNKNOWN"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"examples": ()}, "SPEC_EXAMPLE_MISSING"),
        ({"examples": tuple(e for e in EDITION.clauses["I5-01"].examples if not e.code)}, "SPEC_EXAMPLE_MISSING"),
        ({"examples": tuple(e for e in EDITION.clauses["I5-01"].examples if e.code)}, "SPEC_EXAMPLE_MISSING"),
        ({"findings": {}}, "SPEC_CODE_UNKNOWN"),
        (
            {"examples": tuple(dataclasses.replace(e, say=Text("1", "2")) for e in EDITION.clauses["I5-01"].examples)},
            "SPEC_NUMBERS_DIFFER",
        ),
    ],
)
def test_the_gate_over_examples_sees(changes, code):
    edition, modules = clause_and_module(**changes)
    assert codes(spec_lint.examples(edition, modules)) == {code}


def test_the_glossary_gives_one_word_for_one_concept():
    text = resources.data("spec", "glossary.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ][1:]
    assert all(len(row) == 3 and all(row) for row in rows)
    for column in (0, 1):
        words = [row[column] for row in rows]
        assert len(words) == len(set(words))
