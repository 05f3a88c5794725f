"""The door of the tables: what is written can be read back, and what strangers write never raises."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.adapters.pythonhost import parse
from tokumei.modalities.tables import data
from tokumei.modalities.tables.csvtext import CsvFault, csv_bytes, csv_table
from tokumei.modalities.tables.files import Quota
from tokumei.model import Request, TokumeiError


def organization(**resource: str) -> dict[str, object]:
    return {"name": "o", "resources": [{"name": "t", "path": "t.csv", "format": "csv", "encoding": "utf-8"} | resource]}


def request(table: pa.Table | None = None, files: dict[str, bytes] | None = None, **resource: str) -> Request:
    return Request(
        id="r",
        organization=organization(**resource),
        processing={"steps": []},
        data={} if table is None else {"t": table},
        files=files or {},
        secrets={"key-1": b"\x00\xff" * 16},
    )


def answer(folder: Path, status: str = "ok", **files: bytes | str) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "response.json").write_text(json.dumps({"status": status}), encoding="utf-8")
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        (folder / "data" / name.replace("__", ".")).write_bytes(raw)
    return folder


def codes(folder: Path, asked: Request, quota: Quota | None = None) -> list[str]:
    return [problem.code for problem in data.read(folder, asked, quota).problems]


PEOPLE = pa.table({"氏名": ["山田 太郎", None, "", 'a"b', "x,y", "二\n行"], "年齢": ["1", "2", "3", None, "", "007"]})


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp", "utf-16"])
def test_csv_round_trip_keeps_null_apart_from_empty(tmp_path: Path, encoding: str) -> None:
    asked = request(PEOPLE, encoding=encoding)
    data.write(asked, tmp_path / "asked")
    shutil.copytree(tmp_path / "asked" / "data", answer(tmp_path / "answer") / "data", dirs_exist_ok=True)
    response = data.read(tmp_path / "answer", asked)
    assert response.problems == ()
    assert response.data["t"].to_pylist() == PEOPLE.to_pylist()


def test_request_folder_is_as_the_protocol_says(tmp_path: Path) -> None:
    data.write(request(PEOPLE, files={"sub/evil.csv": b"\xff\x00"}), tmp_path)
    message = json.loads((tmp_path / "request.json").read_text(encoding="utf-8"))
    assert message["protocol"] == "tokumei/1"
    assert message["secrets"] == [{"id": "key-1", "file": "secrets/key-1.bin"}]
    assert message["test_seed"] is None
    assert (tmp_path / "secrets" / "key-1.bin").read_bytes() == b"\x00\xff" * 16
    assert (tmp_path / "organization.yaml").read_bytes() == (tmp_path / "organization.json").read_bytes()
    assert json.loads((tmp_path / "processing.yaml").read_text(encoding="utf-8")) == {"steps": []}
    assert (tmp_path / "data" / "sub" / "evil.csv").read_bytes() == b"\xff\x00"
    text = (tmp_path / "data" / "t.csv").read_text(encoding="utf-8")
    assert text.startswith('氏名,年齢\n山田 太郎,1\n,2\n"",3\n"a""b",\n"x,y",""\n')


def test_files_replace_a_table_and_paths_do_not_leave_the_folder(tmp_path: Path) -> None:
    data.write(request(PEOPLE, files={"t.csv": b"raw"}), tmp_path / "a")
    assert (tmp_path / "a" / "data" / "t.csv").read_bytes() == b"raw"
    for path in ("../x", "/x", "a/../../x", "C:\\x", ""):
        with pytest.raises(TokumeiError):
            data.write(request(files={path: b""}), tmp_path / "b")


def test_a_character_outside_the_encoding_is_an_error_of_the_suite(tmp_path: Path) -> None:
    with pytest.raises(TokumeiError) as caught:
        data.write(request(pa.table({"a": ["𠮷"]}), encoding="cp932"), tmp_path)
    assert caught.value.problems[0].code == "DATA_UNENCODABLE"


def test_large_and_small_tables_are_written_alike() -> None:
    many = pa.concat_tables([PEOPLE] * 4000)
    header, _, rows = csv_bytes(PEOPLE, "utf-8").partition(b"\n")
    assert csv_bytes(many, "utf-8") == header + b"\n" + rows * 4000


TEXTS = (
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(['"', ",", "\n", '""'])
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=6)))
def test_any_text_survives_both_readers(rows: list[list[str | None]]) -> None:
    width = len(rows[0]) if rows else 1
    names = [f"c{index}" for index in range(width)]
    table = pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})
    content = csv_bytes(table, "utf-8")
    assert [list(row.values()) for row in csv_table(content, "utf-8")[0].to_pylist()] == rows
    assert parse(content.decode()) == [names, *rows]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_fault(content: bytes) -> None:
    for encoding in ("utf-8", "cp932", "utf-16", "no-such-encoding"):
        try:
            csv_table(content, encoding)
        except CsvFault:
            continue


def test_parquet_becomes_text(tmp_path: Path) -> None:
    asked = request(pa.table({"a": ["1", None]}), path="t.parquet", format="parquet")
    data.write(asked, tmp_path / "asked")
    assert pq.read_table(tmp_path / "asked" / "data" / "t.parquet").to_pylist() == [{"a": "1"}, {"a": None}]
    typed = pa.table(
        {
            "n": pa.array([1, None]),
            "d": pa.array([dt.date(2024, 5, 1), None]),
            "t": pa.array([dt.datetime(2024, 5, 1, 12, 30), None]),
            "l": pa.array([["あ"], None]),
            "s": pa.array(["x", ""]).dictionary_encode(),
        }
    )
    folder = answer(tmp_path / "answer")
    pq.write_table(typed, folder / "data" / "t.parquet")
    response = data.read(folder, asked)
    assert response.problems == ()
    first = {"n": "1", "d": "2024-05-01", "t": "2024-05-01T12:30:00", "l": '["あ"]', "s": "x"}
    assert response.data["t"].to_pylist() == [first, {"n": None, "d": None, "t": None, "l": None, "s": ""}]


def test_a_parquet_that_expands_without_end_is_refused(tmp_path: Path) -> None:
    folder = answer(tmp_path)
    bomb = pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([0] * 300_000, pa.int32()), ["x" * 100_000])})
    pq.write_table(bomb, folder / "data" / "t.parquet")
    assert (folder / "data" / "t.parquet").stat().st_size < 2_000_000
    began = time.monotonic()
    assert codes(folder, request(path="t.parquet", format="parquet")) == ["RELEASE_TOO_LARGE"]
    assert time.monotonic() - began < 5
    (folder / "data" / "t.parquet").write_bytes(b"PAR1 not really PAR1")
    assert codes(folder, request(path="t.parquet", format="parquet")) == ["RELEASE_UNREADABLE"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "RELEASE_UNREADABLE"),
        (b"a,b\n1,2,3\n", "RELEASE_UNREADABLE"),
        (b"a,a\n1,2\n", "RELEASE_UNREADABLE"),
        (b"a\n\x81\xff\xff\n", "RELEASE_UNREADABLE"),
        ("氏名\n山田\n".encode("cp932"), "RELEASE_ENCODING"),
    ],
)
def test_a_bad_table_is_a_problem_and_its_text_is_kept(tmp_path: Path, content: bytes, code: str) -> None:
    response = data.read(answer(tmp_path, t__csv=content), request())
    assert [problem.code for problem in response.problems] == [code]
    assert ("t" in response.data) == (code == "RELEASE_ENCODING")
    assert ("data/t.csv" in response.extra) == (code != "RELEASE_ENCODING")


def test_other_files_are_text_and_log_is_apart(tmp_path: Path) -> None:
    folder = answer(tmp_path, t__csv="a\n1\n", map__txt="山田".encode("cp932"), big__txt="x" * 3_000_000)
    (folder / "log").mkdir()
    (folder / "log" / "a.log").write_text("花子", encoding="utf-8")
    (folder / "risk.json").write_text("{}", encoding="utf-8")
    response = data.read(folder, request())
    assert set(response.extra) == {"data/map.txt", "data/big.txt", "risk.json"}
    assert response.extra["data/map.txt"] == "山田"
    assert len(response.extra["data/big.txt"]) == 3_000_000
    assert not response.problems
    text, cut = data.read_log(folder)
    assert "花子" in text
    assert not cut


def test_a_text_that_does_not_fit_is_a_problem(tmp_path: Path) -> None:
    folder = answer(tmp_path, t__csv="a\n1\n", big__txt="x" * 200)
    (folder / "log").mkdir()
    (folder / "log" / "a.log").write_text("花子" * 100, encoding="utf-8")
    quota = Quota(text=150)
    response = data.read(folder, request(), quota)
    assert [problem.code for problem in response.problems] == ["RELEASE_TOO_LARGE"]
    assert data.read_log(folder, quota)[1]


def test_tables_are_found_by_the_document_of_the_release(tmp_path: Path) -> None:
    folder = answer(tmp_path, renamed__csv="a\n1\n")
    released = {"resources": [{"name": "t", "path": "renamed.csv"}, {"name": "u", "path": "absent.csv"}]}
    (folder / "organization.yaml").write_text(json.dumps(released), encoding="utf-8")
    response = data.read(folder, request())
    assert response.organization == released
    assert list(response.data) == ["t"]
    assert [problem.code for problem in response.problems] == ["RELEASE_FILE_MISSING"]
    assert "organization.yaml" in response.extra


@pytest.mark.parametrize("text", ["[1]", "a: [", "x: &a [1]\ny: [*a, *a]\n", "[" * 100_000, "\x00", "1" * 9000])
def test_a_bad_document_is_a_problem(tmp_path: Path, text: str) -> None:
    folder = answer(tmp_path, t__csv="a\n1\n")
    (folder / "processing.yaml").write_text(text, encoding="utf-8")
    response = data.read(folder, request())
    assert response.processing is None
    assert [problem.code for problem in response.problems] == ["DOCUMENT_INVALID"]
    assert response.data["t"].num_rows == 1


@pytest.mark.parametrize("text", [None, "", "[]", '{"status": "fine"}', '{"status": ["ok"]}', "[" * 100_000])
def test_no_answer_is_no_answer(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "response.json").write_text(text, encoding="utf-8")
    response = data.read(tmp_path, request())
    assert response.status == "error"
    assert not data.answered(response)


def test_ok_without_data_is_an_empty_release(tmp_path: Path) -> None:
    (tmp_path / "response.json").write_text('{"status": "ok"}', encoding="utf-8")
    response = data.read(tmp_path, request())
    assert (response.data, response.problems) == ({}, ())


def test_a_refusal_carries_its_reason(tmp_path: Path) -> None:
    reason = {"code": "INPUT_INVALID", "path": "data/t.csv", "message": None}
    (tmp_path / "response.json").write_text(json.dumps({"status": "refused", "reason": reason}), encoding="utf-8")
    response = data.read(tmp_path, request())
    assert (response.status, response.code, response.path, response.message) == (
        "refused", "INPUT_INVALID", "data/t.csv", "",
    )  # fmt: skip


def test_quota_and_sparse_files(tmp_path: Path) -> None:
    folder = answer(tmp_path, t__csv="a\n1\n")
    with (folder / "data" / "huge.bin").open("wb") as file:
        file.truncate(1 << 40)
    assert codes(folder, request()) == ["RELEASE_TOO_LARGE"]
    for index in range(30):
        (folder / "data" / f"{index}.txt").touch()
    assert "RELEASE_TOO_LARGE" in codes(folder, request(), Quota(files=10))


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_links_and_special_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nsecret\n", encoding="utf-8")
    folder = answer(tmp_path / "answer")
    (folder / "data" / "t.csv").symlink_to(secret)
    (folder / "loop").symlink_to("loop")
    (folder / "inside").symlink_to("response.json")
    os.mkfifo(folder / "data" / "pipe")
    response = data.read(folder, request())
    found = sorted(problem.code for problem in response.problems)
    assert found == ["RELEASE_LINK_OUTSIDE", "RELEASE_NOT_A_FILE", "RELEASE_NOT_A_FILE"]
    assert response.data == {}
    assert response.extra == {"inside": '{"status": "ok"}'}


def test_a_round_trip_of_twenty_people_is_fast(tmp_path: Path) -> None:
    table = pa.table({f"列{column}": [f"値{row}" for row in range(20)] for column in range(10)})
    asked = request(table)
    best = 1.0
    for index in range(20):
        place = tmp_path / str(index)
        folder = answer(place / "answer", t__csv=csv_bytes(table, "utf-8"))
        began = time.process_time()  # not the time of whoever else uses this machine
        data.write(asked, place / "asked")
        data.read(folder, asked)
        best = min(best, time.process_time() - began)
    assert best < 0.005


def test_a_parquet_column_of_midnights_is_one_of_days(tmp_path: Path) -> None:
    days = [dt.datetime(2024, 5, 6), None]
    typed = pa.table(
        {
            "day": pa.array(days, pa.timestamp("ns")),
            "time": pa.array([dt.datetime(2024, 5, 6), dt.datetime(2024, 5, 6, 8, 30)], pa.timestamp("us")),
            "zone": pa.array(days, pa.timestamp("us", tz="UTC")),
        }
    )
    folder = tmp_path
    (folder / "data").mkdir()
    (folder / "response.json").write_text('{"status": "ok"}', encoding="utf-8")
    pq.write_table(typed, folder / "data" / "t.parquet")
    read = data.read(folder, request(path="t.parquet", format="parquet")).data["t"].to_pydict()
    assert read["day"] == ["2024-05-06", None]
    assert read["time"] == ["2024-05-06T00:00:00", "2024-05-06T08:30:00"]
    assert read["zone"][0] != "2024-05-06"
