"""I5-12: no numbers of fewer than k persons lie far from all others of the database.

How far is far is declared for a field (``gap``). Where it is not, a number is far that lies at one end, and farther from
the next than all others are spread. Numbers are read from what is released, with what is written around them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Text
from tokumei.mutants.steps import instead
from tokumei.relation import Relation
from tokumei.representation import markers
from tokumei.thresholds import K

OTHERS = 30
"""Fewer other persons than these show no spread: of 30 drawn evenly, one lies so far in 1 of 10^8 fields."""
NUMBERS = 10
"""So many different numbers have a spread; counts of none, one or two do not."""
ELSEWHERE = frozenset({"quasi", "direct", "symbol", "link", "freetext", "staff", "system"})
"""Fields of these classes are counted in combinations (I5-01), or are not to be released as they are."""
FULLWIDTH = "０１２３４５６７８９．－", "0123456789.-"

READ = """
SELECT "case", "call", person, n FROM (
  SELECT "case", "call", coalesce(subject, 'row ' || CAST("row" AS STRING)) AS person, coalesce(
    try_cast({column} AS DOUBLE),
    try_cast(regexp_extract(translate({column}, {wide}, {plain}), '-?[0-9]+([.][0-9]+)?', 0) AS DOUBLE)
  ) AS n
  FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
) r WHERE abs(n) < CAST(1e300 AS DOUBLE)
"""
GROUPS = """
SELECT "case", "call", grp, count(DISTINCT person) AS persons FROM (
  SELECT p."case", p."call", p.person, g.grp FROM {self} p JOIN (
    SELECT "case", "call", n, sum(far) OVER (PARTITION BY "case", "call" ORDER BY n) AS grp FROM (
      SELECT "case", "call", n,
        CASE WHEN n - lag(n) OVER (PARTITION BY "case", "call" ORDER BY n) > {gap} THEN 1 ELSE 0 END AS far
      FROM (SELECT DISTINCT "case", "call", n FROM {self} a) d
    ) s
  ) g ON p."case" = g."case" AND p."call" = g."call" AND p.n = g.n
) c GROUP BY "case", "call", grp
"""
"""The numbers in groups that are farther apart than ``gap``, with the persons of each."""
APART = """
SELECT a."case", a."call", count(*) AS ways, min(a.persons) AS n FROM {self} a
JOIN (SELECT "case", "call", count(*) AS groups FROM {self} c GROUP BY "case", "call") b
  ON a."case" = b."case" AND a."call" = b."call"
WHERE a.persons < {k} AND b.groups > 1 GROUP BY a."case", a."call"
"""
ENDS = """
SELECT "case", "call", count(*) AS ways, min(beyond) AS n FROM (
  SELECT "case", "call", beyond, every - beyond AS others, n - before AS gap, before - least AS spread, place FROM (
    SELECT "case", "call", n, sum(persons) OVER (PARTITION BY "case", "call" ORDER BY n DESC) AS beyond,
      sum(persons) OVER (PARTITION BY "case", "call") AS every,
      lag(n) OVER (PARTITION BY "case", "call" ORDER BY n) AS before,
      min(n) OVER (PARTITION BY "case", "call") AS least,
      row_number() OVER (PARTITION BY "case", "call" ORDER BY n) AS place
    FROM (
      SELECT "case", "call", {sign} * n AS n, count(DISTINCT person) AS persons FROM {self} a
      GROUP BY "case", "call", {sign} * n
    ) d
  ) w
) e WHERE beyond < {k} AND gap > spread AND others >= {others} AND place > {numbers} GROUP BY "case", "call"
"""
"""Whether the largest numbers (``sign`` 1) or the smallest (-1) of fewer than k persons are far from all others."""
PERSONS = 'SELECT "case", count(DISTINCT person) AS n FROM {self} t GROUP BY "case"'


def distances(*processings: Processing) -> Mapping[FieldName, float]:
    """The smallest distance that is declared for each field."""
    found: dict[FieldName, float] = {}
    for step in (step for processing in processings for step in processing.with_technique("suppress-cell")):
        for name in step.fields if "gap" in step.params else ():
            found[name] = min(float(step.params["gap"]), found.get(name, float("inf")))
    return found


def numbers(organization: Organization, processing: Processing) -> list[FieldInfo]:
    """The released numbers that no combination counts."""
    return [
        info
        for info in organization.fields()
        if info.type in ("integer", "number")
        and not ELSEWHERE & set(info.classes)
        and not organization.is_key(info)
        and processing.released(info.name)
    ]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Where a distance is declared the input must hold a far number; elsewhere numbers of persons."""
    claim = evidence.claim or evidence.asked
    target, other = evidence.asked.target("k-anonymity"), claim.target("k-anonymity")
    k = max(target.k if target else 0, other.k if other else 0) or K.get(evidence.asked.context, 5)
    known = distances(evidence.asked, claim)
    for info in numbers(evidence.organization, evidence.asked):
        given, view = evidence.input.get(info.name.resource), evidence.release.get(info.name.resource)
        if given is not None and info.name.field in given.names:
            yield from _premises(_read(evidence, given, info.name), known.get(info.name), k, bool(known))
        if view is None or info.name.field not in view.names:
            continue
        read = _read(evidence, view, info.name)
        found = _far(read, known.get(info.name), k)
        for (case, call), (n, ways) in sorted(found.items()):
            yield Finding(
                code="FAR_FROM_ALL",
                case=case,
                call=call,
                params={"resource": info.name.resource, "field": info.name.field, "n": n, "ways": ways, "k": k},
                resource=info.name.resource,
                fields=(info.name.field,),
            )


