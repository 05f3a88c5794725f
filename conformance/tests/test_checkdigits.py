"""Digit tokens that pass a check digit, counted by SQL and by ``tokumei.numbers``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei import numbers
from tokumei.engines.duckdb import DuckDB
from tokumei.measures.checkdigits import check_digits
from tokumei.stats import binomial_tail
from tokumei.text import fold

Cell = tuple[str, str, str | None]
GENERATED = st.builds(numbers.generate, st.sampled_from(sorted(numbers.KINDS)), st.integers(0, 99))
VALUES = st.none() | GENERATED | st.text("0123456789-０１", max_size=15) | st.sampled_from(["", "abc", "²²²²²²"])
CELLS = st.lists(st.tuples(st.sampled_from(["one", "two"]), st.sampled_from(["f", "番号"]), VALUES), max_size=20)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


def counted(engine: DuckDB, cells: Sequence[Cell]) -> dict[tuple[str, str, str, int], tuple[int, int]]:
    table = pa.table(
        {
            "case": pa.array([c for c, _, _ in cells], pa.string()),
            "call": pa.array([0] * len(cells), pa.int64()),
            "resource": pa.array(["r"] * len(cells), pa.string()),
            "field": pa.array([f for _, f, _ in cells], pa.string()),
            "value": pa.array([v for _, _, v in cells], pa.string()),
        }
    )
    rows = check_digits(engine.register("cells", table)).rows()
    return {(r["case"], r["field"], r["family"], r["length"]): (r["n"], r["passing"]) for r in rows}


@settings(deadline=None, max_examples=50)
@given(CELLS)
def test_the_counts_are_those_of_each_token_alone(engine: DuckDB, cells: Sequence[Cell]) -> None:
    tokens = {(case, field, fold(value)) for case, field, value in cells if value is not None}
    seen: Counter[tuple[str, str, str, int]] = Counter()
    passed: Counter[tuple[str, str, str, int]] = Counter()
    for case, field, token in tokens:
        if not (token.isascii() and token.isdigit()):
            continue
        for family in numbers.FAMILIES.values():
            if family.id != "mrz" and len(token) in family.lengths:
                seen[case, field, family.id, len(token)] += 1
                passed[case, field, family.id, len(token)] += family.holds(token)
    assert counted(engine, cells) == {key: (n, passed[key]) for key, n in seen.items()}


def test_real_forms_stand_out_and_chance_does_not(engine: DuckDB) -> None:
    random = Random(1)
    chance = ["".join(random.choices("0123456789", k=12)) for _ in range(2000)]
    cells: list[Cell] = [("one", "mine", numbers.generate("my-number", n)) for n in range(200)]
    cells += [("one", "chance", token) for token in chance]
    found = counted(engine, cells)
    rate = float(numbers.CHANCE)
    assert found["one", "mine", "my-number", 12] == (200, 200)
    for family in ("my-number", "licence"):
        n, passing = found["one", "chance", family, 12]
        assert n == 2000 and 1e-4 < binomial_tail(passing, n, rate) < 1 - 1e-4
    assert binomial_tail(200, 200, rate) < 1e-100
