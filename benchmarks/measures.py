"""Time all measures together against a bare GROUP BY and against other tools, in one run.

    python benchmarks/measures.py [--rows 30000 300000 3000000] [--threads 2] [--peers PYTHON] [--adult FILE]

``--peers`` is a Python in whose environment pycanon, anjana and anonypyx are installed (they want an older
pandas than we do); what is not importable there is skipped and said so. The data are seeded: replicas of the Adult
file where it is found, every quasi-identifier redrawn with probability 0.15, else independent columns of its sizes.
Seconds are those of the processor, the smallest of some repetitions in turn, so that a busy machine does
not decide. A tool that would need longer than ``--cap`` is not run: its time is put in proportion to the classes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from tokumei.engines.duckdb import DuckDB
from tokumei.measures.combinations import Combinations, combinations
from tokumei.measures.distance import t_hierarchical, t_ordered
from tokumei.measures.population import presence
from tokumei.measures.profile import profile
from tokumei.measures.readings import readings
from tokumei.relation import Column, columns

HERE = Path(__file__).resolve().parent
ADULT = Path(os.environ.get("TOKUMEI_DATA") or HERE.parents[1] / "shared/data") / "adult/adult.csv"
SIZES = {"sex": 2, "age": 72, "race": 5, "marital-status": 7, "education": 16, "native-country": 41, "workclass": 7}
SIZES |= {"salary-class": 2, "occupation": 14}
QUASI, SENSITIVE = [name for name in SIZES if name != "occupation"], "occupation"
BARE = "SELECT min(n) AS n, count(*) AS classes FROM (SELECT count(*) AS n FROM {self} AS t GROUP BY {by}) AS classes"
BARE_NAME, ALL = "bare GROUP BY of the quasi-identifiers", "all measures, rows known to be people"
FETCHED = "SELECT {by}, count(*) AS n FROM {self} AS t GROUP BY {by}"


# --- data -------------------------------------------------------------------------------------------------------------


def people(rows: int, adult: Path | None) -> pa.Table:
    """Replicas of real records, or independent and skewed columns."""
    random = np.random.default_rng(rows)
    if adult:
        source = pc.read_csv(adult, parse_options=pc.ParseOptions(delimiter=";"))
        chosen = random.integers(0, source.num_rows, rows)
    data: dict[str, pa.Array] = {}
    for name, size in SIZES.items():
        if adult:
            column = source.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
            marginal = column.indices.to_numpy()
            codes = marginal[chosen]
            if name != SENSITIVE:
                redrawn = random.random(rows) < 0.15
                codes[redrawn] = marginal[random.integers(0, len(marginal), redrawn.sum())]
            values = column.dictionary
        else:
            weights = 1 / np.arange(1, size + 1)
            codes, values = (
                random.choice(size, rows, p=weights / weights.sum()),
                pa.array([f"v{i}" for i in range(size)]),
            )
        data[name] = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), values).cast(pa.string())
    data["case"] = pa.array(["one"]).take(pa.array(np.zeros(rows, np.int32)))
    data["call"] = pa.array(np.zeros(rows, np.int64))
    data["person"] = pa.array(np.arange(rows)).cast(pa.string())
    data["visitor"] = pa.array(np.arange(rows) // 3).cast(pa.string())
    return pa.table(data)


# --- ours, in a process of its own ------------------------------------------------------------------------------------


def ours(path: Path, threads: int, repeat: int) -> dict[str, Any]:
    """Seconds of each piece of work, taken in turn, and the most memory of the process."""
    with DuckDB(threads=threads) as engine:
        rows, value = engine.scan_parquet(path), Column(SENSITIVE)
        by = columns(QUASI)
        known = combinations(rows, by=by, person=None, sensitive=value)
        asked = combinations(rows, by=by, person=Column("person"), sensitive=value)
        several = combinations(rows, by=by, person=Column("visitor"), sensitive=value)
        order = rows.query(
            'SELECT v AS "value", row_number() OVER (ORDER BY v) AS "rank" FROM (SELECT DISTINCT {v} AS v FROM {self} AS t)',
            v=value,
        )
        order = engine.register("order", order.arrow())
        tree = order.query(
            'SELECT "value", 0 AS "level", "value" AS "node" FROM {self} AS t '
            'UNION ALL SELECT "value", 1 AS "level", CAST("rank" % 3 AS VARCHAR) AS "node" FROM {self} AS t'
        )
        tree = engine.register("tree", tree.arrow())

        def everything(table: Combinations) -> list[Any]:
            """Every measure that needs no population, from one table that is made and kept on the way."""
            kept = table.kept("all")
            far = t_ordered(kept, order=order), t_hierarchical(kept, hierarchy=tree)
            return [one.arrow() for one in (profile(kept), *far, readings(kept, markers=["*"]))]

        work: dict[str, Callable[[], Any]] = {
            BARE_NAME: rows.query(BARE, by=by).arrow,
            "bare GROUP BY with case and call": rows.query(BARE, by=(*columns(["case", "call"]), *by)).arrow,
            f"{BARE_NAME}, fetched": rows.query(FETCHED, by=by).arrow,
            ALL: lambda: everything(known),
            "profile alone, one query": profile(known).arrow,
            "all measures, people counted, a row each": lambda: everything(asked),
        }
        found, first = _in_turn(work, repeat), profile(known).rows()[0]
        memory = _peak_mib()
        kept = known.kept("kept")
        more: dict[str, Callable[[], Any]] = {
            "all measures, people counted, three rows each": lambda: everything(several),
            "of these: making and keeping the table": lambda: known.kept("again"),
            "of these: profile": profile(kept).arrow,
            "of these: ordered t": t_ordered(kept, order=order).arrow,
            "of these: hierarchical t": t_hierarchical(kept, hierarchy=tree).arrow,
            "of these: readings of k": readings(kept, markers=["*"]).arrow,
            "besides: δ-presence and k-map, both tables kept": presence(kept, population=kept).arrow,
        }
        found |= _in_turn(more, min(repeat, 2))
        whole = _peak_mib()
        loaded = engine.register("loaded", pq.read_table(path, columns=["case", "call", SENSITIVE, *QUASI]))
        in_memory = combinations(loaded, by=by, person=None, sensitive=value)
        arrow: dict[str, Callable[[], Any]] = {
            f"in memory, {BARE_NAME}": loaded.query(BARE, by=by).arrow,
            "in memory, bare GROUP BY with case and call": loaded.query(
                BARE, by=(*columns(["case", "call"]), *by)
            ).arrow,
            f"in memory, {ALL}": lambda: everything(in_memory),
        }
        found |= _in_turn(arrow, repeat)
    return {"seconds": found, "profile": first, "profile_mib": memory, "all_mib": whole}


def _peak_mib() -> int:
    """The most memory of this process; what getrusage says begins with the memory of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _in_turn(work: dict[str, Callable[[], Any]], repeat: int) -> dict[str, dict[str, float]]:
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(repeat):
        for name, run in work.items():
            wall, processor = time.perf_counter(), time.process_time()
            run()
            seconds[name].append((time.process_time() - processor, time.perf_counter() - wall))
    return {
        name: {"cpu": round(min(cpu for cpu, _ in taken), 3), "wall": round(min(wall for _, wall in taken), 3)}
        for name, taken in seconds.items()
    }


