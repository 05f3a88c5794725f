"""Faults of what remains where nobody looks: titles, places of care, the width of a code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row

WIDTH = 4
"""Characters of a code in the table of an older system."""


class TitleOfTheLastPerson(Baseline):
    """The title of a form is filled with the name of the person read last, and written out with the data."""

    def described(self) -> Mapping[str, object]:
        names = [
            row[info.name.field]
            for info in self.organization.fields()
            if info.tokumei.get("generator") == "person-name" and info.tokumei.get("person") == "subject"
            for row in self.request.data[info.name.resource].to_pylist()
        ]
        last: Any = next((name for name in reversed(names) if name), "")
        return dict(super().described()) | {"title": str(last)}


class AreasOfFacilitiesKept(Baseline):
    """The area of a facility is no name and no code of it, and so it is not dropped with these."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or info.tokumei.get("facility") != "area":
            super().drop(name)


class CodesPadded(Baseline):
    """A code that was cut is padded to the width of the column that it goes to."""

    def generalize(self, step: Step, value: str, row: Row) -> str:
        told = super().generalize(step, value, row)
        coded = {
            name for name in step.fields if (info := self.organization.field(name)) and "codeSystem" in info.tokumei
        }
        return told.ljust(WIDTH, "X") if coded and "truncate" in step.params else told


FAULTS: dict[str, type[Baseline]] = {
    "title-of-the-last-person": TitleOfTheLastPerson,
    "areas-of-facilities-kept": AreasOfFacilitiesKept,
    "codes-padded": CodesPadded,
}
