"""Every measure of a call against its definition, written out in plain Python over sets of people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.classes import k
from tokumei.measures.closeness import t_equal
from tokumei.measures.combinations import Combinations, combinations
from tokumei.measures.distance import MOST_COLUMNS, numeric_order, t_hierarchical, t_ordered
from tokumei.measures.diversity import l_distinct
from tokumei.measures.packing import MOST
from tokumei.measures.population import presence
from tokumei.measures.profile import at_risk, each_class, profile
from tokumei.measures.readings import readings
from tokumei.measures.wide import MOST_VALUES
from tokumei.relation import Column, Relation, columns

Row = tuple[Any, ...]  # case, call, person, two quasi-identifiers, value
NAMES = ["case", "call", "person", "年齢 x", 'q"2', "病名"]
BY, PERSON, VALUE = columns(NAMES[3:5]), Column("person"), Column("病名")
INF = math.inf

rows = st.tuples(
    st.sampled_from(["one", "二"]),
    st.integers(0, 1),
    st.sampled_from([None, "1", "2", "3", "4", "5"]),
    st.sampled_from([None, "*", "a", "b"]),
    st.sampled_from([None, "x"]),
    st.sampled_from([None, "1", "2", "3", "10"]),
)
tables = st.lists(rows, max_size=40)
one_row_each = st.lists(rows, max_size=40).map(
    lambda data: [(*row[:2], str(i), *row[3:]) for i, row in enumerate(data)]
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


def relation(engine: DuckDB, data: list[Row], name: str = "rows") -> Relation:
    types = [pa.string(), pa.int64(), *[pa.string()] * 4]
    values = zip(*data, strict=True) if data else [()] * 6
    arrays = [pa.array(list(column), kind) for column, kind in zip(values, types, strict=True)]
    return engine.register(name, pa.table(arrays, names=NAMES))


def table(engine: DuckDB, data: list[Row], name: str = "rows") -> Combinations:
    return combinations(relation(engine, data, name), by=BY, person=PERSON, sensitive=VALUE)


def calls(data: list[Row]) -> dict[tuple[str, int], list[Row]]:
    found: dict[tuple[str, int], list[Row]] = {}
    for row in data:
        found.setdefault(row[:2], []).append(row)
    return found


def classes(data: list[Row]) -> dict[Row, list[Row]]:
    found: dict[Row, list[Row]] = {}
    for row in data:
        found.setdefault(row[3:5], []).append(row)
    return found


def people(data: list[Row]) -> set[str]:
    return {row[2] for row in data if row[2] is not None}


def by_value(data: list[Row]) -> dict[Any, int]:
    """How many people have each value."""
    pairs = {(row[2], row[5]) for row in data if row[2] is not None}
    return {value: sum(1 for _, other in pairs if other == value) for value in {value for _, value in pairs}}


def distributed(data: list[Row]) -> dict[Any, float]:
    held = by_value(data)
    return {value: count / sum(held.values()) for value, count in held.items()}


def recursive(counts: list[int], least: int) -> float:
    """The c that must be exceeded: r1 < c (r_l + … + r_m)."""
    r = sorted(counts, reverse=True)
    return r[0] / sum(r[least - 1 :]) if sum(r[least - 1 :]) else INF


def expected(data: list[Row]) -> dict[str, Any]:
    """The measures of one call, from their definitions."""
    parts = classes(data)
    sizes = [len(people(part)) for part in parts.values()]
    held = [part for part in parts.values() if people(part)]
    n, whole, all_people = sum(sizes), by_value(data), len(people(data))
    result: dict[str, Any] = {
        "rows": len(data),
        "people": all_people,
        "classes": len(held),
        "k": min(sizes),
        "discernibility": sum(size * size for size in sizes),
        "unique": sizes.count(1),
        "l_distinct": min(len(by_value(part)) for part in parts.values()),
        "prosecutor": None,
        "marketer": None,
    }
    names = ("l_entropy", "c_2", "c_3", "c_4", "alpha", "t_equal", "beta", "beta_enhanced", "delta", "delta_strict")
    if not held:
        return result | dict.fromkeys(names)
    worst: dict[str, list[float]] = {name: [] for name in names}
    p = distributed(data)
    for part in held:
        mine, q, size = by_value(part), distributed(part), len(people(part))
        worst["l_entropy"].append(-math.exp(-sum(share * math.log(share) for share in q.values())))
        for least in (2, 3, 4):
            worst[f"c_{least}"].append(recursive(list(mine.values()), least))
        worst["alpha"].append(max(count / size for count in mine.values()))
        worst["t_equal"].append(sum(abs(q.get(value, 0) - share) for value, share in p.items()) / 2)
        likelier = {value: (count / size) / (whole[value] / all_people) for value, count in mine.items()}
        beta = max(0.0, *(ratio - 1 for ratio in likelier.values()))
        limits = all(ratio - 1 <= -math.log(whole[value] / all_people) for value, ratio in likelier.items())
        worst["beta"].append(beta)
        worst["beta_enhanced"].append(beta if limits else INF)
        delta = max(abs(math.log(ratio)) for ratio in likelier.values())
        worst["delta"].append(delta)
        worst["delta_strict"].append(delta if set(mine) == set(whole) else INF)
    found = {name: max(values) for name, values in worst.items()}
    result["prosecutor"] = max(1 / len(people(part)) for part in held)
    result["marketer"] = len(held) / n
    return result | found | {"l_entropy": -found["l_entropy"]}


def told(found: Relation) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row.pop("case"), row.pop("call")): row for row in found.rows()}


def near(values: dict[tuple[str, int], dict[str, Any]]) -> dict[Any, Any]:
    return {key: {name: pytest.approx(cell, abs=1e-9) for name, cell in row.items()} for key, row in values.items()}


@settings(deadline=None, max_examples=100)
@given(st.one_of(tables, one_row_each))
@example([("one", 0, None, "a", "x", "1")])
@example([("one", 0, None, "a", "x", "1"), ("one", 0, "1", "b", "x", "2"), ("one", 0, "1", "b", "x", "3")])
def test_every_measure_is_its_definition(engine: DuckDB, data: list[Row]) -> None:
    found = told(profile(table(engine, data)))
    assert found == near({key: expected(part) for key, part in calls(data).items()})


@settings(deadline=None)
@given(one_row_each)
def test_rows_known_to_be_people_say_the_same(engine: DuckDB, data: list[Row]) -> None:
    given_rows = relation(engine, data)
    known = combinations(given_rows, by=BY, person=None, sensitive=VALUE)
    assert told(profile(known)) == near(told(profile(table(engine, data))))


@settings(deadline=None)
@given(tables)
def test_measures_asked_one_by_one_agree_with_the_profile(engine: DuckDB, data: list[Row]) -> None:
    given_rows, found = relation(engine, data), told(profile(table(engine, data)))
    assert {key: row["k"] for key, row in found.items()} == {
        key: row["k"] for key, row in told(k(given_rows, by=BY, person=PERSON)).items()
    }
    alone = told(l_distinct(given_rows, by=BY, person=PERSON, sensitive=VALUE))
    assert {key: row["l_distinct"] for key, row in found.items()} == {key: row["l"] for key, row in alone.items()}
    close = told(t_equal(given_rows, by=BY, person=PERSON, sensitive=VALUE))
    assert {key: row["t_equal"] for key, row in found.items() if row["t_equal"] is not None} == pytest.approx(
        {key: row["t"] for key, row in close.items()}, abs=1e-9
    )


@settings(deadline=None)
@given(st.one_of(tables, one_row_each), st.integers(1, 5))
def test_people_at_risk_are_those_of_small_classes(engine: DuckDB, data: list[Row], below: int) -> None:
    found = told(at_risk(table(engine, data), below=below))
    sizes = {key: [len(people(c)) for c in classes(part).values()] for key, part in calls(data).items()}
    assert found == {key: {"at_risk": sum(size for size in some if size < below)} for key, some in sizes.items()}


def test_each_class_keeps_its_values(engine: DuckDB) -> None:
    found = each_class(table(engine, [("one", 0, "1", None, "x", "1"), ("one", 0, "2", "a", None, "1")])).rows()
    assert {(row["q1"], row["q2"], row["people"]) for row in found} == {(None, "x", 1), ("a", None, 1)}


@settings(deadline=None, max_examples=60)
@given(st.one_of(tables, one_row_each))
def test_each_class_has_its_own_measures(engine: DuckDB, data: list[Row]) -> None:
    found = {(row["case"], row["call"], row["q1"], row["q2"]): row for row in each_class(table(engine, data)).rows()}
    wanted = {}
    for key, part in calls(data).items():
        for values, rows in classes(part).items():
            mine, size = by_value(rows), len(people(rows))
            shares, whole = distributed(rows), distributed(part)
            wanted[key + values] = {
                "rows": len(rows),
                "people": size,
                "l_distinct": len(mine),
                "l_entropy": math.exp(-sum(q * math.log(q) for q in shares.values())) if size else None,
                "c_2": recursive(list(mine.values()), 2) if size else None,
                "c_3": recursive(list(mine.values()), 3) if size else None,
                "alpha": max(mine.values()) / size if size else None,
                "t_equal": sum(abs(shares.get(v, 0) - p) for v, p in whole.items()) / 2 if size else None,
            }
    told_of = {key: {name: row[name] for name in wanted[key]} for key, row in found.items() if key in wanted}
    assert found.keys() == wanted.keys()
    assert told_of == near(wanted)


# --- distances --------------------------------------------------------------------------------------------------------


def transport(q: dict[Any, float], p: dict[Any, float], distance: Any) -> float:
    """The earth mover's distance by linear programming."""

    a, b = list(q), list(p)
    cost = [distance(x, y) for x in a for y in b]
    equal = [[float(i == at) for i in range(len(a)) for _ in b] for at in range(len(a))]
    equal += [[float(j == at) for _ in a for j in range(len(b))] for at in range(len(b))]
    return float(linprog(cost, A_eq=equal, b_eq=[*q.values(), *p.values()], method="highs").fun)


