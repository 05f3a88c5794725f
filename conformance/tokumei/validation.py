"""Everything that is wrong with a pair of declarations and the data beside it, in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokumei import crosscheck, datafiles, documents, schema
from tokumei.documents import pointer
from tokumei.model import Place, Problem, TokumeiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def validate_pair(
    organization_path: Path | str, processing_path: Path | str | None = None, data_dir: Path | None = None
) -> tuple[Problem, ...]:
    """The problems of two files and a folder: what depends on a broken part is not looked at."""
    organization, problems = _read(organization_path, "organization")
    if organization is not None:
        problems += crosscheck.organization(organization)
    processing = None
    if processing_path is not None:
        processing, more = _read(processing_path, "processing")
        problems += more
    if organization is not None and processing is not None:
        problems += crosscheck.pair(organization, processing)
    if organization is not None and data_dir is not None:
        if data_dir.is_dir():
            problems += datafiles.check(organization, data_dir)
        else:
            problems += (Problem(code="FOLDER_MISSING", place=Place(file=str(data_dir))),)
    return problems


def _read(path: Path | str, name: str) -> tuple[documents.Loaded | None, tuple[Problem, ...]]:
    try:
        loaded = documents.load(path)
    except TokumeiError as error:
        return None, error.problems
    open_ = tuple(undecided(loaded.document))
    problems = tuple(Problem(code="UNDECIDED", place=loaded.place(at)) for at in open_)
    problems += tuple(
        problem
        for problem in schema.validate(loaded.document, name, loaded.place)
        if problem.place.pointer not in open_
    )
    return (None if problems else loaded), problems


def undecided(value: Any, at: str = "") -> Iterator[str]:
    """Where a document says ``TODO``: what nobody has decided yet is no declaration."""
    if isinstance(value, str) and (value == "TODO" or value.startswith("TODO:")):
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from undecided(each, at + pointer(key))
