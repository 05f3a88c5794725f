"""The risk of the released rows under the prosecutor model, counted over persons; counts and rates only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import duckdb

from tokumei_reference.declarations import Field, Organization
from tokumei_reference.privacy import Targets
from tokumei_reference.techniques import Released


@dataclass(frozen=True, slots=True)
class Risk:
    """How well a class of equal quasi-identifiers hides a person in one table.

    ``sizes`` maps the size of the smallest class that a person lies in, in persons, to the number of such persons.
    """

    resource: str
    quasi: tuple[str, ...]
    target: str
    classes: int
    sizes: Mapping[int, int]

    def report(self) -> dict[str, Any]:
        persons = sum(self.sizes.values())
        mean = sum((Fraction(n, size) for size, n in self.sizes.items()), Fraction(0))
        return {
            "resource": self.resource,
            "quasi": list(self.quasi),
            "target": self.target or None,
            "persons": persons,
            "classes": self.classes,
            "k": min(self.sizes, default=None),
            "uniquePersons": self.sizes.get(1, 0),
            "prosecutorRisk": {
                "maximum": round(1 / min(self.sizes), 6) if self.sizes else None,
                "mean": round(float(mean / persons), 6) if persons else None,
            },
        }


def assess(
    connection: duckdb.DuckDBPyConnection,
    organization: Organization,
    columns: Mapping[str, list[Released]],
    targets: Targets,
) -> tuple[Risk, ...]:
    """One risk for each target of k; without one, over the released fields declared ``quasi`` of each table."""
    asked = [(at, fields) for at, fields, _ in targets.k]
    if not asked:
        asked = [
            ("", tuple(column.field for column in released if "quasi" in column.field.classes))
            for released in columns.values()
        ]
    return tuple(_assess(connection, organization, at, fields) for at, fields in asked if fields)


def _assess(
    connection: duckdb.DuckDBPyConnection, organization: Organization, at: str, fields: tuple[Field, ...]
) -> Risk:
    resource = fields[0].resource
    names = ", ".join(field.column for field in fields)
    # A person is in the smallest of his classes when the attacker knows the row that shows him best.
    member = f"(SELECT DISTINCT p, {names} FROM r{organization.resource(resource).index} WHERE p IS NOT NULL)"
    rows = connection.execute(
        f"SELECT size, count(*) FROM (SELECT p, min(n) AS size FROM "
        f"(SELECT p, count(*) OVER (PARTITION BY {names}) AS n FROM {member}) GROUP BY p) GROUP BY size ORDER BY size"
    ).fetchall()
    [(classes,)] = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM {member})").fetchall()
    return Risk(resource, tuple(field.name for field in fields), at, int(classes), {int(s): int(n) for s, n in rows})
