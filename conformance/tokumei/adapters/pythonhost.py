"""Hosts a vendor's Python function as an ``exec:`` product: ``python -m tokumei.adapters.pythonhost pkg.mod:func``.

The function is called as ``func(tables, request)``: pandas tables of text by resource name (NULL is
``None``), and a dict with ``organization``, ``processing``, ``secrets`` (bytes by id), ``operation``,
``id`` and ``test_seed``. It returns the released tables, or ``{"status": …}`` with ``reason``, ``data``,
``organization``, ``processing`` and ``risk``. What it prints goes to the log. Nothing of the suite is imported.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_STATUSES = ("ok", "refused", "unsupported", "error")


def main(argv: list[str]) -> int:
    """Answer ``hello`` and calls on standard input until its end."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    sys.path.insert(0, str(Path.cwd()))
    module, _, name = argv[0].partition(":")
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("op") == "hello":
            reply: dict[str, Any] = {}
        else:
            call(function, Path(message["request"]), Path(message["response"]))
            reply = {"id": message["id"], "status": "done"}
        protocol.write(json.dumps(reply) + "\n")
        protocol.flush()
    return 0


def call(function: Any, asked: Path, answer: Path) -> None:
    """One call. An exception of the function ends the process: a crash is never a refusal."""
    request = json.loads((asked / "request.json").read_text(encoding="utf-8"))
    for name in ("organization", "processing"):
        request[name] = json.loads((asked / f"{name}.yaml").read_text(encoding="utf-8"))
    request["secrets"] = {item["id"]: (asked / item["file"]).read_bytes() for item in request["secrets"]}
    resources = {str(item["name"]): item for item in request["organization"].get("resources", [])}
    tables: dict[str, pd.DataFrame] = {}
    for name, resource in resources.items():
        path = asked / "data" / str(resource.get("path", ""))
        if path.is_file():
            try:
                tables[name] = read_table(path, resource)
            except (UnicodeDecodeError, ValueError) as error:
                place = f"data/{resource['path']}"
                _write(answer, "refused", {"code": "INPUT_INVALID", "path": place, "message": str(error)[:200]})
                return
    result = function(tables, request)
    if not isinstance(result, Mapping):
        raise TypeError(f"the function returned {type(result).__name__}, not a mapping")
    if result.get("status") not in _STATUSES:
        result = {"status": "ok", "data": result}
    released = result.get("organization")
    if isinstance(released, Mapping):
        resources = resources | {str(item["name"]): item for item in released.get("resources", [])}
    for name, table in (result.get("data") or {}).items():
        resource = resources.get(name) or {"path": f"{name}.csv"}
        target = answer / "data" / str(resource.get("path") or f"{name}.csv")
        target.parent.mkdir(parents=True, exist_ok=True)
        write_table(table, target, resource)
    files = {"organization": "organization.yaml", "processing": "processing.yaml"}
    for name in (*files, "risk", "statement", "publication", "book", "erasure", "utility"):
        if result.get(name) is not None:
            (answer / files.get(name, f"{name}.json")).write_text(
                json.dumps(result[name], ensure_ascii=False), encoding="utf-8"
            )
    _write(answer, result["status"], result.get("reason"))


def _write(answer: Path, status: str, reason: Any) -> None:
    message = {"status": status, "reason": reason or {}}
    (answer / "response.json").write_text(json.dumps(message, ensure_ascii=False), encoding="utf-8")


def _is_parquet(path: Path, resource: Mapping[str, Any]) -> bool:
    return str(resource.get("format") or PurePosixPath(path).suffix.lstrip(".")).lower() == "parquet"


def read_table(path: Path, resource: Mapping[str, Any]) -> pd.DataFrame:
    """A CSV or Parquet file as a table of text, where NULL is ``None`` and not the empty text."""
    import pandas as pd

    if _is_parquet(path, resource):
        table = pd.read_parquet(path).astype(object)
        return table.where(table.notna(), None)
    text = path.read_bytes().decode(str(resource.get("encoding") or "utf-8"))
    rows = parse(text.removeprefix("\ufeff"))
    if not rows:
        raise ValueError("no header")
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise ValueError("a row has not as many cells as the header")
    return pd.DataFrame(rows[1:], columns=[cell or "" for cell in rows[0]], dtype=object)


def write_table(table: pd.DataFrame, path: Path, resource: Mapping[str, Any]) -> None:
    """A table in the declared form."""
    if _is_parquet(path, resource):
        table.to_parquet(path, index=False)
        return
    lines = [",".join(_cell(name) for name in table.columns)]
    lines += [",".join(_cell(cell) for cell in row) for row in table.itertuples(index=False, name=None)]
    path.write_bytes(("\n".join(lines) + "\n").encode(str(resource.get("encoding") or "utf-8")))


def _cell(value: Any) -> str:
    if (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    ):
        return ""
    text = str(value)
    if text == "" or any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def parse(text: str) -> list[list[str | None]]:
    """The rows of a CSV text; unquoted nothing is ``None``. Standard readers lose that."""
    if '"' not in text:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
        several = "," in lines[0]
        return [[cell or None for cell in line.split(",")] for line in lines if line or not several]
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    at, size = 0, len(text)
    while at < size:
        cell: str | None
        if text[at] == '"':
            end = at + 1
            while True:
                end = text.find('"', end)
                if end < 0:
                    raise ValueError("a quoted cell does not end")
                if text[end : end + 2] != '""':
                    break
                end += 2
            cell = text[at + 1 : end].replace('""', '"')
            at = end + 1
            if at < size and text[at] not in ",\r\n":
                raise ValueError("text after a quoted cell")
        else:
            end = at
            while end < size and text[end] not in ",\r\n":
                end += 1
            cell = text[at:end] or None
            at = end
        row.append(cell)
        if at < size and text[at] == ",":
            at += 1
            if at < size:
                continue
            row.append(None)
        at += 2 if text[at : at + 2] == "\r\n" else 1
        if row != [None] or (rows and len(rows[0]) == 1):
            rows.append(row)
        row = []
    return rows


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Exception:  # noqa: BLE001 - the traceback belongs into the log, the process ends
        traceback.print_exc(file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)
