"""The manifest of an edition: what each clause said when its check was last read against it.

``spec/editions/<edition>.yaml`` holds a line a clause: its slug, revision and status, a digest of its normative
text in each language, and a digest of its check. It is committed, so that no id is lost or used again, and a
clause whose text has changed has a check that nobody has affirmed: it is suspect.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from tokumei import documents
from tokumei.model import Place, Problem, TokumeiError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from tokumei.spec import ClauseText, Edition

HEAD = """\
# 版の目録。`tokumei spec affirm` が書く。一つの要求事項を一行とし、行を消さない。
# The manifest of an edition, written by `tokumei spec affirm`: a line a clause, and no line is ever taken out.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One clause as it was affirmed. ``check`` is empty for a clause that has none."""

    slug: str
    revision: int
    status: str
    ja: str
    en: str
    check: str

    @classmethod
    def of(cls, clause: ClauseText, module: Any) -> Entry:
        return cls(
            slug=clause.slug,
            revision=clause.revision,
            status=clause.status,
            ja=digest(clause.requirement.ja),
            en=digest(clause.requirement.en),
            check=check_digest(module) if module is not None else "",
        )


def digest(text: str) -> str:
    """Sixteen hexadecimal digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_digest(module: Any) -> str:
    """A digest of what a check does: comments and layout are left out, and so are its mutants."""
    tree = ast.parse(inspect.getsource(module))
    kept = [node for node in tree.body if not _names_mutants(node)]
    return digest("\n".join(ast.dump(node) for node in kept))


def _names_mutants(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "MUTANTS" for t in node.targets)


def load(folder: Path, edition: str) -> dict[str, Entry]:
    """The manifest of one edition; empty when it is not written yet. ``folder`` is ``spec/``."""
    path = folder / "editions" / f"{edition}.yaml"
    if not path.is_file():
        return {}
    return {id_: Entry(**entry) for id_, entry in documents.load(path).document["clauses"].items()}


def dump(edition: str, entries: Mapping[str, Entry]) -> str:
    """The text of a manifest, in the order of the ids."""
    lines = [
        f"  {id_}: {{slug: {e.slug}, revision: {e.revision}, status: {e.status}, "
        f'ja: "{e.ja}", en: "{e.en}", check: "{e.check}"}}'
        for id_, e in sorted(entries.items())
    ]
    return "\n".join([f"{HEAD}edition: {edition}", "clauses:", *lines, ""])


def affirm(edition: Edition, modules: Mapping[str, Any], folder: Path, ids: Collection[str]) -> Path:
    """Record that the checks of ``ids`` were read against the text of today; raises TokumeiError.

    A clause that is in force and whose text has changed must have a new revision. An installed standard is only read,
    and so is a frozen edition.
    """
    if folder.parent.name == "_data":
        raise TokumeiError(Problem(code="SPEC_NOT_A_CHECKOUT"))
    if (folder / "editions" / f"{edition.id}.zip").exists():
        raise TokumeiError(Problem(code="SPEC_EDITION_FROZEN", place=Place(file=f"editions/{edition.id}.zip")))
    entries = load(folder, edition.id)
    for id_ in ids:
        if id_ not in edition.clauses:
            raise TokumeiError(Problem(code="SPEC_CLAUSE_UNKNOWN", clause=id_))
        clause = edition.clauses[id_]
        entry, old = Entry.of(clause, modules.get(id_)), entries.get(id_)
        if old and old.slug != entry.slug:
            raise TokumeiError(_problem(clause, "SPEC_ID_REUSED", "/slug", slug=old.slug))
        changed = old and (old.ja, old.en) != (entry.ja, entry.en)
        if old and changed and old.status == "active" and entry.revision <= old.revision:
            raise TokumeiError(_problem(clause, "SPEC_REVISION_NOT_RAISED", "/revision", revision=old.revision))
        entries[id_] = entry
    path = folder / "editions" / f"{edition.id}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(dump(edition.id, entries), encoding="utf-8", newline="\n")
    return path


State = Literal["new", "suspect", "check changed", "affirmed"]


def states(edition: Edition, modules: Mapping[str, Any], folder: Path) -> dict[str, State]:
    """What is to be said of each clause: was its check read against the text of today?"""
    entries = load(folder, edition.id)
    found: dict[str, State] = {}
    for clause in edition.clauses.values():
        old, now = entries.get(clause.id), Entry.of(clause, modules.get(clause.id))
        if old is None:
            found[clause.id] = "new"
        elif replace(old, check="") != replace(now, check=""):
            found[clause.id] = "suspect"
        else:
            found[clause.id] = "affirmed" if old.check == now.check else "check changed"
    return found


def gate(edition: Edition, modules: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    """No id is lost or used for something else in any edition, and no check is suspect."""
    for path in sorted((folder / "editions").glob("*.yaml")):
        place = Place(file=f"editions/{path.name}")
        for id_, old in load(folder, path.stem).items():
            clause = edition.clauses.get(id_)
            if clause is None:
                yield Problem(code="SPEC_ID_LOST", place=place, clause=id_)
            elif clause.slug != old.slug:
                yield _problem(clause, "SPEC_ID_REUSED", "/slug", slug=old.slug)
            elif clause.revision < old.revision:
                yield _problem(clause, "SPEC_REVISION_NOT_RAISED", "/revision", revision=old.revision)
    for id_, state in states(edition, modules, folder).items():
        if state in ("new", "suspect"):
            yield _problem(edition.clauses[id_], "SPEC_CHECK_SUSPECT", "", id=id_)


def _problem(clause: ClauseText, code: str, pointer: str, /, **params: object) -> Problem:
    return Problem(code=code, place=Place(file=clause.file, pointer=pointer), clause=clause.id, params=params)


__all__ = ["Entry", "affirm", "check_digest", "digest", "dump", "gate", "load", "states"]
