"""Measures of public releases, as other tools compute them (research: peers §6), to 1e-9."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pytest

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.combinations import Combinations, combinations
from tokumei.measures.distance import numeric_order, t_hierarchical, t_ordered
from tokumei.measures.population import presence
from tokumei.measures.profile import at_risk, profile
from tokumei.measures.readings import readings
from tokumei.relation import Column, columns

ROOT = Path(os.environ.get("TOKUMEI_DATA") or Path(__file__).parents[2] / "../shared/data") / "adult"

Q5 = ["sex", "age", "race", "education", "marital-status"]
Q8 = [*Q5, "native-country", "workclass", "salary-class"]
E = ["sex", "race", "education", "marital-status", "workclass", "salary-class"]

A_REMOVED, A_STAR = "golden/adult_A_k5l3_rows_removed", "golden/adult_A_k5l3_star"
RELEASES: list[tuple[str, list[str], str]] = [
    ("golden/adult_C", Q5, "occupation"),
    ("golden/adult_D", Q5, "occupation"),
    (A_REMOVED, Q8, "occupation"),
    (A_STAR, Q8, "occupation"),
    ("golden/adult_E_age", E, "age"),
    ("adult", Q5, "occupation"),
    ("adult", Q8, "occupation"),
]
GOLDEN = """
rows            30162              30162              29348              30162             30162           30162              30162
classes         12                 15                 289                290               49              6072               12458
k               21                 4                  5                  5                 1               1                  1
l_distinct      6                  3                  3                  3                 1               1                  1
l_entropy       4.356589300172779  2.82842712474619   1.9812716892692186 1.9812716892692186 1              1                  1
c_2             0.6153846153846154 1                  3.5                3.5               inf             inf                inf
c_3             1.3333333333333333 2                  11                 11                inf             inf                inf
c_4             2                  inf                inf                inf               inf             inf                inf
t_equal         0.6479392234315647 0.7604049245187101 0.8254054790786426 0.8235859691001923 0.9970161129899 0.9952589350838804 0.9997016112989856
alpha           0.3809523809523809 0.5                0.7777777777777778 0.7777777777777778 1              1                  1
beta            51.22857142857143  25.365384615384617 128.4764705882353  117.28235294117648 334.1333333333 1674.6666666666667 3350.3333333333335
delta           3.9556296905246815 3.3218854592175218 4.863499170331842  4.7730745877622045 5.8145284626   7.423966375024466  8.11711355558441
marketer        0.0003978516013527 0.0004973145016909 0.0098473490527464 0.0096147470326901 0.001624560706 0.2013129102844639 0.4130362708043233
discernibility  142917558          183250014          23634742           24297338          74941196        1074930            485542
"""
HIERARCHICAL = [0.4697855390416, 0.5338781689985, 0.6794841215756, 0.6777567800544]


def golden(release: int) -> dict[str, float]:
    return {line.split()[0]: float(line.split()[release + 1]) for line in GOLDEN.strip().splitlines()}


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB(threads=2) as made:
        yield made


def found_file(name: str) -> Path:
    path = next((ROOT / f"{name}{end}" for end in (".csv.gz", ".csv") if (ROOT / f"{name}{end}").exists()), None)
    if path is None:
        pytest.skip(f"golden data not found: {ROOT / name} (set TOKUMEI_DATA)")
    return path


def read(name: str) -> pa.Table:
    path, semicolon = found_file(name), pc.ParseOptions(delimiter=";")
    names = pc.read_csv(path, parse_options=semicolon).column_names
    text = pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    table = pc.read_csv(path, parse_options=semicolon, convert_options=text)
    count = table.num_rows
    for column, value in (("case", pa.array(["adult"] * count)), ("call", pa.array([0] * count))):
        table = table.append_column(column, value)
    return table.append_column("person", pa.array(range(count)))


def combined(engine: DuckDB, name: str, by: list[str], sensitive: str) -> Combinations:
    rows = engine.register("adult", read(name))
    return combinations(rows, by=columns(by), person=Column("person"), sensitive=Column(sensitive))


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize("release", range(len(RELEASES)), ids=[f"{name}-{len(by)}" for name, by, _ in RELEASES])
def test_the_golden_values_hold(engine: DuckDB, release: int) -> None:
    measured = only(profile(combined(engine, *RELEASES[release])).rows())
    wanted = golden(release)
    assert {key: measured[key] for key in wanted} == pytest.approx(wanted, abs=1e-9)
    assert measured["beta_enhanced"] == measured["delta_strict"] == math.inf


@pytest.mark.parametrize("release", range(len(HIERARCHICAL)))
def test_the_distance_of_the_hierarchy_of_occupations_holds(engine: DuckDB, release: int) -> None:
    lines = csv.reader(found_file("adult_hierarchy_occupation").read_text("utf-8").splitlines(), delimiter=";")
    nodes = [(line[0], level, line[level]) for line in lines for level in range(len(line) - 1)]
    tree = engine.register("tree", pa.table(list(zip(*nodes, strict=True)), names=["value", "level", "node"]))
    found = only(t_hierarchical(combined(engine, *RELEASES[release]), hierarchy=tree).rows())
    assert found["t_hierarchical"] == pytest.approx(HIERARCHICAL[release], abs=1e-9)


def test_the_ordered_distance_of_ages_holds(engine: DuckDB) -> None:
    table = combined(engine, "golden/adult_E_age", E, "age")
    found = only(t_ordered(table, order=numeric_order(table)).rows())["t_ordered"]
    assert found == pytest.approx(0.4196199676676, abs=1e-9)


@pytest.mark.parametrize(
    ("by", "unique", "below_5", "below_10"), [(Q5, 3187, 7528, 11905), (Q8, 8841, 15353, 19100)], ids=["Q5", "Q8"]
)
def test_people_at_risk_hold(engine: DuckDB, by: list[str], unique: int, below_5: int, below_10: int) -> None:
    table = combined(engine, "adult", by, "occupation")
    assert only(profile(table).rows())["unique"] == unique
    assert [only(at_risk(table, below=k).rows())["at_risk"] for k in (2, 5, 10)] == [unique, below_5, below_10]


def test_all_nine_columns_hold(engine: DuckDB) -> None:
    rows = engine.register("adult", read("adult"))
    table = combinations(rows, by=columns([*Q8, "occupation"]), person=Column("person"))
    measured = only(profile(table).rows())
    assert (measured["classes"], measured["unique"], measured["discernibility"]) == (19502, 15512, 115382)
    assert measured["marketer"] == pytest.approx(0.6465751607983555, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "k_map"),
    [("golden/adult_C", 0.0608108108, 0.1052773290, 21), ("golden/adult_D", 0.0, 0.1212121212, 33)],
)
def test_a_tenth_is_compared_with_the_whole(
    engine: DuckDB, name: str, lowest: float, highest: float, k_map: int
) -> None:
    whole = combined(engine, name, Q5, "occupation")
    tenth = engine.register("tenth", read(name)).query("SELECT * FROM {self} AS rows WHERE person % 10 = 0")
    sample = combinations(tenth, by=whole.by, person=Column("person"))
    found = only(presence(sample, population=whole).rows())
    assert (found["delta_min"], found["delta_max"]) == pytest.approx((lowest, highest), abs=1e-9)
    assert found["k_map"] == k_map


def test_both_readings_of_suppressed_rows_are_told(engine: DuckDB) -> None:
    found = only(readings(combined(engine, A_STAR, Q8, "occupation"), markers=["*"]).rows())
    assert (found["k_value"], found["k_removed"], found["people_removed"]) == (5, 5, 814)
    assert found["k_wildcard"] == 814 + found["k_removed"]
