"""A hidden value is one of k persons: blanks and open classes of fewer would show the very person they should hide.

Quasi-identifiers are left to the search for k. In the other columns an open class of fewer persons is emptied, and
while fewer than k persons have an empty cell the next values join: the largest numbers, or the rarest texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import duckdb

from tokumei_reference.declarations import Field, Organization
from tokumei_reference.privacy import Targets
from tokumei_reference.techniques import Released
from tokumei_reference.treatments import Plan

_LEAST = 3  # the laxest k of the standard, where none is declared


def apart(table: str, column: str, gap: float, least: int) -> str:
    """SQL of whether a number is of a group of fewer than ``least`` persons that lies farther than ``gap`` from all others."""
    number = f"TRY_CAST({column} AS DOUBLE)"
    steps = (
        f"SELECT v, coalesce(v - lag(v) OVER (ORDER BY v) > {gap!r}, false) AS far FROM "
        f"(SELECT DISTINCT {number} AS v FROM {table} WHERE {number} IS NOT NULL)"
    )
    groups = f"SELECT v, sum(far::INTEGER) OVER (ORDER BY v) AS g FROM ({steps})"
    few = (
        f"SELECT g FROM ({groups}) JOIN (SELECT p, {number} AS n FROM {table}) ON n = v "
        f"GROUP BY g HAVING count(DISTINCT p) < {least}"
    )
    several = f"(SELECT max(g) FROM ({groups})) > 0"
    return f"coalesce({several} AND {number} IN (SELECT v FROM ({groups}) WHERE g IN ({few})), false)"


def in_company(
    connection: duckdb.DuckDBPyConnection,
    organization: Organization,
    made: Plan,
    targets: Targets,
    columns: Mapping[str, list[Released]],
) -> dict[str, list[Released]]:
    """Empty more cells of the tables ``r<i>`` until nothing hidden is of few; returns the columns with what that means."""
    least = max((k for _, _, k in targets.k), default=_LEAST)
    quasi = {field for _, fields, _ in targets.k for field in fields}
    return {
        resource.name: [
            _emptied(column)
            if column.field not in quasi
            and (params := _params(made, column.field)) is not None
            and _hide(connection, f"r{resource.index}", column.field.column, params, least)
            else column
            for column in columns[resource.name]
        ]
        for resource in organization.resources
    }


def _emptied(column: Released) -> Released:
    """The column, some of whose cells are empty now."""
    rules = {name: rule for name, rule in column.constraints.items() if name != "required"}
    return replace(column, constraints=rules, representation={**column.representation, "suppressed": [""]})


def _params(made: Plan, field: Field) -> Mapping[str, Any] | None:
    """The parameters of what hides values of a field; None where nothing does."""
    steps = [step for step in made.of(field).steps if step.technique in ("suppress-cell", "top-bottom-code")]
    invented = any(step.technique == "synthesize" for step in made.of(field).steps)
    return None if invented or not steps else {key: value for step in steps for key, value in step.params.items()}


def _hide(connection: duckdb.DuckDBPyConnection, table: str, c: str, params: Mapping[str, Any], least: int) -> bool:
    number = f"TRY_CAST({c} AS DOUBLE)"
    changed = False
    for name, sign in (("top", ">="), ("bottom", "<=")):
        if name in params:
            label = params.get(f"{name}Label")
            inside = (
                f"{c} = '{str(label).replace(chr(39), chr(39) * 2)}'" if label else f"{number} {sign} {params[name]!r}"
            )
            if 0 < _persons(connection, table, inside) < least:
                connection.execute(f"UPDATE {table} SET {c} = NULL WHERE {inside}")
                changed = True
    order = f"{number} DESC NULLS LAST" if {"top", "gap"} & set(params) else number if "bottom" in params else "n, v"
    while 0 < _persons(connection, table, f"{c} IS NULL") < least:
        following = connection.execute(
            f"SELECT {c} AS v, count(DISTINCT p) AS n FROM {table} WHERE {c} IS NOT NULL GROUP BY {c} ORDER BY {order} LIMIT 1"
        ).fetchall()
        if not following:
            break
        connection.execute(f"UPDATE {table} SET {c} = NULL WHERE {c} = ?", [following[0][0]])
        changed = True
    return changed


def _persons(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> int:
    [(persons,)] = connection.execute(f"SELECT count(DISTINCT p) FROM {table} WHERE {condition}").fetchall()
    return int(persons)
