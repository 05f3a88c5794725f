"""Correct products that answer with files: the tables of others in the forms that other software writes.

Each writes a response folder of its own and has it read by the door of the modality, as any vendor's is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from tokumei.modalities.tables import data
from tokumei.model import Product, Request, Response

Write: TypeAlias = Callable[[pa.Table, Mapping[str, str]], bytes]
"""From a table and the types of its fields to the bytes of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a product writes a response folder."""

    of: str
    """The product whose answers are written."""
    format: str
    encoding: str | None
    write: Write
    indent: int | None = None
    suffix: str = "yaml"


def _csv(encoding: str, end: str, *, quote_all: bool) -> Write:
    """Excel and databases: a field may be quoted though it needs not be; nothing unquoted is no value."""

    def cell(text: str | None) -> str:
        if text is None:
            return ""
        return '"' + text.replace('"', '""') + '"' if quote_all or not text or re.search('[",\r\n]', text) else text

    def write(table: pa.Table, types: Mapping[str, str]) -> bytes:
        del types
        rows = [table.column_names, *zip(*(column.to_pylist() for column in table.columns), strict=True)]
        return "".join(",".join(map(cell, row)) + end for row in rows).encode(encoding)

    return write


def _parquet(compression: str, *, typed: bool, rows: int) -> Write:
    """Data frames: numbers as binary fractions, days as times at midnight, texts from a dictionary, in row groups."""

    def write(table: pa.Table, types: Mapping[str, str]) -> bytes:
        columns = {}
        for name in table.column_names:
            cells = table.column(name).to_pylist()
            columns[name] = _typed(cells, types.get(name, "")) if typed else pa.array(cells, pa.large_string())
        sink = io.BytesIO()
        pq.write_table(pa.table(columns), sink, compression=compression, row_group_size=rows)
        return sink.getvalue()

    return write


def _typed(cells: list[str | None], kind: str) -> pa.Array:
    if kind == "date" and all(cell is None or re.fullmatch(r"\d{4}-\d\d-\d\d", cell) for cell in cells):
        return pa.array([cell and dt.datetime.fromisoformat(cell) for cell in cells], pa.timestamp("us"))
    if kind in {"integer", "number"} and all(cell is None or re.fullmatch(r"\d+(\.\d+)?", cell) for cell in cells):
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    return pa.array(cells, pa.string()).dictionary_encode()


FORMS: Mapping[str, Form] = {
    "excel": Form(
        of="weeks", format="csv", encoding="utf-8", write=_csv("utf-8-sig", "\r\n", quote_all=False), indent=2
    ),
    "quoted": Form(
        of="japanese", format="csv", encoding="cp932", write=_csv("cp932", "\r\n", quote_all=True), suffix="json"
    ),
    "utf-16": Form(of="greek", format="csv", encoding="utf-16", write=_csv("utf-16", "\n", quote_all=True), indent=1),
    "data-frames": Form(of="key-tables", format="parquet", encoding=None, write=_parquet("zstd", typed=True, rows=7)),
    "warehouse": Form(
        of="forward", format="parquet", encoding=None, write=_parquet("gzip", typed=False, rows=1000), suffix="json"
    ),
    "office": Form(
        of="lenient", format="csv", encoding="cp932", write=_csv("cp932", "\r\n", quote_all=False), suffix="json"
    ),
    "unix": Form(
        of="lower-top", format="csv", encoding="euc_jp", write=_csv("euc_jp", "\n", quote_all=False), indent=4
    ),
    "export": Form(of="stars", format="csv", encoding="utf-8", write=_csv("utf-8", "\n", quote_all=True)),
    "lake": Form(
        of="datafly", format="parquet", encoding=None, write=_parquet("snappy", typed=True, rows=50), indent=2
    ),
}
"""The forms by name; a correct product stays correct in each."""


def file_products(products: Mapping[str, Product]) -> dict[str, Product]:
    """Some of the correct products, through files: no check may accuse them."""
    return {name: written(products[form.of], form) for name, form in FORMS.items()}


def written(product: Product, form: Form) -> Product:
    """The answers of a product, through a folder of files in that form."""

    def anonymize(request: Request) -> Response:
        response = product(request)
        with tempfile.TemporaryDirectory() as folder:
            _put(response, form, Path(folder))
            return data.read(Path(folder), request)

    return anonymize


def _put(response: Response, form: Form, folder: Path) -> None:
    reason = {"code": response.code, "path": response.path, "message": response.message}
    answer: dict[str, Any] = {"protocol": data.PROTOCOL, "status": response.status}
    _text(folder / "response.json", answer | ({"reason": reason} if response.code else {}), form)
    for path, text in response.extra.items():
        (folder / path).write_text(text, encoding="utf-8")
    if response.organization is None or response.processing is None:
        return
    organization = json.loads(json.dumps(response.organization))
    (folder / "data" / "tables").mkdir(parents=True)
    for resource in organization["resources"]:
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        content = form.write(response.data[resource["name"]], kinds)
        resource["path"] = f"tables/{resource['name']}.{form.format}"
        (folder / "data" / resource["path"]).write_bytes(content)
        resource |= {"format": form.format, "encoding": form.encoding, "bytes": len(content)}
        resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if form.encoding is None:
            del resource["encoding"]
    _text(folder / f"organization.{form.suffix}", organization, form)
    _text(folder / f"processing.{form.suffix}", response.processing, form)


def _text(path: Path, document: Mapping[str, Any], form: Form) -> None:
    path.write_text(json.dumps(document, ensure_ascii=form.indent is None, indent=form.indent), encoding="utf-8")
