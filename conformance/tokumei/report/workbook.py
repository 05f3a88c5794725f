"""The report as an Excel workbook, 試験成績書: a one-page summary, an item a requirement, and the findings.

No cell is a formula: a text from a product that looks like one is stored as text and marked as quoted, so that Excel
keeps it as text when it is edited.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from rich.cells import cell_len

from tokumei.model import Text
from tokumei.report import scope, words
from tokumei.report.view import Report, clauses, facts, matrix, number, people, sentence
from tokumei.report.view import clean as visible
from tokumei.vocabulary import NEEDS, STRENGTHS

if TYPE_CHECKING:
    from tokumei.spec import ClauseText, Edition

NAMES = {"ja": "試験成績書.xlsx", "en": "test-report.xlsx"}
LONGEST = 32_000
"""Excel holds 32,767 characters in a cell."""
TALLEST = 409.0
"""Excel shows no taller row, in points."""
LINE = 16.5
"""Points of a line; the letters of ``FONT`` stand far apart."""

_LINE = Side(style="thin", color="9AA3A7")
BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
HEAD = PatternFill("solid", fgColor="E4ECEC")
FILLS = {
    "pass": "E3F1E7",
    "fail": "F9DEDA",
    "inconclusive": "F7EFD5",
    "not_applicable": "EEEEEE",
    "suite_error": "EADFF2",
}
FONT = "游ゴシック"
SAID = {
    "title": Text("試験成績書", "Test report"),
    "summary": Text("概要", "Summary"),
    "items": Text("試験項目", "Items"),
    "findings": Text("指摘事項", "Findings"),
    "profiles": Text("適用区分", "Profiles"),
    "relaxed": Text("緩めた基準", "Laxer bounds"),
    "none": Text("指摘事項はない。", "There is no finding."),
    "no_items": Text("判定された要求事項はない。", "No requirement was judged."),
    "outcome": Text("判定", "Outcome"),
    "shows": Text("この成績書が示すこと", "What this report shows"),
    "shows_not": Text("この成績書が示さないこと", "What this report does not show"),
    "tested": Text("試験実施者", "Tested by"),
    "checked": Text("確認者", "Checked by"),
}
ITEM_HEADS = {
    "ja": ("項番", "根拠", "条件", "期待", "結果", "再現番号"),
    "en": ("No.", "Basis", "Conditions", "Expected", "Result", "Replay no."),
}
ITEM_WIDTHS = (7, 44, 36, 50, 44, 14)
PROFILE_WIDTHS = (24, 12, 12, 30, 90)
RELAXED_WIDTHS = (10, 40, 12, 10, 12, 60, 20, 24)
FINDING_HEADS = {
    "ja": ("再現番号", "要求事項", "指摘", "符号", "整理方法書", "事例", "反例の人数", "再現", "再試験の方法"),
    "en": ("Replay no.", "Clause", "Finding", "Code", "Organization", "Case", "People", "Reproduced", "To replay"),
}


def workbook(report: Report, edition: Edition, lang: str) -> bytes:
    """The whole report as the bytes of an ``.xlsx`` file in one language."""
    book = Workbook()
    book.properties.title = SAID["title"][lang]
    book.properties.creator = f"Tokumei {report['suite']['version']}"
    summary = book.active
    assert isinstance(summary, Worksheet)
    _summary(summary, report, lang)
    _items(book.create_sheet(), report, edition, lang)
    _findings(book.create_sheet(), report, lang)
    for name, heads, widths, rows in (
        ("profiles", scope.PROFILE_HEADS, PROFILE_WIDTHS, scope.profile_rows(report)),
        ("relaxed", scope.RELAXED_HEADS, RELAXED_WIDTHS, scope.relaxed_rows(report)),
    ):
        if rows:
            _rows(
                book.create_sheet(), SAID[name][lang], heads[lang], widths, [[c[lang] for c in r.cells] for r in rows]
            )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(sheet: Worksheet, row: int, column: int, value: object, **style: Any) -> None:
    """Write one cell as text or as a number, never as a formula; our own line breaks stay."""
    cell = sheet.cell(row=row, column=column)
    if isinstance(value, int) and not isinstance(value, bool):
        cell.value = value
        cell.number_format = "#,##0"
    else:
        text = "\n".join(visible(line) for line in str(value).split("\n"))[:LONGEST]
        cell.value = text
        cell.data_type = "s"
        cell.quotePrefix = text[:1] in tuple("=+-@")
    cell.font = Font(name=FONT, size=style.get("size", 10), bold=style.get("bold", False))
    cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal=style.get("across"))
    if style.get("box", True):
        cell.border = BOX
    if "fill" in style:
        cell.fill = style["fill"]


def _page(sheet: Worksheet, name: str, widths: Sequence[int], *, landscape: bool, title_row: int = 0) -> None:
    sheet.title = name
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0 if landscape else 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.page_margins.top = sheet.page_margins.bottom = 0.6
    sheet.oddFooter.center.text = "&P / &N"
    sheet.sheet_view.showGridLines = False
    if title_row:
        sheet.freeze_panes = f"A{title_row + 1}"
        sheet.print_title_rows = f"{title_row}:{title_row}"


def _summary(sheet: Worksheet, report: Report, lang: str) -> None:
    _page(sheet, SAID["summary"][lang], (22, 16, 16, 16, 16, 16), landscape=False)
    _put(sheet, 1, 1, SAID["title"][lang], size=18, bold=True, box=False)
    sheet.row_dimensions[1].height = 30
    row = 3
    for name, value in (*facts(report, lang), *scope.facts(report, lang)):
        _put(sheet, row, 1, name, bold=True, fill=HEAD)
        _span(sheet, row, 2, value)
        row += 1
    stopped = words.PRODUCT_STOPPED if report["exit"] == 4 else words.RUN_NOTES[report["outcome"]]
    _put(sheet, row, 1, SAID["outcome"][lang], bold=True, fill=HEAD)
    _span(sheet, row, 2, f"{scope.headline(report)[lang]}\n{stopped[lang]}", bold=True)
    row += 2
    for at, verdict in enumerate(words.VERDICTS):
        _put(sheet, row, at + 2, f"{words.MARKS[verdict]} {words.VERDICTS[verdict][lang]}", bold=True, fill=HEAD)
    _put(sheet, row, 1, "", fill=HEAD)
    sheet.row_dimensions[row].height = 16 if lang == "ja" else 30
    for outcome, counts in matrix(report).items():
        row += 1
        _put(sheet, row, 1, words.OUTCOMES[outcome][lang], bold=True, fill=HEAD)
        for at, (verdict, count) in enumerate(counts.items()):
            tone = {"fill": PatternFill("solid", fgColor=FILLS[verdict])} if count else {}
            _put(sheet, row, at + 2, count, across="right", **tone)
    row += 2
    limits = [*words.SHOWS_NOT, words.ORIGIN_LIMITS[report["origin"]], *map(words.pair, report["limits"])]
    for name, said in (("shows", words.SHOWS[report["origin"]]), ("shows_not", limits)):
        _span(sheet, row, 1, SAID[name][lang], bold=True, fill=HEAD)
        for limit in said:
            row += 1
            _span(sheet, row, 1, f"・{limit[lang]}" if lang == "ja" else f"• {limit[lang]}")
        row += 2
    for column, name in ((1, "tested"), (4, "checked")):
        _put(sheet, row, column, SAID[name][lang], bold=True, fill=HEAD)
        for at in (column + 1, column + 2):
            sheet.cell(row=row, column=at).border = BOX
        sheet.merge_cells(start_row=row, start_column=column + 1, end_row=row, end_column=column + 2)
    sheet.row_dimensions[row].height = 36
    sheet.print_area = f"A1:F{row}"


def _span(sheet: Worksheet, row: int, column: int, value: object, **style: Any) -> None:
    """A cell from ``column`` to the last of the summary, as high as its text needs."""
    for at in range(column + 1, 7):
        sheet.cell(row=row, column=at).border = BOX
    _put(sheet, row, column, value, **style)
    sheet.merge_cells(start_row=row, start_column=column, end_row=row, end_column=6)
    room = 74 if column > 1 else 98
    lines = sum(max(1, -(-cell_len(line) // room)) for line in str(value).split("\n"))
    sheet.row_dimensions[row].height = LINE * lines + 2


def _items(sheet: Worksheet, report: Report, edition: Edition, lang: str) -> None:
    _page(sheet, SAID["items"][lang], ITEM_WIDTHS, landscape=True, title_row=1)
    _heads(sheet, ITEM_HEADS[lang])
    row = 1
    for row, (track, clause) in enumerate(clauses(report), 2):
        verdict = clause["verdict"]
        text = edition.clauses.get(clause["clause"])
        cells = (
            row - 1,
            basis(clause, text, edition, lang),
            conditions(track, clause, text, lang),
            text.requirement[lang] if text else clause["title"][lang],
            result(clause, lang),
            "\n".join(finding["id"] for finding in clause["findings"]),
        )
        for column, value in enumerate(cells, 1):
            tone = {"fill": PatternFill("solid", fgColor=FILLS[verdict])} if column == 5 else {}
            _put(sheet, row, column, value, across="center" if column == 1 else None, **tone)
        sheet.row_dimensions[row].height = _height(cells, ITEM_WIDTHS)
    if row == 1:
        _put(sheet, 2, 1, SAID["no_items"][lang], box=False)
    else:
        sheet.auto_filter.ref = f"A1:F{row}"


def basis(clause: Any, text: ClauseText | None, edition: Edition, lang: str) -> str:
    """The clause, what stands behind it in which regimes, and the articles."""
    lines = [f"{clause['clause']} {clause['title'][lang]} ({words.LEVELS[clause['level']][lang]})"]
    if text is None:
        return lines[0]
    for strength, said in STRENGTHS.items():
        names = [edition.regimes[r].name[lang] for r in edition.regimes if text.strength.get(r) == strength]
        if names:
            lines.append(f"{said[lang]}: " + ("、" if lang == "ja" else ", ").join(names))
    lines += [f"{ref.act} {ref.article}" for ref in text.law]
    return "\n".join(lines)


def conditions(track: Any, clause: Any, text: ClauseText | None, lang: str) -> str:
    """What was given to the check: organizations, evidence, and how often something could have gone wrong."""
    ja = lang == "ja"
    names = ", ".join(track["organizations"])
    lines = [f"{words.TRACKS[track['track']][lang]}: {names}" if names else words.TRACKS[track["track"]][lang]]
    if text:
        needs = ("、" if ja else ", ").join(NEEDS[str(need)][lang] for need in text.needs)
        lines.append(f"根拠資料: {needs}" if ja else f"Evidence: {needs}")
    premise = clause["premise"]
    if premise:
        count, cases = number(premise["count"]), number(premise["cases"])
        what = words.premise(premise["what"])[lang]
        lines.append(
            f"違反の機会: {count}（{what}）、事例 {cases}" if ja else f"Opportunities: {count} ({what}), {cases} cases"
        )
    return "\n".join(lines)


def result(clause: Any, lang: str) -> str:
    """The verdict, its reason or its findings in words, and the bound where there is one."""
    verdict = clause["verdict"]
    lines = [f"{words.MARKS[verdict]} {words.VERDICTS[verdict][lang]}"]
    lines += [finding["text"][lang] for finding in clause["findings"]] or [sentence(clause)[lang]]
    if clause["bound95"] is not None:
        lines.append(f"{('95 % 上側限界', 'upper 95 % bound')[lang != 'ja']}: {number(clause['bound95'])}")
    return "\n".join(line for line in lines if line)


def _findings(sheet: Worksheet, report: Report, lang: str) -> None:
    widths = (12, 9, 52, 27, 16, 24, 13, 12, 27)
    _page(sheet, SAID["findings"][lang], widths, landscape=True, title_row=1)
    _heads(sheet, FINDING_HEADS[lang])
    row = 1
    for _, clause in clauses(report):
        for finding in clause["findings"]:
            row += 1
            count = people(finding)
            cells = (
                finding["id"],
                clause["clause"],
                finding["text"][lang],
                finding["code"],
                finding["organization"],
                finding["case"],
                count[lang] if count else "",
                finding["reproduced"],
                finding["replay"],
            )
            for column, value in enumerate(cells, 1):
                _put(sheet, row, column, value)
            sheet.row_dimensions[row].height = _height(cells, widths)
    if row == 1:
        _put(sheet, 2, 1, SAID["none"][lang], box=False)


def _rows(
    sheet: Worksheet, name: str, heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]
) -> None:
    """A sheet of one table."""
    _page(sheet, name, widths, landscape=True, title_row=1)
    _heads(sheet, heads)
    for row, cells in enumerate(rows, 2):
        for column, value in enumerate(cells, 1):
            _put(sheet, row, column, value)
        sheet.row_dimensions[row].height = _height(cells, widths)


def _heads(sheet: Worksheet, names: Sequence[str]) -> None:
    for column, name in enumerate(names, 1):
        _put(sheet, 1, column, name, bold=True, fill=HEAD)


def _height(cells: Sequence[object], widths: Sequence[int]) -> float:
    """The height of a row whose texts wrap, since no program but Excel computes it on opening."""
    lines = (
        sum(max(1, -(-cell_len(line) // max(1, width - 1))) for line in str(value).split("\n"))
        for value, width in zip(cells, widths, strict=True)
    )
    return min(TALLEST, LINE * max(lines) + 3)


__all__ = ["NAMES", "basis", "conditions", "result", "workbook"]
