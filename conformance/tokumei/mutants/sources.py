"""What a release is joined with after it was made: rows of the source that agree in all that was kept."""

from __future__ import annotations

from collections import Counter

from tokumei.model import Request, Response
from tokumei.mutants.edits import steps, subject_resource, with_column

RARE = 20
"""A value that at most one row in so many has is rare."""


def joined(request: Request, response: Response, *, rare: bool = False) -> Response:
    """The response with the raw first known field of the first input row that has the same kept values.

    With ``rare`` only where few rows of the input have that value.
    """
    resource = subject_resource(request)
    table = response.data.get(resource)
    known = [text.split(".", 1)[1] for text in _known(request) if text.startswith(f"{resource}.")]
    kept = [str(text).split(".", 1) for step in steps(request, "keep") for text in step["fields"]]
    fields = [field for name, field in kept if name == resource and table is not None and field in table.column_names]
    if table is None or not known or not fields:
        return response
    first: dict[tuple[str | None, ...], str | None] = {}
    counts = Counter(row[known[0]] for row in request.data[resource].to_pylist())
    for row in request.data[resource].to_pylist():
        first.setdefault(tuple(row[field] for field in fields), row[known[0]])
    values = [first.get(tuple(row[field] for field in fields)) for row in table.to_pylist()]
    most = sum(counts.values()) / RARE
    shown = [value if not rare or counts[value] <= most else None for value in values]
    return with_column(response, resource, f"{known[0]}_source", shown)


def _known(request: Request) -> list[str]:
    """The fields over which classes are counted."""
    targets = [target for target in request.processing["targets"] if target["model"] == "k-anonymity"]
    return [str(text) for target in targets for text in target["quasi"]]


def joined_rare(request: Request, response: Response) -> Response:
    """The same for rare values alone."""
    return joined(request, response, rare=True)


def joined_all(request: Request, response: Response) -> Response:
    """The same for every value."""
    return joined(request, response)


__all__ = ["joined_all", "joined_rare"]
