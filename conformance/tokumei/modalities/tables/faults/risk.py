"""Faults of how risk is reckoned: averages in place of the worst, persons who are not counted."""

from __future__ import annotations

from collections import defaultdict

from tokumei.modalities.tables.baseline import Baseline


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
        for target in self.processing.targets:
            if target.sensitive is not None and target.sensitive.resource == resource:
                if len({row[target.sensitive.field] for row in self.tables[resource]}) < target.l:
                    return super().alike(resource)
        return set()


FAULTS: dict[str, type[Baseline]] = {
    "risk-averaged": RiskAveraged,
    "diversity-ignored": DiversityIgnored,
    "diversity-of-the-whole": DiversityOfTheWhole,
    "missing-left-out-of-risk": MissingLeftOutOfRisk,
}
