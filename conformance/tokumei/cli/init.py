"""``init``: drafts of both declarations from a folder of tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokumei.cli.options import lang_option
from tokumei.model import Exit, Lang, Text

if TYPE_CHECKING:
    from tokumei.inspection.drafting import Choose
    from tokumei.inspection.keys import Key, Persons

REGIMES = ("NGMIA-19", "NGMIA-35", "APPI-43", "APPI-116", "MHLW-DB", "neutral")
KINDS = (
    "certified-producer",
    "certified-user",
    "business",
    "administrative-organ",
    "hospital",
    "research",
    "other",
)  # fmt: skip
PRODUCERS = (
    (
        Text("認定匿名加工医療情報作成事業者", "certified producer of anonymized medical data"),
        "NGMIA-19",
        "certified-producer",
    ),
    (
        Text("認定仮名加工医療情報作成事業者", "certified producer of pseudonymized medical data"),
        "NGMIA-35",
        "certified-producer",
    ),
    (Text("個人情報取扱事業者", "private operator that handles personal data"), "APPI-43", "business"),
    (Text("行政機関等", "administrative organ"), "APPI-116", "administrative-organ"),
    (
        Text("厚生労働省等のデータベース", "database of the Ministry of Health, Labour and Welfare"),
        "MHLW-DB",
        "administrative-organ",
    ),
)
"""Who processes the data, the regime that follows, and the kind of operator."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--regime", type=click.Choice(REGIMES), help="法制度 / legal regime")
@click.option("--operator", default="", help="作成主体の名称 / name of who processes")
@click.option("--kind", type=click.Choice(KINDS), help="作成主体の種別 / kind of operator")
@click.option("--person-key", default="", help="本人の鍵。resource.field / the person key")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="書出し先 / where the drafts go"
)
@click.option(
    "--yes", is_flag=True, help="質問せず、定まらない答えに印を付ける / ask nothing, mark what is not certain"
)
@lang_option
def init(
    folder: Path, regime: str | None, operator: str, kind: str | None, person_key: str, out: Path, yes: bool, lang: Lang
) -> None:
    """FOLDER の CSV と Parquet から、二つの宣言の下書きを作る / draft both declarations from tables.

    値は書き出さない。12 種類以下で各 10 行以上の、識別子でない語彙だけを例外とする。
    """
    from tokumei.engines.duckdb import DuckDB
    from tokumei.inspection import drafting

    ask = sys.stdin.isatty() and not yes
    if regime is None:
        if not ask:
            raise click.UsageError(
                "--regime を指定する（作成主体により異なり、自動では決めない） / give --regime: it is never guessed"
            )
        regime, kind = _asked(lang, kind)
    if regime in {"NGMIA-19", "NGMIA-35"}:
        kind = kind or "certified-producer"
    with DuckDB(threads=2, memory="1GB") as engine:
        findings = drafting.inspect(folder, engine, _chooser(person_key, lang, ask=ask, yes=yes), lang=lang)
    if ask and not operator:
        operator = click.prompt(
            "作成主体の名称" if lang == "ja" else "Name of who processes", default="", show_default=False
        )
    made = drafting.drafts(findings, regime=regime, operator=operator, kind=kind or "", lang=lang)
    drafting.write(made, out)
    left = made.organization.count("TODO: ") + made.processing.count("TODO: ")
    sentence = Text(
        "{tables} 表 {fields} 項目から下書きを {out} に作った。人が決める事項は {left} 箇所。区分は推測である。\n次: tokumei validate {organization} {processing}",
        "Drafted into {out} (tables: {tables}, fields: {fields}). Left for a person to decide: {left}. Classes are guesses.\nNext: tokumei validate {organization} {processing}",
    )
    params = {
        "tables": len(findings.sources),
        "fields": len(findings.guesses),
        "out": out,
        "left": left,
        "organization": out / drafting.FILES[0],
        "processing": out / drafting.FILES[1],
    }
    click.echo(sentence.format(**params)[lang])
    if findings.marked:
        click.echo(
            Text("本人の鍵が一つに定まらないため、完成していない。", "Not finished: the person key is not certain.")[
                lang
            ],
            err=True,
        )
        sys.exit(Exit.INCOMPLETE)


def _asked(lang: Lang, kind: str | None) -> tuple[str, str]:
    click.echo("作成主体はどれか。" if lang == "ja" else "Who processes the data?")
    for number, (name, regime, _) in enumerate(PRODUCERS, start=1):
        click.echo(f"  {number}. {name[lang]} ({regime})")
    number = click.prompt("番号" if lang == "ja" else "Number", type=click.IntRange(1, len(PRODUCERS)))
    _, regime, usual = PRODUCERS[number - 1]
    return regime, kind or usual


def _chooser(given: str, lang: Lang, *, ask: bool, yes: bool) -> Choose:
    def choose(persons: Persons) -> tuple[Key | None, bool]:
        from tokumei.inspection.keys import Key

        if given:
            resource, _, field = given.partition(".")
            if (key := Key(resource, field)) not in persons.columns:
                raise click.UsageError(f"その項目はない / no such field: {given}")
            return key, False
        if persons.sure:
            return persons.candidates[0], False
        if ask and persons.candidates:
            click.echo("本人を数える鍵はどれか。" if lang == "ja" else "Which column numbers the persons?")
            for number, key in enumerate(persons.candidates, start=1):
                click.echo(f"  {number}. {key}")
            number = click.prompt("番号" if lang == "ja" else "Number", type=click.IntRange(1, len(persons.candidates)))
            return persons.candidates[number - 1], False
        if not yes:
            names = ", ".join(map(str, persons.candidates)) or "—"
            raise click.UsageError(
                f"本人の鍵が定まらない。--person-key を指定する。候補 / give --person-key; candidates: {names}"
            )
        return (persons.candidates[0] if persons.candidates else None), True

    return choose
