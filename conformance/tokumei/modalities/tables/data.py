"""The door of the modality: a request becomes a folder of files, a folder becomes a response.

What comes back was written by somebody else. Reading it never raises, never follows a link out of the
folder, and never takes more memory than its quota: every fault is a ``Problem`` of the response.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from tokumei import documents
from tokumei.modalities.tables.containers import inner
from tokumei.modalities.tables.csvtext import CsvFault, csv_bytes, csv_table
from tokumei.modalities.tables.files import Found, Quota, scan
from tokumei.modalities.tables.parquet import ParquetFault, parquet_bytes, parquet_table
from tokumei.model import Document, Place, Problem, Request, Response, TokumeiError

PROTOCOL = "tokumei/1"
STATUSES = ("ok", "refused", "unsupported", "error")
NO_RESPONSE = frozenset({"RESPONSE_MISSING", "RESPONSE_INVALID"})
"""Problems that mean that there is no answer at all: the product broke the protocol."""

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What JSON may hold as it is and YAML may not."""

_DOCUMENTS = ("organization", "processing")


def write(request: Request, folder: Path) -> None:
    """Write the request folder of PROTOCOL: documents, secrets and the data in their declared form."""
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    secrets = []
    for name, secret in request.secrets.items():
        file = f"secrets/{name}.bin"
        (folder / _safe(file)).write_bytes(secret)
        secrets.append({"id": name, "file": file})
    message = {
        "protocol": PROTOCOL,
        "id": request.id,
        "operation": request.operation,
        "party": request.party,
        "secrets": secrets,
        "test_seed": request.test_seed,
    }
    (folder / "request.json").write_text(_json(message), encoding="utf-8")
    for name in _DOCUMENTS:
        text = _json(getattr(request, name))
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        if name == "organization":
            (folder / "organization.json").write_text(text, encoding="utf-8")
    resources = {str(resource.get("name")): resource for resource in _resources(request.organization)}
    for name, table in request.data.items():
        resource = resources.get(name, {})
        path = resource_path(resource) or f"{name}.csv"
        if path not in request.files:
            _put(folder / "data", path, _table_bytes(table, resource, path))
    for path, content in request.files.items():
        _put(folder / "data", path, content)


def read(folder: Path, request: Request, quota: Quota | None = None) -> Response:
    """Read the response folder. Tables are text in CSV lexical form; the rest is text in ``extra``."""
    quota = quota or Quota()
    files, problems = scan(folder, quota)
    found = {file.path: file for file in files}
    status, reason = _answer(found.pop("response.json", None), problems)
    extra: dict[str, str] = {}
    claimed = {name: _document(found, name, extra, problems) for name in _DOCUMENTS}
    released = claimed["organization"]
    data: dict[str, pa.Table] = {}
    for resource in _resources(released if released is not None else request.organization):
        path = resource_path(resource)
        file = found.get(f"data/{path}")
        if file is not None:
            table = _table(file, resource, quota, problems)
            if table is not None:
                data[str(resource.get("name"))] = table
                del found[file.path]
        elif released is not None and status == "ok":
            problems.append(Problem(code="RELEASE_FILE_MISSING", place=Place(file=f"data/{path}")))
    room = quota.texts
    for path, file in found.items():
        if path.startswith("log/"):
            continue
        if room <= 0:
            problems.append(Problem(code="RELEASE_TOO_LARGE", place=Place(file=path), params={"why": "texts"}))
            break
        if file.size > quota.text:
            problems.append(Problem(code="RELEASE_TOO_LARGE", place=Place(file=path), params={"why": "text"}))
        extra[path] = file.text(quota.text)
        extra |= _inner(file, min(room, quota.text))
        room -= min(file.size, quota.text)
    return Response(
        status=status if status in STATUSES else "error",  # type: ignore[arg-type]
        code=reason["code"],
        path=reason["path"],
        message=reason["message"],
        data=data,
        organization=released,
        processing=claimed["processing"],
        extra=extra,
        problems=tuple(problems),
    )


def _inner(file: Found, most: int) -> dict[str, str]:
    """The texts inside a file that holds others, or properties."""
    try:
        return inner(file.path, file.read(most), most)
    except OSError:
        return {}


