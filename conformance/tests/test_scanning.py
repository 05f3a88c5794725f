"""Identifiers found in files, against a brute force and in every form that the search knows."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tokumei.cli import main
from tokumei.model import TokumeiError
from tokumei.romaji import romaji
from tokumei.scanning import scan as scanning
from tokumei.scanning import stretches
from tokumei.scanning.folding import cells, joined, one
from tokumei.scanning.identifiers import Identifier, read
from tokumei.scanning.search import Search
from tokumei.text import fold

NAME = Identifier(person="1", kind="name", value="髙橋　清志郎")
KANA = Identifier(person="1", kind="kana", value="タカハシ キヨシロウ")
BORN = Identifier(person="1", kind="date", value="1970-04-12")
CHART = Identifier(person="1", kind="number", value="0048213977")
INSURED = Identifier(person="2", kind="number", value="204817539931")
MAIL = Identifier(person="2", kind="text", value="kiyoshiro@example.jp")
ALL = (NAME, KANA, BORN, CHART, INSURED, MAIL)
NOISE = "0f3a,女,[40-45),内科,2024-05-01,13.2,経過良好。次回二週間後。\n"


def search(folder: Path, *identifiers: Identifier, processes: int = 1) -> scanning.Scan:
    return scanning.scan(folder, identifiers or ALL, processes=processes)


def ways(found: scanning.Scan) -> set[tuple[str, str, str]]:
    return {(o.place.where, o.place.view, o.place.way) for o in found.occurrences}


def text_in(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "r.csv").write_bytes((NOISE * 5 + text + "\n" + NOISE * 5).encode(encoding))
    return folder


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("x,高橋 清志郎,y", "written"),
        ("清志郎・髙橋", "written"),
        ("ﾀｶﾊｼ ｷﾖｼﾛｳ", "written"),
        ("たかはし　きよしろう様", "written"),
        ("Takahashi Kiyoshirō".replace("ō", "o"), "romaji"),
        ("KIYOSIROU, TAKAHASI", "romaji"),
        ("1970/04/12", "written"),
        ("昭和45年4月12日", "era"),
        ("S45.04.12", "era"),
        ("００４８２１３９７７", "written"),
        ("0048-2139-77", "written"),
        ("〇〇四八二一三九七七", "written"),
        ("7793128400", "reversed"),
        ("2048,17539931", "written"),
        ("KIYOSHIRO＠example.jp", "written"),
    ],
)
def test_each_form_is_found_and_named(tmp_path: Path, text: str, way: str) -> None:
    assert ("content", "text", way) in ways(search(text_in(tmp_path, text)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-16-le"])
def test_each_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    found = search(text_in(tmp_path, "高橋 清志郎,2048-1753-9931", encoding))
    assert {o.kind for o in found.occurrences} == {"name", "number"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
@pytest.mark.parametrize("view", ["percent", "base64", "hex"])
def test_each_escape_is_taken_back(tmp_path: Path, view: str, encoding: str) -> None:
    data = "高橋清志郎".encode(encoding)
    told = {"percent": quote(data), "base64": base64.b64encode(data).decode(), "hex": data.hex()}[view]
    assert ("content", view, "written") in ways(search(text_in(tmp_path, f"x,{told},y")))


@pytest.mark.parametrize(
    ("view", "text"),
    [("html", "".join(f"&#{ord(c)};" for c in "高橋清志郎")), ("json", json.dumps({"n": "髙橋 清志郎"}))],
)
def test_character_references_are_taken_back(tmp_path: Path, view: str, text: str) -> None:
    assert ("content", view, "written") in ways(search(text_in(tmp_path, text)))


def test_names_of_files_members_and_columns_and_remarks_are_searched(tmp_path: Path) -> None:
    (tmp_path / "高橋清志郎.csv").write_text(NOISE, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("0048213977/x.csv", NOISE)
        archive.comment = "タカハシキヨシロウ".encode()
    table = pa.table({"204817539931": ["x"]}).replace_schema_metadata({"author": "kiyoshiro@example.jp"})
    pq.write_table(table, tmp_path / "b.parquet")
    found = search(tmp_path)
    assert {(o.place.where, o.kind) for o in found.occurrences} == {
        ("name", "name"), ("name", "number"), ("metadata", "kana"), ("metadata", "text")
    }  # fmt: skip
    assert "高橋清志郎.csv" in found.files and len(found.named) == 3


def test_archives_in_archives_and_parquet_are_opened(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"a": ["高橋 清志郎"], "b": [[1, 2]], "c": [INSURED.value.encode()]}), tmp_path / "b.parquet"
    )
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner.csv.gz", gzip.compress(b"x,0048213977"))
    found = search(tmp_path)
    assert {(found.files[o.place.file], o.kind) for o in found.occurrences} == {
        ("b.parquet", "name"), ("b.parquet", "number"), ("a.zip", "number")
    }  # fmt: skip


def test_archives_too_deep_or_broken_are_told_and_not_passed_over(tmp_path: Path) -> None:
    data = b"x"
    for _ in range(stretches.DEEPEST + 3):
        data = gzip.compress(data)
    (tmp_path / "deep.gz").write_bytes(data)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(NOISE.encode() * 99)[:-9])
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7 ...")
    found = search(tmp_path)
    assert [found.files[n] for n in found.unread] == ["cut.gz", "deep.gz"]
    assert [found.files[n] for n in found.opaque] == ["scan.pdf"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp", "utf-16"])
def test_what_lies_over_the_edge_of_a_stretch_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(stretches, "BLOCK", 512)
    monkeypatch.setattr(stretches, "OVERLAP", 128)
    monkeypatch.setattr(scanning, "TASK", 1024)
    lines = [NOISE] * 100
    for place in range(0, 100, 3):
        lines[place] = f"x,高橋清志郎,{place:03}\n"
    (tmp_path / "r.csv").write_text("".join(lines), encoding=encoding)
    found = search(tmp_path, NAME)
    assert [(o.identifiers, o.people, o.times) for o in found.occurrences] == [(1, 1, 34)]


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.csv").write_text(NOISE + ("0048213977\n" if number % 4 == 0 else ""), encoding="utf-8")
    assert search(tmp_path, processes=2) == search(tmp_path)
    assert sum(o.times for o in search(tmp_path).occurrences) == 8


def test_a_short_number_inside_a_longer_one_is_no_finding(tmp_path: Path) -> None:
    assert not search(text_in(tmp_path, "9004821397755,x"), CHART).occurrences


def test_identifiers_too_short_are_counted_and_not_looked_for(tmp_path: Path) -> None:
    found = search(text_in(tmp_path, "森 仁"), Identifier(person="1", kind="name", value="森 仁"), NAME)
    assert (found.short, found.occurrences) == (1, ())


alphabet = st.text('aAａbがガｶﾞ-　1髙高,\n"Ⅳ㌔', max_size=30)


@given(alphabet, alphabet)
def test_folding_by_array_says_what_fold_says_and_stays(left: str, right: str) -> None:
    assert one(one(left)) == one(left)
    assert fold(one(left)) == one(left)
    assert joined(cells(left + "\n" + right)) == joined(cells(left)) + joined(cells(right))


@given(
    st.lists(st.text("あい髙山", min_size=3, max_size=4), min_size=1, max_size=4), st.text("あい髙高山, ", max_size=40)
)
def test_the_search_finds_what_a_brute_force_finds(values: list[str], text: str) -> None:
    found = {n for n, way, _ in Search([Identifier(person="1", kind="text", value=v) for v in values]).within(text)}
    assert found == {n for n, value in enumerate(values) if one(value) in one(text)}


@pytest.mark.parametrize(
    ("kana", "spelled"),
    [
        ("サトウ", {"sato", "satou", "satoh"}),
        ("ジョウノウチ", {"jonochi", "zyounouti"}),
        ("ハッチョウ", {"hatcho", "hattyou"}),
        ("シンバシ", {"shimbashi", "sinbasi"}),
        ("ｼﾞｭﾝｲﾁ", {"junichi"}),
        ("オオノ", {"ono", "oono", "ohno"}),
    ],
)
def test_kana_in_latin_letters(kana: str, spelled: set[str]) -> None:
    assert spelled <= set(romaji(kana))


def test_what_is_no_kana_has_no_latin_letters() -> None:
    assert romaji("山") == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("person,kind\n1,name\n", "SCAN_LIST_HEADER"),
        ("person,kind,value\n1,nickname,山\n", "SCAN_LIST_ROW"),
        ("person,kind,value\n1,name,山,川\n", "SCAN_LIST_ROW"),
        ("person,kind,value\n1,name,\n", "SCAN_LIST_EMPTY"),
        ("", "SCAN_LIST_HEADER"),
    ],
)
def test_a_bad_list_is_refused_by_line_without_its_values(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TokumeiError) as error:
        read(path)
    assert error.value.problems[0].code == code
    assert "山" not in str(error.value.problems)


def test_a_list_in_cp932_is_read(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("value,kind,person\r\n高橋 清志郎,name,1\r\n".encode("cp932"))
    assert read(tmp_path / "list.csv")[0] == Identifier(person="1", kind="name", value="高橋 清志郎")


@pytest.mark.parametrize(
    ("lang", "word"), [("ja", "識別子 1 個、1 人、1 箇所"), ("en", "1 identifiers, 1 people, 1 places")]
)
def test_the_command_counts_and_tells_no_value(tmp_path: Path, lang: str, word: str) -> None:
    (tmp_path / "rel").mkdir()
    (tmp_path / "rel" / "髙橋清志郎.csv").write_text("x,ﾀｶﾊｼ ｷﾖｼﾛｳ\n", encoding="utf-8")
    (tmp_path / "list.csv").write_text(
        "person,kind,value\n" + "".join(f"{i.person},{i.kind},{i.value}\n" for i in ALL), encoding="utf-8"
    )
    command = ["scan", str(tmp_path / "rel"), "--identifiers", str(tmp_path / "list.csv"), "--purpose", "p"]
    command += ["--responsible", "r", "--processes", "1", "--lang", lang]
    result = CliRunner().invoke(main, [*command, "--role", "maker"])
    assert result.exit_code == 1 and word in result.output
    assert not any(text in result.output for text in ("橋", "ﾀｶ", "タカ"))
    assert CliRunner().invoke(main, [*command, "--role", "recipient"]).exit_code == 2
    record = json.loads(CliRunner().invoke(main, [*command, "--role", "maker", "--format", "json"]).output)
    assert [o["file"] for o in record["occurrences"]] == ["#1", "#1"]


def test_nothing_found_in_nothing_is_not_the_same_as_nothing_found(tmp_path: Path) -> None:
    (tmp_path / "rel").mkdir()
    (tmp_path / "list.csv").write_text("person,kind,value\n1,number,0048213977\n", encoding="utf-8")
    command = ["scan", str(tmp_path / "rel"), "--identifiers", str(tmp_path / "list.csv"), "--purpose", "p"]
    command += ["--responsible", "r", "--role", "maker"]
    assert CliRunner().invoke(main, command).exit_code == 3
    (tmp_path / "rel" / "a.csv").write_text(NOISE, encoding="utf-8")
    assert CliRunner().invoke(main, command).exit_code == 0
