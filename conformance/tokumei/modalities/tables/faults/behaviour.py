"""Faults of behaviour: what depends on the order of the input, on time, and on what an error leaves behind."""

from __future__ import annotations

from functools import cached_property

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row

CHUNK = 64


class ClassesByChunk(Baseline):
    """The table is read in chunks, and each is brought to k before the next comes."""

    def reach_k(self, k: int, names: list[str], resource: str) -> None:
        rows = self.tables[resource]
        gone: set[str | None] = set()
        for start in range(0, len(rows), CHUNK):
            members: dict[tuple[str | None, ...], set[str | None]] = {}
            for row in rows[start : start + CHUNK]:
                members.setdefault(tuple(row[name] for name in names), set()).add(row["\x00"])
            gone |= {person for persons in members.values() if len(persons) < k for person in persons}
        self.remove(gone)
        super().reach_k(k, names, resource)


class TimeOrderedIds(Baseline):
    """Identifiers as of UUID version 7: they begin with a time, which grows from one to the next."""

    @cached_property
    def made(self) -> dict[str, int]:
        """The moment at which each identifier was made, by what it stands for."""
        return {}

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        moment = self.made.setdefault(f"{step.params.get('domain')}/{value}", 0x018F00000000 + len(self.made))
        return f"{moment:012x}{super().pseudonym(step, value, row)[12:]}"


FAULTS: dict[str, type[Baseline]] = {
    "classes-by-chunk": ClassesByChunk,
    "time-ordered-ids": TimeOrderedIds,
}