TREE = {"1": ("low", "all"), "2": ("low", "all"), "3": ("high", "all"), "10": ("top", "far")}


def height(x: Any, y: Any) -> float:
    """Levels to the lowest common node, over the height: the value, two levels of nodes, the root."""
    if x == y:
        return 0.0
    a, b = (TREE.get(v, ((v, 1), (v, 2))) for v in (x, y))
    return next((level / 3 for level in (1, 2) if a[level - 1] == b[level - 1]), 1.0)


@settings(deadline=None, max_examples=60)
@given(st.one_of(tables, one_row_each))
def test_the_ordered_distance_moves_earth_along_the_order(engine: DuckDB, data: list[Row]) -> None:
    some = table(engine, data)
    found = told(t_ordered(some, order=numeric_order(some)))
    wanted: dict[Any, float] = {}
    for key, part in calls(data).items():
        p = distributed(part)
        if None in p:
            wanted[key] = INF
        elif p:
            place = {value: i for i, value in enumerate(sorted(p, key=float))}
            span = max(len(p) - 1, 1)
            wanted[key] = max(
                transport(distributed(c), p, lambda x, y, at=place, s=span: abs(at[x] - at[y]) / s)
                for c in classes(part).values()
                if people(c)
            )
    assert {key: row["t_ordered"] for key, row in found.items()} == pytest.approx(wanted, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.one_of(tables, one_row_each))
