"""How the workbook of the standard is laid out: its sheets, and the columns of each with what may be changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokumei.editing.contents import BODY, LANGS, NAMES, regimes

if TYPE_CHECKING:
    from tokumei.spec import Edition

FORMAT = "tokumei-clauses/1"
GUIDE, CLAUSES, FINDINGS, RECORD = "はじめに", "要求事項", "指摘の文", "照合"
HEAD_ROW = 1
_LANGUAGE = {"ja": "日本語", "en": "英語"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; ``pointer`` says which part of the clause stands in it, ``{code}`` being that of the row."""

    pointer: str
    head: str
    width: int
    locked: bool = False
    required: bool = True


def clause_columns(edition: Edition) -> tuple[Column, ...]:
    """The columns of the first table: one row a clause."""
    short = {"/level": 12, "/outcome": 12, "/status": 12, "/revision": 10}
    return (
        Column(pointer="id", head="番号\nid", width=9, locked=True),
        Column(pointer="digest", head="照合用の値\ndigest", width=19, locked=True),
        *(_column(f"/title/{lang}", "/title", 28) for lang in LANGS),
        *(_column(pointer, pointer, width) for pointer, width in short.items()),
        *(
            Column(
                pointer=f"/strength/{regime}",
                head=f"根拠 {regime}\nStrength",
                width=14,
                required=False,
            )
            for regime in regimes(edition)
        ),
        *(_column(f"{part}/{lang}", part, 60) for part in BODY for lang in LANGS),
    )


def finding_columns() -> tuple[Column, ...]:
    """The columns of the second table: one row a sentence of a clause."""
    return (
        Column(pointer="id", head="番号\nid", width=9, locked=True),
        Column(pointer="code", head="符号\ncode", width=30, locked=True),
        *(_column(f"/findings/{{code}}/{lang}", "/findings", 70) for lang in LANGS),
    )


def _column(pointer: str, key: str, width: int) -> Column:
    said, lang = NAMES[key], pointer.rpartition("/")[2]
    ja, en = (f"（{_LANGUAGE[lang]}）", f" ({lang})") if lang in _LANGUAGE else ("", "")
    return Column(pointer=pointer, head=f"{said.ja}{ja}\n{said.en}{en}", width=width)


__all__ = [
    "CLAUSES",
    "FINDINGS",
    "FORMAT",
    "GUIDE",
    "HEAD_ROW",
    "RECORD",
    "Column",
    "clause_columns",
    "finding_columns",
]
