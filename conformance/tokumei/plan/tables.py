"""From described persons to a bundle of tables, for any organization declaration of tables."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

import pyarrow as pa

from tokumei import numbers
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing, ResourceInfo
from tokumei.plan import contacts, moments, patterns, peculiar, people, places
from tokumei.plan.bundle import Bundle, Truth
from tokumei.plan.carriers import Carriers
from tokumei.plan.deciding import told
from tokumei.plan.levels import rare_values, second_codes
from tokumei.spreadsheets import OPEN_VALUES, unbounded

FIRST_DAY = dt.date(2023, 4, 3)
SELDOM = 2
"""So many persons of a bundle have a local code that nobody else has."""
OLDEST = 7
"""The one of 40 persons who is over every bound of age where only a date of birth is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One fictitious person as the plan describes them; everything else is drawn."""

    quasi: Mapping[FieldName, str | None]
    cell: int | None = None
    rows: int = 1
    opted_out: bool = False
    not_notified: bool = False
    """Notified, but not for the regime of the declaration."""
    id_rank: int = 0
    """Persons with a smaller rank get smaller source keys."""
    day: int | None = None
    """The person's first day, counted from ``FIRST_DAY``; drawn when None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    person: int
    nth: int
    day: int
    values: dict[str, str | None] = field(default_factory=dict)


def bundle(
    organization: Organization,
    processing: Processing,
    persons: Sequence[Person],
    *,
    seed: int,
    orders: Mapping[str, Mapping[int, int]] | None = None,
    children: int = 2,
) -> Bundle:
    """The tables of ``persons`` in this order, with planted truth; the same arguments give the same bundle.

    ``orders`` names the planned orders as cell -> rank. Raises ValueError for more than 3,500 persons.
    """
    random = Random(f"bundle/{seed}")
    carriers = Carriers.of(organization, processing)
    cells = sorted({person.cell for person in persons if person.cell is not None})
    codes = dict(zip(cells, carriers.codes(len(cells), random)[: carriers.most], strict=False))
    maker = _Maker(organization, persons, codes, carriers, random, children, seed)
    maker.told = told(organization, processing.regime)
    maker.rare = {
        name: frozenset(value for group in groups for value in group)
        for name, groups in rare_values(organization, processing).items()
    } | peculiar.never_drawn(organization)
    maker.usual = peculiar.usual(organization, processing)
    maker.seldom = second_codes(organization, processing)
    maker.unbounded = frozenset(info.name for info in unbounded(organization, processing))
    rows = maker.rows()
    events = sorted((*event, max(rows.values())) for event, rows in maker.events.items())
    truth = Truth()
    if codes:
        names = [str(info.name) for info in carriers.fields]
        truth = Truth(
            carriers=tuple(info.name for info in carriers.fields),
            cells=pa.table(
                {"cell": list(codes)} | {name: [codes[c][i] for c in codes] for i, name in enumerate(names)}
            ),
            events=pa.table(
                {
                    "cell": pa.array([e[0] for e in events], pa.int64()),
                    "resource": pa.array([e[1] for e in events], pa.string()),
                    "field": pa.array([e[2] for e in events], pa.string()),
                    "days": pa.array([e[3] for e in events], pa.int64()),
                    "n": pa.array([e[4] for e in events], pa.int64()),
                }
            ),
            orders=pa.table(
                {
                    "cell": pa.array([c for o in (orders or {}).values() for c in o], pa.int64()),
                    "name": pa.array([n for n, o in (orders or {}).items() for _ in o], pa.string()),
                    "rank": pa.array([r for o in (orders or {}).values() for r in o.values()], pa.int64()),
                }
            ),
        )
    return Bundle(
        organization=organization,
        processing=processing,
        tables={
            resource.name: pa.table(
                {
                    info.name.field: pa.array([row.values[info.name.field] for row in rows[resource.name]], pa.string())
                    for info in resource.fields
                }
            )
            for resource in organization.resources
        },
        persons={name: tuple(row.person for row in table) for name, table in rows.items()},
        truth=truth,
    )


