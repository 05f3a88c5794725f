"""``generate``: an invented registry of any size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokumei.cli.options import lang_option
from tokumei.model import Lang

if TYPE_CHECKING:
    from tokumei.registry.folder import Format


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--people", type=int, default=1000, show_default=True, help="人数（20 以上）/ people, 20 or more")
@click.option("--seed", default=1, show_default=True, help="乱数の種 / seed")
@click.option(
    "--form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True, help="ファイルの形 / files"
)
@lang_option
def generate(folder: Path, people: int, seed: int, form: Format, lang: Lang) -> None:
    """架空の本人の登録簿を FOLDER に書く / write a registry of invented people.

    \b
    氏名、住所、病名の分布は現実に似せてあるが、誰も実在しない。特異な本人を紛れ込ませ、truth/plants.csv に記す。
    同じ種からは同じファイルができる。追加の部品が要る: pip install "tokumei[registry]"

    \b
    Names, places and diagnoses are distributed as in life; nobody lives. Peculiar people are planted, and listed
    in truth/plants.csv. Equal seeds give equal files.
    """
    from tokumei.registry.folder import write

    rows = write(folder, people, seed=seed, form=form)
    told = ("人、病名 {1:,} 行、紛れ込ませた者 {2:,} 人", " people, {1:,} diagnoses, {2:,} planted")[lang == "en"]
    click.echo(("{0:,}" + told).format(rows["persons"], rows["diagnoses"], rows["plants"]))
