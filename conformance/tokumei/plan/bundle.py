"""A bundle is one input with its truth; a case is the calls that must be judged together; a plan is cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

    from tokumei.declarations import FieldName, Organization, Processing
    from tokumei.model import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was planted.

    ``cells``: column ``cell`` and one column a carrier field; ``events``: cell, resource, field, days (the
    date of the event minus the person's first day), n (how many rows of one person have it); ``orders``: cell, name, rank.
    """

    carriers: tuple[FieldName, ...] = ()
    cells: pa.Table | None = None
    events: pa.Table | None = None
    orders: pa.Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One input: the declarations, the tables (text columns) and the truth.

    ``persons`` maps each resource to the person number of each row, so that persons can be taken out.
    """

    organization: Organization
    processing: Processing
    tables: Mapping[str, pa.Table]
    persons: Mapping[str, tuple[int, ...]]
    truth: Truth = field(default_factory=Truth)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many persons the bundle holds."""
        return len(set(self.persons[self.organization.subject_key.resource]))

    def without(self, gone: frozenset[int]) -> Bundle:
        """The bundle without some persons; the truth stays, since it speaks of cells."""
        keep = {name: [i for i, p in enumerate(who) if p not in gone] for name, who in self.persons.items()}
        return Bundle(
            organization=self.organization,
            processing=self.processing,
            tables={name: table.take(keep[name]) for name, table in self.tables.items()},
            persons={name: tuple(who[i] for i in keep[name]) for name, who in self.persons.items()},
            truth=self.truth,
            files={},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """One call: a bundle, which secret of the plan it is given, and what is done to the product before.

    ``before``: end it between calls, or kill it while it works on a first try of this very call.
    """

    bundle: Bundle
    secret: int
    expects: Literal["release", "refusal", "either"] = "release"
    before: Literal["", "restart", "kill"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The calls that are judged together, and what evidence they offer."""

    id: str
    calls: tuple[PlannedCall, ...]
    offers: frozenset[Need]
    stage: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The required plan (P0, P1, P4) of one or more pairs of declarations."""

    track: Literal["open", "own"]
    cases: tuple[Case, ...]
    seed: int

    @property
    def calls(self) -> int:
        return sum(len(case.calls) for case in self.cases)


def labels(pairs: Sequence[tuple[Organization, Processing]]) -> tuple[str, ...]:
    """A name for each pair of declarations: that of the organization, numbered where it comes again."""
    names = [organization.name for organization, _ in pairs]
    seen = [names[:place].count(name) for place, name in enumerate(names)]
    return tuple(name if not again else f"{name}~{again + 1}" for name, again in zip(names, seen, strict=True))


def pair_of(case: str) -> str:
    """The label of the pair that a case of that id belongs to; its id is ``<label>/<case>``."""
    return case.split("/", 1)[0]
