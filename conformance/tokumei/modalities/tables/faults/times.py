"""Faults of clock times and of the dates of persons."""

from __future__ import annotations

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class ClockNotRounded(Baseline):
    """What looks like a clock time is no code, and is not cut."""

    def generalize(self, step: Step, value: str, row: Row) -> str:
        return value if "truncate" in step.params and ":" in value else super().generalize(step, value, row)


FAULTS: dict[str, type[Baseline]] = {"clock-not-rounded": ClockNotRounded}
