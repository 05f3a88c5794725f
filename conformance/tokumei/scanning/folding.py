"""``fold`` for long texts: the same mapping, taken by an array of all characters at once."""

from __future__ import annotations

import unicodedata

import numpy as np

from tokumei.text import TABLE

CELL = b"\x1f"
"""Stands between two cells in a text whose cells are kept apart."""
BOUNDS = ',\t\n\r;|"'
"""What parts cells in the files that hold tables."""
QUOTES = "'’`^:#*<>_[]{}=&"
"""Signs that stand between the parts of one value in one system or another."""


def _mapped() -> np.ndarray:
    """Each character of a text to what it folds to, ``CELL`` for what parts cells, or 0 for nothing."""
    mapped = np.arange(0x110000, dtype=np.uint32)
    for char, folded in TABLE.items():
        mapped[ord(char)] = ord(folded) if folded else 0
    mapped[[ord(char) for char in QUOTES]] = 0
    mapped[[ord(char) for char in BOUNDS]] = ord(CELL)
    return mapped


_MAPPED = _mapped()
_NARROW = _MAPPED[:0x10000].astype(np.uint16)
"""A table that stays in a cache; what folds to a character beyond it is beyond it too."""
_ASCII = bytes(_MAPPED[:0x80].astype(np.uint8)) + bytes(range(0x80, 0x100))
_DROPPED = bytes(code for code in range(0x80) if not _ASCII[code])


def cells(text: str, *, compose: bool = True) -> bytes:
    """What ``text`` folds to, in UTF-8, each stretch of delimiters being one or more ``CELL``.

    Without ``compose`` characters that are written as several, or stand for several, stay as they are.
    """
    if text.isascii():
        return text.encode("ascii").translate(_ASCII, _DROPPED)
    if compose and not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    narrow = len(written := text.encode("utf-16-le", "replace")) == 2 * len(text)
    points = (
        np.frombuffer(written, np.uint16) if narrow else np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    )
    mapped = (_NARROW if narrow else _MAPPED)[points]
    told: bytes = mapped[mapped != 0].tobytes()
    return told.decode("utf-16-le" if narrow else "utf-32-le").encode("utf-8")


def joined(folded: bytes) -> bytes:
    """The same text without its cells: what stands in neighbouring cells stands together."""
    return folded.replace(CELL, b"")


def one(text: str) -> str:
    """A single value, as it is found in ``joined``."""
    return joined(cells(text)).decode("utf-8")


__all__ = ["BOUNDS", "CELL", "cells", "joined", "one"]
