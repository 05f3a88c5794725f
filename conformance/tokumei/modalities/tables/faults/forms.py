"""Faults of the form of files: names that are known in one encoding, cells that are made harmless in one place."""

from __future__ import annotations

import dataclasses

from tokumei.declarations import FieldName
from tokumei.modalities.tables.baseline import Baseline
from tokumei.model import Request, Response


class NamesReadAsUtf8(Baseline):
    """Headings are compared as bytes with names in UTF-8, and a step passes over a column that it does not find."""

    def __init__(self, request: Request, faults: frozenset[str]) -> None:
        super().__init__(request, faults)
        known = [
            dataclasses.replace(step, fields=tuple(name for name in step.fields if self.found(name)))
            for step in self.processing.steps
            if "field" not in step.params or self.found(FieldName.parse(str(step.params["field"])))
        ]
        self.processing = dataclasses.replace(self.processing, steps=tuple(step for step in known if step.fields))

    def found(self, name: FieldName) -> bool:
        """Whether the name has the same bytes in the encoding of its table."""
        encoding = self.organization.resource(name.resource).encoding
        return name.field.encode(encoding, "replace") == name.field.encode()


class FirstCellsAlone(Baseline):
    """Lines are looked at, and not cells: what begins a line is made harmless."""

    def neutralized(self, response: Response) -> Response:
        done = super().neutralized(response)
        data = dict(response.data)
        for name, table in data.items():
            if table.num_columns:
                data[name] = table.set_column(0, table.column_names[0], done.data[name].column(0))
        return dataclasses.replace(done, data=data)


FAULTS: dict[str, type[Baseline]] = {
    "names-read-as-utf-8": NamesReadAsUtf8,
    "first-cells-alone": FirstCellsAlone,
}
