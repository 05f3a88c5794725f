"""Small structured bundles of tables as Hypothesis strategies: few people on the edges of what is declared.

Every choice is made of booleans. Hypothesis mixes constants of the loaded modules into integers and text, and
then one seed would give other people on another machine.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, TypeVar

import pyarrow as pa
from hypothesis import strategies as st

from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.plan.bundle import Bundle
from tokumei.plan.carriers import Carriers
from tokumei.plan.levels import levels
from tokumei.plan.people import half_kana, hiragana
from tokumei.plan.tables import FIRST_DAY, Person, bundle

T = TypeVar("T")

MOST = 30
"""People in a small bundle."""
MOST_GROUPS = 7
MOST_EDITS = 5
EXTREME_DAYS = tuple(
    (dt.date.fromisoformat(day) - FIRST_DAY).days
    for day in ("2024-02-29", "2019-04-30", "1989-01-07", "1999-12-31", "1970-01-01", "1926-12-24", "2099-12-30")
)
"""A leap day, the last days of two eras, of a century and before the epoch, and far ends."""
PERSONAL = frozenset({"direct", "symbol", "quasi"})
"""The classes of fields whose value is one for all rows of a person."""


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


FORMS: tuple[Callable[[str], str], ...] = (
    _wide,
    half_kana,
    hiragana,
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: text.replace(" ", "　"),
    lambda text: f" {text}",
)
"""Other ways to write one text: width, kana, decomposed marks, spaces."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one cell, or of one value of a person: missing, another form, another's value, an end of the range."""

    kind: Literal["missing", "form", "shared", "edge"]
    field: FieldName
    row: int
    other: int


@dataclass(frozen=True, slots=True)
class Group:
    """Persons who are alike: the values of their quasi-identifiers, how many, and how many opted out.

    ``twins`` share birthday, address and numbers too, all but the name; the first of them lacks ``lost``.
    """

    quasi: tuple[tuple[FieldName, str | None], ...]
    copies: int
    rows: int
    opted_out: int
    day: int | None
    twins: bool
    lost: FieldName | None


def pick(values: Sequence[T]) -> st.SearchStrategy[T]:
    """One of the values, the first being the simplest; nearly uniform."""
    bits = (len(values) - 1).bit_length() + 1
    return st.tuples(*[st.booleans()] * bits).map(
        lambda drawn: values[sum(bit << place for place, bit in enumerate(reversed(drawn))) % len(values)]
    )


def bundles(
    organization: Organization, processing: Processing, *, least: int = 1, most: int = MOST
) -> st.SearchStrategy[Bundle]:
    """Bundles of ``least`` to ``most`` people inside the declared domain, each group of people one planned cell."""
    target = processing.target("k-anonymity")
    quasi = {name: _raw(organization.field(name), processing) for name in (target.quasi if target else ())}
    k = target.k if target else 2
    home = {name: values[0] for name, values in quasi.items()}
    group = st.builds(
        Group,
        st.fixed_dictionaries({name: _mostly_first(values) for name, values in quasi.items()}).map(
            lambda values: tuple(values.items())
        ),
        pick(sorted({1, 2, max(k - 1, 1), k, k + 1})),
        pick((1, 2, 3)),
        pick((0, 0, 0, 1)) if organization.opt_out else st.just(0),
        pick((0, *range(1, 160, 20), *EXTREME_DAYS)),
        pick((False, False, True)),
        _lost(organization),
    )

    @lru_cache(maxsize=1024)  # the same examples are drawn again for every kind of failure
    def made(groups: tuple[Group, ...], seed: int, edits: tuple[Edit, ...]) -> Bundle:
        persons = _people(groups)[:most]
        persons += [Person(quasi=home) for _ in range(least - len(persons))]
        whole = bundle(organization, processing, persons, seed=seed)
        first = 0
        for group in groups:
            whole = _related(whole, group, range(first, min(first + group.copies, most)))
            first += group.copies
        return edited(whole, edits)

    return st.builds(
        made,
        st.lists(group, min_size=1, max_size=MOST_GROUPS).map(tuple),
        pick(range(256)),
        st.lists(st.one_of(_edits(organization, processing)), max_size=MOST_EDITS).map(tuple),
    )


def edited(bundle: Bundle, edits: Sequence[Edit]) -> Bundle:
    """The bundle after the edits, each as far as the declared domain and encoding allow it."""
    for edit in edits:
        bundle = _edited(bundle, edit)
    return bundle


def _lost(organization: Organization) -> st.SearchStrategy[FieldName | None]:
    """Every second time the name of a field that may be missing."""
    free = [info.name for info in organization.fields() if not info.required and not organization.is_key(info)]
    return st.one_of(st.none(), pick(free)) if free else st.none()


