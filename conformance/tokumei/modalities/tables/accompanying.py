"""The documents that the suite's own products put beside a release, made of the request and the response alone.

One function for all of them: what a product says of its release must follow from the release, however it was made.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from tokumei.beside import BOOK, ERASURE, KINDS, PUBLICATION, RISK, STATEMENT, UTILITY, path_of
from tokumei.declarations import Organization, Processing
from tokumei.modalities.tables.owners import owners
from tokumei.modalities.tables.usefulness import utility
from tokumei.model import Document, Product, Request, Response

DUTIES: Mapping[str, str] = {
    "no-reidentification": "本人を識別するために、このデータを他の情報と照合してはならない。",
    "no-method-information": "本人を識別するために、削除された記述等、個人識別符号又は加工の方法に関する情報を取得してはならない。",
    "report-onward": "このデータを他の者に提供するときは、あらかじめ作成者に報告する。",
    "notify-onward": "このデータを第三者に提供するときは、項目及び提供の方法を公表し、データの名称を相手に明示する。",
    "no-onward": "このデータを、法令に定める場合を除き第三者に提供してはならない。",
}
ONWARD: Mapping[str, str] = {"NGMIA-19": "report-onward", "NGMIA-35": "no-onward"}
TOOL: Mapping[str, str] = {"name": "tokumei-baseline", "version": "0.1"}
RULES: Mapping[str, str] = {"name": "本規格の加工手法", "version": "0.1"}


def accompanied(product: Product) -> Product:
    """The product with the documents beside each of its releases, and its versions in what it claims."""

    def anonymize(request: Request) -> Response:
        response = product(request)
        if response.status != "ok":
            return response
        claim = dict(response.processing or request.processing)
        claim["tokumei"] = {**claim["tokumei"], "tool": claim["tokumei"].get("tool", TOOL)}
        claim.setdefault("ruleList", RULES)
        told = {**response.extra, **_texts(request, response, claim)}
        return dataclasses.replace(response, extra=told, processing=claim if response.processing is not None else None)

    return anonymize


def _texts(request: Request, response: Response, claim: Document) -> Mapping[str, str]:
    organization, processing = Organization.of(request.organization), Processing.of(claim)
    release = claim["release"]
    items = [{"resource": name, "items": table.column_names} for name, table in response.data.items()]
    kind = KINDS.get(claim["regime"], "加工後データ")
    made: dict[str, dict[str, Any]] = {
        PUBLICATION: {
            "regime": claim["regime"],
            "title": {"ja": f"{kind}に含まれる個人に関する情報の項目及び提供の方法"},
            "items": items,
            "method": release.get("method"),
        },
        STATEMENT: {
            "regime": claim["regime"],
            "kind": {"ja": kind},
            "recipient": [
                {"duty": duty, "ja": DUTIES[duty]}
                for duty in (
                    "no-reidentification",
                    "no-method-information",
                    ONWARD.get(claim["regime"], "notify-onward"),
                )
            ],
        },
        BOOK: {
            "release": release["id"],
            "recipient": release.get("recipient", "公衆"),
            "date": release.get("providedOn") or claim["tokumei"].get("date", "2026-01-31"),
            "items": items,
        },
        ERASURE: {
            "release": release["id"],
            "date": dt.datetime.now(dt.UTC).date().isoformat(),  # noqa: TID251 - a product has a clock
            "how": "受け取った表は記憶域だけに置き、応答とともに破棄した",
            "items": [
                {"resource": resource.name, "items": [info.name.field for info in resource.fields]}
                for resource in Organization.of(request.organization).resources
            ],
        },
        RISK: risk(organization, processing, response),
        UTILITY: utility(organization, processing, request, response),
    }
    return {path_of(name): _merged(response.extra.get(path_of(name), "{}"), made[name]) for name in made}


def _merged(own: str, made: Mapping[str, Any]) -> str:
    """What a product says itself stands, and what it leaves out is added."""
    return json.dumps({**made, **json.loads(own)}, ensure_ascii=False)


def risk(organization: Organization, processing: Processing, response: Response) -> dict[str, Any]:
    """The prosecutor risk of every target of k, and the smallest of all scores."""
    classes: list[dict[str, Any]] = []
    for target in processing.targets:
        if target.model == "k-anonymity" and target.quasi:
            resource = target.quasi[0].resource
            names = [name.field for name in target.quasi]
            found = _smallest(organization, response, resource, names)
            mean = sum(1 / size for size in found) / len(found) if found else None
            classes.append(
                {
                    "resource": resource,
                    "quasi": names,
                    "persons": len(found),
                    "k": min(found, default=None),
                    "prosecutorRisk": {
                        "maximum": round(1 / min(found), 4) if found else None,
                        "mean": None if mean is None else round(mean, 4),
                    },
                }
            )
    known = {
        f"prosecutor-{kind} {n}": one["prosecutorRisk"][kind]
        for n, one in enumerate(classes, 1)
        for kind in ("maximum", "mean")
    }
    scores = {name: round(1 - value, 4) for name, value in known.items() if value is not None}
    whole = (
        {
            "scores": [{"name": name, "value": value} for name, value in scores.items()],
            "score": {"combine": "minimum", "value": min(scores.values())},
        }
        if scores
        else {}
    )
    return {"unit": "person", "method": "prosecutor", "reference": "release", "classes": classes, **whole}


def _smallest(organization: Organization, response: Response, resource: str, quasi: list[str]) -> list[int]:
    """For every released person the size of the smallest class that he lies in."""
    table = response.data[resource]
    whose = owners(organization, response.data, resource)
    rows = list(zip(*(table.column(name).to_pylist() for name in quasi), strict=True))
    members: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
    for values, owner in zip(rows, whose, strict=True):
        if owner is not None:
            members[values].add(owner)
    least: Counter[str] = Counter()
    for inside in members.values():
        for owner in inside:
            least[owner] = min(least.get(owner, len(inside)), len(inside))
    return list(least.values())
