"""The attacks against a brute force over people, several releases at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.attacks.nearest import chance, narrowed, nearest, reading
from tokumei.attacks.prosecutor import prosecutor
from tokumei.attacks.rare import rare_persons
from tokumei.attacks.truth import aligned
from tokumei.clauses.r.r_02 import bound_of
from tokumei.declarations import FieldName, Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.evidence import TableView
from tokumei.relation import Column, Relation, columns

BY = columns(["q1", "q2"])
who = st.sampled_from([None, "a", "b", "c", "d", "e"])
word = st.sampled_from([None, "", "x"])
SEEN = st.lists(st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 1), who, word, word), max_size=30)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


def seen(engine: DuckDB, rows: list[tuple[Any, ...]]) -> Relation:
    kinds = [pa.string(), pa.int64(), *[pa.string()] * 3]
    values = zip(*rows, strict=True) if rows else [()] * 5
    arrays = [pa.array(list(column), kind) for column, kind in zip(values, kinds, strict=True)]
    return engine.register("seen", pa.table(arrays, names=["case", "call", "who", "q1", "q2"]))


@settings(deadline=None)
@given(rows=SEEN, bound=st.sampled_from([0.2, 1 / 3, 0.5, 1.0]))
def test_the_greatest_risk_is_one_over_the_persons_of_the_smallest_class(
    engine: DuckDB, rows: list[tuple[Any, ...]], bound: float
) -> None:
    classes: dict[tuple[str, int], dict[tuple[Any, ...], set[Any]]] = defaultdict(lambda: defaultdict(set))
    for case, call, person, *known in rows:
        classes[case, call][tuple(known)] |= {person} - {None}
    expected = {}
    for at, of in classes.items():
        risks = [1 / max(1, len(persons)) for persons in of.values()]
        expected[at] = (max(risks), len(of), sum(risk > bound for risk in risks))
    found = {
        (row["case"], row["call"]): (row["risk"], row["classes"], row["above"])
        for row in prosecutor(seen(engine, rows), by=BY, bound=bound).rows()
    }
    assert found == expected


def processing(context: str, *, targets: list[dict[str, Any]], measured: float | None = None) -> Processing:
    residual = {"measured": [{"metric": "prosecutor-max", "value": measured}]} if measured is not None else {}
    return Processing.of(
        {
            "tokumei": {"id": "p"},
            "regime": "NGMIA-19",
            "release": {"context": context},
            "steps": [],
            "targets": targets,
            "residualRisk": residual,
        }
    )


@pytest.mark.parametrize(
    ("context", "target", "measured", "bound"),
    [
        ("public", {"k": 11}, None, 1 / 11),
        ("contract", {"k": 5}, 0.2, 0.2),
        ("contract", {"k": 3}, None, 0.2),
        ("contract", {"k": 3, "why": "全員の同意"}, None, 1 / 3),
        ("contract", {"k": 3, "why": " "}, None, 0.2),
        ("contract", {"k": 3, "why": "全員の同意"}, 0.25, 0.25),
        ("on-site", {"k": 10}, None, 0.1),
        ("unheard-of", {"k": 3}, None, 1 / 11),
    ],
)
def test_a_bound_is_stricter_freely_and_laxer_only_with_a_reason(
    context: str, target: dict[str, Any], measured: float | None, bound: float
) -> None:
    asked = processing(context, targets=[{"model": "k-anonymity", "quasi": ["t.a"], **target}], measured=measured)
    assert bound_of(asked) == pytest.approx(bound)


LABELS = st.sampled_from([None, "*", "40-49", "[40-50)", "50以上", "≤39", "45", "松本圏", "その他"])
VALUES = st.sampled_from([None, "39", "40", "45", "50", "60", "松本市"])
ABOVE = {"松本市": frozenset({"松本市", "松本圏", "長野県"})}


def far(value: str | None, label: str | None) -> float:
    """What a reader makes of a label, written out by hand."""
    if value == label:
        return 0.0
    if value is None or label in (None, "*"):
        return 0.5
    assert label is not None
    if value == "松本市":
        return 0.0 if label == "松本圏" else 1.0
    reach = {"40-49": (40, 49), "[40-50)": (40, 50), "50以上": (50, 999), "≤39": (-999, 39), "45": (45, 45)}
    if label not in reach:
        return 1.0
    low, high = reach[label]
    gap = max(low - int(value), int(value) - high, 0)
    return gap / (1 + gap)


@settings(deadline=None)
@given(value=VALUES, label=LABELS)
def test_a_label_is_read_as_a_person_would_read_it(value: str | None, label: str | None) -> None:
    assert reading(ABOVE)(value, label) == pytest.approx(far(value, label))


@settings(deadline=None)
@given(
    target=st.tuples(VALUES, VALUES),
    released=st.dictionaries(st.integers(0, 9), st.sets(st.tuples(LABELS, LABELS), min_size=1, max_size=2), min_size=1),
)
def test_the_nearest_are_those_whom_none_is_nearer_than(
    target: tuple[Any, ...], released: dict[int, set[tuple[Any, ...]]]
) -> None:
    of = reading(ABOVE)
    best = {person: round(min(sum(map(far, target, shown)) for shown in rows), 9) for person, rows in released.items()}
    expected = {person for person, distance in best.items() if distance == min(best.values())}
    assert nearest([target], released, [of, of])[target] == expected


@settings(deadline=None)
@given(
    candidates=st.frozensets(st.integers(0, 5), min_size=1),
    texts=st.frozensets(st.sampled_from("abc")),
    cells=st.dictionaries(st.integers(0, 5), st.frozensets(st.sampled_from("abcd"))),
    truth=st.integers(0, 5),
)
def test_other_cells_only_narrow_and_the_chance_is_one_in_those_left(
    candidates: frozenset[int], texts: frozenset[str], cells: dict[int, frozenset[str]], truth: int
) -> None:
    left = narrowed(candidates, texts, cells)
    assert left and left <= candidates
    most = max(len(texts & cells.get(person, frozenset())) for person in candidates)
    assert left == {person for person in candidates if len(texts & cells.get(person, frozenset())) == most}
    assert chance(left, truth) == (1 / len(left) if truth in left else 0)


def test_where_labels_say_nothing_the_nearest_is_right_once_in_the_size_of_a_class() -> None:
    """The null: classes of k persons, labels of the class alone, other cells drawn anew; the mean share is one in k."""
    random = Random(1)
    for k in (3, 5, 11):
        shares = []
        for _ in range(40):
            ages = {person: str(40 + 10 * (person // k) + random.randrange(10)) for person in range(4 * k)}
            released = {person: {(f"{age[0]}0-{age[0]}9",)} for person, age in ages.items()}
            cells = {person: frozenset({str(random.randrange(1000, 2000))}) for person in ages}
            found = nearest([(age,) for age in ages.values()], released, [reading({})])
            hits = [chance(narrowed(found[age,], frozenset({age}), cells), person) for person, age in ages.items()]
            shares.append(sum(hits) / len(hits))
        assert max(shares) == pytest.approx(1 / k)


def views(engine: DuckDB, name: str, rows: list[tuple[Any, ...]]) -> dict[str, TableView]:
    made = engine.register(
        name,
        pa.table(
            {
                "case": pa.array([row[0] for row in rows], pa.string()),
                "call": pa.array([0 for _ in rows], pa.int64()),
                "row": pa.array(list(range(len(rows))), pa.int64()),
                "subject": pa.array([row[1] for row in rows], pa.string()),
                "f0": pa.array([row[2] for row in rows], pa.string()),
                "f1": pa.array([row[3] for row in rows], pa.string()),
            }
        ),
    )
    return {"t": TableView("t", made, {"a": Column("f0"), "b": Column("f1")})}


ROWS = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), who, st.sampled_from([None, "1", "1.0", "x"]), word), max_size=20
)


def lines(rows: list[tuple[Any, ...]]) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    found: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for case, person, a, b in rows:
        if person is not None:
            found[case, person].append(({None: "", "1": "1.0"}.get(a, a), b or ""))
    return {key: tuple(sorted(of)) for key, of in found.items()}


@settings(deadline=None)
@given(before=ROWS, after=ROWS)
def test_persons_are_told_by_all_their_kept_rows_and_only_where_nobody_has_the_same(
    engine: DuckDB, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    given_, released = lines(before), lines(after)
    expected = {
        (case, one, other)
        for (case, one), mine in given_.items()
        for (at, other), theirs in released.items()
        if case == at
        and mine == theirs
        and [key for key, value in given_.items() if key[0] == case and value == mine] == [(case, one)]
        and [key for key, value in released.items() if key[0] == case and value == theirs] == [(case, other)]
    }
    found = aligned(
        views(engine, "before", before), views(engine, "after", after), [FieldName("t", "a"), FieldName("t", "b")], "t"
    )
    assert {(row["case"], row["given"], row["released"]) for row in found.rows()} == expected


@settings(deadline=None)
@given(rows=ROWS, share=st.sampled_from([0.2, 0.34, 0.5]))
def test_rare_are_those_with_a_value_of_few_persons(engine: DuckDB, rows: list[tuple[Any, ...]], share: float) -> None:
    expected = set()
    for case in ("one", "two"):
        here = [row for row in rows if row[0] == case and row[1] is not None]
        people = {row[1] for row in here}
        for place in (2, 3):
            for row in here:
                if len({other[1] for other in here if other[place] == row[place]}) <= share * len(people):
                    expected.add((case, row[1]))
    found = rare_persons(views(engine, "rare", rows), [FieldName("t", "a"), FieldName("t", "b")], share=share)
    assert {(row["case"], row["who"]) for row in found.rows()} == expected
