"""A frozen edition: the whole standard of a day in one file beside its manifest, which is never written again.

``spec/editions/<edition>.zip`` holds every file of ``spec/`` but the editions. Equal standards give equal files, so that
anybody can make the file anew from the sources of the day and compare.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokumei import editions
from tokumei.model import Place, Problem, TokumeiError
from tokumei.spec import load_spec

if TYPE_CHECKING:
    from tokumei.spec import Edition

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time that every file of the archive has: that of their last change says nothing."""


def path_of(folder: Path, edition: str) -> Path:
    """Where the frozen edition stands; ``folder`` is ``spec/``."""
    return folder / "editions" / f"{edition}.zip"


def freeze(edition: Edition, modules: Mapping[str, Any], folder: Path) -> Path:
    """Freeze the standard of ``folder`` under the id of its edition; raises TokumeiError.

    Refused are an edition that is frozen already, and one with a check that nobody has read against the text of today.
    """
    if folder.parent.name == "_data":
        raise TokumeiError(Problem(code="SPEC_NOT_A_CHECKOUT"))
    target = path_of(folder, edition.id)
    if target.exists():
        raise TokumeiError(Problem(code="SPEC_EDITION_FROZEN", place=Place(file=f"editions/{target.name}")))
    problems = tuple(editions.gate(edition, modules, folder))
    if problems:
        raise TokumeiError(*problems)
    staged = target.with_suffix(".new")
    with zipfile.ZipFile(staged, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not name.startswith("editions/"):
                info = zipfile.ZipInfo(name, EARLIEST)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes().replace(b"\r\n", b"\n"))
    return staged.replace(target)


def frozen(folder: Path, edition: str) -> Edition | None:
    """The standard as it was frozen, or None where that edition is not; raises TokumeiError for a damaged file."""
    path = path_of(folder, edition)
    if not path.is_file():
        return None
    with tempfile.TemporaryDirectory() as place:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(place)
        except (zipfile.BadZipFile, OSError) as error:
            raise TokumeiError(_damaged(path)) from error
        return load_spec.__wrapped__(Path(place))


def gate(folder: Path) -> Iterator[Problem]:
    """What is frozen says what its manifest says: neither was changed afterwards."""
    for path in sorted((folder / "editions").glob("*.zip")):
        try:
            edition = frozen(folder, path.stem)
        except TokumeiError:
            edition = None
        manifest = editions.load(folder, path.stem)
        if edition is None or set(edition.clauses) != set(manifest):
            yield _damaged(path)
            continue
        for id_, clause in edition.clauses.items():
            if editions.Entry.of(clause, None) != replace(manifest[id_], check=""):
                yield Problem(code="SPEC_FROZEN_CHANGED", place=Place(file=f"editions/{path.name}"), clause=id_)


def _damaged(path: Path) -> Problem:
    return Problem(code="SPEC_FROZEN_CHANGED", place=Place(file=f"editions/{path.name}"))


__all__ = ["freeze", "frozen", "gate", "path_of"]
