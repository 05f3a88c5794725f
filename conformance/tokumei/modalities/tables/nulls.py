"""Products that do nothing useful: none may pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from random import Random

import pyarrow as pa

from tokumei.modalities.tables.baseline import product
from tokumei.model import Product, Request, Response

Change = Callable[[str, pa.Table], pa.Table]
"""From the name of a released table and the table to what is answered in its place."""


def null_products() -> dict[str, Product]:
    """Each by its name: it hands the data back, empties them, answers the same to everybody, refuses, or crashes.

    Those that change a release do so to the baseline's, so that all documents beside it are in order.
    """
    return {
        "identity": _identity,
        "drop-all": _changed(lambda _, table: table.slice(0, 0)),
        "blank-all": _changed(lambda _, table: _cells(table, None)),
        "stars-all": _changed(lambda _, table: _cells(table, "*")),
        "shuffle-all": _changed(_shuffled),
        "one-row-for-all": _changed(lambda _, table: table.take([0] * table.num_rows) if table.num_rows else table),
        "no-tables": lambda request: dataclasses.replace(product()(request), data={}),
        "first-column-only": _changed(lambda _, table: table.select(table.column_names[:1])),
        "stale": _stale(),
        "refuse-all": lambda _: Response(status="refused", code="CANNOT_MEET_PRIVACY", path="/targets"),
        "unsupported-all": lambda _: Response(status="unsupported"),
        "error-all": lambda _: Response(status="error", code="INTERNAL"),
        "crash-all": _crash,
    }


def _identity(request: Request) -> Response:
    return Response(
        status="ok", data=dict(request.data), processing=request.processing, organization=request.organization
    )


def _crash(request: Request) -> Response:
    raise RuntimeError(request.operation)


def _changed(change: Change) -> Product:
    def null(request: Request) -> Response:
        answer = product()(request)
        return dataclasses.replace(answer, data={name: change(name, table) for name, table in answer.data.items()})

    return null


def _cells(table: pa.Table, text: str | None) -> pa.Table:
    """As many rows, and the same in each cell."""
    return pa.table({name: pa.array([text] * table.num_rows, pa.string()) for name in table.column_names})


def _shuffled(name: str, table: pa.Table) -> pa.Table:
    """Every column in an order of its own: nothing of a row belongs together."""
    random = Random(f"shuffle-all/{name}/{table.num_rows}")
    return pa.table(
        {c: table.column(c).take(random.sample(range(table.num_rows), table.num_rows)) for c in table.column_names}
    )


def _stale() -> Product:
    """The first release is the answer to every request after it."""
    known: list[Response] = []

    def null(request: Request) -> Response:
        if not known:
            answer = product()(request)
            if answer.status != "ok":
                return answer
            known.append(answer)
        return known[0]

    return null


__all__ = ["null_products"]
