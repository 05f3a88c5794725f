"""What a spreadsheet program or a browser runs in a cell instead of showing it, and which fields can hold that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet

    from tokumei.declarations import FieldInfo, Organization, Processing

TRIGGERS = "=+-@＝＋－＠\t\r\n"
"""With one of these a cell must begin that is run as a formula; a tabulator or line break before it is passed over."""

_FORMULA = re.compile(r"[\t\r\n]*(?:[=＝@＠].|[+-][^\W\d_]|[+＋\-－].*[(|!])", re.DOTALL)
_SCRIPT = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|svg|meta|link|style|base)[\s>/]|<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE
)
_ADDRESS = re.compile(r"\s*(?:javascript|vbscript)\s*:", re.IGNORECASE)

_BOUNDS = frozenset({"enum", "pattern", "maxLength", "generator", "officialNumber", "hierarchy"})

OPEN_VALUES = (
    "1日3回毎食後",
    "=1+1",
    "就寝前",
    "+SUM(1,2)",
    "頓用",
    '=HYPERLINK("#"&A1,"毎食後")',
    "1日1回朝食後",
    "-2+3+cmd|' /C calc'!A0",
    "-1錠へ減量",
    "@SUM(1,2)",
    "CRP<5のとき",
    "<script>alert(1)</script>",
    "1日2回朝夕食後",
    "\t=1+1",
    "<img src=x onerror=alert(1)>",
    "＝１＋１",
)
"""What is planted in a field whose texts nothing bounds: the directions of a prescription, and texts that are run."""


def formula(text: str) -> bool:
    """Whether the cell is run as a formula. Numbers, lone signs and 「-10以下」 are not: nothing is called or read."""
    return text[:1] in TRIGGERS and _FORMULA.match(text) is not None


def script(text: str) -> bool:
    """Whether a page that shows the cell as it is would run it."""
    return ("<" in text and _SCRIPT.search(text) is not None) or _ADDRESS.match(text) is not None


def open_text(type_: str, classes: Collection[str], says: AbstractSet[str]) -> bool:
    """Whether a field is neutral text that nothing bounds; ``says`` are the constraints and properties it has."""
    return type_ == "string" and "neutral" in classes and not _BOUNDS & says


def unbounded(organization: Organization, processing: Processing) -> tuple[FieldInfo, ...]:
    """The fields of CSV files whose texts are released as they are and which no list or pattern bounds."""
    return tuple(
        info
        for resource in organization.resources
        if resource.format == "csv"
        for info in resource.fields
        if open_text(info.type, info.classes, {*info.constraints, *info.tokumei})
        and {step.technique for step in processing.steps if info.name in step.fields} == {"keep"}
    )
