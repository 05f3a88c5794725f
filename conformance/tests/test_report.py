"""Every form of a report on bad, crashing, interrupted, supplied and hostile runs."""

from __future__ import annotations

import ast
import copy
import io
import json
import re
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from rich.console import Console

import tokumei.clauses
from tokumei.report import scope, terminal, view, words
from tokumei.report.html import html, summary
from tokumei.report.junit import junit
from tokumei.report.render import write
from tokumei.report.terminal import Lang, lines, print_report
from tokumei.report.workbook import FINDING_HEADS, ITEM_HEADS, NAMES, workbook
from tokumei.spec import load_spec
from tokumei.vocabulary import EXTENSIONS

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/report.schema.json").read_text("utf-8"))
HOSTILE = "</td><script>alert(1)</script>\x00\x1b[31m\u202eabc\ud800&\"'{{ 7*7 }}]]>\n-->"
FORBIDDEN = ("適合", "認証", "認定", "匿名済")

Report = dict[str, Any]


def clause(ident: str, verdict: str, **over: Any) -> Report:
    made: Report = {
        "clause": ident,
        "title": {"ja": "同じ値の組に属する人数が k 以上である", "en": "Every class has at least k people"},
        "outcome": "privacy",
        "level": "shall",
        "verdict": verdict,
        "why": "",
        "premise": {"what": "classes", "count": 512, "cases": 20},
        "bound95": 0.005834171 if verdict == "pass" else None,
        "message": None,
        "statistics": [],
        "findings": [],
    }
    return made | over


def finding(**over: Any) -> Report:
    rows: list[list[str | None]] = [
        ["P0001", "34", "男", "13101"],
        ["P0002", None, "女", "13101"],
        ["P0003", "", "男", "13102"],
    ]
    made: Report = {
        "id": "F-ab12",
        "code": "CLASS_TOO_SMALL",
        "text": {
            "ja": "「年齢」「性別」の値の組に属する人が 1 人で、k = 3 に満たない。",
            "en": "One person shares the values of 年齢 and 性別; k is 3.",
        },
        "case": "classes-k-1",
        "organization": "stroke-registry",
        "reproduced": "3/3",
        "people": {"from": 230, "to": 4},
        "calls": 37,
        "params": {"k": 3},
        "fields": ["年齢", "性別"],
        "before": {"registry": {"columns": ["患者番号", "年齢", "性別", "市区町村"], "rows": rows}},
        "after": {"registry": {"columns": ["年齢", "性別", "市区町村"], "rows": [["30-39", *row[2:]] for row in rows]}},
        "marked": {"before": [["registry", 0, "年齢"]], "after": [["registry", 0, "年齢"], ["registry", 0, "性別"]]},
        "replay": "tokumei replay F-ab12",
    }
    return made | over


def report(outcome: str, code: int, *clauses: Report, **over: Any) -> Report:
    made: Report = {
        "report_format": 1,
        "outcome": outcome,
        "exit": code,
        "suite": {"version": "0.1.0", "edition": "0.1-draft", "law_as_of": "2025-12-01", "seed": 1},
        "created": "2026-11-25T07:00:00Z",
        "product": {"name": "架空アノニマイザ", "vendor": "例示株式会社", "version": "2.3.1"}
        | {"configuration": "fixed", "keys": "own", "determinism": "none"},
        "adapter": "exec",
        "origin": "generated",
        "level": "E3",
        "audit": None,
        "effort": {
            **dict.fromkeys(("calls", "cases", "restarts", "timeouts"), 34),
            **dict.fromkeys(("judged_seconds", "product_seconds", "wall_seconds"), 12345.678),
        },
        "counts": {name: sum(item["verdict"] == name for item in clauses) for name in words.VERDICTS},
        "tracks": [{"track": "open", "organizations": ["stroke-registry"], "clauses": list(clauses)}],
        "limits": [{"ja": "自由記載の項目は試験していない。", "en": "Free text was not tested."}],
    }
    return made | over


STATISTIC = {"name": "order", "stage": 2, "value": 0.8123456, "p": 1.23456e-9, "n": 400, "null": "permutation"}

