"""Whether random texts hold what they hold by chance: a pseudonym of three kana is somebody's name now and then.

The texts are taken for draws of one length each from the letters that are seen in them, each as often as it is seen.
How many of the needles are then expected to stand in them is compared with how many do.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection

ALPHA = 1e-9
"""A text is taken for more than chance below this probability: one of a thousand million."""


def expected(texts: Collection[str], needles: Collection[str]) -> float:
    """How many places of ``texts`` hold one of ``needles``, on average, if every letter was drawn from those seen."""
    letters = Counter(letter for text in texts for letter in text)
    share = {letter: n / letters.total() for letter, n in letters.items()}
    spelled = [needle for needle in needles if needle and share.keys() >= set(needle)]
    places = {size: sum(max(0, len(text) - size + 1) for text in texts) for size in set(map(len, spelled))}
    return sum(places[len(needle)] * math.prod(share[letter] for letter in needle) for needle in spelled)


def held(texts: Collection[str], needles: Collection[str]) -> int:
    """How many of ``needles`` stand in ``texts``: one that the input spells in two ways stands there once."""
    whole = "\n".join(texts)  # what is folded has no line breaks
    return sum(needle in whole for needle in set(needles))


def by_chance(found: int, texts: Collection[str], needles: Collection[str], alpha: float = ALPHA) -> bool:
    """Whether ``found`` needles or more in ``texts`` are no rarer than ``alpha`` (Poisson)."""
    mean = expected(texts, needles)
    if found <= mean:
        return True
    if not mean:
        return False
    first = -mean + found * math.log(mean) - math.lgamma(found + 1)
    return first - math.log(1 - mean / (found + 1)) > math.log(alpha)  # a bound of the tail by its first term


__all__ = ["ALPHA", "by_chance", "expected", "held"]
