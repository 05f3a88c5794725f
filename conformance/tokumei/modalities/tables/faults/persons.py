"""Faults of who is in a release: refusals read row by row, children that stay behind, columns nobody declared."""

from __future__ import annotations

from typing import ClassVar

from tokumei.declarations import FieldName
from tokumei.modalities.tables.baseline import Baseline
from tokumei.model import Response


class RefusalByRow(Baseline):
    """Rows that tell of a refusal go, and not the person."""

    def suppress_records(self, *, late: bool = False) -> None:
        for step in self.processing.with_technique("suppress-record"):
            name = FieldName.parse(str(step.params["field"]))
            kept = [row for row in self.tables[name.resource] if row.get(name.field) not in step.texts]
            self.tables[name.resource] = kept
        people = {row["\x00"] for row in self.tables[self.organization.subject_key.resource]}
        self.remove({row["\x00"] for rows in self.tables.values() for row in rows} - people)


class ExcludedChildrenStay(Baseline):
    """An excluded person goes from the table that tells so, and from no other."""

    def suppress_records(self, *, late: bool = False) -> None:
        before = self.tables
        super().suppress_records(late=late)
        telling = {
            FieldName.parse(str(s.params["field"])).resource for s in self.processing.with_technique("suppress-record")
        }
        self.tables = {name: rows if name in telling else before[name] for name, rows in self.tables.items()}


class UndeclaredColumnsKept(Baseline):
    """Whatever columns a table has are released, after those that are declared."""

    def find_persons(self) -> None:
        for name, rows in self.tables.items():
            self.columns[name] += [column for column in (rows[0] if rows else ()) if column not in self.columns[name]]
        super().find_persons()


class NobodyIsSomebody(Baseline):
    """Each row without a person key counts as a person of its own."""

    def find_persons(self) -> None:
        super().find_persons()
        for name, rows in self.tables.items():
            for place, row in enumerate(rows):
                row["\x00"] = f"{name} {place}" if row["\x00"] is None else row["\x00"]


class AdmittedForGood(Baseline):
    """Who was released is in a register, and only those who are new are looked at again.

    A product is a subclass of its own, so that each has its own register.
    """

    register: ClassVar[set[str | None]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.register = set()

    def suppress_records(self, *, late: bool = False) -> None:
        before = self.tables
        super().suppress_records(late=late)
        people = {row["\x00"] for row in self.tables[self.organization.subject_key.resource]} | self.register
        self.tables = {name: [row for row in rows if row["\x00"] in people] for name, rows in before.items()}

    def response(self) -> Response:
        response = super().response()
        self.register.update(row["\x00"] for row in self.tables[self.organization.subject_key.resource])
        return response


FAULTS: dict[str, type[Baseline]] = {
    "refusal-by-row": RefusalByRow,
    "excluded-children-stay": ExcludedChildrenStay,
    "undeclared-columns-kept": UndeclaredColumnsKept,
    "nobody-is-somebody": NobodyIsSomebody,
    "admitted-for-good": AdmittedForGood,
}
