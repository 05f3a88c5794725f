"""The laws of ARCHITECTURE.md that a machine can see: who imports whom, module size, names, quick start."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("conformance/tokumei", "reference_impl/tokumei_reference")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST = 400
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "handler", "processor", "misc"}


def words_of(path: Path) -> set[str]:
    """The words of the module's own name and of its folders inside the package."""
    inside = path.relative_to(ROOT).with_suffix("").parts[2:]
    return {word for part in inside for word in part.split("_")}


def test_both_packages_are_looked_at():
    for package in PACKAGES:
        assert any((ROOT / package).rglob("*.py")), package


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{lines} lines: split it by what it does"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_name_says_what_is_inside(path):
    assert not words_of(path) & SAYS_NOTHING


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_parses_on_the_oldest_python(path):
    oldest = re.search(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, int(oldest[1])))


def test_imports_keep_the_laws():
    program = Path(sys.executable).with_name("lint-imports" + (".exe" if os.name == "nt" else ""))
    if not program.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_is_quick_and_loads_nothing_heavy():
    probe = (
        "import json, sys\n"
        "from tokumei.cli import main\n"
        "sys.argv = ['tokumei', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "heavy = {'pandas', 'hypothesis', 'duckdb', 'pytest'} & set(sys.modules)\n"
        "print(json.dumps(sorted(heavy)), file=sys.stderr)\n"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, encoding="utf-8", check=False)
    seconds = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == []
    assert seconds < 3.0, f"{seconds:.1f} s"
