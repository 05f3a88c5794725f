"""Correct products on numpy: columns are whole numbers that point into lists of words, and words are changed, not cells.

They sort by what they release, write numbers as numerical software does, and code the very old lower than asked.
"""

from __future__ import annotations

import base64
import copy
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from tokumei.declarations import DROPPING, PSEUDONYMS, FieldName, Organization, Processing
from tokumei.modalities.tables import stricter
from tokumei.model import Product, Request, Response

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
NOBODY = -1
"""The place of a missing word, and of a person who cannot be told."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A column: the place of each cell in the list of words."""

    places: Numbers
    words: list[str]

    @classmethod
    def of(cls, cells: Iterable[str | None]) -> Coded:
        known: dict[str, int] = {}
        places = [NOBODY if cell is None else known.setdefault(cell, len(known)) for cell in cells]
        return cls(np.array(places, np.int64), list(known))

    def cells(self) -> list[str | None]:
        return [self.words[place] if place >= 0 else None for place in self.places]

    def renamed(self, change: Callable[[str], str | None]) -> Coded:
        """Each word by its new one; words that fall together are one word."""
        new = Coded.of(change(word) for word in self.words)
        return Coded(np.append(new.places, NOBODY)[self.places], new.words)

    def at(self, kept: Numbers) -> Coded:
        return Coded(self.places[kept], self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a product does what the declarations leave open."""

    edit: stricter.Edit = stricter.as_asked
    name: Callable[[], str]
    interval: str
    top: str
    order: Literal["values", "random"]
    floats: bool = False
    """Numbers that are kept are written as binary fractions: 3.0 for 3."""
    other: str = "-"


def _groups() -> str:
    return " ".join(f"{secrets.randbelow(10**13):013}" for _ in range(3))


def _base64() -> str:
    return (
        "p" + base64.urlsafe_b64encode(secrets.token_bytes(18)).decode()
    )  # a cell that began with "-" would be a formula


STYLES: Mapping[str, Style] = {
    "digit-groups": Style(name=_groups, interval="{low:03}-{last:03}", top="{top:03}-", order="values"),
    "floats": Style(name=_base64, interval="[{low}.0, {above}.0)", top=">= {top}", order="random", floats=True),
    "lower-top": Style(
        edit=stricter.lower_top, name=_base64, interval="{low}s ({low}-{last})", top="{top} or more", order="values"
    ),
}
"""The products by name; each is correct."""


class _Refused(Exception):
    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.response = Response(status="refused", code=code, path=path)


class _Run:
    def __init__(self, request: Request, style: Style) -> None:
        self.style = style
        self.organization = Organization.of(request.organization)
        self.claim = style.edit(dict(request.organization), dict(request.processing))
        self.processing = Processing.of(self.claim)
        self.columns = {
            info.name: Coded.of(request.data[info.name.resource].column(info.name.field).to_pylist())
            for info in self.organization.fields()
        }
        self.persons: dict[str, Numbers] = {}

    def response(self) -> Response:
        self._check()
        key = self.organization.subject_key
        for resource in self.organization.parents_first():
            self.persons[resource.name] = self._owners(resource.name)
            self._keep(resource.name, self.persons[resource.name] >= 0)
        for step in self.processing.with_technique("suppress-record"):
            name = FieldName.parse(str(step.params["field"]))
            marked = np.isin(self.columns[name].places, [self._place(name, text) for text in step.texts])
            self._leave(self.persons[name.resource][marked])
        admitted = np.unique(self.persons[key.resource]).size
        least = self.processing.target("minimum-subjects")
        if least is not None and admitted < least.minimum:
            raise _Refused("CANNOT_MEET_PRIVACY", "/targets")
        for name in self.columns:
            self._recode(name)
        for step in self.processing.with_technique("k-search"):
            self._reach(step.fields, int(step.params["k"]))
        for step in self.processing.with_technique("suppress-cell"):
            for name in step.fields:
                column, persons = self.columns[name], self.persons[name.resource]
                few = self._persons_of(column.places, persons) < int(step.params.get("rareBelow", 0))
                self.columns[name] = Coded(np.where(few, NOBODY, column.places), column.words)
        self._rename()
        suppressed = int(admitted - np.unique(self.persons[key.resource]).size)
        released = {resource.name: self._released(resource.name) for resource in self.organization.resources}
        return Response(
            status="ok",
            data={resource: self._table(resource, names) for resource, names in released.items()},
            organization=self._described(released),
            processing=self._claimed(),
            extra={"risk.json": json.dumps({"persons": {"suppressed": suppressed}})},
        )

    # -- persons ----------------------------------------------------------------------------------------------

    def _check(self) -> None:
        for info in self.organization.fields():
            column = self.columns[info.name]
            wrong = info.required and bool((column.places < 0).any())
            if info.type == "date":
                wrong |= any(_day(word) is None for word in column.words)
            if wrong:
                raise _Refused("INPUT_INVALID", f"/data/{info.name.resource}/{info.name.field}")

    def _owners(self, resource: str) -> Numbers:
        """The place of the person's key for each row, carried down from the table of persons."""
        path = self.organization.path_to_person(resource)
        if path is None:
            raise _Refused("DECLARATION_INVALID", f"/resources/{resource}")
        if not path:
            return self.columns[self.organization.subject_key].places
        parent, own = self.columns[path[0].to], self.columns[path[0].field]
        owner = np.full(len(parent.words) + 1, NOBODY)
        owner[parent.places] = self.persons[path[0].to.resource]
        owner[-1] = NOBODY
        there = {word: place for place, word in enumerate(parent.words)}
        return owner[np.array([there.get(word, NOBODY) for word in [*own.words, ""]], np.int64)[own.places]]

    def _place(self, name: FieldName, text: str) -> int:
        words = self.columns[name].words
        return words.index(text) if text in words else NOBODY - 1

    def _keep(self, resource: str, kept: Any) -> None:
        self.persons[resource] = self.persons[resource][kept]
        self.columns |= {n: column.at(kept) for n, column in self.columns.items() if n.resource == resource}

    def _leave(self, gone: Numbers) -> None:
        for resource, persons in list(self.persons.items()):
            self._keep(resource, ~np.isin(persons, gone))

    @staticmethod
    def _persons_of(classes: Numbers, persons: Numbers) -> Numbers:
        """How many persons share the class of each row."""
        _, of_row = np.unique(classes, return_inverse=True)
        pairs = np.unique(np.stack([of_row, persons], axis=1), axis=0)
        return np.bincount(pairs[:, 0])[of_row] if len(pairs) else of_row

    def _reach(self, names: tuple[FieldName, ...], k: int) -> None:
        home = names[0].resource
        diverse = [t for t in self.processing.targets if t.sensitive and t.sensitive.resource == home and t.l]
        while True:
            persons = self.persons[home]
            few = self._persons_of(self._classes(names), persons) < k
            for target in diverse:
                assert target.sensitive is not None
                values = self.columns[target.sensitive].places
                few |= self._persons_of(self._classes(target.quasi), values) < target.l
            gone = persons[few]
            if not gone.size:
                return
            self._leave(gone)

    def _classes(self, names: tuple[FieldName, ...]) -> Numbers:
        classes = np.zeros(0, np.int64)
        for name in names:
            places = self.columns[name].places + 1
            classes = places if not classes.size else classes * (len(self.columns[name].words) + 1) + places
        return classes

    # -- values -----------------------------------------------------------------------------------------------

    def _recode(self, name: FieldName) -> None:
        steps = self.processing.steps_of(name)
        techniques = {step.technique for step in steps}
        params: dict[str, Any] = {key: value for step in steps for key, value in step.params.items()}
        column, info = self.columns[name], self.organization.field(name)
        if "date-shift" in techniques:
            self.columns[name] = self._moved(name, *(int(bound) for bound in params["range"]))
        elif "truncate" in params:
            self.columns[name] = column.renamed(lambda word: word[: int(params["truncate"])])
        elif "hierarchy" in params and "generalize" in techniques:
            hierarchy = self.processing.hierarchies[str(params["hierarchy"])]
            at = hierarchy["levels"].index(params["level"])
            nodes = {str(line[0]): str(line[at]) for line in hierarchy["table"]}
            self.columns[name] = column.renamed(lambda word: nodes.get(word, self.style.other))
        elif info is not None and info.type in {"integer", "number"}:
            self.columns[name] = column.renamed(lambda word: self._number(word, params))

    def _number(self, word: str, params: Mapping[str, Any]) -> str | None:
        width, top, bottom = params.get("bin"), params.get("top"), params.get("bottom")
        try:
            value = float(word)
        except ValueError:
            return None
        if top is not None and value >= top:
            return self.style.top.format(top=top)
        if bottom is not None and value <= bottom:
            return f"up to {bottom}"
        if width:
            low = int(value) // width * width
            return self.style.interval.format(low=low, above=low + width, last=low + width - 1)
        return str(value) if self.style.floats else word

    def _moved(self, name: FieldName, low: int, high: int) -> Coded:
        """One offset a person, drawn when it is first needed and never written down."""
        column, persons = self.columns[name], self.persons[name.resource]
        if not hasattr(self, "offsets"):
            size = 1 + max((int(p.max()) for p in self.persons.values() if p.size), default=0)
            drawn = [low + secrets.randbelow(high - low) for _ in range(size)]
            self.offsets = np.array([days + (days >= 0) for days in drawn], np.int64)
        days = np.array([_day(word) or "NaT" for word in [*column.words, "NaT"]], "datetime64[D]")
        moved = days[column.places] + self.offsets[persons].astype("timedelta64[D]")
        return Coded.of(None if np.isnat(day) else str(day) for day in moved)

    def _rename(self) -> None:
        drawn: dict[tuple[str, str], str] = {}
        for step in self.processing.with_technique(*PSEUDONYMS):
            domain = str(step.params["domain"])
            for name in step.fields:
                words = self.columns[name].words
                new = {word: drawn.setdefault((domain, word), self.style.name()) for word in words}
                self.columns[name] = self.columns[name].renamed(new.get)

    # -- what is handed over ------------------------------------------------------------------------------------

    def _released(self, resource: str) -> list[str]:
        gone = {name for step in self.processing.with_technique(*DROPPING) for name in step.fields}
        names = [info.name for info in self.organization.resource(resource).fields]
        return [name.field for name in names if name not in gone and self.processing.released(name)]

    def _table(self, resource: str, names: list[str]) -> pa.Table:
        cells = {name: self.columns[FieldName(resource, name)].cells() for name in names}
        order = np.array([secrets.randbits(62) for _ in range(len(self.persons[resource]))], np.int64).argsort()
        if self.style.order == "values":
            texts = [np.array([cell or "" for cell in cells[name]], dtype=str)[order] for name in names]
            order = order[np.lexsort(texts)] if len(order) else order
        return pa.table({name: pa.array([cells[name][at] for at in order], pa.string()) for name in names})

    def _described(self, released: Mapping[str, list[str]]) -> dict[str, Any]:
        document = copy.deepcopy(dict(self.organization.document))
        for resource in document["resources"]:
            schema = resource["schema"]
            schema["fields"] = [field for field in schema["fields"] if field["name"] in released[resource["name"]]]
            resource["tokumei"]["order"] = "random" if self.style.order == "random" else "by-released-values"
        return document

    def _claimed(self) -> dict[str, Any]:
        document = copy.deepcopy(self.claim)
        for step in document["steps"]:
            if step["technique"] in PSEUDONYMS:
                kept = {key: step["params"][key] for key in ("scope", "domain") if key in step["params"]}
                step |= {"technique": "pseudonymize-random", "params": kept | {"bits": 128}}
        what = [*self.processing.secrets, "mapping-table"]
        return document | {"destruction": {"what": what, "how": "配列を解放した"}}


def _day(word: str) -> str | None:
    try:
        return str(np.datetime64(word, "D")) if len(word) == 10 else None
    except ValueError:
        return None


def _product(style: Style) -> Product:
    def anonymize(request: Request) -> Response:
        try:
            return _Run(request, style).response()
        except _Refused as refused:
            return refused.response

    return anonymize


def array_products() -> dict[str, Product]:
    """The products of this module that no check may accuse."""
    return {name: _product(style) for name, style in STYLES.items()}
