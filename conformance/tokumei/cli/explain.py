"""``explain`` and ``list``: the standard as it is read at a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from tokumei.cli.options import format_option, lang_option
from tokumei.model import Lang, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokumei.clause import Mutant
    from tokumei.spec import ClauseText, Edition

WIDTH = 96
CLOSING = frozenset("、。，．）」』】ー")
_PIECE = re.compile(r"[!-~]+|.")


@click.command()
@click.argument("clause")
@lang_option
def explain(clause: str, lang: Lang) -> None:
    """要求事項 CLAUSE（例 I5-01）を説明する / say what one clause asks for, why, and how it is checked."""
    from tokumei.clause import mutants
    from tokumei.spec import load_spec

    edition = load_spec()
    found = edition.clauses.get(clause.upper())
    if found is None:
        raise click.UsageError(f"要求事項がない / no such clause: {clause}. tokumei list")
    naming = [mutant for mutant in mutants().values() if found.id in mutant.killed_by]
    for line in _explained(edition, found, naming, lang):
        click.echo(line)


@click.command("list")
@lang_option
@format_option
def list_(lang: Lang, format_: str) -> None:
    """要求事項の一覧 / every clause: level, outcome, how it is verified, mutants that it must kill."""
    from tokumei.clause import checks, mutants
    from tokumei.documents import dumps
    from tokumei.spec import load_spec

    edition, tested = load_spec(), checks()
    named = [id_ for mutant in mutants().values() for id_ in mutant.killed_by]
    rows: list[dict[str, Any]] = [
        {
            "clause": each.id,
            "title": {"ja": each.title.ja, "en": each.title.en},
            "level": each.level.value,
            "outcome": each.outcome.value,
            "verification": each.verification,
            "check": each.id in tested,
            "mutants": named.count(each.id),
            "status": each.status,
            "profiles": [profile.id for profile in edition.profiles.values() if each.id in profile.own],
        }
        for each in edition.clauses.values()
    ]
    if format_ == "json":
        click.echo(dumps({"edition": edition.id, "law_as_of": edition.law_as_of, "clauses": rows}))
        return
    for line in _listed(edition, rows, lang):
        click.echo(line)


def _listed(edition: Edition, rows: Sequence[dict[str, Any]], lang: Lang) -> Iterator[str]:
    from tokumei.site import words

    head = Text(
        f"規格 {edition.id}　法令 {edition.law_as_of} 現在　要求事項 {len(rows)}",
        f"Edition {edition.id}, law as of {edition.law_as_of}, {len(rows)} clauses",
    )
    yield head[lang]
    names = Text("番号 水準 区分 確認方法 欠陥見本 題名", "Clause Level Outcome Verified Mutants Title")[lang].split()
    cells = [
        (
            row["clause"],
            words.LEVELS[row["level"]][lang],
            words.OUTCOMES[row["outcome"]][lang],
            words.VERIFICATIONS[row["verification"]][lang],
            str(row["mutants"]),
            row["title"][lang],
        )
        for row in rows
    ]
    yield from _grid([tuple(names), *cells])


def _grid(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    from rich.cells import cell_len

    widths = [max(cell_len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _explained(edition: Edition, clause: ClauseText, naming: Sequence[Mutant], lang: Lang) -> Iterator[str]:
    from tokumei.site import words
    from tokumei.site.clause_page import H

    def part(name: str) -> str:
        return f"\n■ {H[name][lang]}" if lang == "ja" else f"\n== {H[name][lang]}"

    yield f"{clause.id} {clause.title[lang]}"
    labels = (words.LEVELS[clause.level], words.OUTCOMES[clause.outcome], words.STATUS[clause.status])
    yield "[" + "] [".join(label[lang] for label in labels) + "]"
    for name in ("requirement", "rationale", "harm"):
        yield part(name)
        yield from _wrapped(getattr(clause, name)[lang])
    yield part("strength")
    yield from _grid(
        [
            (f"  {regime.id}", words.STRENGTHS[str(clause.strength.get(regime.id, ""))][lang], regime.name[lang])
            for regime in edition.regimes.values()
        ]
    )
    if clause.law:
        yield part("law")
    for ref in clause.law:
        old = Text(f"、{ref.old}", f", {ref.old}")[lang] if ref.old else ""
        since = Text(f"{ref.in_force} から施行", f"in force from {ref.in_force}")[lang]
        yield f"  ┌ {ref.act} {ref.article} ({since}{old}; {', '.join(ref.regimes)})"
        yield from (f"  │ {line.strip()}" for line in _wrapped(ref.text_ja))
    if clause.examples:
        yield part("example")
    for example in clause.examples:
        yield f"  {words.VERDICTS[example.verdict][lang]} {example.code}".rstrip()
        yield from (f"  {line}" for line in _wrapped(example.say[lang]))
    yield part("how")
    for need in clause.needs:
        yield f"  ・{words.NEEDS[need][lang]} ({need})"
    if clause.reason:
        yield from _wrapped(clause.reason[lang])
    if naming:
        yield part("mutants")
        yield from _grid([(f"  {each.id}", words.KINDS[each.kind][lang], each.effect[lang]) for each in naming])
    yield ""
    stem = clause.id.lower().replace("-", "_")
    yield Text("読む場所", "Where to read")[lang]
    yield f"  spec/{clause.file}"
    yield f"  conformance/tokumei/clauses/{clause.family.lower()}/{stem}.py"
    yield f"  site: clauses/{clause.id}.html" if lang == "ja" else f"  site: en/clauses/{clause.id}.html"


def _wrapped(text: str) -> Iterator[str]:
    """Lines of at most ``WIDTH`` columns: Latin words stay whole, and no line starts with a Japanese full stop."""
    from rich.cells import cell_len

    for paragraph in text.split("\n"):
        line = ""
        for piece in _PIECE.findall(paragraph):
            if cell_len(line + piece) > WIDTH - 2 and piece not in CLOSING:
                yield f"  {line.rstrip()}"
                line = piece.lstrip()
            else:
                line += piece
        yield f"  {line}".rstrip()


__all__ = ["explain", "list_"]
