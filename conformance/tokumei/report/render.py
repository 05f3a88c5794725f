"""Writes every form of a report into a folder; a file is either the old one or the whole new one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tokumei.report.html import html
from tokumei.report.junit import junit

if TYPE_CHECKING:
    from tokumei.report.view import Report


def write(report: Report, folder: Path) -> dict[str, Path]:
    """Write ``report.json``, ``junit.xml`` and ``report.html``; the record first, since it is the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {"report.json": _put(folder / "report.json", record(report))}
    written["junit.xml"] = _put(folder / "junit.xml", junit(report))
    written["report.html"] = _put(folder / "report.html", html(report))
    return written


def record(report: Report) -> str:
    """The report as JSON text in its own key order."""
    return json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _put(path: Path, text: str) -> Path:
    # An unpaired surrogate becomes \udXXX, which is its own escape in JSON.
    data = text.encode("utf-8", "backslashreplace")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path
