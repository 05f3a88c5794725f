"""``audit``: files that were supplied, without a product."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from tokumei.cli.options import format_option, lang_option, report_option
from tokumei.cli.output import write_reports
from tokumei.model import Lang


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--organization", type=click.Path(path_type=Path), required=True, help="整理の方法 / organization declaration"
)
@click.option(
    "--processing", type=click.Path(path_type=Path), required=True, help="加工の方法 / processing declaration"
)
@click.option(
    "--original", type=click.Path(path_type=Path), help="加工前データのフォルダ（作成者のみ）/ for the maker only"
)
@click.option("--purpose", required=True, help="調べる目的 / why it is examined")
@click.option("--responsible", required=True, help="責任者 / who answers for it")
@click.option("--role", type=click.Choice(["maker", "recipient"]), required=True, help="作成者か受領者か / who you are")
@lang_option
@format_option
@report_option
def audit(
    release: Path,
    organization: Path,
    processing: Path,
    original: Path | None,
    purpose: str,
    responsible: str,
    role: Literal["maker", "recipient"],
    lang: Lang,
    format_: str,
    report_dir: Path,
) -> None:
    """加工後データのフォルダ RELEASE を調べる。値は出力しない / examine supplied files; no value is printed."""
    from tokumei.engines.duckdb import DuckDB
    from tokumei.runner.audit import audit as examine
    from tokumei.runner.record import audit_report
    from tokumei.spec import load_spec

    with DuckDB(threads=2, memory="700MB") as engine:
        found = examine(
            organization=organization,
            processing=processing,
            release=release,
            original=original,
            purpose=purpose,
            responsible=responsible,
            role=role,
            engine=engine,
        )
    record = audit_report(found, load_spec())
    if format_ == "text":
        click.echo(found.summary[lang])
        measured: Any = found.measured
        for target in measured["targets"]:
            click.echo(f"  {target['model']}: k = {target['k']} ({target['reading']}; n = {target['rows']})")
        for name, count in (measured.get("pseudonyms_unchanged") or {}).items():
            if count:
                unchanged = ("元の値のままの仮ID", "pseudonyms that are source keys")[lang != "ja"]
                click.echo(f"  {name}: {unchanged}: {count}")
    write_reports(record, {}, report_dir, lang, format_)