def test_the_hierarchical_distance_moves_earth_up_and_down_the_tree(engine: DuckDB, data: list[Row]) -> None:
    levels = [(value, 0, value) for value in TREE]
    levels += [(value, level, nodes[level - 1]) for value, nodes in TREE.items() for level in (1, 2)]
    hierarchy = engine.register("tree", pa.table(list(zip(*levels, strict=True)), names=["value", "level", "node"]))
    found = told(t_hierarchical(table(engine, data), hierarchy=hierarchy))
    wanted = {
        key: max(transport(distributed(c), distributed(part), height) for c in classes(part).values() if people(c))
        for key, part in calls(data).items()
        if people(part)
    }
    assert {key: row["t_hierarchical"] for key, row in found.items()} == pytest.approx(wanted, abs=1e-9)


# --- population and readings ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(tables, tables)
def test_a_sample_is_compared_with_its_population(engine: DuckDB, sample: list[Row], rest: list[Row]) -> None:
    found = told(presence(table(engine, sample, "sample"), population=table(engine, rest, "population")))
    wanted = {}
    for key in {row[:2] for row in (*sample, *rest)}:
        f, big = ({c: len(people(part)) for c, part in classes(calls(x).get(key, [])).items()} for x in (sample, rest))
        every = [(f.get(c, 0), big.get(c, 0)) for c in {*f, *big} if f.get(c) or big.get(c)]
        mine = [(n, size) for n, size in every if n]
        if not every:
            continue
        deltas = [n / size if size else INF for n, size in every]
        risks = [(n, 1 / size if size else INF) for n, size in mine]
        wanted[key] = {
            "delta_min": min(deltas),
            "delta_max": max(deltas),
            "k_map": min((size for _, size in mine), default=None),
            "k_map_all": min((size for _, size in every if size), default=None),
            "journalist": max((risk for _, risk in risks), default=None),
            "marketer_map": sum(n * risk for n, risk in risks) / sum(n for n, _ in mine) if mine else None,
            "unique_in_population": sum(1 for pair in mine if pair == (1, 1)),
        }
    assert found == near(wanted)


