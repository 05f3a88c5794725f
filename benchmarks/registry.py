"""Make invented registries of three sizes and write them as Parquet: seconds and memory.

    python benchmarks/registry.py [--people 10000 100000 1000000]

Seconds are of the clock and of the processor, in a process each, with the reading of names and places.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tokumei.registry.folder import write

HERE = Path(__file__).resolve().parent


def measure(people: int) -> dict[str, float]:
    """One size, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        rows = write(Path(folder), people, seed=1, form="parquet")
        seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        **rows,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "most_mib": round(usage.ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one)))
        return
    rows = []
    for count in asked.people:
        command = [sys.executable, __file__, "--one", str(count)]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print(rows[-1])
    told = {"machine": platform.machine(), "python": platform.python_version(), "rows": rows}
    (HERE / "results" / "registry.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
