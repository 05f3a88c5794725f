"""Walk the paths of the vendor guide as a stranger: with its text alone, in an empty folder, on the clock.

``python3 tools/stranger.py TOKUMEI [GUIDE ...]``: TOKUMEI is the installed command. Of each guide the fenced
blocks are taken: one under a paragraph that is only a file name in backquotes is that file; ``sh`` is typed,
line by line, and a comment that ends in a digit is the exit code to expect, else 0. Blocks before the first
path (a heading such as "A. …") belong to all paths; the commands there install, and are not typed.

A path is walked when its first finding is on the screen (exit code 1 and the code of a finding) within the
limit, and all that follows goes as written. Exit code 0 when every path of every guide was walked.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PATH_HEADING = re.compile(r"^## ([A-Z])\. (.+)$")
FILE_NAME = re.compile(r"^`([^`]+)`\s*[:：]$")
EXPECTED = re.compile(r"\s+#.*?([0-9])$")
FINDING = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
CRASH = "Traceback (most recent call last)"
GUIDES = ("docs/ja/vendor-guide.md", "docs/en/vendor-guide.md")
LIMIT = 300.0
"""Seconds to the first finding that a stranger is asked to spend on one path."""


class Lost(Exception):
    """The stranger cannot go on; the text says where."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: a file when it has a name, else what its language says."""

    language: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Walk:
    """One path of the guide, in the order of its text."""

    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Walked:
    """Seconds to the first finding, and to the end."""

    finding: float
    end: float


def read(guide: str) -> list[Walk]:
    """The paths of a guide, each with the files that are common to all before its own blocks."""
    common: list[Block] = []
    walks: list[Walk] = []
    here: list[Block] | None = common
    lines = iter(guide.splitlines())
    last = ""
    for line in lines:
        if found := PATH_HEADING.match(line):
            walks.append(Walk(found[0].removeprefix("## "), [block for block in common if block.name]))
            here = walks[-1].blocks
        elif line.startswith("## "):
            here = None if walks else common
        elif line.startswith("```"):
            name = FILE_NAME.match(last)
            block = Block(line[3:].strip(), name[1] if name else "", _fenced(lines))
            if here is not None:
                here.append(block)
        last = line.strip() or last
    return walks


def _fenced(lines: Iterator[str]) -> str:
    taken: list[str] = []
    for line in lines:
        if line == "```":
            return "\n".join(taken) + "\n"
        taken.append(line)
    raise Lost("a fenced block does not end")


def walk(path: Walk, command: Path, folder: Path, limit: float) -> Walked:
    """Write and type what the path says; raises ``Lost`` where it does not go as written."""
    environment = os.environ | {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1"}
    began = time.monotonic()
    finding: float | None = None
    for block in path.blocks:
        if block.name:
            target = folder / block.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            for line in block.text.splitlines():
                screen = _type(
                    line, folder, environment, limit - (time.monotonic() - began) if finding is None else limit
                )
                if finding is None and screen.code == 1 and FINDING.search(screen.text):
                    finding = time.monotonic() - began
    if finding is None:
        raise Lost(f"{path.title}: no finding")
    return Walked(finding, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Screen:
    code: int
    text: str


def _type(line: str, folder: Path, environment: dict[str, str], seconds: float) -> _Screen:
    expected = EXPECTED.search(line)
    wanted = int(expected[1]) if expected else 0
    try:
        ran = subprocess.run(
            line,
            shell=True,
            check=False,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=max(seconds, 0.0),
        )
    except subprocess.TimeoutExpired as error:
        raise Lost(f"{line}: not done in time") from error
    if CRASH in ran.stdout:  # Python ends with 1 then too
        raise Lost(f"{line}: crashed\n{ran.stdout}")
    if ran.returncode != wanted:
        raise Lost(f"{line}: exit code {ran.returncode}, not {wanted}\n{ran.stdout}")
    return _Screen(ran.returncode, ran.stdout)


def main(arguments: list[str] | None = None) -> int:
    """Walk every path of every guide and print the seconds of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tokumei", type=Path, help="the installed command")
    parser.add_argument("guides", type=Path, nargs="*", help=f"default: {' '.join(GUIDES)}")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds to a first finding (default: %(default)s)")
    given = parser.parse_args(arguments)
    found = shutil.which(given.tokumei)
    if found is None:
        parser.error(f"{given.tokumei} is not a command")
    guides = given.guides or [Path(__file__).parents[1] / guide for guide in GUIDES]
    lost = 0
    for guide in guides:
        walks = read(guide.read_text(encoding="utf-8"))
        lost += not walks
        for path in walks:
            with tempfile.TemporaryDirectory(prefix="stranger-") as folder:
                try:
                    walked = walk(path, Path(found).absolute(), Path(folder), given.limit)
                except Lost as error:
                    lost += 1
                    print(f"LOST  {guide.parent.name}  {path.title}\n{error}", flush=True)
                    continue
            print(
                f"first finding {walked.finding:6.1f} s, end {walked.end:6.1f} s  {guide.parent.name}  {path.title}",
                flush=True,
            )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
