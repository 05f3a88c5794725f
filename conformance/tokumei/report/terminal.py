"""A report as plain lines of text, and the same lines coloured where the output is a terminal.

Lines use only characters that a Japanese Windows console (cp932) can print.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tokumei.report import scope
from tokumei.report.view import Cell, Clause, Report, Shown, clean, matrix, number, people, sentence, tables
from tokumei.report.words import (
    CONFIGURATIONS,
    LEVELS,
    MARKS,
    NO_ROWS,
    ORIGIN_LIMITS,
    ORIGINS,
    OUTCOMES,
    PRODUCT_STOPPED,
    RUN_NOTES,
    SHOWS_NOT,
    SUBJECTS,
    TRACKS,
    VERDICTS,
    pair,
    premise,
)

Lang = Literal["ja", "en"]
Line = tuple[str, str]
"""A line and its style on a terminal."""

COLUMNS = 7
ROWS = 8
WIDTH = 28
MARKED = 60
"""A cell that the finding speaks of is what a reader came for."""
_STYLES = {
    "pass": "green",
    "fail": "bold red",
    "inconclusive": "yellow",
    "not_applicable": "dim",
    "suite_error": "bold magenta",
}
_RUN_STYLES = {"all_met": "bold green", "not_met": "bold red", "incomplete": "bold yellow", "error": "bold magenta"}


def lines(report: Report, lang: Lang) -> list[str]:
    """The report as plain text in one language."""
    return [text for text, _ in _styled(report, lang)]


def print_report(report: Report, lang: Lang, console: Console) -> None:
    """Print the report; colour only on a terminal, and never fail on a character it cannot encode."""
    encoding = console.encoding or "utf-8"
    for line, style in _styled(report, lang):
        safe = line.encode(encoding, "backslashreplace").decode(encoding)
        console.print(Text(safe, style=style if console.is_terminal else ""), soft_wrap=True)


def _styled(report: Report, lang: Lang) -> Iterator[Line]:
    yield from _head(report, lang)
    yield from _columns(report, lang)
    yield from _scope(report, lang)
    for track in report["tracks"]:
        names = ", ".join(clean(name) for name in track["organizations"])
        yield "", ""
        yield f"{TRACKS[track['track']][lang]} [{names}]", "bold"
        for clause in track["clauses"]:
            yield from _clause(report, clause, lang)
    yield "", ""
    yield ("この報告書が示さないこと" if lang == "ja" else "What this report does not show"), "bold"
    for limit in (*SHOWS_NOT, ORIGIN_LIMITS[report["origin"]], *map(pair, report["limits"])):
        yield f"  ・{clean(limit[lang])}" if lang == "ja" else f"  * {clean(limit[lang])}", "dim"


def _head(report: Report, lang: Lang) -> Iterator[Line]:
    suite, product, effort = report["suite"], report["product"], report["effort"]
    ja, ran = lang == "ja", product["configuration"] is not None
    yield (
        clean(
            f"Tokumei {suite['version']}  規格 {suite['edition']}  法令 {suite['law_as_of']} 現在"
            + (f"  乱数の種 {suite['seed']}" if ran else "")
            if ja
            else f"Tokumei {suite['version']}  edition {suite['edition']}  law as of {suite['law_as_of']}"
            + (f"  seed {suite['seed']}" if ran else "")
        ),
        "",
    )
    name = " ".join(filter(None, (product["name"], product["version"], product["vendor"])))
    basis = f"{report['level']} {ORIGINS[report['origin']][lang]}"
    what = SUBJECTS[report["origin"]][lang]
    yield (
        clean(
            f"{what} {name}  接続 {report['adapter']}  根拠 {basis}"
            if ja
            else f"{what} {name}  via {report['adapter']}  evidence {basis}"
        ),
        "",
    )
    calls, cases, took = (number(effort[key]) for key in ("calls", "cases", "wall_seconds"))
    if ran:
        yield (
            f"呼出し {calls} 回  事例 {cases}  所要 {took} 秒" if ja else f"{calls} calls  {cases} cases  {took} s",
            "",
        )
    if report["audit"]:
        audit = report["audit"]
        yield (
            clean(
                f"目的 {audit['purpose']}  責任者 {audit['responsible']}"
                if ja
                else f"Purpose {audit['purpose']}  responsible {audit['responsible']}"
            ),
            "",
        )
    if product["configuration"] == "fixed":
        yield CONFIGURATIONS["fixed"][lang], ""
    yield "", ""
    code = f"（終了コード {report['exit']}）" if ja else f" (exit code {report['exit']})"
    yield f"{'判定' if ja else 'Outcome'}: {clean(scope.headline(report)[lang])}{code}", _RUN_STYLES[report["outcome"]]
    yield f"  {(PRODUCT_STOPPED if report['exit'] == 4 else RUN_NOTES[report['outcome']])[lang]}", ""
    if scope.missing(report):
        yield f"  {scope.EXPLAINED[lang]}", "bold yellow"


def _columns(report: Report, lang: Lang) -> Iterator[Line]:
    counted = matrix(report)
    yield "", ""
    yield _pad("", 18) + "".join(_pad(OUTCOMES[name][lang], 12, right=True) for name in OUTCOMES), "bold"
    for verdict, words in VERDICTS.items():
        values = [counted[name][verdict] for name in OUTCOMES]
        cells = "".join(_pad(number(value), 12, right=True) for value in values)
        yield _pad(f"{MARKS[verdict]} {words[lang]}", 18) + cells, _STYLES[verdict] if any(values) else "dim"


def _scope(report: Report, lang: Lang) -> Iterator[Line]:
    """The profiles that the releases make mandatory, and the bounds that are laxer than the defaults."""
    none, sep = scope.nothing(report), "、" if lang == "ja" else ", "
    if none:
        yield "", ""
        yield f"{'適用区分' if lang == 'ja' else 'Profiles'}: {none[lang]}", ""
    rows = scope.profile_rows(report)
    if rows:
        yield "", ""
        yield scope.HEAD[lang], "bold"
    for row, entry in zip(rows, scope.entries(report), strict=True):
        title, *said, reason = (clean(cell[lang]) for cell in row.cells)
        yield f"  {title}: {sep.join(said)}", "" if entry["state"] == "judged" else "bold yellow"
        if reason:
            yield f"      {reason}", ""
    relaxed = scope.relaxed_rows(report)
    if relaxed:
        yield "", ""
        yield scope.RELAXED[lang], "bold"
        yield f"  {scope.RELAXED_NOTE[lang]}", "dim"
    for row in relaxed:
        clause, bound, context, default, declared, reason, organization, by = (clean(cell[lang]) for cell in row.cells)
        usual, given = ("既定値", "宣言") if lang == "ja" else ("default", "declared")
        yield (
            f"  {clause} {bound}: {usual} {default} ({context}) -> {given} {declared}  [{organization}, {by}]",
            "yellow",
        )
        yield f"      {'理由' if lang == 'ja' else 'Reason'}: {reason}", ""


def _clause(report: Report, clause: Clause, lang: Lang) -> Iterator[Line]:
    verdict = clause["verdict"]
    level = "" if clause["level"] == "shall" else f" ({LEVELS[clause['level']][lang]})"
    head = f"  {MARKS[verdict]} {_pad(VERDICTS[verdict][lang], 14)} {_pad(clean(clause['clause']), 8)}"
    yield f"{head}{clean(clause['title'][lang])}{level}{_evidence(clause, lang)}", _STYLES[verdict]
    if not clause["findings"]:
        said = sentence(clause)[lang]
        if said:
            yield f"      {clean(said)}", ""
    for finding in clause["findings"]:
        yield from _finding(report, finding, lang)
    if verdict == "fail":
        for item in clause["statistics"]:
            yield (
                clean(
                    f"      {item['name']} ({item['stage']}): {number(item['value'])}, p = {number(item['p'])},"
                    f" n = {number(item['n'])}, H0: {item['null']}"
                ),
                "",
            )


def _evidence(clause: Clause, lang: Lang) -> str:
    if clause["verdict"] != "pass" or not clause["premise"]:
        return ""
    count = f"n = {number(clause['premise']['count'])} {clean(premise(clause['premise']['what'])[lang])}"
    bound = clause["bound95"]
    if bound is None:
        return f"  {count}"
    return f"  {count}, {'95 % 上側限界' if lang == 'ja' else 'upper 95 %'} {number(bound)}"


def _finding(report: Report, finding: Mapping[str, Any], lang: Lang) -> Iterator[Line]:
    ja = lang == "ja"
    yield f"      {clean(finding['text'][lang])}", ""
    before = tables(report, finding, "before", ROWS)
    after = tables(report, finding, "after", ROWS)
    for label, side in (("加工前" if ja else "before", before), ("-> 加工後" if ja else "-> after", after)):
        for table in side:
            yield f"      {label} {table.name}", "bold"
            narrow, hidden = _narrow(table, finding["fields"])
            for row in _grid(narrow):
                yield f"        {row}", ""
            if not table.rows:
                yield f"        {NO_ROWS[lang]}", "bold"
            if hidden:
                yield (f"        ほか {hidden} 列" if ja else f"        {hidden} more columns"), "dim"
            if table.left_out:
                yield (f"        ほか {table.left_out} 行" if ja else f"        {table.left_out} more rows"), "dim"
    count = people(finding)
    facts = [
        clean(finding["code"]),
        f"{finding['organization']} {finding['case']}".strip(),
        count[lang] if count else "",
        f"{'再現' if ja else 'reproduced'} {finding['reproduced']}" if finding["reproduced"] else "",
        f"{'呼出し' if ja else 'calls'} {number(finding['calls'])}",
    ]
    yield "      " + clean("  ".join(filter(None, facts))), "dim"
    if finding["replay"]:
        yield f"      {'再試験' if ja else 'replay'}: {clean(finding['replay'])}", "cyan"


def _narrow(table: Shown, fields: Sequence[str]) -> tuple[Shown, int]:
    """The columns that a terminal has room for: the marked ones, then the first; and how many are left out."""
    spoken = {clean(name) for name in fields}
    marked = [
        at
        for at, name in enumerate(table.columns)
        if name in spoken or any(at < len(row) and row[at].marked for row in table.rows)
    ]
    rest = [at for at in range(len(table.columns)) if at not in marked]
    kept = sorted((marked + rest)[:COLUMNS])
    rows = tuple(tuple(row[at] for at in kept if at < len(row)) for row in table.rows)
    narrow = dataclasses.replace(table, columns=tuple(table.columns[at] for at in kept), rows=rows)
    return narrow, len(table.columns) - len(kept)


def _grid(table: Shown) -> Iterator[str]:
    head = [_cut(name) for name in table.columns]
    body = [[_cell(cell) for cell in row] for row in table.rows]
    widths = [max(cell_len(row[at]) for row in [head, *body] if at < len(row)) for at in range(len(head))]
    for row in [head, *body]:
        yield " | ".join(_pad(text, width) for text, width in zip(row, widths, strict=False)).rstrip()


def _cell(cell: Cell) -> str:
    text = "NULL" if cell.text is None else _cut(cell.text, MARKED if cell.marked else WIDTH) or '""'
    return f"[{text}]" if cell.marked else text


def _cut(text: str, width: int = WIDTH) -> str:
    if cell_len(text) <= width:
        return text
    kept = text
    while cell_len(kept) > width - 3:
        kept = kept[: -max(1, (cell_len(kept) - width + 3) // 2)]
    return kept + "..."


def _pad(text: str, width: int, *, right: bool = False) -> str:
    space = " " * max(0, width - cell_len(text))
    return space + text if right else text + space
