"""Faults of dates, of reports, and of what is rare: values that few people have are let through."""

from __future__ import annotations

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class ShiftOfNothing(Baseline):
    """The offset is looked up by the person's number, and the table of offsets holds odd ones only."""

    def shift(self, step: Step, value: str, row: Row) -> str:
        digits = [char for char in row["\x00"] or "" if char.isdigit()]
        return value if digits and int(digits[-1]) % 2 == 0 else super().shift(step, value, row)


FAULTS: dict[str, type[Baseline]] = {
    "shift-of-nothing": ShiftOfNothing,
}
