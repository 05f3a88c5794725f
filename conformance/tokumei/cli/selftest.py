"""``selftest``: the power of the suite itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tokumei.cli.options import lang_option, seed_option
from tokumei.model import Exit, Lang


@click.command()
@click.option("--runs", default=20, show_default=True, help="正しい製品の試験の回数 / runs of correct products")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="続きから測る台帳 / ledger to resume")
@lang_option
@seed_option
def selftest(runs: int, ledger: Path | None, lang: Lang, seed: int) -> None:
    """試験の検出力を測る / measure what the suite kills and whom it accuses."""
    from tokumei.runner.selftest import Ledger, lines, run_selftest

    measured = run_selftest(runs=runs, seed=seed, ledger=Ledger(ledger) if ledger else None)
    for line in lines(measured, lang):
        click.echo(line)
    sys.exit(Exit.ALL_MET if measured.good else Exit.SUITE)
