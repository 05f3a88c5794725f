"""Which person each row is about, found through the foreign keys, and who is still in the release."""

from __future__ import annotations

import math

import duckdb

from tokumei_reference.declarations import ForeignKey, Organization, Resource
from tokumei_reference.refusals import Refusal, pointer
from tokumei_reference.treatments import OptOut


def attach(connection: duckdb.DuckDBPyConnection, organization: Organization) -> None:
    """Make ``s<i>`` = ``t<i>`` with the person as column ``p``, from the subject table downwards."""
    root = organization.resource(organization.subject_resource)
    key = root.field(organization.subject_field)
    connection.execute(f"CREATE VIEW s{root.index} AS SELECT *, {key.column} AS p FROM t{root.index}")
    if _count(connection, f"s{root.index} WHERE p IS NULL"):
        raise Refusal("INPUT_INVALID", key.path)
    done = {root.name}
    while len(done) < len(organization.resources):
        found = next(
            (
                (resource, foreign)
                for resource in organization.resources
                for foreign in resource.foreign_keys
                if resource.name not in done and foreign.resource in done
            ),
            None,
        )
        if found is None:  # rows of unknown persons cannot be protected
            left = next(resource for resource in organization.resources if resource.name not in done)
            raise Refusal("DECLARATION_INVALID", pointer("resources", left.index, "schema", "foreignKeys"))
        _attach_child(connection, organization, *found)
        done.add(found[0].name)
    # A second key of a table must lead to the same person: else one row is about two.
    for resource in organization.resources:
        for foreign in resource.foreign_keys:
            if resource.name != foreign.resource:
                _agree(connection, organization, resource, foreign)
    connection.execute(f"CREATE TABLE alive AS SELECT DISTINCT p FROM s{root.index}")


def _mapping(organization: Organization, foreign: ForeignKey) -> tuple[Resource, str, str]:
    parent = organization.resource(foreign.resource)
    columns = [parent.field(name).column for name in foreign.reference]
    names = ", ".join(f"{column} AS k{i}" for i, column in enumerate(columns))
    return parent, f"(SELECT DISTINCT {names}, p FROM s{parent.index})", columns[0]


def _attach_child(
    connection: duckdb.DuckDBPyConnection, organization: Organization, child: Resource, foreign: ForeignKey
) -> None:
    parent, mapping, _ = _mapping(organization, foreign)
    keys = ", ".join(f"k{i}" for i in range(len(foreign.fields)))
    twice = f"(SELECT 1 FROM {mapping} GROUP BY {keys} HAVING count(*) > 1)"
    if _count(connection, twice):
        raise Refusal("INPUT_INVALID", parent.field(foreign.reference[0]).path)
    on = " AND ".join(f"t.{child.field(name).column} = m.k{i}" for i, name in enumerate(foreign.fields))
    join = "LEFT JOIN" if foreign.enforced else "JOIN"
    connection.execute(
        f"CREATE TABLE s{child.index} AS SELECT t.*, m.p FROM t{child.index} t {join} {mapping} m ON {on}"
    )
    connection.execute(f"DROP TABLE t{child.index}")  # the same rows need not be kept twice
    if _count(connection, f"s{child.index} WHERE p IS NULL"):
        raise Refusal("INPUT_INVALID", child.field(foreign.fields[0]).path)


def _agree(
    connection: duckdb.DuckDBPyConnection, organization: Organization, child: Resource, foreign: ForeignKey
) -> None:
    _, mapping, _ = _mapping(organization, foreign)
    on = " AND ".join(f"s.{child.field(name).column} = m.k{i}" for i, name in enumerate(foreign.fields))
    given = " AND ".join(f"s.{child.field(name).column} IS NOT NULL" for name in foreign.fields)
    missing = "m.p IS NULL OR" if foreign.enforced else ""
    if _count(connection, f"s{child.index} s LEFT JOIN {mapping} m ON {on} WHERE {given} AND ({missing} m.p <> s.p)"):
        raise Refusal("INPUT_INVALID", child.field(foreign.fields[0]).path)


def remove(connection: duckdb.DuckDBPyConnection, organization: Organization, opt_out: OptOut) -> None:
    """Remove every person with a declared text in any of their rows."""
    index = organization.resource(opt_out.field.resource).index
    marks = ", ".join("?" * len(opt_out.texts))
    connection.execute(
        f"DELETE FROM alive WHERE p IN (SELECT p FROM s{index} WHERE {opt_out.field.column} IN ({marks}))",
        list(opt_out.texts),
    )


def draw(connection: duckdb.DuckDBPyConnection, mac: str, fraction: float) -> None:
    """Keep the persons of the smallest ``mac``: a simple random sample for everyone without the key."""
    drawn = math.floor(fraction * count(connection) + 1e-9)
    connection.execute(f"DELETE FROM alive WHERE p NOT IN (SELECT p FROM alive ORDER BY {mac}, p LIMIT {drawn})")


def count(connection: duckdb.DuckDBPyConnection) -> int:
    """How many persons are still in the release."""
    return _count(connection, "alive")


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    [(rows,)] = connection.execute(f"SELECT count(*) FROM {source}").fetchall()
    return int(rows)
