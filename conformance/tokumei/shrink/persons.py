"""The smallest people that still show a finding: delta debugging over persons, with a budget of trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def smallest(people: Sequence[int], fails: Callable[[frozenset[int]], bool], *, trials: int) -> frozenset[int]:
    """A subset of ``people`` for which ``fails`` holds and from which no single chunk could be taken.

    ``fails`` gets the people that are kept and is called at most ``trials`` times; the result is 1-minimal
    if the budget sufficed. The caller knows that all of ``people`` fail.
    """
    kept = list(people)
    parts = 2
    while len(kept) >= 2 and trials > 0:
        size = max(1, len(kept) // parts)
        chunks = [kept[i : i + size] for i in range(0, len(kept), size)]
        for chunk in chunks:
            rest = [person for person in kept if person not in set(chunk)]
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
