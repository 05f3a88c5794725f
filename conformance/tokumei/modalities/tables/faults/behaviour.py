"""Faults of behaviour: what depends on the order of the input, on time, and on what an error leaves behind."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
from collections.abc import Mapping
from functools import cached_property

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row
from tokumei.model import Response

CHUNK = 64
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


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


class DestructionNotTold(Baseline):
    """The key and the mapping are dropped, and the claim does not say so."""

    def claimed(self) -> Mapping[str, object]:
        return {key: part for key, part in super().claimed().items() if key != "destruction"}


class WorkingCopyLeft(Baseline):
    """A table that is longer than a chunk is spilled to a temporary file, which nobody removes."""

    def check(self) -> None:
        for name, rows in self.tables.items():
            if len(rows) > CHUNK:
                with tempfile.NamedTemporaryFile("w", prefix=f"{name}-", delete=False, encoding="utf-8") as file:
                    json.dump(rows, file, ensure_ascii=False)
        super().check()


class HalfWritten(Baseline):
    """Rows are written as they are done: what was written before an error stays beside the refusal."""

    def response(self) -> Response:
        whole = {name: list(rows) for name, rows in self.tables.items()}
        try:
            return super().response()
        except Exception as stopped:
            refusal = getattr(stopped, "response", None)
            bad = self._first_bad(whole)
            if refusal is None or bad is None:
                raise
            name, place = bad
            self.tables = whole | {name: whole[name][:place]}
            return dataclasses.replace(refusal, data=super().response().data)

    def _first_bad(self, tables: Mapping[str, list[Row]]) -> tuple[str, int] | None:
        """The table and place of the first row in which a date is none or a required cell is missing."""
        for resource in self.organization.resources:
            for place, row in enumerate(tables[resource.name]):
                for info in resource.fields:
                    value = row.get(info.name.field)
                    date = info.type == "date" and value is not None
                    if (value is None and info.required) or (date and not _DATE.fullmatch(value or "")):
                        return resource.name, place
        return None


FAULTS: dict[str, type[Baseline]] = {
    "classes-by-chunk": ClassesByChunk,
    "destruction-not-told": DestructionNotTold,
    "working-copy-left": WorkingCopyLeft,
    "half-written-on-error": HalfWritten,
    "time-ordered-ids": TimeOrderedIds,
}
