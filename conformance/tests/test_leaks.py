"""Canaries in cells against a brute force of folded substrings."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.leaks import occurrences, secrets_within
from tokumei.relation import Relation
from tokumei.text import fold

Cell = tuple[str, int, str, str, str | None]
Canary = tuple[str, str, str]

word = st.text("aAａbがガｶﾞ-　1", max_size=14) | st.from_regex("(a|ガ)?[12]{4,12}-?(b|ガ)?", fullmatch=True)
cases = st.sampled_from(["one", "two"])
cells = st.lists(
    st.tuples(cases, st.integers(0, 1), st.just("r"), st.sampled_from(["f", "氏名"]), st.none() | word), max_size=12
)
canaries = st.lists(st.tuples(cases, word, st.sampled_from(["name", "id"])), max_size=8)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


def relations(engine: DuckDB, cells: list[Cell], canaries: list[Canary]) -> tuple[Relation, Relation]:
    cell_types = {"case": pa.string(), "call": pa.int64(), **dict.fromkeys(["resource", "field", "value"], pa.string())}
    rows = [dict(zip(cell_types, cell, strict=True)) for cell in cells]
    kinds = dict.fromkeys(["case", "canary", "folded", "source"], pa.string())
    needles = [{"case": c, "canary": text, "folded": fold(text), "source": source} for c, text, source in canaries]
    return (
        engine.register("cells", pa.Table.from_pylist(rows, pa.schema(cell_types))),
        engine.register("canaries", pa.Table.from_pylist(needles, pa.schema(kinds))),
    )


def brute(cells: list[Cell], canaries: list[Canary]) -> set[tuple[object, ...]]:
    return {
        (*cell[:4], source, text, cell[4])
        for cell in cells
        for case, text, source in canaries
        if cell[4] is not None and cell[0] == case and fold(text) and fold(text) in fold(cell[4])
    }


@settings(deadline=None)
@given(cells, canaries)
def test_every_canary_is_found_where_it_stands(engine: DuckDB, cells: list[Cell], canaries: list[Canary]) -> None:
    expected = brute(cells, canaries)
    given_cells, given_canaries = relations(engine, cells, canaries)
    shown = occurrences(given_cells, given_canaries, show=True).rows()
    assert {tuple(row.values()) for row in shown} == expected
    assert len(shown) == len(expected)
    counted = occurrences(given_cells, given_canaries).rows()
    assert {tuple(row.values())[:5]: row["n"] for row in counted} == {
        place: len({found[5] for found in expected if found[:5] == place}) for place in {e[:5] for e in expected}
    }


@settings(deadline=None)
@given(st.integers(0, 400), st.sampled_from([1, 2, 3, 5, 8, 13, 40, 90]), st.integers(0, 400))
def test_a_long_text_hides_nothing(engine: DuckDB, before: int, length: int, after: int) -> None:
    canary = "".join(chr(0x4E00 + i) for i in range(length))
    given_cells, given_canaries = relations(
        engine, [("one", 0, "r", "note", "x" * before + canary + "y" * after)], [("one", canary, "name")]
    )
    assert occurrences(given_cells, given_canaries).rows() == [
        {"case": "one", "call": 0, "resource": "r", "field": "note", "source": "name", "n": 1}
    ]


@settings(deadline=None)
@given(
    st.lists(st.tuples(cases, st.integers(0, 1), st.sampled_from(["f", "氏名"]), st.none() | word), max_size=8),
    st.lists(
        st.tuples(cases, st.text("aAb12ガ", min_size=1, max_size=2), st.sampled_from(["key", "salt"])), max_size=6
    ),
)
def test_secrets_are_counted_as_they_are_written(
    engine: DuckDB, texts: list[tuple[str, int, str, str | None]], secrets: list[Canary]
) -> None:
    names = ["case", "call", "field", "value"]
    kinds = [pa.string(), pa.int64(), pa.string(), pa.string()]
    rows = pa.Table.from_pylist(
        [dict(zip(names, text, strict=True)) for text in texts], pa.schema(zip(names, kinds, strict=True))
    )
    _, sought = relations(engine, [], secrets)
    held: dict[tuple[str, int, str], set[str]] = {}
    for case, call, field, value in texts:
        for of, secret, source in secrets:
            if value is not None and of == case and secret in value:
                held.setdefault((case, call, field), set()).add(source)
    found = secrets_within(engine.register("texts", rows), sought).rows()
    assert {(row["case"], row["call"], row["field"]): row["n"] for row in found} == {k: len(v) for k, v in held.items()}
    assert len(found) == len(held)


def test_counts_hold_no_value(engine: DuckDB) -> None:
    found = occurrences(*relations(engine, [("one", 0, "r", "f", "山田太郎様")], [("one", "山田太郎", "name")]))
    assert found.arrow().column_names == ["case", "call", "resource", "field", "source", "n"]


def test_many_cases_are_searched_in_one_short_query(engine: DuckDB) -> None:
    cells: list[Cell] = [
        (f"case{case}", 0, "r", f"f{field}", f"{case * 977 + person * 31 + field * 7 + 10**7:08d}")
        for case in range(200)
        for person in range(20)
        for field in range(20)
    ]
    canaries = [(f"case{case}", f"{9 * 10**7 + case * 80 + i}", "id") for case in range(200) for i in range(80)]
    given_cells, given_canaries = relations(engine, [*cells, ("case7", 0, "r", "f0", "x90000560")], canaries)
    started = process_time()
    assert occurrences(given_cells, given_canaries).rows() == [
        {"case": "case7", "call": 0, "resource": "r", "field": "f0", "source": "id", "n": 1}
    ]
    assert process_time() - started < 2  # 0.2 s on a quiet machine
