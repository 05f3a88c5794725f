"""Faults of dates, of reports, and of what is rare: values that few people have are let through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row


class ShiftOfNothing(Baseline):
    """The offset is looked up by the person's number, and the table of offsets holds odd ones only."""

    def shift(self, step: Step, value: str, row: Row) -> str:
        digits = [char for char in row["\x00"] or "" if char.isdigit()]
        return value if digits and int(digits[-1]) % 2 == 0 else super().shift(step, value, row)


class NumbersOnlyTarget(Baseline):
    """The claimed target names the quasi-identifiers that the risk tool can read: numbers."""

    def claimed(self) -> Mapping[str, object]:
        claim: dict[str, Any] = dict(super().claimed())
        return claim | {"targets": [self._readable(target) for target in claim["targets"]]}

    def _readable(self, target: Mapping[str, Any]) -> Mapping[str, Any]:
        known = [text for text in target.get("quasi", []) if self._is_number(FieldName.parse(text))]
        return dict(target) | {"quasi": known} if known else target

    def _is_number(self, name: FieldName) -> bool:
        info = self.organization.field(name)
        return info is not None and info.type == "integer"


class RowsReportedAsPersons(Baseline):
    """The report counts the rows that went."""

    def suppressed(self) -> int:
        resource = self.organization.subject_key.resource
        return len(self.admitted[resource]) - len(self.tables[resource])


class TopCodeAfterBins(Baseline):
    """Bands come first; the coding of extremes then finds texts, and leaves them."""

    def code(self, step: Step, value: str, row: Row) -> str:
        banded = {name for other in self.processing.steps if "bin" in other.params for name in other.fields}
        return value if banded & set(step.fields) else super().code(step, value, row)


class RareOverRows(Baseline):
    """A value is rare when it has few rows."""

    def suppress_rare(self, name: FieldName, least: int) -> None:
        rows = Counter(row[name.field] for row in self.tables[name.resource])
        for row in self.tables[name.resource]:
            if rows[row[name.field]] < least:
                row[name.field] = None


class RareInFirstFieldOnly(Baseline):
    """A step over several fields hides the rare values of the first."""

    def suppress_rare(self, name: FieldName, least: int) -> None:
        if all(step.fields[0] == name for step in self.processing.with_technique("suppress-cell")):
            super().suppress_rare(name, least)


FAULTS: dict[str, type[Baseline]] = {
    "shift-of-nothing": ShiftOfNothing,
    "numbers-only-target": NumbersOnlyTarget,
    "rows-reported-as-persons": RowsReportedAsPersons,
    "top-code-after-bins": TopCodeAfterBins,
    "rare-over-rows": RareOverRows,
    "rare-in-first-field-only": RareInFirstFieldOnly,
}
