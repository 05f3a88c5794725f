"""Optimal full-domain generalization: the node of the lattice of levels that loses least and still holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tokumei_reference.search.classes import Grouping, Levels, Outcome, classes, outcome, roll_up
from tokumei_reference.search.distinct import Combinations
from tokumei_reference.search.hierarchy import Axis, Floats, Hierarchy, Ints, bind
from tokumei_reference.search.loss import Metric, aggregate, bounds, excess, generalized
from tokumei_reference.search.requirement import Requirement

_LARGEST_LATTICE = 5_000_000
_TIE = 1e-12
_ROLLED = 128


class TooLarge(ValueError):
    """The lattice has more nodes than are kept in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A full-domain generalization: the level of each attribute, its loss, and the subjects it suppresses."""

    levels: Levels
    loss: float
    suppressed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best node, None when no node holds. ``optimal`` is False only when ``max_checks`` ended the search."""

    best: Node | None
    optimal: bool
    checked: int
    nodes: int


def allowed(subjects: int, suppression_limit: float) -> int:
    """How many subjects may be suppressed: never all of them, for an empty table is no release."""
    return min(math.floor(suppression_limit * subjects + 1e-9), subjects - 1)


def search(
    table: Combinations,
    hierarchies: Mapping[str, Hierarchy],
    requirement: Requirement,
    *,
    suppression_limit: float = 0.0,
    metric: Metric = "arithmetic",
    max_checks: int | None = None,
) -> Found:
    """Find the node of least loss at which the requirement holds after suppressing its failing classes.

    Best first: the loss without suppression bounds the loss of a node from below and needs no grouping, so
    nodes are taken in its order until it reaches the best loss found. From each, a chain of least bounds
    leads upwards; bisection finds the highest node of it that no suppression within the limit can mend, and
    with it fall all its specializations. Ties of loss go to the node of the lower bound.
    """
    if not 0 <= suppression_limit <= 1:
        raise ValueError("the limit of suppression is a share")
    if requirement.reads_sensitive and table.sensitive is None:
        raise ValueError("l and t need a sensitive column")
    if table.party is not None and not requirement.monotone:
        raise ValueError("t and entropy are searched where every subject is in one row")
    axes = [bind(name, hierarchies[name], table.values[name]) for name in table.names]
    shape = tuple(axis.levels for axis in axes)
    if math.prod(shape) > _LARGEST_LATTICE:
        raise TooLarge
    if not table.rows:
        return Found(best=None, optimal=True, checked=0, nodes=math.prod(shape))
    lattice = _Lattice(table, axes, requirement, suppression_limit, metric)
    optimal = lattice.run(math.inf if max_checks is None else max_checks)
    return Found(best=lattice.best, optimal=optimal, checked=lattice.checked, nodes=math.prod(shape))


@dataclass(slots=True)
class _Lattice:
    """The state of one search."""

    table: Combinations
    axes: Sequence[Axis]
    requirement: Requirement
    limit: float
    metric: Metric
    best: Node | None = None
    checked: int = 0
    losses: list[Floats] = field(init=False)
    bound: Floats = field(init=False)
    penalty: Floats = field(init=False)
    done: NDArray[np.bool_] = field(init=False)
    hopeless: NDArray[np.bool_] = field(init=False)
    overall: Ints | None = field(init=False)
    weight: float = field(init=False)
    may: int = field(init=False)
    rolled: list[tuple[Levels, Combinations]] = field(init=False)

    def __post_init__(self) -> None:
        table = self.table
        self.losses = [
            generalized(axis, codes, table.counts) for axis, codes in zip(self.axes, table.codes, strict=True)
        ]
        self.bound = bounds(self.metric, self.losses)
        self.penalty = np.zeros(self.bound.shape)
        self.done, self.hopeless = np.zeros((2, *self.bound.shape), np.bool_)
        self.overall = (
            None
            if table.sensitive is None
            else np.bincount(table.sensitive, weights=table.counts, minlength=table.kinds)
        )
        self.weight = float(table.counts.sum())
        self.may = allowed(table.subjects, self.limit)
        self.rolled = [((0,) * len(self.axes), table)]

    def run(self, max_checks: float) -> bool:
        for flat in np.argsort(self.bound, axis=None, kind="stable"):
            levels = tuple(int(level) for level in np.unravel_index(flat, self.bound.shape))
            if self.bound[levels] >= self._least():
                return True
            if self._settled(levels):
                continue
            self._bisect(self._chain(levels))
            if not self._settled(levels):
                self._check(levels)
            if self.checked >= max_checks:
                return False
        return True

    def _least(self) -> float:
        return math.inf if self.best is None else self.best.loss - _TIE

    def _settled(self, levels: Levels) -> bool:
        return bool(
            self.done[levels] or self.hopeless[levels] or self.bound[levels] + self.penalty[levels] >= self._least()
        )

    def _chain(self, levels: Levels) -> list[Levels]:
        """Upwards by the least bound, as long as a node could still be the best."""
        chain = [levels]
        while True:
            above = [
                (float(self.bound[up]), up)
                for i, level in enumerate(levels)
                if level + 1 < self.bound.shape[i]
                for up in [(*levels[:i], level + 1, *levels[i + 1 :])]
            ]
            if not above or min(above)[0] >= self._least():
                return chain
            levels = min(above)[1]
            chain.append(levels)

    def _bisect(self, chain: list[Levels]) -> None:
        low, high = 0, len(chain) - 1
        while low <= high:
            middle = (low + high) // 2
            if not self.hopeless[chain[middle]] and not self.done[chain[middle]]:
                self._check(chain[middle])
            if self.hopeless[chain[middle]]:
                low = middle + 1
            else:
                high = middle - 1

    def _check(self, levels: Levels) -> None:
        self.checked += 1
        self.done[levels] = True
        table = self._finer(levels)
        grouping = classes(table, self.axes, levels)
        out = outcome(table, grouping, self.requirement, self.overall, self.may)
        if out.groups * 4 <= table.rows:
            self._keep(levels, table, grouping)
        below = tuple(slice(level + 1) for level in levels)
        if out.deficit > self.may + 1e-6:
            self.hopeless[below] = True
        elif out.suppressed <= self.may:
            self._compare(levels, table, out, below)

    def _compare(self, levels: Levels, table: Combinations, out: Outcome, below: tuple[slice, ...]) -> None:
        more = excess(table, self.axes, levels, out.kept, self.weight)
        plain = [float(losses[level]) for losses, level in zip(self.losses, levels, strict=True)]
        loss = aggregate(self.metric, [one + other for one, other in zip(plain, more, strict=True)])
        if loss < self._least():
            self.best = Node(levels=levels, loss=loss, suppressed=out.suppressed)
        if self.requirement.monotone and self.metric == "arithmetic":
            # Who is suppressed here is suppressed below too, where the share that 1 replaces is no larger.
            self.penalty[below] = np.maximum(self.penalty[below], aggregate(self.metric, more))

    def _keep(self, levels: Levels, table: Combinations, grouping: Grouping) -> None:
        """Roll the table up, for later checks of coarser nodes to read the smaller one; the oldest go."""
        self.rolled.append((levels, roll_up(table, grouping)))
        while len(self.rolled) > _ROLLED or sum(t.rows for _, t in self.rolled[1:]) > 4 * self.table.rows:
            del self.rolled[1]

    def _finer(self, levels: Levels) -> Combinations:
        """The smallest table at hand that is no coarser than the node."""
        fitting = [t for at, t in self.rolled if all(a <= b for a, b in zip(at, levels, strict=True))]
        return min(fitting, key=lambda t: t.rows)
