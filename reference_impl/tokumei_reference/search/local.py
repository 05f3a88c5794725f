"""Local recoding: classes keep levels of their own, so that only crowded corners stay coarse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokumei_reference.search.classes import Grouping, classes, compact, outcome, refine, sums
from tokumei_reference.search.distinct import Combinations
from tokumei_reference.search.hierarchy import Axis, Floats, Hierarchy, Ints, bind
from tokumei_reference.search.lattice import Node
from tokumei_reference.search.loss import Metric, aggregate
from tokumei_reference.search.requirement import Requirement, judge

Bools = NDArray[np.bool_]
_SUPPRESSED = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recoding:
    """The level of each attribute in each row of the table, −1 in rows whose subjects are suppressed."""

    levels: Ints
    loss: float
    suppressed: int


def recode(
    table: Combinations,
    hierarchies: Mapping[str, Hierarchy],
    requirement: Requirement,
    start: Node,
    *,
    metric: Metric = "arithmetic",
) -> Recoding:
    """Specialize the classes of ``start`` as long as they hold: never a larger loss, never more suppressed.

    Subjects that ``start`` suppresses come back in classes of the highest levels, where those hold. Greedy
    and top-down within the hierarchies, as Mondrian is within numbers: of all attributes, the one that
    recovers most is lowered by one level, for the values whose subjects then still hold by themselves; the
    others stay together above, if they hold. The same is tried from the highest levels for everyone.
    Rows that show the same nodes are one class, even if made apart: joining classes that hold keeps every
    requirement (distinct and entropy l, t and k are all kept by mixtures). Nobody comes or goes while
    classes are split, so that whom they are compared with is settled before.
    """
    if table.party is not None:
        raise ValueError("local recoding needs every subject in one row")
    axes = [bind(name, hierarchies[name], table.values[name]) for name in table.names]
    splitter = _Splitter(table, axes, requirement)
    top = tuple(axis.levels - 1 for axis in axes)
    at_start, at_top = (splitter.kept(levels) for levels in (start.levels, top))
    back = splitter.holding(top, ~at_start)
    if requirement.moves:  # who comes back must not break the others
        both = splitter.towards(at_start | back)
        if not (both.holding(start.levels, at_start) | both.holding(top, back))[at_start | back].all():
            back = np.zeros_like(back)
    begun = np.full((table.rows, len(axes)), _SUPPRESSED)
    begun[at_start], begun[back] = start.levels, top
    found = [splitter.finish(begun, np.where(at_start, 0, 1), metric)]
    if at_top[at_start | back].all():
        all_top = np.full_like(begun, _SUPPRESSED)
        all_top[at_top] = top
        found.append(splitter.finish(all_top, np.zeros(table.rows, np.int64), metric))
    return min(found, key=lambda recoding: recoding.loss)


class _Splitter:
    """The table, its hierarchies as rectangular look-ups, and what must hold."""

    def __init__(self, table: Combinations, axes: Sequence[Axis], requirement: Requirement) -> None:
        self.table, self.axes, self.requirement = table, axes, requirement
        self.nodes = [np.stack(axis.nodes) for axis in axes]
        self.shares = [
            np.stack([share[node] for share, node in zip(axis.shares, axis.nodes, strict=True)]) for axis in axes
        ]
        self.overall = self._overall(np.ones(table.rows, np.bool_))

    def _overall(self, among: Bools) -> Ints | None:
        if self.table.sensitive is None:
            return None
        values = Grouping(of=self.table.sensitive[among], size=self.table.kinds)
        return sums(values, self.table.counts[among]).astype(np.int64)

    def towards(self, kept: Bools) -> _Splitter:
        """The same, where classes are compared with these rows if they are compared with who is kept."""
        if not self.requirement.moves or not kept.any():
            return self
        other = copy(self)
        other.overall = self._overall(kept)
        return other

    def kept(self, levels: tuple[int, ...]) -> Bools:
        """The rows that stay at a node when all others are suppressed."""
        grouping = classes(self.table, self.axes, levels)
        return outcome(self.table, grouping, self.requirement, self.overall, self.table.subjects).kept

    def judged(self, rows: Ints, grouping: Grouping) -> tuple[Bools, Floats]:
        """Which classes of these rows hold, and their sizes; a class without rows does."""
        counts = self.table.counts[rows]
        sizes = sums(grouping, counts)
        pairs = None
        if self.requirement.reads_sensitive and self.table.sensitive is not None:
            sensitive = self.table.sensitive[rows]
            cells, one = compact(refine(grouping, sensitive, self.table.kinds))
            pairs = grouping.of[one], sensitive[one], sums(cells, counts)
        return judge(self.requirement, sizes, pairs, self.overall).holds | (sizes == 0), sizes

    def holding(self, levels: tuple[int, ...], among: Bools) -> Bools:
        """The rows of ``among`` whose class at a node holds without the others."""
        rows = np.flatnonzero(among)
        kept = np.zeros(self.table.rows, np.bool_)
        if len(rows):
            every = classes(self.table, self.axes, levels)
            grouping, _ = compact(Grouping(of=every.of[rows], size=every.size))
            kept[rows] = self.judged(rows, grouping)[0][grouping.of]
        return kept

    def finish(self, levels: Ints, part: Ints, metric: Metric) -> Recoding:
        """Split the classes of one part and level vector until nothing is won."""
        kept = levels[:, 0] != _SUPPRESSED
        splitter, active = self.towards(kept), np.flatnonzero(kept)
        grouping = Grouping(of=part[active], size=int(part.max()) + 1)
        for axis, nodes, level, codes in zip(self.axes, self.nodes, levels.T, self.table.codes, strict=True):
            if len(active):
                grouping = refine(grouping, nodes[level[active], codes[active]], max(map(len, axis.labels)))
        splitter.split(levels, active, grouping)
        losses = []
        weight = float(self.table.counts.sum())
        for share, level, codes in zip(self.shares, levels.T, self.table.codes, strict=True):
            each = np.where(kept, share[np.where(kept, level, 0), codes], 1.0)
            losses.append(float(each @ self.table.counts) / weight)
        suppressed = int(self.table.counts[~kept].sum())
        return Recoding(levels=levels, loss=aggregate(metric, losses), suppressed=suppressed)

    def split(self, levels: Ints, rows: Ints, grouping: Grouping) -> None:
        """Lower the levels of these rows, in place."""
        while len(rows):
            grouping, _ = compact(grouping)
            rows, grouping = self._round(levels, rows, grouping)

    def _round(self, levels: Ints, rows: Ints, grouping: Grouping) -> tuple[Ints, Grouping]:
        """Lower the best attribute of every class at once; classes that win nothing are finished."""
        counts = self.table.counts[rows]
        best = np.zeros(grouping.size)
        which = np.full(grouping.size, -1)
        leaves = np.zeros(len(rows), np.int64)  # 0: stays; else 1 + the part that it leaves in
        for i, (share, codes) in enumerate(zip(self.shares, self.table.codes, strict=True)):
            level, code = levels[rows, i], codes[rows]
            below = np.maximum(level - 1, 0)
            parts = self._parts(i, rows, grouping, level, below, code)
            won = sums(grouping, np.where(parts > 0, counts * (share[level, code] - share[below, code]), 0.0))
            better = won > best
            best[better], which[better] = won[better], i
            leaves = np.where(better[grouping.of], parts, leaves)
        moving = leaves > 0
        levels[rows[moving], which[grouping.of[moving]]] -= 1
        going = which[grouping.of] >= 0
        cut = refine(Grouping(of=grouping.of, size=grouping.size), leaves, int(leaves.max(initial=0)) + 1)
        return rows[going], Grouping(of=cut.of[going], size=cut.size)

    def _parts(self, i: int, rows: Ints, grouping: Grouping, level: Ints, below: Ints, code: Ints) -> Ints:
        """For every row, 1 + the number of its part if it can leave its class one level lower, else 0."""
        able = level > 0
        if not able.any():
            return np.zeros(len(rows), np.int64)
        parts, first = compact(refine(grouping, self.nodes[i][below, code], max(map(len, self.axes[i].labels))))
        holds, sizes = self.judged(rows, parts)
        holds &= able[first]
        parent = grouping.of[first]
        fails = self._rest_fails(rows, grouping, holds[parts.of])
        if fails.any():
            # The smallest part that holds stays with the others, which then are enough.
            order = np.lexsort((sizes, ~holds, parent))
            smallest = order[np.flatnonzero(np.diff(parent[order], prepend=-1))]
            holds[smallest[fails[parent[smallest]]]] = False
            holds &= ~self._rest_fails(rows, grouping, holds[parts.of])[parent]
        return np.where(holds[parts.of], parts.of + 1, 0)

    def _rest_fails(self, rows: Ints, grouping: Grouping, leave: Bools) -> Bools:
        """Which classes do not hold without the rows that leave."""
        rest = ~leave
        held, _ = self.judged(rows[rest], Grouping(of=grouping.of[rest], size=grouping.size))
        return ~held
