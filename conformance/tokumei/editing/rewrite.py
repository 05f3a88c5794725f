"""One part of a clause file rewritten; every other byte stays as its author left it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokumei import documents
from tokumei.model import TokumeiError
from tokumei.spec import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPENING, _CLOSING = "---\n", "\n---\n"
_FENCE = re.compile(r"^(```|~~~)")


def rewritten(source: str, pointer: str, value: str) -> str:
    """The file with another text at one pointer; an empty strength takes the regime out.

    The caller reads the result and sees whether it says what was meant: a heading within a text would end it.
    """
    closing = source.index(_CLOSING)
    if not pointer.startswith("/"):
        name, _, lang = pointer.partition("/")
        start, end = _sections(source, closing + len(_CLOSING))[lang, SECTIONS[name][lang == "en"]]
        return source[:start] + value + source[end:]
    front = source[len(_OPENING) : closing]
    spans = documents.spans(front)
    if pointer.startswith("/strength/"):
        start, end = spans["/strength"]
        text = _flow({**documents.loads(front).document["strength"], pointer.rpartition("/")[2]: value})
    else:
        start, end = spans[pointer]
        text = value if pointer == "/revision" else _scalar(value, like=front[start:end])
    shift = len(_OPENING)
    return source[: shift + start] + text + source[shift + end :]


def _flow(strengths: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{regime}: {strength}" for regime, strength in strengths.items() if strength) + "}"


def _scalar(value: str, *, like: str) -> str:
    """Plain where the old one was plain and the new one can be; in double quotes otherwise."""
    if not like.startswith(('"', "'")) and _is_plain(value):
        return value
    return documents.dumps({"a": value}).partition(": ")[2].rpartition("\n}")[0]


def _is_plain(value: str) -> bool:
    try:
        read = documents.loads(f"a: {{b: {value}}}\nc: {value}\n").document
    except TokumeiError:
        return False
    return read == {"a": {"b": value}, "c": value}


def _sections(source: str, start: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Where the text of each section stands, without the blank lines around it; read as ``spec`` reads it."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    lang, key, fenced, at = "", None, False, start
    for line in source[start:].split("\n"):
        fenced ^= bool(_FENCE.match(line))
        if not fenced and line in {"# ja", "# en"}:
            lang, key = line[2:], None
        elif not fenced and line.startswith("## "):
            key = (lang, line[3:].strip())
        elif key and line.strip():
            first = found[key][0] if key in found else at + len(line) - len(line.lstrip())
            found[key] = (first, at + len(line.rstrip()))
        at += len(line) + 1
    return found


__all__ = ["rewritten"]
