"""Two states of the standard, clause by clause: added, withdrawn, lost or changed, with a redline in each language.

A state is a folder of texts, or the manifest of an edition. A manifest holds digests: it tells that a requirement has
changed and in which language, not how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tokumei import editions
from tokumei.editing.contents import LANGS, contents, language
from tokumei.editing.redline import Part, redline
from tokumei.model import Text
from tokumei.spec import FAMILIES

if TYPE_CHECKING:
    from tokumei.editions import Entry
    from tokumei.spec import ClauseText, Edition

Kind = Literal["added", "withdrawn", "lost", "changed"]
KINDS: Mapping[Kind, Text] = {
    "added": Text("追加", "added"),
    "withdrawn": Text("廃止", "withdrawn"),
    "lost": Text("削除（番号が失われた）", "removed: the id is lost"),
    "changed": Text("変更", "changed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One clause in one state. ``texts`` is None where only digests are known."""

    title: Text
    entry: Entry
    fields: Mapping[str, str]
    texts: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One clause that is not the same in both states; ``reworded`` are the languages known by their digest alone."""

    clause: str
    kind: Kind
    title: Text
    fields: tuple[tuple[str, str, str], ...]
    redlines: tuple[tuple[str, tuple[Part, ...]], ...]
    reworded: tuple[str, ...]
    suspect: bool
    """Whether a check that was read against the first state has not been read against the second."""


def of_texts(edition: Edition) -> dict[str, State]:
    """The state of a folder of clauses."""
    found = {}
    for clause in edition.clauses.values():
        held = contents(clause)
        found[clause.id] = State(
            title=clause.title,
            entry=editions.Entry.of(clause, None),
            fields={pointer: text for pointer, text in held.items() if not language(pointer)} | _unsaid(clause),
            texts={pointer: text for pointer, text in held.items() if language(pointer)} | _more(clause),
        )
    return found


def of_manifest(entries: Mapping[str, Entry]) -> dict[str, State]:
    """The state that a manifest remembers. It holds no titles; the slug stands for them."""
    return {
        id_: State(
            title=Text(entry.slug, entry.slug),
            entry=replace(entry, check=""),
            fields={"/slug": entry.slug, "/status": entry.status, "/revision": str(entry.revision)},
            texts=None,
        )
        for id_, entry in entries.items()
    }


def _more(clause: ClauseText) -> dict[str, str]:
    """What the workbook does not hold but a reader of a revision wants to see."""
    law = "\n".join(f"{ref.act} {ref.article} ({ref.in_force}): {ref.text_ja}" for ref in clause.law)
    say = {f"/examples/{lang}": "\n".join(example.say[lang] for example in clause.examples) for lang in LANGS}
    example = {f"example/{lang}": clause.example[lang] for lang in LANGS}
    return {"/law/ja": law, **say, **example}


def _unsaid(clause: ClauseText) -> dict[str, str]:
    """What is told to differ though the workbook does not hold it; tables are told by a digest."""
    return {
        "/slug": clause.slug,
        "/verification": clause.verification,
        "/needs": ", ".join(map(str, clause.needs)),
        "tables": editions.digest(repr(clause.examples))[:8] if clause.examples else "",
    }


def compare(before: Mapping[str, State], after: Mapping[str, State]) -> tuple[Difference, ...]:
    """The clauses that differ, in the order of the standard."""
    ids = sorted({*before, *after}, key=lambda id_: (_family(id_), id_))
    found = (_difference(id_, before.get(id_), after.get(id_)) for id_ in ids)
    return tuple(difference for difference in found if difference)


def _family(id_: str) -> int:
    family = id_.rpartition("-")[0]
    return FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)


def _difference(id_: str, a: State | None, b: State | None) -> Difference | None:
    shown = b or a
    assert shown is not None
    fields = _fields(a, b)
    redlines, reworded = _texts(a, b)
    changed = a is None or b is None or a.entry != b.entry
    if not (fields or redlines or reworded or changed):
        return None
    return Difference(
        clause=id_,
        kind=_kind(a, b),
        title=shown.title,
        fields=fields,
        redlines=redlines,
        reworded=reworded,
        suspect=changed and b is not None,
    )


def _fields(a: State | None, b: State | None) -> tuple[tuple[str, str, str], ...]:
    """The words that differ; where one side is a manifest, those that it knows."""
    sides = [side for side in (a, b) if side is not None]
    pointers = dict.fromkeys(pointer for side in sides for pointer in side.fields)
    known = [set(side.fields) for side in sides if side.texts is None]
    was, now = (side.fields if side else {} for side in (a, b))
    return tuple(
        (pointer, was.get(pointer, ""), now.get(pointer, ""))
        for pointer in pointers
        if was.get(pointer, "") != now.get(pointer, "") and all(pointer in names for names in known)
    )


def _texts(a: State | None, b: State | None) -> tuple[tuple[tuple[str, tuple[Part, ...]], ...], tuple[str, ...]]:
    """Redlines where both texts are known, the languages of which only the digest is known otherwise."""
    if (a is not None and a.texts is None) or (b is not None and b.texts is None):
        if a is None or b is None:
            return (), ()
        return (), tuple(lang for lang in LANGS if getattr(a.entry, lang) != getattr(b.entry, lang))
    was: Mapping[str, str] = (a.texts if a else None) or {}
    now: Mapping[str, str] = (b.texts if b else None) or {}
    return tuple(
        (pointer, redline(was.get(pointer, ""), now.get(pointer, "")))
        for pointer in {**now, **was}
        if was.get(pointer, "") != now.get(pointer, "")
    ), ()


def _kind(a: State | None, b: State | None) -> Kind:
    if a is None:
        return "added"
    if b is None:
        return "lost"
    withdrawn = b.entry.status == "withdrawn" != a.entry.status
    return "withdrawn" if withdrawn else "changed"


__all__ = ["KINDS", "Difference", "Kind", "State", "compare", "of_manifest", "of_texts"]
