"""Products of people who have not read the suite: the Python example, each with one habit from the field."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "products" / "python-function"))
import anon  # the correct one


def hashes(tables: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The pseudonym is a digest of the number, cut to look short."""
    answer = anon.anonymize(tables, request)
    if answer["status"] == "ok":
        out = answer["data"]["patients"]
        numbers = tables["patients"]["患者ID"].loc[out.index]
        out["患者ID"] = [hashlib.sha256(number.encode()).hexdigest()[:20] for number in numbers]
        answer["data"]["patients"] = out.sort_values("患者ID")
    return answer


def as_it_came(tables: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The rows leave in the order in which they came."""
    answer = anon.anonymize(tables, request)
    if answer["status"] == "ok":
        answer["data"]["patients"] = answer["data"]["patients"].sort_index()
    return answer


def tells_names(tables: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Progress is shown by name."""
    for name in tables.get("patients", {}).get("氏名", [])[:1]:
        print(f"processing {name} ...", file=sys.stderr)
    return anon.anonymize(tables, request)


def exact_age(tables: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The very old keep their age, since there are so few of them."""
    answer = anon.anonymize(tables, request)
    if answer["status"] == "ok":
        out = answer["data"]["patients"]
        ages = tables["patients"]["年齢"].loc[out.index]
        out["年齢"] = [age if label == "90+" else label for age, label in zip(ages, out["年齢"], strict=True)]
    return answer


def nothing(tables: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The data as they are."""
    return {"status": "ok", "data": dict(tables)}
