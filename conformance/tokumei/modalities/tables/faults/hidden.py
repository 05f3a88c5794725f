"""Faults of extremes and of hiding: what should stand among others stands alone."""

from __future__ import annotations

import dataclasses

import pyarrow as pa

from tokumei.declarations import Step
from tokumei.modalities.tables import hiding
from tokumei.modalities.tables.baseline import Baseline, Row
from tokumei.model import Request, Response


class BottomNotCoded(Baseline):
    """The lower bound is read and forgotten."""

    def code(self, step: Step, value: str, row: Row) -> str:
        upper = {key: bound for key, bound in step.params.items() if key != "bottom"}
        return super().code(dataclasses.replace(step, params=upper), value, row)


class BoundClassAlone(Baseline):
    """Nobody counts who is beyond a bound; other hidden values are looked after."""

    def covered(self, response: Response) -> Response:
        done = super().covered(response)
        return self._restored(response, done, "top-bottom-code")

    def _restored(self, before: Response, after: Response, technique: str) -> Response:
        data = dict(after.data)
        for name in {n for s in self.processing.with_technique(technique) for n in s.fields if "gap" not in s.params}:
            table = data.get(name.resource)
            if table is None or name.field not in table.column_names:
                continue
            column = before.data[name.resource].column(name.field)
            data[name.resource] = table.set_column(table.schema.get_field_index(name.field), name.field, column)
        return dataclasses.replace(after, data=data)


class HiddenAlone(BoundClassAlone):
    """Hidden cells are left as few as they are."""

    def covered(self, response: Response) -> Response:
        return self._restored(response, hiding.covered(self.request, response), "suppress-cell")


class DummiesAreValues(Baseline):
    """The table of dummy values is not read: 999 years are coded as the oldest."""

    def normalized(self, request: Request) -> Request:
        return request


class EventsKept(Baseline):
    """Lists of values are not read where nothing is counted."""

    def apply(self, step: Step) -> None:
        if (
            step.technique == "suppress-cell"
            and not {"rareBelow", "gap"} & set(step.params)
            and not self._counted(step)
        ):
            return
        super().apply(step)

    def _counted(self, step: Step) -> bool:
        counted = [other for other in self.processing.with_technique("suppress-cell") if "rareBelow" in other.params]
        return any(set(step.fields) & set(other.fields) for other in counted)


class RareByDatabaseAlone(EventsKept):
    """In a field whose values are counted, the count decides, whatever is listed."""

    def _counted(self, step: Step) -> bool:
        return not super()._counted(step)


class FarValuesKept(Baseline):
    """Distances are looked for between neighbours of one person only, so that none is found."""

    def covered(self, response: Response) -> Response:
        done = super().covered(response)
        data = dict(done.data)
        for step in self.processing.with_technique("suppress-cell"):
            for name in step.fields if "gap" in step.params else ():
                table: pa.Table = data[name.resource]
                column = response.data[name.resource].column(name.field)
                place = table.schema.get_field_index(name.field)
                data[name.resource] = table.set_column(place, name.field, column)
        return dataclasses.replace(done, data=data)


FAULTS: dict[str, type[Baseline]] = {
    "bottom-not-coded": BottomNotCoded,
    "bound-class-alone": BoundClassAlone,
    "hidden-alone": HiddenAlone,
    "dummies-are-values": DummiesAreValues,
    "events-kept": EventsKept,
    "rare-by-database-alone": RareByDatabaseAlone,
    "far-values-kept": FarValuesKept,
}
