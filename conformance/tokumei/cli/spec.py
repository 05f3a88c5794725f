"""``spec``: tools for the editors of the standard."""

from __future__ import annotations

import sys

import click

from tokumei.cli.options import lang_option
from tokumei.model import Exit, Lang


@click.group()
def spec() -> None:
    """規格本文の道具 / tools for the editors of the standard."""


@spec.command("lint")
@lang_option
def lint_(lang: Lang) -> None:
    """規格本文と試験の食い違いを調べ、例を実行する / check the text against its checks, and play its examples."""
    from tokumei.clause import checks
    from tokumei.engines.duckdb import DuckDB
    from tokumei.runner.examples import unkept
    from tokumei.spec import load_spec
    from tokumei.spec_lint import lint
    from tokumei.wording import render

    edition = load_spec()
    with DuckDB() as engine:
        problems = (*lint(edition), *unkept(edition, checks(), engine))
    for problem in problems:
        click.echo(render(problem, lang), err=True)
    examples = sum(len(clause.examples) for clause in edition.clauses.values())
    click.echo(f"{len(edition.clauses)} clauses, {examples} examples, {len(problems)} problems")
    sys.exit(Exit.NOT_MET if problems else Exit.ALL_MET)
