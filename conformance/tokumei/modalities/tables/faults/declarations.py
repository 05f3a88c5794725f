"""Faults in the documents of the release: what is declared is wrong, the data are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class StepsWithoutReason(Baseline):
    """The claim is made from a shortened template: no step says why."""

    def claimed(self) -> Mapping[str, object]:
        claim: dict[str, Any] = dict(super().claimed())
        return claim | {"steps": [{k: v for k, v in step.items() if k != "why"} for step in claim["steps"]]}


class SensitiveAsOther(Baseline):
    """The document of the release forgets what the source said of quasi-identifiers: their class is ``other``."""

    def described(self) -> Mapping[str, object]:
        document: dict[str, Any] = dict(super().described())
        for resource in document["resources"]:
            for field in resource["schema"]["fields"]:
                if "quasi" in field["tokumei"]["class"]:
                    field["tokumei"] = field["tokumei"] | {"class": ["other"]}
        return document


class TopCodeMissed(Baseline):
    """A value above the bound by more than ten is taken for an error and left as it is by every step."""

    def code(self, step: Step, value: str, row: Row) -> str:
        top = step.params.get("top")
        if top is not None and float(value) > float(top) + 10:
            row["\x00error"] = value
            return value
        return super().code(step, value, row)

    def generalize(self, step: Step, value: str, row: Row) -> str:
        return value if value == row.get("\x00error") else super().generalize(step, value, row)


class RegimeFromTemplate(Baseline):
    """The claim is filled into a template of another regime."""

    def claimed(self) -> Mapping[str, object]:
        claim = dict(super().claimed())
        return claim | {"regime": "APPI-43" if claim["regime"] != "APPI-43" else "NGMIA-19"}


class ThresholdLeftOut(Baseline):
    """The claim keeps the targets that have a date of review, and k has none."""

    def claimed(self) -> Mapping[str, object]:
        claim: dict[str, Any] = dict(super().claimed())
        return claim | {"targets": [t for t in claim["targets"] if t["model"] != "k-anonymity"]}


class KeyInDeclaration(Baseline):
    """The claim describes the secret by its value, to make the run repeatable."""

    def claimed(self) -> Mapping[str, object]:
        claim: dict[str, Any] = dict(super().claimed())
        return claim | {"secrets": [dict(s) | {"use": f"{s['use']} {self.secret.hex()}"} for s in claim["secrets"]]}


FAULTS: dict[str, type[Baseline]] = {
    "steps-without-reason": StepsWithoutReason,
    "quasi-as-other": SensitiveAsOther,
    "top-code-missed": TopCodeMissed,
    "regime-from-template": RegimeFromTemplate,
    "threshold-left-out": ThresholdLeftOut,
    "key-in-declaration": KeyInDeclaration,
}
