"""``doctor``: the connection to a product, not the anonymizer."""

from __future__ import annotations

import sys

import click

from tokumei.cli.options import lang_option
from tokumei.model import Exit, Lang


@click.command()
@click.argument("product")
@lang_option
def doctor(product: str, lang: Lang) -> None:
    """接続だけを調べる / check the connection, not the anonymizer."""
    from tokumei.adapters.doctor import diagnose

    rows = list(diagnose(product))
    for name, fine, text in rows:
        click.echo(f"{'✓' if fine else '✗'} {name}: {text[lang]}")
    sys.exit(Exit.ALL_MET if all(fine for _, fine, _ in rows) else Exit.PRODUCT)
