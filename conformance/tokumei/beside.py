"""The documents that a response holds beside the data, as they were written: JSON with a schema of its own.

A missing or unreadable document fails the clauses that ask for it and nothing else. A product may state
(``elsewhere`` of ``product.yaml``) that another system of the maker writes one; ``RISK`` alone is always its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tokumei.model import Response
from tokumei.schema import validate

RISK, STATEMENT, PUBLICATION, BOOK = "risk", "statement", "publication", "book"
ERASURE, UTILITY = "erasure", "utility"
ELSEWHERE = (STATEMENT, PUBLICATION, BOOK, ERASURE, UTILITY)
"""The documents that another system of the maker may write."""

KINDS: Mapping[str, str] = {
    "APPI-43": "匿名加工情報",
    "APPI-116": "行政機関等匿名加工情報",
    "NGMIA-19": "匿名加工医療情報",
    "NGMIA-35": "仮名加工医療情報",
}
"""What the data of a regime are called in the law."""


def path_of(name: str) -> str:
    """The file of a document in the response folder."""
    return f"{name}.json"


def read(response: Response, name: str) -> Mapping[str, Any] | None:
    """The document; None where it is not there, or is not as its schema says."""
    text = response.extra.get(path_of(name))
    return None if text is None else _read(text, name)


@lru_cache(maxsize=256)
def _read(text: str, name: str) -> Mapping[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and not validate(document, name) else None


def items_differ(response: Response, document: Mapping[str, Any]) -> tuple[int, int]:
    """How many released columns the ``items`` of a document leave out, and how many items are no such column.

    An item is the name or the title of a field, in the description of the release.
    """
    listed: dict[str, Counter[str]] = {}
    for table in document["items"]:
        listed.setdefault(table["resource"], Counter()).update(table["items"])
    titles = _titles(response.organization or {})
    missing = more = 0
    for resource in {*response.data, *listed}:
        left = listed.get(resource, Counter()).copy()
        columns = response.data[resource].column_names if resource in response.data else []
        for column in columns:
            name = next((text for text in (column, titles.get((resource, column), column)) if left[text]), None)
            missing += name is None
            if name is not None:
                left[name] -= 1
        more += sum(left.values())
    return missing, more


def _titles(organization: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    try:
        return _named(organization)
    except (AttributeError, TypeError):
        return {}  # D-02 sees to it


def _named(organization: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (resource.get("name", ""), field.get("name", "")): str(field.get("title", ""))
        for resource in organization.get("resources", [])
        for field in resource.get("schema", {}).get("fields", [])
    }
