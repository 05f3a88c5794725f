"""Small changes of requests and responses that wrapper mutants are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from tokumei.model import Product, Request, Response


def with_table(response: Response, resource: str, table: pa.Table) -> Response:
    """The response with one table replaced."""
    return dataclasses.replace(response, data=dict(response.data) | {resource: table})


def with_column(response: Response, resource: str, name: str, values: list[str | None]) -> Response:
    """The response with one column of one table set, appended when it is new."""
    table = response.data[resource]
    column = pa.array(values, pa.string())
    place = table.schema.get_field_index(name)
    changed = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
    return with_table(response, resource, changed)


def after(change: Callable[[Request, Response], Response]) -> Callable[[Product], Product]:
    """A wrapper that changes what an ``ok`` answer holds."""

    def wrap(product: Product) -> Product:
        def broken(request: Request) -> Response:
            response = product(request)
            return change(request, response) if response.status == "ok" and response.data else response

        return broken

    return wrap


def subject_resource(request: Request) -> str:
    """The resource that holds the person key."""
    return str(request.organization["tokumei"]["subjects"]["key"]).split(".")[0]


def fields_with_class(request: Request, resource: str, kind: str) -> list[str]:
    """The names of the fields of one class."""
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    return [f["name"] for f in found["schema"]["fields"] if kind in f["tokumei"]["class"]]


def steps(request: Request, technique: str) -> list[Mapping[str, Any]]:
    """The steps of one technique, as asked."""
    return [step for step in request.processing["steps"] if step["technique"] == technique]
