"""What is looked for: a list of identifiers, each with its person and its kind."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tokumei.model import Place, Problem, TokumeiError
from tokumei.scanning.spellings import KINDS, Kind

COLUMNS = ("person", "kind", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """``person`` is any number or text that rows about one person share; reports count people by it."""

    person: str
    kind: Kind
    value: str


def read(path: Path) -> tuple[Identifier, ...]:
    """The list in a CSV file (UTF-8 or CP932) with the columns ``person,kind,value``; empty values are left out.

    Raises TokumeiError, which names lines and never what stands there, for anything else.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TokumeiError(Problem(code="FILE_MISSING", place=Place(file=path.name))) from error
    text = _decoded(data)
    if text is None:
        raise TokumeiError(Problem(code="SCAN_LIST_ENCODING", place=Place(file=path.name)))
    lines = list(csv.reader(io.StringIO(text, newline="")))
    header = [name.strip() for name in lines[0]] if lines else []
    if sorted(header) != sorted(COLUMNS):
        raise TokumeiError(Problem(code="SCAN_LIST_HEADER", place=Place(file=path.name, line=1)))
    found, problems = _rows(lines[1:], [header.index(name) for name in COLUMNS], path.name)
    if problems:
        raise TokumeiError(*problems)
    if not found:
        raise TokumeiError(Problem(code="SCAN_LIST_EMPTY", place=Place(file=path.name)))
    return tuple(found)


def _decoded(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _rows(lines: Sequence[Sequence[str]], places: Sequence[int], name: str) -> tuple[list[Identifier], list[Problem]]:
    found: list[Identifier] = []
    problems: list[Problem] = []
    for number, row in enumerate(lines, 2):
        if not row:
            continue
        if len(row) != len(COLUMNS) or row[places[1]].strip() not in KINDS:
            problems.append(Problem(code="SCAN_LIST_ROW", place=Place(file=name, line=number)))
            continue
        person, kind, value = (row[place].strip() for place in places)
        if value:
            found.append(Identifier(person=person, kind=cast("Kind", kind), value=value))
    return found, problems


__all__ = ["COLUMNS", "Identifier", "read"]