def _related(made: Bundle, group: Group, persons: range) -> Bundle:
    """The bundle in which the persons of a group are twins, and one of them lacks a value."""
    if not persons:
        return made
    for info in made.organization.fields():
        name = info.name
        who = made.persons[name.resource]
        shares = group.twins and PERSONAL & set(info.classes) and info.tokumei.get("generator") != "person-name"
        if not made.organization.is_key(info) and (shares or name == group.lost) and persons[0] in who:
            column = made.tables[name.resource].column(name.field).to_pylist()
            value = column[who.index(persons[0])]
            if shares:
                column = [value if person in persons else cell for person, cell in zip(who, column, strict=True)]
            if name == group.lost:
                column = [None if person == persons[0] else cell for person, cell in zip(who, column, strict=True)]
            made = _with_column(made, name, column)
    return made


def _with_column(made: Bundle, name: FieldName, column: Sequence[str | None]) -> Bundle:
    table = made.tables[name.resource]
    place = table.schema.get_field_index(name.field)
    changed = table.set_column(place, name.field, pa.array(column, pa.string()))
    return replace(made, tables=dict(made.tables) | {name.resource: changed})


def _mostly_first(values: Sequence[T]) -> st.SearchStrategy[T]:
    return st.one_of(st.just(values[0]), pick(values))


def _raw(info: FieldInfo | None, processing: Processing) -> list[str | None]:
    """The raw values on the edges of the groups of a field, those of its middle group first; NULL where allowed."""
    if info is None:
        return [None]
    found = levels(info, processing)
    middle = found.groups[found.home : found.home + 1] if found.groups else ()
    values: list[str | None] = list(dict.fromkeys(chain.from_iterable((*middle, *found.groups))))
    return values if info.required and values else [*values, None]


def _people(groups: Sequence[Group]) -> list[Person]:
    return [
        Person(quasi=dict(group.quasi), cell=cell, rows=group.rows, opted_out=n < group.opted_out, day=group.day)
        for cell, group in enumerate(groups)
        for n in range(group.copies)
    ]


def _edits(organization: Organization, processing: Processing) -> list[st.SearchStrategy[Edit]]:
    """One strategy a kind of edit; keys and what carries the planted truth keep their values."""
    carriers = {info.name for info in Carriers.of(organization, processing).fields}
    free = [
        info
        for info in organization.fields()
        if info.name not in organization.deciding and not organization.is_key(info)
    ]
    may: dict[Literal["missing", "form", "shared", "edge"], list[FieldName]] = {
        "missing": [info.name for info in free if not info.required],
        "form": [i.name for i in free if {"direct", "staff", "freetext"} & set(i.classes) and _is_text(i)],
        "shared": [i.name for i in free if i.name not in carriers and not _planned_date(i)],
        "edge": [i.name for i in free if i.name not in carriers and "quasi" not in i.classes and _ends(i)],
    }
    place = pick(range(64))
    return [st.builds(Edit, st.just(kind), pick(names), place, place) for kind, names in may.items() if names]


def _is_text(info: FieldInfo) -> bool:
    return info.type == "string" and not {"enum", "pattern"} & info.constraints.keys()


def _planned_date(info: FieldInfo) -> bool:
    return info.type == "date" and info.tokumei.get("generator") != "birth-date"


def _ends(info: FieldInfo) -> list[str]:
    rules: Mapping[str, Any] = info.constraints
    if "enum" in rules:
        return [str(rules["enum"][0]), str(rules["enum"][-1])]
    return [str(rules[end]) for end in ("minimum", "maximum") if end in rules]


def _edited(made: Bundle, edit: Edit) -> Bundle:
    organization, name = made.organization, edit.field
    info, table = organization.field(name), made.tables[name.resource]
    if info is None or not table.num_rows:
        return made
    column = table.column(name.field).to_pylist()
    row, other = edit.row % len(column), edit.other % len(column)
    value = column[row]
    if edit.kind == "missing":
        value = None
    elif edit.kind == "edge":
        value = _ends(info)[edit.other % len(_ends(info))]
    elif edit.kind == "form" and value is not None:
        value = FORMS[edit.other % len(FORMS)](value)
    elif edit.kind == "shared" and _agree(made, info, row, other):
        value = column[other]
    if value is not None and not _writable(value, organization.resource(name.resource).encoding):
        return made
    who = made.persons[name.resource]
    for place in range(len(column)):
        if place == row or (who[place] == who[row] and PERSONAL & set(info.classes)):
            column[place] = value
    return _with_column(made, name, column)


def _agree(made: Bundle, info: FieldInfo, row: int, other: int) -> bool:
    """Whether two rows have the same quasi-identifiers of the field's redundancy group (the age of a birthday)."""
    group = info.tokumei.get("redundancyGroup")
    target = made.processing.target("k-anonymity")
    table = made.tables[info.name.resource]
    peers = [
        peer.name.field
        for peer in made.organization.resource(info.name.resource).fields
        if group and peer.tokumei.get("redundancyGroup") == group and target and peer.name in target.quasi
    ]
    return all(table.column(peer)[row] == table.column(peer)[other] for peer in peers)


def _writable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
