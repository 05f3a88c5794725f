"""Writes the generated pages of the site: clauses, glossary, measures, power and schemas, in both languages.

What it writes is never committed; mkdocs then builds them together with the pages written by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tokumei import clause as clause_module
from tokumei import resources, schema
from tokumei.runner.power import suite_digest
from tokumei.site import clause_page, glossary_page, law_page, measure_page, power_page, power_result, schema_page
from tokumei.spec import load_spec
from tokumei.spec_lint import clause_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("ja", "en")
STYLE = Path(__file__).with_name("site.css")


def build(out: Path, power: Path | None = None) -> tuple[Path, ...]:
    """Write every generated page below ``out/ja`` and ``out/en``; returns what was written.

    ``power`` is the result file of the last measurement, which a checkout holds and which may be missing.
    """
    result = power_result.read(power or resources.data("benchmarks", "results", "power.json"))
    written = []
    for lang in LANGUAGES:
        for name, text in _pages(lang, result):
            path = out / lang / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            written.append(path)
    return tuple(written)


def _pages(lang: str, power: power_result.Result | None) -> Iterator[tuple[str, str]]:
    edition = load_spec()
    modules = clause_modules(edition.clauses)
    mutants = clause_module.mutants().values()
    yield "clauses/site.css", STYLE.read_text(encoding="utf-8")
    yield "clauses/index.md", clause_page.index(edition, mutants, lang)
    yield "clauses/law.md", law_page.page(edition, mutants, lang)
    glossary = resources.data("spec", "glossary.md").read_text(encoding="utf-8")
    yield "clauses/glossary.md", glossary_page.page(glossary, lang)
    for text in edition.clauses.values():
        kills = [mutant for mutant in mutants if text.id in mutant.killed_by]
        yield f"clauses/{text.id}.md", clause_page.page(edition, text, kills, modules.get(text.id), lang)
    yield "measures.md", measure_page.page(lang)
    yield "power.md", power_page.page(power, edition, suite_digest(), lang)
    schemas = {name: schema.schema(name) for name in schema.names()}
    flat = {name.replace("/", "-"): value for name, value in schemas.items()}
    yield "schemas/index.md", schema_page.index(flat, lang)
    for name, value in flat.items():
        yield f"schemas/{name}.md", schema_page.page(name, value, lang)