GOOD = report("all_met", 0, clause("I5-01", "pass"), clause("U-01", "pass", outcome="use", bound95=None))
BAD = report(
    "not_met",
    1,
    clause("I1-01", "pass", bound95=1.1e-4, premise={"what": "canaries", "count": 27000, "cases": 30}),
    clause("I3-02", "pass", bound95=0.0499, premise={"what": "codes", "count": 60, "cases": 8}),
    clause("I5-01", "fail", findings=[finding()]),
    clause("I5-02", "fail", findings=[finding(id="F-cd34")], statistics=[STATISTIC]),
    clause("T-01", "not_applicable", why="organization", outcome="use", premise=None),
    clause("U-01", "pass", outcome="use", bound95=None, level="should"),
    clause("B-01", "pass", outcome="process"),
    clause("B-02", "inconclusive", why="vacuous", outcome="process"),
)
CRASH = report(
    "error",
    5,
    clause("I5-01", "suite_error", message={"ja": "ValueError: 列がない", "en": "ValueError: no column"}),
    clause("I1-01", "pass"),
)
STOPPED = report("error", 4, tracks=[])
INTERRUPTED = report(
    "incomplete",
    3,
    clause("I5-01", "inconclusive", why="budget", premise={"what": "classes", "count": 0, "cases": 0}),
    clause("I1-01", "pass"),
)
SUPPLIED = report(
    "not_met",
    1,
    clause(
        "I5-01",
        "fail",
        findings=[
            finding(before=None, after=None, people=None, reproduced="", replay="", marked={"before": [], "after": []})
        ],
    ),
    origin="supplied",
    level="E1",
    audit={"purpose": "受入検査", "responsible": "試験 太郎", "role": "maker"},
)
SUPPLIED["product"] |= {"configuration": None, "keys": None, "determinism": None}
FORMS = {"report.json", "junit.xml", "report.html", "summary.html", *NAMES.values()}
EDITION = load_spec()


BOTH = report("not_met", 1, *BAD["tracks"][0]["clauses"])
BOTH["tracks"].append({"track": "own", "organizations": [], "clauses": [clause("I5-01", "fail", findings=[finding()])]})
BOTH["counts"]["fail"] += 1


def _hostile() -> Report:
    table = {"columns": ["年齢", HOSTILE], "rows": [["34", HOSTILE], [None, "=cmd|' /C calc'!A0"]]}
    marked = {"before": [["registry", 0, HOSTILE]], "after": [[HOSTILE, 0, HOSTILE]]}
    said = {"ja": HOSTILE, "en": HOSTILE}
    said_by = dict.fromkeys(("case", "replay", "organization"), HOSTILE)
    found = finding(before={"registry": table}, after={HOSTILE: table}, marked=marked, text=said, **said_by)
    found["fields"] = [HOSTILE]
    made = report("not_met", 1, clause("I5-01", "fail", title=said, message=said, findings=[found]), adapter=HOSTILE)
    made["limits"] = [said]
    made["profiles"] = {
        "releases": 1,
        "entries": [profile("text", "自由記載", "Free text", "not_run", reason("text", HOSTILE, HOSTILE))],
    }
    made["relaxed"] = [bound("D-06", "k", 5, 3, HOSTILE) | {"organization": HOSTILE}]
    made["product"] |= {"name": HOSTILE, "vendor": HOSTILE, "version": HOSTILE}
    made["tracks"][0]["organizations"] = [HOSTILE]
    return made


def profile(name: str, ja: str, en: str, state: str, *reasons: Report, claimed: bool = False) -> Report:
    made = {"profile": name, "title": {"ja": ja, "en": en}, "mandatory": bool(reasons), "claimed": claimed}
    return made | {"state": state, "reasons": list(reasons)}


def reason(object_: str, where: str, organization: str = "hospital", calls: int = 3) -> Report:
    return {
        "object": object_,
        "where": where,
        "organization": organization,
        "case": f"{organization}/boundary",
        "call": 0,
        "calls": calls,
    }


def bound(clause_: str, name: str, default: float, declared: float, why: str, by: str = "asked") -> Report:
    made: Report = {"clause": clause_, "bound": name, "default": default, "declared": declared}
    return made | {"context": "contract", "reason": why, "organization": "hospital", "by": by}


