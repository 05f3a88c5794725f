"""Faults that leave identifying descriptions: codes of them, dates of birth, addresses, free text."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row
from tokumei.model import Request


class SaltInTheSource(Baseline):
    """The key of every pseudonym is a word in the program."""

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        del row
        return hmac.new(b"secret", value.encode(), hashlib.sha256).hexdigest()[: int(step.params.get("bits", 128)) // 4]


class RowKeyBackwards(Baseline):
    """The key of a row, not of the person, is written from its end."""

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        return value[::-1] if step.technique == "pseudonymize-random" else super().pseudonym(step, value, row)


class RowNumbersFromBirth(Baseline):
    """A row is numbered by the birth date, which is still known when its column is gone."""

    numbered = 0

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is not None and info.tokumei.get("generator") == "birth-date":
            for row in self.tables[name.resource]:
                row["\x00birth"] = row[name.field]
        super().drop(name)

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        birth = row.get("\x00birth")
        if step.technique != "pseudonymize-random" or not birth:
            return super().pseudonym(step, value, row)
        self.numbered += 1
        return f"{birth.replace('-', '')}{self.numbered:04}"


class AddressCutTooLate(Baseline):
    """The residence is the address up to the last 市, 区, 町 or 村 in it, generalized in its first part only."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is not None and info.tokumei.get("generator") == "street-address":
            for row in self.tables[name.resource]:
                found = re.match("[^0-9]*[町村]", row[name.field] or "")
                row["\x00town"] = found.group() if found else ""
        super().drop(name)

    def generalize(self, step: Step, value: str, row: Row) -> str:
        town = (row.get("\x00town") or "") if "hierarchy" in step.params else ""
        return super().generalize(step, value, row) + town


class PostalCodeOfFiveDigits(Baseline):
    """The column of postal codes is cut, not dropped."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or "[0-9]{3}-[0-9]{4}" not in info.constraints.get("pattern", ""):
            super().drop(name)
            return
        for row in self.tables[name.resource]:
            value = row[name.field]
            row[name.field] = value[:6] if value else None


class NotesWithNamesMasked(Baseline):
    """Free text is kept, the names of this input masked, though it was to be dropped."""

    def __init__(self, request: Request, faults: frozenset[str]) -> None:
        super().__init__(request, faults)
        names = {
            str(row[info.name.field])
            for info in self.organization.fields()
            if info.tokumei.get("generator") == "person-name"
            for row in self.tables[info.name.resource]
            if row[info.name.field]
        }
        names |= {unicodedata.normalize("NFKC", name) for name in names}  # notes have full-width kana
        self.names = re.compile("|".join(re.escape(name) for name in sorted(names)) or "$^")

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or "freetext" not in info.classes:
            super().drop(name)
            return
        for row in self.tables[name.resource]:
            row[name.field] = self.names.sub("○○", row[name.field] or "") or None


FAULTS: dict[str, type[Baseline]] = {
    "salt-in-the-source": SaltInTheSource,
    "row-key-backwards": RowKeyBackwards,
    "notes-with-names-masked": NotesWithNamesMasked,
    "postal-code-of-five-digits": PostalCodeOfFiveDigits,
    "address-cut-too-late": AddressCutTooLate,
    "row-numbers-from-birth": RowNumbersFromBirth,
}
