"""What a check is shown: a batch of cases of one pair of declarations, as named relations.

Every relation carries ``case`` and ``call`` (0, 1 … within the case). The data columns of a table have
positional names, so that no name a vendor chose enters SQL text; ``TableView.column`` maps them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from tokumei.measures.leaks import with_text
from tokumei.relation import Bound, Column, Relation, stacked

if TYPE_CHECKING:
    from tokumei.declarations import FieldName, Organization, Processing
    from tokumei.model import Call, Need

DISTINCT = 'SELECT DISTINCT "case", "call", resource, field, value FROM {self} t'


@dataclass(frozen=True, slots=True)
class TableView:
    """One table: ``case, call, row, subject`` and one positional column a field.

    ``row`` counts from 0 in file order. ``subject`` is the person (the key as it stands in this table,
    reached through foreign keys), NULL where it cannot be reached.
    """

    resource: str
    relation: Relation
    names: Mapping[str, Column]

    def column(self, field: str) -> Column:
        return self.names[field]

    def pick(self, fields: Sequence[FieldName]) -> tuple[Column, ...] | None:
        """The columns of the fields, or None when one is not in this table."""
        if any(field.resource != self.resource or field.field not in self.names for field in fields):
            return None
        return tuple(self.names[field.field] for field in fields)

    def of_each(self, template: str, fields: Sequence[str], **bindings: Bound) -> list[dict[str, Any]]:
        """The rows of one query for each field; ``{column}`` is the field, ``{place}`` its number in ``fields``."""
        parts = [
            self.relation.query(template, column=self.column(field), place=place, **bindings)
            for place, field in enumerate(fields)
        ]
        return stacked(parts).rows() if parts else []


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case: its calls and what the plan knows about it."""

    id: str
    calls: tuple[Call, ...]
    offers: frozenset[Need]
    stage: int = 0
    expects: tuple[Literal["release", "refusal", "either"], ...] = ()
    persons: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A batch of cases that share the declarations asked and claimed.

    ``planned`` holds the truth of the plan as relations: ``cells`` (case, cell and the carrier values),
    ``events`` (case, cell, resource, field, days, n), ``orders`` (case, cell, name, rank).
    ``canaries``: case, canary, folded, source, kind. ``released_cells``: case, call, resource, field, value.
    """

    origin: Literal["generated", "supplied"]
    organization: Organization
    asked: Processing
    claims: tuple[Processing | None, ...]
    """What each call claims, in the order of the calls; one alone stands for every call."""
    cases: tuple[CaseView, ...]
    input: Mapping[str, TableView]
    release: Mapping[str, TableView]
    planned: Mapping[str, Relation]
    canaries: Relation
    released_cells: Relation
    logs: Relation
    """case, call, channel, text"""
    files: Relation
    """case, call, path, text: every file of the release that is no table, and every file name"""
    left: Relation
    """case, call, place, text: every file that the product left behind outside its answer"""
    secrets: Relation
    """case, canary, folded, source: raw, hex and base64 forms of every secret"""
    carriers: tuple[FieldName, ...] = ()
    seed: int = 0
    whole: Evidence | None = field(init=False, default=None, repr=False, compare=False)
    """The batch that this is a part of"""
    kept: dict[str, Relation] = field(init=False, default_factory=dict, repr=False, compare=False)
    """What ``once`` has run"""

    @property
    def texts(self) -> Relation:
        """case, call, resource, field, value, text: the distinct released cells, each with what it folds to"""
        return self.once("texts", lambda whole: with_text(whole.released_cells.query(DISTINCT)))

    def once(self, name: str, make: Callable[[Evidence], Relation]) -> Relation:
        """The rows that several checks need, run by the first that asks and kept under ``name`` for the others.

        ``make`` is given the whole batch and says of each case what it would say of it alone.
        """
        whole = self.whole or self
        if name not in whole.kept:
            made = make(whole)
            whole.kept[name] = made.engine.register(f"once.{name}", made.arrow())
        return whole.kept[name] if whole is self else _rows(whole.kept[name], self.cases)

    @property
    def claim(self) -> Processing | None:
        """The first claim that was made."""
        return next((claim for claim in self.claims if claim is not None), None)

    def claim_of(self, call: int) -> Processing | None:
        """What the call of that number claims, in every case of the batch."""
        return self.claims[min(call, len(self.claims) - 1)] if self.claims else None

    def only(self, cases: Collection[str]) -> Evidence:
        """The evidence of some of the cases. Names stay as they are in the whole batch."""
        if {case.id for case in self.cases} <= set(cases):
            return self
        mine = tuple(case for case in self.cases if case.id in cases)

        def rows(relation: Relation) -> Relation:
            return _rows(relation, mine)

        def tables(views: Mapping[str, TableView]) -> dict[str, TableView]:
            return {name: replace(view, relation=rows(view.relation)) for name, view in views.items()}

        part = replace(
            self,
            cases=mine,
            input=tables(self.input),
            release=tables(self.release),
            planned={name: rows(relation) for name, relation in self.planned.items()},
            canaries=rows(self.canaries),
            released_cells=rows(self.released_cells),
            logs=rows(self.logs),
            files=rows(self.files),
            left=rows(self.left),
            secrets=rows(self.secrets),
        )
        object.__setattr__(part, "whole", self.whole or self)
        return part

    def released_calls(self) -> list[tuple[CaseView, int, Call]]:
        return [(case, i, call) for case in self.cases for i, call in enumerate(case.calls) if call.released]


def _rows(relation: Relation, cases: Sequence[CaseView]) -> Relation:
    """The rows of these cases."""
    return relation.query('SELECT * FROM {self} t WHERE "case" IN {ids}', ids=sorted(case.id for case in cases))
