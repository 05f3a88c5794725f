"""Faults that keep official numbers of persons, whole or in part, or make such numbers up."""

from __future__ import annotations

from collections.abc import Mapping

from tokumei import numbers
from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row

INSURER = "insurer-number"


class _Symbols(Baseline):
    """Knows which fields hold codes of persons."""

    def symbol(self, name: FieldName) -> bool:
        info = self.organization.field(name)
        return info is not None and "symbol" in info.classes

    def insurer(self, name: FieldName) -> bool:
        info = self.organization.field(name)
        return self.symbol(name) and info is not None and info.tokumei.get("generator") == INSURER

    def change(self, name: FieldName, keep: slice, mark: str = "") -> None:
        """Keep a part of each value of a field."""
        for row in self.tables[name.resource]:
            value = row[name.field]
            row[name.field] = None if value is None else mark + value[keep]


class InsuredNumberAsPseudonym(_Symbols):
    """A person's pseudonym is the insured number."""

    def find_persons(self) -> None:
        super().find_persons()
        key = self.organization.subject_key
        fields = [i.name for i in self.organization.fields() if self.symbol(i.name) and not self.insurer(i.name)]
        named = [name for name in fields if name.resource == key.resource]
        self.numbers = {r["\x00"]: r[named[-1].field] for r in self.tables[key.resource]} if named else {}

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        return self.numbers.get(value) or super().pseudonym(step, value, row)


class InsuredNumberMasked(_Symbols):
    """Insured numbers are masked to their last four digits, and stay."""

    def drop(self, name: FieldName) -> None:
        if self.symbol(name) and not self.insurer(name):
            self.change(name, slice(-4, None), "*")
        else:
            super().drop(name)


class InsurerNumberKept(_Symbols):
    """Insurer numbers stay as they are."""

    def drop(self, name: FieldName) -> None:
        if not self.insurer(name):
            super().drop(name)


class PseudonymsLookOfficial(Baseline):
    """Pseudonyms are individual numbers by their form and check digit."""

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        return numbers.generate("my-number", int(super().pseudonym(step, value, row), 16))


class CodeListNotNamed(Baseline):
    """The claim does not name the list of codes."""

    def claimed(self) -> Mapping[str, object]:
        return {key: value for key, value in super().claimed().items() if key != "codeList"}


FAULTS: dict[str, type[Baseline]] = {
    "insured-number-as-pseudonym": InsuredNumberAsPseudonym,
    "insured-number-masked": InsuredNumberMasked,
    "insurer-number-kept": InsurerNumberKept,
    "pseudonyms-look-official": PseudonymsLookOfficial,
    "code-list-not-named": CodeListNotNamed,
}
