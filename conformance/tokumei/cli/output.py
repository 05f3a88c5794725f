"""How the result of a command is written and ends: the report folder, the terminal, the exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tokumei.model import Lang


def write_reports(
    record: dict[str, Any], replays: Mapping[str, Mapping[str, Any]], folder: Path, lang: Lang, format_: str
) -> None:
    from rich.console import Console

    from tokumei.documents import dumps
    from tokumei.report.render import write
    from tokumei.report.terminal import print_report
    from tokumei.spec import load_spec

    folder.mkdir(parents=True, exist_ok=True)
    paths = write(record, load_spec(), folder, lang)
    for id_, document in replays.items():
        (folder / "findings").mkdir(exist_ok=True)
        (folder / "findings" / f"{id_}.json").write_text(dumps(document), encoding="utf-8")
    if format_ == "json":
        click.echo(dumps(record))
    else:
        print_report(record, lang, Console())
        for path in paths.values():
            click.echo(str(path))
    sys.exit(record["exit"])
