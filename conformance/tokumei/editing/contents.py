"""What an editor may change of a clause, as a flat mapping from a pointer to a text.

A pointer is ``/title/ja`` or ``/findings/CODE/en`` for the front matter and ``harm/ja`` for a section of the body.
The workbook, the way back and the comparison of two editions all speak of a clause in these words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tokumei.model import Level, Outcome, Strength, Text

if TYPE_CHECKING:
    from tokumei.spec import ClauseText, Edition

LANGS = ("ja", "en")
BODY = ("requirement", "rationale", "harm")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "/level": tuple(Level),
    "/outcome": tuple(Outcome),
    "/status": ("draft", "active", "withdrawn"),
}
STRENGTHS = tuple(Strength)
NAMES: Mapping[str, Text] = {
    "/title": Text("題名", "Title"),
    "/level": Text("水準", "Level"),
    "/outcome": Text("区分", "Outcome"),
    "/status": Text("状態", "Status"),
    "/revision": Text("改訂番号", "Revision"),
    "/strength": Text("根拠", "Strength"),
    "requirement": Text("要求事項", "Requirement"),
    "rationale": Text("理由", "Rationale"),
    "harm": Text("害", "Harm"),
    "example": Text("例", "Example"),
    "/findings": Text("指摘の文", "Finding"),
    "/examples": Text("例の説明", "Examples"),
    "/law": Text("法令", "Law"),
    "/slug": Text("短縮名", "Short name"),
    "/verification": Text("確認方法", "Verification"),
    "/needs": Text("根拠資料", "Evidence"),
    "tables": Text("例の表", "Tables of the examples"),
}


def contents(clause: ClauseText) -> dict[str, str]:
    """Everything of a clause that the workbook holds, in the order of its columns."""
    held = {f"/title/{lang}": clause.title[lang].strip() for lang in LANGS}
    held |= {
        "/level": str(clause.level),
        "/outcome": str(clause.outcome),
        "/status": clause.status,
        "/revision": str(clause.revision),
    }
    held |= {f"/strength/{regime}": str(strength) for regime, strength in clause.strength.items()}
    held |= {f"{name}/{lang}": getattr(clause, name)[lang] for name in BODY for lang in LANGS}
    for code, sentence in clause.findings.items():
        held |= {f"/findings/{code}/{lang}": sentence[lang].strip() for lang in LANGS}
    return held


def regimes(edition: Edition) -> tuple[str, ...]:
    """The regimes that have a column: those of the law, then any other that a clause names."""
    named = (regime for clause in edition.clauses.values() for regime in clause.strength)
    return tuple(dict.fromkeys([*edition.regimes, *named]))


def choices(pointer: str) -> tuple[str, ...]:
    """The words that may stand at a pointer; empty where any text may."""
    return STRENGTHS if pointer.startswith("/strength/") else CHOICES.get(pointer, ())


def language(pointer: str) -> str:
    """``ja`` or ``en``, or nothing for what both languages share."""
    last = pointer.rpartition("/")[2]
    return last if last in LANGS else ""


def name(pointer: str, lang: str) -> str:
    """What a pointer is called in the language of the reader."""
    stem = pointer.rpartition("/")[0] if language(pointer) else pointer
    for key, said in NAMES.items():
        if stem == key or stem.startswith(f"{key}/"):
            more = stem[len(key) + 1 :]
            return f"{said[lang]} {more}".rstrip()
    return stem


def in_language(held: Mapping[str, str], lang: str) -> str:
    """What a clause says in one language (or, for an empty one, in none) as a text of headed parts."""
    parts: Iterable[str] = (
        f"[{name(pointer, lang or 'ja')}]\n{text}" for pointer, text in held.items() if language(pointer) == lang
    )
    return "\n".join(parts)


__all__ = ["BODY", "LANGS", "choices", "contents", "in_language", "language", "name", "regimes"]
