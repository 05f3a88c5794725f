"""The catalogue names every column that a query of a call tells, in both languages, and the page shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.catalogue import MEASURES, QUERIES
from tokumei.measures.combinations import combinations
from tokumei.measures.distance import numeric_order, t_hierarchical, t_ordered
from tokumei.measures.population import presence
from tokumei.measures.profile import at_risk, profile
from tokumei.measures.readings import readings
from tokumei.prelude import FUNCTIONS
from tokumei.relation import Column
from tokumei.site import measure_page


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, list[str]]]:
    """The columns of each query of a call, after ``case`` and ``call``."""
    with DuckDB() as engine:
        rows = engine.register("t", pa.table({"case": ["a"], "call": [0], "p": ["1"], "q": ["x"], "v": ["1"]}))
        table = combinations(rows, by=[Column("q")], person=Column("p"), sensitive=Column("v"))
        tree = rows.query('SELECT v AS "value", 0 AS "level", v AS "node" FROM {self} AS t')
        queries = {
            "profile": profile(table),
            "at_risk": at_risk(table, below=2),
            "t_ordered": t_ordered(table, order=numeric_order(table)),
            "t_hierarchical": t_hierarchical(table, hierarchy=tree),
            "presence": presence(table, population=table),
            "readings": readings(table),
        }
        yield {name: query.arrow().column_names[2:] for name, query in queries.items()}


def test_every_column_stands_in_the_catalogue_once(told: dict[str, list[str]]) -> None:
    written: dict[str, list[str]] = {}
    for measure in MEASURES:
        written.setdefault(measure.query, []).append(measure.column)
    assert {name: sorted(columns) for name, columns in written.items()} == {
        name: sorted(columns) for name, columns in told.items()
    }
    assert set(written) <= set(QUERIES)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.column)
def test_a_measure_is_told_in_both_languages(measure) -> None:
    assert all(text[lang] for text in (measure.name, measure.meaning) for lang in ("ja", "en"))
    assert measure.meaning["ja"] != measure.meaning["en"]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_page_shows_every_measure_query_and_function(lang: str) -> None:
    page = measure_page.page(lang)
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for measure in MEASURES:
        assert sum(f"| `{measure.column}` |" in row for row in rows) == 1
    for row in rows:
        assert row.count("|") in {3, 6}, row
    assert all(sql.strip() in page for sql in QUERIES.values())
    assert all(f"`{function.name}(" in page for function in FUNCTIONS)
