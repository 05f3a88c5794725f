"""How many product calls a second a no-op product is given, and how many small cases a second are judged.

    python benchmarks/throughput.py [calls]

A case has 20 persons of the stroke registry. Ratios between runs on one machine mean more than the numbers.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path

from tokumei.adapters.connect import connect
from tokumei.adapters.inprocess import InProcess
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.model import Need
from tokumei.plan.bundle import Case, PlannedCall
from tokumei.plan.required import ALWAYS
from tokumei.plan.tables import Person, bundle
from tokumei.runner.run import judge, play
from tokumei.runner.session import examples

FIRST = frozenset({"D-03", "I1-01", "I3-02", "I3-04", "I5-01", "I5-10", "T-02", "B-03"})
"""One clause for each kind of evidence."""


def nothing(tables: dict[str, object], request: dict[str, object]) -> dict[str, object]:
    """The no-op product: it hands the tables back."""
    del request
    return tables


def main(count: int) -> None:
    organization, processing = examples()[0]
    quasi = dict(zip(processing.targets[0].quasi, ("50", "女", "千代田区"), strict=True))
    small = bundle(organization, processing, [Person(quasi=quasi, cell=0, rows=1) for _ in range(20)], seed=1)
    offers = ALWAYS | {Need.ALIGNMENT_CELL}
    cases = [
        Case(id=f"stroke-registry/{i}", calls=(PlannedCall(bundle=small, secret=i),), offers=offers)
        for i in range(count)
    ]
    os.chdir(Path(__file__).parent)
    with connect("python:throughput:nothing") as adapter:
        play(cases[0], adapter, seed=1)
        began = time.perf_counter()
        for case in cases:
            play(case, adapter, seed=1)
        print(f"no-op python: product: {count / (time.perf_counter() - began):.0f} calls a second")
    with InProcess(baseline.product(), baseline.INFO) as adapter, DuckDB(threads=2) as engine:
        every = list(checks().values())
        first = [check for check in every if check.id in FIRST]
        played_all = [(case.calls[0], play(case, adapter, seed=1)) for case in cases]
        for size, chosen in itertools.product((count // 4, count // 2, count), (first, every)):
            label = f"{len(chosen)} checks"
            played = played_all[:size]
            began = time.perf_counter()
            judge(chosen, played, engine, seed=1)
            seconds = time.perf_counter() - began
            print(f"{label} on {size} cases: {size / seconds:.0f} cases a second")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