NOT_TESTED = profile(
    "text", "自由記載", "Free text", "not_in_edition", reason("text", "labs.comment"), reason("finding", "X-01")
)
TESTED = profile("genome", "ゲノムデータ", "Genomes", "judged", reason("genotypes", "labs#9", calls=1200))
CLAIMED = profile("dicom", "医用画像", "Medical images", "not_run", claimed=True)
SCOPED = report(
    "all_met",
    0,
    clause("I5-01", "pass"),
    profiles={"releases": 24, "entries": [NOT_TESTED, TESTED, CLAIMED]},
    relaxed=[
        bound("D-06", "k", 5, 3, "提供先の管理を\n委員会が確かめた <b>&\"'"),
        bound("R-02", "risk", 0.2, 0.33333333, "", "claimed"),
        bound("F-02", "facilities", 3, 2, "", "claimed") | {"reason": None},
    ],
)
UNSCOPED = report("all_met", 0, clause("I5-01", "pass"), profiles={"releases": 24, "entries": []}, relaxed=[])
NO_RELEASE = report("error", 4, tracks=[], profiles={"releases": 0, "entries": []}, relaxed=[])


REPORTS = {
    "good": GOOD,
    "scoped": SCOPED,
    "unscoped": UNSCOPED,
    "no release": NO_RELEASE,
    "bad": BAD,
    "both": BOTH,
    "crash": CRASH,
    "stopped": STOPPED,
    "interrupted": INTERRUPTED,
    "supplied": SUPPLIED,
    "hostile": _hostile(),
}
each = pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)


