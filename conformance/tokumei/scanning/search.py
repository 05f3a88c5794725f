"""Many texts looked for at once, in one pass over a text however many they are (Aho and Corasick)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from tokumei.scanning.folding import CELL, cells, joined
from tokumei.scanning.spellings import Way, spellings

if TYPE_CHECKING:
    from tokumei.scanning.identifiers import Identifier

LONG = 12
"""So many digits are looked for across cells too; a shorter number stands alone in a cell, or it is met by chance."""


class Search:
    """The spellings of some identifiers; finds which of them stand in a text."""

    def __init__(self, identifiers: Iterable[Identifier]) -> None:
        self.short: list[int] = []
        """The identifiers no spelling of which is long enough to be looked for."""
        owners: dict[str, list[tuple[int, Way]]] = {}
        for number, identifier in enumerate(identifiers):
            found = spellings(identifier.kind, identifier.value)
            if not found:
                self.short.append(number)
            for text, way in found.items():
                owners.setdefault(text, []).append((number, way))
        alone = [text for text in owners if text.isdigit() and len(text) < LONG]
        across = [text for text in owners if not (text.isdigit() and len(text) < LONG)]
        self._alone, self._across = _Automaton(alone, owners), _Automaton(across, owners)

    def within(self, text: str, *, skip: str = "", compose: bool = True) -> Iterator[tuple[int, Way, bool]]:
        """Identifier, how it is written and whether cells part it, once for each place.

        ``text`` goes on after ``skip``, which was searched before: what ends within it is not told again.
        """
        apart, before = cells(skip + text, compose=compose), cells(skip, compose=compose)
        for start, end, owners in self._alone.matches(apart):
            if end > len(before) and not apart[start - 1 : start].isdigit() and not apart[end : end + 1].isdigit():
                yield from ((number, way, False) for number, way in owners)
        known, kept = len(joined(before)), None
        for start, end, owners in self._across.matches(joined(apart)):
            if end > known:
                kept = _kept(apart) if kept is None else kept
                parted = bool(kept[end - 1] - kept[start] >= end - start)
                yield from ((number, way, parted) for number, way in owners)


def _kept(apart: bytes) -> np.ndarray:
    """The place in ``apart`` of each byte of ``joined(apart)``."""
    return np.flatnonzero(np.frombuffer(apart, np.uint8) != ord(CELL))


class _Automaton:
    def __init__(self, patterns: list[str], owners: dict[str, list[tuple[int, Way]]]) -> None:
        self._owners = [owners[pattern] for pattern in patterns]
        self._engine = (
            BytesAhoCorasick(
                [pattern.encode("utf-8") for pattern in patterns],
                matchkind=MatchKind.Standard,
                implementation=Implementation.ContiguousNFA,
            )
            if patterns
            else None
        )

    def matches(self, text: bytes) -> Iterator[tuple[int, int, list[tuple[int, Way]]]]:
        if self._engine:
            for pattern, start, end in self._engine.find_matches_as_indexes(text, overlapping=True):
                yield start, end, self._owners[pattern]


__all__ = ["LONG", "Search"]
