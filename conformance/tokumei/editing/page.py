"""The differences of two states as one page of HTML that needs nothing else: Japanese and English side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from tokumei.editing.comparison import KINDS
from tokumei.editing.contents import LANGS, name
from tokumei.model import Text

if TYPE_CHECKING:
    from tokumei.editing.comparison import Difference
    from tokumei.editing.impact import Impact
    from tokumei.editing.redline import Part

_CSS = """
body{font-family:"Yu Gothic","Hiragino Sans","Noto Sans JP",sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;
line-height:1.7;color:#1b2426;background:#fff}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{border:1px solid #b8c2c4;padding:.4rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#eef3f3}.text{white-space:pre-wrap}.part{width:9rem}
ins{background:#d9f0df;text-decoration:underline}del{background:#f9dcd7;text-decoration:line-through}
@media print{ins,del{background:none}section{break-inside:avoid}}
"""
SAID: Mapping[str, Text] = {
    "title": Text("規格の新旧対照", "Revision of the standard"),
    "none": Text("違いはない。", "There is no difference."),
    "part": Text("箇所", "Part"),
    "reworded": Text(
        "本文が変わった。目録は要約値だけをもつので、どう変わったかは示せない",
        "The text has changed; a manifest does not tell how",
    ),
    "suspect": Text("試験は要再確認", "The check is suspect"),
    "mutants": Text("欠陥見本", "Mutants"),
    "profiles": Text("適用区分", "Profiles"),
    "products": Text("関係する例の製品", "Example products concerned"),
}
LANGUAGE = {"ja": "日本語", "en": "English"}


def page(before: str, after: str, found: Iterable[tuple[Difference, Impact]]) -> str:
    """The whole page; ``before`` and ``after`` are how the reader named the two states."""
    sections = [_section(difference, reach) for difference, reach in found]
    body = "\n".join(sections) or f"<p>{_both('none')}</p>"
    heading = f"{escape(before)} → {escape(after)}"
    return (
        '<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(SAID['title'].ja)} {heading}</title>\n<style>{_CSS}</style></head>\n"
        f"<body>\n<h1>{_both('title')}</h1>\n<p>{heading}</p>\n{body}\n</body></html>\n"
    )


def _both(key: str) -> str:
    return _pair(SAID[key])


def _pair(text: Text) -> str:
    return f'{escape(text.ja)} <span lang="en">{escape(text.en)}</span>'


def _section(difference: Difference, reach: Impact) -> str:
    rows = [
        f'<tr><th class="part" scope="row">{_named(pointer)}</th><td colspan="2">{_change(was, now)}</td></tr>'
        for pointer, was, now in difference.fields
    ]
    lines = dict(difference.redlines)
    for stem in dict.fromkeys(pointer.rpartition("/")[0] for pointer in lines):
        cells = "".join(
            f'<td class="text" lang="{lang}">{_marked(lines.get(f"{stem}/{lang}", ()))}</td>' for lang in LANGS
        )
        rows.append(f'<tr><th class="part" scope="row">{_named(f"{stem}/ja")}</th>{cells}</tr>')
    if difference.reworded:
        named = ", ".join(LANGUAGE[lang] for lang in difference.reworded)
        rows.append(f'<tr><td colspan="3">{_both("reworded")} ({escape(named)})</td></tr>')
    head = f'<tr><th class="part">{_both("part")}</th>' + "".join(f"<th>{LANGUAGE[lang]}</th>" for lang in LANGS)
    return (
        f'<section id="{escape(difference.clause)}"><h2>{escape(difference.clause)} {_pair(difference.title)}'
        f" — {_pair(KINDS[difference.kind])}</h2>\n<table><thead>{head}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + f"\n</tbody></table>\n{_reach(reach)}</section>"
    )


def _named(pointer: str) -> str:
    return f'{escape(name(pointer, "ja"))}<br><span lang="en">{escape(name(pointer, "en"))}</span>'


def _change(was: str, now: str) -> str:
    return " ".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in (("del", was), ("ins", now)) if text)


def _marked(parts: Iterable[Part]) -> str:
    return "".join(
        escape(part.text) if part.op == "same" else f"<{part.op}>{escape(part.text)}</{part.op}>" for part in parts
    )


def _reach(reach: Impact) -> str:
    items = [f"<li>{_both('suspect')}</li>"] if reach.suspect else []
    for key in ("mutants", "profiles", "products"):
        names: tuple[str, ...] = getattr(reach, key)
        if names:
            items.append(f"<li>{_both(key)}: {escape(', '.join(names))}</li>")
    return f"<ul>{''.join(items)}</ul>" if items else ""


__all__ = ["LANGUAGE", "SAID", "page"]
