"""``selftest``: the power of the suite itself."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import NoReturn

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
@click.option(
    "--write",
    "written",
    type=click.Path(path_type=Path, dir_okay=False),
    help="何も試験せず、台帳から結果の文書を書く / run nothing; write the result file from the ledgers",
)
@click.option("--suite", default="", help="--write で使う試験系のダイジェスト / digest of the suite, for --write")
@click.option(
    "--date",
    default="",
    help="--write の日付（既定は台帳の更新日、UTC） / date, for --write (default: when a ledger last changed, UTC)",
)
@lang_option
@seed_option
@format_option
def selftest(
    runs: int,
    mutant_seeds: int,
    zoo: Path | None,
    ledgers: tuple[Path, ...],
    shard: str,
    written: Path | None,
    suite: str,
    date: str,
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
    tokumei selftest --ledger a.jsonl --ledger b.jsonl --write benchmarks/results/power.json
    """
    if written is not None:
        _write(ledgers, written, suite, date, lang)
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


def _write(ledgers: tuple[Path, ...], path: Path, suite: str, date: str, lang: Lang) -> NoReturn:
    """Write the result file of one suite, and tell what a person reads of it; hand-written parts of it stay."""
    from tokumei.documents import dumps
    from tokumei.runner.power import suite_digest
    from tokumei.runner.selftest import lines
    from tokumei.site import power_result

    if absent := [ledger.name for ledger in ledgers if not ledger.is_file()]:
        raise click.UsageError(f"台帳がない / no such ledger: {', '.join(absent)}")
    wanted, held = suite or suite_digest(), power_result.suites(ledgers)
    if not held[wanted]:
        known = ", ".join(f"{digest} ({runs})" for digest, runs in held.items()) or "-"
        raise click.UsageError(
            f"台帳に試験系 {wanted} の記録がない。あるもの（--suite で選ぶ）: {known} / "
            f"the ledgers hold no run of suite {wanted}; choose one with --suite: {known}"
        )
    measured = power_result.measurement(ledgers, wanted)
    changed = dt.datetime.fromtimestamp(max(ledger.stat().st_mtime for ledger in ledgers), dt.UTC)
    day = date or changed.date().isoformat()
    path.parent.mkdir(parents=True, exist_ok=True)
    told = power_result.document(measured, date=day, kept=power_result.read(path))
    path.write_text(dumps(told), encoding="utf-8", newline="\n")
    for line in lines(measured, lang):
        click.echo(line)
    if others := held.total() - held[wanted]:
        click.echo(
            f"{others} 回は別の試験系のもので、使わない" if lang == "ja" else f"{others} runs of other suites not used"
        )
    if told["not_run"]:
        number = len(told["not_run"])
        click.echo(f"試験していない欠陥見本と組: {number}" if lang == "ja" else f"mutants on a pair not run: {number}")
    sys.exit(Exit.ALL_MET)


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
