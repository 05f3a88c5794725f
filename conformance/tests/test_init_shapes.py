"""A drafted pattern accepts every value that it was drafted from, and says nothing that only few rows say."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
import rstr
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.engines.duckdb import DuckDB
from tokumei.inspection import shapes

ALPHABET = "09aZあんアンーｱﾝ漢字々〆０９Ａｚ　 -+.,/()[]^\\|&~#'\"{}$"
texts = st.text(alphabet=ALPHABET, min_size=1, max_size=12)
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def engine():
    with DuckDB() as opened:
        yield opened


def shaped(engine, values):
    """The shapes as ``init`` gets them: by the SQL of the engine, with their rows."""
    relation = engine.register("values_of_one_column", pa.table({"value": values}))
    shape = shapes.sql("value").replace("{", "{{").replace("}", "}}")
    rows = relation.query(f"SELECT value, {shape} AS shape FROM {{self}}").rows()
    counted: dict[str, int] = {}
    for row in rows:
        counted[row["shape"]] = counted.get(row["shape"], 0) + 1
    return counted


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(texts, st.integers(1, 25)), min_size=1, max_size=8))
def test_the_pattern_accepts_every_value(engine, weighted):
    values = [text for text, times in weighted for _ in range(times)]
    pattern = shapes.pattern(shaped(engine, values))
    assert pattern
    assert all(re.fullmatch(pattern, value) for value in values), pattern


@settings(max_examples=100, deadline=None)
@given(st.lists(anything, min_size=1, max_size=6))
def test_a_pattern_of_any_text_accepts_it_or_is_none(engine, values):
    pattern = shapes.pattern(shaped(engine, values))
    assert not pattern or all(re.fullmatch(pattern, value) for value in values)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(texts, st.integers(1, 25)), min_size=1, max_size=8), st.integers(0, 99))
def test_people_can_be_generated_from_a_pattern(engine, weighted, seed):
    from random import Random

    pattern = shapes.pattern(shaped(engine, [text for text, times in weighted for _ in range(times)]))
    made = rstr.Rstr(Random(seed)).xeger(pattern)
    assert re.fullmatch(pattern, made)


@settings(max_examples=100, deadline=None)
@given(st.lists(texts, min_size=1, max_size=shapes.FEW - 1))
def test_few_rows_tell_no_letter_and_no_exact_length(engine, values):
    pattern = shapes.pattern(shaped(engine, values))
    length = re.search(r"\]\{1,([0-9]+)\}$|\]$", pattern)
    assert length
    most = int(length[1] or 1)
    assert most & (most - 1) == 0


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_bounds_hold_the_numbers_and_are_round(one, two):
    low, high = sorted((one, two))
    least, most = shapes.nice(low, high)
    assert least <= low
    assert most >= high
    assert re.fullmatch(r"-?[125]0*|0", str(least))
    assert re.fullmatch(r"[125]0*", str(most))


def test_usual_numbers_keep_their_form():
    assert shapes.pattern({"A000": 50}) == "[A-Z][0-9]{3}"
    assert shapes.pattern({"000-0000": 50}) == "[0-9]{3}-[0-9]{4}"
    assert shapes.pattern({"0": 20, "00": 30, "000": 40}) == "[0-9]{1,3}"
    assert shapes.pattern({"000": 40, "00000": 3}) == "[0-9]{3,8}"
    assert shapes.pattern({"漢漢": 90, "漢": 1, "A.": 2}) == "[\\.A-Z々〆一-鿿]{1,2}"
