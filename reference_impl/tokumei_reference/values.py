"""What a value of a declaration is, and how a text is written in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeGuard


def is_integer(value: Any) -> TypeGuard[int]:
    """True is an int in Python, but not in a declaration."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> TypeGuard[int | float]:
    """A finite number; JSON has no other, but YAML does."""
    return is_integer(value) or (isinstance(value, float) and abs(value) < float("inf"))


def joined(expressions: Iterable[str]) -> str:
    """SQL for one text of several: different lists of texts never give the same, and NULL is none of them."""
    return " || ".join(f"coalesce(length({sql}) || ':' || ({sql}), '-')" for sql in expressions)


def literal(value: object) -> str:
    """A text of a declaration as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"
