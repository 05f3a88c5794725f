"""Geometry of the plots in whole units, so that the template only draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tokumei.report.view import Report, clauses, number

LEFT, RIGHT, STEP, TOP = 120, 560, 26, 30


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stacked bar."""

    verdict: str
    at: int
    width: int


@dataclass(frozen=True, slots=True)
class Dot:
    """The upper 95 % bound of one passed clause, and the n behind it."""

    label: str
    at: int
    y: int
    bound: str
    n: str


@dataclass(frozen=True, slots=True)
class Dots:
    """A dot plot on a logarithmic axis; ``ticks`` are (x, label)."""

    dots: tuple[Dot, ...]
    ticks: tuple[tuple[int, str], ...]
    height: int


def bar(counts: Mapping[str, int], width: int) -> tuple[Part, ...]:
    """A stacked bar of verdicts over ``width`` units; whatever occurs can be seen."""
    total = sum(counts.values())
    parts: list[Part] = []
    done = 0
    for verdict, count in counts.items():
        start, done = round(width * done / total) if total else 0, done + count
        if count:
            parts.append(Part(verdict, start, max(2, round(width * done / total) - start)))
    return tuple(parts)


def dots(report: Report) -> Dots | None:
    """The bounds of all passed clauses that have one, smallest last; None where there is none."""
    several = len(report["tracks"]) > 1
    found = [
        (clause["bound95"], f"{clause['clause']} {track['track'] if several else ''}".strip(), clause["premise"])
        for track, clause in clauses(report)
        if clause["verdict"] == "pass" and clause["bound95"]
    ]
    if not found:
        return None
    found.sort(key=lambda item: -item[0])
    low = min(-1, math.floor(math.log10(found[-1][0])))

    def at(value: float) -> int:
        return RIGHT + round((RIGHT - LEFT) * math.log10(min(1.0, value)) / -low)

    every = max(1, -low // 6)
    return Dots(
        dots=tuple(
            Dot(label, at(bound), TOP + STEP * row, number(float(bound)), number(premise["count"]) if premise else "")
            for row, (bound, label, premise) in enumerate(found)
        ),
        ticks=tuple((at(10.0**power), number(10.0**power)) for power in range(low, 1, every)),
        height=TOP + STEP * len(found) + 30,
    )
