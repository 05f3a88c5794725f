"""Who has only Excel can edit the standard: what comes back is taken over whole, or refused with sheet and cell."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei import editions, resources, spec, spec_lint, wording
from tokumei.cli import main
from tokumei.editing import layout
from tokumei.editing.contents import choices, contents
from tokumei.editing.intake import Edited, changed, intake
from tokumei.editing.revision import diff, revisions, write_together
from tokumei.editing.rewrite import rewritten
from tokumei.editing.workbook import digest, workbook
from tokumei.model import Place, TokumeiError

SPEC = resources.data("spec")
EDITION = spec.load_spec()
MADE = workbook(EDITION, SPEC)
DIGESTS = {clause.id: digest(SPEC / clause.file) for clause in EDITION.clauses.values()}
FILE = "clauses/I5/I5-01.md"
SECRET = "ヒミツ"
CLAUSE = EDITION.clauses["I5-01"]


class Person:
    """Somebody with the workbook open and nothing else."""

    def __init__(self, raw=MADE):
        self.book = openpyxl.load_workbook(io.BytesIO(raw))

    def cell(self, id_, pointer, sheet=layout.CLAUSES, code=""):
        table = self.book[sheet]
        columns = layout.clause_columns(EDITION) if sheet == layout.CLAUSES else layout.finding_columns()
        at = [column.pointer for column in columns].index(pointer) + 1
        for row in range(2, table.max_row + 1):
            if table.cell(row, 1).value == id_ and (not code or table.cell(row, 2).value == code):
                return table.cell(row, at)
        raise AssertionError(id_)

    def saved(self):
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()


def refused(raw, digests=DIGESTS):
    with pytest.raises(TokumeiError) as caught:
        intake(raw, "r.xlsx", EDITION, digests)
    for problem in caught.value.problems:
        for lang in ("ja", "en"):
            line = wording.render(problem, lang)
            assert line.startswith("r.xlsx")
            assert SECRET not in line
    return [(problem.code, problem.place.pointer) for problem in caught.value.problems]


def test_what_was_given_out_and_came_back_untouched_changes_nothing():
    for raw in (MADE, Person().saved()):
        edited = intake(raw, "r.xlsx", EDITION, DIGESTS)
        assert set(edited.texts) == set(EDITION.clauses)
        for clause in EDITION.clauses.values():
            assert edited.texts[clause.id] == contents(clause)
        assert changed(EDITION, edited) == {}
        assert revisions(EDITION, SPEC, edited) == ()


def test_the_workbook_is_locked_where_nothing_may_change_and_says_how_it_is_used():
    book = Person().book
    assert book.sheetnames == [layout.GUIDE, layout.CLAUSES, layout.FINDINGS, layout.RECORD]
    assert book[layout.RECORD].sheet_state == "veryHidden"
    guide = "\n".join(str(row[0]) for row in book[layout.GUIDE].iter_rows(values_only=True) if row[0])
    assert "使い方" in guide and "How to use" in guide
    for name, columns in (
        (layout.CLAUSES, layout.clause_columns(EDITION)),
        (layout.FINDINGS, layout.finding_columns()),
    ):
        sheet = book[name]
        assert sheet.protection.sheet and not sheet.protection.password
        assert sheet.freeze_panes == "C2"
        for row in sheet.iter_rows(min_row=2):
            assert [cell.protection.locked for cell in row] == [column.locked for column in columns]
            assert all(cell.alignment.wrap_text for cell in row)
    assert book[layout.CLAUSES].max_row == len(EDITION.clauses) + 1


@pytest.mark.parametrize("start", "=+-@")
def test_a_text_that_looks_like_a_formula_stays_text_on_both_ways(tmp_path, start):
    copy = shutil.copytree(SPEC, tmp_path / "spec")
    path = copy / FILE
    text = f"{start}1+1 は数である。"
    path.write_text(rewritten(path.read_text(encoding="utf-8"), "harm/ja", text), encoding="utf-8")
    spec.load_spec.cache_clear()
    edition = spec.load_spec(copy)
    raw = workbook(edition, copy)
    cell = Person(raw).cell("I5-01", "harm/ja")
    assert (cell.data_type, cell.quotePrefix, cell.value) == ("s", True, text)
    digests = {clause.id: digest(copy / clause.file) for clause in edition.clauses.values()}
    assert intake(raw, "r.xlsx", edition, digests).texts["I5-01"]["harm/ja"] == text


def test_readings_and_line_breaks_that_excel_adds_to_japanese_are_no_text():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(MADE)) as given, zipfile.ZipFile(out, "w") as kept:
        for name in given.namelist():
            part = given.read(name)
            if name.endswith("sharedStrings.xml"):
                reading = b'</t><rPh sb="0" eb="1"><t>' + SECRET.encode() + b'</t></rPh><phoneticPr fontId="1"/></si>'
                assert part.count(b"</t></si>") > len(EDITION.clauses)
                part = part.replace(b"</t></si>", reading).replace(b"\n", b"_x000D_\n")
            kept.writestr(name, part)
    assert changed(EDITION, intake(out.getvalue(), "r.xlsx", EDITION, DIGESTS)) == {}


def row_twice(person):
    sheet = person.book[layout.CLAUSES]
    for cell in sheet[2]:
        sheet.cell(sheet.max_row if cell.column > 1 else sheet.max_row + 1, cell.column).value = cell.value


def sentence_twice(person):
    sheet = person.book[layout.FINDINGS]
    for cell in sheet[2]:
        sheet.cell(sheet.max_row if cell.column > 1 else sheet.max_row + 1, cell.column).value = cell.value


def put(id_, pointer, value, **more):
    return lambda person: setattr(person.cell(id_, pointer, **more), "value", value)


FIRST = next(iter(EDITION.clauses))
SENTENCE = {"sheet": layout.FINDINGS, "code": next(iter(EDITION.clauses[FIRST].findings))}
HARM = layout.CLAUSES + "!" + Person().cell(FIRST, "harm/ja").coordinate
STRENGTH = layout.CLAUSES + "!" + Person().cell(FIRST, "/strength/APPI-43").coordinate


@pytest.mark.parametrize(
    ("act", "code", "where"),
    [
        (put(FIRST, "id", f"Z-{SECRET}"), "SHEET_ID_UNKNOWN", f"{layout.CLAUSES}!A2"),
        (lambda p: p.book[layout.CLAUSES].delete_rows(2), "SHEET_ID_MISSING", f"{layout.CLAUSES}!A"),
        (row_twice, "SHEET_ID_TWICE", f"{layout.CLAUSES}!A2"),
        (put(FIRST, "digest", "0" * 16), "SHEET_LOCKED_CHANGED", f"{layout.CLAUSES}!B2"),
        (put(FIRST, "digest", None), "SHEET_LOCKED_CHANGED", f"{layout.CLAUSES}!B2"),
        (put(FIRST, "harm/ja", f'="{SECRET}"'), "SHEET_FORMULA", HARM),
        (put(FIRST, "harm/ja", None), "SHEET_EMPTY", HARM),
        (put(FIRST, "harm/ja", " \n　"), "SHEET_EMPTY", HARM),
        (put(FIRST, "harm/ja", 5), "SHEET_NOT_TEXT", HARM),
        (put(FIRST, "harm/ja", "#N/A"), "SHEET_NOT_TEXT", HARM),
        (put(FIRST, "/level", SECRET), "SHEET_CHOICE", ""),
        (put(FIRST, "/level", None), "SHEET_EMPTY", ""),
        (put(FIRST, "/strength/APPI-43", SECRET), "SHEET_CHOICE", STRENGTH),
        (put(FIRST, "/revision", "01"), "SHEET_NOT_A_NUMBER", ""),
        (put(FIRST, "/revision", 1.5), "SHEET_NOT_A_NUMBER", ""),
        (put(FIRST, "/title/ja", "一\n二"), "SHEET_ONE_LINE", ""),
        (lambda p: setattr(p.book[layout.CLAUSES]["AZ3"], "value", SECRET), "SHEET_OUTSIDE", f"{layout.CLAUSES}!AZ3"),
        (lambda p: setattr(p.book[layout.CLAUSES]["A90000"], "value", SECRET), "SHEET_OUTSIDE", ""),
        (lambda p: setattr(p.book[layout.CLAUSES]["D1"], "value", SECRET), "SHEET_HEADING", f"{layout.CLAUSES}!D1"),
        (lambda p: p.book.remove(p.book[layout.FINDINGS]), "SHEET_MISSING", layout.FINDINGS),
        (lambda p: p.book.remove(p.book[layout.RECORD]), "SHEET_MISSING", layout.RECORD),
        (put(FIRST, "id", SECRET, **SENTENCE), "SHEET_ID_UNKNOWN", f"{layout.FINDINGS}!A2"),
        (sentence_twice, "SHEET_ID_TWICE", f"{layout.FINDINGS}!A2"),
        (put(FIRST, "code", SECRET, **SENTENCE), "SHEET_LOCKED_CHANGED", f"{layout.FINDINGS}!B2"),
        (lambda p: p.book[layout.FINDINGS].delete_rows(2), "SHEET_ID_MISSING", f"{layout.FINDINGS}!A"),
        (put(FIRST, "/findings/{code}/en", None, **SENTENCE), "SHEET_EMPTY", f"{layout.FINDINGS}!D2"),
        (put(FIRST, "/findings/{code}/ja", "=A1", **SENTENCE), "SHEET_FORMULA", f"{layout.FINDINGS}!C2"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_with_sheet_and_cell(act, code, where):
    person = Person()
    act(person)
    found = refused(person.saved())
    assert code in {each for each, _ in found}
    assert not where or (code, where) in found


def test_a_clause_without_any_strength_is_refused():
    person = Person()
    for regime in EDITION.regimes:
        person.cell(FIRST, f"/strength/{regime}").value = None
    assert refused(person.saved()) == [("SHEET_EMPTY", STRENGTH)]


def test_every_fault_is_told_at_once():
    person = Person()
    person.cell(FIRST, "harm/ja").value = None
    person.cell("I5-01", "harm/en").value = "=1"
    assert len(refused(person.saved())) == 2


def test_a_row_whose_clause_has_changed_since_is_stale():
    person = Person()
    found = refused(person.saved(), {**DIGESTS, "I5-01": "0" * 16})
    assert found == [("SHEET_STALE", f"{layout.CLAUSES}!{person.cell('I5-01', 'digest').coordinate}")]


@pytest.mark.parametrize(
    "raw", [b"", b"id,title\n", b"PK\x03\x04broken", MADE[:-600]], ids=["empty", "csv", "zip", "cut"]
)
def test_another_file_is_refused(raw):
    assert refused(raw) == [("SHEET_UNREADABLE", "")]


def test_a_row_in_another_place_is_the_same_row():
    person = Person()
    sheet = person.book[layout.CLAUSES]
    top, bottom = ([cell.value for cell in sheet[row]] for row in (2, sheet.max_row))
    for row, values in ((2, bottom), (sheet.max_row, top)):
        for at, value in enumerate(values, 1):
            sheet.cell(row, at).value = value
            sheet.cell(row, at).data_type = "n" if isinstance(value, int) or value is None else "s"
    assert changed(EDITION, intake(person.saved(), "r.xlsx", EDITION, DIGESTS)) == {}


def edited(id_, texts):
    held = {clause.id: contents(clause) for clause in EDITION.clauses.values()}
    places = {(id_, pointer): Place(file="r.xlsx", pointer=pointer) for pointer in texts}
    return Edited(texts={**held, id_: {**held[id_], **texts}}, places=places)


@pytest.mark.parametrize("id_", EDITION.clauses)
def test_every_part_of_every_clause_can_be_rewritten_and_the_rest_keeps_its_bytes(id_):
    clause = EDITION.clauses[id_]
    source = (SPEC / clause.file).read_text(encoding="utf-8")
    for pointer, text in contents(clause).items():
        value = "7" if pointer == "/revision" else f'新: "{text}" # 改'
        value = next((word for word in choices(pointer) if word != text), value)
        (one,) = revisions(EDITION, SPEC, edited(id_, {pointer: value}))
        after = one.after.decode()
        assert contents(spec.read_clause(after, clause.file)) == {**contents(clause), pointer: value}
        removed = without_common_ends(source, after)
        if pointer.startswith("/"):
            assert removed in text if choices(pointer) else "\n" not in removed
        else:
            assert removed in text
            assert rewritten(after, pointer, text) == source


def without_common_ends(a, b):
    """What of the first text is not at the same place, counted from either end, in the second."""
    head = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
    rest = zip(a[head:][::-1], b[head:][::-1], strict=False)
    return a[head : len(a) - sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], rest))]


def test_a_regime_can_be_taken_out_and_put_in():
    regimes = list(EDITION.clauses["I5-01"].strength)
    (one,) = revisions(EDITION, SPEC, edited("I5-01", {f"/strength/{regimes[0]}": "", "/strength/NEW": "law"}))
    strength = spec.read_clause(one.after.decode(), FILE).strength
    assert list(strength) == [*regimes[1:], "NEW"]


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("#-: `~{}\"'=,日本"), min_size=1)
WORDS = st.sampled_from(
    ["null", "yes", "1", "01", "2024-01-01", "a # b", "a: b", "[x", "- x", "{n} 個", "'x", "&x", "*x", "!x"]
)


@settings(deadline=None)
@given(text=TEXT | WORDS)
def test_a_title_is_held_whatever_it_is(text):
    text = text.strip() or "x"
    (one,) = revisions(EDITION, SPEC, edited("I5-01", {"/title/en": text, "/title/ja": "新しい題名"}))
    read = spec.read_clause(one.after.decode(), FILE)
    assert (read.title.en, read.title.ja) == (text, "新しい題名")


@settings(deadline=None)
@given(
    lines=st.lists(TEXT | st.sampled_from(["", "## 害", "# en", "# ja", "```", "~~~", "---"]), min_size=1, max_size=6)
)
def test_a_section_is_held_as_it_is_or_refused(lines):
    text = "\n".join(lines).strip() or "x"
    try:
        (one,) = revisions(EDITION, SPEC, edited("I5-01", {"harm/ja": text}))
    except TokumeiError as error:
        assert [(p.code, p.place.pointer) for p in error.problems] == [("SHEET_CANNOT_HOLD", "harm/ja")]
        assert any(line.startswith(("## ", "# ja", "# en", "```", "~~~")) for line in text.split("\n"))
    else:
        assert contents(spec.read_clause(one.after.decode(), FILE))["harm/ja"] == text


@pytest.mark.parametrize("text", ["害\n## 例\n害", "害\n# en\n害", "害\n# ja", "害\n```\n害"])
def test_a_text_that_would_end_its_section_is_refused(text):
    with pytest.raises(TokumeiError, match="SHEET_CANNOT_HOLD"):
        revisions(EDITION, SPEC, edited("I5-01", {"harm/ja": text}))


def test_a_heading_within_a_fence_is_text():
    source = (SPEC / FILE).read_text(encoding="utf-8")
    text = "害\n\n```\n## 例\n# en\n```\n\n害"
    (one,) = revisions(EDITION, SPEC, edited("I5-01", {"harm/ja": text}))
    assert rewritten(one.after.decode(), "harm/ja", CLAUSE.harm.ja) == source


def test_windows_line_ends_stay(tmp_path):
    copy = shutil.copytree(SPEC, tmp_path / "spec")
    before = (copy / FILE).read_bytes().replace(b"\n", b"\r\n")
    (copy / FILE).write_bytes(before)
    (one,) = revisions(EDITION, copy, edited("I5-01", {"harm/ja": "一\n\n二"}))
    assert one.after.count(b"\n") == one.after.count(b"\r\n")
    assert "一\r\n\r\n二".encode() in one.after
    (copy / FILE).write_bytes(before.replace(b"\r\n", b"\n", 1))
    with pytest.raises(TokumeiError, match="SPEC_LINE_ENDS"):
        revisions(EDITION, copy, edited("I5-01", {"harm/ja": "一"}))


def test_the_differences_are_shown_by_language():
    (one,) = revisions(EDITION, SPEC, edited("I5-01", {"harm/en": "Another harm.", "/level": "may"}))
    lines = list(diff(one, FILE))
    assert [line for line in lines if line.startswith("+++")] == [f"+++ b/{FILE}", f"+++ b/{FILE} en"]
    assert {"-shall", "+may", "+Another harm."} <= set(lines)


def test_all_files_are_written_or_none(tmp_path):
    one, two, folder = tmp_path / "one", tmp_path / "two", tmp_path / "folder"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    write_together({one: b"1+", two: b"2+"})
    assert (one.read_bytes(), two.read_bytes()) == (b"1+", b"2+")
    folder.mkdir()
    for broken in (folder, tmp_path / "absent"):
        with pytest.raises(TokumeiError, match="SPEC_NOT_WRITTEN"):
            write_together({one: b"!", two: b"!", broken: b"!"})
        assert (one.read_bytes(), two.read_bytes()) == (b"1+", b"2+")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "one", "two"]


def test_what_was_replaced_is_put_back_when_a_later_file_cannot_be(tmp_path, monkeypatch):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    replace = Path.replace

    def full(self, target):
        if Path(target) == two:
            raise OSError(28, "no space left")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(TokumeiError, match="SPEC_NOT_WRITTEN"):
        write_together({one: b"!", two: b"!"})
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def tokumei(*arguments):
    spec.load_spec.cache_clear()
    return CliRunner().invoke(main, ["spec", *map(str, arguments)])


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def codes(folder):
    spec.load_spec.cache_clear()
    return {(problem.clause, problem.code) for problem in spec_lint.lint(spec.load_spec(folder), folder)}


def test_a_person_with_only_excel_changes_a_clause_and_the_gates_ask_for_the_rest(tmp_path):
    copy = shutil.copytree(SPEC, tmp_path / "spec")
    modules = spec_lint.clause_modules(EDITION.clauses)
    editions.affirm(EDITION, modules, copy, list(EDITION.clauses))
    before, red = files(copy), codes(copy)
    book = tmp_path / "standard.xlsx"
    assert tokumei("export", "--xlsx", book, "--spec", copy).exit_code == 0
    given_out = book.read_bytes()
    assert tokumei("export", "--xlsx", book, "--spec", copy).exit_code == 2
    assert book.read_bytes() == given_out

    person = Person(given_out)
    for lang, old, new in (("ja", "共通するように", "共有されるように"), ("en", "be shared by", "be common to")):
        cell = person.cell("I5-01", f"requirement/{lang}")
        assert old in cell.value
        cell.value = cell.value.replace(old, new)
    book.write_bytes(person.saved())

    shown = tokumei("import", "--xlsx", book, "--spec", copy)
    assert shown.exit_code == 0
    assert "+++ b/clauses/I5/I5-01.md ja" in shown.output and "+++ b/clauses/I5/I5-01.md en" in shown.output
    assert "何も書き込んでいない" in shown.output
    assert files(copy) == before

    written = tokumei("import", "--xlsx", book, "--spec", copy, "--write", "--lang", "en")
    assert written.exit_code == 0 and "Clauses written: I5-01" in written.output
    after = files(copy)
    assert {path for path in after if after[path] != before.get(path)} == {Path(FILE)}
    expected = before[Path(FILE)].decode().replace("共通するように", "共有されるように", 1)
    assert after[Path(FILE)].decode() == expected.replace("be shared by", "be common to", 1)

    assert codes(copy) - red == {("I5-01", "SPEC_CHECK_SUSPECT"), ("I5-01", "SPEC_TRANSLATION_STALE")}
    editions.affirm(spec.load_spec(copy), modules, copy, ["I5-01"])
    assert codes(copy) - red == {("I5-01", "SPEC_TRANSLATION_STALE")}
    stamp = spec.load_spec(copy).clauses["I5-01"].digest
    text = (copy / FILE).read_text(encoding="utf-8")
    (copy / FILE).write_text(re.sub(r'of: "[0-9a-f]{16}"', f'of: "{stamp}"', text), encoding="utf-8")
    assert codes(copy) == red

    again = tokumei("import", "--xlsx", book, "--spec", copy, "--write")
    assert again.exit_code == 2 and "I5-01" in again.output


def test_nothing_is_written_when_anything_is_refused(tmp_path):
    copy = shutil.copytree(SPEC, tmp_path / "spec")
    before = files(copy)
    person = Person()
    person.cell(FIRST, "harm/ja").value = "別の害。"
    person.cell("I5-01", "harm/ja").value = None
    book = tmp_path / "standard.xlsx"
    book.write_bytes(person.saved())
    result = tokumei("import", "--xlsx", book, "--spec", copy, "--write")
    assert result.exit_code == 2
    assert f"{layout.CLAUSES}!{person.cell('I5-01', 'harm/ja').coordinate}" in result.output
    assert files(copy) == before


def test_an_untouched_workbook_says_that_there_is_no_change(tmp_path):
    book = tmp_path / "standard.xlsx"
    assert tokumei("export", "--xlsx", book).exit_code == 0
    result = tokumei("import", "--xlsx", book, "--lang", "en")
    assert (result.exit_code, result.output) == (0, "There is no change.\n")
    assert tokumei("import", "--xlsx", tmp_path / "absent.xlsx").exit_code == 2
