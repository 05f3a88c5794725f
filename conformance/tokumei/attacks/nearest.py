"""A5: somebody who knows the values of a person picks the released person who is nearest to them.

The attacker knows no labels of the product, and reads them as anybody would: a number lies in an interval or at
some distance from it, a place lies below a place of the hierarchy.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cache

Known = tuple[str | None, ...]
Distance = Callable[[str | None, str | None], float]

_NUMBER = re.compile(r"[0-9]+(?:[.][0-9]+)?")
AT_LEAST = ("以上", "≥", ">", "+", "≧", "超")
AT_MOST = ("以下", "≤", "<", "≦", "未満")
UNKNOWN = 0.5
"""How far a suppressed value is from any value: nearer than a wrong one, and farther than one that fits."""


def reading(above: Mapping[str, frozenset[str]]) -> Distance:
    """How far a released text is from a known value, from 0 (it fits) to 1; ``above`` holds the nodes over a leaf."""

    @cache
    def distance(value: str | None, label: str | None) -> float:
        if value == label:
            return 0.0
        if value is None or label in (None, "", "*"):
            return UNKNOWN
        assert label is not None
        if label in above.get(value, ()):
            return 0.0
        if not _NUMBER.fullmatch(value):
            return 1.0
        numbers = [float(text) for text in _NUMBER.findall(label)]
        if not numbers:
            return 1.0
        low, high = numbers[0], numbers[1] if len(numbers) > 1 else numbers[0]
        if len(numbers) == 1 and any(sign in label for sign in AT_LEAST):
            high = float("inf")
        elif len(numbers) == 1 and any(sign in label for sign in AT_MOST):
            low = float("-inf")
        gap = max(low - float(value), float(value) - high, 0.0)
        return gap / (1 + gap)

    return distance


def nearest(
    targets: Iterable[Known], released: Mapping[Hashable, Iterable[Known]], distances: Sequence[Distance]
) -> dict[Known, frozenset[Hashable]]:
    """For each known combination the released persons none of whom is farther than another."""
    classes: defaultdict[Known, set[Hashable]] = defaultdict(set)
    for person, shown in released.items():
        for each in shown:
            classes[each].add(person)
    found = {}
    for target in dict.fromkeys(targets):
        far = {
            each: round(sum(of(v, w) for of, v, w in zip(distances, target, each, strict=True)), 9) for each in classes
        }
        least = min(far.values(), default=0.0)
        found[target] = frozenset(person for each in far if far[each] == least for person in classes[each])
    return found


def narrowed(
    candidates: frozenset[Hashable], texts: frozenset[str], cells: Mapping[Hashable, frozenset[str]]
) -> frozenset[Hashable]:
    """Those of the candidates in whose other cells most of the known texts stand as they are."""
    hits = {person: len(texts & cells.get(person, frozenset())) for person in candidates}
    most = max(hits.values(), default=0)
    return frozenset(person for person, n in hits.items() if n == most)


def chance(candidates: frozenset[Hashable], truth: Hashable) -> float:
    """How often one drawn from the candidates is the right one."""
    return 1 / len(candidates) if truth in candidates else 0.0


__all__ = ["Distance", "Known", "chance", "narrowed", "nearest", "reading"]
