"""Seconds and peak memory of the reference on a stroke registry of growing size.

    python benchmarks/reference_tables.py [rows ...]        # 30000 300000 3000000 when none is given

Each call is a process of its own: a request folder with one CSV file to a whole release (k by suppression, keyed
pseudonyms, dates moved by person, keyed order). ``columns`` adds the techniques over whole columns: swap within sex,
noise, microaggregation, rare cells. Needs about 2 GB of disk for 3 M rows.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tokumei_reference import command, documents

EXAMPLE = Path(__file__).parents[1] / "examples" / "declarations" / "stroke-registry"


def write(file: Path, names: list[str], rows: int, encoding: str, areas: list[str]) -> None:
    """Invented persons, two admissions each; written row by row."""
    rng = random.Random(1)
    with file.open("w", encoding=encoding, newline="") as out:
        out.write(",".join(names) + "\r\n")
        for i in range(rows):
            person, day = i // 2, 1 + i % 28
            cells = {
                "登録番号": f"R{i:08d}", "患者番号": f"{person:08d}", "氏名": f"架空 {person}", "カナ氏名": "カクウ",
                "生年月日": "1950-01-01", "年齢": str(40 + person % 60), "性別": "男女"[person % 2],
                "郵便番号": "060-0001", "市区町村": areas[person % len(areas)], "住所": '"一条, 西1"', "電話番号": "",
                "保険者番号": "01130012", "被保険者番号": "1234567", "発症日": f"2023-05-{day:02d}",
                "入院日": f"2023-05-{day:02d}", "退院日": f"2023-06-{day:02d}", "病型": "脳梗塞", "来院方法": "救急車",
                "退院先": "自宅", "搬入時間帯": "深夜", "NIHSS": str(rng.randrange(43)), "備考": '"改行\nあり"',
                "提供停止": "0",
            }  # fmt: skip
            out.write(",".join(cells[name] for name in names) + "\r\n")


COLUMNS = [
    ("swap", "来院方法", {"fraction": 0.1, "within": ["registry.性別"]}),
    ("noise", "NIHSS", {"distribution": "laplace", "scale": 1}),
    ("microaggregate", "NIHSS", {"size": 5}),
    ("suppress-cell", "病型", {"rareBelow": 5}),
]


def add_columns(processing: dict[str, Any]) -> None:
    """Noise and then groups on NIHSS, a swap, and rare cells, in place of keeping the values."""
    changed = {f"registry.{name}" for _, name, _ in COLUMNS}
    for step in processing["steps"]:
        if step["technique"] == "keep":
            step["fields"] = [name for name in step["fields"] if name not in changed]
    for i, (technique, name, params) in enumerate(COLUMNS):
        processing["steps"].append(
            {"id": f"c{i}", "technique": technique, "fields": [f"registry.{name}"], "params": params,
             "realises": [5], "why": "測定のため"}
        )  # fmt: skip


def measure(root: Path, rows: int, encoding: str, columns: bool) -> tuple[float, float, float]:
    """Megabytes of input, seconds of the call, and peak resident megabytes of its process."""
    request = root / "request"
    (request / "data").mkdir(parents=True)
    (request / "secrets").mkdir()
    organization, processing = (documents.read(EXAMPLE, name) for name in ("organization", "processing"))
    if columns:
        add_columns(processing)
    resource = organization["resources"][0]
    resource["encoding"] = encoding
    file = request / "data" / resource["path"]
    areas = [row[0] for row in processing["hierarchies"]["area"]["table"]]
    write(file, [field["name"] for field in resource["schema"]["fields"]], rows, encoding, areas)
    (request / "secrets" / "key-1.bin").write_bytes(bytes(range(32)))
    documents.write(request / "organization.yaml", organization)
    documents.write(request / "processing.yaml", processing)
    documents.write(
        request / "request.json",
        {"protocol": "tokumei/1", "id": "x", "operation": "anonymize",
         "secrets": [{"id": "key-1", "file": "secrets/key-1.bin"}], "test_seed": None},
    )  # fmt: skip
    began = time.perf_counter()
    argv = [*command(), str(request), str(root / "response")]
    process = os.posix_spawn(argv[0], argv, os.environ)
    _, _, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - began
    answer = json.loads((root / "response" / "response.json").read_text(encoding="utf-8"))
    if answer["status"] != "ok":
        raise SystemExit(f"the reference answered {answer}")
    return file.stat().st_size / 1e6, seconds, usage.ru_maxrss / 1024


def main(sizes: list[int]) -> None:
    print(f"{'rows':>9} {'encoding':>8} {'steps':>8} {'input MB':>9} {'seconds':>8} {'rows/s':>9} {'peak MiB':>9}")
    for encoding, columns in (("utf-8", False), ("cp932", False), ("cp932", True)):
        for rows in sizes:
            with tempfile.TemporaryDirectory() as root:
                size, seconds, peak = measure(Path(root), rows, encoding, columns)
            steps = "columns" if columns else "example"
            line = (
                f"{rows:>9} {encoding:>8} {steps:>8} {size:>9.1f} {seconds:>8.1f} {rows / seconds:>9.0f} {peak:>9.0f}"
            )
            print(line, flush=True)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [30_000, 300_000, 3_000_000])
