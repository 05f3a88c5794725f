"""What stands inside the files of a release beside their text: names and comments of archives, properties, metadata.

A file name ends with ``!`` and a member, or ``#`` and what was read: so that whoever looks into files sees these too.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator

import pyarrow as pa

MEMBERS = 500
ARROW = b"ARROW:schema"
"""The schema once more, as Arrow itself keeps it."""


def inner(path: str, content: bytes, most: int) -> dict[str, str]:
    """The texts inside one file, at most ``most`` bytes of them; a file that is no container has none."""
    try:
        if content.startswith(b"PK\x03\x04"):
            return _zip(path, content, most)
        if content.startswith(b"\x1f\x8b"):
            return _gzip(path, content, most)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return {f"{path}#": ""}
    return {f"{path}#utf-16": _wide(content[:most])} if b"\x00" in content[:4096] else {}


def _zip(path: str, content: bytes, most: int) -> dict[str, str]:
    found: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found[f"{path}#comment"] = _text(archive.comment)
        for member in archive.infolist()[:MEMBERS]:
            comment = f"\n{_text(member.comment)}" if member.comment else ""
            with archive.open(member) as file:
                told = file.read(max(0, most))
            most -= len(told)
            found[f"{path}!{member.filename}"] = _text(told) + comment
    return found


def _gzip(path: str, content: bytes, most: int) -> dict[str, str]:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        told = file.read(most)
    named = content[10:300].split(b"\x00")[0] if content[3] & 8 else b""
    return {f"{path}!{_text(named)}": _text(told)}


def _wide(content: bytes) -> str:
    """Texts of two bytes a character, as documents and pictures keep their properties, from either end."""
    some = (content[start:].decode(codec, "ignore") for start in (0, 1) for codec in ("utf-16-le", "utf-16-be"))
    return "\n".join(some)


def _text(content: bytes) -> str:
    for encoding in ("utf-8", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")


def metadata(table: pa.Table) -> Iterator[str]:
    """What a table says of itself and of its columns beside their names."""
    for schema in (table.schema.metadata, *(field.metadata for field in table.schema)):
        for key, value in (schema or {}).items():
            if key != ARROW:
                yield f"{_text(key)}: {_text(value)}"


__all__ = ["inner", "metadata"]
