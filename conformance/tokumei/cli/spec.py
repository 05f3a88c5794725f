"""``spec``: tools for the editors of the standard."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tokumei.cli import spec_diff, spec_sheet
from tokumei.cli.options import lang_option
from tokumei.model import Exit, Lang, Text

STATES = {
    "new": Text("未確認（新規）", "new, not affirmed"),
    "suspect": Text("要再確認（本文が変わった）", "suspect: the text has changed"),
    "check changed": Text("確認済み（その後、試験が変わった）", "affirmed; the check has changed since"),
    "affirmed": Text("確認済み", "affirmed"),
}


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


@spec.command("affirm")
@click.argument("clauses", nargs=-1)
@lang_option
def affirm_(clauses: tuple[str, ...], lang: Lang) -> None:
    """要求事項 CLAUSES の試験を、今の本文に照らして確かめたと記録する / record that checks were read against the text.

    番号を示さなければ、要求事項ごとの状態を示す。 Without ids, what is affirmed and what is suspect is listed.
    """
    from tokumei import editions, resources
    from tokumei.spec import load_spec
    from tokumei.spec_lint import clause_modules

    edition, folder = load_spec(), resources.data("spec")
    modules = clause_modules(edition.clauses)
    if clauses:
        click.echo(editions.affirm(edition, modules, folder, clauses).name)
    for id_, state in editions.states(edition, modules, folder).items():
        if not clauses or id_ in clauses:
            click.echo(f"{id_:8} {STATES[state][lang]}")


@spec.command("freeze")
def freeze_() -> None:
    """今の版を確定し、全文を一つのファイルに残す / freeze the edition: keep the whole text of today in one file.

    確定した版は変えられない。続けるには edition.yaml の版の番号を改める。
    A frozen edition is not changed any more; to go on, give edition.yaml the id of the next.
    """
    from tokumei import resources
    from tokumei.freezing import freeze
    from tokumei.spec import load_spec
    from tokumei.spec_lint import clause_modules

    edition, folder = load_spec(), resources.data("spec")
    click.echo(freeze(edition, clause_modules(edition.clauses), folder).name)


@spec.command("new")
@click.argument("clause")
@click.option("--slug", required=True, help="英小文字とハイフンによる短縮名 / short name in the English alphabet")
@click.option("--profile", default="tables", show_default=True, help="載せる適用区分 / profile that lists it")
def new_(clause: str, slug: str, profile: str) -> None:
    """要求事項 CLAUSE（例 I5-02）の下書きを作る / draft a clause: its text, and its check with two mutants."""
    from tokumei.drafting import draft
    from tokumei.spec import load_spec

    for path in draft(load_spec(), clause, slug, profile):
        here = Path.cwd()
        click.echo(path.relative_to(here) if path.is_relative_to(here) else path)


for command in (spec_sheet.export, spec_sheet.import_, spec_diff.diff):
    spec.add_command(command)