def read_log(folder: Path, quota: Quota | None = None) -> tuple[str, bool]:
    """The texts of the files below ``log/``, each under a line with its path, and whether some did not fit."""
    quota = quota or Quota()
    files, problems = scan(folder, quota, below="log")
    room, parts = quota.texts, []
    for file in files:
        parts.append(f"--- {file.path}\n{file.text(min(quota.text, max(room, 0)))}\n")
        room -= file.size
    lost = any(problem.code == "RELEASE_TOO_LARGE" for problem in problems)
    cut = lost or room < 0 or any(file.size > quota.text for file in files)
    return "".join(parts), cut


def answered(response: Response) -> bool:
    """Whether the folder held an answer that can be read as one."""
    return not any(problem.code in NO_RESPONSE for problem in response.problems)


def resource_path(resource: Mapping[str, Any]) -> str:
    """The path of a resource below ``data/``; of a list of parts, the first."""
    path = resource.get("path", "")
    if isinstance(path, list):
        path = path[0] if path else ""
    return str(path)


def _resources(document: Document) -> Iterator[Mapping[str, Any]]:
    resources = document.get("resources")
    if isinstance(resources, list):
        yield from (resource for resource in resources if isinstance(resource, Mapping))


def _format(resource: Mapping[str, Any], path: str) -> str:
    return str(resource.get("format") or PurePosixPath(path).suffix.lstrip(".") or "csv").lower()


def _table_bytes(table: pa.Table, resource: Mapping[str, Any], path: str) -> bytes:
    if _format(resource, path) == "parquet":
        return parquet_bytes(table)
    encoding = str(resource.get("encoding") or "utf-8")
    try:
        return csv_bytes(table, encoding)
    except (UnicodeEncodeError, LookupError) as error:
        raise TokumeiError(
            Problem(code="DATA_UNENCODABLE", place=Place(file=path), params={"encoding": encoding})
        ) from error


def _table(file: Found, resource: Mapping[str, Any], quota: Quota, problems: list[Problem]) -> pa.Table | None:
    """The table of one released file, or None (and a problem) when it is not one."""
    kind = _format(resource, file.path)
    try:
        if kind == "parquet":
            return parquet_table(file.read(), quota.bytes, quota.cells)
        table, exact = csv_table(file.read(), str(resource.get("encoding") or "utf-8"), quota.cells)
    except (CsvFault, ParquetFault) as error:
        problems.append(Problem(code=error.code, place=Place(file=file.path), params={"why": error.why}))
        return None
    except OSError as error:
        problems.append(
            Problem(code="RELEASE_UNREADABLE", place=Place(file=file.path), params={"why": error.strerror or ""})
        )
        return None
    if not exact:
        problems.append(
            Problem(
                code="RELEASE_ENCODING",
                place=Place(file=file.path),
                params={"encoding": str(resource.get("encoding") or "utf-8")},
            )
        )
    return table


def _answer(file: Found | None, problems: list[Problem]) -> tuple[str, dict[str, str]]:
    reason = {"code": "", "path": "", "message": ""}
    if file is None:
        problems.append(Problem(code="RESPONSE_MISSING", place=Place(file="response.json")))
        return "error", reason
    try:
        answer = json.loads(file.read().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        answer = None
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or status not in STATUSES:
        problems.append(Problem(code="RESPONSE_INVALID", place=Place(file="response.json")))
        return "error", reason
    given = answer.get("reason")
    if isinstance(given, dict):
        reason |= {key: str(given[key])[:4000] for key in reason if given.get(key) is not None}
    return str(status), reason


def _document(found: dict[str, Found], name: str, extra: dict[str, str], problems: list[Problem]) -> Document | None:
    """The document of the release, from ``.yaml`` or else ``.json``; its text goes to ``extra``."""
    document: Document | None = None
    for path in (f"{name}.yaml", f"{name}.json"):
        file = found.pop(path, None)
        if file is None:
            continue
        extra[path] = text = file.text(8 * 1024 * 1024)
        if document is None:
            try:
                document = documents.loads(text, path).document
            except TokumeiError as error:
                why = error.problems[0]
                problems.append(Problem(code="DOCUMENT_INVALID", place=why.place, params={"why": why.code}))
    return document


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    return str(value)


def _safe(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or ":" in parts[0]:
        raise TokumeiError(Problem(code="PATH_UNSAFE", place=Place(file=path)))
    return path


def _put(folder: Path, path: str, content: bytes) -> None:
    target = folder / _safe(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
