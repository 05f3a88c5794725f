"""The search against brute force over every node, on small tables of generated subjects."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokumei_reference.search import Combinations, Hierarchy, Metric, Requirement, UnknownValue, search
from tokumei_reference.search.classes import classes, outcome
from tokumei_reference.search.distinct import scan
from tokumei_reference.search.hierarchy import bind
from tokumei_reference.search.lattice import TooLarge

HIERARCHIES = {
    "age": Hierarchy(rows=tuple((str(a), f"{a // 2 * 2}-{a // 2 * 2 + 1}", f"{a // 4 * 4}+", "*") for a in range(8))),
    "sex": Hierarchy(rows=(("f", "*"), ("m", "*"))),
    "area": Hierarchy(rows=(("a1", "a", "*"), ("a2", "a", "*"), ("b1", "b", "*"), ("b2", "b", "*"), ("c1", "c", "*"))),
    "code": Hierarchy.flat(["x", "y"]),
}
NAMES = tuple(HIERARCHIES)
leaves = st.tuples(*(st.sampled_from([row[0] for row in h.rows]) for h in HIERARCHIES.values()))
records = st.tuples(leaves, st.sampled_from(["p", "q", "r"]))
Record = tuple[tuple[str | None, ...], str]
Subject = list[Record]


@dataclass
class Brute:
    """Every node by the definitions, one subject after the other."""

    subjects: list[Subject]
    requirement: Requirement
    metric: Metric

    def shown(self, record: Record, levels: tuple[int, ...]) -> tuple[str | None, ...]:
        tables = [{row[0]: row for row in HIERARCHIES[name].rows} for name in NAMES]
        return tuple(None if v is None else t[v][level] for t, v, level in zip(tables, record[0], levels, strict=True))

    def released(self, levels: tuple[int, ...]) -> set[int]:
        overall = Counter(s for subject in self.subjects for _, s in subject)
        alive = set(range(len(self.subjects)))
        small = self.requirement.whole == "given"  # whether small classes have gone: first, when wholes change
        while True:
            if self.requirement.whole == "kept":
                overall = Counter(s for i in alive for _, s in self.subjects[i])
            members: dict[object, set[int]] = defaultdict(set)
            sensitive: dict[object, Counter[str]] = defaultdict(Counter)
            for i in alive:
                for record in self.subjects[i]:
                    members[self.shown(record, levels)].add(i)
                    sensitive[self.shown(record, levels)][record[1]] += 1
            gone = {i for key, held in members.items() if not self.holds(held, sensitive[key], overall) for i in held}
            if not small:
                gone = {i for held in members.values() if len(held) < self.requirement.k for i in held}
            if not gone and small:
                return alive
            small = True
            alive -= gone

    def holds(self, held: set[int], sensitive: Counter[str], overall: Counter[str]) -> bool:
        r, n = self.requirement, sensitive.total()
        if len(held) < r.k:
            return False
        if r.l is not None and r.kind == "distinct" and len(sensitive) < r.l:
            return False
        if r.l is not None and r.kind == "entropy":
            entropy = -sum(c / n * math.log(c / n) for c in sensitive.values())
            if math.exp(entropy) < r.l - 1e-9:
                return False
        if r.t is not None:
            far = sum(abs(sensitive[s] / n - c / overall.total()) for s, c in overall.items()) / 2
            return far <= r.t + 1e-9
        return True

    def loss(self, levels: tuple[int, ...], alive: set[int]) -> float:
        losses = []
        for j, level in enumerate(levels):
            rows = HIERARCHIES[NAMES[j]].rows
            total = number = 0.0
            for i, subject in enumerate(self.subjects):
                for record in subject:
                    label = self.shown(record, levels)[j]
                    below = 1 if label is None else sum(row[level] == label for row in rows)
                    share, least = below / len(rows), 1 / len(rows)
                    total += (share - least) / (1 - least) if i in alive else 1.0
                    number += 1
            losses.append(total / number)
        if self.metric == "arithmetic":
            return sum(losses) / len(losses)
        return math.prod(1 + x for x in losses) ** (1 / len(losses)) - 1

    def every(self, limit: float) -> dict[tuple[int, ...], tuple[float, int]]:
        """The nodes that hold within the limit, with loss and number suppressed."""
        found = {}
        for levels in itertools.product(*(range(h.levels) for h in HIERARCHIES.values())):
            alive = self.released(levels)
            lost = len(self.subjects) - len(alive)
            if alive and lost <= math.floor(limit * len(self.subjects) + 1e-9):
                found[levels] = (self.loss(levels, alive), lost)
        return found


def table_of(subjects: list[Subject]) -> Combinations:
    """Through the engine, with the person given only when somebody has several rows."""
    rows = [(i, *leaves, s) for i, subject in enumerate(subjects) for leaves, s in subject]
    columns = zip(("p", *NAMES, "s"), zip(*rows, strict=True), (pa.int64(), *[pa.string()] * 5), strict=True)
    data = pa.table({name: pa.array(column, kind) for name, column, kind in columns})
    with duckdb.connect() as connection:
        connection.register("data", data)
        several = any(len(subject) > 1 for subject in subjects)
        return scan(connection, "data", {n: n for n in NAMES}, sensitive="s", person="p" if several else None)


def agree(subjects: list[Subject], requirement: Requirement, limit: float, metric: Metric) -> None:
    brute = Brute(subjects, requirement, metric)
    expected = brute.every(limit)
    found = search(table_of(subjects), HIERARCHIES, requirement, suppression_limit=limit, metric=metric)
    assert found.optimal
    assert found.nodes == 24
    assert found.checked <= 24
    if not expected:
        assert found.best is None
        return
    assert found.best is not None
    loss, lost = expected[found.best.levels]
    assert found.best.loss == pytest.approx(loss, abs=1e-9)
    assert found.best.suppressed == lost
    assert found.best.loss == pytest.approx(min(loss for loss, _ in expected.values()), abs=1e-9)


requirements = st.builds(
    Requirement,
    k=st.integers(1, 4),
    l=st.none() | st.sampled_from([1, 1.5, 2, 2.5, 3]),
    kind=st.sampled_from(["distinct", "entropy"]),
    t=st.none() | st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9]),
    whole=st.sampled_from(["given", "kept"]),
)
limits = st.sampled_from([0.0, 0.1, 0.3, 0.6, 1.0])
metrics: st.SearchStrategy[Metric] = st.sampled_from(["arithmetic", "geometric"])


@settings(max_examples=120, deadline=None)
@given(st.lists(records, min_size=1, max_size=14), requirements, limits, metrics)
def test_the_optimum_is_that_of_brute_force(
    drawn: list[Record], requirement: Requirement, limit: float, metric: Metric
) -> None:
    agree([[record] for record in drawn], requirement, limit, metric)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(records, min_size=1, max_size=3, unique=True), min_size=1, max_size=8),
    st.builds(Requirement, k=st.integers(1, 3), l=st.none() | st.sampled_from([2, 3])),
    limits,
    metrics,
)
def test_subjects_of_several_rows_are_suppressed_whole_and_others_after_them(
    subjects: list[Subject], requirement: Requirement, limit: float, metric: Metric
) -> None:
    agree(subjects, requirement, limit, metric)


def test_suppression_makes_t_and_entropy_not_monotone_and_the_search_still_finds_the_optimum() -> None:
    """A node that holds, below one that does not: the usual tagging would lose the optimum."""
    even = [("0", "f", "a1", "x"), "p"], [("0", "f", "a1", "x"), "q"]
    uneven = [("1", "f", "a1", "x"), "p"]
    subjects = [[(record[0], record[1])] for record in [*even * 5, *[uneven] * 4]]
    requirement, limit = Requirement(k=2, l=2, kind="entropy"), 0.3
    nodes = Brute(subjects, requirement, "arithmetic").every(limit)
    assert (0, 0, 0, 0) in nodes
    assert (1, 0, 0, 0) not in nodes
    agree(subjects, requirement, limit, "arithmetic")


@settings(max_examples=30, deadline=None)
@given(st.lists(leaves, min_size=1, max_size=12), st.permutations(range(12)), limits)
@example([("0", "f", "a1", "x")] * 3, list(range(12)), 0.0)
def test_the_order_of_rows_changes_nothing(drawn: list[tuple[str, ...]], order: list[int], limit: float) -> None:
    shuffled = [drawn[i] for i in order if i < len(drawn)]
    both = [
        search(table_of([[(row, "p")] for row in rows]), HIERARCHIES, Requirement(k=2), suppression_limit=limit)
        for rows in (drawn, shuffled)
    ]
    assert both[0] == both[1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*(leaf | st.none() for leaf in [st.sampled_from([str(a) for a in range(8)]),
       st.sampled_from("fm"), st.sampled_from(["a1", "b1"]), st.sampled_from("xy")])), min_size=1, max_size=10))  # fmt: skip
def test_a_missing_value_is_a_value_of_its_own_on_every_level(drawn: list[tuple[str | None, ...]]) -> None:
    agree([[(row, "p")] for row in drawn], Requirement(k=2), 0.5, "arithmetic")


@pytest.mark.parametrize("seed", range(40))
def test_skewed_tables_agree_too(seed: int) -> None:
    """Sensitive values that follow the age make classes that hold beside and below classes that do not."""
    random = np.random.default_rng(seed)
    size = int(random.integers(20, 120))
    subjects: list[Subject] = []
    for _ in range(size):
        leaf = [int(min(random.geometric(0.3), len(h.rows))) - 1 for h in HIERARCHIES.values()]
        kind = "pqr"[int(random.integers(3)) if random.random() < 0.5 else leaf[0] % 3]
        subjects.append([(tuple(h.rows[i][0] for i, h in zip(leaf, HIERARCHIES.values(), strict=True)), kind)])
    k = int(random.integers(1, 6))
    for requirement in (
        Requirement(k=k, l=2),
        Requirement(k=k, l=1.7, kind="entropy"),
        Requirement(k=k, l=2.2, kind="entropy"),
        Requirement(k=k, t=0.2),
        Requirement(k=k, l=2, kind="entropy", t=0.35),
        Requirement(k=k, t=0.2, whole="kept"),
        Requirement(k=k, t=0.3, whole="kept"),
        Requirement(k=k, l=2, t=0.25, whole="kept"),
    ):
        agree(subjects, requirement, float(random.choice([0.05, 0.2, 0.4, 0.7])), "arithmetic")


@pytest.mark.parametrize("seed", range(12))
def test_a_deficit_is_lost_at_every_specialization(seed: int) -> None:
    """The law that lets a failing node condemn all below it; near it, so that a larger bound would break it."""
    random = np.random.default_rng(seed)
    size = int(random.integers(4, 60))
    subjects: list[Subject] = []
    for _ in range(size):
        leaf = tuple(str(random.choice([row[0] for row in h.rows[:3]])) for h in HIERARCHIES.values())
        subjects.append([(leaf, "pqr"[min(int(random.geometric(0.6)) - 1, 2)])])
    table = table_of(subjects)
    axes = [bind(name, HIERARCHIES[name], table.values[name]) for name in NAMES]
    assert table.sensitive is not None
    overall = np.bincount(table.sensitive, weights=table.counts, minlength=table.kinds).astype(np.int64)
    nodes = list(itertools.product(*(range(h.levels) for h in HIERARCHIES.values())))
    for requirement in (
        Requirement(k=3),
        Requirement(k=1, l=2),
        Requirement(k=1, l=1.8, kind="entropy"),
        Requirement(k=1, l=2.5, kind="entropy"),
        Requirement(k=1, t=0.15),
        Requirement(k=2, l=1.5, kind="entropy", t=0.4),
        Requirement(k=2, t=0.15, whole="kept"),
        Requirement(k=1, l=2, t=0.25, whole="kept"),
    ):
        may = size // 5 if requirement.moves else 0
        outcomes = {node: outcome(table, classes(table, axes, node), requirement, overall, may) for node in nodes}
        for low, high in itertools.product(nodes, nodes):
            if all(a <= b for a, b in zip(low, high, strict=True)):
                few = not requirement.moves or (outcomes[low].deficit <= may and outcomes[low].suppressed <= may)
                assert not few or outcomes[high].deficit <= outcomes[low].suppressed + 1e-6
        assert any(out.deficit > 0 for out in outcomes.values()) or size > 20 or requirement.moves


def test_a_search_cut_short_says_so() -> None:
    table = table_of([[((str(i % 8), "f", "a1", "x"), "p")] for i in range(9)])
    found = search(table, HIERARCHIES, Requirement(k=2), max_checks=1)
    assert not found.optimal
    assert found.best is None or found.best.suppressed == 0


def test_nobody_is_left_is_no_release() -> None:
    table = table_of([[(("0", "f", "a1", "x"), "p")]] * 3)
    found = search(table, HIERARCHIES, Requirement(k=4), suppression_limit=1.0)
    assert (found.best, found.optimal) == (None, True)


def test_what_cannot_be_searched_is_refused_without_naming_a_value() -> None:
    table = table_of([[(("0", "f", "a1", "x"), "p")]])
    with pytest.raises(UnknownValue) as unknown:
        search(table, {**HIERARCHIES, "sex": Hierarchy.flat(["m"])}, Requirement(k=1))
    assert unknown.value.attribute == "sex"
    assert "f" not in str(unknown.value)
    several = table_of([[(("0", "f", "a1", "x"), "p"), (("1", "f", "a1", "x"), "p")]])
    with pytest.raises(ValueError, match="one row"):
        search(several, HIERARCHIES, Requirement(k=1, t=0.5))
    deep = {name: Hierarchy(rows=((("0", "f", "a1", "x")[i], *"*" * 99),)) for i, name in enumerate(NAMES)}
    with pytest.raises(TooLarge):
        search(table, deep, Requirement(k=1))
    for rows in ((), (("a",), ("a", "*")), (("a", "*"), ("a", "*")), (("a", "x", "1"), ("b", "x", "2"))):
        with pytest.raises(ValueError, match="hierarchy"):
            Hierarchy(rows=rows)
