"""The glossary in one language: the term, the term of the other language, and the meaning."""

from __future__ import annotations

from html import escape

from tokumei.model import Text

HEAD = Text(
    "# 用語\n\n一つの概念に一つの語を用いる。「条」「項」「号」は法令についてだけ用いる。",
    "# Glossary\n\nOne word for one concept. The Japanese words 条, 項 and 号 are used for law only.",
)
COLUMNS = Text("| 用語 | 英語 | 意味 |", "| Term | Japanese | Meaning |")


def page(text: str, lang: str) -> str:
    """The page of ``spec/glossary.md``, whose meaning is the Japanese sentences and then the English ones."""
    rows = [
        f"| {term} | {other} | {escape(meaning, quote=False)} |"
        for ja, en, (said_ja, said_en) in entries(text)
        for term, other, meaning in [(ja, en, said_ja) if lang == "ja" else (en, ja, said_en)]
    ]
    if lang == "en":
        rows.sort(key=str.lower)
    return f"{HEAD[lang]}\n\n" + "\n".join((COLUMNS[lang], "|---|---|---|", *rows)) + "\n"


def entries(text: str) -> list[tuple[str, str, tuple[str, str]]]:
    """The Japanese term, the English term, and the meaning in both languages."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    found = []
    for ja, en, meaning in lines[1:]:
        said_ja, _, said_en = meaning.rpartition("。")
        found.append((ja, en, (f"{said_ja}。", said_en.strip())))
    return found


__all__ = ["entries", "page"]
