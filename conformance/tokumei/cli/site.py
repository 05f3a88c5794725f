"""``site``: the pages that are generated from the standard."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def site() -> None:
    """公開サイトの道具 / tools for the site."""


@site.command("build")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False), default=Path("docs"))
def build_(out: Path) -> None:
    """要求事項とスキーマのページを作る / write the generated pages; run mkdocs afterwards."""
    from tokumei.site.pages import build

    click.echo(f"{len(build(out))} pages")
