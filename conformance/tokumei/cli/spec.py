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
    """規格本文と試験の食い違いを調べる / check the text of the standard against its checks."""
    from tokumei.spec import load_spec
    from tokumei.spec_lint import lint
    from tokumei.wording import render

    problems = lint(load_spec())
    for problem in problems:
        click.echo(render(problem, lang), err=True)
    click.echo(f"{len(load_spec().clauses)} clauses, {len(problems)} problems")
    sys.exit(Exit.NOT_MET if problems else Exit.ALL_MET)
