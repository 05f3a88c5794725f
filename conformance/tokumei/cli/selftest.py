"""``selftest``: the power of the suite itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tokumei.cli.options import format_option, lang_option, seed_option
from tokumei.model import Exit, Lang


@click.command()
@click.option("--runs", default=20, show_default=True, help="正しい製品の試験の回数 / runs of correct products")
@click.option(
    "--zoo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="zoo.yaml のある、見たことのない製品のフォルダ / a folder of products never seen, with zoo.yaml",
)
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="続きから測る台帳 / ledger to resume")
@click.option("--shard", default="0/1", show_default=True, help="この工程の番号/工程の数 / this process/processes")
@lang_option
@seed_option
@format_option
def selftest(runs: int, zoo: Path | None, ledger: Path | None, shard: str, lang: Lang, seed: int, format_: str) -> None:
    """試験の検出力を測る / measure what the suite kills and whom it accuses."""
    if zoo is not None:
        _visit(zoo, lang, format_)
    from tokumei.runner.power import Ledger
    from tokumei.runner.selftest import lines, run_selftest

    part, _, parts = shard.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and int(part) < int(parts)):
        raise click.UsageError("--shard は 0/4 のように書く / write it as 0/4")
    measured = run_selftest(
        runs=runs,
        seed=seed,
        ledger=Ledger(ledger) if ledger else None,
        progress=_told if sys.stderr.isatty() else None,
        shard=(int(part), int(parts)),
    )
    for line in lines(measured, lang):
        click.echo(line)
    sys.exit(Exit.ALL_MET if measured.good else Exit.SUITE)


def _told(done: int, total: int, name: str) -> None:
    click.echo(f"\r{done}/{total} {name:<40}", err=True, nl=False)


def _visit(folder: Path, lang: Lang, format_: str) -> None:
    """Run the products of a zoo and tell where the suite agrees with their author."""
    from tokumei.documents import dumps
    from tokumei.runner.zoo import as_document, exit_code, lines, tour
    from tokumei.spec import load_spec

    def show(done: int, total: int, name: str) -> None:
        click.echo(f"{done}/{total} {name}", err=True)

    seen = tour(folder, load_spec(), show)
    if format_ == "json":
        click.echo(dumps(as_document(seen)))
    else:
        for line in lines(seen, lang):
            click.echo(line)
    sys.exit(exit_code(seen))
