"""What a stretch of bytes may say: in each encoding that it may be in, and with each escape taken back once."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import urllib.parse
from collections.abc import Iterator
from typing import Literal

View = Literal["text", "percent", "html", "json", "base64", "hex"]

_PERCENT = re.compile(r"[^\s,;\"'<>|]*%[0-9A-Fa-f]{2}[^\s,;\"'<>|]*")
_HTML = re.compile(r"(?:[^\s,;\"'<>|&]|&#?\w{2,8};)*&#?\w{2,8};(?:[^\s,;\"'<>|&]|&#?\w{2,8};)*")
_JSON = re.compile(r"(?:\\u[0-9A-Fa-f]{4}|\\/|[^\s\\\",])*\\u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4}|\\/|[^\s\\\",])*")
_UNIT = re.compile(r"\\u([0-9A-Fa-f]{4})")
_RUNS = re.compile(rb"[A-Za-z0-9+/_-]{11,}")
_HEX = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Za-z])")
_CLEAN = re.compile(rb"\n\n\n([^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+)\x00{0,2}(?=\n\n\n)")
_URL = bytes.maketrans(b"-_", b"+/")
_BREAK = "\n"


def texts(data: bytes, before: bytes = b"", mark: bytes = b"") -> Iterator[tuple[str, str]]:
    """What ``before`` and ``data`` say in UTF-8, or in both CP932 and EUC-JP where it is no UTF-8, and in what marks tell.

    ``mark`` is how the file begins. A character that goes over the edge between the two is told with ``data``; one that
    goes over another edge is lost, and no other.
    """
    if encoding := _utf16(before + data, mark):
        yield _both(encoding, before, data)
        return
    try:
        yield _both("utf-8", before, data, "strict")
    except UnicodeDecodeError:
        for encoding in ("utf-8", "cp932", "euc_jp"):
            yield _both(encoding, before, data)
    if b"\x1b$" in data or b"\x1b(" in data:
        yield _both("iso2022_jp", before, data)


def _both(encoding: str, before: bytes, data: bytes, errors: str = "replace") -> tuple[str, str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    if errors == "strict" and before:
        before = before[next((i for i, byte in enumerate(before[:4]) if byte & 0xC0 != 0x80), 4) :]
    return decoder.decode(before), decoder.decode(data)


def _utf16(data: bytes, mark: bytes) -> str:
    """The byte order, as the mark tells, or zeros in many characters; nothing where it is no UTF-16."""
    for told, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if mark.startswith(told):
            return encoding
    head = data[:4096]
    if head.count(0) * 5 < len(head) or not head:
        return ""
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def unescaped(text: str) -> Iterator[tuple[View, str]]:
    """The parts of ``text`` that hold escapes, with these taken back, one a line."""
    if "%" in text and (found := _PERCENT.findall(text)):
        once = _BREAK.join(found)
        yield "percent", urllib.parse.unquote(once, "utf-8", "replace")
        yield "percent", urllib.parse.unquote(once, "cp932", "replace")
    if "&" in text and (found := _HTML.findall(text)):
        yield "html", html.unescape(_BREAK.join(found))
    if "\\u" in text and (found := _JSON.findall(text)):
        units = _UNIT.sub(lambda match: chr(int(match[1], 16)), _BREAK.join(found))
        yield "json", units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def decoded(data: bytes) -> Iterator[tuple[View, str]]:
    """What stands in Base64 and in hexadecimal, if it is text; each run is taken from its first sign on."""
    runs = _RUNS.findall(data)
    if not runs:
        return
    if told := _told(base64.b64decode(b"".join(map(_padded, runs)).translate(_URL))):
        yield from (("base64", text) for text in _as_text(told))
    if (found := _HEX.findall(b"\n".join(runs))) and (told := _told(binascii.unhexlify(b"0a0a0a".join(found)))):
        yield from (("hex", text) for text in _as_text(told))


def _padded(run: bytes) -> bytes:
    """A run that others can follow: bytes of zero at its end, and three line feeds."""
    return run[: len(run) - (len(run) % 4 == 1)] + b"AA"[: -len(run) % 4 % 3] + b"CgoK"


def _told(decoded: bytes) -> bytes:
    """The runs that hold no control character, which texts do not."""
    return b"\n".join(_CLEAN.findall(b"\n\n\n" + decoded.replace(b"\n\n\n", b"\n\n\n\n\n\n") + b"\n\n\n"))


def _as_text(data: bytes) -> Iterator[str]:
    """Characters of two bytes and more that stand in ``data``; what is none is left out and parts the others."""
    yield data.decode("utf-8", "replace").replace("\ufffd", _BREAK)
    yield data.decode("cp932", "replace").replace("\ufffd", _BREAK)


__all__ = ["View", "decoded", "texts", "unescaped"]
