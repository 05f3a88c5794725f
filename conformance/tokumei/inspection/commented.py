"""A document as YAML with comments: for people to read on, and the same document when it is read back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tokumei.documents import pointer

WIDTH = 300
_PLAIN = re.compile(r"[A-Za-z_$ぁ-んァ-ヶー一-鿿々][A-Za-z0-9_$./ぁ-んァ-ヶー一-鿿々-]*")
_RESERVED = frozenset("null true false yes no on off y n".split())
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

Comments = Mapping[str, Sequence[str]]


def write(document: Mapping[str, Any], comments: Comments) -> str:
    """The text; ``comments`` are lines by the JSON pointer of what they stand above, ``""`` for the first lines."""
    head = [f"# {line}" for line in comments.get("", ())]
    return "\n".join([*head, *_mapping(document, "", comments)]) + "\n"


def _mapping(value: Mapping[str, Any], at: str, comments: Comments) -> list[str]:
    lines = []
    for key, inner in value.items():
        here = at + pointer(key)
        lines += [f"# {line}" for line in comments.get(here, ())]
        lines += _below(_scalar(key) + ":", inner, here, comments, "  ")
    return lines


def _below(start: str, value: Any, at: str, comments: Comments, indent: str) -> list[str]:
    flow = _flow(value)
    told = any(place.startswith(at + "/") for place in comments)
    if not isinstance(value, dict | list) or not value or (len(flow) <= WIDTH and not told):
        return [f"{start} {flow}"]
    inner = _mapping(value, at, comments) if isinstance(value, dict) else _sequence(value, at, comments)
    return [start, *(indent + line for line in inner)]


def _sequence(value: Sequence[Any], at: str, comments: Comments) -> list[str]:
    lines = []
    for i, inner in enumerate(value):
        here = at + pointer(i)
        lines += [f"# {line}" for line in comments.get(here, ())]
        first, *rest = _below("-", inner, here, comments, "  ")
        if rest and not rest[0].lstrip().startswith("#"):
            first, rest = "- " + rest[0].lstrip(), rest[1:]
        lines += [first, *rest]
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
            return value
        return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    return json.dumps(value)
