"""The pages written by hand agree with the code and with each other, and promise nothing legal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tokumei import documents
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.examples import Example
from tokumei.model import Exit
from tokumei.runner.examples import play_example

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "README.ja.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "changes/README.md"]
PAIRS = [
    ("README.ja.md", "README.md"),
    ("docs/ja/index.md", "docs/en/index.md"),
    ("docs/ja/quickstart.md", "docs/en/quickstart.md"),
    ("docs/ja/editor-guide.md", "docs/en/editor-guide.md"),
]
WITH_CODES = ["README.md", "README.ja.md", "docs/ja/quickstart.md", "docs/en/quickstart.md"]

if not (ROOT / "README.md").is_file():
    pytest.skip("the prose is in a checkout only", allow_module_level=True)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def commands(text):
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [*lines, *re.findall(r"`(tokumei run [^`]+)`", text)]


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_leads_to_a_file(name):
    for target in re.findall(r"\]\(([^)#]+)\)", read(name)):
        assert "://" in target or (ROOT / name).parent.joinpath(target).exists(), target


@pytest.mark.parametrize(("japanese", "english"), PAIRS)
def test_both_languages_give_the_same_commands_and_sections(japanese, english):
    ja, en = read(japanese), read(english)
    assert commands(ja) == commands(en)
    assert len(re.findall(r"^##? ", ja, re.MULTILINE)) == len(re.findall(r"^##? ", en, re.MULTILINE))
    assert len(re.findall(r"^\|", ja, re.MULTILINE)) == len(re.findall(r"^\|", en, re.MULTILINE))


@pytest.mark.parametrize("name", WITH_CODES)
def test_every_exit_code_is_explained(name):
    given = [int(code) for code in re.findall(r"^\| (\d) \|", read(name), re.MULTILINE)]
    assert given == sorted(value for key, value in vars(Exit).items() if key.isupper())


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_two_commands_of_a_newcomer_come_first(name):
    assert commands(read(name))[:2] == ["python3 dev.py demo", "python3 dev.py test"]


def test_the_readme_says_what_it_does_not_say():
    assert "A passed test is never called lawful, certified or 適合." in read("README.md")
    assert "試験に合格しても、適法、認証又は適合とは言いません。" in read("README.ja.md")


def test_the_architecture_is_one_page_and_quotes_seven_laws():
    text = read("ARCHITECTURE.md")
    assert len(text.splitlines()) <= 80
    laws = text.partition("## Laws")[2].partition("\n## ")[0]
    assert re.findall(r"^(\d)\. ", laws, re.MULTILINE) == list("1234567")


def test_a_normative_fragment_has_both_languages():
    for path in (ROOT / "changes" / "normative").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["ja", "en"], path.name


@pytest.mark.parametrize("name", ["docs/ja/editor-guide.md", "docs/en/editor-guide.md"])
def test_the_example_of_the_editor_guide_is_judged_as_it_says(name):
    block = re.search(r"```yaml\n(examples:.*?)```", read(name), re.DOTALL)
    (example,) = [Example.of(value) for value in documents.loads(block[1]).document["examples"]]
    with DuckDB() as engine:
        found = play_example(example, checks()["I5-01"], engine)
    assert (found.verdict, {finding.code for finding in found.findings}) == (example.verdict, {example.code})
