"""k, l and t of public releases, as four other tools compute them (research: peers §6)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pytest

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.classes import class_sizes, k
from tokumei.measures.closeness import t_equal
from tokumei.measures.diversity import l_distinct
from tokumei.relation import Column, columns

ROOT = Path(os.environ.get("TOKUMEI_DATA") or Path(__file__).parents[2] / "../shared/data")
GOLDEN = ROOT / "adult/golden"

Q5 = ["sex", "age", "race", "education", "marital-status"]
Q8 = [*Q5, "native-country", "workclass", "salary-class"]
E = ["sex", "race", "education", "marital-status", "workclass", "salary-class"]

CASES = [
    ("adult_C", Q5, "occupation", 12, 21, 6, 0.6479392234315647),
    ("adult_D", Q5, "occupation", 15, 4, 3, 0.7604049245187101),
    ("adult_A_k5l3_rows_removed", Q8, "occupation", 289, 5, 3, 0.8254054790786426),
    ("adult_A_k5l3_star", Q8, "occupation", 290, 5, 3, 0.8235859691001923),
    ("adult_E_age", E, "age", 49, 1, 1, 0.9970161129899),
    ("../adult", Q5, "occupation", 6072, 1, 1, 0.9952589350838804),
    ("../adult", Q8, "occupation", 12458, 1, 1, 0.9997016112989856),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB(threads=2) as made:
        yield made


def read(name: str) -> pa.Table:
    path = next((GOLDEN / f"{name}{end}" for end in (".csv.gz", ".csv") if (GOLDEN / f"{name}{end}").exists()), None)
    if path is None:
        pytest.skip(f"golden data not found: {GOLDEN / name} (set TOKUMEI_DATA)")
    columns_ = pc.read_csv(path, parse_options=pc.ParseOptions(delimiter=";")).column_names
    text = pc.ConvertOptions(column_types=dict.fromkeys(columns_, pa.string()), strings_can_be_null=False)
    table = pc.read_csv(path, parse_options=pc.ParseOptions(delimiter=";"), convert_options=text)
    count = table.num_rows
    for column, value in (("case", pa.array(["adult"] * count)), ("call", pa.array([0] * count))):
        table = table.append_column(column, value)
    return table.append_column("person", pa.array(range(count)))


@pytest.mark.parametrize(("name", "by", "sensitive", "classes", "k_", "l_", "t_"), CASES)
def test_the_golden_values_hold(
    engine: DuckDB, name: str, by: list[str], sensitive: str, classes: int, k_: int, l_: int, t_: float
) -> None:
    rows, of, person, value = engine.register("adult", read(name)), columns(by), Column("person"), Column(sensitive)
    sizes = class_sizes(rows, by=of, person=person)
    assert sizes.query("SELECT count(*) AS n FROM {self}").value() == classes
    assert k(rows, by=of, person=person).rows()[0]["k"] == k_
    assert l_distinct(rows, by=of, person=person, sensitive=value).rows()[0]["l"] == l_
    assert t_equal(rows, by=of, person=person, sensitive=value).rows()[0]["t"] == pytest.approx(t_, abs=1e-9)
