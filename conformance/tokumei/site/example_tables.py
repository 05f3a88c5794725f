"""The mini-examples of a clause as tables: what is declared, what goes in, what comes out, what is said."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from tokumei.model import Text
from tokumei.site import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tokumei.examples import Example, ExampleCall, Grid

HEADS = {
    "declared": Text("宣言", "Declared"),
    "field": Text("項目", "Field"),
    "class": Text("区分", "Class"),
    "technique": Text("手法", "Technique"),
    "params": Text("パラメータ", "Parameters"),
    "target": Text("目標", "Target"),
    "row": Text("1 行が表すもの", "A row is"),
    "input": Text("入力", "Input"),
    "release": Text("加工後", "Release"),
    "call": Text("{n} 回目", "Call {n}"),
    "refused": Text("拒否", "Refused"),
    "log": Text("ログ", "Log"),
    "file": Text("ファイル", "File"),
    "no_claim": Text("提供仕様書を添えない", "without declarations"),
}


def blocks(examples: Sequence[Example], lang: str) -> Iterator[str]:
    """Each example as Markdown blocks: a heading, its sentence, and its tables."""
    for number, example in enumerate(examples, 1):
        verdict = words.VERDICTS[example.verdict][lang]
        code = f" <code>{escape(example.code)}</code>" if example.code else ""
        mark = f'<span class="tk-badge tk-{example.verdict}">{verdict}</span>{code}'
        yield f"### {Text(f'例 {number}', f'Example {number}')[lang]} {mark}"
        yield escape(example.say[lang], quote=False)
        cards = [*_declared(example, lang), *_calls(example, lang)]
        yield '<div class="tk-example">' + "".join(cards) + "</div>"


def _declared(example: Example, lang: str) -> Iterator[str]:
    if example.fields:
        names = ("field", "class", "technique", "params")
        rows = [
            (
                line["field"],
                ", ".join([line["class"]] if isinstance(line["class"], str) else line["class"]),
                line.get("technique", "keep"),
                said(line.get("params", {})),
            )
            for line in example.fields
        ]
        shown = [at for at in range(len(names)) if any(row[at] for row in rows)]
        kept = [[row[at] for at in shown] for row in rows]
        yield _card(HEADS["declared"][lang], _table([HEADS[names[at]][lang] for at in shown], kept))
    if example.rows != "person":
        yield _card(HEADS["row"][lang], f"<code>{escape(example.rows)}</code>")
    if example.targets:
        yield _card(HEADS["target"][lang], _list(said(target) for target in example.targets))


def _calls(example: Example, lang: str) -> Iterator[str]:
    several = len(example.calls) > 1
    for number, call in enumerate(example.calls, 1):
        before = f"{HEADS['call'][lang].format(n=number)} " if several else ""
        yield from (_card(f"{before}{title}", body) for title, body in _call(call, lang))


def _call(call: ExampleCall, lang: str) -> Iterator[tuple[str, str]]:
    for side in ("input", "release"):
        grids: dict[str, Grid] = dict(getattr(call, side))
        for name, grid in grids.items():
            title = HEADS[side][lang] if len(grids) == 1 else f"{HEADS[side][lang]} {name}"
            yield title, _table(grid.columns, grid.rows)
    if call.refused:
        yield HEADS["refused"][lang], f"<code>{escape(call.refused)}</code>"
    if call.log:
        yield HEADS["log"][lang], f"<code>{escape(call.log)}</code>"
    for name, text in call.files.items():
        yield f"{HEADS['file'][lang]} {name}", f"<code>{escape(text)}</code>"
    if not call.claimed:
        yield HEADS["declared"][lang], escape(HEADS["no_claim"][lang])


def said(params: Any) -> str:
    """Parameters as a person writes them: ``by = subject, preserve = interval order``."""
    if isinstance(params, dict):
        return ", ".join(f"{name} = {said(value)}" for name, value in params.items())
    if isinstance(params, list | tuple):
        return " ".join(said(value) for value in params)
    return str(params)


def _card(title: str, body: str) -> str:
    return f'<div class="tk-card"><p class="tk-card-title">{escape(title)}</p>{body}</div>'


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(_td(cell) for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _td(cell: str | None) -> str:
    return '<td class="tk-null">NULL</td>' if cell is None else f"<td>{escape(cell)}</td>"


__all__ = ["blocks", "said"]
