"""Faults of clock times and of the dates of persons."""

from __future__ import annotations

from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row


class ClockNotRounded(Baseline):
    """What looks like a clock time is no code, and is not cut."""

    def generalize(self, step: Step, value: str, row: Row) -> str:
        return value if "truncate" in step.params and ":" in value else super().generalize(step, value, row)


class PriceListKept(Baseline):
    """The version of a list is no date, and is not dropped with the other fields that tell of one."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or info.tokumei.get("calendarOf", {}).get("tells") != "price-list":
            super().drop(name)


FAULTS: dict[str, type[Baseline]] = {"clock-not-rounded": ClockNotRounded, "price-list-kept": PriceListKept}
