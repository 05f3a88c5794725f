"""Two states of the standard: what differs, in which words, and what that reaches."""

from __future__ import annotations

import dataclasses
import html.parser
import json
import re
import shutil

import pytest
from click.testing import CliRunner
from rich.console import Console

from tokumei import clause as suite
from tokumei import editions, resources, spec, spec_lint
from tokumei.cli import main, spec_diff
from tokumei.editing.comparison import compare, of_manifest, of_texts
from tokumei.editing.impact import example_products, impact
from tokumei.editing.page import page
from tokumei.editing.redline import new, old
from tokumei.model import Level, Strength, Text

SPEC = resources.data("spec")
EDITION = spec.load_spec()
STATE = of_texts(EDITION)
CHECKS, MUTANTS = suite.checks(), tuple(suite.mutants().values())
CLAUSE = EDITION.clauses["I5-01"]


def with_clause(**changes):
    clauses = {**EDITION.clauses, "I5-01": dataclasses.replace(CLAUSE, **changes)}
    return of_texts(dataclasses.replace(EDITION, clauses=clauses))


def only(before, after):
    (difference,) = compare(before, after)
    return difference


def tokumei(*arguments):
    spec.load_spec.cache_clear()
    return CliRunner().invoke(main, ["spec", "diff", *map(str, arguments)])


@pytest.fixture
def copy(tmp_path):
    folder = shutil.copytree(SPEC, tmp_path / "spec")
    path = folder / "clauses" / "I5" / "I5-01.md"
    text = path.read_text(encoding="utf-8")
    text = text.replace("共通するように", "共有されるように", 1).replace(
        "shall be shared by", "shall be <common> to", 1
    )
    path.write_text(text.replace("level: shall", "level: should", 1), encoding="utf-8")
    return folder


def test_a_state_does_not_differ_from_itself():
    assert compare(STATE, STATE) == ()


def test_a_changed_level_and_strength_are_told_and_do_not_make_the_check_suspect():
    strength = {**CLAUSE.strength, "MHLW-DB": Strength.LAW, "NEW": Strength.OWN}
    found = only(STATE, with_clause(level=Level.MAY, strength=strength))
    was = str(CLAUSE.strength["MHLW-DB"])
    assert found.fields == (
        ("/level", "shall", "may"),
        ("/strength/MHLW-DB", was, "law"),
        ("/strength/NEW", "", "own"),
    )
    assert (found.kind, found.redlines, found.suspect) == ("changed", (), False)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_changed_requirement_is_a_redline_of_its_language_and_makes_the_check_suspect(lang):
    text = dataclasses.replace(CLAUSE.requirement, **{lang: CLAUSE.requirement[lang] + " X"})
    found = only(STATE, with_clause(requirement=text))
    ((pointer, parts),) = found.redlines
    assert pointer == f"requirement/{lang}"
    assert (old(parts), new(parts)) == (CLAUSE.requirement[lang], text[lang])
    assert found.suspect


def test_a_changed_rationale_leaves_the_check_alone():
    found = only(STATE, with_clause(rationale=Text("理由", "Why")))
    assert {pointer for pointer, _ in found.redlines} == {"rationale/ja", "rationale/en"}
    assert not found.suspect


def test_a_changed_example_is_told_even_where_its_words_stay():
    found = only(STATE, with_clause(examples=CLAUSE.examples[:-1]))
    assert [pointer for pointer, _, _ in found.fields] == ["tables"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"slug": "other"}, "/slug"), ({"needs": ()}, "/needs"), ({"verification": "inspection"}, "/verification")],
)
def test_nothing_of_a_clause_changes_unseen(changes, field):
    assert [pointer for pointer, _, _ in only(STATE, with_clause(**changes)).fields] == [field]


def test_added_withdrawn_and_lost_are_three_things():
    without = {id_: state for id_, state in STATE.items() if id_ != "I5-01"}
    assert only(without, STATE).kind == "added"
    assert only(STATE, without).kind == "lost"
    assert only(STATE, with_clause(status="withdrawn")).kind == "withdrawn"
    assert {part.op for _, parts in only(without, STATE).redlines for part in parts} == {"ins"}
    assert only(without, STATE).suspect
    assert not only(STATE, without).suspect


@pytest.mark.parametrize("changes", [{"requirement": Text("新", "new")}, {"status": "active"}, {"revision": 9}, {}])
def test_suspect_is_what_the_manifest_says_is_suspect(tmp_path, changes):
    folder = shutil.copytree(SPEC, tmp_path / "spec")
    modules = spec_lint.clause_modules(EDITION.clauses)
    editions.affirm(EDITION, modules, folder, list(EDITION.clauses))
    changed = dataclasses.replace(EDITION, clauses={"I5-01": dataclasses.replace(CLAUSE, **changes)})
    state = editions.states(changed, modules, folder)["I5-01"]
    found = compare({"I5-01": STATE["I5-01"]}, of_texts(changed))
    assert any(each.suspect for each in found) == (state == "suspect")


