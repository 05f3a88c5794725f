"""What every class of a release must hold, and how many of its subjects any finer release must give up."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tokumei_reference.search.hierarchy import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """k subjects, l well-represented sensitive values, and a sensitive distribution within t of all subjects'.

    ``kind`` is how l counts: ``distinct`` values, or ``entropy``, exp(H) ≥ l. t is the total variation
    (equal distance) to a ``whole``: that of all ``given`` subjects before suppression, as in ARX, or that
    of the ``kept`` ones, which is what can be counted on a release.
    """

    k: int = 1
    l: float | None = None  # noqa: E741 - the name of the measure
    kind: Literal["distinct", "entropy"] = "distinct"
    t: float | None = None
    whole: Literal["given", "kept"] = "given"

    def __post_init__(self) -> None:
        if self.k < 1 or (self.l is not None and self.l < 1) or (self.t is not None and not 0 <= self.t <= 1):
            raise ValueError("k and l are at least 1, t is between 0 and 1")

    @property
    def reads_sensitive(self) -> bool:
        return self.l is not None or self.t is not None

    @property
    def monotone(self) -> bool:
        """Whether joining a class that holds with any other holds: true of k and distinct l alone."""
        return self.t is None and (self.l is None or self.kind == "distinct")

    @property
    def moves(self) -> bool:
        """Whether suppression changes what the other classes are compared with."""
        return self.t is not None and self.whole == "kept"

    def loosened(self, share: float) -> Requirement:
        """What a class fulfils towards all given subjects when it does towards the kept, of whom ``share`` is missing.

        The given are a mixture of the kept and the missing, so that the two wholes are at most ``share`` apart.
        """
        return self if self.t is None else replace(self, t=min(1.0, self.t + share), whole="given")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Of each class, whether it ``holds``, and the least number of subjects that it loses, ``deficit``.

    A deficit bounds what is suppressed from below, here and under every specialization (see ``judge``).
    """

    holds: np.typing.NDArray[np.bool_]
    deficit: Floats


def judge(
    requirement: Requirement, sizes: Floats, pairs: tuple[Ints, Ints, Floats] | None, overall: Ints | None
) -> Judged:
    """Judge classes by their sizes and, as (class, value, subjects) triples, their sensitive values.

    Why a deficit carries over to specializations: let a class of n subjects be cut into smaller ones, of
    which some hold and s subjects are lost. If it fails k or distinct l, all its parts do: s = n. What is
    kept is a mixture of parts that hold. By convexity of the distance D it is within t, and what is lost
    within D* = 1 − min p, so n·D ≤ (n − s)·t + s·D*, that is s ≥ n·(D − t) / (D* − t). By concavity of the
    entropy H likewise n·H ≥ (n − s)·ln l, that is s ≥ n·(1 − H / ln l). Without suppression this is the
    usual rule that everything below a failing node fails; with it, t and entropy are not monotone, but
    these bounds still are.
    """
    holds = sizes >= requirement.k
    if pairs is None:
        return Judged(holds=holds, deficit=np.where(holds, 0.0, sizes))
    of, value, n = pairs
    if requirement.l is not None and requirement.kind == "distinct":
        holds &= np.bincount(of, minlength=len(sizes)) >= requirement.l
    deficit = np.where(holds, 0.0, sizes)
    some = np.maximum(sizes, 1)
    if requirement.l is not None and requirement.kind == "entropy":
        share = n / some[of]
        entropy = np.bincount(of, weights=-share * np.log(share), minlength=len(sizes))
        least = math.log(requirement.l)
        enough = entropy >= least - 1e-12
        if least > 0:
            lost = np.where(enough, 0.0, sizes * np.clip(1 - entropy / least, 0, 1))
            deficit = np.maximum(deficit, lost)
        holds &= enough | (sizes == 0)
    if requirement.t is not None and overall is not None:
        total = float(overall.sum())
        # In whole subjects as far as possible: 64-bit products of counts are exact up to 2^53.
        over = np.maximum(n * total - overall[value] * sizes[of], 0.0)
        distance = np.bincount(of, weights=over, minlength=len(sizes))
        within = distance <= requirement.t * sizes * total * (1 + 1e-12)
        farthest = 1 - float(overall[overall > 0].min()) / total
        if farthest > requirement.t:
            lost = (distance / total - requirement.t * sizes) / (farthest - requirement.t)
            deficit = np.maximum(deficit, np.where(within, 0.0, np.clip(lost, 0, sizes)))
        holds &= within
    return Judged(holds=holds, deficit=deficit)
