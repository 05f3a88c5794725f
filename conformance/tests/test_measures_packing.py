"""The bits of a packed number tell every two combinations of values apart."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.packing import BITS, MOST, Packed, bits, cells

codes = st.integers(-(2**63), 2**64 - 1)
few = st.sets(codes, min_size=1, max_size=6)


def part(code: int, mask: int | None) -> int:
    return code if mask is None else code & mask


@given(st.sets(codes, min_size=1, max_size=60))
def test_the_bits_tell_the_codes_apart(some: set[int]) -> None:
    mask = bits(some, range(BITS))
    if mask is None:
        assert len({code % 2**BITS for code in some}) < len(some)
    else:
        assert len({code & mask for code in some}) == len(some)
        assert mask < 2**BITS


@given(st.dictionaries(st.integers(1, 4), few, max_size=4))
@example({1: {0, 2**62}, 2: {0, 1}})
@example({1: {0, 1}, 2: {0, 2**63}, 3: {2**62, 2**63}, 4: {4, 5}})
def test_no_two_combinations_have_the_same_numbers(some: dict[int, set[int]]) -> None:
    found = cells(some, range(1, 5))
    columns = [sorted(some.get(place, {1, 2})) for place in range(1, 5)]
    made = set()
    for row in itertools.product(*columns):
        numbers: dict[int, int] = {}
        for place, code in enumerate(row, 1):
            cell = found[place]
            assert cell.mask is not None or cell.number not in numbers
            numbers[cell.number] = numbers.get(cell.number, 0) | part(code, cell.mask)
        made.add(tuple(sorted(numbers.items())))
    assert len(made) == len(list(itertools.product(*columns)))


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.integers(1, 3), st.sets(st.integers(0, 2**64 - 1), min_size=1, max_size=6), max_size=3))
@example({1: {0, 1}, 2: {0, 2}, 3: {0, 4}})
@example({1: {0, 1}, 2: {0, 2}, 3: {0, 1}})
@example({3: {0, 1}})
def test_what_is_joined_can_be_parted_again(some: dict[int, set[int]]) -> None:
    found = cells(some, range(1, 4))
    values = [sorted(some.get(place, {1, 2**64 - 1})) for place in range(1, 4)]
    rows = list(itertools.product(*values))
    columns = zip(("q1", "q2", "s"), zip(*rows, strict=True), strict=True)
    with DuckDB() as engine:
        engine._connection.execute("CREATE OR REPLACE MACRO code(t) AS t")
        table = engine.register("t", pa.table({name: pa.array(column, pa.uint64()) for name, column in columns}))
        packed = Packed(codes=table, cells=(found[1], found[2]), s=found[3])
        named = table.query(f"SELECT {packed.named} FROM {{self}} AS t").arrow().to_pylist()
        joined = table.query(f"SELECT {packed.joined} FROM {{self}} AS t")
        assert joined.arrow().column_names == [key.name for key in packed.joined_keys]
        assert joined.query(f"SELECT {packed.parted} FROM {{self}} AS t").arrow().to_pylist() == named
        parts = ", ".join(f"{packed.part(place)} AS p{place}" for place in (1, 2, 3))
        each = table.query(f"SELECT {packed.named} FROM {{self}} AS t").query(f"SELECT {parts} FROM {{self}} AS t")
        assert [tuple(row.values()) for row in each.arrow().to_pylist()] == [
            tuple(part(code, found[place].mask) for place, code in enumerate(row, 1)) for row in rows
        ]
        listed = [(place, str(code), code) for place, some_codes in enumerate(values, 1) for code in some_codes]
        kinds = [pa.int64(), pa.string(), pa.uint64()]
        arrays = [pa.array(column, kind) for column, kind in zip(zip(*listed, strict=True), kinds, strict=True)]
        codes = engine.register("codes", pa.table(arrays, names=["place", "value", "code"]))
        for place in (1, 2, 3):
            told = codes.query(packed.values(place), codes=codes).arrow().to_pylist()
            assert {row["value"]: row["part"] for row in told} == {
                str(code): part(code, found[place].mask) for code in values[place - 1]
            }


def test_columns_that_share_a_number_have_bits_of_their_own() -> None:
    values = {place: {hash((place, i)) for i in range(40)} for place in range(1, 13)}
    found = cells(values, range(1, 14))
    assert max(cell.number for cell in found.values()) > 2
    assert found[13].mask is None
    for one, other in itertools.combinations(found.values(), 2):
        if one.number == other.number:
            assert one.mask is not None
            assert other.mask is not None
            assert one.mask & other.mask == 0


@pytest.mark.parametrize("free", [[], [0, 1]])
def test_where_bits_do_not_suffice_there_is_no_mask(free: list[int]) -> None:
    assert bits({0, 4, 8}, free) is None
    assert MOST > 0


FORTY = {0, *(1 << bit for bit in range(40))}
"""Codes that only all of forty bits tell apart, but for one of them."""


def test_columns_of_few_values_share_a_number_whatever_stands_between() -> None:
    found = cells({1: {0, 1}, 3: {0, 2}}, [1, 2, 3])
    assert (found[1].number, found[3].number) == (1, 1)
    assert found[1].mask == 1
    assert found[3].mask == 2
    assert found[2].mask is None


def test_a_column_whose_bits_are_taken_begins_the_next_number() -> None:
    found = cells({1: FORTY, 2: FORTY, 3: {0, 1 << 50}}, [1, 2, 3])
    assert [found[place].number for place in (1, 2, 3)] == [1, 2, 2]
    assert found[1].mask is not None
    assert found[1].mask == found[2].mask


@given(st.dictionaries(st.integers(1, 4), st.sampled_from([{0, 1}, {0, 2, 3}, FORTY]), max_size=4))
def test_numbers_are_counted_from_one_without_a_gap(some: dict[int, set[int]]) -> None:
    numbers = {cell.number for cell in cells(some, range(1, 5)).values()}
    assert numbers == set(range(1, len(numbers) + 1))
