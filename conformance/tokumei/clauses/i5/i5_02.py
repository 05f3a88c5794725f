"""I5-02: the quasi-identifiers of the target are at least the minimum set of what the release holds.

What is in the set is read from what the organization declares of its fields and from what is known of their
values: their class, generator, unit, code list and redundancy group. A field that says nothing of itself, such as
a facility in a local code of class ``neutral``, cannot be told.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after

SEXES = frozenset("男 女 男性 女性 m f male female man woman".split())
PLACES = frozenset({"municipality", "facility", "care-facility"})
"""The official numbers that tell where somebody lives or was treated."""
ELSEWHERE = frozenset({"direct", "symbol", "link", "freetext", "staff", "system"})
"""Fields of these classes are not to be released as they are: other clauses see to it."""


def minimum_set(organization: Organization, processing: Processing) -> frozenset[FieldName]:
    """The released fields that are quasi-identifiers whatever the target says."""
    groups = {
        group
        for info in organization.fields()
        if "quasi" in info.classes and (group := info.tokumei.get("redundancyGroup")) is not None
    }
    return frozenset(
        info.name
        for info in organization.fields()
        if processing.released(info.name)
        and not ELSEWHERE & set(info.classes)
        and (
            "quasi" in info.classes
            or info.tokumei.get("redundancyGroup") in groups
            or info.tokumei.get("generator") == "birth-date"
            or info.tokumei.get("unit") == "a"
            or info.tokumei.get("officialNumber") in PLACES
            or len({str(value).lower() for value in info.constraints.get("enum", ())} & SEXES) > 1
            or (info.type == "date" and _kept(info.name, processing))
        )
    )


def _kept(name: FieldName, processing: Processing) -> bool:
    return {step.technique for step in processing.steps if name in step.fields} == {"keep"}


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Each table's minimum set lies within the quasi-identifiers of one target, so that its combinations count."""
    for case, number, _ in evidence.released_calls():
        claim = evidence.claim_of(number) or evidence.asked
        needed = minimum_set(evidence.organization, claim)
        if needed:
            yield Premise(case=case.id, count=len(needed), what="quasi-identifiers")
        for resource in sorted({name.resource for name in needed}):
            here = {name for name in needed if name.resource == resource}
            targets = [set(target.quasi) for target in claim.targets if target.model == "k-anonymity"]
            missing = min((sorted(here - quasi) for quasi in targets), key=len, default=sorted(here))
            if missing:
                shown = {"resource": resource, "n": len(missing), "of": len(here)}
                yield Finding(
                    code="QUASI_MISSING",
                    case=case.id,
                    call=number,
                    params={**shown, "fields": ", ".join(name.field for name in missing)},
                    resource=resource,
                    fields=tuple(name.field for name in missing),
                )


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field of the minimum set is released."""
    return bool(minimum_set(organization, processing))


CHECK = Check(id="I5-02", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies)


def _easier_target(request: Request, response: Response) -> Response:
    """The claim counts one quasi-identifier less."""
    if response.processing is None:
        return response
    claim = copy.deepcopy(dict(response.processing))
    for target in claim["targets"]:
        if len(target.get("quasi", [])) > 1:
            target["quasi"] = target["quasi"][:-1]
    return dataclasses.replace(response, processing=claim)


MUTANTS = (
    Mutant(
        id="easier-target",
        kind="wrapper",
        effect=Text(
            "居住地を数えずに k を満たしたと述べ、居住地を知る者に一人が残る。",
            "k is said to be met without counting the residence, and one person is left for those who know it.",
        ),
        precedent="k chosen over few attributes to reach it (Sweeney 2002; peers §2)",
        trigger="every release with two quasi-identifiers",
        proof="a released quasi-identifier is in no claimed target",
        killed_by=("I5-02", "D-03"),
        wrap=after(_easier_target),
    ),
    Mutant(
        id="numbers-only-target",
        kind="fault",
        effect=Text(
            "数値の項目だけで人数を数え、性別や居住地との組合せが評価されない。",
            "Persons are counted over numbers only, and combinations with sex and residence are not judged.",
        ),
        precedent="risk tools that leave out categorical columns (peers §3)",
        trigger="every release with a quasi-identifier that is no number",
        proof="the claimed target holds the fields of type integer only",
        killed_by=("I5-02", "D-03"),
        fault="numbers-only-target",
    ),
)
