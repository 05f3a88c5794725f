"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = "tokumei-report"

lang_option = click.option(
    "--lang", type=click.Choice(["ja", "en"]), default="ja", show_default=True, help="表示の言語 / language"
)
seed_option = click.option("--seed", default=1, show_default=True, help="計画の種 / seed of the plan")
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="出力の形 / output",
)
report_option = click.option(
    "--report-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(FOLDER),
    show_default=True,
    help="報告の置き場所 / where reports go",
)
