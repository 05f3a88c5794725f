"""What a product left in its temporary folder: each has one of its own, and it is read after every call."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tokumei.modalities.tables.files import Quota, scan

QUOTA = Quota(bytes=1 << 26, files=200, text=1 << 20, texts=1 << 23)
"""Of more than this the beginning is read: a mapping table shows itself there."""
NAMES = ("TMPDIR", "TEMP", "TMP")
"""The variables that name the folder for temporary files. A Java program reads ``java.io.tmpdir`` instead, and is
not followed there; the home folder stays the user's, since runtimes keep their caches in it."""


def temporary(folder: Path) -> dict[str, str]:
    """The environment that makes ``folder`` the place of temporary files."""
    return dict.fromkeys(NAMES, str(folder))


def texts(folder: Path) -> dict[str, str]:
    """The files below the folder by path, as text in bounds; links are not followed out of it."""
    room, found = QUOTA.texts, {}
    for file in scan(folder, QUOTA)[0]:
        if room <= 0:
            break
        found[file.path] = file.text(min(QUOTA.text, room))
        room -= min(file.size, QUOTA.text)
    return found


def added(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The files that are new or have changed since an earlier look."""
    return {path: text for path, text in after.items() if before.get(path) != text}


def prefixed(folder: str, found: Mapping[str, str]) -> dict[str, str]:
    """The same files below ``folder``."""
    return {f"{folder}/{path}": text for path, text in found.items()}


@contextlib.contextmanager
def private_temp() -> Iterator[Path]:
    """A temporary folder of its own for what runs in this process, while it runs."""
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="tokumei-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = usual
