"""How the releases of a batch write their values: what stands for no value, and which text is which day.

A product says so in the organization declaration of its release (``representation`` and ``format`` of a field).
What it says is believed only where it cannot hide anything: a text with which a value of the input begins is a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.declarations import FieldName
from tokumei.evidence import Evidence
from tokumei.relation import Column, Relation, bind

MARKERS = ("", "*")
"""What stands for a missing or suppressed value in any field; a declaration may name others."""

BEGINS = "SELECT count(*) AS n FROM {self} t WHERE substr({column}, 1, {size}) = {text}"

MIDNIGHT = ("T00:00:00", " 00:00:00")
"""A time of day that tells nothing: days of data frames and databases are often written with it."""


SEPARATORS = "-/. 年月日"
"""What may stand between the parts of a date: no other text of a vendor enters SQL."""


def markers(evidence: Evidence, name: FieldName) -> tuple[str, ...]:
    """The texts that stand for no value of a field, in the source or in a release of the batch."""
    source = evidence.organization.field(name)
    found = dict.fromkeys((*MARKERS, *(_stated(source.tokumei) if source is not None else ())))
    told = (text for field in _described(evidence, name) for text in _stated(field.get("tokumei", {})))
    return (
        *found,
        *(text for text in dict.fromkeys(told) if text not in found and not _is_value(evidence, name, text)),
    )


def day(evidence: Evidence, name: FieldName, column: Column) -> str:
    """SQL of the day that a released text is: written as ``as_date`` reads it, or in the declared ``format``."""
    texts = [str(column), *(f"CASE WHEN {column} LIKE '%{end}' THEN substr({column}, 1, 10) END" for end in MIDNIGHT)]
    formats = {str(field.get("format", "")) for field in _described(evidence, name)}
    texts += [text for pattern in sorted(formats) if (text := _in_order(pattern, column))]
    return f"coalesce({', '.join(f'as_date({text})' for text in texts)})"


def without_days(evidence: Evidence, cells: Relation) -> Relation:
    """Cells with ``resource, field, value``, less those of date fields that are days: their digits are like any number."""
    days = [
        bind("resource = {resource} AND field = {field} AND ", resource=info.name.resource, field=info.name.field)
        + f"{day(evidence, info.name, Column('value'))} IS NOT NULL"
        for info in evidence.organization.fields()
        if info.type in ("date", "datetime")
    ]
    none = " OR ".join(f"({one})" for one in ["FALSE", *days]).replace("{", "{{").replace("}", "}}")
    return cells.query("SELECT * FROM {self} t WHERE NOT (" + none + ")")


def _in_order(pattern: str, column: Column) -> str:
    """SQL of a text in ``pattern`` as yyyy-mm-dd; empty where the pattern is not of a year, a month and a day."""
    parts, at, literal = {}, 1, []
    for part in re.findall("%.|[^%]", pattern):
        size = {"%Y": 4, "%m": 2, "%d": 2}.get(part, 1)
        if part.startswith("%") and (size == 1 or part in parts):
            return ""
        if part.startswith("%"):
            parts[part] = f"substr({column}, {at}, {size})"
        elif part not in SEPARATORS:
            return ""
        else:
            literal.append(f"substr({column}, {at}, 1) = '{part}'")
        at += size
    if len(parts) < 3:
        return ""
    whole = " AND ".join([f"length({column}) = {at - 1}", *literal])
    return f"CASE WHEN {whole} THEN {parts['%Y']} || '-' || {parts['%m']} || '-' || {parts['%d']} END"


def _described(evidence: Evidence, name: FieldName) -> Iterator[Mapping[str, Any]]:
    """The field in the declaration of each release that can be read so far."""
    for *_, call in evidence.released_calls():
        try:
            document: Any = call.response.organization if call.response else None
            fields = [r["schema"]["fields"] for r in document["resources"] if r["name"] == name.resource]
            yield from (field for some in fields for field in some if field["name"] == name.field)
        except (KeyError, TypeError):
            continue  # D-02 sees to it


def _stated(tokumei: Any) -> Iterator[str]:
    shown = tokumei.get("representation", {}) if isinstance(tokumei, Mapping) else {}
    for kind in ("suppressed", "missing") if isinstance(shown, Mapping) else ():
        texts = shown.get(kind, ())
        yield from (str(text) for text in texts if isinstance(text, str)) if isinstance(texts, list | tuple) else ()


def _is_value(evidence: Evidence, name: FieldName, text: str) -> bool:
    info, given = evidence.organization.field(name), evidence.input.get(name.resource)
    listed = info.constraints.get("enum", ()) if info is not None else ()
    nodes = (str(node) for h in evidence.asked.hierarchies.values() for line in h["table"] for node in line)
    if any(str(value).startswith(text) for value in listed) or text in nodes:
        return True
    if given is None or name.field not in given.names:
        return False
    return bool(given.relation.query(BEGINS, column=given.column(name.field), size=len(text), text=text).value())


__all__ = ["MARKERS", "day", "markers", "without_days"]
