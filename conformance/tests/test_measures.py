"""Classes, diversity and closeness against a brute force in pandas, several cases at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.classes import class_sizes, k
from tokumei.measures.closeness import class_distance, t_equal
from tokumei.measures.diversity import class_diversity, l_distinct
from tokumei.relation import Column, Relation, columns

NAMES = ["case", "call", "person", "年齢 x", 'q"2', "病名"]
BY = columns(["年齢 x", 'q"2'])
PERSON, SENSITIVE = Column("person"), Column("病名")

few = st.sampled_from([None, "", "a", "b"])
rows = st.tuples(
    st.sampled_from(["one", "two", "三"]),
    st.integers(0, 1),
    st.sampled_from([None, "1", "2", "3", "4"]),
    few,
    st.sampled_from([None, "x"]),
    st.sampled_from([None, "", "癌", "風邪", "喘息"]),
)
tables = st.lists(rows, max_size=40)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


def relation(engine: DuckDB, data: list[tuple[Any, ...]]) -> Relation:
    types = [pa.string(), pa.int64(), *[pa.string()] * 4]
    values = zip(*data, strict=True) if data else [()] * 6
    arrays = [pa.array(list(column), kind) for column, kind in zip(values, types, strict=True)]
    return engine.register("rows", pa.table(arrays, names=NAMES))


def groups(data: list[tuple[Any, ...]], by: list[str]) -> dict[tuple[Any, ...], pd.DataFrame]:
    """The rows by the values of ``by``, NULL made a value of its own that no text can be."""
    frame = pd.DataFrame(data, columns=NAMES, dtype=object)
    marked = frame.assign(**{name: [(value,) for value in frame[name]] for name in by})
    grouped = marked.groupby(by, sort=False)
    return {tuple(cell[0] for cell in key): frame.loc[part.index] for key, part in grouped}


def told(found: Relation, *values: str) -> dict[tuple[Any, ...], Any]:
    result = {}
    for row in found.rows():
        measured = tuple(row.pop(value) for value in values)
        result[tuple(row.values())] = measured if len(values) > 1 else measured[0]
    return result


CALL = ["case", "call"]
CLASS = [*CALL, "年齢 x", 'q"2']


def smallest(classes: dict[tuple[Any, ...], Any]) -> dict[tuple[Any, ...], Any]:
    result: dict[tuple[Any, ...], Any] = {}
    for key, value in classes.items():
        result[key[:2]] = min(value, result.get(key[:2], value))
    return result


@settings(deadline=None)
@given(tables)
def test_classes_count_people_and_rows(engine: DuckDB, data: list[tuple[Any, ...]]) -> None:
    expected = {key: (part["person"].nunique(dropna=True), len(part)) for key, part in groups(data, CLASS).items()}
    given_rows = relation(engine, data)
    assert told(class_sizes(given_rows, by=BY, person=PERSON), "persons", "rows") == expected
    people = {key: persons for key, (persons, _) in expected.items()}
    assert told(k(given_rows, by=BY, person=PERSON), "k") == smallest(people)


@settings(deadline=None)
@given(tables)
def test_diversity_counts_null_as_one_value(engine: DuckDB, data: list[tuple[Any, ...]]) -> None:
    expected = {
        key: part[part["person"].notna()]["病名"].nunique(dropna=False) for key, part in groups(data, CLASS).items()
    }
    given_rows = relation(engine, data)
    assert told(class_diversity(given_rows, by=BY, person=PERSON, sensitive=SENSITIVE), "l") == expected
    assert told(l_distinct(given_rows, by=BY, person=PERSON, sensitive=SENSITIVE), "l") == smallest(expected)


def shares(part: pd.DataFrame) -> dict[Any, float]:
    pairs = {(person, value) for person, value in zip(part["person"], part["病名"], strict=True)}
    values = [value for _, value in pairs]
    return {value: values.count(value) / len(values) for value in set(values)}


@settings(deadline=None)
@given(tables)
def test_closeness_is_total_variation_over_people(engine: DuckDB, data: list[tuple[Any, ...]]) -> None:
    with_person = [row for row in data if row[2] is not None]
    whole = {key: shares(part) for key, part in groups(with_person, CALL).items()}
    expected = {}
    for key, part in groups(with_person, CLASS).items():
        mine, all_ = shares(part), whole[key[:2]]
        expected[key] = sum(abs(mine.get(value, 0) - all_[value]) for value in all_) / 2
    given_rows = relation(engine, data)
    found = told(class_distance(given_rows, by=BY, person=PERSON, sensitive=SENSITIVE), "t")
    assert found == pytest.approx(expected, abs=1e-12)
    worst = smallest({key: -value for key, value in expected.items()})
    found = told(t_equal(given_rows, by=BY, person=PERSON, sensitive=SENSITIVE), "t")
    assert found == pytest.approx({key: -value for key, value in worst.items()}, abs=1e-12)


@settings(deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_their_repetition_change_nothing(
    engine: DuckDB, data: list[tuple[Any, ...]], random: Any
) -> None:
    def all_of(rows: list[tuple[Any, ...]]) -> list[Any]:
        given_rows = relation(engine, rows)
        return [
            told(k(given_rows, by=BY, person=PERSON), "k"),
            told(l_distinct(given_rows, by=BY, person=PERSON, sensitive=SENSITIVE), "l"),
            pytest.approx(told(t_equal(given_rows, by=BY, person=PERSON, sensitive=SENSITIVE), "t")),
        ]

    shuffled = data * 2
    random.shuffle(shuffled)
    first, again = all_of(data), all_of(shuffled)
    assert first[:2] == again[:2]
    assert first[2].expected == again[2]


def test_a_class_without_a_person_has_nobody(engine: DuckDB) -> None:
    given_rows = relation(engine, [("one", 0, None, "a", "x", "癌"), ("one", 0, "1", "b", "x", "癌")])
    assert k(given_rows, by=BY, person=PERSON).rows() == [{"case": "one", "call": 0, "k": 0}]
    assert l_distinct(given_rows, by=BY, person=PERSON, sensitive=SENSITIVE).rows()[0]["l"] == 0


@pytest.mark.parametrize("name", ["case", "Rows", "persons", "t"])
def test_a_reserved_column_forms_no_class(engine: DuckDB, name: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        class_sizes(relation(engine, []), by=[Column(name)], person=PERSON)


def test_the_sensitive_column_forms_no_class(engine: DuckDB) -> None:
    with pytest.raises(ValueError, match="sensitive"):
        class_distance(relation(engine, []), by=[SENSITIVE], person=PERSON, sensitive=SENSITIVE)
