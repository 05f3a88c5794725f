"""From a folder of tables to the two drafts, in two steps: a person may choose the person key between them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tokumei import documents
from tokumei.engines.duckdb import DuckDB
from tokumei.inspection import commented, keys, organization, processing, reading
from tokumei.inspection.guess import guess
from tokumei.inspection.keys import Key, Persons
from tokumei.inspection.organization import Findings
from tokumei.inspection.profile import profiles
from tokumei.model import Place, Problem, TokumeiError

FILES = ("organization.yaml", "processing.yaml")

Choose = Callable[[Persons], tuple[Key | None, bool]]
"""From the candidates to the person key and whether it is only marked, not confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """The two texts and what they were drafted from."""

    findings: Findings
    organization: str
    processing: str


def inspect(folder: Path, engine: DuckDB, choose: Choose, *, lang: str) -> Findings:
    """Read every table once and guess; TokumeiError for the first file that cannot be read."""
    tables = [reading.read(folder, source, engine) for source in reading.sources(folder)]
    known = {Key(profile.resource, profile.name): profile for table in tables for profile in profiles(table)}
    found = keys.links(tables, known)
    person, marked = choose(keys.persons(known, found))
    root = person.resource if person else tables[0].source.resource
    encodings = {table.source.resource: table.source.encoding for table in tables}
    types = {
        Key(table.source.resource, name): type_
        for table in tables
        for name, type_ in zip(table.source.header, table.source.types or [""] * len(table.source.header), strict=True)
    }
    return Findings(
        name=re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._") or "data",
        sources=tuple(table.source for table in tables),
        guesses=tuple(
            guess(
                profile,
                types[key],
                of_person=key.resource == root,
                person_key=key == person,
                every_kanji=encodings[key.resource] in {"", "utf-8"},
                lang=lang,
            )
            for key, profile in known.items()
        ),
        person=person,
        marked=marked,
        parents=keys.tree(root, found, person),
        links=tuple(link for link in found if link.parent.resource == root or link.child.resource != root),
    )


def drafts(findings: Findings, *, regime: str, operator: str, kind: str, lang: str) -> Drafts:
    """Both declarations as text; reading them back gives the documents that were drafted."""
    texts = []
    for document, comments in (
        organization.draft(findings, operator=operator, kind=kind, lang=lang),
        processing.draft(findings, regime=regime, lang=lang),
    ):
        text = commented.write(document, comments)
        assert documents.loads(text).document == document
        texts.append(text)
    return Drafts(findings=findings, organization=texts[0], processing=texts[1])


def write(made: Drafts, out: Path) -> None:
    """Both files or none; never over a file that is there."""
    paths = [out / name for name in FILES]
    if there := [path for path in paths if path.exists()]:
        raise TokumeiError(Problem(code="INIT_FILE_EXISTS", place=Place(file=str(there[0]))))
    out.mkdir(parents=True, exist_ok=True)
    parts = [path.with_name(f".{path.name}.part") for path in paths]
    try:
        for part, text in zip(parts, (made.organization, made.processing), strict=True):
            part.write_text(text, encoding="utf-8")
        for part, path in zip(parts, paths, strict=True):
            part.rename(path)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
