"""The required plan: which bundles a pair of declarations asks for, and in which calls (EVIDENCE, P1 and P4)."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pyarrow as pa

from tokumei.declarations import FieldName, Organization, Processing
from tokumei.model import Need, Place, Problem, TokumeiError
from tokumei.plan.bundle import Bundle, Case, Plan, PlannedCall, labels
from tokumei.plan.carriers import Carriers
from tokumei.plan.changed import cut_short, refused_later, reordered, with_bad_row
from tokumei.plan.delivered import ENCODINGS, delivered
from tokumei.plan.levels import Levels, levels, rare_values
from tokumei.plan.peculiar import beyond, dummies, events, far
from tokumei.plan.tables import Person, bundle

ALWAYS = frozenset({Need.RELEASE, Need.CLAIM, Need.INPUT, Need.CANARY, Need.LOG})
LARGE_CELLS = 24
LARGE_PER_CELL = 12
MOST_COMBINATIONS = 40
LATE = -1
"""The cell of the persons who refuse between two releases: the first to get a code where codes are few."""


def required_plan(
    pairs: list[tuple[Organization, Processing]],
    *,
    track: str,
    seed: int,
    obeys: bool = True,
    encodings: Sequence[str] = ENCODINGS,
) -> Plan:
    """The cases for every pair: at most 20 product calls a pair.

    ``obeys`` tells whether the product takes other settings than its own: then one case asks for another k. Files come in
    ``encodings`` too.
    """
    cases: list[Case] = []
    for number, ((organization, processing), label) in enumerate(zip(pairs, labels(pairs), strict=True)):
        cases += _Planner(organization, processing, seed * 1000 + number, obeys, label, encodings).cases()
    return Plan(track="own" if track == "own" else "open", cases=tuple(cases), seed=seed)


def with_k(processing: Processing, k: int) -> Processing:
    """The same processing with another k, in targets and in the search for it."""
    document = copy.deepcopy(dict(processing.document))
    for target in document["targets"]:
        if target["model"] == "k-anonymity":
            target["k"] = k
    for step in document["steps"]:
        if step["technique"] == "k-search":
            step["params"] = dict(step["params"]) | {"k": k}
    return Processing.of(document)


def another_release(processing: Processing) -> Processing:
    """The same processing for a later release to another recipient."""
    release = dict(processing.document["release"])
    later = release | {"id": f"{release['id']}-2", "recipient": "another recipient"}
    return Processing.of(dict(processing.document) | {"release": later})


class _Planner:
    def __init__(
        self,
        organization: Organization,
        processing: Processing,
        seed: int,
        obeys: bool,
        label: str,
        encodings: Sequence[str] = ENCODINGS,
    ) -> None:
        self.encodings = encodings
        self.label = label
        self.organization = organization
        self.processing = processing
        self.seed = seed
        self.obeys = obeys
        target = processing.target("k-anonymity")
        self.k = target.k if target else 2
        minimum = processing.target("minimum-subjects")
        self.minimum = minimum.minimum if minimum else 0
        self.quasi: tuple[FieldName, ...] = target.quasi if target else ()
        self.levels = [self._levels(name) for name in self.quasi]
        self.late = self.k + 1 if organization.refusals else 0
        self.aligned = bool(Carriers.of(organization, processing).fields)

    def _levels(self, name: FieldName) -> Levels:
        info = self.organization.field(name)
        found = levels(info, self.processing) if info else None
        if found is None or not found.groups:
            raise TokumeiError(Problem(code="CANNOT_GENERATE", place=Place(file="organization", pointer=str(name))))
        return found

    # -- persons ------------------------------------------------------------------------------------

    def _at(self, **_: object) -> dict[FieldName, str | None]:
        return {level.field: level.groups[level.home][0] for level in self.levels}

    def _spread(self, random: Random) -> dict[FieldName, str | None]:
        """Any raw values of the home class, and not those of its edges only."""
        drawn: dict[FieldName, str | None] = {}
        for level in self.levels:
            group = level.groups[level.home]
            if len(group) == 2 and all(text.isdigit() for text in group):
                group = tuple(map(str, range(int(group[0]), int(group[1]) + 1)))
            drawn[level.field] = random.choice(group)
        return drawn

    def _combination(self, groups: tuple[int, ...], nth: int = 0) -> dict[FieldName, str | None]:
        """A person of these groups; of several, each has another of the raw values that become one."""
        chosen = [level.groups[g] for level, g in zip(self.levels, groups, strict=True)]
        return {level.field: raw[nth % len(raw)] for level, raw in zip(self.levels, chosen, strict=True)}

    def _combinations(self, random: Random) -> list[tuple[int, ...]]:
        """All combinations of groups but home's, in random order: a covering array of full strength."""
        home = tuple(level.home for level in self.levels)
        every = [c for c in itertools.product(*(range(len(x.groups)) for x in self.levels)) if c != home]
        random.shuffle(every)
        return every

    def _edges(self, only_first: bool, copies: int) -> Iterator[list[Person]]:
        """``copies`` persons on every raw value of every group, all else at home; one cell a value."""
        for level in self.levels:
            for group in level.groups:
                for value in group[:1] if only_first else group:
                    yield [Person(quasi=self._at() | {level.field: value}) for _ in range(copies)]

    def _boundary(self, seed: int) -> Bundle:
        groups = list(self._edges(only_first=False, copies=self.k + 1))
        persons = [
            Person(quasi=p.quasi, cell=cell, rows=1 + cell % 2) for cell, group in enumerate(groups) for p in group
        ]
        # These refuse at first only, so that both releases have as many persons.
        persons += [Person(quasi=self._at(), rows=2)] * self.late
        persons += [Person(quasi=self._at(), cell=LATE, rows=2)] * self.late
        return self._make(persons, seed)

    def _classes(self, seed: int, k: int, processing: Processing | None = None) -> Bundle:
        """Classes of k−1, k and k+1 persons whose single values are all frequent, and the usual traps."""
        random = Random(seed)
        persons = [p for group in self._edges(only_first=True, copies=k + 1) for p in group]
        free = [
            c for c in self._combinations(random) if sum(g != x.home for g, x in zip(c, self.levels, strict=True)) >= 2
        ]
        traps = iter(free)
        sizes = ((k - 1, 1, 0), (k, 1, 0), (k + 1, 1, 0), (k - 1, 3, 0), (k, 1, 1), (1, k, 0), (1, 1, 0))
        for cell, (size, rows, refused) in enumerate(sizes):  # cells, so that the released persons can be counted
            groups = next(traps, None)
            if groups is None:
                break
            quasi = self._combination(groups)
            persons += [Person(quasi=quasi, cell=cell, rows=rows, opted_out=i < refused) for i in range(size)]
        for level in self.levels:
            info = self.organization.field(level.field)
            if info and not info.required:
                persons.append(Person(quasi=self._at() | {level.field: None}))
        persons += self._excluded(len(sizes))
        persons += self._rare()
        persons += self._peculiar(k)
        random.shuffle(persons)
        return self._make(persons, seed, processing=processing)

    def _one_value(self, number: int) -> dict[FieldName, str | None]:
        """For every other class the one value that all of it share, where sensitive values must be diverse."""
        found: dict[FieldName, str | None] = {}
        for name in {t.sensitive for t in self.processing.targets if t.sensitive and number % 2 == 0}:
            info = self.organization.field(name)
            values = info.constraints.get("enum", ()) if info else ()
            if values:
                found[name] = str(values[number // 2 % len(values)])
        return found

    def _rare(self) -> list[Person]:
        """Groups of one person fewer than the limit, as many, and one alone, each with values that nobody else has."""
        target = self.processing.target("rare-category")
        groups = rare_values(self.organization, self.processing)
        sizes = (target.minimum - 1, target.minimum, 1) if target and groups else ()
        return [
            Person(quasi=self._at() | {name: values[place][0] for name, values in groups.items()})
            for place, size in enumerate(sizes)
            for _ in range(size)
        ]

    def _peculiar(self, k: int) -> list[Person]:
        """In the home class: k persons with extremes and events, k + 1 with dummy values, and one beyond all others."""
        given = self.organization, self.processing
        groups = [beyond(*given, "top", n) | events(self.organization, n) for n in range(k)]
        groups += [dummies(self.organization)] * (k + 1) + [beyond(*given, "bottom", 0) | far(*given)]
        return [Person(quasi=self._at() | group) for group in groups if group]

    def _covering(self, seed: int, copies: int) -> Bundle:
        """Every combination of groups ``copies`` times, beside a populated home class."""
        random = Random(seed)
        chosen = self._combinations(random)[:MOST_COMBINATIONS]
        home = max(self.k + 1, 2 * self.minimum)
        alone = beyond(self.organization, self.processing, "top", 0) | events(self.organization, 0)
        persons = [Person(quasi=self._at() | (alone if n == 0 else {})) for n in range(home)]
        persons += [
            Person(quasi=self._combination(c, nth) | (self._one_value(n) if copies > 1 else {}))
            for n, c in enumerate(chosen)
            for nth in range(copies)
        ]
        persons += self._excluded(0)
        random.shuffle(persons)
        return self._make(persons, seed)

    def _few(self, count: int, seed: int, *, excluded: bool = False) -> Bundle:
        """``count`` persons of one class, with several rows each: rows are not persons."""
        random = Random(f"few/{seed}")
        persons = [Person(quasi=self._spread(random), rows=3) for _ in range(count)]
        return self._make(persons + (self._excluded(0) if excluded else []), seed)

    def _excluded(self, cell: int) -> list[Person]:
        """A cell of persons who refused and one of persons notified for another regime, none rare: nothing else removes them."""
        basis = self.organization.notice_basis
        other = basis is not None and bool(basis.not_notified(self.processing.regime).texts)
        kinds = [{"opted_out": True}] * bool(self.organization.refusals) + [{"not_notified": True}] * other
        return [
            Person(quasi=self._at(), cell=cell + n, rows=2, **kind)
            for n, kind in enumerate(kinds)
            for _ in range(self.k + 1)
        ]

    def _large(self, seed: int) -> Bundle:
        """Cells in blocks of the input order, of the source keys and of time: three independent orders."""
        random = Random(f"large/{seed}")
        cells = list(range(LARGE_CELLS))
        orders = {
            name: dict(zip(cells, random.sample(cells, LARGE_CELLS), strict=True)) for name in ("input", "key", "day")
        }
        homes = [self._at()]
        for level in self.levels[:2]:
            homes.append(self._at() | {level.field: level.groups[(level.home + 1) % len(level.groups)][0]})
        persons = [
            (
                orders["input"][cell],
                random.random(),
                Person(
                    quasi=homes[n % len(homes)],
                    cell=cell,
                    id_rank=orders["key"][cell] * 1000 + random.randrange(1000),
                    day=orders["day"][cell] * 10 + random.randrange(8),
                ),
            )
            for cell in cells
            for n in range(max(LARGE_PER_CELL, len(homes) * 3))
        ]
        persons.sort(key=lambda item: item[:2])
        return self._make([person for *_, person in persons] + self._outliers(random), seed, orders=orders)

    def _outliers(self, random: Random) -> list[Person]:
        """As many as two classes need, merged above a bound or not at all: each of another raw value, and rare among all."""
        for level in self.levels:
            last = level.groups[-1]
            if len(last) > 2 and all(text.isdigit() for text in last):
                values = range(int(last[0]), int(last[-1]) + 1)
                drawn = random.sample(values, min(len(values), 2 * self.k + 2))
                return [Person(quasi=self._at() | {level.field: str(value)}) for value in drawn]
        return []

    def _make(
        self,
        persons: list[Person],
        seed: int,
        *,
        processing: Processing | None = None,
        orders: dict[str, dict[int, int]] | None = None,
    ) -> Bundle:
        return bundle(self.organization, processing or self.processing, persons, seed=seed, orders=orders)

    def _nobody(self, count: int, seed: int) -> Bundle:
        """``count`` persons, and rows without a person key: enough for a database, if each were a person."""
        key = self.organization.subject_key
        if self.organization.resource(key.resource).row_unit == "person":
            return self._few(count, seed)
        persons = [Person(quasi=self._at(), rows=3) for _ in range(count)]
        made = self._make([*persons, Person(quasi=self._at(), rows=self.minimum)], seed)
        table = made.tables[key.resource]
        keys = [
            None if person == count else text
            for person, text in zip(made.persons[key.resource], table.column(key.field).to_pylist(), strict=True)
        ]
        place = table.schema.get_field_index(key.field)
        nameless = table.set_column(place, key.field, pa.array(keys, pa.string()))
        return replace(made, tables=dict(made.tables) | {key.resource: nameless})

    def _undeclared(self, seed: int) -> Bundle:
        """A valid bundle with a column of the table of persons, and a file, that no declaration names."""
        good = self._few(max(self.minimum, self.k) + 5, seed)
        random = Random(f"undeclared/{seed}")
        resource = self.organization.subject_key.resource
        table = good.tables[resource]
        told = [f"memo {random.randrange(10**16):016}" for _ in range(table.num_rows)]
        column = next(name for n in itertools.count(2) if (name := f"memo{n}") not in table.column_names)
        lines = "\n".join(["memo", *(f"memo {random.randrange(10**16):016}" for _ in range(3)), ""])
        return replace(
            good,
            tables=dict(good.tables) | {resource: table.append_column(column, pa.array(told, pa.string()))},
            files={f"undeclared-{column}.csv": lines.encode("ascii")},
        )

    # -- cases --------------------------------------------------------------------------------------

    def cases(self) -> Iterator[Case]:
        name, seed = self.label, self.seed * 100
        cell = frozenset({Need.ALIGNMENT_CELL, Need.ALIGNMENT_PERSON} if self.aligned else ())
        boundary = self._boundary(seed + 1)
        refusing = range(boundary.size - 2 * self.late, boundary.size)
        later = refused_later(boundary, frozenset(refusing[self.late :]), LATE)
        boundary = refused_later(boundary, frozenset(refusing[: self.late]), None)
        following = another_release(self.processing) if self.obeys else self.processing  # a setting of its own stays
        yield Case(
            id=f"{name}/boundary",
            calls=(
                PlannedCall(bundle=boundary, secret=1),
                PlannedCall(bundle=replace(later, processing=following), secret=2),
            ),
            offers=ALWAYS | cell | {Need.RELEASE_TWICE},
        )
        classes = self._classes(seed + 2, self.k)
        again = reordered(classes, seed + 2, columns=self.obeys)
        yield Case(
            id=f"{name}/classes",
            calls=(PlannedCall(bundle=classes, secret=3), PlannedCall(bundle=again, secret=3)),
            offers=ALWAYS | {Need.PERMUTED, Need.SAME_SECRET},
        )
        if self.obeys:
            other = self.k + 2
            yield self._one("classes-other-k", self._classes(seed + 3, other, with_k(self.processing, other)), 4)
        yield self._one("covering-copies", self._delivered(self._covering(seed + 4, self.k), 1), 5)
        yield self._one("covering-isolated", self._delivered(self._covering(seed + 5, 1), 3), 6)
        if self.minimum:
            for count in sorted({0, 1, self.k - 1, self.k, self.minimum - 1}):
                if count < self.minimum:
                    make = self._nobody if count == self.k else self._few
                    yield Case(
                        id=f"{name}/few-{count}",
                        calls=(PlannedCall(bundle=make(count, seed + 6 + count), secret=7, expects="refusal"),),
                        offers=frozenset({Need.REFUSAL, Need.CLAIM, Need.INPUT, Need.LOG, Need.CANARY}),
                    )
            enough = self._few(self.minimum, seed + 90, excluded=True)
            yield Case(
                id=f"{name}/enough-{self.minimum}",
                calls=(PlannedCall(bundle=self._delivered(enough, 0), secret=8),),
                offers=ALWAYS | {Need.REFUSAL},
            )
        malformed, cut = with_bad_row(self._boundary(seed + 91)), cut_short(self._boundary(seed + 93))
        if malformed:
            yield Case(
                id=f"{name}/malformed",
                calls=(
                    PlannedCall(bundle=malformed, secret=9, expects="either"),
                    *([PlannedCall(bundle=cut, secret=9, expects="refusal")] if cut else []),
                ),
                offers=frozenset({Need.INPUT, Need.LOG, Need.CANARY, Need.FAULT}),
            )
        yield Case(
            id=f"{name}/undeclared",
            calls=(PlannedCall(bundle=self._undeclared(seed + 97), secret=9, expects="either"),),
            offers=frozenset({Need.RELEASE, Need.INPUT, Need.LOG, Need.CANARY, Need.FAULT}),
        )
        if self.aligned:
            for stage in (1, 2):
                one, two = self._large(seed + 92 + 2 * stage), self._large(seed + 93 + 2 * stage)
                yield Case(
                    id=f"{name}/large-{stage}",
                    calls=(
                        PlannedCall(bundle=one, secret=10 + stage),
                        PlannedCall(bundle=two, secret=20 + stage),
                    ),
                    offers=ALWAYS | cell | {Need.PERMUTED},
                    stage=stage,
                )

    def _delivered(self, made: Bundle, first: int) -> Bundle:
        return delivered(made, first, self.encodings, obeys=self.obeys)

    def _one(self, what: str, made: Bundle, secret: int) -> Case:
        return Case(
            id=f"{self.label}/{what}",
            calls=(PlannedCall(bundle=made, secret=secret),),
            offers=ALWAYS,
        )
