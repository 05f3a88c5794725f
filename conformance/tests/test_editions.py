"""The manifest of an edition: ids stay, and a changed text makes its check suspect until it is affirmed again."""

from __future__ import annotations

import dataclasses
import re
import shutil
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei import editions, resources, spec, spec_lint
from tokumei.model import Text, TokumeiError

MODULES = spec_lint.clause_modules(spec.load_spec().clauses)
FILE = "clauses/I5/I5-01.md"
DIGEST = st.text("0123456789abcdef", min_size=16, max_size=16)


@pytest.fixture
def folder(tmp_path):
    copy = shutil.copytree(resources.data("spec"), tmp_path / "spec")
    loaded = spec.load_spec(copy)
    editions.affirm(loaded, MODULES, copy, list(loaded.clauses))
    return copy


def edit(folder, file, old, new):
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    spec.load_spec.cache_clear()


def problems(folder):
    spec.load_spec.cache_clear()
    return [(problem.clause, problem.code) for problem in editions.gate(spec.load_spec(folder), MODULES, folder)]


def affirm(folder, *ids):
    spec.load_spec.cache_clear()
    return editions.affirm(spec.load_spec(folder), MODULES, folder, ids)


def test_an_affirmed_standard_has_no_problem(folder):
    assert problems(folder) == []
    assert set(editions.states(spec.load_spec(folder), MODULES, folder).values()) == {"affirmed"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("共通するように", "共有されるように"), ("shall be shared by at least", "shall be common to at least")],
    ids=["ja", "en"],
)
def test_a_changed_requirement_makes_its_check_suspect_until_it_is_affirmed(folder, old, new):
    edit(folder, FILE, old, new)
    assert problems(folder) == [("I5-01", "SPEC_CHECK_SUSPECT")]
    affirm(folder, "I5-01")
    assert problems(folder) == []


def test_a_changed_rationale_leaves_the_check_as_it_is(folder):
    edit(folder, FILE, "## 理由\n", "## 理由\n\n加筆。\n")
    assert problems(folder) == []


def test_a_clause_that_was_never_affirmed_is_suspect(folder):
    edit(folder, "editions/0.1-draft.yaml", "  I5-01: {", "  # I5-01: {")
    assert problems(folder) == [("I5-01", "SPEC_CHECK_SUSPECT")]


def test_an_id_is_never_lost_nor_used_again(folder):
    edit(folder, FILE, "slug: minimum-class-size", "slug: another-thing")
    assert ("I5-01", "SPEC_ID_REUSED") in problems(folder)
    with pytest.raises(TokumeiError, match="SPEC_ID_REUSED"):
        affirm(folder, "I5-01")
    (folder / FILE).unlink()
    assert problems(folder) == [("I5-01", "SPEC_ID_LOST")]


def test_an_older_edition_is_remembered_too(folder):
    path = folder / "editions" / "0.0.yaml"
    text = (folder / "editions" / "0.1-draft.yaml").read_text(encoding="utf-8")
    path.write_text(
        text.replace("edition: 0.1-draft", 'edition: "0.0"').replace("  I5-01:", "  I5-99:"), encoding="utf-8"
    )
    assert problems(folder) == [("I5-99", "SPEC_ID_LOST")]


def test_a_clause_in_force_needs_a_new_revision_for_a_new_text(folder):
    edit(folder, FILE, "status: draft", "status: active")
    affirm(folder, "I5-01")
    edit(folder, FILE, "共通するように", "共有されるように")
    with pytest.raises(TokumeiError, match="SPEC_REVISION_NOT_RAISED"):
        affirm(folder, "I5-01")
    edit(folder, FILE, "revision: 1", "revision: 2")
    affirm(folder, "I5-01")
    assert problems(folder) == []
    edit(folder, FILE, "revision: 2", "revision: 1")
    assert ("I5-01", "SPEC_REVISION_NOT_RAISED") in problems(folder)


def test_an_unknown_clause_is_not_affirmed(folder):
    before = (folder / "editions" / "0.1-draft.yaml").read_bytes()
    with pytest.raises(TokumeiError, match="SPEC_CLAUSE_UNKNOWN"):
        affirm(folder, "I5-01", "Z-99")
    assert (folder / "editions" / "0.1-draft.yaml").read_bytes() == before


@given(
    st.dictionaries(st.from_regex(r"I[1-5]-[0-9]{2}", fullmatch=True), st.tuples(DIGEST, DIGEST, DIGEST), min_size=1)
)
def test_a_manifest_is_read_as_it_was_written(tmp_path_factory, digests):
    folder = tmp_path_factory.mktemp("spec")
    (folder / "editions").mkdir()
    entries = {
        id_: editions.Entry(slug="a-b", revision=3, status="draft", ja=ja, en=en, check=check)
        for id_, (ja, en, check) in digests.items()
    }
    (folder / "editions" / "x.yaml").write_text(editions.dump("x", entries), encoding="utf-8")
    assert editions.load(folder, "x") == entries


def module(tmp_path, name, text):
    path = tmp_path / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    made = ModuleType(name)
    made.__file__ = str(path)
    exec(compile(text, str(path), "exec"), made.__dict__)
    return made


def test_the_digest_of_a_check_is_of_what_it_does(tmp_path):
    one = module(tmp_path, "one", "def judge(x):\n    return x + 1\n\n\nMUTANTS = (1,)\n")
    same = module(tmp_path, "same", "# why\ndef judge(x):\n\n    return (x + 1)\nMUTANTS = (1, 2)\n")
    other = module(tmp_path, "other", "def judge(x):\n    return x + 2\n\n\nMUTANTS = (1,)\n")
    assert editions.check_digest(one) == editions.check_digest(same) != editions.check_digest(other)


def test_a_term_is_the_same_term_in_both_languages(folder):
    edition = spec.load_spec(folder)
    assert list(spec_lint.terms(edition, folder)) == []
    clause = edition.clauses["I5-01"]
    other = Text(clause.requirement.ja, clause.requirement.en.replace("subject", "person"))
    changed = dataclasses.replace(edition, clauses={"I5-01": dataclasses.replace(clause, requirement=other)})
    (problem,) = spec_lint.terms(changed, folder)
    assert (problem.clause, problem.params) == ("I5-01", {"term": "本人", "english": "subject"})


def test_a_longer_term_is_not_read_as_the_shorter_one_in_it(folder):
    pairs = spec_lint.glossary(folder)
    assert ("欠陥見本", "mutant") in pairs and ("ミュータント", "mutant") in pairs
    edit(folder, FILE, "加工後データにおいて", "提供データにおいて")
    terms = [problem.params["term"] for problem in spec_lint.terms(spec.load_spec(folder), folder)]
    assert terms == ["提供データ"]


def test_the_committed_manifest_names_every_clause():
    text = resources.data("spec", "editions", f"{spec.load_spec().id}.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^  (\S+): ", text, re.MULTILINE) == sorted(spec.load_spec().clauses)
