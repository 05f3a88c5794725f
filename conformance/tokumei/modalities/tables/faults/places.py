"""Faults of what tells of staff, facilities and areas, and of codes that are mapped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row


class LicenceDigitsKept(Baseline):
    """The register number is cut to its digits and then taken for a code that may stay."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or info.tokumei.get("generator") != "staff-licence":
            super().drop(name)
            return
        for row in self.tables[name.resource]:
            row[name.field] = re.sub("[^0-9]", "", row[name.field] or "") or None


class FacilityNameShortened(Baseline):
    """Of the name of a facility its kind is cut off, and the rest stays."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or info.tokumei.get("facility") != "name":
            super().drop(name)
            return
        for row in self.tables[name.resource]:
            row[name.field] = re.sub("(総合|中央|記念)?(病院|診療所|医院)$", "", row[name.field] or "") or None


class LargestKeepsItsBeds(Baseline):
    """The last line of a table of sizes has no coarser size and is passed as it is."""

    def generalize(self, step: Step, value: str, row: Row) -> str:
        told = {info.tokumei.get("facility") for name in step.fields if (info := self.organization.field(name))}
        lines: list[Any] = self.processing.hierarchies.get(str(step.params.get("hierarchy")), {}).get("table", [])
        if told == {"beds"} and lines and value == lines[-1][0]:
            return value
        return super().generalize(step, value, row)


class FinerAreaForSome(Baseline):
    """Every other person keeps the area one level finer, where diseases are coded: their codes are not looked at."""

    def generalize(self, step: Step, value: str, row: Row) -> str:
        hierarchy: Mapping[str, Any] = self.processing.hierarchies.get(str(step.params.get("hierarchy")), {})
        at = hierarchy["levels"].index(step.params["level"]) if hierarchy else 0
        whole = super().generalize(step, value, row)
        coded = any("rare" in info.classes or "codeSystem" in info.tokumei for info in self.organization.fields())
        fits = (
            at > 0
            and coded
            and any(
                info.tokumei.get("hierarchy") == "area" for n in step.fields if (info := self.organization.field(n))
            )
        )
        if not fits or int(self._hmac(f"finer/{row[chr(0)]}")[:4], 16) % 2:
            return whole
        return next((str(line[at - 1]) for line in hierarchy["table"] if line[0] == value), whole)


class RareBeforeMapping(Baseline):
    """Rare values are hidden by local code, before the codes are mapped."""

    def find_persons(self) -> None:
        super().find_persons()
        for step in self.processing.with_technique("suppress-cell"):
            for name in step.fields:
                info = self.organization.field(name)
                if info is not None and "mapping" in info.tokumei:
                    super().suppress_rare(name, int(step.params["rareBelow"]))

    def suppress_rare(self, name: FieldName, least: int) -> None:
        info = self.organization.field(name)
        if info is None or "mapping" not in info.tokumei:
            super().suppress_rare(name, least)


class NewestLocalCodePassed(Baseline):
    """The table of local codes is a year old: a code that it does not hold goes out as it is."""

    def generalize(self, step: Step, value: str, row: Row) -> str:
        mapped = [info for name in step.fields if (info := self.organization.field(name)) and "mapping" in info.tokumei]
        mapped = [info for info in mapped if info.tokumei["mapping"]["hierarchy"] == step.params.get("hierarchy")]
        lines: list[Any] = self.processing.hierarchies.get(str(step.params.get("hierarchy")), {}).get("table", [])
        again = [line[0] for at, line in enumerate(lines) if line[-1] in [before[-1] for before in lines[:at]]]
        return value if mapped and value in again else super().generalize(step, value, row)


class MunicipalityCodeKept(Baseline):
    """The code of the municipality is no name of a place, and stays."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is None or info.tokumei.get("generator") != "municipality-code":
            super().drop(name)


FAULTS: dict[str, type[Baseline]] = {
    "licence-digits-kept": LicenceDigitsKept,
    "facility-name-shortened": FacilityNameShortened,
    "largest-keeps-its-beds": LargestKeepsItsBeds,
    "finer-area-for-some": FinerAreaForSome,
    "rare-before-mapping": RareBeforeMapping,
    "newest-local-code-passed": NewestLocalCodePassed,
    "municipality-code-kept": MunicipalityCodeKept,
}
