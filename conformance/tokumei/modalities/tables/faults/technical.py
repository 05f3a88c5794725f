"""Faults of what programs keep beside the data: times of loading and sums of rows."""

from __future__ import annotations

import hashlib

from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row


class LoadingTimeKept(Baseline):
    """Audit columns are no data, and nobody takes them out."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or info.type != "datetime" or "system" not in info.classes:
            super().drop(name)


class RowSumAsIdentifier(Baseline):
    """The identifier of a row, not of a person, is the sum of the row as it came; of persons, where no other is asked."""

    def find_persons(self) -> None:
        self.sums = {
            (name, place): hashlib.sha256("|".join(value or "" for value in row.values()).encode()).hexdigest()
            for name, rows in self.tables.items()
            for place, row in enumerate(rows)
        }
        for name, rows in self.tables.items():
            for place, row in enumerate(rows):
                row["\x00sum"] = self.sums[name, place]
        super().find_persons()

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        drawn = step.technique == "pseudonymize-random"
        return (row["\x00sum"] or "")[:24] if drawn else super().pseudonym(step, value, row)


FAULTS: dict[str, type[Baseline]] = {
    "loading-time-kept": LoadingTimeKept,
    "row-sum-as-identifier": RowSumAsIdentifier,
}