class _Maker:
    """Fills the tables parents first; it holds what rows of one bundle share."""

    def __init__(
        self,
        organization: Organization,
        persons: Sequence[Person],
        codes: Mapping[int, tuple[str, ...]],
        carriers: Carriers,
        random: Random,
        children: int,
        seed: int,
    ) -> None:
        self.organization = organization
        self.persons = persons
        self.codes = codes
        self.carriers = carriers
        self.random = random
        self.children = children
        self.seed = seed
        self.told: Mapping[FieldName, Callable[[Person, int], Sequence[str]]] = {}
        self.rare: Mapping[FieldName, frozenset[str]] = {}
        """Values that are never drawn: who has one was given it."""
        self.seldom: Mapping[FieldName, tuple[str, ...]] = {}
        """Local codes that the first persons have alone, of which another local code has the same standard code."""
        self.usual: Mapping[FieldName, tuple[float, float]] = {}
        """Between which numbers the values of a field are drawn, where that is less than its constraints allow."""
        self.unbounded: frozenset[FieldName] = frozenset()
        self.events: defaultdict[tuple[int, str, str, int], Counter[int]] = defaultdict(Counter)
        """Cell, resource, field and distance to the rows of each person that have it."""
        count = len(persons)
        drawn = people.names(count + 20, random)
        self.names, self.staff = drawn[:count], drawn[count:]
        self.days = [person.day if person.day is not None else random.randint(0, 300) for person in persons]
        filler = sorted(set(carriers.codes(10**6, random)) - set(codes.values())) or [()]
        self.code_of = [
            codes[person.cell] if person.cell is not None and person.cell in codes else random.choice(filler)
            for person in persons
        ]

    def rows(self) -> dict[str, list[_Row]]:
        tables: dict[str, list[_Row]] = {}
        for resource in self.organization.parents_first():
            if resource.name == self.organization.subject_key.resource:
                made = [
                    _Row(person=i, nth=nth, day=nth * 35)
                    for i, person in enumerate(self.persons)
                    for nth in range(1 if resource.row_unit == "person" else person.rows)
                ]
            else:
                parent = resource.foreign_keys[0].to.resource
                subject = parent == self.organization.subject_key.resource
                made = []
                for source in tables[parent]:
                    per = self.persons[source.person].rows if subject else 1
                    count = self.children * per if subject else self.children - 1
                    for nth in range(max(1, count)):
                        made.append(
                            _Row(person=source.person, nth=source.nth * 10 + nth, day=source.day + 40 * nth * subject)
                        )
                        made[-1].values.update({"\x00parent": source.values[resource.foreign_keys[0].to.field]})
            self._fill(resource, made)
            tables[resource.name] = made
        return tables

    def _fill(self, resource: ResourceInfo, rows: list[_Row]) -> None:
        foreign = {key.field.field for key in resource.foreign_keys}
        for info in resource.fields:
            name = info.name.field
            unique = name == resource.primary_key or info.constraints.get("unique")
            if name in foreign:
                for row in rows:
                    row.values[name] = row.values["\x00parent"]
            elif make := moments.maker(self.organization, info):
                for row in rows:
                    row.values[name] = make(row.values, self.random)
            elif info.name == self.organization.subject_key or ("link" in info.classes and not unique):
                keys = self._keys(info, len(self.persons))
                for row in rows:
                    row.values[name] = keys[row.person]
            elif unique:
                order = sorted(range(len(rows)), key=lambda i: (self.persons[rows[i].person].id_rank, i))
                for place, value in zip(order, self._patterns(info, len(rows)), strict=True):
                    rows[place].values[name] = value
            elif info.type == "date" and info.tokumei.get("generator") != "birth-date":
                self._dates(info, rows)
            else:
                self._values(info, rows)

    def _keys(self, info: FieldInfo, count: int) -> list[str]:
        order = sorted(range(count), key=lambda i: (self.persons[i].id_rank, i))
        keys = [""] * count
        for person, value in zip(order, self._patterns(info, count), strict=True):
            keys[person] = value
        return keys

    def _patterns(self, info: FieldInfo, count: int) -> list[str]:
        """Different values in ascending order; none reads as a date, which would be found by chance."""
        pattern = info.constraints.get("pattern", "[0-9A-Z]{10}")
        values: set[str] = set()
        tries = 0
        while len(values) < count:
            value = patterns.drawn(pattern, self.random)
            tries += 1
            if tries > 50 * count + 1000:
                raise ValueError("the pattern does not have enough values")
            if not value.startswith(("19", "20")):
                values.add(value)
        return sorted(values)

    def _dates(self, info: FieldInfo, rows: list[_Row]) -> None:
        resource, name = info.name.resource, info.name.field
        place = [i.name.field for i in self.organization.resource(resource).fields if i.type == "date"].index(name)
        gaps: dict[tuple[int | None, int], int] = {}
        for row in rows:
            person = self.persons[row.person]
            if (alike := (person.cell, row.nth)) not in gaps:
                gap = Random(f"{self.seed}/{person.cell}/{resource}/{row.nth}")
                gaps[alike] = sum(gap.randint(0, 9) for _ in range(place + 1))
            days = row.day + gaps[alike]
            row.values[name] = (FIRST_DAY + dt.timedelta(days=self.days[row.person] + days)).isoformat()
            if person.cell in self.codes and not person.opted_out and not person.not_notified:
                assert person.cell is not None
                self.events[person.cell, resource, name, days][row.person] += 1

    def _values(self, info: FieldInfo, rows: list[_Row]) -> None:
        name = info.name.field
        codes = {carrier.name: i for i, carrier in enumerate(self.carriers.fields)}
        person_value: dict[int, str | None] = {}
        for row in rows:
            person = self.persons[row.person]
            if info.name in person.quasi:
                row.values[name] = person.quasi[info.name]
            elif info.name in self.told:
                texts = self.told[info.name](person, row.nth)
                one = texts[0] if len(texts) == 1 else Random(f"{self.seed}/{info.name}/{row.person}").choice(texts)
                row.values[name] = one
            elif info.name in codes:
                code = self.code_of[row.person]
                row.values[name] = code[codes[info.name]] if code else None
            else:
                fixed = "direct" in info.classes or "symbol" in info.classes or "quasi" in info.classes
                if not fixed or row.person not in person_value:
                    person_value[row.person] = self._value(info, row)
                row.values[name] = person_value[row.person]

    def _value(self, info: FieldInfo, row: _Row) -> str | None:
        random, rules = self.random, info.constraints
        own = partial(Random, f"{self.seed}/{info.name}/{row.person}")  # seeded where it is needed: that is what costs
        if info.tokumei.get("person") == "relative" and "pattern" not in rules:
            return self._of_relative(info, row.person, own())
        if info.tokumei.get("generator") in contacts.SHARE:
            return contacts.value(info.tokumei["generator"], row.person, own())
        if "officialNumber" in info.tokumei:
            return numbers.generate(info.tokumei["officialNumber"], random.randrange(10**9))
        match info.tokumei.get("generator"):
            case "person-name":
                staff = info.tokumei.get("person") not in (None, "subject")
                name = self.staff[self._of_staff(row)] if staff else self.names[row.person]
                return people.in_script(name, info.tokumei.get("script", "kanji"))
            case "staff-licence":
                return people.licence_number(Random(f"{self.seed}/licence/{self._of_staff(row)}"))
            case "phone-number" if "staff" in info.classes:
                return people.phone_number(Random(f"{self.seed}/staff/{self._of_staff(row)}"))
            case "facility":
                number = places.of_visit(self.seed, row.person, row.nth)
                return places.of_facility(number, str(info.tokumei.get("facility", "code")), own)
            case "municipality-code":
                return self._code_of_area(info, row)
            case "street-address":
                return people.street_address(random)
            case "phone-number":
                return people.phone_number(random)
            case "insurer-number":
                return people.insurer_number(random)
            case "birth-date":
                return self._birth(info, row)
            case "clinical-note":
                kanji, kana = self.names[row.person]
                return random.choice(people.NOTES).format(name=kanji, kana=kana)
        if row.person < SELDOM and self.seldom.get(info.name):
            return self.seldom[info.name][0]
        if "enum" in rules:
            rare = {*self.rare.get(info.name, ()), *self.seldom.get(info.name, ())}
            return str(
                random.choice([code for code in rules["enum"] if str(code) not in rare] if rare else rules["enum"])
            )
        if "pattern" in rules:
            return self._patterns(info, 1)[0]
        low, high = self.usual.get(info.name, (rules.get("minimum", 0), rules.get("maximum", 100)))
        if info.type == "integer":
            return str(random.randint(int(low), int(high)))
        if info.type == "number":
            return f"{random.uniform(float(low), float(high)):.1f}"
        return random.choice(OPEN_VALUES if info.name in self.unbounded else ("あ", "い", "う"))

    def _of_staff(self, row: _Row) -> int:
        """Which of the staff a row tells of: all its fields tell of the same one."""
        return Random(f"{self.seed}/staff/{row.person}/{row.nth}").randrange(len(self.staff))

    def _code_of_area(self, info: FieldInfo, row: _Row) -> str | None:
        """The code of the municipality that another field of the same row and group holds."""
        group = info.tokumei.get("redundancyGroup")
        same = [
            row.values.get(other.name.field)
            for other in self.organization.resource(info.name.resource).fields
            if other.tokumei.get("redundancyGroup") == group
        ]
        return next((places.MUNICIPALITIES[name] for name in same if name and name in places.MUNICIPALITIES), None)

    def _of_relative(self, info: FieldInfo, person: int, random: Random) -> str | None:
        """Half of the persons name a relative."""
        if person % 2 and person % 8 != 5:
            return None
        if info.tokumei.get("generator") == "phone-number":
            return people.phone_number(random)
        name = contacts.relative_name(self.names, person, random)
        return people.in_script(name, info.tokumei.get("script", "kanji"))

    def _birth(self, info: FieldInfo, row: _Row) -> str:
        group = info.tokumei.get("redundancyGroup")
        ages = [
            other
            for other in self.organization.fields()
            if other.type == "integer" and other.tokumei.get("redundancyGroup") == group
        ]
        age = self.persons[row.person].quasi.get(ages[0].name) if ages else None
        if info.dummies and ages and age in ages[0].dummies:
            return info.dummies[0]
        oldest = not ages and row.person % 40 == OLDEST  # where no age is planned that has the bounds
        years = int(age) if age else 105 if oldest else self.random.randint(20, 80)
        return (FIRST_DAY - dt.timedelta(days=int(365.25 * years) + self.random.randint(5, 350))).isoformat()
