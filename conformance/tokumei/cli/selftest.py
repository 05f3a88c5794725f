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
@click.option(
    "--mutant-seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="欠陥見本ごと、対ごとの種の数 / seeds of each mutant on each pair",
)
@click.option(
    "--ledger",
    "ledgers",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="続きから測る台帳。二つ目からは読むだけ / ledger to resume; further ones are only read",
)
@click.option("--shard", default="0/1", show_default=True, help="この工程の番号/工程の数 / this process/processes")
@lang_option
@seed_option
@format_option
def selftest(
    runs: int,
    mutant_seeds: int,
    zoo: Path | None,
    ledgers: tuple[Path, ...],
    shard: str,
    lang: Lang,
    seed: int,
    format_: str,
) -> None:
    """試験の検出力を測る / measure what the suite kills and whom it accuses.

    台帳（--ledger）には一回ごとに試験系のダイジェストとともに書き足す。中断しても続きから測り、試験系が変われば測り直す。
    分けて測るには --shard 0/2 と --shard 1/2 を別の工程で走らせる。台帳は一つでも、工程ごとでもよい。終わったら --shard なしで
    すべての台帳を --ledger に並べると、測り直さずに全体を集計する。

    Each run is added to the ledger under the digest of the suite: an interrupted measurement is taken up again,
    a changed suite is measured anew. To share the work, run --shard 0/2 and --shard 1/2 in two processes, with one
    ledger or one each; then name every ledger without --shard, which runs nothing again and reports the whole.

    \b
    tokumei selftest --runs 1000 --mutant-seeds 8 --ledger a.jsonl --shard 0/2
    tokumei selftest --runs 1000 --mutant-seeds 8 --ledger b.jsonl --shard 1/2
    tokumei selftest --runs 1000 --mutant-seeds 8 --ledger a.jsonl --ledger b.jsonl
    """
    if zoo is not None:
        _visit(zoo, lang, format_)
    from tokumei.documents import dumps
    from tokumei.runner.power import Ledger
    from tokumei.runner.selftest import as_document, lines, run_selftest

    part, _, parts = shard.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and int(part) < int(parts)):
        raise click.UsageError("--shard は 0/4 のように書く / write it as 0/4")
    measured = run_selftest(
        runs=runs,
        seed=seed,
        mutant_seeds=mutant_seeds,
        ledger=Ledger(*ledgers),
        progress=_told if sys.stderr.isatty() else None,
        shard=(int(part), int(parts)),
    )
    if format_ == "json":
        click.echo(dumps(as_document(measured)))
    else:
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