def test_a_manifest_tells_that_a_text_has_changed_and_not_how():
    entries = {clause.id: editions.Entry.of(clause, None) for clause in EDITION.clauses.values()}
    assert compare(of_manifest(entries), STATE) == compare(STATE, of_manifest(entries)) == ()
    changed = with_clause(
        requirement=dataclasses.replace(CLAUSE.requirement, en="new"), status="active", level=Level.MAY
    )
    for before, after in ((of_manifest(entries), changed), (changed, of_manifest(entries))):
        found = only(before, after)
        assert (found.reworded, found.redlines, found.suspect) == (("en",), (), True)
        assert [pointer for pointer, _, _ in found.fields] == ["/status"]


def reach(difference, edition=EDITION, products=None):
    return impact(difference, edition, CHECKS, MUTANTS, products or example_products())


def test_the_reach_of_a_clause_is_its_check_mutants_profiles_and_products():
    found = reach(only(STATE, with_clause(requirement=Text("新", "new"))))
    assert found.suspect
    assert set(found.mutants) == {mutant.id for mutant in MUTANTS if "I5-01" in mutant.killed_by} != set()
    assert found.profiles == ("core", "tables")
    assert set(found.products) == {"example-java", "example-node", "example-python"}


def test_a_product_whose_regime_does_not_ask_for_the_clause_is_not_reached():
    difference = only(STATE, with_clause(level=Level.MAY))
    regimes = {name: {processing.regime for _, processing in pairs} for name, pairs in example_products().items()}
    asked = {"APPI-116": Strength.OWN}
    assert not any(asked.keys() & each for each in regimes.values()), "the examples are of other regimes"
    clauses = {"I5-01": dataclasses.replace(CLAUSE, strength=asked)}
    assert reach(difference, dataclasses.replace(EDITION, clauses=clauses)).products == ()


def test_a_clause_without_a_check_has_no_suspect_check():
    difference = only(STATE, with_clause(requirement=Text("新", "new")))
    found = impact(difference, EDITION, {}, MUTANTS, example_products())
    assert (found.suspect, found.products) == (False, ())


def test_the_text_is_marked_where_there_are_no_colours_and_coloured_on_a_terminal(copy, capsys):
    result = tokumei(SPEC, copy)
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert "[-共通す-]{+共有され+}るように" in result.output
    assert "水準: shall → should" in result.output
    assert "試験は要再確認" in result.output
    difference = spec_diff._found(str(SPEC), str(copy))
    console = Console(force_terminal=True, color_system="standard")
    with console.capture() as captured:
        for line in spec_diff._lines(*difference[0], "ja", coloured=True):
            console.print(line, soft_wrap=True)
    shown = captured.get()
    assert "\x1b" in shown and "[-" not in shown
    assert "共通す共有されるように" in re.sub("\x1b\\[[0-9;]*m", "", shown)


def test_control_characters_of_a_foreign_folder_do_not_reach_the_terminal(copy):
    path = copy / "clauses" / "I5" / "I5-01.md"
    path.write_text(
        path.read_text(encoding="utf-8").replace("## 害\n\n", "## 害\n\n\x1b[2J\u202e", 1), encoding="utf-8"
    )
    result = tokumei(SPEC, copy)
    assert "\\x1b[2J\\u202e" in result.output and "\x1b" not in result.output


def test_the_json_holds_every_redline_and_the_reach(copy):
    result = tokumei(SPEC, copy, "--format", "json")
    (found,) = json.loads(result.stdout)["clauses"]
    assert (found["clause"], found["kind"]) == ("I5-01", "changed")
    assert found["fields"] == [{"field": "/level", "before": "shall", "after": "should"}]
    for text in found["texts"]:
        was = "".join(part["text"] for part in text["redline"] if part["op"] != "ins")
        assert was == CLAUSE.requirement[text["lang"]]
    assert found["impact"]["suspect"] and found["impact"]["mutants"] and found["impact"]["profiles"]


class _Seen(html.parser.HTMLParser):
    """The tags that are open at each text, and whether every tag is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.attributes = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *each) for each in attrs]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))


def test_the_page_is_whole_escaped_and_needs_nothing_else(copy, tmp_path):
    out = tmp_path / "out.html"
    assert tokumei(SPEC, copy, "--html", out).exit_code == 0
    text = out.read_text(encoding="utf-8")
    seen = _Seen(text)
    assert ("del", "共通す") in seen.texts and ("ins", "共有され") in seen.texts
    assert any(tag == "ins" and "<common>" in data for tag, data in seen.texts)
    assert not re.search(r"(?:src|href)=|url\(|@import|<script", text)
    assert {value for tag, name, value in seen.attributes if (tag, name) == ("td", "lang")} == {"ja", "en"}
    assert re.search(r'<td class="text" lang="ja">.*?</td><td class="text" lang="en">', text, re.DOTALL)


def test_a_page_of_no_difference_says_so():
    assert "違いはない。" in page("a", "b", [])


def test_an_edition_is_named_and_anything_else_is_refused(copy):
    result = tokumei(EDITION.id, copy, "--lang", "en")
    assert result.exit_code == 0 and "I5-01" in result.output and "a manifest does not tell how" in result.output
    assert tokumei(SPEC, SPEC, "--lang", "en").output.strip() == "There is no difference."
    for wrong in ("9.9", "../law/regimes", ""):
        assert tokumei(SPEC, wrong).exit_code == 2
    assert tokumei(SPEC, copy / "law").exit_code == 2
