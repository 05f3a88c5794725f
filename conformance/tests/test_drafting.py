"""A drafted clause works, says that it is unwritten, and takes no id that is taken; the newcomer's path is walked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tokumei import drafting, resources, spec
from tokumei.model import TokumeiError
from tokumei.spec_lint import KEYWORDS

ROOT = Path(__file__).resolve().parents[2]
EDITION = spec.load_spec()


@pytest.mark.parametrize("family", spec.FAMILIES)
def test_a_draft_is_read_like_any_clause(family):
    text = drafting.clause_text(f"{family}-99", "a-slug", "0.1")
    clause = spec.read_clause(text, f"clauses/{family}/{family}-99.md")
    assert (clause.family, clause.slug, clause.translation_of) == (family, "a-slug", clause.digest)
    assert [example.verdict for example in clause.examples] == ["fail", "pass"]
    for ja, en in KEYWORDS.values():
        assert len(ja.findall(clause.requirement.ja)) == len(en.findall(clause.requirement.en))


def test_a_draft_says_that_it_is_unwritten_and_a_written_clause_does_not():
    text = drafting.clause_text("X-99", "a-slug", "0.1")
    clause = spec.read_clause(text, "clauses/X/X-99.md")
    edition = spec.Edition(id="x", status="draft", law_as_of="", clauses={"X-99": clause}, profiles={}, regimes={})
    (problem,) = drafting.unwritten(edition, {})
    assert (problem.code, problem.params["n"]) == (
        "SPEC_UNWRITTEN",
        text.count("（未記入") + text.count("(to be written"),
    )
    (more,) = drafting.unwritten(edition, {"X-99": "（未記入：害）"})
    assert more.params["n"] == problem.params["n"] + 1
    assert drafting.unwritten(EDITION, {}) == []


@pytest.mark.parametrize(
    ("id_", "slug", "profile", "code"),
    [
        ("I5-01", "another", "tables", "SPEC_ID_TWICE"),
        ("X-99", "minimum-class-size", "tables", "SPEC_ID_TWICE"),
        ("Z-01", "another", "tables", "SPEC_ID_MALFORMED"),
        ("X-1", "another", "tables", "SPEC_ID_MALFORMED"),
        ("X-99", "Another", "tables", "SPEC_ID_MALFORMED"),
        ("X-99", "../another", "tables", "SPEC_ID_MALFORMED"),
        ("X-99", "another", "no-such", "SPEC_PROFILE_UNKNOWN"),
        ("X-99", "another", "../law/regimes", "SPEC_PROFILE_UNKNOWN"),
    ],
)
def test_a_draft_that_cannot_be_is_refused_and_nothing_is_written(id_, slug, profile, code):
    with pytest.raises(TokumeiError, match=code):
        drafting.draft(EDITION, id_, slug, profile)
    assert not resources.data("spec", "clauses", id_.rpartition("-")[0], f"{id_}.md").exists() or id_ == "I5-01"


@pytest.mark.slow
def test_a_newcomers_new_clause_passes_the_gates():
    script = ROOT / "tools" / "newcomer.py"
    if not script.is_file():
        pytest.skip("the script is in a checkout only")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "newcomer: passed" in done.stdout
