"""Numeric vectors in cells and over columns: how long they are, and whether one is another, cut, scaled or coarsened."""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Collection, Iterator, Sequence

NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMBER = re.compile(NUMBER)
_BETWEEN = re.compile(r"[\s,;:|/\[\](){}_]*")
_INDEXED = re.compile(r"^(.*?)[_.\[-]?([0-9]+)\]?$")


def vector(text: str, least: int = 2) -> tuple[float, ...]:
    """The numbers of a text that is nothing but numbers and what parts them, or floats in Base64; else nothing."""
    if not _BETWEEN.sub("", _NUMBER.sub(" ", text)).strip():
        found = tuple(float(number) for number in _NUMBER.findall(text))
        return found if len(found) >= least else ()
    return _packed(text, least)


def _packed(text: str, least: int) -> tuple[float, ...]:
    """Four bytes a number, as programs keep embeddings; anything else gives numbers of all sizes, and is no vector."""
    if len(text) < 16 * least // 3 or not re.fullmatch(r"[0-9A-Za-z+/_-]+={0,2}", text):
        return ()
    try:
        content = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ()
    if len(content) % 4 or len(content) < 4 * least:
        return ()
    for order in "<>":
        found = struct.unpack(f"{order}{len(content) // 4}f", content)
        if all(n == 0 or 1e-9 < abs(n) < 1e6 for n in found):
            return found
    return ()


def runs(names: Collection[str]) -> dict[str, list[str]]:
    """The columns that are numbered one after another, by what they are called before the number, in order."""
    found: dict[str, dict[int, str]] = {}
    for name in names:
        told = _INDEXED.match(name)
        if told:
            found.setdefault(told[1], {})[int(told[2])] = name
    return {stem: [numbered[n] for n in sorted(numbered)] for stem, numbered in found.items()}


def answers(one: Sequence[float]) -> bool:
    """Whether most of the numbers are small and whole, as the answers to a questionnaire are."""
    return 3 * sum(n < 0 or n != int(n) or n >= 100 for n in one) < len(one)


def same(one: Sequence[float], other: Sequence[float], among: int, alpha: float) -> bool:
    """Whether two vectors, as far as both go, point the same way beyond what ``among`` random pairs do.

    Of random directions in d dimensions P(|cos| >= c) is at most 2·(1 − c²)^((d − 1) / 2). Vectors of d + 1 numbers
    without their mean have d.
    """
    size = min(len(one), len(other))
    cosine = _cosine(one[:size], other[:size])
    if cosine is None or size < 3:
        return False
    rest = max(1e-300, 1 - min(1.0, cosine * cosine))
    return math.log(2 * among) + (size - 2) / 2 * math.log(rest) < math.log(alpha)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The correlation, so that neither scale nor shift hides a vector."""
    a, b = sum(one) / len(one), sum(other) / len(other)
    x, y = [v - a for v in one], [v - b for v in other]
    norm = math.sqrt(math.fsum(v * v for v in x) * math.fsum(v * v for v in y))
    return math.fsum(v * w for v, w in zip(x, y, strict=True)) / norm if norm else None


def signs(one: Sequence[float]) -> Iterator[str]:
    """A vector as the signs of its numbers: in bits, and in hexadecimal from either end of a byte."""
    bits = "".join("1" if n > 0 else "0" for n in one)
    yield bits
    padded = bits + "0" * (-len(bits) % 8)
    parts = [padded[n : n + 8] for n in range(0, len(padded), 8)]
    yield "".join(f"{int(part, 2):02x}" for part in parts)
    yield "".join(f"{int(part[::-1], 2):02x}" for part in parts)


__all__ = ["NUMBER", "answers", "runs", "same", "signs", "vector"]
