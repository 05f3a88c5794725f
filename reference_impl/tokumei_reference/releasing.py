"""The released tables ``r<i>``: values of those who stay, column techniques, and an order that only the key decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from tokumei_reference import columns as whole
from tokumei_reference.declarations import Field, Organization, Processing, Resource, Step
from tokumei_reference.pseudonyms import Keyring
from tokumei_reference.refusals import Refusal, of_declarations, unsupported
from tokumei_reference.techniques import Needs, Numbers, Released, named_secret
from tokumei_reference.treatments import Plan, invalid, quasi
from tokumei_reference.values import joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What all tables of one release are made with."""

    connection: duckdb.DuckDBPyConnection
    organization: Organization
    processing: Processing
    plan: Plan
    keys: Keyring
    shuffles: Mapping[str, str]
    least: int
    """Values that fewer persons have are not drawn for invented rows."""

    def release(
        self, columns: Mapping[str, list[Released]], needs: Needs
    ) -> tuple[dict[str, list[Released]], frozenset[str]]:
        """Make every table; returns the columns as they are released, and the resources that hold invented rows only."""
        offsets = "".join(f", {sql} AS {name}" for sql, name in needs.offsets.items())
        self.connection.execute(f"CREATE TABLE released AS SELECT p{offsets} FROM alive")
        for numbers in needs.numbers.values():
            self._number(numbers)
        made: dict[str, list[Released]] = {}
        generated: set[str] = set()
        for resource in self.organization.resources:
            released = columns[resource.name]
            steps = [step for step in self.plan.whole if _of(step, released)]
            if steps:
                made[resource.name], invented = self._in_stages(resource, released, steps)
                generated |= {resource.name} if invented else set()
            else:
                made[resource.name] = released
                values = ", ".join([*(f"{column.sql} AS {column.field.column}" for column in released), "p"])
                self.connection.execute(
                    f"CREATE TABLE r{resource.index} AS SELECT {values} "
                    f"FROM s{resource.index} JOIN released USING (p) ORDER BY {self._order(resource)}"
                )
            self._check_dates(resource, made[resource.name])
        return made, frozenset(generated)

    def _number(self, numbers: Numbers) -> None:
        """Number what is released, 1 to n; the same value has one number in all tables."""
        values = " UNION ".join(
            f"SELECT {field.column} AS v FROM s{self.organization.resource(field.resource).index} "
            f"JOIN released USING (p) WHERE {field.column} IS NOT NULL"
            for field in numbers.fields
        )
        number = f"CAST(row_number() OVER (ORDER BY {numbers.mac}, v) AS VARCHAR)"
        self.connection.execute(
            f"CREATE TABLE {numbers.name} AS SELECT v, {number} AS n FROM (SELECT DISTINCT v FROM ({values}))"
        )

    def _order(self, resource: Resource) -> str:
        secret = self.shuffles.get(resource.name, self.keys.default())
        return self.keys.mac(_identity(resource), secret, "order", resource.name)

    def _in_stages(
        self, resource: Resource, released: list[Released], steps: list[Step]
    ) -> tuple[list[Released], bool]:
        index, identity = resource.index, _identity(resource)
        self.connection.execute(
            f"CREATE TABLE w{index} AS SELECT s{index}.*, released.* EXCLUDE (p), {self._order(resource)} AS o, "
            f"{identity} || '#' || row_number() OVER (PARTITION BY {identity}) AS id "
            f"FROM s{index} JOIN released USING (p)"
        )
        emptied: set[Field] = set()
        for step in steps:
            early = [c for c in _of(step, released) if self.plan.of(c.field).before_values(step)]
            if early:
                whole.suppress_cells(self._stage(f"w{index}", step), early)
                emptied |= {column.field for column in early}
        values = ", ".join(f"{column.sql} AS {column.field.column}" for column in released)
        self.connection.execute(f"CREATE TABLE v{index} AS SELECT {values}, p, id, o FROM w{index}")
        self.connection.execute(f"DROP TABLE w{index}")
        now = {column.field: whole.emptied(column) if column.field in emptied else column for column in released}
        invented = False
        for step in steps:
            chosen = [now[c.field] for c in _of(step, released) if not self.plan.of(c.field).before_values(step)]
            if chosen:
                changed, all_invented = self._apply(self._stage(f"v{index}", step), resource, chosen, now)
                invented = invented or all_invented
                now |= {column.field: column for column in changed}
        names = ", ".join([*(column.field.column for column in released), "p"])
        self.connection.execute(f"CREATE TABLE r{index} AS SELECT {names} FROM v{index} ORDER BY o")
        self.connection.execute(f"DROP TABLE v{index}")
        return [now[column.field] for column in released], invented

    def _stage(self, table: str, step: Step) -> whole.Stage:
        with of_declarations():
            secret = named_secret(step, self.processing, self.keys)
        return whole.Stage(self.connection, table, step, self.keys, secret, self.least)

    def _apply(
        self, stage: whole.Stage, resource: Resource, chosen: list[Released], now: Mapping[Field, Released]
    ) -> tuple[list[Released], bool]:
        step = stage.step
        match step.technique:
            case "suppress-cell":
                return whole.suppress_cells(stage, chosen), False
            case "microaggregate":
                return whole.microaggregate(stage, chosen), False
            case "noise":
                return whole.add_noise(stage, chosen), False
            case "swap":
                names = step.params.get("within", [])
                if not isinstance(names, list):
                    raise invalid(step, "params", "within")
                groups = quasi(self.organization, tuple(names), step.at("params", "within")) if names else ()
                if any(field not in now for field in groups):  # of another table, or not released
                    raise unsupported(step.at("params", "within"))
                if {column.field for column in chosen} & set(groups):
                    raise invalid(step, "params", "within")
                return whole.swap(stage, chosen, [now[field] for field in groups]), False
        if len(chosen) != len(now) or ("share" in step.params and resource.foreign_keys):
            raise unsupported(step.at("fields"))  # half an invented row is a real one
        return whole.synthesize(stage, chosen)

    def _check_dates(self, resource: Resource, released: list[Released]) -> None:
        for column in released:
            c = column.field.column
            if column.type == "date" and column.typed:
                [(strange,)] = self.connection.execute(
                    f"SELECT count(*) FROM r{resource.index} WHERE length({c}) <> 10 AND {c} IS NOT NULL"
                ).fetchall()
                if strange:
                    raise Refusal("INPUT_INVALID", column.field.path)  # shifted out of the years 0001 to 9999


def _of(step: Step, released: list[Released]) -> list[Released]:
    """The released columns that a step names, in its order."""
    known = {f"{column.field.resource}.{column.field.name}": column for column in released}
    return [known[name] for name in step.fields if name in known]


def _identity(resource: Resource) -> str:
    """SQL for a text that names a row: its primary key, else all of it. Equal rows may stand in any order."""
    names = resource.primary_key or tuple(field.name for field in resource.fields)
    return joined(resource.field(name).column for name in names)
