"""R-02: nobody can be found in a release with a greater chance than the release context allows.

The fields are those that the declared attackers know, whatever the targets count: a claim with fewer attackers, an
easier context or a laxer number does not help, for what was asked holds beside it.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

from tokumei.attacks.knowledge import known_sets, of_use, persons_are_told, seen
from tokumei.attacks.prosecutor import prosecutor
from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.thresholds import RISK

METRIC = "prosecutor-max"


def bound_of(processing: Processing) -> float:
    """The default of the context, or what a target relaxes with a reason; lower where anything declared is."""
    default = RISK.get(processing.context, RISK["public"])
    targets = [t for t in processing.document["targets"] if t["model"] == "k-anonymity"]
    reasons = [1 / float(t["k"]) for t in targets if str(t.get("why", "")).strip()]
    stated = [
        float(item["value"])
        for item in processing.document.get("residualRisk", {}).get("measured", ())
        if item["metric"] == METRIC
    ]
    return min([max([default, *reasons]), *(1 / float(t["k"]) for t in targets), *stated])


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look at the release as each attacker who was declared, and take the worst."""
    claim = evidence.claim or evidence.asked
    bound = min(bound_of(evidence.asked), bound_of(claim))
    worst: dict[tuple[str, int], tuple[dict[str, Any], tuple[str, ...], str]] = {}
    for names in known_sets(evidence.asked, claim):
        known = of_use(names, claim, evidence.release)
        resources = {name.resource for name in known}
        if not known or not persons_are_told(evidence.organization, evidence.release, resources):
            continue
        rows, by = seen(evidence.release, known)
        for row in prosecutor(rows, by=by, bound=bound).rows():
            yield Premise(case=row["case"], count=row["classes"], what="classes")
            at = row["case"], row["call"]
            if at not in worst or worst[at][0]["risk"] < row["risk"]:
                worst[at] = row, tuple(name.field for name in known), known[0].resource
    for (case, call), (row, fields, resource) in worst.items():
        if row["above"]:
            shown = {"risk": f"{row['risk']:.3f}", "bound": f"{bound:.3f}", "n": row["above"], "of": row["classes"]}
            params = {"resource": resource, **shown, "fields": ", ".join(fields)}
            yield Finding(code="RISK_TOO_HIGH", case=case, call=call, params=params, resource=resource, fields=fields)


def applies(organization: Organization, processing: Processing) -> bool:
    """Some attacker knows a field that is released."""
    return any(processing.released(name) for names in known_sets(processing) for name in names)


CHECK = Check(id="R-02", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies)


def _other_context(product: Product) -> Product:
    """The product works as for use on site, and says so, whatever it was asked for."""

    def broken(request: Request) -> Response:
        asked: dict[str, Any] = copy.deepcopy(dict(request.processing))
        asked["release"]["context"] = "on-site"
        for item in (*asked["targets"], *(step.get("params", {}) for step in asked["steps"])):
            if "k" in item:
                item["k"] = 3
        for item in asked.get("residualRisk", {}).get("measured", ()):
            item["value"] = 0.34 if item["metric"] == METRIC else item["value"]
        return product(dataclasses.replace(request, processing=asked))

    return broken


MUTANTS = (
    Mutant(
        id="context-of-another-release",
        kind="wrapper",
        effect=Text(
            "管理された場所で使うための甘い基準のデータが、契約により外部へ渡る。",
            "Data made to the lax standard of a controlled place are handed out under a contract.",
        ),
        precedent="a template of another project left in the settings (peers §3)",
        trigger="a class of three or four persons",
        proof="the release context that was asked allows one in five, and a class has three or four persons",
        killed_by=("R-02",),
        wrap=_other_context,
    ),
    Mutant(
        id="risk-averaged",
        kind="fault",
        effect=Text(
            "平均が基準を満たすので、ただ一人の組が残ったまま渡る。",
            "The average meets the threshold, and persons who are alone in their class are released.",
        ),
        precedent="average class size shown as the risk of a data set (peers §2)",
        trigger="a few small classes beside large ones",
        proof="classes are as large as k on average, and some hold one person",
        killed_by=("R-02",),
        fault="risk-averaged",
    ),
    Mutant(
        id="missing-left-out-of-risk",
        kind="fault",
        effect=Text(
            "準識別子が欠測した本人が数えられず、珍しい欠測の組合せから見付かる。",
            "Persons with a missing quasi-identifier are not counted, and are found by what is missing.",
        ),
        precedent="GROUP BY after dropping rows with NULL (pandas groupby dropna=True)",
        trigger="a class with a missing value and fewer than k persons",
        proof="a person with a missing value is alone and is released",
        killed_by=("R-02",),
        fault="missing-left-out-of-risk",
    ),
)
