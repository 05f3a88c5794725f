"""Everything that is wrong with a pair of declarations and the data beside it, in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokumei import crosscheck, datafiles, documents, schema
from tokumei.model import Place, Problem, TokumeiError

if TYPE_CHECKING:
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
    problems = schema.validate(loaded.document, name, loaded.place)
    return (None if problems else loaded), problems
