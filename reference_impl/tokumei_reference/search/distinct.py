"""The table of distinct combinations: all that a search needs to know of the data, from one scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from tokumei_reference.search.hierarchy import Ints, Label


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Combinations:
    """One row a combination of quasi-identifiers (and sensitive value), ``counts`` how many subjects have it.

    ``values[name]`` are the distinct values of a column, sorted, None last; ``codes[i]`` index those of the
    i-th quasi-identifier. ``party`` is None when every subject is in one row. Else rows with one number are
    of the same subjects, as many as ``counts`` says in each of them.
    """

    names: tuple[str, ...]
    values: Mapping[str, tuple[Label, ...]]
    codes: tuple[Ints, ...]
    counts: Ints
    sensitive: Ints | None = None
    kinds: int = 0
    party: Ints | None = None

    @property
    def rows(self) -> int:
        return len(self.counts)

    @property
    def subjects(self) -> int:
        if self.party is None:
            return int(self.counts.sum())
        _, first = np.unique(self.party, return_index=True)
        return int(self.counts[first].sum())


def scan(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    quasi: Mapping[str, str],
    *,
    sensitive: str | None = None,
    person: str | None = None,
) -> Combinations:
    """Group ``source`` (a table or query in SQL) by the expressions of ``quasi``; the engine may spill to disk.

    Without ``person`` every row is a subject. With it, a subject counts once in each combination that they
    have; those with several keep their identity, because suppressing them acts in several classes.
    """
    columns = {f"q{i}": sql for i, sql in enumerate(quasi.values())} | ({"s": sensitive} if sensitive else {})
    plain = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    texts = ", ".join(f"{name}::VARCHAR AS {name}" for name in columns)
    names = ", ".join(columns)
    if person is None:
        grouped = f"SELECT {plain}, count(*) AS n, NULL::BIGINT AS party FROM {source} GROUP BY ALL"
    else:
        grouped = (
            f"WITH member AS (SELECT DISTINCT {plain}, {person} AS p FROM {source}), "
            "held AS (SELECT *, count(*) OVER (PARTITION BY p) AS combinations FROM member) "
            f"SELECT {names}, count(*) AS n, NULL::BIGINT AS party FROM held WHERE combinations = 1 GROUP BY {names} "
            f"UNION ALL SELECT {names}, 1 AS n, dense_rank() OVER (ORDER BY p) - 1 AS party FROM held "
            "WHERE combinations > 1"
        )
    found = connection.sql(f"SELECT {texts}, n, party FROM ({grouped})").to_arrow_table()
    return _encode(found, tuple(quasi), sensitive is not None)


def _encode(found: Any, names: tuple[str, ...], with_sensitive: bool) -> Combinations:
    values: dict[str, tuple[Label, ...]] = {}
    codes = []
    for i, name in enumerate(names):
        values[name], code = _codes(found.column(f"q{i}"))
        codes.append(code)
    kinds, sensitive = _codes(found.column("s")) if with_sensitive else ((), None)
    party = None
    given = found.column("party")
    if given.null_count < len(given):
        single = np.asarray(given.is_null())
        party = np.asarray(given.fill_null(0)).astype(np.int64)
        party[single] = np.arange(int(single.sum())) + (int(party.max()) + 1)
    return Combinations(
        names=names,
        values=values,
        codes=tuple(codes),
        counts=np.asarray(found.column("n")).astype(np.int64),
        sensitive=sensitive,
        kinds=len(kinds),
        party=party,
    )


def _codes(column: Any) -> tuple[tuple[Label, ...], Ints]:
    """Number the values in their order, so that sums do not depend on the order of the rows."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    values: list[Label] = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda i: (values[i] is None, values[i] or ""))
    rank = np.empty(len(values), np.min_scalar_type(-len(values) - 1))
    rank[order] = np.arange(len(values))
    return tuple(values[i] for i in order), rank[np.asarray(encoded.indices)]
