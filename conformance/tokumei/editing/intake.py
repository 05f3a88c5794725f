"""The workbook that came back: its texts by clause and pointer, or everything why it cannot be taken over.

Nothing is guessed. A row that is lost or twice there, a locked cell that was changed, a clause that was changed
elsewhere since the workbook was given out, a formula, an empty text: each is a problem that names sheet and cell.
No problem repeats what a cell holds.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openpyxl
from openpyxl.utils import get_column_letter

from tokumei.editing import layout
from tokumei.editing.contents import choices, contents
from tokumei.model import Place, Problem, TokumeiError

if TYPE_CHECKING:
    from tokumei.editing.layout import Column
    from tokumei.spec import Edition

LARGEST = 64_000_000
"""Bytes of a workbook when unpacked; the standard is far smaller."""
_FARTHEST = (5_000, 200)
"""The row and the column beyond which a stray cell would make the sheet too large to walk through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What the workbook says of each clause, and in which cell."""

    texts: Mapping[str, Mapping[str, str]]
    places: Mapping[tuple[str, str], Place]


@dataclass(slots=True, kw_only=True)
class _Found:
    """Gathers while the sheets are read."""

    file: str
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def note(self, code: str, sheet: str, cell: str = "", /, clause: str = "", **params: object) -> None:
        place = Place(file=self.file, pointer=f"{sheet}!{cell}" if cell else sheet)
        self.problems.append(Problem(code=code, place=place, clause=clause, params=params))


def intake(raw: bytes, file: str, edition: Edition, digests: Mapping[str, str]) -> Edited:
    """Read a workbook against the standard of today; ``digests`` are of its files. Raises TokumeiError."""
    book = _opened(raw, file)
    found = _Found(file=file)
    for name in (layout.CLAUSES, layout.FINDINGS, layout.RECORD):
        if name not in book.sheetnames:
            found.note("SHEET_MISSING", name, sheet=name)
    if found.problems:
        raise TokumeiError(*found.problems)
    record = {str(row[0]): str(row[1]) for row in book[layout.RECORD].iter_rows(max_col=2, values_only=True)}
    if layout.FORMAT not in record:
        found.note("SHEET_MISSING", layout.RECORD, sheet=layout.RECORD)
    clauses, sentences = layout.clause_columns(edition), layout.finding_columns()
    _clauses(found, _rows(found, book[layout.CLAUSES], clauses), clauses, edition, record, digests)
    _sentences(found, _rows(found, book[layout.FINDINGS], sentences), sentences, edition)
    if found.problems:
        raise TokumeiError(*found.problems)
    return Edited(texts=found.texts, places=found.places)


def _opened(raw: bytes, file: str) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size <= LARGEST:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of extensions of Excel that are not needed to read texts
                return openpyxl.load_workbook(io.BytesIO(raw))
    except Exception:  # noqa: BLE001, S110 - a foreign file can break its reader anywhere; it is told below
        pass
    raise TokumeiError(Problem(code="SHEET_UNREADABLE", place=Place(file=file)))


Row = Mapping[str, Any]
"""The cells of one row by the pointer of their column."""


def _rows(found: _Found, sheet: Any, columns: Sequence[Column]) -> list[Row]:
    """The rows that hold something. A changed heading or a cell outside the table is a problem."""
    if sheet.max_row > _FARTHEST[0] or sheet.max_column > _FARTHEST[1]:
        found.note("SHEET_OUTSIDE", sheet.title, f"{get_column_letter(sheet.max_column)}{sheet.max_row}")
        raise TokumeiError(*found.problems)
    for at, column in enumerate(columns, 1):
        cell = sheet.cell(row=layout.HEAD_ROW, column=at)
        if _plain(cell.value) != column.head:
            found.note("SHEET_HEADING", sheet.title, cell.coordinate)
    rows: list[Row] = []
    for cells in sheet.iter_rows(min_row=layout.HEAD_ROW):
        for cell in cells:
            if cell.data_type == "f":
                found.note("SHEET_FORMULA", sheet.title, cell.coordinate)
            elif cell.value is not None and cell.column > len(columns):
                found.note("SHEET_OUTSIDE", sheet.title, cell.coordinate)
        inside = cells[: len(columns)]
        if cells[0].row > layout.HEAD_ROW and any(_plain(cell.value) for cell in inside):
            rows.append({column.pointer: cell for column, cell in zip(columns, inside, strict=False)})
    return rows


def _clauses(
    found: _Found,
    rows: Sequence[Row],
    columns: Sequence[Column],
    edition: Edition,
    record: Mapping[str, str],
    digests: Mapping[str, str],
) -> None:
    times = Counter(_plain(row["id"].value) for row in rows)
    for row in rows:
        id_ = _known(found, row, layout.CLAUSES, edition, times)
        if not id_:
            continue
        given, cell = record.get(id_), row["digest"]
        if _plain(cell.value) != given:
            found.note("SHEET_LOCKED_CHANGED", layout.CLAUSES, cell.coordinate, id_)
        elif given != digests[id_]:
            found.note("SHEET_STALE", layout.CLAUSES, cell.coordinate, id_)
        _texts(found, row, layout.CLAUSES, columns, id_)
        strengths = [column.pointer for column in columns if column.pointer.startswith("/strength/")]
        if strengths and not any(_plain(row[pointer].value) for pointer in strengths):
            found.note("SHEET_EMPTY", layout.CLAUSES, row[strengths[0]].coordinate, id_)
    for id_ in edition.clauses:
        if not times[id_]:
            found.note("SHEET_ID_MISSING", layout.CLAUSES, "A", id_, id=id_)


def _sentences(found: _Found, rows: Sequence[Row], columns: Sequence[Column], edition: Edition) -> None:
    known = {(clause.id, code) for clause in edition.clauses.values() for code in clause.findings}
    keys = [(_plain(row["id"].value), _plain(row["code"].value)) for row in rows]
    times = Counter(keys)
    for (id_, code), row in zip(keys, rows, strict=True):
        if id_ not in edition.clauses:
            found.note("SHEET_ID_UNKNOWN", layout.FINDINGS, row["id"].coordinate)
        elif (id_, code) not in known:
            found.note("SHEET_LOCKED_CHANGED", layout.FINDINGS, row["code"].coordinate, id_)
        elif times[id_, code] > 1:
            found.note("SHEET_ID_TWICE", layout.FINDINGS, row["id"].coordinate, id_)
        else:
            _texts(found, row, layout.FINDINGS, columns, id_, code)
    for id_, code in sorted(known - set(keys)):
        found.note("SHEET_ID_MISSING", layout.FINDINGS, "A", id_, id=f"{id_} {code}")


def _known(found: _Found, row: Row, sheet: str, edition: Edition, times: Mapping[str, int]) -> str:
    cell = row["id"]
    id_ = _plain(cell.value)
    if id_ not in edition.clauses:
        found.note("SHEET_ID_UNKNOWN", sheet, cell.coordinate)
        return ""
    if times[id_] > 1:
        found.note("SHEET_ID_TWICE", sheet, cell.coordinate, id_)
        return ""
    return id_


def _texts(found: _Found, row: Row, sheet: str, columns: Sequence[Column], id_: str, code: str = "") -> None:
    """Take over the texts of a row, each after its rule: there at all, a text, one of the words, on one line."""
    for column in columns:
        cell, pointer = row.get(column.pointer), column.pointer.format(code=code)
        if column.locked or cell is None or cell.data_type == "f":
            continue
        text = _plain(cell.value)
        for problem, params in _faults(cell, text, pointer, required=column.required):
            found.note(problem, sheet, cell.coordinate, id_, **params)
            break
        else:
            if text:
                found.texts.setdefault(id_, {})[pointer] = text
            found.places[id_, pointer] = Place(file=found.file, pointer=f"{sheet}!{cell.coordinate}")


def _faults(cell: Any, text: str, pointer: str, *, required: bool) -> Iterator[tuple[str, dict[str, object]]]:
    if required and not text:
        yield "SHEET_EMPTY", {}
    if text and pointer == "/revision":
        if not (text.isascii() and text.isdecimal() and not text.startswith("0")):
            yield "SHEET_NOT_A_NUMBER", {}
    elif text and cell.data_type not in {"s", "inlineStr"}:
        yield "SHEET_NOT_TEXT", {}
    if text and choices(pointer) and text not in choices(pointer):
        yield "SHEET_CHOICE", {"choices": list(choices(pointer))}
    if pointer.startswith("/") and "\n" in text:
        yield "SHEET_ONE_LINE", {}


def _plain(value: Any) -> str:
    """The text of a cell with one kind of line break, without blanks around it."""
    text = "" if value is None else str(value)
    return text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def changed(edition: Edition, edited: Edited) -> dict[str, dict[str, str]]:
    """What the workbook says otherwise than the standard, by clause and pointer; an empty text takes it away."""
    found: dict[str, dict[str, str]] = {}
    for id_, clause in edition.clauses.items():
        was, now = contents(clause), edited.texts.get(id_, {})
        differ = {pointer: now.get(pointer, "") for pointer in {**was, **now} if was.get(pointer) != now.get(pointer)}
        if differ:
            found[id_] = differ
    return found


__all__ = ["LARGEST", "Edited", "changed", "intake"]
