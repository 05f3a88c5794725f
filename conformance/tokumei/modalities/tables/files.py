"""Files of a folder that somebody else wrote: found without following links out of it, and in bounds."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tokumei.model import Place, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a response folder may hold: bytes in all, files, cells of a table, bytes of a text and of all."""

    bytes: int = 1 << 29
    files: int = 2000
    cells: int = 200_000_000
    text: int = 1 << 24
    texts: int = 1 << 26


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file inside the folder, by its path with slashes."""

    path: str
    real: str
    size: int

    def read(self, limit: int = -1) -> bytes:
        """The bytes of the file as it was found: never longer than its size at that time."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(self.real, flags | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb", closefd=True) as file:
            return file.read(self.size if limit < 0 else min(limit, self.size))

    def text(self, limit: int) -> str:
        """The beginning of the file as text: UTF-8, else CP932, else UTF-8 with replacements."""
        try:
            content = self.read(limit)
        except OSError:
            return ""
        for encoding in ("utf-8-sig", "cp932"):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                if encoding == "utf-8-sig" and error.start >= len(content) - 3 and len(content) == limit:
                    return content.decode(encoding, "ignore")
        return content.decode("utf-8", "replace")


def scan(folder: Path, quota: Quota, below: str = "") -> tuple[list[Found], list[Problem]]:
    """Every regular file below the folder in the order of its path, and what had to be left out."""
    files: list[Found] = []
    problems: list[Problem] = []
    root = os.path.realpath(folder)
    if folder.is_symlink():
        return files, [_problem("RELEASE_LINK_OUTSIDE", "", "link")]
    total = seen = 0
    pending = [below]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(Path(root, here)) as listing:
                entries = sorted(islice(listing, 2 * quota.files), key=lambda entry: entry.name)
        except OSError:
            if here:
                problems.append(_problem("RELEASE_UNREADABLE", here, "folder"))
            continue
        seen += len(entries)
        if seen >= 2 * quota.files:
            problems.append(_problem("RELEASE_TOO_LARGE", here, "files"))
            return files, problems
        for entry in entries:
            path = f"{here}/{entry.name}" if here else entry.name
            path = path.encode("utf-8", "replace").decode("utf-8")
            real = entry.path
            if entry.is_symlink():
                real = os.path.realpath(entry.path)
                if os.path.commonpath((root, real)) != root:
                    problems.append(_problem("RELEASE_LINK_OUTSIDE", path, "link"))
                    continue
            try:
                info = os.lstat(real)
            except OSError:
                problems.append(_problem("RELEASE_UNREADABLE", path, "missing"))
                continue
            if stat.S_ISDIR(info.st_mode):
                if real == entry.path:
                    pending.append(f"{here}/{entry.name}" if here else entry.name)
            elif not stat.S_ISREG(info.st_mode):
                problems.append(_problem("RELEASE_NOT_A_FILE", path, "special"))
            elif total + info.st_size > quota.bytes:
                problems.append(_problem("RELEASE_TOO_LARGE", path, "bytes"))
            elif len(files) >= quota.files or path.count("/") > 32:
                problems.append(_problem("RELEASE_TOO_LARGE", path, "files"))
                return files, problems
            else:
                total += info.st_size
                files.append(Found(path, real, info.st_size))
    return files, problems


def _problem(code: str, path: str, why: str) -> Problem:
    return Problem(code=code, place=Place(file=path), params={"why": why})
