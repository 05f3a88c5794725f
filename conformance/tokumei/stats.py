"""Exact bounds and tests, from ``math`` alone; randomness is an argument."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random


def _log_pmf(x: int, n: int, p: float) -> float:
    choose = math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)
    return choose + x * math.log(p) + (n - x) * math.log1p(-p)


def binomial_cdf(x: int, n: int, p: float) -> float:
    """P(X <= x) for n independent trials of chance p, summed from the shorter tail."""
    if x < 0:
        return 0.0
    if x >= n or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    if x > n * p:
        return 1.0 - binomial_tail(x + 1, n, p)
    return math.fsum(math.exp(_log_pmf(i, n, p)) for i in range(x + 1))


def binomial_tail(x: int, n: int, p: float) -> float:
    """P(X >= x): the exact one-sided p-value of x successes in n trials of chance p."""
    if x <= 0:
        return 1.0
    if x > n or p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    if x <= n * p:
        return 1.0 - binomial_cdf(x - 1, n, p)
    return math.fsum(math.exp(_log_pmf(i, n, p)) for i in range(x, n + 1))


def clopper_pearson_upper(x: int, n: int, conf: float = 0.95) -> float:
    """The one-sided upper bound of a rate after x of n: the p at which P(X <= x) falls to 1 - conf."""
    _check(x, n, conf)
    if x == n:
        return 1.0
    if x == 0:
        return zero_upper(n, conf)
    return _bisect(lambda p: binomial_cdf(x, n, p) > 1 - conf, x / n, 1.0)


def clopper_pearson_lower(x: int, n: int, conf: float = 0.95) -> float:
    """The one-sided lower bound of a rate after x of n; 0 when nothing was seen."""
    _check(x, n, conf)
    if x == 0:
        return 0.0
    return _bisect(lambda p: binomial_tail(x, n, p) < 1 - conf, 0.0, x / n)


def zero_upper(n: int, conf: float = 0.95) -> float:
    """The upper bound of a rate after nothing was seen in n opportunities; 1 without an opportunity."""
    return 1.0 if n <= 0 else -math.expm1(math.log1p(-conf) / n)


def permuted_upper(x: float, mu: float) -> float:
    """A bound on P(X >= x) for n entries, each in [0, 1], that a random permutation picks from an n × n table.

    ``mu`` is the mean; 1 where x is not above it. Chatterjee, Stein's method for concentration inequalities,
    Probab. Theory Relat. Fields 138 (2007), Proposition 1.1.
    """
    if x < 0 or mu < 0:
        raise ValueError("a count and its mean are not negative")
    t = x - mu
    return 1.0 if t <= 0 else min(1.0, 2 * math.exp(-t * t / (4 * mu + 2 * t)))


def permutation_p(observed: float, draws: Sequence[float]) -> float:
    """The share of draws at least as large, the observation counted among them: never 0."""
    return (1 + sum(draw >= observed for draw in draws)) / (1 + len(draws))


def permutation_test(
    statistic: Callable[[Sequence[float], Sequence[float]], float],
    a: Sequence[float],
    b: Sequence[float],
    *,
    draws: int,
    random: Random,
) -> float:
    """The p of ``statistic(a, b)`` when the pairing is exchangeable; ``random`` shuffles b."""
    shuffled = list(b)
    values = []
    for _ in range(draws):
        random.shuffle(shuffled)
        values.append(statistic(a, shuffled))
    return permutation_p(statistic(a, b), values)


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """The rank correlation, ties at their mean rank; 0 where either side is constant."""
    if len(a) != len(b):
        raise ValueError("two sequences of one length are compared")
    x, y = _ranks(a), _ranks(b)
    middle = (len(x) + 1) / 2
    product = math.fsum((i - middle) * (j - middle) for i, j in zip(x, y, strict=True))
    spread = math.fsum((i - middle) ** 2 for i in x) * math.fsum((j - middle) ** 2 for j in y)
    return 0.0 if spread == 0 else max(-1.0, min(1.0, product / math.sqrt(spread)))


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = (start + 1 + end) / 2
        start = end
    return ranks


def _bisect(is_below: Callable[[float], bool], low: float, high: float) -> float:
    """Where ``is_below`` turns false, to the last bits of a float."""
    for _ in range(100):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2


def _check(x: int, n: int, conf: float) -> None:
    if not (0 <= x <= n and n > 0 and 0 < conf < 1):
        raise ValueError("0 <= x <= n, 0 < n and 0 < conf < 1 are needed")


__all__ = [
    "binomial_cdf",
    "binomial_tail",
    "clopper_pearson_lower",
    "clopper_pearson_upper",
    "permutation_p",
    "permutation_test",
    "permuted_upper",
    "spearman",
    "zero_upper",
]
