"""Time ``tokumei init`` and measure its memory at three sizes, each in a fresh process.

    python benchmarks/init.py [--rows 10000 100000 1000000] [--json FILE]

One table of 12 columns as a hospital would export it, generated from the seed: two columns of numbers that differ in
every row, names, dates, codes, a measurement and text. Reported are seconds, the peak resident memory of the process
(VmHWM, libraries included), and the fields whose class is the intended one. No value of real people is read.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

CLASSES = {
    "患者番号": ["link"], "受付番号": ["link"], "氏名": ["direct"], "生年月日": ["quasi", "date"], "性別": ["quasi"],
    "年齢": ["quasi"], "電話番号": ["direct"], "受診日": ["date"], "診療科": ["neutral"], "病名": ["sensitive"],
    "検査値": ["sensitive"], "備考": ["freetext"],
}  # fmt: skip


def generate(path: Path, rows: int, format_: str, seed: int) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    random = np.random.default_rng(seed)

    def pick(texts: list[str]) -> pa.Array:
        return pa.array(texts).take(pa.array(random.integers(0, len(texts), rows)))

    def number(prefix: str, width: int) -> pa.Array:
        return pa.array([f"{prefix}{n:0{width}}" for n in random.permutation(rows)])

    surnames, given = list("佐伊加渡斎藤林森原村"), list("一二三太花子美香健司")
    names = [f"{a}{b} {c}{d}" for a in surnames for b in surnames for c in given for d in given]
    days = [
        f"{year}-{month:02}-{day:02}" for year in range(1925, 2020) for month in range(1, 13) for day in range(1, 29)
    ]
    phones = [f"090-{n:04}-{m:04}" for n in range(0, 9999, 11) for m in range(0, 9999, 311)]
    columns = {
        "患者番号": number("", 8),
        "受付番号": number("R", 9),
        "氏名": pick(names),
        "生年月日": pick(days),
        "性別": pick(["男", "女"]),
        "年齢": pick([str(age) for age in range(100)]),
        "電話番号": pick(phones),
        "受診日": pick([day.replace(day[:4], "2024") for day in days[:336]]),
        "診療科": pick(["内科", "外科", "小児科", "眼科", "皮膚科"]),
        "病名": pick([f"架空病{n}" for n in range(300)]),
        "検査値": pick([f"{n / 10}" for n in range(3000)]),
        "備考": pick([f"経過は良好。次回は{n}週後に来院する。" for n in range(20_000)]),
    }
    table = pa.table(columns)
    if format_ == "parquet":
        pq.write_table(table, path)
    elif format_ == "cp932":
        with tempfile.TemporaryDirectory() as folder:
            pc.write_csv(table, Path(folder) / "t.csv")
            path.write_bytes((Path(folder) / "t.csv").read_text(encoding="utf-8").encode("cp932"))
    else:
        pc.write_csv(table, path)


def one(folder: Path) -> None:
    """Inspect and draft in this process, and print what it took."""
    from tokumei.documents import loads
    from tokumei.engines.duckdb import DuckDB
    from tokumei.inspection import drafting

    started = perf_counter()
    with DuckDB(threads=2, memory="1GB") as engine:
        found = drafting.inspect(folder, engine, lambda persons: (persons.candidates[0], not persons.sure), lang="ja")
    made = drafting.drafts(found, regime="NGMIA-19", operator="", kind="", lang="ja")
    seconds = perf_counter() - started
    fields = loads(made.organization).document["resources"][0]["schema"]["fields"]
    right = sum(CLASSES[field["name"]] == field["tokumei"]["class"] for field in fields)
    peak = next(
        int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    print(json.dumps({"seconds": round(seconds, 2), "peak_mib": peak // 1024, "classes": f"{right}/{len(CLASSES)}"}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one)
        return
    results = []
    for rows in arguments.rows:
        for format_ in ("utf-8", "cp932", "parquet"):
            with tempfile.TemporaryDirectory() as name:
                path = Path(name) / ("visits.parquet" if format_ == "parquet" else "visits.csv")
                generate(path, rows, format_, arguments.seed)
                size = path.stat().st_size
                done = subprocess.run(
                    [sys.executable, __file__, "--one", name], capture_output=True, text=True, check=True
                )
            results.append({"rows": rows, "format": format_, "mib": round(size / 2**20, 1), **json.loads(done.stdout)})
            print(results[-1], flush=True)
    if arguments.json:
        document = {
            "python": platform.python_version(),
            "seed": arguments.seed,
            "columns": len(CLASSES),
            "results": results,
        }
        arguments.json.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
