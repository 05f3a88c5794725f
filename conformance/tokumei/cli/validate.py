"""``validate``: the declarations, and the data if given."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tokumei.cli.options import format_option, lang_option
from tokumei.model import Exit, Lang


@click.command()
@click.argument("organization", type=click.Path(path_type=Path))
@click.argument("processing", type=click.Path(path_type=Path), required=False)
@click.option("--data", type=click.Path(path_type=Path), help="データのフォルダ / folder of the data")
@lang_option
@format_option
def validate(organization: Path, processing: Path | None, data: Path | None, lang: Lang, format_: str) -> None:
    """二つの宣言と、あればデータを調べる / check the declarations, and data if given."""
    from tokumei.documents import dumps
    from tokumei.validation import validate_pair
    from tokumei.wording import render

    problems = validate_pair(organization, processing, data)
    if format_ == "json":
        rows = [
            {"code": p.code, "file": p.place.file, "line": p.place.line, "pointer": p.place.pointer, "clause": p.clause}
            for p in problems
        ]
        click.echo(dumps({"problems": rows}))
    else:
        for problem in problems:
            click.echo(render(problem, lang), err=True)
        if not problems:
            click.echo("問題なし" if lang == "ja" else "no problem found")
    sys.exit(Exit.USAGE if problems else Exit.ALL_MET)
