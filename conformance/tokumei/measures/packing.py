"""The quasi-identifiers of a row as one number, where no two combinations of values have the same.

Each value has a code of 64 bits. For a column with few values a few bits of the code tell them apart, so that
several columns share one number, each with bits of its own: its ``Cell``. Which bits is found among the values that the
rows have, so nothing is left to chance; a column with many values keeps its whole code, in a number of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokumei.relation import Column

if TYPE_CHECKING:
    from tokumei.relation import Relation

MOST = 1000
"""A column of more values keeps its whole code: to look for bits would take longer than they save."""
BITS = 62
"""The bits of one number that are used; the sign is not."""
CHOICE = 8
"""Among so many free bits the one that separates most values is taken next."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where the value of one column stands: in which number, and in which of its bits; None for all of them."""

    number: int
    mask: int | None

    @property
    def key(self) -> Column:
        return Column(f"k{self.number}")

    def sql(self, code: str) -> str:
        """The part of ``code``, an expression, that tells the values apart."""
        return code if self.mask is None else f"({code} & {self.mask})"


def bits(codes: Collection[int], free: Collection[int]) -> int | None:
    """A mask of free bits that tells all the codes apart; None where these do not suffice."""
    left, mask = list(free), 0
    while len({code & mask for code in codes}) < len(codes):
        if not left:
            return None
        nearest = left[:CHOICE]
        best = max(nearest, key=lambda bit: len({code & (mask | 1 << bit) for code in codes}))
        mask |= 1 << best
        left.remove(best)
    return mask


def cells(codes: Mapping[int, Collection[int]], places: Collection[int]) -> dict[int, Cell]:
    """A cell for each place; those that ``codes`` does not tell keep their whole code."""
    found: dict[int, Cell] = {}
    number, free = 1, list(range(BITS))
    for place in places:
        if place not in codes:
            continue
        mask = bits(codes[place], free)
        if mask is None and found:
            number, free = number + 1, list(range(BITS))
            mask = bits(codes[place], free)
        if mask is not None:
            found[place] = Cell(number, mask)
            free = [bit for bit in free if not mask >> bit & 1]
    number = max((cell.number for cell in found.values()), default=0)
    whole = [place for place in places if place not in found]
    return found | {place: Cell(number + i, None) for i, place in enumerate(whole, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """How the columns ``q1`` … ``qn`` and ``s`` of a table stand in numbers, ``k1`` … and ``s``."""

    codes: Relation
    """``place, value, code``: the values of each column, which are counted from 1, ``s`` the last."""
    cells: tuple[Cell, ...]
    """Of ``q1`` … ``qn``."""
    s: Cell

    @property
    def keys(self) -> tuple[Column, ...]:
        """The numbers that tell a class."""
        return tuple(Column(f"k{number}") for number in sorted({cell.number for cell in self.cells}))

    @property
    def named(self) -> str:
        """The numbers made of ``q1`` … ``qn``, and that of ``s``, as a list to select."""
        made = {key: " | ".join(parts) for key, parts in self._made.items()}
        return ", ".join(f"{number} AS {key}" for key, number in (made | {Column("s"): self._s}).items())

    @property
    def joined(self) -> str:
        """The same with ``s`` in the number where it has its bits, if it has any there: one number less to group by."""
        made = self._made
        made.setdefault(self.s.key if self.s.key in made else Column("s"), []).append(self._s)
        return ", ".join(f"{' | '.join(parts)} AS {key}" for key, parts in made.items())

    @property
    def joined_keys(self) -> tuple[Column, ...]:
        """The numbers of ``joined``."""
        return self.keys if self.s.key in self.keys else (*self.keys, Column("s"))

    @property
    def parted(self) -> str:
        """The numbers of ``named`` made of those of ``joined``, as a list to select."""
        if self.s.key not in self.keys:
            return ", ".join(map(str, self.joined_keys))
        others = [key for key in self.keys if key != self.s.key]
        left = sum(cell.mask or 0 for cell in self.cells if cell.key == self.s.key)
        return ", ".join(
            [*map(str, others), f'{self.s.key} & {left} AS {self.s.key}, {self.s.sql(str(self.s.key))} AS "s"']
        )

    @property
    def _made(self) -> dict[Column, list[str]]:
        made: dict[Column, list[str]] = {key: [] for key in self.keys}
        for i, cell in enumerate(self.cells, 1):
            made[cell.key].append(cell.sql(f'code("q{i}")'))
        return made

    @property
    def _s(self) -> str:
        return self.s.sql('code("s")')

    def values(self, place: int) -> str:
        """``value, part`` of one column, ``part`` being what stands in its cell; ``{codes}`` is to be bound."""
        part = [*self.cells, self.s][place - 1].sql('"code"')
        return f'(SELECT "value", {part} AS "part" FROM {{codes}} AS codes WHERE "place" = {place})'

    def part(self, place: int) -> str:
        """What stands in the cell of one column of the table."""
        return (
            self.s.sql('"s"') if place > len(self.cells) else self.cells[place - 1].sql(str(self.cells[place - 1].key))
        )


__all__ = ["BITS", "MOST", "Cell", "Packed"]
