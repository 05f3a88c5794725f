"""The mini-examples of a clause: small tables that its check must judge as the text says.

They stand in the front matter of a clause under ``examples``, written for people who think in tables: what is
declared, one field a line; the input and the release as CSV, in which an empty cell is a missing value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tokumei.model import Text

TABLE = "patients"
"""The name of the only table of an example that does not name its tables."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One small table; None is a missing value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    @classmethod
    def of(cls, text: str) -> Grid:
        """Read CSV; raises ValueError for a table without columns or with a row of another width."""
        try:
            lines = list(csv.reader(io.StringIO(text.strip("\n")), strict=True))
        except csv.Error as error:
            raise ValueError(str(error)) from error
        if not lines or not all(len(line) == len(lines[0]) for line in lines):
            raise ValueError("a table has a line of columns, and every row has a cell for each")
        rows = tuple(tuple(cell.strip() or None for cell in line) for line in lines[1:])
        return cls(tuple(name.strip() for name in lines[0]), rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleCall:
    """One call: what went in, what came out, and what was expected of it.

    ``claim`` is what the answer declares where it differs from what was asked (``fields``, ``targets``, keys of ``processing``), and
    ``claimed`` says whether it declares anything.
    """

    input: Mapping[str, Grid] = field(default_factory=dict)
    release: Mapping[str, Grid] = field(default_factory=dict)
    expects: Literal["release", "refusal"] = "release"
    refused: str = ""
    log: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    """In which the files came, where it matters"""
    left: Mapping[str, str] = field(default_factory=dict)
    """What the product left behind, by path"""
    network: tuple[str, ...] | None = ()
    """The traces of a network; None where none could have been seen"""
    day: str = ""
    """On which day the call ended, where it matters"""
    claim: Mapping[str, Any] = field(default_factory=dict)
    claimed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example: the declarations, the calls, and the verdict that the check must give.

    ``fields`` are lines ``{field, class, technique, params}``; a field may have several. ``cells`` are the kept
    fields by whose values the check can tell which released rows came from which input rows. ``organization`` and
    ``processing`` add to the documents what the short form cannot say.
    """

    say: Text
    verdict: Literal["pass", "fail", "inconclusive", "not_applicable"]
    code: str
    fields: tuple[Mapping[str, Any], ...]
    targets: tuple[Mapping[str, Any], ...]
    rows: str
    cells: tuple[str, ...]
    calls: tuple[ExampleCall, ...]
    organization: Mapping[str, Any]
    processing: Mapping[str, Any]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Example:
        """Read one entry of ``examples``; raises KeyError, TypeError, ValueError or AttributeError."""
        known = {"say", "verdict", "code", "fields", "targets", "rows", "cells", "organization", "processing"}
        about = {key: part for key, part in value.items() if key in known}
        own = {key: part for key, part in value.items() if key not in known | {"calls"}}
        if bool(own) == ("calls" in value):
            raise ValueError("an example is one call, or a list of calls")
        if value["verdict"] not in ("pass", "fail", "inconclusive", "not_applicable"):
            raise ValueError("unknown verdict")
        if (value["verdict"] == "fail") != bool(value.get("code")):
            raise ValueError("a fail names the code of its finding")
        said = Text(value["say"]["ja"], value["say"]["en"])
        return cls(
            say=said,
            verdict=value["verdict"],
            code=about.get("code", ""),
            fields=tuple(about.get("fields", ())),
            targets=tuple(about.get("targets", ())),
            rows=about.get("rows", "person"),
            cells=tuple(about.get("cells", ())),
            calls=tuple(_call(each) for each in value.get("calls", [own])),
            organization=about.get("organization", {}),
            processing=about.get("processing", {}),
        )


def _call(value: Mapping[str, Any]) -> ExampleCall:
    entry = dict(value)
    claim = entry.pop("claim", {})
    before, after = _grids(entry.pop("input", {})), _grids(entry.pop("release", {}))
    return ExampleCall(input=before, release=after, claim=claim or {}, claimed=claim is not None, **entry)


def _grids(value: str | Mapping[str, str]) -> Mapping[str, Grid]:
    texts = {TABLE: value} if isinstance(value, str) else value
    return {name: Grid.of(text) for name, text in texts.items()}


__all__ = ["TABLE", "Example", "ExampleCall", "Grid"]
