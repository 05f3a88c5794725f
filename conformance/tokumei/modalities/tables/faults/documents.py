"""Faults of what a release says of itself, made where the claim is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokumei.modalities.tables.baseline import Baseline

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


FAULTS: dict[str, type[Baseline]] = {
    "recipient-cut-to-the-column": RecipientCutToTheColumn,
    "security-without-measures": SecurityWithoutMeasures,
    "code-list-by-name-alone": CodeListByNameAlone,
}
