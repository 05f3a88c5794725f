"""Search releases of three sizes for 1,000 people of 20 identifiers each: seconds, memory, bytes a second.

    python benchmarks/scan.py [--megabytes 10 100 1000] [--processes 2]

The release is CSV with Japanese text and pseudonyms; three identifiers are planted at its end and must be found.
Seconds are of the clock and of all processors; memory is the most of all processes together.
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
from random import Random

from tokumei.plan import people
from tokumei.scanning.identifiers import Identifier
from tokumei.scanning.scan import scan
from tokumei.scanning.spellings import Kind

HERE = Path(__file__).resolve().parent
NOTES = ("経過良好。次回二週間後に来院。", "発熱なし、食欲あり。", "血圧 128/76 mmHg。", "")
DEPARTMENTS = ("内科", "外科", "整形外科")
BLOCK_ROWS = 100_000


def identifiers(count: int, random: Random) -> list[Identifier]:
    """Twenty for each person: two names, a date, numbers, a telephone, an address, texts."""
    found: list[Identifier] = []
    for n in range(count):
        surname, given = people.SURNAMES[n % len(people.SURNAMES)], people.GIVEN[n * 7 % len(people.GIVEN)]
        day = f"{random.randrange(1920, 2020)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
        values: list[tuple[Kind, str]] = [
            ("name", f"{surname[0]}　{given[0]}"),
            ("kana", f"{surname[1]} {given[1]}"),
            ("date", day),
        ]
        values += [("number", str(random.randrange(10**9, 10**10))) for _ in range(8)]
        values += [("number", str(random.randrange(10**11, 10**12))) for _ in range(4)]
        values += [("number", f"090{random.randrange(10**7, 10**8)}"), ("text", f"u{n}.{random.random()}@example.jp")]
        values += [("text", f"長野県松本市{random.choice(people.TOWNS)}{n}番地")]
        values += [("text", f"{letter}{random.randrange(10**8, 10**9)}") for letter in "CD"]
        found += [Identifier(person=str(n), kind=kind, value=value) for kind, value in values]
    return found


def write(path: Path, megabytes: float, known: list[Identifier], random: Random) -> None:
    """Rows in blocks until there are enough, then a row with three identifiers."""
    block = "".join(
        f"{random.randrange(16**32):032x},{random.choice('MF')},[{random.randrange(18) * 5}-),"
        f"{random.choice(DEPARTMENTS)},2024-{random.randrange(1, 13):02}-{random.randrange(1, 29):02},"
        f"{random.random() * 100:.2f},{random.choice(NOTES)}\n"
        for _ in range(BLOCK_ROWS)
    ).encode()
    with path.open("wb") as file:
        while file.tell() < megabytes * 1e6:
            file.write(block)
        file.write(f"x,{known[1].value},{known[3].value},{known[17].value}\n".encode())


def measure(megabytes: float, processes: int) -> dict[str, float]:
    """One size, in this process and its children."""
    random = Random(1)
    known = identifiers(1000, random)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "release.csv", megabytes, known, random)
        began = time.perf_counter()
        found = scan(Path(folder), known, processes=processes)
        seconds = time.perf_counter() - began
    kinds = {one.kind for one in found.occurrences}
    if not {"kana", "number", "text"} <= kinds:
        raise SystemExit(f"planted identifiers were not found: {kinds}")
    usage = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "megabytes": round(found.size / 1e6, 1),
        "identifiers": len(known),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(sum(one.ru_utime + one.ru_stime for one in usage), 2),
        "most_mib": round((usage[0].ru_maxrss + processes * usage[1].ru_maxrss) / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.processes)))
        return
    rows = []
    for size in asked.megabytes:  # a process each, so that the memory of one size is not that of another
        command = [sys.executable, __file__, "--one", str(size), "--processes", str(asked.processes)]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print(rows[-1])
    told = {"machine": platform.machine(), "python": platform.python_version(), "processes": asked.processes}
    (HERE / "results" / "scan.json").write_text(json.dumps(told | {"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
