"""Both languages of the site build without a warning, and no page loads anything from a network."""

from __future__ import annotations

import dataclasses
import html
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tokumei import resources, schema
from tokumei.clause import mutants
from tokumei.model import Text
from tokumei.site import glossary_page, law_page, pages, schema_page, words
from tokumei.spec import FAMILIES, load_spec

ROOT = Path(__file__).parents[2]
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}
EDITION = load_spec()

if not (ROOT / "mkdocs.yml").is_file():
    pytest.skip("the site is built from a checkout only", allow_module_level=True)


class Page(HTMLParser):
    """The addresses that a page loads, those it links to, and the ids it defines."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id"))
        if tag in LOADED and LOADED[tag] in given:
            self.loads.append(given[LOADED[tag]])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs")
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "docs", root / "docs", ignore=shutil.ignore_patterns("clauses", "schemas"))
    pages.build(root / "docs")
    for config in ("mkdocs.yml", "mkdocs.en.yml"):
        shutil.copy(ROOT / config, root)
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", config]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return root / "site"


@pytest.fixture(scope="module")
def parsed(site):
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_clause_has_a_page_in_both_languages(site):
    for clause in EDITION.clauses.values():
        for folder, lang in (("clauses", "ja"), ("en/clauses", "en")):
            text = (site / folder / f"{clause.id}.html").read_text(encoding="utf-8")
            assert f'lang="{lang}"' in text
            assert clause.title[lang] in text
            assert all(code in text for code in clause.findings)
            assert all(ref.text_ja in text for ref in clause.law)


def test_every_example_stands_on_the_page_of_its_clause_as_tables(site):
    for clause in EDITION.clauses.values():
        for folder, lang in (("clauses", "ja"), ("en/clauses", "en")):
            text = (site / folder / f"{clause.id}.html").read_text(encoding="utf-8")
            assert text.count('class="tk-example"') == len(clause.examples)
            for example in clause.examples:
                assert html.escape(example.say[lang], quote=False) in text
                grids = [
                    grid for call in example.calls for side in (call.input, call.release) for grid in side.values()
                ]
                for cell in {cell for grid in grids for row in grid.rows for cell in row if cell}:
                    assert f"<td>{html.escape(cell)}</td>" in text


def test_the_crosswalk_holds_every_clause_of_every_regime_once_a_provision():
    for regime in EDITION.regimes.values():
        pairs = law_page.crosswalk(EDITION, regime)
        assert pairs == sorted(pairs, key=lambda pair: (pair[0], pair[1].id if pair[1] else ""))
        asked = {clause.id for clause in EDITION.clauses.values() if regime.id in clause.strength}
        assert {clause.id for _, clause in pairs if clause} == asked
        for clause in (EDITION.clauses[id_] for id_ in asked):
            cited = {(ref.act, ref.article) for ref in clause.law if regime.id in ref.regimes}
            found = {(provision.act, provision.article) for provision, one in pairs if one is clause}
            assert found == cited if cited else len(found) == 1
        for provision, clause in pairs:
            assert clause or provision.article, "a line says a provision or a clause"


def test_a_provision_without_a_clause_is_said_to_have_none(site):
    known = law_page.crosswalk(EDITION, EDITION.regimes["APPI-43"])
    answering = {clause.id for place, clause in known if clause and place.article == "第34条第5号"}
    assert answering
    clauses = {id_: clause for id_, clause in EDITION.clauses.items() if id_ not in answering}
    edition = dataclasses.replace(EDITION, clauses=clauses)
    gaps = [p.article for p, clause in law_page.crosswalk(edition, EDITION.regimes["APPI-43"]) if clause is None]
    assert "第34条第5号" in gaps
    assert "第34条第1号" not in gaps
    text = law_page.page(edition, mutants().values(), "en")
    assert f"| 個人情報の保護に関する法律施行規則 第34条第5号 | {law_page.NO_CLAUSE.en} | | | |" in text
    for folder, lang in (("clauses", "ja"), ("en/clauses", "en")):
        page = (site / folder / "law.html").read_text(encoding="utf-8")
        assert all(regime.name[lang] in page for regime in EDITION.regimes.values())


def test_articles_stand_in_the_order_of_their_numbers():
    order = [p.place for p, _ in law_page.crosswalk(EDITION, EDITION.regimes["NGMIA-19"]) if "規則" in p.act]
    assert order == sorted(order)
    assert order[0] < (18, 1)


def test_the_glossary_says_every_term_in_its_own_language(site):
    text = resources.data("spec", "glossary.md").read_text(encoding="utf-8")
    entries = glossary_page.entries(text)
    assert len(entries) == sum(line.startswith("| ") for line in text.splitlines()) - 1
    for ja, en, (said_ja, said_en) in entries:
        assert said_ja.endswith("。")
        assert re.match("[A-Z]", said_en) and said_en.endswith("."), en
        assert not re.search("[ぁ-ん]", said_en)
        assert f"| {en} | {ja} | {html.escape(said_en, quote=False)} |" in glossary_page.page(text, "en")
        assert f"| {ja} | {en} | {html.escape(said_ja, quote=False)} |" in glossary_page.page(text, "ja")


def test_every_schema_has_a_page(site):
    for name in schema.names():
        assert (site / "schemas" / f"{name.replace('/', '-')}.html").is_file()


def test_no_page_loads_anything_from_a_network(parsed):
    loads = {address for page in parsed.values() for address in page.loads}
    assert loads
    assert [address for address in loads if re.match(r"(https?:)?//", address)] == []


def test_no_style_sheet_loads_anything_from_a_network(site):
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", text), path.name


def test_every_link_inside_the_site_leads_to_a_page_that_exists(parsed):
    broken = []
    for path, page in parsed.items():
        for link in {*page.links, *page.loads}:
            address, _, anchor = link.partition("#")
            address = address.partition("?")[0]
            if re.match(r"[a-z]+:|//", address) or path.name == "404.html":
                continue
            target = (path.parent / address).resolve() if address else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file() or (anchor and target in parsed and anchor not in parsed[target].ids):
                broken.append((path.name, link))
    assert broken == []


def test_each_site_speaks_its_language_around_the_text(site):
    assert "ドキュメントを検索" in (site / "index.html").read_text(encoding="utf-8")
    assert "Search docs" in (site / "en" / "index.html").read_text(encoding="utf-8")


def test_every_page_of_a_clause_says_what_it_does_not_say(site):
    for clause in EDITION.clauses:
        assert words.LEGAL.ja in (site / "clauses" / f"{clause}.html").read_text(encoding="utf-8")


def test_the_words_of_the_site_cover_the_vocabulary():
    assert set(words.FAMILIES) == set(FAMILIES)
    for clause in EDITION.clauses.values():
        assert clause.level in words.LEVELS
        assert clause.outcome in words.OUTCOMES
        assert clause.status in words.STATUS
        assert set(clause.needs) <= set(words.NEEDS)
        assert set(clause.strength.values()) <= set(words.STRENGTHS)


def test_a_schema_page_shows_nested_properties_and_definitions():
    text = schema_page.page(
        "x",
        {
            "title": "X",
            "x-title-ja": "エックス",
            "required": ["a"],
            "properties": {
                "a": {"type": "object", "properties": {"b": {"enum": ["p|q", 1]}}},
                "c": {"type": "array", "items": {"$ref": "#/$defs/D"}},
            },
            "$defs": {"D": {"type": "string", "pattern": "a|b"}},
        },
        "ja",
    )
    assert text.startswith("# エックス\n")
    assert "| `a` | ○ | object |" in text
    assert "| `a.b` |  | `p\\|q` `1` |" in text
    assert "array: [D](#def-d)" in text
    assert '<h2 id="def-d">D</h2>' in text


def test_text_of_both_languages_is_never_empty():
    for table in (
        words.LEVELS,
        words.OUTCOMES,
        words.STRENGTHS,
        words.STATUS,
        words.FAMILIES,
        words.NEEDS,
        words.KINDS,
    ):
        for text in table.values():
            assert isinstance(text, Text)
            assert text.ja
            assert text.en
