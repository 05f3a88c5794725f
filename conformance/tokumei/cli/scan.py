"""``scan``: a list of identifiers looked for in files of any size."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tokumei.cli.options import format_option, lang_option
from tokumei.model import Exit, Lang, Problem, TokumeiError

if TYPE_CHECKING:
    from tokumei.scanning.scan import Scan

WORDS: Mapping[str, tuple[str, str]] = {
    "name": ("氏名", "name"),
    "kana": ("仮名", "kana"),
    "number": ("番号", "number"),
    "date": ("日付", "date"),
    "text": ("その他の文字列", "other text"),
    "in content": ("内容", "content"),
    "in name": ("名前", "name of a file or column"),
    "in metadata": ("付帯情報", "metadata"),
    "as text": ("そのまま", "as it is"),
    "as percent": ("URL 符号化", "percent-encoded"),
    "as html": ("HTML の文字参照", "HTML references"),
    "as json": ("JSON の文字参照", "JSON escapes"),
    "as base64": ("Base64", "Base64"),
    "as hex": ("16 進", "hexadecimal"),
    "written": ("", ""),
    "romaji": ("・ローマ字", ", in Latin letters"),
    "era": ("・和暦", ", in an era"),
    "reversed": ("・逆順", ", backwards"),
    "adjacent": ("・隣り合うセル", ", over neighbouring cells"),
}


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--identifiers",
    type=click.Path(path_type=Path),
    required=True,
    help="識別子の一覧（CSV: person,kind,value）/ list of identifiers",
)
@click.option("--purpose", required=True, help="調べる目的 / why it is examined")
@click.option("--responsible", required=True, help="責任者 / who answers for it")
@click.option("--role", type=click.Choice(["maker", "recipient"]), required=True, help="作成者か受領者か / who you are")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True, help="工程の数 / processes")
@lang_option
@format_option
def scan(
    release: Path,
    identifiers: Path,
    purpose: str,
    responsible: str,
    role: Literal["maker", "recipient"],
    processes: int,
    lang: Lang,
    format_: str,
) -> None:
    """フォルダ RELEASE の全ファイルに識別子が残っていないかを探す / look for identifiers in every file of a folder.

    \b
    一覧の kind は name（氏名）、kana（仮名）、number（番号）、date（日付、YYYY-MM-DD）、text（その他）。
    表記の揺れ、符号化、書庫の中、ファイル名も探す。値もファイル名の中の識別子も出力しない。
    見付かれば終了コード 1。数だけを示すもので、短い番号は偶然の一致を含みうる。

    \b
    Exit code 1 where something is found. Only counts are shown; short numbers may be met by chance.
    """
    from tokumei.documents import dumps
    from tokumei.scanning.identifiers import read
    from tokumei.scanning.scan import scan as search

    problems = [
        Problem(code=code)
        for code, wrong in (
            ("AUDIT_PURPOSE_MISSING", not purpose.strip()),
            ("AUDIT_RESPONSIBLE_MISSING", not responsible.strip()),
            ("AUDIT_MATCHING_FORBIDDEN", role == "recipient"),
            ("FOLDER_MISSING", not release.is_dir()),
        )
        if wrong
    ]
    if problems:
        raise TokumeiError(*problems)
    shown = _shown if format_ == "text" and sys.stderr.isatty() else None
    found = search(release, read(identifiers), processes=processes, progress=shown)
    if format_ == "json":
        click.echo(dumps({"purpose": purpose, "responsible": responsible, "role": role, **_record(found)}))
    else:
        click.echo(_told(found, lang))
    incomplete = found.unread or found.short or not found.files
    sys.exit(Exit.NOT_MET if found.occurrences else Exit.INCOMPLETE if incomplete else Exit.ALL_MET)


def _shown(done: int, total: int) -> None:
    """One line that is written over."""
    click.echo(f"\r{done / max(total, 1):4.0%}", nl=done >= total, err=True)


def _file(found: Scan, number: int) -> str:
    """The path of a file, unless it holds an identifier itself."""
    return f"#{number + 1}" if number in found.named else found.files[number]


def _record(found: Scan) -> dict[str, object]:
    return {
        "files": len(found.files),
        "bytes": found.size,
        "identifiers": found.identifiers,
        "not_searched": found.short,
        "occurrences": [
            asdict(one.place) | {"file": _file(found, one.place.file), "kind": one.kind}
            | {"identifiers": one.identifiers, "people": one.people, "times": one.times}
            for one in found.occurrences
        ],
        "searched_as_bytes": [_file(found, number) for number in found.opaque],
        "not_read_to_the_end": [_file(found, number) for number in found.unread],
    }  # fmt: skip


def _told(found: Scan, lang: Lang) -> str:
    ja = lang == "ja"
    at = 0 if ja else 1
    lines = []
    for one in found.occurrences:
        place = one.place
        how = WORDS[f"as {place.view}"][at] + WORDS[place.way][at] + (WORDS["adjacent"][at] if place.adjacent else "")
        what = f"{_file(found, place.file)} [{WORDS[f'in {place.where}'][at]}] {WORDS[one.kind][at]} ({how})"
        counts = (
            f"識別子 {one.identifiers} 個、{one.people} 人、{one.times} 箇所"
            if ja
            else f"{one.identifiers} identifiers, {one.people} people, {one.times} places"
        )
        lines.append(f"{what}: {counts}")
    for numbers, word in (
        (found.opaque, ("中身を開けずバイト列として探した", "searched as bytes only")),
        (found.unread, ("最後まで読めなかった", "not read to the end")),
    ):
        lines += [f"{_file(found, number)}: {word[at]}" for number in numbers]
    searched = found.identifiers - found.short
    if ja:
        lines.append(f"{len(found.files)} ファイル、{found.size:,} バイト。識別子 {searched:,} 個を探した。")
        lines += [f"短すぎて探さなかった識別子: {found.short:,} 個"] if found.short else []
        lines += [] if found.occurrences else ["見付からなかった。個人が識別されないことを示すものではない。"]
    else:
        lines.append(f"{len(found.files)} files, {found.size:,} bytes; looked for {searched:,} identifiers.")
        lines += [f"too short to be looked for: {found.short:,} identifiers"] if found.short else []
        lines += [] if found.occurrences else ["Nothing found. This does not show that nobody can be identified."]
    return "\n".join(lines)
