"""Files that a call left where none belong: in the request folder, in the working folder, in those for everybody.

Others write there too. A file is taken for the product's only if it is new or was changed during the call, belongs to
the same user, and holds several identifying cells of the request or a secret of it, which nobody else knows.
"""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tokumei.adapters.leftovers import QUOTA, prefixed, texts
from tokumei.model import Request

PUBLIC = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - looked at, never written to
MOST_ENTRIES, MOST_CELLS, LONGEST, FEWEST = 4000, 3000, 1 << 18, 3
SHORTEST = 8
IDENTIFYING = frozenset({"direct", "link", "symbol"})


class Strangers:
    """What is new after a call, outside the folders that the call was given."""

    def __init__(self, request: Request, asked: Path, own: Path, cwd: Path) -> None:
        self._request = request
        self._asked = asked
        self._own = own.resolve()
        self._places = [*dict.fromkeys(Path(p).resolve() for p in (cwd, tempfile.gettempdir(), *PUBLIC))]
        self._given = set(texts(asked))
        self._began = time.time() - 0.01

    def texts(self) -> dict[str, str]:
        """The texts of the files by path, ``request/…`` or ``outside/…``."""
        added = {path: text for path, text in texts(self._asked).items() if path not in self._given}
        added = {path: text for path, text in added.items() if not path.startswith("data/")}  # told as a changed input
        found: dict[str, str] = {}
        marks: tuple[list[str], list[str]] | None = None
        for path in self._changed():
            with contextlib.suppress(OSError):
                text = path.read_bytes()[:LONGEST].decode("utf-8", "replace")
                marks = marks or self._marks()
                if _holds(text, *marks):
                    found[str(path).lstrip("/")] = text[: QUOTA.text]
        return prefixed("request", added) | prefixed("outside", found)

    def _changed(self) -> Iterator[Path]:
        """Regular files of this user that were written since the call began, two folders deep."""
        left = MOST_ENTRIES
        for place in self._places:
            pending = [(place, 0)]
            while pending and left > 0:
                here, depth = pending.pop()
                with contextlib.suppress(OSError), os.scandir(here) as listing:
                    for entry in listing:
                        left -= 1
                        if left <= 0:
                            break
                        path = Path(entry.path)
                        if entry.is_symlink() or path == self._own or path.name.startswith("tokumei-"):
                            continue
                        info = entry.stat(follow_symlinks=False)
                        if entry.is_dir(follow_symlinks=False):
                            if depth < 1:
                                pending.append((path, depth + 1))
                        elif entry.is_file(follow_symlinks=False) and info.st_mtime >= self._began and _mine(info):
                            yield path

    def _marks(self) -> tuple[list[str], list[str]]:
        """Long identifying cells of the request, and the forms of its secrets."""
        cells: dict[str, None] = {}
        for resource in self._request.organization.get("resources", []):
            table = self._request.data.get(resource.get("name"))
            if table is None:
                continue
            for field in resource.get("schema", {}).get("fields", []):
                if set(field.get("tokumei", {}).get("class", ())) & IDENTIFYING and field["name"] in table.column_names:
                    column = table.column(field["name"]).slice(0, MOST_CELLS)
                    cells |= dict.fromkeys(cell for cell in column.to_pylist() if cell and len(cell) >= SHORTEST)
        secrets = [form for s in self._request.secrets.values() for form in (s.hex(), base64.b64encode(s).decode())]
        return list(cells)[:MOST_CELLS], secrets


def _mine(info: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or info.st_uid == os.getuid()


def _holds(text: str, cells: list[str], secrets: list[str]) -> bool:
    if any(secret in text for secret in secrets):
        return True
    found = 0
    for cell in cells:
        found += cell in text
        if found >= FEWEST:
            return True
    return False
