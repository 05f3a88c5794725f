"""The documents that a response holds beside the data, as they were written: JSON with a schema of its own.

A missing or unreadable document fails the clauses that ask for it and nothing else. A product may state
(``elsewhere`` of ``product.yaml``) that another system of the maker writes one; ``RISK`` alone is always its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from tokumei.model import Finding, Response
from tokumei.schema import validate

RISK, STATEMENT, PUBLICATION, BOOK, UTILITY = "risk", "statement", "publication", "book", "utility"
ELSEWHERE = (STATEMENT, PUBLICATION, BOOK, UTILITY)
"""The documents that another system of the maker may write."""


def path_of(name: str) -> str:
    """The file of a document in the response folder."""
    return f"{name}.json"


def read(response: Response, name: str) -> tuple[Mapping[str, Any] | None, str]:
    """The document, and the code of the finding that it is not there or is not as its schema says."""
    text = response.extra.get(path_of(name))
    return _read(text, name) if text is not None else (None, "DOCUMENT_MISSING")


@lru_cache(maxsize=256)
def _read(text: str, name: str) -> tuple[Mapping[str, Any] | None, str]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None, "DOCUMENT_INVALID"
    if not isinstance(document, dict) or validate(document, name):
        return None, "DOCUMENT_INVALID"
    return document, ""


def items_differ(response: Response, document: Mapping[str, Any], case: str, call: int) -> Iterator[Finding]:
    """What the ``items`` of a document leave out of the release, and what they name that is not in it.

    An item is the name or the title of a field, in the description of the release or of what was given.
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
    if missing:
        yield Finding(code="ITEM_LEFT_OUT", case=case, call=call, params={"n": missing})
    if more:
        yield Finding(code="ITEM_NOT_RELEASED", case=case, call=call, params={"n": more})


def _titles(organization: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (resource.get("name", ""), field.get("name", "")): str(field.get("title", ""))
        for resource in organization.get("resources", [])
        for field in resource.get("schema", {}).get("fields", [])
    }
