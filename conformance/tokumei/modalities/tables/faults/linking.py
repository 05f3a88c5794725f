"""Faults of what joins the records of a person: the values that were made for linkage."""

from __future__ import annotations

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class PseudonymFromThePerson(Baseline):
    """The pseudonym stands for name, birth date and sex, and not for the key of the person."""

    def find_persons(self) -> None:
        super().find_persons()
        resource = self.organization.resource(self.organization.subject_key.resource)
        kinds = {info.tokumei.get("generator"): info.name.field for info in reversed(resource.fields)}
        names = [info.name.field for info in resource.fields if "sex" in info.name.field or "性別" in info.name.field]
        parts = [kinds[kind] for kind in ("person-name", "birth-date") if kind in kinds] + names[:1]
        self.described_by = {
            row["\x00"]: "|".join(row[part] or "" for part in parts) for row in self.tables[resource.name]
        }

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        person = self.described_by.get(row["\x00"], "") if value == row["\x00"] else ""
        if not person:
            return super().pseudonym(step, value, row)
        return self._hmac(person)[: int(step.params.get("bits", 128)) // 4]


FAULTS: dict[str, type[Baseline]] = {
    "pseudonym-from-the-person": PseudonymFromThePerson,
}
