"""A product for ``exec:`` that misbehaves in the way that its first argument names."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HOW = sys.argv[1]


def say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answer(folder: Path, status: str = "ok") -> None:
    (folder / "response.json").write_text(json.dumps({"status": status}), encoding="utf-8")


def copy(asked: Path, folder: Path) -> None:
    for file in (asked / "data").iterdir():
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data" / file.name).write_bytes(file.read_bytes())


def call(asked: Path, folder: Path) -> None:
    if HOW == "hang":
        time.sleep(600)
    elif HOW == "fork":
        sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
        subprocess.Popen(sleeper)
        subprocess.Popen(sleeper, start_new_session=True)
        time.sleep(600)
    elif HOW == "crash":
        print("about to fall: 山田太郎", file=sys.stderr, flush=True)
        os._exit(7)
    elif HOW == "once":
        marker = Path(sys.argv[2])
        if not marker.exists():
            marker.touch()
            os._exit(9)
    elif HOW == "garbage":
        print("Loading model ... 100 %", flush=True)
    elif HOW == "endless":
        while True:
            os.write(1, b"x" * 65536)
    elif HOW == "endless-lines":
        while True:
            os.write(1, b"{}\n" * 20000)
    elif HOW == "noisy":
        for _ in range(400):
            os.write(2, b"y" * 65536)
    elif HOW == "changed":
        next((asked / "data").iterdir()).write_text("changed", encoding="utf-8")
    elif HOW == "silent":
        return
    elif HOW in ("swap-response", "swap-input"):
        swapped = folder if HOW == "swap-response" else asked / "data"
        shutil.rmtree(swapped)
        swapped.symlink_to("/etc")
        if HOW == "swap-input":
            answer(folder)
        return
    copy(asked, folder)
    if HOW == "link":
        (folder / "data" / "outside.csv").symlink_to("/etc/passwd")
        (folder / "data" / "out").symlink_to("/etc")
    if HOW == "log":
        (folder / "log").mkdir()
        (folder / "log" / "run.txt").write_text("行 1: 鈴木花子", encoding="utf-8")
        print("標準エラー", file=sys.stderr, flush=True)
    answer(folder)


for line in sys.stdin:
    message = json.loads(line)
    if message["op"] == "hello":
        if HOW == "dies":
            sys.exit("no licence")
        say({"name": "hostile", "vendor": HOW} if HOW == "log" else {})
        continue
    call(Path(message["request"]), Path(message["response"]))
    say({"id": message["id"], "status": "done"})
