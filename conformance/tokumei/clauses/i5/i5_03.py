"""I5-03: whoever knows the class of a person does not thereby know the sensitive value, as far as was declared.

Computed anew on the release: the diversity (l) or the distance (t) of every class, over persons and not rows.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

from tokumei.attacks.knowledge import persons_are_told, seen
from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing, Target
from tokumei.evidence import Evidence
from tokumei.measures.combinations import combinations
from tokumei.measures.distance import numeric_order, t_ordered
from tokumei.measures.profile import profile
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.relation import Column, Relation

SLACK = 1e-9
"""Measures are rounded to ten decimals."""
MODELS = ("l-diversity", "t-closeness")


def targets(*processings: Processing) -> list[Target]:
    """Every target of l or t that was asked or claimed: the output must satisfy both."""
    found = [t for processing in processings for t in processing.targets if t.model in MODELS and t.sensitive]
    return [target for number, target in enumerate(found) if target not in found[:number]]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Measure each target on the classes of its quasi-identifiers, joined to the sensitive field by the person."""
    claim = evidence.claim or evidence.asked
    for target in targets(evidence.asked, claim):
        assert target.sensitive is not None
        quasi = sorted({name for name in target.quasi if _held(evidence, name.resource, name.field)}, key=str)
        resources = {name.resource for name in (*quasi, target.sensitive)}
        if not quasi or target.sensitive in quasi or not _held(evidence, *_parts(target)):
            continue  # what is not released tells nobody
        if not persons_are_told(evidence.organization, evidence.release, resources):
            continue
        rows, columns = seen(evidence.release, [*quasi, target.sensitive])
        found = _measured(evidence, target, rows, columns[:-1], columns[-1])
        if found is None:
            continue
        for row in found.rows():
            yield Premise(case=row["case"], count=row["classes"], what="classes")
            short = (
                row["value"] < target.l - SLACK if target.model == "l-diversity" else row["value"] > target.t + SLACK
            )
            if short:
                bound = target.l if target.model == "l-diversity" else target.t
                shown = {"field": target.sensitive.field, "value": f"{row['value']:.3g}", "bound": f"{bound:g}"}
                yield Finding(
                    code="TOO_ALIKE" if target.model == "l-diversity" else "TOO_FAR",
                    case=row["case"],
                    call=row["call"],
                    params={"resource": target.sensitive.resource, **shown},
                    resource=target.sensitive.resource,
                    fields=(*(name.field for name in quasi), target.sensitive.field),
                )


def _parts(target: Target) -> tuple[str, str]:
    assert target.sensitive is not None
    return target.sensitive.resource, target.sensitive.field


def _held(evidence: Evidence, resource: str, field: str) -> bool:
    return resource in evidence.release and field in evidence.release[resource].names


def _measured(
    evidence: Evidence, target: Target, rows: Relation, by: tuple[Column, ...], sensitive: Column
) -> Relation | None:
    """``case, call, classes, value`` of the worst class; None for a distance that nothing declares an order for."""
    assert target.sensitive is not None
    table = combinations(rows, by=by, person=Column("who"), sensitive=sensitive)
    whole = profile(table)
    name = {"entropy": "l_entropy"}.get(target.kind, "l_distinct") if target.model == "l-diversity" else "t_equal"
    if target.kind == "emd":
        info = evidence.organization.field(target.sensitive)
        numbers = rows.query(
            "SELECT count(*) AS n FROM {self} t WHERE {s} IS NULL OR try_cast({s} AS DOUBLE) IS NULL", s=sensitive
        )
        if info is None or info.type not in ("integer", "number") or numbers.value():
            return None
        far = t_ordered(table, order=numeric_order(table))
        return whole.query(
            'SELECT w."case", w."call", w.classes, f.t_ordered AS value FROM {self} w '
            'JOIN {far} f ON w."case" = f."case" AND w."call" = f."call"',
            far=far,
        )
    return whole.query(
        'SELECT "case", "call", classes, {value} AS value FROM {self} t WHERE {value} IS NOT NULL', value=Column(name)
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Diversity or closeness is asked for."""
    del organization
    return bool(targets(processing))


CHECK = Check(id="I5-03", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies)


def _better_diversity(request: Request, response: Response) -> Response:
    """The claim names an l that nobody measured."""
    if response.processing is None:
        return response
    claim: dict[str, Any] = copy.deepcopy(dict(response.processing))
    for target in claim["targets"]:
        if target["model"] == "l-diversity":
            target["l"] = target["l"] + 8
    return dataclasses.replace(response, processing=claim)


MUTANTS = (
    Mutant(
        id="diversity-not-measured",
        kind="wrapper",
        effect=Text(
            "満たしていない多様性を満たしたと述べ、受領者は属性が推定されないと信じる。",
            "A diversity is claimed that is not there, and the recipient trusts that nothing can be inferred.",
        ),
        precedent="target values copied from a template into the report (peers §3)",
        trigger="every release",
        proof="the claimed l is larger than the number of values of the field",
        killed_by=("I5-03",),
        pairs=("stroke-registry",),  # elsewhere no diversity is asked for
        wrap=after(_better_diversity),
    ),
    Mutant(
        id="diversity-ignored",
        kind="fault",
        effect=Text(
            "k は満たすが、組の全員が同じ病型であり、年齢と居住地を知る者に病型が知られる。",
            "k is met, but a whole class has one type of stroke, which is known to whoever knows age and residence.",
        ),
        precedent="homogeneity attack (Machanavajjhala et al. 2007)",
        trigger="a class of k persons with one sensitive value",
        proof="a released class holds one value where two are asked",
        killed_by=("I5-03",),
        pairs=("stroke-registry",),
        fault="diversity-ignored",
    ),
    Mutant(
        id="diversity-of-the-whole",
        kind="fault",
        effect=Text(
            "データ全体の値の種類を数え、組ごとには数えない。",
            "Values are counted in the whole release and not in each class.",
        ),
        precedent="a measure computed without its grouping (peers §3)",
        trigger="a class of k persons with one sensitive value",
        proof="the release holds two values, and one of its classes one",
        killed_by=("I5-03",),
        pairs=("stroke-registry",),
        fault="diversity-of-the-whole",
    ),
)
