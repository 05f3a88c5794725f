"""Faults that leave a part of an identifying description in a column of its own."""

from __future__ import annotations

from tokumei.declarations import FieldName
from tokumei.modalities.tables.baseline import Baseline


class _Beside(Baseline):
    """Adds a column made of a field of the person that is dropped."""

    generator = ""
    column = ""

    def part(self, value: str) -> str:
        return value

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        own = info.tokumei if info is not None else {}
        whose = own.get("person") in (None, "subject") and name.resource == self.organization.subject_key.resource
        wanted = own.get("generator") == self.generator and whose and self.column not in self.columns[name.resource]
        if wanted:
            for row in self.tables[name.resource]:
                value = row[name.field]
                row[self.column] = self.part(value) if value else None
        super().drop(name)
        if wanted:
            self.columns[name.resource].append(self.column)


class InitialsBesideTheRest(_Beside):
    """Initials of the first script of a name that is dropped."""

    generator = "person-name"
    column = "initials"

    def part(self, value: str) -> str:
        return ".".join(part[0] for part in value.split()) + "."


class BirthdayBesideTheRest(_Beside):
    """Month and day of the birth, without the year."""

    generator = "birth-date"
    column = "birthday"

    def part(self, value: str) -> str:
        return value[5:]


FAULTS: dict[str, type[Baseline]] = {
    "initials-beside-the-rest": InitialsBesideTheRest,
    "birthday-beside-the-rest": BirthdayBesideTheRest,
}
