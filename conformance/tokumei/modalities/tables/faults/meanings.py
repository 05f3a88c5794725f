"""Faults in what the document of a release says of its values: units and code systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokumei.modalities.tables.baseline import Baseline


class UnitsLeftOut(Baseline):
    """The document of the release is made from the columns, and columns have no unit."""

    def described(self) -> Mapping[str, object]:
        document: dict[str, Any] = dict(super().described())
        for resource in document["resources"]:
            for field in resource["schema"]["fields"]:
                field["tokumei"] = {key: value for key, value in field["tokumei"].items() if key != "unit"}
        return document


class CodeSystemsRelabelled(Baseline):
    """The template of the document names the newest version of every code system."""

    def described(self) -> Mapping[str, object]:
        document: dict[str, Any] = dict(super().described())
        for resource in document["resources"]:
            for field in resource["schema"]["fields"]:
                if "codeSystem" in field["tokumei"]:
                    field["tokumei"] = field["tokumei"] | {"codeSystemVersion": "2026-01-01"}
        return document


FAULTS: dict[str, type[Baseline]] = {
    "units-left-out": UnitsLeftOut,
    "code-systems-relabelled": CodeSystemsRelabelled,
}
