"""R-06: those who have a rare value are no easier to find than the bound allows, looked at by themselves.

An average over all persons hides what happens to the few of whom people know the most. The attack is that of R-03,
which finds nobody in a class more often than one in its size; the greater of the two shares is reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator

from tokumei.attacks.knowledge import known_sets, of_use, persons_are_told
from tokumei.attacks.rare import rare_persons
from tokumei.clause import Check, Mutant
from tokumei.clauses.r.r_03 import SLACK, At, bound_of, given_and_released, kept_fields, linked
from tokumei.clauses.r.r_03 import applies as applies_to_all
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Text
from tokumei.mutants.edits import after
from tokumei.mutants.sources import joined_rare

FEWEST = 5
"""Of fewer rare persons a share says nothing."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """The share of hits among the persons with a rare value, for each attacker."""
    claim = evidence.claim or evidence.asked
    bound = min(bound_of(evidence.asked), bound_of(claim))
    kept = [name for name in kept_fields(evidence.asked, claim) if given_and_released(evidence, name)]
    for names in known_sets(evidence.asked, claim):
        known = [n for n in of_use(names, claim, evidence.release) if given_and_released(evidence, n)]
        resources = {name.resource for name in known}
        apart = [name for name in kept if name not in names]
        if not known or not apart or not persons_are_told(evidence.organization, evidence.release, resources):
            continue
        few: defaultdict[At, set[Hashable]] = defaultdict(set)
        for row in rare_persons(evidence.input, [*known, *_telling(evidence, known)]).rows():
            few[row["case"], row["call"]].add(row["who"])
        for at, hits in sorted(linked(evidence, known, apart).items()):
            rare = [share for person, share in hits.items() if person in few[at]]
            if len(rare) < FEWEST:
                continue
            case, call = at
            yield Premise(case=case, count=len(rare), what="subjects with rare values")
            share, all_share = sum(rare) / len(rare), sum(hits.values()) / len(hits)
            if share > bound + SLACK:
                shown = {"share": f"{share:.3f}", "of_all": f"{all_share:.3f}", "bound": f"{bound:.3f}", "n": len(rare)}
                params = {"resource": known[0].resource, "fields": ", ".join(name.field for name in known), **shown}
                fields = tuple(name.field for name in known)
                yield Finding(
                    code="RARE_ARE_FOUND",
                    case=case,
                    call=call,
                    params=params,
                    resource=known[0].resource,
                    fields=fields,
                )


def _telling(evidence: Evidence, known: list[FieldName]) -> list[FieldName]:
    """The sensitive fields of the input whose values are words: of numbers nearly all are rare."""
    return [
        info.name
        for info in evidence.organization.fields()
        if "sensitive" in info.classes
        and info.type == "string"
        and info.name not in known
        and info.name.resource in evidence.input
        and info.name.field in evidence.input[info.name.resource].names
    ]


def applies(organization: Organization, processing: Processing) -> bool:
    """As for all persons."""
    return applies_to_all(organization, processing)


CHECK = Check(id="R-06", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)

MUTANTS = (
    Mutant(
        id="exact-age-of-the-oldest",
        kind="fault",
        effect=Text(
            "超高齢者にだけ元の年齢が別の列に残り、地域で知られた長寿の人が見付かる。",
            "The oldest alone have their exact age in another column, and those known for their age are found.",
        ),
        precedent="a remark kept for values out of range by a data check (peers §3)",
        trigger="persons above the bound of age",
        proof="the raw age of a top-coded person stands in the row",
        killed_by=("R-06",),
        fault="exact-age-of-the-oldest",
    ),
    Mutant(
        id="birth-month-of-the-oldest",
        kind="fault",
        effect=Text(
            "上限で一つにまとめた高齢者に生年月が付き、一人一人が区別される。",
            "Those who were merged above the bound have their month of birth beside, which tells them apart.",
        ),
        precedent="exceptions of a rule written to a column of their own (peers §3)",
        trigger="persons above the bound of age",
        proof="the month of birth of a top-coded person stands in the row",
        killed_by=("R-06",),
        fault="birth-month-of-the-oldest",
    ),
    Mutant(
        id="rare-joined-to-the-source",
        kind="wrapper",
        effect=Text(
            "まれな値だけが元データから結合され、まれな本人が選び出される。",
            "Rare values alone are joined from the source, and pick rare persons out.",
        ),
        precedent="completing the missing top codes from the source",
        trigger="rows with a value that few have",
        proof="the raw rare value of a quasi-identifier stands in the row of the person",
        killed_by=("R-06",),
        wrap=after(joined_rare),
    ),
)
