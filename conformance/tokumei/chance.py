"""Whether random texts hold what they hold by chance: a pseudonym of three kana is somebody's name now and then.

The texts are taken for draws of one length each from the letters that are seen in them. How many of the needles are
then expected to stand in them is compared with how many do.
"""

from __future__ import annotations

import math
from collections.abc import Collection

ALPHA = 1e-9
"""A text is taken for more than chance below this probability: one of a thousand million."""


def expected(texts: Collection[str], needles: Collection[str]) -> float:
    """How many places of ``texts`` hold one of ``needles``, on average, if every letter was drawn from those seen."""
    letters = {letter for text in texts for letter in text}
    spelled = [len(needle) for needle in needles if needle and letters.issuperset(needle)]
    places = {size: sum(max(0, len(text) - size + 1) for text in texts) for size in set(spelled)}
    return sum(places[size] * math.pow(len(letters), -size) for size in spelled)


def by_chance(found: int, texts: Collection[str], needles: Collection[str]) -> bool:
    """Whether ``found`` needles or more in ``texts`` are no rarer than ``ALPHA`` (Poisson)."""
    mean = expected(texts, needles)
    if found <= mean:
        return True
    if not mean:
        return False
    first = -mean + found * math.log(mean) - math.lgamma(found + 1)
    return first - math.log(1 - mean / (found + 1)) > math.log(ALPHA)  # a bound of the tail by its first term


__all__ = ["ALPHA", "by_chance", "expected"]