# --- peers, each measure in a process of its own ----------------------------------------------------------------------

PEER = """
import contextlib, io, json, resource, sys, time
path, tool, metric, cap = sys.argv[1:5]
quasi, sensitive = json.loads(sys.argv[5]), sys.argv[6]
import pandas as pd
frame = pd.read_parquet(path, columns=[*quasi, sensitive])
resource.setrlimit(resource.RLIMIT_CPU, (int(float(cap)) + 30, int(float(cap)) + 31))
if tool == "pycanon":
    from pycanon import anonymity as A
    run = {"k": lambda: A.k_anonymity(frame, quasi), "l": lambda: A.l_diversity(frame, quasi, [sensitive]),
           "t": lambda: A.t_closeness(frame, quasi, [sensitive])}[metric]
elif tool == "anjana":  # what it needs to see that nothing is to be done
    from anjana import anonymity as A
    run = {"k": lambda: len(A.k_anonymity(frame, [], quasi, 1, 0, {})),
           "l": lambda: len(A.l_diversity(frame, [], quasi, sensitive, 1, 1, 0, {})),
           "t": lambda: len(A.t_closeness(frame, [], quasi, sensitive, 1, 1.0, 0, {}))}[metric]
else:  # its models, asked of each class
    from anonypyx import models as M
    made = {"k": lambda: M.kAnonymity(1), "l": lambda: M.DistinctLDiversity(1, sensitive),
            "t": lambda: M.tCloseness(1.0, frame, sensitive, M.earth_movers_distance_categorical)}[metric]
    def run():
        model = made()
        return all(model.is_enforcable(part) for _, part in frame.groupby(quasi, sort=False, observed=True))
cpu, wall = time.process_time(), time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    value = run()
print(json.dumps({"cpu": round(time.process_time() - cpu, 3), "wall": round(time.perf_counter() - wall, 3),
    "mib": int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024, "value": str(value)}))
"""
TOOLS = ("pycanon", "anjana", "anonypyx")


