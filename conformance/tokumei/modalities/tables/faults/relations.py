"""Faults that break the relations between values of one row."""

from __future__ import annotations

import dataclasses

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class EachDateAlone(Baseline):
    """The number of days is drawn again for each further field of dates of a table."""

    def apply(self, step: Step) -> None:
        if step.technique != "date-shift":
            super().apply(step)
            return
        seen = set[str]()
        for name in step.fields:
            again = {"again": str(name)} if name.resource in seen else {}
            seen.add(name.resource)
            super().apply(dataclasses.replace(step, fields=(name,), params={**step.params, **again}))

    def shift(self, step: Step, value: str, row: Row) -> str:
        again = step.params.get("again")
        return super().shift(step, value, {**row, "\x00": f"{row[chr(0)]}/{again}"} if again else row)


FAULTS: dict[str, type[Baseline]] = {"each-date-alone": EachDateAlone}
