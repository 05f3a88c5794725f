"""A generalization hierarchy: one row a leaf, one column a level, finest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.signedinteger[Any]]
Floats: TypeAlias = NDArray[np.float64]
Label: TypeAlias = str | None


class UnknownValue(ValueError):
    """A value of the table is no leaf of the hierarchy of its attribute; the value itself is not told."""

    def __init__(self, attribute: str) -> None:
        super().__init__(attribute)
        self.attribute = attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """The labels of every leaf. Each level must be a function of the one below: generalizing never separates."""

    rows: tuple[tuple[Label, ...], ...]

    def __post_init__(self) -> None:
        if not self.rows or not self.rows[0] or len({len(row) for row in self.rows}) != 1:
            raise ValueError("a hierarchy has rows of one length")
        if len({row[0] for row in self.rows}) != len(self.rows):
            raise ValueError("a leaf stands once in a hierarchy")
        for level in range(self.levels - 1):
            parents: dict[Label, Label] = {}
            if any(parents.setdefault(row[level], row[level + 1]) != row[level + 1] for row in self.rows):
                raise ValueError("a node of a hierarchy has one parent")

    @classmethod
    def flat(cls, values: Iterable[Label]) -> Hierarchy:
        """A hierarchy of one level: the attribute is counted, but stays as it is."""
        return cls(rows=tuple((value,) for value in values))

    @property
    def levels(self) -> int:
        return len(self.rows[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axis:
    """A hierarchy over the values that a table holds.

    ``nodes[level][value]`` is the number of the node of a value, ``shares[level][node]`` the loss of a
    record that shows it: (leaves below / leaves − 1 / leaves) / (1 − 1 / leaves), from 0 for a leaf to 1
    for all. Leaves are those of the hierarchy, seen or not, and nodes of one label are one (ARX's Loss).
    """

    name: str
    nodes: tuple[Ints, ...]
    shares: tuple[Floats, ...]
    labels: tuple[tuple[Label, ...], ...]

    @property
    def levels(self) -> int:
        return len(self.nodes)


def bind(name: str, hierarchy: Hierarchy, values: Sequence[Label]) -> Axis:
    """Look the values up, once. A missing value (None) that is no leaf stays a node of its own on every level."""
    row_of = {row[0]: row for row in hierarchy.rows}
    row_of.setdefault(None, (None,) * hierarchy.levels)
    if any(value not in row_of for value in values):
        raise UnknownValue(name)
    leaves = len(hierarchy.rows)
    nodes, shares, labels = [], [], []
    for level in range(hierarchy.levels):
        below = Counter(row[level] for row in hierarchy.rows)
        below.setdefault(None, 1)
        number: dict[Label, int] = {}
        nodes.append(np.array([number.setdefault(row_of[v][level], len(number)) for v in values], np.int64))
        share = [(below[label] - 1) / (leaves - 1) if leaves > 1 else 0.0 for label in number]
        shares.append(np.array(share, np.float64))
        labels.append(tuple(number))
    # A missing value must neither join a label nor leave one: checked like the rows themselves.
    for low, high in pairwise(nodes):
        if len(set(zip(low.tolist(), high.tolist(), strict=True))) != len(set(low.tolist())):
            raise ValueError("a node of a hierarchy has one parent")
    return Axis(name=name, nodes=tuple(nodes), shares=tuple(shares), labels=tuple(labels))
