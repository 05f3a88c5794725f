"""What stands inside the files of a release beside their text."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tokumei.modalities.tables.containers import inner, metadata
from tokumei.modalities.tables.parquet import parquet_table

NAME = "佐久間 澪"


def archive(comment: bytes = b"", member: str = "a.txt", text: str = "x", about: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.comment = comment
        info = zipfile.ZipInfo(member)
        info.comment = about
        file.writestr(info, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        archive(comment=NAME.encode()),
        archive(comment=NAME.encode("cp932")),
        archive(member=f"{NAME}.txt"),
        archive(text=f"<dc:creator>{NAME}</dc:creator>"),
        archive(about=NAME.encode()),
        gzip.compress(NAME.encode()),
        b"%PDF-1.7\n\x00" + NAME.encode("utf-16-be"),
        b"\x89PNG\x00" + NAME.encode("utf-16-le"),
    ],
    ids=["comment", "comment-cp932", "member", "xml", "extra", "gzip", "pdf", "png"],  # bytes hold the time of the day
)
def test_what_an_archive_or_a_document_says_is_read(content):
    found = inner("report.bin", content, 1 << 20)
    assert any(NAME in key + text for key, text in found.items())
    assert all(key.startswith("report.bin") for key in found)


@pytest.mark.parametrize(
    "content", [b"", b"plain text", b"PK\x03\x04broken", b"\x1f\x8bbroken"], ids=["empty", "text", "zip", "gzip"]
)
def test_other_files_hold_nothing_and_broken_ones_do_no_harm(content):
    assert not "".join(inner("a", content, 1 << 20).values())


def test_no_more_is_expanded_than_is_asked_for():
    bomb = archive(text="0" * 10_000_000)
    assert sum(map(len, inner("a.zip", bomb, 1000).values())) <= 1000
    assert sum(map(len, inner("a.gz", gzip.compress(bytes(10_000_000)), 1000).values())) <= 1000


def test_the_metadata_of_parquet_come_with_the_table():
    field = pa.field("x", pa.int64(), metadata={"example": NAME})
    table = pa.table([pa.array([1])], schema=pa.schema([field], metadata={"created_by": NAME}))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    read = parquet_table(sink.getvalue().to_pybytes(), 1 << 20, 100)
    assert read.column("x").to_pylist() == ["1"]
    told = sorted(metadata(read))
    assert f"created_by: {NAME}" in told and f"example: {NAME}" in told
    assert not any(line.startswith("ARROW") for line in told)
