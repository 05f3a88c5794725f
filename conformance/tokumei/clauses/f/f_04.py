"""F-04: where a code of a rare disease is released, the area of the person is a prefecture, coarser, or hidden.

A code is one of a rare disease if its field is of class ``rare``, or if it is a code of ICD-10 that begins with one of
a short list of designated intractable diseases which few people have. A cut code that common diseases share is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokumei import places
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Text
from tokumei.mutants.steps import instead
from tokumei.relation import Relation
from tokumei.representation import markers

RARE = tuple(
    "A810 D595 D76 D821 D841 E240 E700 E710 E711 E713 E720 E721 E722 E740 E75 E76 E791 E830 E850 E851 G10 G111 G113 G12 "
    "G231 G232 G236 G310 G318 G35 G601 G702 G710 G711 G712 H355 I270 I420 I675 J840 K743 K830 L100 L12 M300 M301 M313 "
    "M314 M33 M34 Q780 Q796 Q850 Q851 Q858 Q874".split()
)
"""Beginnings of codes of ICD-10 that hold designated intractable diseases of few people, and no common disease.

A choice of this standard, not the official list, which goes by its own numbers and not by ICD-10.
"""

HELD = """
SELECT DISTINCT "case", "call", subject FROM {self} t
WHERE subject IS NOT NULL AND {column} IS NOT NULL AND {column} NOT IN {markers}
"""
CODED = " AND regexp_extract(replace({column}, '.', ''), {rare}, 0) <> ''"
AREAS = """
SELECT t."case", t."call", t.subject, {column} AS area FROM {self} t JOIN {held} h
  ON t."case" = h."case" AND t."call" = h."call" AND t.subject = h.subject
WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
GROUP BY t."case", t."call", t.subject, {column}
"""


def rare_fields(organization: Organization) -> dict[FieldName, bool]:
    """The fields that may hold codes of rare diseases, and whether any value of theirs is one."""
    return {
        info.name: "rare" in info.classes
        for info in organization.fields()
        if "rare" in info.classes or str(info.tokumei.get("codeSystem", "")).lower().startswith("icd")
    }


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Find the released persons with a rare disease, and the finest of their released areas."""
    given, shown = _holders(evidence, evidence.input), _holders(evidence, evidence.release)
    if given is None:
        return
    for row in given.query('SELECT "case", count(DISTINCT subject) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="persons with rare diseases")
    if shown is None:
        return
    held = shown.engine.register("f-04.held", shown.arrow())
    for info in places.areas(evidence.organization, evidence.claim or evidence.asked):
        view = evidence.release.get(info.name.resource)
        if view is None or info.name.field not in view.names:
            continue
        found = view.relation.query(
            AREAS, held=held, column=view.column(info.name.field), markers=markers(evidence, info.name)
        )
        fine: dict[tuple[str, int], set[str]] = {}
        for row in found.rows():
            if places.finer_than_prefecture(str(row["area"]), evidence.asked):
                fine.setdefault((row["case"], row["call"]), set()).add(str(row["subject"]))
        for (case, call), persons in fine.items():
            params: dict[str, Any] = {"resource": info.name.resource, "field": info.name.field, "n": len(persons)}
            fields = (info.name.field,)
            yield Finding(
                code="AREA_WITH_RARE_DISEASE",
                case=case,
                call=call,
                params=params,
                resource=view.resource,
                fields=fields,
            )


def _holders(evidence: Evidence, tables: Any) -> Relation | None:
    """case, call, subject of those with a code of a rare disease in these tables."""
    parts = []
    for name, every in rare_fields(evidence.organization).items():
        view: TableView | None = tables.get(name.resource)
        if view is not None and name.field in view.names:
            bound: dict[str, Any] = {"column": view.column(name.field), "markers": markers(evidence, name)}
            pattern = f"^({'|'.join(RARE)})"
            parts.append(view.relation.query(HELD if every else HELD + CODED, rare=pattern, **bound))
    return Relation(parts[0].engine, " UNION ".join(part.sql for part in parts)) if parts else None


def applies(organization: Organization, processing: Processing) -> bool:
    """Codes of diseases are released, and an area is held."""
    return any(processing.released(name) for name in rare_fields(organization)) and bool(
        places.areas(organization, processing)
    )


CHECK = Check(id="F-04", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _one_level_finer(organization: dict[str, Any], processing: dict[str, Any]) -> None:
    """Areas are generalized one level less, where diseases are coded."""
    if not rare_fields(Organization.of(organization)):
        return
    for step in processing["steps"]:
        hierarchy = processing["hierarchies"].get(step.get("params", {}).get("hierarchy"))
        at = places.prefecture_level(hierarchy)
        if at and step["params"].get("level") == hierarchy["levels"][at]:
            step["params"] = step["params"] | {"level": hierarchy["levels"][at - 1]}


MUTANTS = (
    Mutant(
        id="area-one-level-finer",
        kind="wrapper",
        effect=Text(
            "指定難病の患者の住む二次医療圏が分かり、数人の中から本人が知られる。",
            "The medical area of a person with an intractable disease is told, and few people there have it.",
        ),
        precedent="database of disability services: the prefecture is hidden where a code of a rare disease is given (law §4.1)",
        trigger="a released person with a rare disease",
        proof="a released person with a rare code has an area within a prefecture",
        killed_by=("F-04",),
        pairs=("hospital",),  # no codes of diseases elsewhere
        wrap=instead(_one_level_finer),
    ),
    Mutant(
        id="finer-area-for-some",
        kind="fault",
        effect=Text(
            "k を満たす組では居住地が細かく示され、その中の難病の患者が知られる。",
            "Where k allows it the area is finer, and a person with a rare disease there is known.",
        ),
        precedent="local recoding that looks at quasi-identifiers only (peers §2)",
        trigger="a person with a rare disease among those whose area is finer",
        proof="every other person has an area one level finer, and some of them a rare code",
        killed_by=("F-04",),
        pairs=("hospital",),  # no codes of diseases elsewhere
        fault="finer-area-for-some",
    ),
)
