"""A new clause, drafted: its text and its check with two mutants, which run and still say that they are unwritten.

The draft is a whole small clause, so that its author changes a thing that works, step by step. Every part that a
person must write is marked; ``spec lint`` is red until no mark is left.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

from tokumei import editions, resources
from tokumei.model import Place, Problem, TokumeiError
from tokumei.spec import FAMILIES, read_clause

if TYPE_CHECKING:
    from tokumei.spec import Edition

UNWRITTEN = re.compile(r"（未記入|\(to be written")
PACKAGE = Path(__file__).resolve().parent
_ID = re.compile(rf"({'|'.join(FAMILIES)})-[0-9]{{2,3}}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FLOW = re.compile(r"^clauses: \[(.*?)\]", re.MULTILINE | re.DOTALL)


def draft(edition: Edition, id_: str, slug: str, profile: str) -> tuple[Path, ...]:
    """Write the draft of a clause into this checkout and list it in a profile; returns what was written.

    Raises TokumeiError for an id that is no id or is taken, now or in an earlier edition, and outside a checkout.
    """
    folder = resources.data("spec")
    if folder.parent / "conformance" / "tokumei" != PACKAGE:
        raise TokumeiError(Problem(code="SPEC_NOT_A_CHECKOUT"))
    known = {one for path in (folder / "editions").glob("*.yaml") for one in editions.load(folder, path.stem)}
    if not _ID.fullmatch(id_) or not _SLUG.fullmatch(slug):
        raise TokumeiError(Problem(code="SPEC_ID_MALFORMED", params={"id": id_, "slug": slug}))
    if id_ in known | set(edition.clauses) or slug in {clause.slug for clause in edition.clauses.values()}:
        raise TokumeiError(Problem(code="SPEC_ID_TWICE", params={"id": id_}))
    listing = folder / "profiles" / f"{profile}.yaml"
    listed = _listed(listing, id_) if listing.is_file() else None
    if listed is None:
        raise TokumeiError(Problem(code="SPEC_PROFILE_UNKNOWN", params={"profile": profile}))
    family, stem = id_.rpartition("-")[0], id_.lower().replace("-", "_")
    text = folder / "clauses" / family / f"{id_}.md"
    check = PACKAGE / "clauses" / family.lower() / f"{stem}.py"
    written = {
        text: clause_text(id_, slug, edition.id.partition("-")[0]),
        check: _filled("check.py.txt", id=id_, mutant=slug),
        listing: listed,
    }
    if not (check.parent / "__init__.py").exists():
        written[check.parent / "__init__.py"] = ""
    for path, content in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    return tuple(written)


def clause_text(id_: str, slug: str, edition: str) -> str:
    """The text of a drafted clause; the English is of its Japanese."""
    family = id_.rpartition("-")[0]
    loose = _filled("clause.md.txt", id=id_, slug=slug, edition=edition, digest="0" * 16)
    return loose.replace("0" * 16, read_clause(loose, f"clauses/{family}/{id_}.md").digest)


def _filled(name: str, **values: str) -> str:
    template = string.Template((PACKAGE / "scaffold" / name).read_text(encoding="utf-8"))
    return template.substitute(values)


def _listed(path: Path, id_: str) -> str | None:
    """The profile with one more clause; the rest of the file stays as it was written."""
    text = path.read_text(encoding="utf-8")
    found = _FLOW.search(text)
    if found is None:
        return None
    inside = found[1].rstrip().rstrip(",")
    return text[: found.start(1)] + (f"{inside}, {id_}" if inside.strip() else id_) + text[found.end(1) :]


def unwritten(edition: Edition, sources: dict[str, str]) -> list[Problem]:
    """The clauses whose text or check still holds a mark of the draft; ``sources`` are the checks by id."""
    found = []
    for clause in edition.clauses.values():
        texts = [clause.title, clause.requirement, clause.rationale, clause.harm, *clause.findings.values()]
        texts += [example.say for example in clause.examples]
        said = [part for text in texts for part in (text.ja, text.en)] + [sources.get(clause.id, "")]
        marks = sum(len(UNWRITTEN.findall(part)) for part in said)
        if marks:
            place = Place(file=clause.file)
            found.append(Problem(code="SPEC_UNWRITTEN", place=place, clause=clause.id, params={"n": marks}))
    return found


__all__ = ["UNWRITTEN", "clause_text", "draft", "unwritten"]
