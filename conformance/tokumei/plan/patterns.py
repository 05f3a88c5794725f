"""Texts that match a pattern, drawn fast: a pattern is read once, not for every text.

The draws are those of ``rstr``, which reads the pattern again for every text; what is not handled here is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from re import _parser  # type: ignore[attr-defined]  # what ``rstr`` reads too; no public module parses a pattern
from typing import Any

import rstr
from rstr.xeger import STAR_PLUS_LIMIT

Draw = Callable[[Random], str]


def drawn(pattern: str, random: Random) -> str:
    """One text that matches ``pattern``; the same state of ``random`` gives the same text."""
    draw = _reader(pattern)
    return draw(random) if draw else str(rstr.Rstr(random).xeger(pattern))


@lru_cache(maxsize=256)
def _reader(pattern: str) -> Draw | None:
    """How to draw a text of the pattern, or None where it needs more than literals, sets, repeats, groups and choices."""
    return _sequence(_parser.parse(pattern))


def _sequence(states: Any) -> Draw | None:
    parts = [_state(opcode.name.lower(), value) for opcode, value in states]
    some = [part for part in parts if part is not None]
    if len(some) < len(parts):
        return None
    if len(some) == 1:
        return some[0]
    return lambda random: "".join([part(random) for part in some])


def _state(opcode: str, value: Any) -> Draw | None:
    match opcode:
        case "literal":
            text = chr(value)
            return lambda _: text
        case "at":
            return lambda _: ""
        case "in":
            members = _members(value)
            return (lambda random: random.choice(members)) if members else None
        case "min_repeat" | "max_repeat":
            least, most, inner = value
            return _repeat(least, min(most, STAR_PLUS_LIMIT), _sequence(inner))
        case "subpattern":
            return _sequence(value[-1])
        case "branch":
            ways = [way for way in map(_sequence, value[1]) if way is not None]
            return (lambda random: random.choice(ways)(random)) if len(ways) == len(value[1]) else None
    return None


def _members(value: Any) -> Sequence[str]:
    """The characters of a set in their order; none where it is negated or names a category."""
    found: list[str] = []
    for opcode, what in value:
        match opcode.name.lower():
            case "literal":
                found.append(chr(what))
            case "range":
                found += map(chr, range(what[0], what[1] + 1))
            case _:
                return ()
    return found


def _repeat(least: int, most: int, part: Draw | None) -> Draw | None:
    if part is None:
        return None
    return lambda random: "".join([part(random) for _ in range(random.randint(least, most))])
