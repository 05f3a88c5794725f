"""What shipped tools get wrong (research: peers §3): ours must say the truth on the same tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.combinations import Combinations, combinations
from tokumei.measures.distance import numeric_order, t_hierarchical, t_ordered
from tokumei.measures.profile import profile
from tokumei.measures.readings import readings
from tokumei.relation import Column


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB(threads=2) as made:
        yield made


def released(engine: DuckDB, quasi: Any, values: Any, *, known: bool = False) -> Combinations:
    """A table of one quasi-identifier and one sensitive value, a row a person."""
    count = len(quasi)
    columns = {"case": ["one"] * count, "call": [0] * count, "person": np.arange(count), "q": quasi, "v": values}
    rows = engine.register("released", pa.table(columns))
    return combinations(rows, by=[Column("q")], person=None if known else Column("person"), sensitive=Column("v"))


def measured(table: Combinations) -> dict[str, Any]:
    rows = profile(table).rows()
    assert len(rows) == 1
    return rows[0]


def skewed(rows: int) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(rows)
    quasi = random.choice(["x", "y", "z"], rows)
    return quasi.tolist(), [random.choice(["a", "b", "c"], p=[0.6, 0.3, 0.1]) if q != "z" else "c" for q in quasi]


@pytest.mark.parametrize("order", ["shuffled", "sorted", "twice over"])
def test_the_order_of_rows_says_nothing(engine: DuckDB, order: str) -> None:
    """pycanon takes labels of rows for places: l 9 for 6 and t 0.30 for 0.65 on shuffled rows."""
    quasi, values = skewed(500)
    pairs = list(zip(quasi, values, strict=True))
    expected = measured(released(engine, quasi, values))
    other = np.random.default_rng(1).permutation(pairs).tolist() if order == "shuffled" else sorted(pairs)
    if order == "twice over":
        other = pairs + pairs
        expected |= {name: 2 * expected[name] for name in ("rows", "people", "k")}
        expected |= {"discernibility": 4 * expected["discernibility"]}
        expected |= {name: pytest.approx(expected[name] / 2) for name in ("prosecutor", "marketer")}
    assert measured(released(engine, *map(list, zip(*other, strict=True)))) == expected


def test_a_part_of_a_table_is_a_table(engine: DuckDB) -> None:
    """pycanon raises IndexError on a filtered frame."""
    table = pa.table(
        {"case": ["one"] * 6, "call": [0] * 6, "person": range(6), "q": list("xxxyyz"), "v": list("aabcba")}
    )
    part = engine.register("whole", table).query("SELECT * FROM {self} AS t WHERE q <> 'z'")
    found = measured(combinations(part, by=[Column("q")], person=Column("person"), sensitive=Column("v")))
    assert (found["k"], found["l_distinct"], found["rows"]) == (2, 2, 5)


@pytest.mark.parametrize("known", [True, False])
def test_a_missing_value_is_a_value(engine: DuckDB, known: bool) -> None:
    """pycanon, anjana, anonymity-api say k = 3 or 9 for a person who is alone; anonypyx drops the row."""
    found = measured(released(engine, ["x"] * 3 + ["y"] * 3 + [None], ["a"] * 7, known=known))
    assert (found["k"], found["unique"], found["rows"], found["classes"]) == (1, 1, 7, 3)


def test_a_level_that_nobody_has_is_no_class(engine: DuckDB) -> None:
    """pycanon says k = 0 where a category has a level without rows."""
    quasi = pa.DictionaryArray.from_arrays(pa.array([0, 0, 1, 1], pa.int8()), ["x", "y", "unused"])
    assert measured(released(engine, quasi, ["a", "b", "a", "b"]))["k"] == 2


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7, 8, 10, 100])
@pytest.mark.parametrize("each", [1, 3, 7])
def test_the_entropy_of_equally_frequent_values_is_their_number(engine: DuckDB, count: int, each: int) -> None:
    """pycanon truncates: 1, 2, 3, 5, 6, 7, 9 for 2, 3, 4, 6, 7, 8, 10."""
    values = [f"v{i}" for i in range(count)] * each
    assert measured(released(engine, ["x"] * len(values), values))["l_entropy"] == count


def test_recursion_begins_at_the_most_frequent_value(engine: DuckDB) -> None:
    """pycanon takes the rarest for it and says c = 1, l = 3; the truth is c > 7."""
    found = measured(released(engine, ["x"] * 10, list("aaaaaaabbc")))
    assert (found["c_2"], found["c_3"], found["c_4"]) == (pytest.approx(7 / 3), 7, math.inf)


def test_where_no_enhanced_beta_holds_none_is_told(engine: DuckDB) -> None:
    """pycanon says 8.12."""
    found = measured(released(engine, ["x"] + ["y"] * 99, ["rare"] + ["a"] * 99))
    assert found["beta"] == pytest.approx(99)
    assert found["beta_enhanced"] == math.inf


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()])
def test_the_type_of_a_column_chooses_no_distance(engine: DuckDB, kind: pa.DataType) -> None:
    """pycanon says 0.412 for integers and 0.963 for the same numbers as text: two distances, none of them named."""
    table = released(engine, list("xxxyyy"), pa.array([1, 2, 3, 3, 4, 9]).cast(kind))
    assert measured(table)["t_equal"] == pytest.approx(1 / 3)
    assert t_ordered(table, order=numeric_order(table)).rows()[0]["t_ordered"] == 0.25


@pytest.mark.parametrize("values", [[5, 5, 5], ["a", "a", "a"], [None, None, None]], ids=["number", "text", "missing"])
def test_a_value_that_all_have_is_at_no_distance(engine: DuckDB, values: Sequence[Any]) -> None:
    """pycanon divides by zero, or raises TypeError where the value is missing."""
    found = measured(released(engine, ["x", "x", "y"], pa.array(values)))
    assert (found["t_equal"], found["beta"], found["delta"], found["l_distinct"], found["alpha"]) == (0, 0, 0, 1, 1)


def test_a_missing_sensitive_value_is_a_value(engine: DuckDB) -> None:
    """pycanon raises ValueError."""
    found = measured(released(engine, ["x", "x", "y", "y"], ["a", None, "a", None]))
    assert (found["l_distinct"], found["l_entropy"], found["t_equal"]) == (2, 2, 0)


def test_a_distance_is_at_most_one(engine: DuckDB) -> None:
    """anonymity-api adds over rows and not over values: 3.0 for 0.3."""
    found = measured(released(engine, ["x"] * 10 + ["y"] * 10, ["a"] * 8 + ["b"] * 2 + ["a"] * 2 + ["b"] * 8))
    assert (found["t_equal"], found["c_2"]) == (0.3, 4)
    assert found["l_entropy"] == pytest.approx(1.6493848884661177)


@pytest.mark.parametrize("times", [1, 30, 3000])
def test_large_counts_do_not_overflow(engine: DuckDB, times: int) -> None:
    """ARX multiplies two counts in 32 bits: from 156,000 rows on it accepts a hierarchical t of 0.05 for 0.16."""
    quasi, values = skewed(500)
    repeated = pa.chunked_array([pa.array(quasi)] * times), pa.chunked_array([pa.array(values)] * times)
    tree = pa.table({"value": ["a", "a", "b", "b", "c", "c"], "level": [0, 1] * 3, "node": list("apbpcq")})
    hierarchy = engine.register("tree", tree)
    once = released(engine, quasi, values, known=True)
    expected = measured(once)["t_equal"], t_hierarchical(once, hierarchy=hierarchy).rows()[0]["t_hierarchical"]
    many = released(engine, *repeated, known=True)
    found = measured(many)
    assert (found["t_equal"], t_hierarchical(many, hierarchy=hierarchy).rows()[0]["t_hierarchical"]) == expected
    assert found["discernibility"] == times**2 * sum(quasi.count(q) ** 2 for q in "xyz")


def test_both_readings_of_a_suppressed_cell_are_told(engine: DuckDB) -> None:
    """sdcMicro says k = 5 for a table of which, a missing value read as a value, k is 1."""
    found = readings(released(engine, ["x"] * 4 + [None], ["a"] * 5)).rows()[0]
    assert (found["k_value"], found["k_wildcard"], found["k_removed"]) == (1, 5, 4)


def test_a_visit_is_not_a_person(engine: DuckDB) -> None:
    """Every tool of peers §1 counts rows: five visits of one person are k = 5 and l = 5 to them."""
    table = pa.table({"case": ["one"] * 5, "call": [0] * 5, "person": ["p"] * 5, "q": ["x"] * 5, "v": list("abcde")})
    rows = engine.register("visits", table)
    found = measured(combinations(rows, by=[Column("q")], person=Column("person"), sensitive=Column("v")))
    assert (found["k"], found["rows"], found["alpha"], found["prosecutor"]) == (1, 5, 1, 1)


def test_a_value_that_all_of_a_class_have_is_seen_behind_others(engine: DuckDB) -> None:
    """Other values of the same people do not thin out what is certain about them."""
    people = [f"{q}{i}" for q in "xy" for i in range(3) for _ in range(2)]
    values = [v for q in "xy" for i in range(3) for v in ("cancer" if q == "x" else f"c{i}", f"{q}{i}")]
    table = pa.table(
        {"case": ["one"] * 12, "call": [0] * 12, "person": people, "q": [p[0] for p in people], "v": values}
    )
    rows = engine.register("several", table)
    found = measured(combinations(rows, by=[Column("q")], person=Column("person"), sensitive=Column("v")))
    assert (found["l_distinct"], found["alpha"]) == (4, 1)
