"""A10: somebody who knows into which class a person falls guesses a sensitive value of that person.

The guess is a value drawn from another person of the class; it is right where the person has that value too. What a
guess from all persons of the release would reach is the baseline: knowledge of everybody tells of nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from random import Random

from tokumei.stats import permuted_upper

Values = Mapping[Hashable, frozenset[Hashable]]
"""The values of each person: one, or several where a person has several rows."""

BANDS = 10
"""Numbers are guessed to a tenth of those released: nobody needs them to the last digit."""


def banded(values: Mapping[Hashable, frozenset[str]]) -> dict[Hashable, frozenset[Hashable]]:
    """The numbers as the tenth of all numbers that they lie in; a text that is no number stays itself."""
    numbers = sorted(number for texts in values.values() for text in texts if (number := _number(text)) is not None)
    cuts = [numbers[len(numbers) * band // BANDS] for band in range(1, BANDS)] if numbers else []

    def band(text: str) -> Hashable:
        number = _number(text)
        return text if number is None else sum(number >= cut for cut in cuts)

    return {person: frozenset(band(text) for text in texts) for person, texts in values.items()}


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How many of ``n`` guesses are right from the class, and from everybody.

    ``paired`` counts the right ones among guesses that use each person once, and ``expected`` is its mean where values
    have nothing to do with classes.
    """

    hits: float = 0.0
    baseline: float = 0.0
    n: int = 0
    paired: float = 0.0
    expected: float = 0.0

    def __add__(self, other: Gain) -> Gain:
        """The gain of two independent releases together."""
        return Gain(
            hits=self.hits + other.hits,
            baseline=self.baseline + other.baseline,
            n=self.n + other.n,
            paired=self.paired + other.paired,
            expected=self.expected + other.expected,
        )

    @property
    def share(self) -> float:
        return self.hits / self.n if self.n else 0.0

    @property
    def usual(self) -> float:
        return self.baseline / self.n if self.n else 0.0

    @property
    def advantage(self) -> float:
        return self.share - self.usual

    @property
    def p(self) -> float:
        """A bound on the chance of so many paired hits: what bounds the moments of one release adds up over releases."""
        return permuted_upper(self.paired, self.expected)


def from_class(classes: Mapping[Hashable, Hashable], values: Values, random: Random) -> Gain:
    """The gain over all persons who share their class (by person) with another; nobody guesses from the person itself.

    For ``p`` the persons of each class are dealt into pairs, so that none is used twice: under the null the second of
    each pair could as well be the second of any other.
    """
    members: defaultdict[Hashable, list[Hashable]] = defaultdict(list)
    for person, shown in classes.items():
        if values.get(person):
            members[shown].append(person)
    everybody = [person for inside in members.values() for person in inside]
    whole = _weights(values[person] for person in everybody)
    hits, base, targets, partners = [], [], [], []
    for shown in sorted(members, key=repr):
        inside = sorted(members[shown], key=repr)
        if len(inside) < 2:
            continue
        here = _weights(values[person] for person in inside)
        for person in inside:
            hits.append(_drawn(values[person], here, len(inside)))
            base.append(_drawn(values[person], whole, len(everybody)))
        random.shuffle(inside)
        half = len(inside) // 2
        targets += inside[:half]
        partners += inside[half : 2 * half]
    if not partners:
        return Gain()
    found = sum(_right(values[a], values[b]) for a, b in zip(targets, partners, strict=True))
    dealt = _weights(values[person] for person in partners)
    expected = sum(sum(dealt.get(value, 0.0) for value in values[person]) for person in targets) / len(partners)
    return Gain(hits=sum(hits), baseline=sum(base), n=len(hits), paired=found, expected=expected)


def from_candidates(
    candidates: Mapping[Hashable, frozenset[Hashable]], truth: Mapping[Hashable, Hashable], values: Values
) -> Gain:
    """The gain where each target's value is drawn from candidates, of whom ``truth`` may be one."""
    told = [person for person in values if values[person]]
    whole = _weights(values[person] for person in told)
    hits, base = [], []
    for target, person in truth.items():
        mine = values.get(person)
        picked = [other for other in candidates[target] if values.get(other)]
        if not mine or not picked or len(told) < 2:
            continue
        hits.append(sum(_right(mine, values[other]) for other in picked) / len(picked))
        base.append(_drawn(mine, whole, len(told)))
    return Gain(hits=sum(hits), baseline=sum(base), n=len(hits))


def _right(mine: frozenset[Hashable], theirs: frozenset[Hashable]) -> float:
    """The chance that a value drawn from theirs is among mine."""
    return len(mine & theirs) / len(theirs)


def _weights(sets: Iterable[frozenset[Hashable]]) -> Mapping[Hashable, float]:
    """For each value the chances that it is drawn, summed over persons."""
    found: defaultdict[Hashable, float] = defaultdict(float)
    for each in sets:
        for value in each:
            found[value] += 1 / len(each)
    return found


def _drawn(mine: frozenset[Hashable], weights: Mapping[Hashable, float], persons: int) -> float:
    """The chance that a value drawn from another person is among mine."""
    return (sum(weights[value] for value in mine) - 1) / (persons - 1)


__all__ = ["BANDS", "Gain", "Values", "banded", "from_candidates", "from_class"]
