"""The fields by whose values it is known which cell a released person is of."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from random import Random

from tokumei.declarations import FieldInfo, Organization, Processing

FEWEST_CARRIERS = 2
"""EVIDENCE: a cell code lies over two or more fields."""
ENOUGH_CODES = 400


@dataclass(frozen=True, slots=True)
class Carriers:
    """The fields that carry cell codes: declared keep, enumerated, not sensitive, in the person's table."""

    fields: tuple[FieldInfo, ...]

    @classmethod
    def of(cls, organization: Organization, processing: Processing) -> Carriers:
        """Two or more fields that every row of a person repeats, or none: then nothing can be aligned."""
        quasi = {name for target in processing.targets for name in target.quasi}
        found = tuple(
            info
            for info in organization.resource(organization.subject_key.resource).fields
            if len(info.constraints.get("enum", ())) >= 2
            and info.classes == ("neutral",)
            and info.name not in quasi
            and {step.technique for step in processing.steps if info.name in step.fields} == {"keep"}
        )
        used: list[FieldInfo] = []
        for info in found:  # enough codes are enough: the number of codes grows with every field
            if math.prod(len(i.constraints["enum"]) for i in used) < ENOUGH_CODES or len(used) < FEWEST_CARRIERS:
                used.append(info)
        return cls(tuple(used) if len(used) >= FEWEST_CARRIERS else ())

    @property
    def most(self) -> int | None:
        """So many codes may be of cells; where carriers are required, one is left for all who are in no cell."""
        if not any(info.required for info in self.fields):
            return None
        return math.prod(len(info.constraints["enum"]) for info in self.fields) - 1

    def codes(self, count: int, random: Random) -> list[tuple[str, ...]]:
        """``count`` different codes, drawn so that their order says nothing; fewer when there are not.

        Each value of a code is shared with another cell where there are cells enough: no tracer is unique.
        """
        every: list[tuple[str, ...]] = [()]
        for info in self.fields:
            every = [(*code, str(value)) for code in every for value in info.constraints["enum"]]
        if not self.fields:
            return []
        drawn = random.sample(every, min(count, len(every)))
        for _ in range(100):
            uses = [Counter(values) for values in zip(*drawn, strict=True)]
            if all(n > 1 for use in uses for n in use.values()):
                break
            drawn = random.sample(every, len(drawn))
        return drawn
