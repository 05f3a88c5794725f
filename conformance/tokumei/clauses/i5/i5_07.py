"""I5-07: sequences of facilities or areas of a person are shared by k persons, so that home and work cannot be read.

The places of a person are taken in the order of the first released date of the table, or without order where there is
none. A place and one that holds it are no change of place. Counted are the first two different places of everybody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from tokumei import places
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Text
from tokumei.mutants.steps import fields_telling, instead, replaced
from tokumei.representation import markers
from tokumei.thresholds import K

LENGTH = 2
"""So many places tell a way: that of home and that of work."""

VISITED = """
SELECT "case", "call", subject, {place} AS place, min({day}) AS day FROM {self} t
WHERE subject IS NOT NULL AND {place} IS NOT NULL AND {place} NOT IN {markers}
GROUP BY "case", "call", subject, {place} ORDER BY "case", "call", subject, day, place
"""
SEVERAL = """
SELECT "case", count(*) AS n FROM (
  SELECT "case", "call", subject FROM {self} t WHERE subject IS NOT NULL AND "call" = 0
  GROUP BY "case", "call", subject HAVING count(*) > 1
) s GROUP BY "case"
"""


def told(organization: Organization, processing: Processing) -> list[FieldInfo]:
    """The fields of a place in tables where a person may have several rows."""
    found = {info.name: info for info in places.identities(organization)} | {
        info.name: info for info in places.areas(organization, processing)
    }
    return [
        info
        for name, info in sorted(found.items())
        if organization.resource(name.resource).row_unit not in ("person", "")
    ]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the persons who share the first two places, in every released field that tells one."""
    claim = evidence.claim or evidence.asked
    target, other = evidence.asked.target("k-anonymity"), claim.target("k-anonymity")
    k = max(target.k if target else 0, other.k if other else 0) or K.get(evidence.asked.context, 5)
    fields = told(evidence.organization, claim)
    for resource in sorted({info.name.resource for info in fields}):
        for row in evidence.input[resource].relation.query(SEVERAL).rows():
            yield Premise(case=row["case"], count=row["n"], what="persons with several rows")
    for info in fields:
        view = evidence.release.get(info.name.resource)
        if view is not None and info.name.field in view.names:
            yield from _judge(evidence, claim, view, info.name, k)


def _judge(evidence: Evidence, claim: Processing, view: TableView, name: FieldName, k: int) -> Iterator[Finding]:
    dates = [i for i in evidence.organization.resource(name.resource).fields if i.type == "date"]
    days = [view.column(info.name.field) for info in dates if info.name.field in view.names]
    bound: dict[str, Any] = {
        "place": view.column(name.field),
        "day": days[0] if days else "",
        "markers": markers(evidence, name),
    }
    ways: defaultdict[tuple[str, int], defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in view.relation.query(VISITED, **bound).rows():
        way = ways[row["case"], row["call"]][str(row["subject"])]
        if not any(places.same_place(row["place"], seen, claim.hierarchies.values()) for seen in way):
            way.append(row["place"])
    for (case, call), by_person in ways.items():
        firsts = [
            tuple(way[:LENGTH] if days else sorted(way[:LENGTH])) for way in by_person.values() if len(way) >= LENGTH
        ]
        few = {way: n for way, n in Counter(firsts).items() if n < k}
        if few:
            params = {"resource": name.resource, "field": name.field, "n": min(few.values()), "k": k, "ways": len(few)}
            yield Finding(
                code="SEQUENCE_OF_FEW",
                case=case,
                call=call,
                params=params,
                resource=name.resource,
                fields=(name.field,),
            )


def applies(organization: Organization, processing: Processing) -> bool:
    """A place is held where a person may have several rows."""
    return bool(told(organization, processing))


CHECK = Check(id="I5-07", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)

FACILITY_CODES = {"function": "HMAC-SHA-256", "secret": "key-1", "scope": "release", "domain": "facility", "bits": 128}

MUTANTS = (
    Mutant(
        id="facilities-as-codes",
        kind="wrapper",
        effect=Text(
            "医療機関を符号にしただけで受診の順が残り、かかりつけ医と勤務先近くの医院から本人が知られる。",
            "Facilities are codes, but their sequence is left: the family doctor and the clinic near work tell the person.",
        ),
        precedent="trajectories of facilities (law §6.3 A13); guideline on positions that tell home and work (law §2)",
        trigger="a person who went to two facilities as few others did",
        proof="the two codes of a person are shared by fewer than k persons",
        killed_by=("I5-07",),
        pairs=("hospital",),  # no facilities elsewhere
        wrap=instead(
            lambda o, p: replaced(p, fields_telling(o, facility="code"), "pseudonymize-keyed", dict(FACILITY_CODES))
        ),
    ),
    Mutant(
        id="areas-of-facilities",
        kind="wrapper",
        effect=Text(
            "受診した医療機関の市が順に残り、住まいと勤務先の市が推し量られる。",
            "The cities of the facilities are left in their order and tell those of home and work.",
        ),
        precedent="guideline on positions from which home and work can be inferred (law §2)",
        trigger="a person who went to two cities as few others did",
        proof="the two cities of a person are shared by fewer than k persons",
        killed_by=("I5-07",),
        pairs=("hospital",),  # no facilities elsewhere
        wrap=instead(lambda o, p: replaced(p, fields_telling(o, facility="area"), "keep", {})),
    ),
    Mutant(
        id="areas-of-facilities-kept",
        kind="fault",
        effect=Text(
            "医療機関の所在地だけが削除から漏れ、受診の順から住まいが推し量られる。",
            "The areas of facilities escape the dropping, and their order tells of home.",
        ),
        precedent="drop lists of names and codes alone",
        trigger="a person who went to two areas as few others did",
        proof="the two areas of a person are shared by fewer than k persons",
        killed_by=("I5-07",),
        fault="areas-of-facilities-kept",
        pairs=("hospital",),  # no facilities elsewhere
    ),
)
