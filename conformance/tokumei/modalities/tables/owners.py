"""Whose each row of a set of tables is."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from tokumei.declarations import FieldName, Organization


def owners(organization: Organization, data: Mapping[str, pa.Table], resource: str) -> list[str | None]:
    """The person of each row; a table of one row a person needs no key."""
    table, key = data[resource], organization.subject_key
    path = organization.path_to_person(resource)
    if path:
        above = owners(organization, data, path[0].to.resource)
        owner = dict(zip(cells(data, path[0].to), above, strict=True))
        return [owner.get(value) for value in cells(data, path[0].field)]
    if key.field in table.column_names:
        return cells(data, key)
    return [str(row) for row in range(table.num_rows)]


def cells(data: Mapping[str, pa.Table], name: FieldName) -> list[str | None]:
    """The cells of a column; of one that is not there, as many missing ones."""
    table = data[name.resource]
    if name.field not in table.column_names:
        return [None] * table.num_rows
    return list(table.column(name.field).to_pylist())
