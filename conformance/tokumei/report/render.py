"""Writes every form of a report into a folder; a file is either the old one or the whole new one."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tokumei.report.html import html, summary
from tokumei.report.junit import junit
from tokumei.report.workbook import NAMES, workbook

if TYPE_CHECKING:
    from tokumei.model import Lang
    from tokumei.report.view import Report
    from tokumei.spec import Edition


def write(report: Report, edition: Edition, folder: Path, lang: Lang = "ja") -> dict[str, Path]:
    """Make every form of the report, then write them, the record first, since it is the truth.

    ``edition`` gives the texts of the clauses. The pages hold both languages and open in ``lang``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    forms: dict[str, Callable[[Report], str | bytes]] = {
        "report.json": record,
        "junit.xml": junit,
        "report.html": partial(html, lang=lang),
        "summary.html": partial(summary, lang=lang),
        **{name: partial(workbook, edition=edition, lang=each) for each, name in NAMES.items()},
    }
    made = {name: form(report) for name, form in forms.items()}
    return {name: _put(folder / name, content) for name, content in made.items()}


def record(report: Report) -> str:
    """The report as JSON text in its own key order."""
    return json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _put(path: Path, form: str | bytes) -> Path:
    # An unpaired surrogate becomes \udXXX, which is its own escape in JSON.
    data = form.encode("utf-8", "backslashreplace") if isinstance(form, str) else form
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
