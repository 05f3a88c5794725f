"""What all forms of a report share: safe text, short numbers, counts by outcome, and shown tables.

Text from a product may hold control characters, terminal escapes or direction overrides; ``clean`` makes
them visible. Cells are shown for generated people only, whatever the record holds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokumei.report.words import (
    CONFIGURATIONS,
    EVIDENCE,
    NO_REASON,
    NO_SENTENCE,
    ORIGINS,
    OUTCOMES,
    ROLES,
    SUBJECTS,
    VERDICTS,
    WHY,
    Words,
    pair,
)

Report = Mapping[str, Any]
Clause = Mapping[str, Any]

WIDE = 8
"""Columns of a table that are seen at once."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufdd0-\ufdef\ufeff\ufff9-\uffff\ud800-\udfff]"
)


def clean(value: object) -> str:
    """Text with every control, direction and unpaired character written as a visible escape."""
    return _UNSAFE.sub(lambda hit: _escape(ord(hit.group())), str(value))


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def number(value: float | None) -> str:
    """A whole number in full; any other with at most three significant digits."""
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    short = f"{value:.3g}"
    if 1000 <= abs(value) < 1e9:
        return f"{round(float(short)):,}"
    mantissa, _, exponent = short.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else short


def moment(created: str) -> str:
    """A point in time as a person writes it."""
    return created.replace("T", " ").replace("+00:00", " UTC").replace("Z", " UTC")


def family(clause: Clause) -> str:
    """The family of a clause: ``I5`` of ``I5-01``."""
    return str(clause["clause"]).rpartition("-")[0]


def clauses(report: Report) -> Iterator[tuple[Mapping[str, Any], Clause]]:
    """Every (track, clause) of the report in its order."""
    for track in report["tracks"]:
        for clause in track["clauses"]:
            yield track, clause


def findings(report: Report) -> Iterator[tuple[Clause, Mapping[str, Any]]]:
    """Every (clause, finding) of the report in its order."""
    for _, clause in clauses(report):
        for finding in clause["findings"]:
            yield clause, finding


def matrix(report: Report) -> dict[str, dict[str, int]]:
    """How many clauses have each verdict in each of the three outcomes."""
    seen = Counter((clause["outcome"], clause["verdict"]) for _, clause in clauses(report))
    return {outcome: {verdict: seen[outcome, verdict] for verdict in VERDICTS} for outcome in OUTCOMES}


def sentence(clause: Clause) -> Words:
    """Why the clause has its verdict, in words; empty for a plain pass."""
    verdict = clause["verdict"]
    said = pair(clause["message"])
    if verdict == "fail":
        found = clause["findings"]
        return pair(found[0]["text"]) if found else said if said["ja"] else NO_SENTENCE
    why = WHY.get(clause["why"])
    if why:
        return {lang: ": ".join(part for part in (why[lang], said[lang]) if part) for lang in why}
    return NO_REASON if verdict != "pass" and not said["ja"] else said


@dataclass(frozen=True, slots=True)
class Cell:
    """One shown value; None is NULL, which is not the empty string."""

    text: str | None
    marked: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One table as shown: the first marked rows, then others, up to a limit, in their own order."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int


def tables(report: Report, finding: Mapping[str, Any], side: str, limit: int) -> list[Shown]:
    """The ``before`` or ``after`` tables of a finding; none for supplied data."""
    recorded = finding[side]
    if report["origin"] != "generated" or not recorded:
        return []
    marks = {tuple(mark) for mark in (finding["marked"] or {}).get(side, ())}
    return [_shown(name, _turned(table, finding["fields"]), marks, limit) for name, table in recorded.items()]


def _turned(table: Mapping[str, Any], fields: Sequence[str]) -> Mapping[str, Any]:
    """A wide table with the columns that the finding speaks of right behind the first, where they are seen."""
    columns = table["columns"]
    if len(columns) <= WIDE:
        return table
    order = sorted(range(len(columns)), key=lambda at: (at > 0, columns[at] not in fields, at))
    rows = [[row[at] for at in order if at < len(row)] for row in table["rows"]]
    return {"columns": [columns[at] for at in order], "rows": rows}


def _shown(name: str, table: Mapping[str, Any], marks: set[tuple[Any, ...]], limit: int) -> Shown:
    columns, rows = table["columns"], table["rows"]
    marked = {at for resource, at, _ in marks if resource == name}
    kept = sorted(sorted(range(len(rows)), key=lambda at: (at not in marked, at))[:limit])
    return Shown(
        name=clean(name),
        columns=tuple(clean(column) for column in columns),
        rows=tuple(
            tuple(
                Cell(None if value is None else clean(value), (name, at, column) in marks)
                for column, value in zip(columns, rows[at], strict=False)
            )
            for at in kept
        ),
        left_out=len(rows) - len(kept),
    )


def people(finding: Mapping[str, Any]) -> Words | None:
    """How many people the failing bundle had and to how many it was shrunk."""
    count = finding["people"]
    if not count:
        return None
    a, b = number(count["from"]), number(count["to"])
    return {"ja": f"{a} 人 → {b} 人", "en": f"{a} → {b} people"}


def facts(report: Report, lang: str) -> Iterator[tuple[str, str]]:
    """What the first page says of the run, as name and value."""
    product, suite, effort = report["product"], report["suite"], report["effort"]
    ja = lang == "ja"
    name = " ".join(filter(None, (product["name"], product["version"])))
    yield SUBJECTS[report["origin"]][lang], f"{name} ({product['vendor']})" if product["vendor"] else name
    yield ("実施日時", "Date")[not ja], moment(report["created"])
    yield ("規格の版", "Edition")[not ja], f"{suite['edition']} (Tokumei {suite['version']})"
    yield ("法令の時点", "Law as of")[not ja], suite["law_as_of"]
    yield ("試験データ", "Data")[not ja], ORIGINS[report["origin"]][lang]
    yield ("根拠の段階", "Evidence")[not ja], f"{report['level']} {EVIDENCE[report['level']][lang]}"
    if product["configuration"]:
        yield ("設定", "Configuration")[not ja], CONFIGURATIONS[product["configuration"]][lang]
        yield ("接続方法", "Adapter")[not ja], report["adapter"]
        calls, cases, seed = number(effort["calls"]), number(effort["cases"]), suite["seed"]
        yield (
            ("試験の量", "Effort")[not ja],
            f"呼出し {calls} 回、事例 {cases}、乱数の種 {seed}" if ja else f"{calls} calls, {cases} cases, seed {seed}",
        )
    if report["audit"]:
        audit = report["audit"]
        yield ("目的", "Purpose")[not ja], audit["purpose"]
        yield ("責任者", "Responsible")[not ja], f"{audit['responsible']} ({ROLES[audit['role']][lang]})"
