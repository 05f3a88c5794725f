"""Files that somebody holds already, for an audit: the tables of a release folder and of an original.

A problem names a file of the declaration and never quotes what is in it. Tables are read into Arrow as
text, by column; CSV takes the ``dialect`` (``delimiter``, ``quoteChar``), ``encoding`` and
``missingValues`` of the Data Package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as pacsv

from tokumei import documents
from tokumei.declarations import Organization
from tokumei.modalities.tables.data import resource_path
from tokumei.modalities.tables.files import Found, Quota, scan
from tokumei.modalities.tables.parquet import ParquetFault, parquet_table
from tokumei.model import Document, Place, Problem, TokumeiError

LARGE = Quota(bytes=1 << 38, files=20_000, cells=4_000_000_000)
_ANSWERS = frozenset({"response.json"})
_BLOCK = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """A release in files. ``organization`` and ``processing`` are its own documents, {} where unreadable."""

    tables: Mapping[str, pa.Table]
    organization: Document | None
    processing: Document | None
    described: Organization | None
    extra: Mapping[str, str]


def supplied(folder: Path, held: Organization) -> Supplied:
    """Read a response folder (tables below ``data/``) or a folder of the data files alone.

    Every file that no declaration names is kept in ``extra`` as text: an undeclared file is a finding.
    """
    if not folder.is_dir():
        raise TokumeiError(Problem(code="FOLDER_MISSING", place=Place(file=str(folder))))
    files, problems = scan(folder, LARGE)
    if problems:
        raise TokumeiError(*(Problem(code=p.code, params=p.params) for p in problems))
    found = {file.path: file for file in files}
    base = "data/" if any(path.startswith("data/") for path in found) else ""
    extra: dict[str, str] = {}
    organization = _document(found, "organization", folder, extra)
    processing = _document(found, "processing", folder, extra)
    described = _described(organization)
    tables: dict[str, pa.Table] = {}
    for name, resource in _resources(held, described).items():
        file = found.pop(base + resource_path(resource), None)
        if file is not None:
            tables[name] = _read(Path(file.real), resource, LARGE, "RELEASE_UNREADABLE")
    if not tables:
        missing = [resource.path for resource in held.resources]
        raise TokumeiError(*(Problem(code="RELEASE_FILE_MISSING", place=Place(file=path)) for path in missing))
    for path, file in found.items():
        if path not in _ANSWERS and not path.startswith("log/"):
            extra[path if base else f"data/{path}"] = file.text(LARGE.text)
    return Supplied(tables=tables, organization=organization, processing=processing, described=described, extra=extra)


def original_tables(folder: Path, held: Organization) -> dict[str, pa.Table]:
    """The tables of the original, below ``data/`` or in the folder itself; one must be there at least."""
    if not folder.is_dir():
        raise TokumeiError(Problem(code="FOLDER_MISSING", place=Place(file=str(folder))))
    tables = {}
    for name, resource in _resources(held, None).items():
        path = resource_path(resource)
        here = next((p for p in (folder / "data" / path, folder / path) if p.is_file()), None)
        if here is None:
            raise TokumeiError(
                Problem(code="DATA_MISSING", place=Place(file=str(folder / path)), params={"resource": name})
            )
        tables[name] = _read(here, resource, LARGE, "RELEASE_UNREADABLE")
    return tables


def _resources(held: Organization, described: Organization | None) -> dict[str, Mapping[str, Any]]:
    """The resources of the given declaration, each as the release describes it where it does."""
    own = {str(r["name"]): r for r in described.document["resources"]} if described else {}
    return {str(r["name"]): own.get(str(r["name"]), r) for r in held.document["resources"] if "schema" in r}


def _described(document: Document | None) -> Organization | None:
    try:
        return Organization.of(document) if document else None
    except TokumeiError:
        return None


def _document(found: dict[str, Found], name: str, folder: Path, extra: dict[str, str]) -> Document | None:
    document: Document | None = None
    for path in (f"{name}.yaml", f"{name}.json"):
        file = found.pop(path, None)
        if file is None:
            continue
        extra[path] = file.text(LARGE.text)
        if document is None:
            try:
                document = documents.load(folder / path).document
            except TokumeiError:
                document = {}
    return document


def _read(path: Path, resource: Mapping[str, Any], quota: Quota, code: str) -> pa.Table:
    place = Place(file=resource_path(resource))
    kind = str(resource.get("format") or path.suffix.lstrip(".") or "csv").lower()
    try:
        if kind == "parquet":
            return parquet_table(path.read_bytes(), quota.bytes, quota.cells)
        return _csv(path, resource)
    except ParquetFault as fault:
        raise TokumeiError(Problem(code=code, place=place, params={"why": fault.why})) from None
    except (pa.ArrowException, OSError, ValueError, LookupError):
        raise TokumeiError(Problem(code=code, place=place, params={"why": "rows"})) from None


def _csv(path: Path, resource: Mapping[str, Any]) -> pa.Table:
    dialect = resource.get("dialect", {})
    missing = [str(text) for text in resource.get("schema", {}).get("missingValues", [""])]
    encoding = str(resource.get("encoding") or "utf-8")
    read = pacsv.ReadOptions(encoding=encoding, block_size=_BLOCK)
    parse = pacsv.ParseOptions(
        delimiter=str(dialect.get("delimiter", ",")),
        quote_char=str(dialect.get("quoteChar", '"')),
        newlines_in_values=True,
    )
    with pacsv.open_csv(path, read, parse) as reader:
        names = list(reader.schema.names)
    parse.ignore_empty_lines = len(names) > 1
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=missing,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return pacsv.read_csv(path, read, parse, convert)


__all__ = ["Supplied", "original_tables", "supplied"]