def test_a_population_of_other_quasi_identifiers_is_refused(engine: DuckDB) -> None:
    other = combinations(relation(engine, []), by=BY[:1], person=PERSON)
    with pytest.raises(ValueError, match="other quasi"):
        presence(table(engine, []), population=other)


@settings(deadline=None, max_examples=100)
@given(st.one_of(tables, one_row_each), st.sampled_from([(), ("*",), ("*", "x")]))
def test_the_three_readings_of_a_suppressed_cell(engine: DuckDB, data: list[Row], markers: tuple[str, ...]) -> None:
    def agree(one: Row, other: Row) -> bool:
        return all(x == y or x in gone or y in gone for x, y in zip(one, other, strict=True))

    gone = {None, *markers}
    found = told(readings(table(engine, data), markers=markers))
    for key, part in calls(data).items():
        parts = {c: people(rows) for c, rows in classes(part).items()}
        row = found.pop(key)
        left = [len(held) for c, held in parts.items() if not all(cell in gone for cell in c)]
        wild = min(len(set().union(*(held for other, held in parts.items() if agree(c, other)))) for c in parts)
        assert row["k_value"] == min(len(held) for held in parts.values())
        assert row["k_removed"] == min(left, default=None)
        assert row["people_suppressed"] == sum(len(h) for c, h in parts.items() if any(cell in gone for cell in c))
        assert row["people_removed"] == sum(len(h) for c, h in parts.items() if all(cell in gone for cell in c))
        assert row["k_value"] <= row["k_wildcard"] <= wild
        if sum(len(held) for held in parts.values()) == len(people(part)):
            assert row["k_wildcard"] == wild
    assert found == {}


def test_the_sensitive_column_forms_no_class(engine: DuckDB) -> None:
    with pytest.raises(ValueError, match="sensitive"):
        combinations(relation(engine, []), by=[VALUE], person=PERSON, sensitive=VALUE)


