"""The protocol ``tokumei/1``: folders in and out, JSON lines on stdio. Nothing is ever logged."""

from __future__ import annotations

import datetime as dt
import importlib.resources
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import duckdb

from tokumei_reference import documents, hierarchies, notices, releases
from tokumei_reference.anonymizer import anonymize
from tokumei_reference.declarations import Document, read_organization, read_processing
from tokumei_reference.hints import HINTS
from tokumei_reference.refusals import MESSAGES, Refusal, of_declarations, unsupported


def statement() -> Any:
    """The product's own statement (``product.yaml``)."""
    text = importlib.resources.files("tokumei_reference").joinpath("product.yaml").read_text(encoding="utf-8")
    return documents.parse(text)


def call(request: Path, response: Path) -> str:
    """Do one call. The response appears whole or not at all; returns its status."""
    build = Path(tempfile.mkdtemp(prefix=".tokumei-", dir=_parent(response)))
    try:
        try:
            _answer(request, build)
            answer: dict[str, Any] = {"status": "ok"}
        except Refusal as refusal:
            answer = _refused(refusal)
        except (duckdb.OutOfMemoryException, MemoryError):
            answer = _refused(Refusal("LIMIT_EXCEEDED"))
        except Exception:  # noqa: BLE001 - an engine's message may quote a cell, so it is not even chained
            answer = _refused(Refusal("INTERNAL", "", "error"))
        if answer["status"] != "ok":
            shutil.rmtree(build)
            build.mkdir(mode=0o700)
        documents.write(build / "response.json", answer)
        _publish(build, response)
        return str(answer["status"])
    finally:
        shutil.rmtree(build, ignore_errors=True)


def _refused(refusal: Refusal) -> dict[str, Any]:
    reason: dict[str, Any] = {"code": refusal.code, "path": refusal.path, "message": MESSAGES[refusal.code]}
    if refusal.why:
        hint = HINTS[refusal.why]
        reason |= {"text": dict(zip(("ja", "en"), hint.reason, strict=True))}
        reason |= {"hint": dict(zip(("ja", "en"), hint.way, strict=True))}
    return {"status": refusal.status, "reason": reason}


def _parent(response: Path) -> Path:
    response.parent.mkdir(parents=True, exist_ok=True)
    return response.parent


def _publish(build: Path, response: Path) -> None:
    """Put the folder in place; into an existing one file by file, ``response.json`` last."""
    if not response.exists():
        build.chmod(0o755)
        build.rename(response)
        return
    for entry in sorted(build.iterdir(), key=lambda entry: entry.name == "response.json"):
        target = response / entry.name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        entry.replace(target)


def _answer(request: Path, build: Path) -> None:
    try:
        head = documents.read(request, "request")
    except (ValueError, OSError):
        raise Refusal("DECLARATION_INVALID", "/request") from None
    if not isinstance(head, Mapping):
        raise Refusal("DECLARATION_INVALID", "/request")
    if head.get("operation", "anonymize") != "anonymize":
        raise unsupported("/operation")
    asked = {}
    for name in ("organization", "processing"):
        try:
            asked[name] = documents.read(request, name)
        except (ValueError, OSError):
            raise Refusal("DECLARATION_INVALID", "/" + name) from None
    with of_declarations():
        organization = read_organization(asked["organization"])
        processing = hierarchies.read_files(read_processing(asked["processing"]), request)
    with tempfile.TemporaryDirectory(prefix="tokumei-") as work:
        result = anonymize(
            organization, processing, _secrets(request, head), request / "data", build / "data", Path(work)
        )
    documents.write(build / "organization.yaml", releases.data_package(organization, result))
    documents.write(build / "processing.yaml", notices.claim(result.processing))
    documents.write(build / "risk.json", releases.risk(result))
    documents.write(build / "utility.json", result.utility)
    documents.write(build / "statement.json", notices.statement(organization, result.processing, result.keyed))
    documents.write(build / "publication.json", notices.publication(organization, result))
    today = dt.datetime.now(dt.UTC).date()
    documents.write(build / "book.json", notices.book(organization, result, today))
    documents.write(build / "erasure.json", notices.erasure(organization, result.processing, today))


def _secrets(request: Path, head: Document) -> dict[str, bytes]:
    """The secrets that can be read; whether one is missing is decided by the step that needs it."""
    found: dict[str, bytes] = {}
    listed = head.get("secrets") or []
    if not isinstance(listed, list):
        raise Refusal("DECLARATION_INVALID", "/request/secrets")
    for item in listed:
        name, file = (item.get("id"), item.get("file")) if isinstance(item, Mapping) else (None, None)
        if not isinstance(name, str) or not isinstance(file, str):
            raise Refusal("DECLARATION_INVALID", "/request/secrets")
        path = (request / file).resolve()
        if path.is_relative_to(request.resolve()) and path.is_file():
            found[name] = path.read_bytes()
    return found


def serve(lines: TextIO, out: TextIO) -> None:
    """Answer JSON lines until the end of input."""
    for line in lines:
        if not line.strip():
            continue
        try:
            message = json.loads(line)
            match message:
                case {"op": "hello"}:
                    answer = statement()
                case {"op": "call", "id": identifier, "request": str(request), "response": str(response)}:
                    call(Path(request), Path(response))
                    answer = {"id": identifier, "status": "done"}
                case _:
                    answer = {"id": message.get("id") if isinstance(message, dict) else None, "status": "error"}
        except (ValueError, OSError):
            answer = {"id": None, "status": "error"}
        out.write(json.dumps(answer, ensure_ascii=True) + "\n")
        out.flush()


def main(arguments: list[str]) -> int:
    """No argument: serve. Two: one call, exit 0 whenever a response was written."""
    if not arguments:
        sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        serve(sys.stdin, sys.stdout)
        return 0
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m tokumei_reference [REQUEST RESPONSE]\n")
        return 2
    try:
        call(Path(arguments[0]), Path(arguments[1]))
    except OSError:  # no place to write an answer to; a traceback is never printed
        sys.stderr.write("the response could not be written\n")
        return 1
    return 0