class Parsed(HTMLParser):
    """Links, ids and unclosed elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.unclosed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "poster", "srcset") or name.endswith(":href"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on")
        if tag not in ("meta", "input", "br"):
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag


def invalid(made: Report) -> bool:
    return not jsonschema.Draft202012Validator(SCHEMA).is_valid(made)


@each
def test_the_schema_accepts(made: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(made, SCHEMA, jsonschema.Draft202012Validator)


def test_the_schema_is_closed() -> None:
    def changed(*path: Any, **extra: Any) -> Report:
        made = copy.deepcopy(BAD)
        place: Any = made
        for step in path:
            place = place[step]
        place.update(extra)
        return made

    assert invalid(changed(extra=1))
    assert invalid(changed("suite", extra=1))
    assert invalid(changed("tracks", 0, extra=1))
    assert invalid(changed("tracks", 0, "clauses", 2, extra=1))
    assert invalid(changed("tracks", 0, "clauses", 2, "findings", 0, extra=1))
    assert invalid(changed("tracks", 0, "clauses", 2, "findings", 0, "after", "registry", extra=1))
    assert invalid(changed(outcome="conformant"))
    assert invalid(changed(outcome="all_met"))
    assert invalid(changed("tracks", 0, "clauses", 7, why="ics"))
    assert not invalid(changed("tracks", 0, "clauses", 7, why="undecidable"))


def test_the_schema_lets_only_supplied_files_come_without_a_product() -> None:
    assert invalid(BAD | {"product": SUPPLIED["product"]})


def test_the_schema_refuses_cells_of_supplied_data() -> None:
    assert invalid(SUPPLIED | {"tracks": BAD["tracks"]})


@each
def test_junit_counts_are_those_of_the_children(made: Report) -> None:
    root = ET.fromstring(junit(made))
    assert root.tag == "testsuites"
    for element in [root, *root.findall("testsuite")]:
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert element.get(name) == str(sum(len(case.findall(tag)) for case in cases))
    red = int(root.get("failures", "")) + int(root.get("errors", ""))
    assert (red == 0) == (made["outcome"] == "all_met")


def test_junit_of_a_bad_run() -> None:
    root = ET.fromstring(junit(BAD))
    assert [suite.get("name") for suite in root] == ["I1", "I3", "I5", "T", "U", "B"]
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["8", "2", "1", "1"]
    failure = root.find(".//failure")
    assert failure is not None
    assert "k = 3 に満たない" in failure.get("message", "")
    assert failure.get("type") == "CLASS_TOO_SMALL"
    assert "tokumei replay F-ab12" in (failure.text or "")


def test_tracks_stay_apart() -> None:
    root = ET.fromstring(junit(BOTH))
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(cases) == len(set(cases)) == sum(BOTH["counts"].values())
    assert ("tokumei.I5.own", "I5-01") in cases
    assert "I1-01 open" in html(BOTH)


def test_junit_of_a_product_that_did_not_start_is_red() -> None:
    root = ET.fromstring(junit(STOPPED))
    assert root.get("errors") == "1"


@each
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_terminal_lines_are_printable(made: Report, lang: terminal.Lang) -> None:
    text = lines(made, lang)
    assert words.RUN[made["outcome"]][lang] in "\n".join(text)
    assert not [line for line in text if re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", line)]
    "\n".join(text).encode("cp932")


def test_terminal_shows_the_finding_small() -> None:
    text = "\n".join(lines(BAD, "ja"))
    assert "230 人 → 4 人" in text
    assert "[34]" in text
    assert "NULL" in text
    assert '""' in text
    assert "再試験: tokumei replay F-ab12" in text
    assert "n = 27,000 目印の値, 95 % 上側限界 0.00011" in text
    for verdict in ("合格", "不合格", "判定不能", "対象外", "試験系異常"):
        assert verdict in text


def test_print_is_plain_off_a_terminal_and_survives_any_encoding() -> None:
    plain = io.StringIO()
    print_report(BAD, "ja", Console(file=plain, width=40))
    assert plain.getvalue().splitlines() == lines(BAD, "ja")
    coloured = io.StringIO()
    print_report(BAD, "ja", Console(file=coloured, force_terminal=True, color_system="standard"))
    assert "\x1b[" in coloured.getvalue()
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_report(BAD, "ja", Console(file=narrow))


@pytest.mark.parametrize("form", [html, summary])
@each
def test_html_stands_alone(made: Report, form: Any) -> None:
    page = form(made)
    parsed = Parsed()
    parsed.feed(page)
    assert parsed.links or form is summary
    assert not [link for link in parsed.links if not link.startswith("#")]
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert not parsed.unclosed
    assert not re.search(r"(?i)https?://|@import|<script|<iframe|<object|<embed|<link|url\((?!#)", page)
    assert 'lang="ja"' in page
    assert 'lang="en"' in page
    assert words.RUN[made["outcome"]]["ja"] in page
    assert words.RUN[made["outcome"]]["en"] in page
    assert made["suite"]["law_as_of"] in page
    assert words.ORIGIN_LIMITS[made["origin"]]["ja"] in page


@each
def test_nothing_claims_a_legal_status(made: Report) -> None:
    cells = [str(cell) for lang in NAMES for _, row in sheet_rows(made, lang) for cell in row]
    for text in (html(made), summary(made), junit(made), *lines(made, "ja"), *cells):
        assert not [word for word in FORBIDDEN if word in text]


@each
def test_no_float_beyond_three_digits(made: Report) -> None:
    for text in (html(made), summary(made), junit(made), *lines(made, "ja")):
        assert not re.findall(r"(?<![\d.])(?:0\.0*[1-9]\d{3,}|[1-9]\d*\.\d{3,})(?![\d.])", text)


def test_html_marks_and_explains_the_finding() -> None:
    page = html(BAD)
    assert page.count('class="hit"') == 6
    assert "230 人 → 4 人" in page
    assert "tokumei replay F-ab12" in page
    assert "CLASS_TOO_SMALL" in page
    assert page.count("<circle") >= 4
    assert words.CONFIGURATIONS["fixed"]["ja"] in page


def test_hostile_text_stays_text() -> None:
    page = html(REPORTS["hostile"])
    assert "<script" not in page
    assert "49" not in re.findall(r"alert\(1\)(.{0,80})", page)[0]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", page)
    page.encode("utf-8")


def test_supplied_data_show_no_cell_even_if_recorded() -> None:
    leaking = copy.deepcopy(BAD) | {"origin": "supplied"}
    cells = [str(cell) for lang in NAMES for _, row in sheet_rows(leaking, lang) for cell in row]
    for text in (html(leaking), summary(leaking), junit(leaking), "\n".join(lines(leaking, "ja")), *cells):
        assert "P0001" not in text
    assert "P0001" in html(BAD)


@each
def test_write_is_complete_and_leaves_nothing_else(made: Report, tmp_path: Path) -> None:
    written = write(made, EDITION, tmp_path / "out")
    assert set(written) == FORMS
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(written)
    assert json.loads(written["report.json"].read_text("utf-8")) == made
    ET.parse(written["junit.xml"])


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    write(GOOD, EDITION, tmp_path)
    with pytest.raises(ValueError, match="JSON compliant"):
        write(report("all_met", 0, clause("I5-01", "pass", bound95=float("nan"))), EDITION, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == GOOD
    assert len(list(tmp_path.iterdir())) == len(FORMS)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.005834, "0.00583"), (1.23456e-9, "1.23e-9"), (12345.678, "12,300"), (8.0, "8"), (27000, "27,000"), (0.0, "0")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert view.number(value) == text


def test_a_wide_table_shows_the_columns_of_the_finding_behind_the_first() -> None:
    names = [f"c{at}" for at in range(12)]
    table = {"registry": {"columns": names, "rows": [names, names]}}
    found = finding(after=table, fields=["c9", "c11"], marked={"before": [], "after": [["registry", 1, "c11"]]})
    (shown,) = view.tables(BAD, found, "after", 5)
    assert shown.columns[:4] == ("c0", "c9", "c11", "c1")
    assert sorted(shown.columns) == sorted(names)
    assert all(tuple(cell.text for cell in row) == shown.columns for row in shown.rows)
    assert [(row, shown.columns[at]) for row in (0, 1) for at in range(12) if shown.rows[row][at].marked] == [
        (1, "c11")
    ]
    narrow = {"registry": {"columns": names[:8], "rows": [names[:8]]}}
    (shown,) = view.tables(BAD, finding(after=narrow, fields=["c7"]), "after", 5)
    assert shown.columns == tuple(names[:8])


def test_a_marked_cell_is_cut_later_than_another() -> None:
    long = "長い自由記載の文" * 3
    table = {"registry": {"columns": ["a", "b"], "rows": [[long, long]]}}
    found = finding(before=None, after=table, marked={"before": [], "after": [["registry", 0, "b"]]})
    text = "\n".join(lines(report("not_met", 1, clause("I5-01", "fail", findings=[found])), "ja"))
    assert f"[{long}]" in text
    assert text.count(long) == 1


def test_marked_rows_are_never_left_out() -> None:
    rows = [[str(at)] for at in range(100)]
    found = finding(
        after={"registry": {"columns": ["a"], "rows": rows}}, marked={"before": [], "after": [["registry", 90, "a"]]}
    )
    (shown,) = view.tables(BAD, found, "after", 5)
    assert [row[0].text for row in shown.rows] == ["0", "1", "2", "3", "90"]
    assert shown.rows[-1][0].marked
    assert shown.left_out == 95


def opened(made: Report, lang: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook(made, EDITION, lang)))


def sheet_rows(made: Report, lang: str) -> list[tuple[str, tuple[Any, ...]]]:
    return [(sheet.title, row) for sheet in opened(made, lang) for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("lang", ["ja", "en"])
@each
def test_the_workbook_has_a_summary_an_item_a_clause_and_every_finding(made: Report, lang: str) -> None:
    book = opened(made, lang)
    summary_, items, found, *more = book.worksheets
    assert len(more) == bool(scope.entries(made)) + bool(made.get("relaxed"))
    judged = [(track, item) for track in made["tracks"] for item in track["clauses"]]
    words_ = [cell for row in summary_.iter_rows(values_only=True) for cell in row if cell]
    assert any(str(cell).startswith(words.RUN[made["outcome"]][lang]) for cell in words_)
    assert {words.OUTCOMES[name][lang] for name in words.OUTCOMES} <= set(words_)
    head, *rows = items.iter_rows(values_only=True)
    assert head == ITEM_HEADS[lang]
    if not judged:
        assert rows[0][0]
        return
    assert [row[0] for row in rows] == list(range(1, len(judged) + 1))
    for row, (_, item) in zip(rows, judged, strict=True):
        assert row[1].startswith(item["clause"])
        assert row[4].startswith(f"{words.MARKS[item['verdict']]} {words.VERDICTS[item['verdict']][lang]}")
        assert (row[5] or "").split() == [finding["id"] for finding in item["findings"]]
    head, *rows = found.iter_rows(values_only=True)
    assert head == FINDING_HEADS[lang]
    ids = [finding["id"] for _, item in judged for finding in item["findings"]]
    assert [row[0] for row in rows] == ids or (not ids and len(rows) == 1)


def test_an_item_gives_basis_conditions_and_what_is_expected() -> None:
    rows = [row for title, row in sheet_rows(BAD, "ja") if title == "試験項目"]
    row = next(row for row in rows if str(row[1]).startswith("I5-01"))
    assert "個人情報の保護に関する法律施行規則 第34条第5号" in row[1]
    assert "\n本規格: 匿名加工情報、行政機関等匿名加工情報、匿名加工医療情報、" in row[1]
    assert "根拠資料: 加工後データ、提供仕様書" in row[2]
    assert "違反の機会: 512（同値類）、事例 20" in row[2]
    assert row[3] == EDITION.clauses["I5-01"].requirement.ja
    assert "k = 3 に満たない" in row[4]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "=cmd|' /C calc'!A0", "=HYPERLINK(1)", "\t=1", "\r=1"])
def test_nothing_that_looks_like_a_formula_is_one(start: str) -> None:
    said = {"ja": f"{start}1+1", "en": f"{start}1+1"}
    made = report("not_met", 1, clause("I5-01", "fail", title=said, findings=[finding(text=said, case=start)]))
    made["product"]["name"] = start
    made["limits"] = [said]
    for lang in NAMES:
        for sheet in opened(made, lang):
            for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
                assert cell.data_type in ("s", "n")
                assert not str(cell.value).startswith(("=", "+", "-", "@")) or cell.quotePrefix
                assert not str(cell.value).startswith(("\t", "\r"))


@each
def test_the_workbook_prints_on_pages(made: Report) -> None:
    for lang in NAMES:
        first, *rest = opened(made, lang).worksheets
        assert (first.page_setup.orientation, first.page_setup.fitToHeight) == ("portrait", 1)
        for sheet in rest:
            assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1)
            assert sheet.print_title_rows == "$1:$1"
            assert sheet.freeze_panes == "A2"


def test_a_very_long_text_is_cut_and_not_refused() -> None:
    said = {"ja": "長" * 40_000, "en": "x" * 40_000}
    made = report("not_met", 1, clause("I5-01", "fail", findings=[finding(text=said)]))
    assert max(len(str(cell)) for _, row in sheet_rows(made, "ja") for cell in row) <= 32_000


def test_the_summary_names_what_failed_first() -> None:
    page = summary(BAD)
    assert page.index("I5-01") < page.index("B-02")
    assert "I1-01" not in page.partition("<h2>")[2]
    many = report("not_met", 1, *[clause(f"I5-{at:02}", "fail", findings=[finding()]) for at in range(30)])
    assert "ほか 20 項目" in summary(many)


def test_supplied_files_are_not_told_to_be_a_product() -> None:
    forms = [html(SUPPLIED), summary(SUPPLIED), *lines(SUPPLIED, "ja"), *lines(SUPPLIED, "en")]
    forms += [str(cell) for lang in NAMES for _, row in sheet_rows(SUPPLIED, lang) for cell in row]
    for text in forms:
        for said in words.CONFIGURATIONS.values():
            assert said["ja"] not in text
            assert said["en"] not in text
    assert "調べたデータ" in "\n".join(lines(SUPPLIED, "ja"))
    assert "乱数の種" not in "\n".join(lines(SUPPLIED, "ja"))


def test_a_release_without_a_row_is_said_in_words() -> None:
    empty = {"registry": {"columns": ["性別", "年齢"], "rows": []}}
    made = report("not_met", 1, clause("D-03", "fail", findings=[finding(after=empty, marked=None)]))
    assert words.NO_ROWS["ja"] in html(made)
    assert words.NO_ROWS["en"] in html(made)
    assert words.NO_ROWS["ja"] in "\n".join(lines(made, "ja"))
    assert words.NO_ROWS["ja"] not in html(BAD)


@pytest.mark.parametrize("form", [html, summary])
def test_a_page_holds_both_languages_and_opens_in_the_one_asked_for(form: Any, tmp_path: Path) -> None:
    class Switches(HTMLParser):
        root, checked = "", ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            self.root = str(given["lang"]) if tag == "html" else self.root
            self.checked += str(given["id"]) if tag == "input" and "checked" in given else ""

    pages = {lang: form(BAD, lang) for lang in NAMES}
    for lang, page in pages.items():
        seen = Switches()
        seen.feed(page)
        assert (seen.root, seen.checked) == (lang, f"lang-{lang}")
        for other in NAMES:
            assert words.RUN["not_met"][other] in page
    written = write(BAD, EDITION, tmp_path, "en")
    assert written[f"{'report' if form is html else 'summary'}.html"].read_text("utf-8") == pages["en"]


def _said_by_checks() -> dict[str, set[str]]:
    """What the checks of all clauses write as literals: what a premise counts, and null hypotheses."""
    said: dict[str, set[str]] = {"what": set(), "null": set()}
    for path in Path(tokumei.clauses.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "premises" and len(node.args) == 3:  # what the family I1 shares is told the words
                    assert isinstance(node.args[2], ast.Constant), path
                    said["what"].add(str(node.args[2].value))
                for argument in node.keywords:
                    if (node.func.id, argument.arg) in {("Premise", "what"), ("Statistic", "null")}:
                        told = argument.value
                        if isinstance(told, ast.Name) and path.parent.name == "i1" and path.name == "__init__.py":
                            continue
                        assert isinstance(told, ast.Constant), path
                        said[str(argument.arg)].add(str(told.value))
    return said


def test_what_checks_say_in_english_only_has_words_in_japanese() -> None:
    said = _said_by_checks()
    assert len(said["what"]) > 20
    assert said["what"] <= set(words.PREMISES)
    assert said["null"] == set(words.NULLS)


def test_levels_of_evidence_and_statistics_of_order_are_said_in_words() -> None:
    assert set(words.EVIDENCE) == set(SCHEMA["properties"]["level"]["enum"])
    assert words.statistic("registry/input/rank")["ja"] == "registry（入力の順、全体の傾向）"
    assert words.statistic("t.a/b/day/neighbours")["en"] == "t.a/b (order of days, neighbouring rows)"
    assert words.statistic("order") == {"ja": "order", "en": "order"}
    for said, null in words.NULLS.items():
        named = [STATISTIC | {"name": f"registry/{order}/rank", "null": said} for order in ("input", "key")]
        page = html(report("all_met", 0, clause("I3-04", "pass", statistics=named)))
        assert page.count(null["ja"]) == page.count(null["en"]) == 1
        assert "registry/input/rank" not in page


def forms(made: Report, lang: Lang) -> dict[str, str]:
    """The text of every form in one language; a page holds both."""
    cells = [str(cell) for _, row in sheet_rows(made, lang) for cell in row if cell is not None]
    return {
        "terminal": "\n".join(lines(made, lang)),
        "html": unescape(html(made)),
        "summary": unescape(summary(made)),
        "xlsx": "\n".join(cells),
    }


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_was_not_tested_stands_in_the_head_line_of_every_form(lang: Lang) -> None:
    head = {
        "ja": "全要求事項を満たした（未試験の適用区分：自由記載、医用画像）",
        "en": "All requirements met (profiles not tested: Free text, Medical images)",
    }[lang]
    for name, text in forms(SCOPED, lang).items():
        if name in ("html", "summary"):  # the languages stand beside each other
            tag = {"html": "h1", "summary": "strong"}[name]
            line = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            assert line and all(part in line.group() for part in re.split(" ?(?=[（(])", head, maxsplit=1)), name
        else:
            assert head in text, name
        assert scope.NOT_TESTED[lang] not in forms(UNSCOPED, lang)[name], name
        assert scope.NOT_TESTED[lang] not in forms(GOOD, lang)[name], name
    title = html(SCOPED).partition("<title>")[2].partition("</title>")[0]
    assert head in title
    judged = report("all_met", 0, profiles={"releases": 1, "entries": [TESTED]})
    assert scope.headline(judged) == words.RUN["all_met"]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_form_says_what_makes_a_profile_mandatory_and_whether_it_was_claimed_and_tested(lang: Lang) -> None:
    said = {
        "ja": (
            "必須、申告なし、未試験（この版にまだない）",
            "labs.comment の自由記載（hospital の加工後データ 3 件）",
            "X-01 の指摘（hospital、3 件）",
        ),
        "en": (
            "mandatory, not claimed, not tested (not in this edition yet)",
            "free text in labs.comment (hospital, releases: 3)",
            "a finding of X-01",
        ),
    }[lang]
    for name, text in forms(SCOPED, lang).items():
        for part in said[1:]:
            assert part in text, name
        for part in re.split("[、,] ?", said[0]) if name == "html" else said[:1]:
            assert part in text, name
    assert {
        "ja": "labs の 9 番目の項目の遺伝型又は塩基配列（hospital の加工後データ 1,200 件）",
        "en": "column 9 of labs (hospital, releases: 1,200)",
    }[lang] in forms(SCOPED, lang)["html"]
    for name, text in forms(UNSCOPED, lang).items():
        assert scope.NOTHING[lang] in text, name
    for name, text in forms(NO_RELEASE, lang).items():
        assert scope.NO_RELEASE[lang] in text, name
    for text in forms(GOOD, lang).values():  # a record of an earlier suite says nothing
        assert scope.NOTHING[lang] not in text
        assert scope.NO_RELEASE[lang] not in text


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_laxer_bound_is_repeated_with_its_default_and_its_reason(lang: Lang) -> None:
    told = forms(SCOPED, lang)
    for name in ("terminal", "html", "xlsx"):
        for part in ("D-06", "委員会が確かめた <b>&\"'", "R-02", "0.333", scope.UNREASONED[lang], scope.HIDDEN[lang]):
            assert part in told[name], (name, part)
        for key in ("k", "risk"):
            assert scope.BOUNDS[key][lang] in told[name], name
    assert {"ja": "緩めた基準", "en": "Laxer bounds"}[lang] in told["summary"]
    usual = {"ja": "既定値 5 (契約提供) -> 宣言 3", "en": "default 5 (contract) -> declared 3"}[lang]
    assert usual in told["terminal"]
    for text in forms(UNSCOPED, lang).values():
        assert scope.RELAXED[lang] not in text
    for text in (html(SCOPED), summary(SCOPED)):
        assert "<b>&" not in text  # the reason is text of the declaration


def test_junit_skips_a_profile_that_was_not_tested() -> None:
    root = ET.fromstring(junit(SCOPED))
    cases = {case.get("name"): case for case in root.iter("testcase") if case.get("classname") == "tokumei.profiles"}
    skipped = {name: case.find("skipped") for name, case in cases.items()}
    assert [name for name, child in skipped.items() if child is None] == ["genome"]
    assert skipped["text"] is not None
    assert "not tested" in str(skipped["text"].get("message"))
    assert root.get("skipped") == "2"
    assert root.get("failures") == root.get("errors") == "0"


def test_the_schema_lets_no_profile_be_mandatory_without_a_reason() -> None:
    def with_entry(**over: Any) -> Report:
        return report("all_met", 0, profiles={"releases": 1, "entries": [TESTED | over]})

    assert not invalid(with_entry())
    assert invalid(with_entry(reasons=[]))
    assert invalid(with_entry(mandatory=False))
    assert invalid(with_entry(mandatory=False, reasons=[]))  # neither mandatory nor claimed
    assert invalid(with_entry(state="pass"))
    assert invalid(with_entry(profile="unheard-of"))
    assert invalid(SCOPED | {"relaxed": [bound("D-06", "unheard-of", 5, 3, "")]})


def test_scope_has_words_for_all_that_a_record_may_say() -> None:
    kinds = SCHEMA["$defs"]["profile"]["properties"]
    assert set(kinds["state"]["enum"]) == set(scope.STATES)
    assert set(kinds["reasons"]["items"]["properties"]["object"]["enum"]) == set(scope.OBJECTS)
    assert set(kinds["profile"]["enum"]) == set(EXTENSIONS)
    relaxed = SCHEMA["$defs"]["relaxed"]["properties"]
    assert [set(relaxed[name]["enum"]) for name in ("bound", "context", "by")] == [
        set(scope.BOUNDS),
        set(scope.CONTEXTS),
        set(scope.BY),
    ]
    statement = json.loads((Path(__file__).parents[2] / "schemas/product.schema.json").read_text("utf-8"))
    assert set(statement["properties"]["profiles"]["items"]["enum"]) == set(EXTENSIONS)
