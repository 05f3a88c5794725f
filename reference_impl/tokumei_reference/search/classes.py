"""Classes of a table at a node of the lattice: who is suppressed there, and what the rest loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tokumei_reference.search.distinct import Combinations
from tokumei_reference.search.hierarchy import Axis, Floats, Ints
from tokumei_reference.search.requirement import Requirement, judge

Levels = tuple[int, ...]

_LARGEST = 1 << 62
_DENSE = 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouping:
    """The class of each row, below ``size``; not every number need occur."""

    of: Ints
    size: int


def compact(grouping: Grouping) -> tuple[Grouping, Ints]:
    """The same classes numbered without gaps, and one row of each."""
    rows = len(grouping.of)
    if _is_dense(grouping):
        last = np.full(grouping.size, -1)
        last[grouping.of] = np.arange(rows)
        used = np.flatnonzero(last >= 0)
        number = np.empty(grouping.size, np.int64)
        number[used] = np.arange(len(used))
        return Grouping(of=number[grouping.of], size=len(used)), last[used]
    order = np.argsort(grouping.of)
    ordered = grouping.of[order]
    first = np.empty(rows, np.bool_)
    first[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    of = np.empty(rows, np.int64)
    of[order] = np.cumsum(first) - 1
    return Grouping(of=of, size=int(first.sum())), order[first]


def _is_dense(grouping: Grouping) -> bool:
    """Whether an array of all class numbers is about as large as the table."""
    return grouping.size <= max(4 * len(grouping.of), _DENSE)


def refine(grouping: Grouping, codes: Ints, size: int) -> Grouping:
    """Cut classes by a further column. Numbers are kept small enough to count by, and never overflow."""
    if grouping.size > _LARGEST // max(size, 1):
        grouping, _ = compact(grouping)
    return Grouping(of=grouping.of * size + codes, size=grouping.size * size)


def countable(grouping: Grouping) -> Grouping:
    """A grouping whose numbers may index an array: as it is when there is room, else without gaps."""
    return grouping if _is_dense(grouping) else compact(grouping)[0]


def sums(grouping: Grouping, weights: Ints | Floats) -> Floats:
    """The sum of ``weights`` in each class; exact for counts up to 2^53 in all."""
    summed: Floats = np.bincount(grouping.of, weights.astype(np.float64), grouping.size).astype(np.float64, copy=False)
    return summed


def classes(table: Combinations, axes: Sequence[Axis], levels: Levels) -> Grouping:
    """The rows of one class show the same nodes."""
    grouping = Grouping(of=np.zeros(table.rows, np.int64), size=1)
    for axis, codes, level in zip(axes, table.codes, levels, strict=True):
        if len(axis.labels[level]) > 1:
            grouping = refine(grouping, axis.nodes[level][codes], len(axis.labels[level]))
    return grouping


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What a node does: the rows that stay, the subjects that do not, and the least that finer nodes lose.

    ``groups`` is the number of rows that a table rolled up to the node would have.
    """

    kept: NDArray[np.bool_]
    suppressed: int
    deficit: float
    groups: int


def outcome(
    table: Combinations, grouping: Grouping, requirement: Requirement, overall: Ints | None, may: int = 0
) -> Outcome:
    """Suppress the subjects of every class that does not hold, until all classes hold.

    At most ``may`` subjects are to be suppressed; a node that cannot do with so few is told by its deficit alone.
    """
    grouping = countable(grouping)
    if table.party is not None:
        return _of_parties(table, table.party, grouping, requirement)
    sizes = sums(grouping, table.counts)
    pairs, groups = None, int(np.count_nonzero(sizes))
    if requirement.reads_sensitive and table.sensitive is not None:
        dense, rows = compact(refine(grouping, table.sensitive, table.kinds))  # one pair a class and value
        pairs = grouping.of[rows], table.sensitive[rows], sums(dense, table.counts)
        groups = dense.size
    if requirement.moves and pairs is not None:
        return _of_moving(grouping, requirement, sizes, pairs, overall, may, groups)
    judged = judge(requirement, sizes, pairs, overall)
    lost = float(sizes[~judged.holds].sum())
    return Outcome(
        kept=judged.holds[grouping.of], suppressed=int(lost), deficit=float(judged.deficit.sum()), groups=groups
    )


def _of_moving(
    grouping: Grouping,
    requirement: Requirement,
    sizes: Floats,
    pairs: tuple[Ints, Ints, Floats],
    overall: Ints | None,
    may: int,
    groups: int,
) -> Outcome:
    """Compare with those who are kept: who goes changes that, so this is repeated; small classes go first."""
    deficit = float(judge(requirement.loosened(may / float(sizes.sum())), sizes, pairs, overall).deficit.sum())
    stays = sizes >= requirement.k
    of, value, n = pairs
    while deficit <= may + 1e-6 and stays.any():
        inside = stays[of]
        whole = np.bincount(value[inside], n[inside], int(value.max()) + 1)
        holds = judge(requirement, sizes, pairs, whole.astype(np.int64)).holds
        if holds[stays].all():
            break
        stays &= holds
    lost = int(sizes[~stays].sum())
    return Outcome(kept=stays[grouping.of], suppressed=lost, deficit=deficit, groups=groups)


def _of_parties(table: Combinations, party: Ints, grouping: Grouping, requirement: Requirement) -> Outcome:
    """Subjects of several classes: who goes makes other classes smaller, so this is repeated.

    What is left is the largest set of subjects in which every class holds. It only grows when classes are
    joined, so the number suppressed is itself the bound for finer nodes.
    """
    number = int(party.max()) + 1
    weight = np.zeros(number)
    weight[party] = table.counts
    members, first = compact(refine(grouping, party, number))
    of, who = grouping.of[first], party[first]
    values = np.zeros(0, np.int64)
    if table.sensitive is not None and requirement.l is not None:
        _, values = compact(refine(Grouping(of=members.of, size=members.size), table.sensitive, table.kinds))
    here = np.ones(number, np.bool_)
    while True:
        stays = here[who]
        sizes = sums(Grouping(of=of[stays], size=grouping.size), weight[who[stays]])
        holds = (sizes >= requirement.k) | (sizes == 0)
        if len(values):
            alive = values[here[party[values]]]
            assert table.sensitive is not None
            held_by = Grouping(of=grouping.of[alive], size=grouping.size)
            _, rows = compact(refine(held_by, table.sensitive[alive], table.kinds))
            distinct = np.bincount(held_by.of[rows], minlength=grouping.size)
            holds &= (distinct >= (requirement.l or 0)) | (sizes == 0)
        gone = who[stays & ~holds[of]]
        if not len(gone):
            break
        here[gone] = False
    lost = float(weight[~here].sum())
    return Outcome(kept=here[party], suppressed=int(lost), deficit=lost, groups=table.rows)


def roll_up(table: Combinations, grouping: Grouping) -> Combinations:
    """The table with the rows of one class (and sensitive value) joined: enough for every coarser node."""
    if table.sensitive is not None:
        grouping = refine(grouping, table.sensitive, table.kinds)
    joined, rows = compact(grouping)
    counts = sums(joined, table.counts).astype(np.int64)
    return replace(
        table,
        codes=tuple(codes[rows] for codes in table.codes),
        counts=counts,
        sensitive=None if table.sensitive is None else table.sensitive[rows],
    )


def tally(axis: Axis, level: int, codes: Ints, weights: Ints) -> Floats:
    """How many of ``weights`` fall on each node of a level; whole numbers, so in any order the same."""
    return sums(Grouping(of=axis.nodes[level][codes], size=len(axis.labels[level])), weights)
