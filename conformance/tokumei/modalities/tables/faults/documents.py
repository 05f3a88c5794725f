"""Faults of what a release says of itself, made where the claim is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tokumei.beside import ERASURE, PUBLICATION, RISK, STATEMENT, path_of
from tokumei.declarations import Processing
from tokumei.modalities.tables.accompanying import DUTIES, risk
from tokumei.modalities.tables.baseline import Baseline
from tokumei.model import Response

WIDTH = 4
"""Characters that the column of a book has for a recipient."""


class RecipientCutToTheColumn(Baseline):
    """The recipient is cut to the width of a column of the books."""

    def claimed(self) -> Mapping[str, object]:
        claim: dict[str, Any] = dict(super().claimed())
        release = dict(claim["release"])
        if "recipient" in release:
            release["recipient"] = release["recipient"][:WIDTH]
        return claim | {"release": release}


class SecurityWithoutMeasures(Baseline):
    """Of the security of the recipient the level alone is read, and what he does for it is lost."""

    def claimed(self) -> Mapping[str, object]:
        claim: dict[str, Any] = dict(super().claimed())
        release = dict(claim["release"])
        if "recipientSecurity" in release:
            release["recipientSecurity"] = {"level": release["recipientSecurity"].get("level")}
        return claim | {"release": release}


class CodeListByNameAlone(Baseline):
    """The code list is looked up by its name, and the claim keeps the key of the look-up."""

    def claimed(self) -> Mapping[str, object]:
        claim: dict[str, Any] = dict(super().claimed())
        return claim | {"codeList": {"name": dict(claim.get("codeList", {})).get("name", "")}}


class ItemsOfTheOrganization(Baseline):
    """The text for publication lists the items that are held, dropped ones too."""

    def covered(self, response: Response) -> Response:
        items = [
            {"resource": resource.name, "items": [info.name.field for info in resource.fields]}
            for resource in self.organization.resources
        ]
        return _told(super().covered(response), PUBLICATION, {"items": items})


class ErasureOfTheFirstTable(Baseline):
    """The record of erasure is written of the table of persons, to which the others were joined."""

    def covered(self, response: Response) -> Response:
        first = self.organization.resource(self.organization.subject_key.resource)
        items = [{"resource": first.name, "items": [info.name.field for info in first.fields]}]
        return _told(super().covered(response), ERASURE, {"items": items})


class OneTextForEveryDuty(Baseline):
    """The sentence of the first duty stands behind the name of every duty."""

    def covered(self, response: Response) -> Response:
        first, *_ = DUTIES.values()
        told = [{"duty": duty, "ja": first} for duty in DUTIES]
        return _told(super().covered(response), STATEMENT, {"recipient": told})


class MeanAsMaximum(Baseline):
    """The mean risk is written where the greatest belongs."""

    def covered(self, response: Response) -> Response:
        response = super().covered(response)
        report = self.risk(response)
        for line in report["classes"]:
            line["prosecutorRisk"]["maximum"] = line["prosecutorRisk"]["mean"]
        return _told(response, RISK, {"classes": report["classes"]})

    def risk(self, response: Response) -> dict[str, Any]:
        return risk(self.organization, Processing.of(response.processing or {}), response)


class ScoresAveraged(MeanAsMaximum):
    """The score of the whole is the mean of the scores."""

    def covered(self, response: Response) -> Response:
        response = Baseline.covered(self, response)
        report = self.risk(response)
        values = [item["value"] for item in report.get("scores", ())]
        if not values:
            return response
        return _told(response, RISK, {"score": {"combine": "minimum", "value": round(sum(values) / len(values), 4)}})


def _told(response: Response, name: str, said: Mapping[str, Any]) -> Response:
    """The response with its own words in a document beside it."""
    known = json.loads(response.extra.get(path_of(name), "{}"))
    text = json.dumps(known | dict(said), ensure_ascii=False)
    return replace(response, extra={**response.extra, path_of(name): text})


FAULTS: dict[str, type[Baseline]] = {
    "recipient-cut-to-the-column": RecipientCutToTheColumn,
    "security-without-measures": SecurityWithoutMeasures,
    "code-list-by-name-alone": CodeListByNameAlone,
    "items-of-the-organization": ItemsOfTheOrganization,
    "erasure-of-the-first-table": ErasureOfTheFirstTable,
    "one-text-for-every-duty": OneTextForEveryDuty,
    "mean-as-maximum": MeanAsMaximum,
    "scores-averaged": ScoresAveraged,
}
