"""Faults of how risk is reckoned: averages in place of the worst, persons who are not counted."""

from __future__ import annotations

from collections import defaultdict

from tokumei.declarations import FieldName, Step
from tokumei.modalities.tables.baseline import Baseline, Row


class RiskAveraged(Baseline):
    """Classes are large enough when they are so on average."""

    def reach_k(self, k: int, names: list[str], resource: str) -> None:
        while self.tables[resource]:
            classes: dict[tuple[str | None, ...], set[str | None]] = defaultdict(set)
            for row in self.tables[resource]:
                classes[tuple(row[name] for name in names)].add(row["\x00"])
            if sum(map(len, classes.values())) >= k * len(classes):
                return
            self.remove(min(classes.values(), key=len))


class MissingLeftOutOfRisk(Baseline):
    """Rows with a missing quasi-identifier are in no class, and nobody looks at them."""

    def reach_k(self, k: int, names: list[str], resource: str) -> None:
        whole = [row for row in self.tables[resource] if all(row[name] is not None for name in names)]
        rest = [row for row in self.tables[resource] if any(row[name] is None for name in names)]
        self.tables[resource] = whole
        super().reach_k(k, names, resource)
        self.tables[resource] += rest


class DiversityIgnored(Baseline):
    """Classes need persons, and nobody looks at what these have in common."""

    def alike(self, resource: str) -> set[str | None]:
        return set()


class DiversityOfTheWhole(Baseline):
    """The sensitive values are counted over all rows."""

    def alike(self, resource: str) -> set[str | None]:
        values = {t.sensitive: t.l for t in self.processing.targets if t.sensitive and t.sensitive.resource == resource}
        rows = self.tables[resource]
        few = any(len({row[name.field] for row in rows}) < least for name, least in values.items())
        return super().alike(resource) if few else set()


class CoarserForTheSensitive(Baseline):
    """How much is hidden of a person goes by the sensitive value: the band of age widens with it, and then is left out."""

    WIDTHS = (20, 30, 40, 60)

    def reach_k(self, k: int, names: list[str], resource: str) -> None:
        fields = [i.name.field for i in self.organization.resource(resource).fields if "sensitive" in i.classes]
        shown = [name for name in fields if name in self.columns[resource]]
        if shown:
            rows = self.tables[resource]
            ordered = sorted({row[shown[-1]] or "" for row in rows})
            for row in rows:
                level = ordered.index(row[shown[-1]] or "") * (len(self.WIDTHS) + 2) // len(ordered)
                row[names[0]] = self._widened(row[names[0]], level)
        super().reach_k(k, names, resource)

    def _widened(self, label: str | None, level: int) -> str | None:
        low = (label or "").partition("-")[0]
        if not level:
            return label
        if level > len(self.WIDTHS) or not low.isdigit():
            return None
        width = self.WIDTHS[level - 1]
        first = int(low) // width * width
        return f"{first}-{first + width - 1}"


class ExactValueBesideClass(Baseline):
    """What was grouped is kept in columns for sorting, and they are written out."""

    def generalize(self, step: Step, value: str, row: Row) -> str:
        for name in step.fields:
            if "truncate" not in step.params and f"sort_{name.field}" not in self.columns[name.resource]:
                self.columns[name.resource].append(f"sort_{name.field}")
                for other in self.tables[name.resource]:
                    other[f"sort_{name.field}"] = other[name.field]
        return super().generalize(step, value, row)


class MonthOfBirthBeside(Baseline):
    """The date of birth is dropped, and the month that ages were reckoned from is left."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        if info is not None and info.tokumei.get("generator") == "birth-date":
            self.columns[name.resource].append("base_month")
            for row in self.tables[name.resource]:
                row["base_month"] = (row[name.field] or "")[:7] or None
        super().drop(name)


class ExactAgeOfTheOldest(Baseline):
    """Numbers above the bound are noted in a column of their own before they are merged."""

    def noted(self, name: FieldName, value: str, row: Row) -> str | None:
        del name, row
        return value

    def code(self, step: Step, value: str, row: Row) -> str:
        changed, name = super().code(step, value, row), step.fields[0]
        info = self.organization.field(name)
        if changed != value and info is not None and "quasi" in info.classes:
            if "note" not in self.columns[name.resource]:
                self.columns[name.resource].append("note")
                for other in self.tables[name.resource]:
                    other["note"] = None
            row["note"] = self.noted(name, value, row)
        return changed


class BirthMonthOfTheOldest(ExactAgeOfTheOldest):
    """The month of birth is noted of those who are merged above the bound."""

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        for row in (
            self.tables[name.resource] if info is not None and info.tokumei.get("generator") == "birth-date" else ()
        ):
            row["\x00month"] = (row[name.field] or "")[:7]
        super().drop(name)

    def noted(self, name: FieldName, value: str, row: Row) -> str | None:
        return row.get("\x00month")


FAULTS: dict[str, type[Baseline]] = {
    "risk-averaged": RiskAveraged,
    "diversity-ignored": DiversityIgnored,
    "diversity-of-the-whole": DiversityOfTheWhole,
    "coarser-for-the-sensitive": CoarserForTheSensitive,
    "exact-value-beside-class": ExactValueBesideClass,
    "month-of-birth-beside": MonthOfBirthBeside,
    "exact-age-of-the-oldest": ExactAgeOfTheOldest,
    "birth-month-of-the-oldest": BirthMonthOfTheOldest,
    "missing-left-out-of-risk": MissingLeftOutOfRisk,
}
