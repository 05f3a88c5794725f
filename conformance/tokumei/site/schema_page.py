"""One page a JSON Schema: its properties as tables, as Markdown."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from tokumei.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 6


def page(name: str, schema: Mapping[str, Any], lang: str) -> str:
    """The page of one schema: a table of its own properties and one of each definition."""
    blocks = [f"# {_say(schema, 'title', lang) or name}", f"`{name}.schema.json`", _say(schema, "description", lang)]
    blocks += _table(schema, lang)
    for key, part in schema.get("$defs", {}).items():
        blocks += [f'<h2 id="{escape(_anchor(key))}">{escape(key)}</h2>', _say(part, "description", lang)]
        blocks += _table(part, lang)
    return "\n\n".join(block for block in blocks if block) + "\n"


def index(schemas: Mapping[str, Mapping[str, Any]], lang: str) -> str:
    """The list of all schemas."""
    head = Text(
        "# データ形式\n\n宣言、製品の申告、報告書及び接続の形式（JSON Schema 2020-12）。",
        "# Data formats\n\nThe forms of declarations, product statements, reports and messages (JSON Schema 2020-12).",
    )[lang]
    columns = Text("| 形式 | 説明 |", "| Format | Description |")[lang]
    rows = [
        f"| [{_cell(_say(schema, 'title', lang)) or name}]({name}.md) | {_cell(_say(schema, 'description', lang))} |"
        for name, schema in schemas.items()
    ]
    return f"{head}\n\n" + "\n".join((columns, "|---|---|", *rows)) + "\n"


def _say(schema: Mapping[str, Any], word: str, lang: str) -> str:
    translated = schema.get(f"x-{word}-{lang}") if lang != "en" else None
    return str(translated or schema.get(word, ""))


def _table(schema: Mapping[str, Any], lang: str) -> list[str]:
    rows = list(_rows(schema, lang, "", 0))
    if not rows:
        kind = _kind(schema)
        return [f"{kind}"] if kind else []
    header = Text("| 項目 | 必須 | 値 | 説明 |", "| Property | Required | Value | Description |")[lang]
    return ["\n".join((header, "|---|---|---|---|", *rows))]


def _rows(schema: Mapping[str, Any], lang: str, prefix: str, depth: int) -> Iterator[str]:
    required = schema.get("required", ())
    for key, value in schema.get("properties", {}).items():
        if not isinstance(value, dict):
            continue
        name = f"{prefix}{key}"
        mark = "○" if key in required else ""
        yield f"| `{name}` | {mark} | {_kind(value)} | {_cell(_say(value, 'description', lang))} |"
        items = value.get("items")
        inner, join = (items, "[].") if isinstance(items, dict) else (value, ".")
        if depth < MAX_DEPTH:
            yield from _rows(inner, lang, f"{name}{join}", depth + 1)


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value may be, in one cell."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{escape(name)}](#{_anchor(name)})" if schema["$ref"].startswith("#/") else f"`{schema['$ref']}`"
    if "const" in schema:
        return f"`{_json(schema['const'])}`"
    if "enum" in schema:
        return " ".join(f"`{_json(value)}`" for value in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " / ".join(dict.fromkeys(kind for part in schema[word] if (kind := _kind(part))))
    kind = schema.get("type", "")
    kinds = [str(each) for each in kind] if isinstance(kind, list) else [str(kind)]
    if isinstance(schema.get("items"), dict) and (inner := _kind(schema["items"])):
        return f"array: {inner}"
    pattern = f" `{_cell(str(schema['pattern']))}`" if "pattern" in schema else ""
    return ", ".join(kinds) + pattern


def _json(value: Any) -> str:
    return _cell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _anchor(name: str) -> str:
    return f"def-{name}".lower()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
