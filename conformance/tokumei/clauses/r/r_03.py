"""R-03: picking the nearest released person finds the right one no more often than one in k.

The attacker knows what was declared, reads the released labels, and looks whether the values that the release was to
hide stand anywhere else in it. Whom the attacker was after, and whether that was the right one, the suite knows by
the kept values, which are not used for the attack.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping

from tokumei.attacks.knowledge import known_sets, of_use, persons_are_told, random_fields, seen
from tokumei.attacks.nearest import Distance, chance, narrowed, nearest, reading
from tokumei.attacks.truth import aligned
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Text
from tokumei.mutants.edits import after
from tokumei.mutants.sources import joined_all

METRIC = "linkage-top1"
SLACK = 1e-9
FEWEST = 10
"""Of fewer persons a share says nothing."""

_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_POSTAL = re.compile("[0-9]{3}-[0-9]{4}")

At = tuple[str, int]
CELLS = 'SELECT DISTINCT "case", "call", subject AS who, {column} AS v FROM {self} t WHERE {column} IS NOT NULL'


def bound_of(processing: Processing) -> float:
    """One in k, or the share that is declared where it is larger; nothing where neither is."""
    shares = [1 / float(t["k"]) for t in processing.document["targets"] if t["model"] == "k-anonymity"]
    measured = processing.document.get("residualRisk", {}).get("measured", ())
    stated = [float(item["value"]) for item in measured if item["metric"] == METRIC]
    return max(min(shares, default=0.0 if stated else 1.0), *stated, 0.0)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """The share of hits among the persons who can be told, for each attacker."""
    claim = evidence.claim or evidence.asked
    bound = min(bound_of(evidence.asked), bound_of(claim))
    kept = [name for name in kept_fields(evidence.asked, claim) if given_and_released(evidence, name)]
    for names in known_sets(evidence.asked, claim):
        known = [name for name in of_use(names, claim, evidence.release) if given_and_released(evidence, name)]
        resources = {name.resource for name in known}
        apart = [name for name in kept if name not in names]
        if not known or not apart or not persons_are_told(evidence.organization, evidence.release, resources):
            continue
        for (case, call), hits in sorted(linked(evidence, known, apart).items()):
            if len(hits) < FEWEST:
                continue
            yield Premise(case=case, count=len(hits), what="subjects")
            share = sum(hits.values()) / len(hits)
            if share > bound + SLACK:
                shown = {"share": f"{share:.3f}", "bound": f"{bound:.3f}", "n": len(hits)}
                params = {"resource": known[0].resource, "fields": ", ".join(name.field for name in known), **shown}
                yield Finding(
                    code="NEAREST_IS_RIGHT",
                    case=case,
                    call=call,
                    params=params,
                    resource=known[0].resource,
                    fields=_fields(known),
                )


def kept_fields(*processings: Processing) -> list[FieldName]:
    """The fields whose values are released as they are, in the eyes of all declarations."""
    every = [{name for step in p.with_technique("keep") for name in step.fields} for p in processings]
    changed = {n for p in processings for s in p.steps if s.technique not in ("keep", "k-search") for n in s.fields}
    return sorted(set.intersection(*every) - changed, key=str)


Candidates = dict[Hashable, tuple[Hashable, tuple[frozenset[Hashable], ...]]]
"""For each person of the input who is in a release and can be told: who that is, and whom the attacker picks; of
several ways to show oneself, one each."""


def linked(evidence: Evidence, known: list[FieldName], kept: list[FieldName]) -> dict[At, dict[Hashable, float]]:
    """For each release the chance of a hit for each person of the input who is in it and can be told."""
    return {
        at: {person: max(chance(each, released) for each in ways) for person, (released, ways) in found.items()}
        for at, found in candidates(evidence, known, kept).items()
    }


def candidates(evidence: Evidence, known: list[FieldName], kept: list[FieldName]) -> dict[At, Candidates]:
    """For each release who the attacker takes each person for."""
    truth: defaultdict[At, dict[Hashable, Hashable]] = defaultdict(dict)
    for row in aligned(evidence.input, evidence.release, kept, evidence.organization.subject_key.resource).rows():
        truth[row["case"], row["call"]][row["given"]] = row["released"]
    raw, shown = _rows(evidence.input, known), _rows(evidence.release, known)
    hidden = [n for n in _identifying(evidence.organization, known) if n not in kept and _in(evidence.input, n)]
    texts = _cells(evidence.input, hidden)
    others = _cells(evidence.release, _others(evidence, known, kept))
    distances = [_distance(evidence, name) for name in known]
    found: dict[At, Candidates] = {}
    for at, pairs in truth.items():
        targets = {person: raw[at].get(person, set()) for person in pairs}
        picked = nearest((row for rows in targets.values() for row in rows), shown[at], distances)
        found[at] = {
            person: (
                released,
                tuple(narrowed(picked[row], texts[at].get(person, frozenset()), others[at]) for row in targets[person]),
            )
            for person, released in pairs.items()
            if targets[person]
        }
    return found


def _identifying(organization: Organization, known: list[FieldName]) -> list[FieldName]:
    """What the attacker knows, and what says the same more finely: the fields of its redundancy groups."""
    groups = {i.tokumei.get("redundancyGroup") for i in organization.fields() if i.name in known} - {None}
    return [i.name for i in organization.fields() if i.name in known or i.tokumei.get("redundancyGroup") in groups]


def _others(evidence: Evidence, known: list[FieldName], kept: list[FieldName]) -> list[FieldName]:
    """The released columns that are none of what is known or kept: those of the table of persons, and undeclared ones.

    A pseudonym and a shifted date hold a known text by chance alone, as a year that is anybody's.
    """
    home = evidence.organization.subject_key.resource
    lost = random_fields(evidence.asked, evidence.claim or evidence.asked)
    names = [FieldName(resource, field) for resource, view in sorted(evidence.release.items()) for field in view.names]
    return [
        name
        for name in names
        if name not in {*known, *kept, *lost} and (name.resource == home or evidence.organization.field(name) is None)
    ]


def _rows(
    views: Mapping[str, TableView], known: list[FieldName]
) -> defaultdict[At, dict[Hashable, set[tuple[str | None, ...]]]]:
    rows, by = seen(views, known)
    found: defaultdict[At, dict[Hashable, set[tuple[str | None, ...]]]] = defaultdict(dict)
    for row in rows.rows():
        shown = tuple(row[column.name] for column in by)
        found[row["case"], row["call"]].setdefault(row["who"], set()).add(shown)
    return found


def _cells(views: Mapping[str, TableView], names: list[FieldName]) -> defaultdict[At, dict[Hashable, frozenset[str]]]:
    found: defaultdict[At, dict[Hashable, frozenset[str]]] = defaultdict(dict)
    for name in names:
        view = views[name.resource]
        for row in view.relation.query(CELLS, column=view.column(name.field)).rows():
            of = found[row["case"], row["call"]]
            of[row["who"]] = of.get(row["who"], frozenset()) | {row["v"], *_coarser(row["v"])}
    return found


def _coarser(text: str) -> Iterator[str]:
    """The year and the month of a date, and the head of a postal code: what is easily made of them."""
    if _DATE.fullmatch(text):
        yield from (text[:4], text[:7])
    elif _POSTAL.fullmatch(text):
        yield text[:3]


def _distance(evidence: Evidence, name: FieldName) -> Distance:
    info = evidence.organization.field(name)
    hierarchy = evidence.asked.hierarchies.get(str(info.tokumei.get("hierarchy", "")) if info else "")
    lines = hierarchy["table"] if hierarchy is not None else ()
    return reading({str(line[0]): frozenset(map(str, line)) for line in lines})


def _in(views: Mapping[str, TableView], name: FieldName) -> bool:
    return name.resource in views and name.field in views[name.resource].names


def given_and_released(evidence: Evidence, name: FieldName) -> bool:
    """Whether the field is in the input and in the release."""
    return _in(evidence.input, name) and _in(evidence.release, name)


def _fields(names: list[FieldName]) -> tuple[str, ...]:
    return tuple(name.field for name in names)


def applies(organization: Organization, processing: Processing) -> bool:
    """Some attacker knows a field that is released, and something is kept by which persons can be told."""
    del organization
    known = {name for names in known_sets(processing) for name in names if processing.released(name)}
    return bool(known) and bool(set(kept_fields(processing)) - known)


CHECK = Check(id="R-03", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)

MUTANTS = (
    Mutant(
        id="exact-value-beside-class",
        kind="fault",
        effect=Text(
            "階級にする前の値が作業用の列に残り、組の中から本人が選び出される。",
            "The value before grouping is left in a working column and picks the person out of the class.",
        ),
        precedent="helper columns of a data frame written with the rest (peers §3)",
        trigger="every release with grouped numbers",
        proof="the raw value of a quasi-identifier stands in the row of the person",
        killed_by=("R-03",),
        fault="exact-value-beside-class",
    ),
    Mutant(
        id="month-of-birth-beside",
        kind="fault",
        effect=Text(
            "生年月日は削除したが、年齢の計算に用いた年月が残り、組の中から本人が選び出される。",
            "The date of birth is gone, and the month from which ages were reckoned picks the person out of the class.",
        ),
        precedent="derived columns that outlive what they were derived from (peers §3)",
        trigger="every release of persons with a date of birth",
        proof="the month in which a person was born stands in the row of the person",
        killed_by=("R-03",),
        fault="month-of-birth-beside",
    ),
    Mutant(
        id="joined-to-the-source",
        kind="wrapper",
        effect=Text(
            "加工後データに元データの値が結合され、組の中から本人が選び出される。",
            "Values of the source are joined to the release and pick the person out of the class.",
        ),
        precedent="feature tables joined on what happens to agree",
        trigger="every release with kept fields by which rows agree",
        proof="the raw value of a quasi-identifier stands in the row of the person",
        killed_by=("R-03",),
        wrap=after(joined_all),
    ),
)