def _premises(read: Relation, gap: float | None, k: int, declared: bool) -> Iterator[Premise]:
    if gap is not None:
        for (case, _), (n, _) in _far(read, gap, k).items():
            yield Premise(case=case, count=n, what="persons with a far number")
    elif not declared:
        for row in read.query(PERSONS).rows():
            yield Premise(case=row["case"], count=row["n"], what="persons with a number")


def _read(evidence: Evidence, view: TableView, name: FieldName) -> Relation:
    wide, plain = FULLWIDTH
    bound: dict[str, Any] = {"column": view.column(name.field), "markers": markers(evidence, name)}
    return view.relation.query(READ, wide=wide, plain=plain, **bound)


def _far(read: Relation, gap: float | None, k: int) -> dict[tuple[str, int], tuple[int, int]]:
    """For each call the fewest persons of a number that is far, and how many groups or ends are."""
    if gap is not None:
        rows = read.query(GROUPS, gap=gap).query(APART, k=k).rows()
    else:
        ends = [read.query(ENDS, sign=float(sign), k=k, others=OTHERS, numbers=NUMBERS).sql for sign in (1, -1)]
        rows = Relation(read.engine, " UNION ALL ".join(ends)).rows()
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for row in rows:
        n, ways = found.get((row["case"], row["call"]), (k, 0))
        found[row["case"], row["call"]] = min(n, int(row["n"])), ways + int(row["ways"])
    return found


def applies(organization: Organization, processing: Processing) -> bool:
    """Some number is released that no combination counts."""
    return bool(numbers(organization, processing))


CHECK = Check(id="I5-12", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _days_as_hours(organization: dict[str, Any], processing: dict[str, Any]) -> None:
    del organization
    processing["steps"] = [
        step | {"params": step["params"] | {"gap": step["params"]["gap"] * 24}}
        if "gap" in step.get("params", {})
        else step
        for step in processing["steps"]
    ]


MUTANTS = (
    Mutant(
        id="far-values-kept",
        kind="fault",
        effect=Text("離れた長い在院日数が一人を指す。", "One very long stay, far from any other, points to a person."),
        precedent="isolated values: search for neighbours within the rows of one person",
        trigger="a number further from the next than declared",
        proof="the number is released and is to be hidden",
        killed_by=("I5-12",),
        pairs=("hospital",),  # no distance is declared elsewhere
        fault="far-values-kept",
    ),
    Mutant(
        id="distance-in-another-unit",
        kind="wrapper",
        effect=Text(
            "離れの幅の単位を取り違え、一人だけ長く入院した者が残る。",
            "The unit of the distance is mistaken, and the one who stayed far longer than all others is left.",
        ),
        precedent="days read as hours in a threshold",
        trigger="a number further from the next than declared, and nearer than 24 times that",
        proof="the number is released and is to be hidden",
        killed_by=("I5-12",),
        pairs=("hospital",),  # no distance is declared elsewhere
        wrap=instead(_days_as_hours),
    ),
)
