"""A product for ``batch:`` that misbehaves in the way that its first argument names."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

how, asked, answer = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if how == "hang":
    time.sleep(600)
if how == "endless":
    while True:
        os.write(1, b"z" * 65536)
if how == "crash":
    sys.exit("fell")
if how == "fork":
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(sleeper)
    subprocess.Popen(sleeper, start_new_session=True)
if how == "changed":
    (asked / "data" / "new.csv").write_text("a\n1\n", encoding="utf-8")
if how != "nothing":
    (answer / "data").mkdir()
    for file in (asked / "data").iterdir():
        (answer / "data" / file.name).write_bytes(file.read_bytes())
    (answer / "response.json").write_text(json.dumps({"status": "ok"}), encoding="utf-8")
print("batch は終わった")
sys.exit(3 if how == "exit" else 0)
