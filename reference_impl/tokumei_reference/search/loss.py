"""The general loss of Iyengar as ARX reports it ("Loss"): per attribute the mean share, suppressed = 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokumei_reference.search.classes import Levels, tally
from tokumei_reference.search.distinct import Combinations
from tokumei_reference.search.hierarchy import Axis, Floats, Ints

Metric: TypeAlias = Literal["arithmetic", "geometric"]
"""How the losses x of m attributes become one: their mean, or ∏(1 + x)^(1/m) − 1 (ARX's default)."""


def aggregate(metric: Metric, losses: Sequence[float]) -> float:
    """One loss of several; not decreasing in any of them."""
    if metric == "arithmetic":
        return math.fsum(losses) / len(losses)
    return math.exp(math.fsum(map(math.log1p, losses)) / len(losses)) - 1


def generalized(axis: Axis, codes: Ints, weights: Ints) -> Floats:
    """The loss of an attribute on each level when nothing is suppressed: a lower bound for every node."""
    values = np.bincount(codes, weights.astype(np.float64)).astype(np.int64)
    every = np.arange(len(values))
    losses = [float(tally(axis, level, every, values) @ axis.shares[level]) for level in range(axis.levels)]
    return np.array(losses) / float(values.sum())


def bounds(metric: Metric, losses: Sequence[Floats]) -> Floats:
    """The lower bound of every node, as an array with one dimension an attribute."""
    grids = np.meshgrid(*losses, indexing="ij", sparse=True)
    if metric == "arithmetic":
        total: Floats = sum(grids, np.zeros(())) / len(losses)
        return total
    return np.exp(sum(map(np.log1p, grids), np.zeros(())) / len(losses)) - 1


def excess(
    table: Combinations, axes: Sequence[Axis], levels: Levels, kept: NDArray[np.bool_], weight: float
) -> list[float]:
    """What suppression adds to the loss of each attribute: 1 in place of its share, for the rows not kept."""
    gone = np.flatnonzero(~kept)
    counts = table.counts[gone]
    return [
        float(tally(axis, level, codes[gone], counts) @ (1 - axis.shares[level])) / weight
        for axis, codes, level in zip(axes, table.codes, levels, strict=True)
    ]