def all_measures(table: Combinations) -> list[list[dict[str, Any]]]:
    engine = table.relation.engine
    order = engine.register("order", pa.table({"value": ["1", "2"], "rank": [2, 1]}))
    nodes = {"value": ["1", "1", "2", "2"], "level": [0, 1, 0, 1], "node": ["1", "low", "2", "low"]}
    tree = engine.register("tree", pa.table(nodes))
    known = t_ordered(table, order=order), t_hierarchical(table, hierarchy=tree), presence(table, population=table)
    found = [profile(table), at_risk(table, below=3), *known, readings(table, markers=["*"]), each_class(table)]
    return [sorted(map(rounded, measure.rows()), key=str) for measure in found]


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers to nine decimals: the order in which an engine adds up is its own."""
    return {name: round(cell, 9) if isinstance(cell, float) else cell for name, cell in row.items()}


ORDER = {"everyone", "k_wildcard"}
"""Where people stand in several classes, the class that comes first counts them, and codes have an order of their own."""


def same(kept: Combinations, some: Combinations, data: list[Row]) -> bool:
    several = len({row[:3] for row in data}) < len(data)
    of_any = [[[{c: x for c, x in row.items() if not (several and c in ORDER)} for row in measure] for measure in found]
              for found in (all_measures(kept), all_measures(some))]  # fmt: skip
    return all(sorted(a, key=str) == sorted(b, key=str) for a, b in zip(*of_any, strict=True))


one_call = tables.map(lambda data: [("one", 0, *row[2:]) for row in data])


@settings(deadline=None, max_examples=40)
@given(st.one_of(tables, one_row_each, one_call))
def test_a_kept_table_says_the_same(engine: DuckDB, data: list[Row]) -> None:
    some = table(engine, data)
    kept = some.kept("kept")
    assert kept.packed is not None
    assert same(kept, some, data)


@settings(deadline=None, max_examples=15)
@given(st.one_of(one_row_each, one_call))
def test_a_kept_table_of_rows_known_to_be_people_says_the_same(engine: DuckDB, data: list[Row]) -> None:
    some = combinations(relation(engine, data), by=BY, person=None, sensitive=VALUE)
    kept = some.kept("kept")
    assert kept.packed is not None
    assert all_measures(kept) == all_measures(some)


@pytest.mark.parametrize("person", [None, PERSON])
def test_a_kept_table_of_many_values_says_the_same(engine: DuckDB, person: Column | None) -> None:
    count = 2 * MOST + 100
    data = [("one", 0, f"p{i // 3}", f"a{i // 2}", "x" if i % 2 else None, f"{i % (MOST + 1)}") for i in range(count)]
    some = combinations(relation(engine, data), by=BY, person=person, sensitive=VALUE)
    kept = some.kept("kept")
    assert kept.packed is not None
    assert [cell.mask is None for cell in (*kept.packed.cells, kept.packed.s)] == [True, False, True]
    assert profile(kept).rows() == profile(some).rows()


@pytest.mark.parametrize("values", [1, 2, 5, MOST_COLUMNS, MOST_COLUMNS + 1])
def test_a_kept_table_of_few_or_many_places_is_as_far_apart(engine: DuckDB, values: int) -> None:
    random = Random(values)
    data = [
        (f"{i % 2}", 0, f"p{i}", f"a{random.randrange(4)}", "x", f"{random.randrange(values)}")
        for i in range(20 * values)
    ]
    ranks = [random.randrange(values) for _ in range(values)]
    order = engine.register("order", pa.table({"value": [str(i) for i in range(values)], "rank": ranks}))
    some = combinations(relation(engine, data), by=BY, person=None, sensitive=VALUE)
    found = [sorted((row["case"], round(row["t_ordered"], 9)) for row in t_ordered(one, order=order).rows())
             for one in (some, some.kept("kept"))]  # fmt: skip
    assert found[0] == found[1]
    assert len(found[0]) == min(2, 20 * values)


@pytest.mark.parametrize("person", [None, PERSON])
@pytest.mark.parametrize("values", [1, 2, 3, MOST_VALUES, MOST_VALUES + 1])
def test_a_kept_table_of_one_call_says_the_same_of_few_or_many_values(
    engine: DuckDB, values: int, person: Column | None
) -> None:
    random = Random(values)
    people = [None, *map(str, range(20 * values))] if person else [None]
    data = [
        ("one", 0, random.choice(people), f"a{int(random.expovariate(1))}", "x", f"{random.randrange(values)}")
        for _ in range(50 * values)
    ]
    order = engine.register(
        "order", pa.table({"value": map(str, range(values)), "rank": [i // 2 for i in range(values)]})
    )
    nodes = [(f"{i}", level, f"{level * i % 3}") for i in range(values) for level in (0, 1) if i % 5 or level]
    tree = engine.register(
        "tree", pa.table(dict(zip(("value", "level", "node"), zip(*nodes, strict=True), strict=True)))
    )
    nothing = tree.query("SELECT * FROM {self} AS t WHERE 1 = 0")
    some = combinations(relation(engine, data), by=BY, person=person, sensitive=VALUE)
    kept = some.kept("kept")
    assert kept.kept_as is not None
    assert (kept.kept_as.wide is None) == (values > MOST_VALUES)
    a, b = (
        [
            [rounded(row) for row in measure.rows()]
            for measure in (
                profile(one),
                at_risk(one, below=5),
                t_ordered(one, order=order),
                t_ordered(one, order=order.query("SELECT * FROM {self} AS t WHERE 1 = 0")),
                t_hierarchical(one, hierarchy=tree),
                t_hierarchical(one, hierarchy=nothing),
            )
        ]
        for one in (some, kept)
    )
    assert a == b
    assert a[2][0]["t_ordered"] >= 0


@settings(deadline=None, max_examples=15)
@given(st.one_of(tables, one_row_each))
def test_texts_of_the_same_code_are_told_apart(data: list[Row]) -> None:
    with DuckDB() as engine:
        engine._connection.execute("CREATE OR REPLACE MACRO code(t) AS coalesce(length(t), 1)")
        some = table(engine, data)
        kept = some.kept("kept")
        cells = {cell for row in data for cell in row[3:]} | {None}
        assert (kept.packed is None) == (len({1 if cell is None else len(cell) for cell in cells}) < len(cells))
        assert same(kept, some, data)


def test_what_is_no_text_is_counted_as_it_is(engine: DuckDB) -> None:
    rows = {"case": ["a"] * 2, "call": [0] * 2, "q": [0.0, -0.0], "v": ["x", "x"]}
    some = combinations(
        engine.register("numbers", pa.table(rows)), by=[Column("q")], person=None, sensitive=Column("v")
    )
    kept = some.kept("kept")
    assert kept.packed is None
    assert profile(kept).rows()[0]["k"] == profile(some).rows()[0]["k"] == 2
