"""A file as stretches of bytes: plain files in blocks, archives by member, Parquet by batches of rows as CSV."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

Where = Literal["content", "name", "metadata"]

BLOCK = 4 << 20
"""Bytes of a stretch; a long line is cut."""
OVERLAP = 4 << 10
"""Bytes before a stretch that are read with it, so that what goes over its edge is found."""
DEEPEST = 3
"""Archives within archives."""
MOST = 64 << 30
"""Bytes that an archive may hold: a bomb is not unpacked for ever."""
OPAQUE = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd")
"""Files whose bytes are searched as they stand, which says little."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """``data`` goes on after ``before``, which is of the stretch before; ``mark`` is how the whole begins."""

    data: bytes
    before: bytes = b""
    mark: bytes = b""
    where: Where = "content"


class TooLarge(Exception):
    """An archive holds more than ``MOST`` bytes, or archives deeper than ``DEEPEST``."""


def kind(path: Path) -> Literal["zip", "gzip", "parquet", "opaque", "plain"]:
    """How a file is opened, as its first bytes tell."""
    with path.open("rb") as file:
        return _kind(file.read(8))


def _kind(head: bytes) -> Literal["zip", "gzip", "parquet", "opaque", "plain"]:
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"PAR1"):
        return "parquet"
    return "opaque" if head.startswith(OPAQUE) else "plain"


def blocks(path: Path, start: int, size: int) -> Iterator[Stretch]:
    """The stretches of a plain file from ``start`` on, in all so many bytes."""
    with path.open("rb") as file:
        mark = file.read(4)
        file.seek(max(0, start - OVERLAP))
        before = file.read(start - file.tell())
        left = size
        while left and (data := file.read(min(BLOCK, left))):
            yield Stretch(data, before, mark)
            before, left = data[-OVERLAP:], left - len(data)


def opened(path: Path) -> Iterator[Stretch]:
    """The stretches of an archive or a Parquet file, with the names and remarks that it holds."""
    with path.open("rb") as file:
        yield from _opened(file, _Budget(MOST), 0)


class _Budget:
    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise TooLarge


def _opened(file: IO[bytes], budget: _Budget, depth: int) -> Iterator[Stretch]:
    found = _kind(file.read(8))
    file.seek(0)
    if depth > DEEPEST:
        raise TooLarge
    if found == "zip":
        yield from _zip(file, budget, depth)
    elif found == "gzip":
        yield from _streamed(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), budget, depth)
    elif found == "parquet":
        yield from _parquet(file)
    else:
        yield from _plain(file, budget)


def _zip(file: IO[bytes], budget: _Budget, depth: int) -> Iterator[Stretch]:
    with zipfile.ZipFile(file) as archive:
        remarks = [archive.comment]
        for info in archive.infolist():
            yield Stretch(info.filename.encode("utf-8", "replace"), where="name")
            remarks.append(info.comment)
            if not info.is_dir():
                with archive.open(info) as member:
                    yield from _streamed(member, budget, depth)
        if told := b"\n".join(remark for remark in remarks if remark):
            yield Stretch(told, where="metadata")


def _streamed(member: IO[bytes], budget: _Budget, depth: int) -> Iterator[Stretch]:
    """A member that is an archive itself is held in memory, anything else read through."""
    head = member.read(BLOCK)
    if _kind(head) in ("zip", "gzip", "parquet"):
        rest = io.BytesIO(head)
        rest.seek(0, io.SEEK_END)
        budget.take(len(head))
        while data := member.read(BLOCK):
            budget.take(len(data))
            rest.write(data)
        rest.seek(0)
        yield from _opened(rest, budget, depth + 1)
        return
    budget.take(len(head))
    yield Stretch(head, mark=head[:4])
    yield from _plain(member, budget, head[-OVERLAP:], head[:4])


def _plain(file: IO[bytes], budget: _Budget, before: bytes = b"", mark: bytes = b"") -> Iterator[Stretch]:
    while data := file.read(BLOCK):
        budget.take(len(data))
        mark = mark or data[:4]
        yield Stretch(data, before, mark)
        before = data[-OVERLAP:]


def _parquet(file: IO[bytes]) -> Iterator[Stretch]:
    table = pq.ParquetFile(file)
    yield Stretch("\n".join(table.schema_arrow.names).encode(), where="name")
    told = dict(table.metadata.metadata or {}) | dict(table.schema_arrow.metadata or {})
    told.pop(b"ARROW:schema", None)
    remarks = [*told.keys(), *told.values(), *(v for f in table.schema_arrow for v in (f.metadata or {}).values())]
    if remarks:
        yield Stretch(b"\n".join(remarks), where="metadata")
    for batch in table.iter_batches(20_000):
        out = pa.BufferOutputStream()
        pc.write_csv(_written(batch), out, pc.WriteOptions(include_header=False))
        yield Stretch(out.getvalue().to_pybytes())


def _written(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Bytes, and columns of lists and structures, as text."""
    arrays = [
        pa.array([None if value is None else _said(value) for value in column.to_pylist()], pa.string())
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(arrays))])


def _said(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


__all__ = ["BLOCK", "OVERLAP", "Stretch", "TooLarge", "Where", "blocks", "kind", "opened"]
