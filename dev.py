"""One command for a newcomer: make ``.venv``, install, then run the demo or the tests.

Standard library only, so that any Python 3.11 or newer can start it::

    python3 dev.py demo [tokumei demo options]
    python3 dev.py test [pytest options]
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""
PYTHON = BIN / f"python{EXE}"
STAMP = VENV / "tokumei-installed.sha256"
INPUTS = ("pyproject.toml", "reference_impl/pyproject.toml", "constraints.txt")
OLDEST = (3, 11)

USAGE = """\
使い方 / usage:
  python3 dev.py demo [options]   参照実装を試験し HTML を今のフォルダに書く / try the demo, write HTML here
  python3 dev.py test [options]   試験系自身の試験 / run the tests of the suite (pytest)"""


def main(arguments: list[str]) -> int:
    """Run one of the two commands and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    if not arguments or arguments[0] not in COMMANDS:
        asked = bool(arguments) and arguments[0] in {"-h", "--help"}
        print(USAGE, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    if problem := _prepare():
        print(problem, file=sys.stderr)
        return 3
    return COMMANDS[arguments[0]](arguments[1:])


def demo(extra: list[str]) -> int:
    """Run ``tokumei demo`` in the current folder; its exit code is ours."""
    return _run([BIN / f"tokumei{EXE}", "demo", *extra], cwd=Path.cwd())


def test(extra: list[str]) -> int:
    """Run the tests of the suite and of the reference implementation."""
    suites = ["conformance/tests", "reference_impl/tests"]
    return _run([PYTHON, "-m", "pytest", "-n", "2", *suites, *extra])


COMMANDS = {"demo": demo, "test": test}


def _prepare() -> str:
    """Make and fill ``.venv`` where needed; return what went wrong, or an empty text."""
    if sys.version_info < OLDEST:
        wanted, found = ".".join(map(str, OLDEST)), sys.version.split()[0]
        return (
            f"エラー: Python {wanted} 以上が必要です（現在: {found}、{sys.executable}）。\n"
            f"error: Python {wanted} or newer is required (this is {found}, {sys.executable})."
        )
    if not PYTHON.exists() and _run([sys.executable, "-m", "venv", VENV]):
        return (
            "エラー: .venv を作れませんでした。Debian／Ubuntu では python3-venv を導入してください。\n"
            "error: could not make .venv. On Debian or Ubuntu install the package python3-venv."
        )
    wanted = _digest()
    if STAMP.exists() and STAMP.read_text(encoding="ascii").strip() == wanted:
        print(f"dev.py: {VENV} is up to date", flush=True)
        return ""
    install = ["install", "--quiet", "-c", "constraints.txt", "-e", ".[dev]", "-e", "reference_impl"]
    if _run([PYTHON, "-m", "pip", *install]):
        return (
            "エラー: 導入に失敗しました。上の pip の出力を見てください。\n"
            "error: the installation failed; see the output of pip above."
        )
    STAMP.write_text(wanted + "\n", encoding="ascii")
    return ""


def _digest() -> str:
    """Digest what decides the installation, so that it is repeated only when that changes."""
    digest = hashlib.sha256(sys.version.encode())
    for name in INPUTS:
        path = ROOT / name
        digest.update(name.encode() + b"\0" + (path.read_bytes() if path.exists() else b"") + b"\0")
    return digest.hexdigest()


def _run(command: list[str | Path], cwd: Path = ROOT) -> int:
    """Print one line, run the command in UTF-8 mode, return its exit code."""
    words = [str(word) for word in command]
    print("dev.py:", " ".join(words), flush=True)
    try:
        return subprocess.run(words, cwd=cwd, env=os.environ | {"PYTHONUTF8": "1"}, check=False).returncode
    except OSError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
