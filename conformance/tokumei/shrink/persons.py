"""The smallest part that still shows a finding: delta debugging over persons, rows or values, with a budget of trials."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def smallest(people: Sequence[T], fails: Callable[[frozenset[T]], bool], *, trials: int) -> frozenset[T]:
    """A subset of ``people`` for which ``fails`` holds and from which no single chunk could be taken.

    ``fails`` gets the people that are kept and is called at most ``trials`` times; the result is 1-minimal
    if the budget sufficed. The caller knows that all of ``people`` fail. Somebody is always kept.
    """
    kept = list(people)
    parts = 2
    while len(kept) >= 2 and trials > 0:
        size = max(1, len(kept) // parts)
        chunks = [kept[i : i + size] for i in range(0, len(kept), size)]
        for chunk in chunks:
            gone = set(chunk)
            rest = [person for person in kept if person not in gone]
            if not rest:
                continue
            trials -= 1
            if fails(frozenset(rest)):
                kept, parts = rest, max(parts - 1, 2)
                break
            if trials <= 0:
                break
        else:
            if size == 1:
                break
            parts = min(len(kept), parts * 2)
    return frozenset(kept)


def smallest_or_none(things: Sequence[T], fails: Callable[[frozenset[T]], bool], *, trials: int) -> frozenset[T]:
    """Like ``smallest``, but first without any of the things: rows and values, unlike people, may all go."""
    if not things or trials <= 0:
        return frozenset(things)
    if fails(frozenset()):
        return frozenset()
    return smallest(things, fails, trials=trials - 1)
