"""Faults in the numbers that stand for persons and rows."""

from __future__ import annotations

import dataclasses

from tokumei.declarations import PSEUDONYMS, Step
from tokumei.modalities.tables.baseline import Baseline, Row


class RowKeyAsNumber(Baseline):
    """The key of a row, not of the person, is read as a number and written again."""

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        digits = "".join(char for char in value if char.isdigit())
        if step.technique == "pseudonymize-random" and digits:
            return value.replace(digits, str(int(digits)))
        return super().pseudonym(step, value, row)


class PseudonymByTable(Baseline):
    """The name of the table goes into the domain of the pseudonym."""

    def apply(self, step: Step) -> None:
        if step.technique not in PSEUDONYMS:
            super().apply(step)
            return
        for name in step.fields:
            params = dict(step.params) | {"domain": f"{step.params.get('domain')}/{name.resource}"}
            super().apply(dataclasses.replace(step, fields=(name,), params=params))


FAULTS: dict[str, type[Baseline]] = {
    "row-key-as-number": RowKeyAsNumber,
    "pseudonym-by-table": PseudonymByTable,
}
