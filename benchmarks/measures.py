"""Time k, l and t against the bare GROUP BY that nobody can do without, in one run.

    python benchmarks/measures.py [--threads 2] [--rows 30000 300000 3000000]

The data are seeded: eight quasi-identifiers of the sizes of Adult, one row a person or three (``--visits``).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np
import pyarrow as pa

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.classes import k
from tokumei.measures.closeness import t_equal
from tokumei.measures.diversity import l_distinct
from tokumei.relation import Column, Relation, columns

SIZES = {"sex": 2, "age": 18, "race": 5, "education": 4, "marital": 3, "country": 6, "work": 4, "salary": 2}
BY, PERSON, SENSITIVE = columns(SIZES), Column("person"), Column("occupation")

BARE = 'SELECT "case", "call", {by}, count(*) AS n FROM {self} AS given GROUP BY "case", "call", {by}'
BARE_MIN = "SELECT min(n) AS n FROM {self} AS classes"


def people(rows: int, visits: int) -> pa.Table:
    """Skewed categories, as people are."""
    random = np.random.default_rng(rows)

    def column(size: int) -> pa.Array:
        weights = 1 / np.arange(1, size + 1)
        codes = random.choice(size, rows, p=weights / weights.sum()).astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes), [f"v{i}" for i in range(size)]).cast(pa.string())

    data = {"case": pa.array(["one"]).take(pa.array(np.zeros(rows, np.int32))), "call": np.zeros(rows, np.int64)}
    data |= {name: column(size) for name, size in SIZES.items()}
    data["person"] = pa.array(np.arange(rows) // visits).cast(pa.string())
    data["occupation"] = column(14)
    return pa.table(data)


def timed(work: Callable[[], Relation], repeat: int) -> float:
    seconds = []
    for _ in range(repeat):
        started = perf_counter()
        work().arrow()
        seconds.append(perf_counter() - started)
    return median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[30_000, 300_000, 3_000_000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--visits", type=int, default=1, help="rows of each person")
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    print(f"{'rows':>10} {'bare s':>8} " + " ".join(f"{name + ' s':>8} {'ratio':>6}" for name in "klt"))
    for count in asked.rows:
        with DuckDB(threads=asked.threads) as engine:
            rows = engine.register("people", people(count, asked.visits))
            bare = timed(partial(rows.query(BARE, by=BY).query, BARE_MIN), asked.repeat)
            line = f"{count:>10} {bare:>8.3f} "
            for measure in (
                partial(k, rows, by=BY, person=PERSON),
                partial(l_distinct, rows, by=BY, person=PERSON, sensitive=SENSITIVE),
                partial(t_equal, rows, by=BY, person=PERSON, sensitive=SENSITIVE),
            ):
                seconds = timed(measure, asked.repeat)
                line += f" {seconds:>8.3f} {seconds / bare:>6.1f}"
            print(line)


if __name__ == "__main__":
    main()
