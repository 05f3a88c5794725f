"""Bundles in the bytes that other systems write: another encoding, a mark of byte order, other line ends, 外字."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import pyarrow as pa

from tokumei.declarations import Organization, ResourceInfo
from tokumei.modalities.tables.csvtext import csv_bytes
from tokumei.plan.bundle import Bundle

MISSING = "〓"
"""What stands for a character that an encoding does not have, in Japanese print."""
PRIVATE = 0xE000
"""The first of the characters of a user (外字), which CP932 and UTF-8 can hold."""
EVERY = 5
"""Of so many names one is written with a private character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one file is written. ``mark`` is the mark of byte order, which UTF-8 may begin with."""

    encoding: str
    newline: str = "\n"
    mark: bool = False
    ended: bool = True


FORMS = (
    Form(encoding="euc-jp", newline="\r\n"),
    Form(encoding="utf-8", newline="\r\n", mark=True),
    Form(encoding="iso-2022-jp"),
    Form(encoding="cp932", newline="\r\n", ended=False),
)
ENCODINGS = tuple(form.encoding for form in FORMS)


def delivered(given: Bundle, first: int, encodings: Sequence[str], *, obeys: bool) -> Bundle:
    """The same persons as other systems would deliver them: one form after another for each CSV file.

    ``first`` is the form of the first file; only ``encodings`` are used. What decides on a person goes into the last
    column, where line ends stick. With one setting (not ``obeys``) the encoding and the columns stay as they are.
    """
    forms = [form for form in FORMS[first:] + FORMS[:first] if form.encoding in encodings]
    if not forms:
        return given
    document = copy.deepcopy(dict(given.organization.document))
    tables, files = dict(given.tables), dict(given.files)
    own = [resource for resource in given.organization.resources if resource.format == "csv"]
    for place, resource in enumerate(own):
        form = forms[place % len(forms)]
        if not obeys:
            form = replace(form, encoding=resource.encoding, mark=form.mark and resource.encoding == "utf-8")
        table = tables[resource.name]
        if obeys:
            table = table.select(_ordered(given.organization, resource))
            described = next(each for each in document["resources"] if each["name"] == resource.name)
            described["encoding"] = form.encoding
            described["schema"]["fields"].sort(key=lambda field: table.column_names.index(field["name"]))
        tables[resource.name] = table = _written(table, resource, form.encoding)
        files[resource.path] = _bytes(table, form)
    return replace(given, organization=Organization.of(document), tables=tables, files=files)


def _ordered(organization: Organization, resource: ResourceInfo) -> list[str]:
    names = [info.name for info in resource.fields]
    return [name.field for name in sorted(names, key=lambda name: name in organization.deciding)]


def _written(table: pa.Table, resource: ResourceInfo, encoding: str) -> pa.Table:
    """The table in characters that the encoding has; of some names the first character is one of a user."""
    for info in resource.fields:
        place = table.schema.get_field_index(info.name.field)
        cells = table.column(place).to_pylist()
        told = {cell: _encodable(cell, encoding) for cell in dict.fromkeys(cells) if cell and not cell.isascii()}
        if "direct" in info.classes:
            for number, cell in enumerate(told):
                private = chr(PRIVATE + number % 100) + cell[1:]
                if number % EVERY == 0 and _encodable(private, encoding) == private:
                    told[cell] = private
        if any(cell != text for cell, text in told.items()):
            changed = pa.array([told.get(cell, cell) for cell in cells], pa.string())
            table = table.set_column(place, info.name.field, changed)
    return table


@lru_cache(maxsize=100_000)
def _encodable(text: str, encoding: str) -> str:
    def has(part: str) -> bool:
        try:
            return part.encode(encoding).decode(encoding) == part
        except UnicodeError:
            return False

    if has(text):
        return text
    return "".join(c if has(c) else MISSING for c in unicodedata.normalize("NFKC", text))


def _bytes(table: pa.Table, form: Form) -> bytes:
    text = csv_bytes(table, "utf-8").decode("utf-8")
    text = (text if form.ended else text.removesuffix("\n")).replace("\n", form.newline)
    return (b"\xef\xbb\xbf" if form.mark else b"") + text.encode(form.encoding)
