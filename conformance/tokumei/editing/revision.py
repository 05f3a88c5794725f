"""What a workbook would change in the files of the standard: planned whole, shown, and written whole or not at all."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokumei.editing.contents import LANGS, contents, in_language
from tokumei.editing.intake import changed
from tokumei.editing.rewrite import rewritten
from tokumei.model import Place, Problem, Strength, Text, TokumeiError
from tokumei.spec import read_clause

if TYPE_CHECKING:
    from tokumei.editing.intake import Edited
    from tokumei.spec import ClauseText, Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One file that would change; ``was`` and ``now`` are the contents of its clause."""

    clause: str
    path: Path
    before: bytes
    after: bytes
    was: Mapping[str, str]
    now: Mapping[str, str]


def revisions(edition: Edition, folder: Path, edited: Edited) -> tuple[Revision, ...]:
    """The files that the workbook would change; raises TokumeiError with every text that a file cannot hold."""
    planned: list[Revision] = []
    problems: list[Problem] = []
    for id_, texts in changed(edition, edited).items():
        clause = edition.clauses[id_]
        path = folder / clause.file
        before = path.read_bytes()
        source = before.decode("utf-8")
        ends = "\r\n" if "\r\n" in source else "\n"
        text = source.replace("\r\n", "\n")
        if text.replace("\n", ends) != source:
            problems.append(Problem(code="SPEC_LINE_ENDS", place=Place(file=clause.file), clause=id_))
            continue
        wanted = clause
        for pointer, value in texts.items():
            wanted = _with(wanted, pointer, value)
            try:
                text = _checked(rewritten(text, pointer, value), wanted)
            except (TokumeiError, KeyError, ValueError):
                place = edited.places.get((id_, pointer), Place())
                problems.append(Problem(code="SHEET_CANNOT_HOLD", place=place, clause=id_))
                wanted = _with(wanted, pointer, contents(clause).get(pointer, ""))
        after = text.replace("\n", ends).encode("utf-8")
        now = contents(wanted)
        planned.append(Revision(clause=id_, path=path, before=before, after=after, was=contents(clause), now=now))
    if problems:
        raise TokumeiError(*problems)
    return tuple(planned)


def _checked(text: str, wanted: ClauseText) -> str:
    """The text, when it reads as the clause that is wanted, in all that the clause holds."""
    read = read_clause(text, wanted.file)
    if replace(read, digest="", normative_digest="") != replace(wanted, digest="", normative_digest=""):
        raise ValueError(wanted.id)
    return text


def _with(clause: ClauseText, pointer: str, value: str) -> ClauseText:
    """The clause with one of its contents changed."""
    if pointer in {"/level", "/outcome", "/status"}:
        kind = type(getattr(clause, pointer[1:]))
        return replace(clause, **{pointer[1:]: kind(value)})
    if pointer == "/revision":
        return replace(clause, revision=int(value))
    head, _, last = pointer.rpartition("/")
    if head == "/strength":
        kept = {regime: strength for regime, strength in clause.strength.items() if regime != last or value}
        return replace(clause, strength=kept | ({last: Strength(value)} if value else {}))
    if head.startswith("/findings/"):
        code = head.removeprefix("/findings/")
        return replace(clause, findings={**clause.findings, code: _in(clause.findings[code], last, value)})
    name = head.removeprefix("/")
    part: dict[str, Any] = {name: _in(getattr(clause, name), last, value)}
    return replace(clause, **part)


def _in(text: Text, lang: str, value: str) -> Text:
    return replace(text, **{lang: value})


def diff(revision: Revision, file: str) -> Iterator[str]:
    """The unified differences of one clause: what both languages share, then the Japanese, then the English."""
    for lang in ("", *LANGS):
        was, now = (in_language(held, lang).split("\n") for held in (revision.was, revision.now))
        label = f"{file} {lang}".rstrip()
        yield from difflib.unified_diff(was, now, f"a/{label}", f"b/{label}", n=1, lineterm="")


def write_together(files: Mapping[Path, bytes]) -> None:
    """Replace every file, or leave every file as it was; raises TokumeiError where one cannot be written."""
    staged: dict[Path, Path] = {}
    before: dict[Path, bytes] = {}
    done: list[Path] = []
    at = Path()
    try:
        for at, content in files.items():
            before[at] = at.read_bytes()
            staged[at] = at.with_name(f".{at.name}.new")
            staged[at].write_bytes(content)
            shutil.copymode(at, staged[at])
        for at, new in staged.items():
            new.replace(at)
            done.append(at)
    except OSError as error:
        for path in done:
            path.write_bytes(before[path])
        raise TokumeiError(Problem(code="SPEC_NOT_WRITTEN", place=Place(file=at.name))) from error
    finally:
        for new in staged.values():
            new.unlink(missing_ok=True)


__all__ = ["Revision", "diff", "revisions", "write_together"]