def peer(python: str, path: Path, tool: str, metric: str, cap: float) -> dict[str, Any]:
    command = [python, "-W", "ignore", "-c", PEER, str(path), tool, metric, str(cap), json.dumps(QUASI), SENSITIVE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20 * cap)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1][:120] if done.stderr.strip() else f"{done.returncode}"}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def versions(python: str) -> dict[str, str]:
    """The version of each tool that can be imported there."""
    if not python:
        return {}
    program = (
        "import importlib, importlib.metadata as m, json\nfound = {}\n"
        f"for tool in {TOOLS!r}:\n"
        "    try:\n        importlib.import_module(tool)\n        found[tool] = m.version(tool)\n"
        "    except ImportError:\n        pass\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run([python, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measured_peers(
    python: str, path: Path, classes: int, before: dict[str, Any], asked: argparse.Namespace
) -> dict[str, Any]:
    """Seconds of each tool; those of the size before in proportion to the classes where it would take too long."""
    found: dict[str, Any] = {}
    for tool in asked.versions:
        for metric in "klt":
            last = before.get("peers", {}).get(tool, {}).get(metric, {})
            guess = last["cpu"] * classes / before["classes"] if "cpu" in last else 0.0
            if "failed" in last or guess > asked.cap:
                result = last if "failed" in last else {"cpu": round(guess, 1), "extrapolated": True}
            else:
                result = peer(python, path, tool, metric, asked.cap)
            found.setdefault(tool, {})[metric] = result
            print(f"    {tool} {metric}: {result}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[30_000, 300_000, 3_000_000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--adult", type=Path, default=ADULT if ADULT.exists() else None)
    parser.add_argument("--peers", default="", help="a Python that has pycanon, anjana and anonypyx")
    parser.add_argument("--cap", type=float, default=180, help="processor seconds that one measure of a tool may take")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "measures.json")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        print(json.dumps(ours(asked.worker, asked.threads, asked.repeat)))
        return
    asked.versions = versions(asked.peers)
    for tool in TOOLS:
        if tool not in asked.versions:
            print(f"{tool}: skipped, not importable (see --peers)")
    sizes: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in asked.rows:
            path = Path(folder) / f"{rows}.parquet"
            pq.write_table(people(rows, asked.adult), path, row_group_size=500_000)
            options = ["--worker", str(path), "--threads", str(asked.threads), "--repeat", str(asked.repeat)]
            done = subprocess.run([sys.executable, __file__, *options], capture_output=True, text=True, check=True)
            size = {"rows": rows} | json.loads(done.stdout)
            size |= {"classes": size["profile"]["classes"], "peers": {}}
            sizes.append(size)
            print(f"{rows} rows, {size['classes']} classes, {size['profile_mib']} MiB", flush=True)
            for name, seconds in size["seconds"].items():
                print(f"    {name}: {seconds}", flush=True)
            written(asked, sizes)
        for size, before in zip(sizes, [{}, *sizes], strict=False):
            path = Path(folder) / f"{size['rows']}.parquet"
            print(f"{size['rows']} rows", flush=True)
            size["peers"] = measured_peers(asked.peers, path, size["classes"], before, asked)
            print(f"    {written(asked, sizes)}", flush=True)


def written(asked: argparse.Namespace, sizes: list[dict[str, Any]]) -> dict[str, float]:
    """Write what is known so far; returns the ratios of the size that changed last."""
    for size in sizes:
        size["ratios"] = ratios(size)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(_result(asked, sizes), indent=1) + "\n", encoding="utf-8")
    return dict(next((size["ratios"] for size in reversed(sizes) if size["peers"]), sizes[-1]["ratios"]))


def ratios(size: dict[str, Any]) -> dict[str, float]:
    """Processor seconds of ours over the bare GROUP BY, and of each tool's k + l + t over ours."""
    cpu = {name: seconds["cpu"] for name, seconds in size["seconds"].items()}
    mine, keyed = cpu[ALL], "bare GROUP BY with case and call"
    pairs = [(ALL, bare) for bare in (BARE_NAME, keyed, f"{BARE_NAME}, fetched")]
    pairs += [(name, BARE_NAME) for name in cpu if name.startswith(("profile alone", "all measures, people"))]
    pairs += [(f"in memory, {ALL}", f"in memory, {bare}") for bare in (BARE_NAME, keyed)]
    found = {f"{name} / {bare}": round(cpu[name] / max(cpu[bare], 1e-3), 2) for name, bare in pairs}
    for tool, measures in size["peers"].items():
        if all("cpu" in one for one in measures.values()):
            found[f"{tool} k + l + t / all measures"] = round(sum(one["cpu"] for one in measures.values()) / mine, 1)
    return found


def _result(asked: argparse.Namespace, sizes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "what": "processor and wall seconds, the smallest of the repetitions taken in turn, of one run",
        "data": "replicas of Adult" if asked.adult else "independent columns",
        "quasi": QUASI,
        "sensitive": SENSITIVE,
        "threads": asked.threads,
        "repeat": asked.repeat,
        "load": [round(load, 1) for load in os.getloadavg()],
        "cap": asked.cap,
        "versions": {"python": platform.python_version(), "duckdb": duckdb.__version__, **asked.versions},
        "skipped": [tool for tool in TOOLS if tool not in asked.versions],
        "sizes": sizes,
    }


if __name__ == "__main__":
    main()
