"""The clauses as an Excel workbook, so that who has only Excel can write them: a row a clause, a row a sentence.

Ids and digests are locked, everything else may be written over. No cell is a formula: a text that looks like one is
stored as text and marked as quoted. A hidden sheet records what was given out, by which a changed id or digest is
told from a clause that was changed elsewhere in the meantime.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from rich.cells import cell_len

from tokumei import editions
from tokumei.editing import layout
from tokumei.editing.contents import choices, contents
from tokumei.model import Place, Problem, TokumeiError

if TYPE_CHECKING:
    from tokumei.editing.layout import Column
    from tokumei.spec import Edition

LONGEST = 32_767
"""Excel holds no more characters in a cell."""
_TALLEST, _LINE = 409.0, 16.5
_EDGE = Side(style="thin", color="9AA3A7")
_BOX = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
_HEAD = PatternFill("solid", fgColor="E4ECEC")
_LOCKED = PatternFill("solid", fgColor="EEEEEE")
_FONT = "游ゴシック"
_GUIDE = {
    "ja": (
        "このファイルの使い方",
        "シート「要求事項」は 1 行が一つの要求事項、シート「指摘の文」は 1 行が指摘の文の一つである。白いセルを書き換える。",
        "灰色のセル（番号、照合用の値、符号）は保護してあり、変えられない。行を足さず、消さず、別の行に写さない。",
        "日本語を先に書き、英語をそれに合わせる。文末は「〜しなければならない」（shall）、「〜ことが望ましい」（should）、「〜てもよい」（may）とする。",
        "セルの中の改行は Alt＋Enter（Mac は Option＋Return）である。段落の間は 1 行空ける。題名と指摘の文は改行しない。",
        "水準、区分、状態及び根拠は、一覧から選ぶ。根拠を空にした法制度では、その要求事項を求めない。",
        "law は法令、guideline はガイドライン等、own は本規格を根拠とすることを表す。状態の draft は案、active は有効、withdrawn は廃止である。",
        "有効な（active）要求事項の本文を改めるときは、改訂番号を 1 増やす。",
        "{n} のような波括弧の語は、値に置き換わる。消さず、日本語と英語で同じものを用いる。",
        "数式は使えない。等号などで始まる文は、先頭に '（アポストロフィ）を付けて入力する。",
        "取り込まれるのはセルの文だけである。文字の色、取消線、メモは取り込まれない。消す文は、取消線を引かずに消す。",
        "書き終えたら .xlsx のまま保存し、規格の原稿を預かる人に渡す。取り込む前に、変わる箇所の一覧が示される。",
        "法令の文と例の表は、このファイルにはない。",
    ),
    "en": (
        "How to use this file",
        "The sheet 要求事項 holds a clause a row, the sheet 指摘の文 a sentence of a finding a row. Write over the white cells.",
        "Grey cells (id, digest, code) are protected. Add no row, delete none, and copy none over another.",
        "Write the Japanese first and the English after it, with shall, should or may as in the Japanese.",
        "Alt+Enter (Option+Return on a Mac) breaks a line within a cell. Leave a line empty between paragraphs. Titles and sentences of findings are one line.",
        "Level, outcome, status and strength are chosen from a list. Where the strength is empty, the regime does not ask for the clause.",
        "Strength is law, guideline or own (this standard alone). Status is draft, active (in force) or withdrawn.",
        "When the text of an active clause changes, raise its revision by 1.",
        "A word in braces such as {n} is replaced by a value. Keep it, and use the same in both languages.",
        "There are no formulas. Type an apostrophe first where a text begins with an equals sign or the like.",
        "Only the texts of cells are taken over, no colours, strike-through or notes. Delete what is to go; do not strike it out.",
        "Save as .xlsx and give it to whoever keeps the source of the standard. What would change is listed before anything is written.",
        "Quotations of the law and the tables of examples are not in this file.",
    ),
}


def workbook(edition: Edition, folder: Path) -> bytes:
    """The standard below ``folder`` as the bytes of an ``.xlsx`` file; raises TokumeiError for a text too long."""
    book = Workbook()
    book.properties.title = f"匿名加工の技術規格 {edition.id}"
    book.properties.creator = "Tokumei"
    guide = book.active
    assert isinstance(guide, Worksheet)
    _guide(guide, edition)
    digests = {clause.id: digest(folder / clause.file) for clause in edition.clauses.values()}
    held = {clause.id: contents(clause) for clause in edition.clauses.values()}
    rows = [{"id": id_, "digest": digests[id_], **texts} for id_, texts in held.items()]
    _table(book.create_sheet(layout.CLAUSES), layout.clause_columns(edition), rows, frozen="C2")
    sentences = [
        {"id": id_, "code": code}
        | {f"/findings/{{code}}/{lang}": held[id_][f"/findings/{code}/{lang}"] for lang in ("ja", "en")}
        for id_, clause in edition.clauses.items()
        for code in clause.findings
    ]
    _table(book.create_sheet(layout.FINDINGS), layout.finding_columns(), sentences, frozen="C2")
    _record(book.create_sheet(layout.RECORD), edition, digests)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def digest(path: Path) -> str:
    """Of all that the file of a clause holds, whatever its ends of lines."""
    return editions.digest(path.read_text(encoding="utf-8"))


def _table(sheet: Worksheet, columns: Sequence[Column], rows: Sequence[Mapping[str, str]], *, frozen: str) -> None:
    for at, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(at)].width = column.width
        _put(sheet, layout.HEAD_ROW, at, column.head, bold=True, fill=_HEAD)
        if offered := choices(column.pointer):
            _offer(sheet, at, offered, len(rows), required=column.required)
    sheet.row_dimensions[layout.HEAD_ROW].height = 2 * _LINE + 4
    for row, texts in enumerate(rows, layout.HEAD_ROW + 1):
        for at, column in enumerate(columns, 1):
            text = texts.get(column.pointer, "")
            style: dict[str, Any] = {"fill": _LOCKED} if column.locked else {"locked": False}
            _put(sheet, row, at, int(text) if column.pointer == "/revision" else text, **style)
        sheet.row_dimensions[row].height = _height(texts, columns)
    sheet.freeze_panes = frozen
    sheet.auto_filter.ref = f"A{layout.HEAD_ROW}:{get_column_letter(len(columns))}{layout.HEAD_ROW + len(rows)}"
    sheet.print_title_rows = f"{layout.HEAD_ROW}:{layout.HEAD_ROW}"
    sheet.page_setup.orientation = "landscape"
    _protect(sheet)


def _put(sheet: Worksheet, row: int, column: int, value: str | int, **style: Any) -> None:
    cell = sheet.cell(row=row, column=column)
    if isinstance(value, str) and len(value) > LONGEST:
        place = Place(pointer=f"{sheet.title}!{cell.coordinate}")
        raise TokumeiError(Problem(code="SHEET_TOO_LONG", place=place, params={"maximum": LONGEST}))
    if value != "":
        cell.value = value
    if isinstance(value, str) and value:
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = value[0] in "=+-@"
    cell.font = Font(name=_FONT, size=style.get("size", 10), bold=style.get("bold", False))
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.protection = Protection(locked=style.get("locked", True))
    if style.get("box", True):
        cell.border = _BOX
    if "fill" in style:
        cell.fill = style["fill"]


def _offer(sheet: Worksheet, column: int, offered: Sequence[str], rows: int, *, required: bool) -> None:
    listed = DataValidation(type="list", formula1=f'"{",".join(offered)}"', allow_blank=not required)
    listed.error = "一覧から選ぶ。 Choose from the list."
    letter = get_column_letter(column)
    listed.add(f"{letter}{layout.HEAD_ROW + 1}:{letter}{layout.HEAD_ROW + max(1, rows)}")
    sheet.add_data_validation(listed)


def _protect(sheet: Worksheet) -> None:
    """Without a password: it keeps a slip from happening, it keeps nobody out. Widths and filters stay free."""
    sheet.protection.sheet = True
    for free in ("formatColumns", "formatRows", "autoFilter"):
        setattr(sheet.protection, free, False)


def _guide(sheet: Worksheet, edition: Edition) -> None:
    sheet.title = layout.GUIDE
    sheet.column_dimensions["A"].width = 100
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    lines = [*_GUIDE["ja"], f"版：{edition.id}", "", *_GUIDE["en"], f"Edition: {edition.id}"]
    for row, line in enumerate(lines, 1):
        heading = line in (_GUIDE["ja"][0], _GUIDE["en"][0])
        _put(sheet, row, 1, line, bold=heading, size=14 if heading else 10.5, box=False)
        sheet.row_dimensions[row].height = _LINE * (2 if heading else -(-max(1, cell_len(line)) // 92)) + 3
    _protect(sheet)


def _record(sheet: Worksheet, edition: Edition, digests: Mapping[str, str]) -> None:
    for row in ((layout.FORMAT, edition.id), *digests.items()):
        sheet.append(row)
    sheet.sheet_state = "veryHidden"
    _protect(sheet)


def _height(texts: Mapping[str, str], columns: Sequence[Column]) -> float:
    """The height of a row whose texts wrap, since no program but Excel computes it on opening."""
    lines = (
        sum(max(1, -(-cell_len(line) // (column.width - 1))) for line in texts.get(column.pointer, "").split("\n"))
        for column in columns
    )
    return min(_TALLEST, _LINE * max(lines) + 3)


__all__ = ["LONGEST", "digest", "workbook"]
