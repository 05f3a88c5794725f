"""Files are read and written a piece at a time; what the pieces are must not show."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Caller, csv_bytes, declarations, registry_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei_reference import anonymizer, files
from tokumei_reference.declarations import read_organization
from tokumei_reference.tables import load


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16", "iso2022_jp"])
def test_small_blocks_give_the_same_release(run: Caller, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    org, pro = declarations("stroke-registry")
    org["resources"][0]["encoding"] = encoding
    request = run.request(org, pro, {"registry": registry_rows(300)})
    whole = run.send(request)
    monkeypatch.setattr(files, "_BLOCK", 1 << 11)
    again = run.request(org, pro, {"registry": registry_rows(300)})
    pieces = run.send(again)
    assert whole.status == pieces.status == "ok"
    names = [p.relative_to(whole.folder) for p in whole.folder.rglob("*") if p.is_file()]
    assert all((whole.folder / name).read_bytes() == (pieces.folder / name).read_bytes() for name in names)


@pytest.mark.parametrize("end", [b"\xff\xff\r\n", b"1,2\r\n", b'"open\r\n', b"\0\r\n"])
def test_a_fault_in_the_last_block_leaves_nothing(run: Caller, end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_BLOCK", 1 << 11)
    org, pro = declarations("stroke-registry")
    request = run.request(org, pro, {"registry": registry_rows(300)})
    file = request / "data" / "registry.csv"
    file.write_bytes(file.read_bytes() + end)
    assert run.send(request).reason == ("INPUT_INVALID", "/data/registry")  # send looks for other files


def test_large_input_is_kept_on_disk_and_removed(run: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anonymizer, "_SMALL", 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    org, pro = declarations("stroke-registry")
    rows = registry_rows(300)
    on_disk = run(org, pro, {"registry": rows})
    monkeypatch.setattr(anonymizer, "_SMALL", 1 << 26)
    in_memory = run(org, pro, {"registry": rows})
    part = Path("data") / "registry.csv"
    assert (on_disk.folder / part).read_bytes() == (in_memory.folder / part).read_bytes()
    assert not list((tmp_path / "temporary").iterdir())


cells = st.none() | st.text(st.characters(codec="cp932", exclude_characters="\0¢£¬‖−〜"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(cells, cells), max_size=20), st.sampled_from(["utf-8", "cp932", "utf-16"]), st.integers(8, 10)
)
def test_what_was_written_is_read(rows: list[tuple[Any, Any]], encoding: str, block: int) -> None:
    org, _ = declarations("stroke-registry")
    resource = org["resources"][0]
    resource["encoding"] = encoding
    resource["schema"] = {
        "fields": [{"name": name, "type": "string", "tokumei": {"class": ["neutral"]}} for name in ("あ", "い")]
    }
    org["tokumei"] = {"subjects": {"key": "registry.あ"}}
    read = read_organization(org).resources[0]
    given_rows = [{"あ": a, "い": b} for a, b in rows if (a, b) != (None, None)]
    with (
        pytest.MonkeyPatch.context() as patch,
        duckdb.connect() as connection,
        tempfile.TemporaryDirectory() as root,
    ):
        patch.setattr(files, "_BLOCK", 1 << block)
        (Path(root) / read.path).write_bytes(csv_bytes(given_rows, ["あ", "い"], encoding))
        table = load(connection, Path(root), read)
        got = connection.execute("SELECT c0, c1 FROM t0").fetchall()
    assert got == [(row["あ"], row["い"]) for row in given_rows]
    assert table.rows == len(got)


@pytest.mark.parametrize("cell", ['a"b"c', '"a"b"c"', '"a"b""', '"a""b"c"d"', 'a""b"c"', '"a" "b"'])
@pytest.mark.parametrize("block", [4, 5, 6, 7, 8, 64, 1 << 20])
def test_stray_quotes_are_refused_wherever_a_block_ends(cell: str, block: int) -> None:
    text = _Text(f"x,y\n{cell},1\n".encode())
    with pytest.raises(csv.Error):
        text.all(block)


@given(
    st.lists(cells.filter(bool) | st.sampled_from(['"', '""', ',"', '",', 'a"b', '\n"', '"\r']), min_size=1),
    st.integers(4, 40),
)
def test_quoted_cells_have_no_stray_quotes(words: list[str], block: int) -> None:
    raw = csv_bytes([{"a": word} for word in words], ["a"], "utf-8")
    assert _Text(raw).all(block) == raw


class _Text:
    def __init__(self, raw: bytes) -> None:
        self.stream = files._Utf8(io.BytesIO(raw), "utf-8")

    def all(self, size: int) -> bytes:
        return b"".join(iter(lambda: self.stream.read(size), b""))
