"""Local generalization of what an optimal search found: every class keeps levels of its own, where it holds by itself.

The engine gets a table from the combinations at the finest permitted levels to the labels that are shown for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa

from tokumei_reference.declarations import Field, Step
from tokumei_reference.refusals import unsupported
from tokumei_reference.search import Combinations, Hierarchy, Node, Requirement, recode
from tokumei_reference.search.hierarchy import bind
from tokumei_reference.techniques import Released
from tokumei_reference.values import joined


def localize(
    connection: duckdb.DuckDBPyConnection,
    step: Step,
    table: Combinations,
    hierarchies: Mapping[str, Hierarchy],
    requirement: Requirement,
    start: Node,
    expressions: Mapping[Field, str],
    index: int,
) -> dict[Field, str]:
    """Recode the classes of ``start`` and remove the persons of those that hold nowhere; returns the new expressions.

    ``expressions`` are those of the finest permitted levels, in the order of the columns of ``table``.
    """
    if table.party is not None:
        raise unsupported(step.at("params", "recoding"), "LOCAL_SEVERAL_ROWS")
    recoding = recode(table, hierarchies, requirement, start)
    kept = recoding.levels[:, 0] >= 0
    columns = {"kept": pa.array(kept)}
    for i, (name, codes) in enumerate(zip(table.names, table.codes, strict=True)):
        axis = bind(name, hierarchies[name], table.values[name])
        first = np.cumsum([0, *map(len, axis.labels)])
        level = np.where(kept, recoding.levels[:, i], 0)
        shown = first[level] + np.stack(axis.nodes)[level, codes]
        labels = [label for labels in axis.labels for label in labels]
        columns[f"q{i}"] = pa.array(table.values[name], pa.string()).take(pa.array(codes.astype(np.int64)))
        columns[f"g{i}"] = pa.array(labels, pa.string()).take(pa.array(shown))
    name = f"g{step.index}"
    key = joined(f"q{i}" for i in range(len(table.names)))
    shown_names = ", ".join(f"g{i}" for i in range(len(table.names)))
    connection.register("recoded", pa.table(columns))
    connection.execute(f"CREATE TABLE {name} AS SELECT DISTINCT {key} AS v, kept, {shown_names} FROM recoded")
    connection.unregister("recoded")
    own = joined(expressions.values())
    connection.execute(
        f"DELETE FROM alive WHERE p IN (SELECT p FROM s{index} WHERE {own} IN (SELECT v FROM {name} WHERE NOT kept))"
    )
    return {field: f"(SELECT g{i} FROM {name} WHERE v = {own})" for i, field in enumerate(expressions)}


def shown(columns: Mapping[str, Sequence[Released]], local: Mapping[Field, str]) -> dict[str, list[Released]]:
    """The columns with the locally generalized ones in place: nodes of a hierarchy, of more than one level."""
    return {
        name: [
            replace(
                column,
                sql=local[column.field],
                representation={key: value for key, value in column.representation.items() if key != "level"},
            )
            if column.field in local
            else column
            for column in listed
        ]
        for name, listed in columns.items()
    }
