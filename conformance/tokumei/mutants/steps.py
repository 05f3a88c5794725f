"""Wrappers that let a product take other steps than it was asked, and answer with the claim that was wanted."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from tokumei.model import Product, Request, Response

Edit = Callable[[dict[str, Any], dict[str, Any]], None]
"""Changes a copy of the processing document in place; the first is the organization document."""


def instead(edit: Edit) -> Callable[[Product], Product]:
    """A product that does what the edited declaration says, and says that it did what it was asked."""

    def wrap(product: Product) -> Product:
        def broken(request: Request) -> Response:
            done = copy.deepcopy(dict(request.processing))
            edit(dict(request.organization), done)
            response = product(dataclasses.replace(request, processing=done))
            if response.processing is None:
                return response
            claim = dict(response.processing) | {
                part: request.processing[part]
                for part in ("steps", "targets", "hierarchies")
                if part in request.processing
            }
            return dataclasses.replace(response, processing=claim)

        return broken

    return wrap


def fields_telling(organization: dict[str, Any], **told: str) -> list[str]:
    """The full names of the fields whose container key holds these words."""
    return [
        f"{resource['name']}.{field['name']}"
        for resource in organization["resources"]
        for field in resource["schema"]["fields"]
        if all(field["tokumei"].get(key) == value for key, value in told.items())
    ]


def replaced(processing: dict[str, Any], names: list[str], technique: str, params: dict[str, Any]) -> None:
    """Take the fields out of every step that decides about them, and give them one step instead."""
    found = [name for name in names if any(name in step["fields"] for step in processing["steps"])]
    if not found:
        return
    steps = []
    for step in processing["steps"]:
        left = [name for name in step["fields"] if name not in found]
        if left:
            steps.append(step | {"fields": left})
    one = {"id": "instead", "technique": technique, "fields": found, "params": params, "realises": [5], "why": "-" * 10}
    processing["steps"] = [one, *steps]


__all__ = ["Edit", "fields_telling", "instead", "replaced"]
