"""I5-04: k is reached over what a recipient sees after looking things up in public masters.

Any released column whose texts are places of the declared hierarchies, or codes of municipalities, tells a place by a
public master: the classes of the declared quasi-identifiers are counted with it, whatever the release calls it. Any
column whose texts begin like the codes of drugs tells the ingredient: so many persons as the limit of rare values
demands must have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tokumei import places
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing, Target
from tokumei.evidence import Evidence, TableView
from tokumei.measures.classes import class_sizes
from tokumei.model import Finding, Need, Observation, Premise, Text
from tokumei.mutants.steps import fields_telling, instead, replaced
from tokumei.relation import Column, Relation
from tokumei.representation import MARKERS

SHARE = 0.9
"""So much of the texts of a column are in a master: then it can be read by it."""
MASTERS = re.compile("地方公共団体コード|JIS ?X ?040[12]")
INGREDIENT = 7
"""The first characters of a YJ code, and of the codes made of it, that tell the ingredient and the route."""

PLACES = """
SELECT resource, field FROM (
  SELECT resource, field, count(DISTINCT value) AS n,
    count(DISTINCT CASE WHEN value IN {known} THEN value END) AS found
  FROM {self} t WHERE value NOT IN {markers} GROUP BY resource, field
) s WHERE found > 1 AND found >= n * {share}
"""
DRUGS = """
SELECT resource, field FROM (
  SELECT t.resource, t.field, count(DISTINCT t.value) AS n, count(DISTINCT CASE WHEN k.begins IS NOT NULL THEN t.value END) AS found
  FROM {self} t LEFT JOIN {known} k ON substr(t.value, 1, {size}) = k.begins
  WHERE t.value NOT IN {markers} GROUP BY t.resource, t.field
) s WHERE found > 1 AND found >= n * {share}
"""
BEGINS = """
SELECT DISTINCT substr({column}, 1, {size}) AS begins FROM {self} t
WHERE regexp_extract({column}, '^[0-9]{{7}}[A-Z]', 0) <> ''
"""
WITH_PLACE = """
SELECT t.*, o.place AS told FROM {self} t LEFT JOIN (
  SELECT "case", "call", subject, min({column}) || '-' || max({column}) AS place FROM {other} q
  WHERE {column} IS NOT NULL AND {column} NOT IN {markers} GROUP BY "case", "call", subject
) o ON t."case" = o."case" AND t."call" = o."call" AND t.subject = o.subject
"""
FEW = """
SELECT "case", "call", count(*) AS n FROM (
  SELECT "case", "call", substr({column}, 1, {size}) AS v, count(DISTINCT coalesce(subject, 'row ' || "row")) AS persons
  FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers} GROUP BY "case", "call", substr({column}, 1, {size})
) p WHERE persons < {least} GROUP BY "case", "call"
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the classes again with every column that a public master reads as a place; then the ingredients."""
    claim = evidence.claim or evidence.asked
    target = evidence.asked.target("k-anonymity")
    if target is not None:
        yield from _places(evidence, claim, target)
    for field in _drugs(evidence.organization):
        yield from _ingredients(evidence, field, limit(evidence.asked, claim, field))


def _places(evidence: Evidence, claim: Processing, target: Target) -> Iterator[Observation]:
    other = claim.target("k-anonymity")
    k = max(target.k, other.k if other else 0)
    view = evidence.release[target.quasi[0].resource]
    by = view.pick([name for name in target.quasi if name.field in view.names])
    if not by:
        return
    sizes = class_sizes(view.relation, by=by, person=Column("subject"))
    for row in sizes.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="classes")
    for name in _readable(evidence, claim):
        table = evidence.release.get(name.resource)
        if name in target.quasi or table is None or name.field not in table.names:
            continue
        told = view.relation.query(WITH_PLACE, other=table.relation, column=table.column(name.field), markers=MARKERS)
        again = class_sizes(told, by=(*by, Column("told")), person=Column("subject"))
        few = again.query(
            'SELECT "case", "call", min(persons) AS n, count(*) AS classes FROM {self} t WHERE persons < {k} AND told IS NOT NULL GROUP BY "case", "call"',
            k=k,
        )
        for row in few.rows():
            yield _found("FEW_AFTER_PLACE", row, name, k=k, classes=row["classes"])


def _readable(evidence: Evidence, claim: Processing) -> list[FieldName]:
    """The released columns that a public master reads as places: by their texts, and not by their names."""
    nodes = {
        str(node)
        for processing in (evidence.asked, claim)
        for hierarchy in processing.hierarchies.values()
        if places.prefecture_level(hierarchy) is not None
        for line in hierarchy["table"]
        for node in line
    }
    known = sorted({*nodes, *places.PREFECTURES, *_codes(evidence)})
    found = evidence.texts.query(PLACES, known=known, markers=MARKERS, share=SHARE)
    return [FieldName(row["resource"], row["field"]) for row in found.rows()]


def _codes(evidence: Evidence) -> set[str]:
    """The codes of municipalities of the input: the master that everybody has holds them."""
    found: set[str] = set()
    for info in evidence.organization.fields():
        view = evidence.input.get(info.name.resource)
        named = MASTERS.search(str(info.tokumei.get("codeSystem", ""))) is not None
        named = named or info.tokumei.get("officialNumber") == "municipality"
        if named and view is not None and info.name.field in view.names:
            column = view.column(info.name.field)
            rows = view.relation.query(
                "SELECT DISTINCT {column} AS v FROM {self} t WHERE {column} IS NOT NULL", column=column
            )
            found |= {str(row["v"]) for row in rows.rows()}
    return found


def _drugs(organization: Organization) -> list[FieldName]:
    return [i.name for i in organization.fields() if str(i.tokumei.get("codeSystem", "")).upper().startswith("YJ")]


def limit(asked: Processing, claim: Processing, field: FieldName) -> int:
    """The least number of persons of a value of the field; 0 where there is no limit."""
    targets = [target for processing in (asked, claim) for target in processing.targets]
    return max((t.minimum for t in targets if t.model == "rare-category" and field in t.fields), default=0)


def _ingredients(evidence: Evidence, field: FieldName, least: int) -> Iterator[Observation]:
    """The columns beside the field of drugs that tell an ingredient which few persons have."""
    given = evidence.input.get(field.resource)
    if not least or given is None or field.field not in given.names:
        return
    known = given.relation.query(BEGINS, column=given.column(field.field), size=INGREDIENT)
    found = evidence.texts.query(DRUGS, known=_kept(known), markers=MARKERS, share=SHARE, size=INGREDIENT)
    for row in found.rows():
        name = FieldName(row["resource"], row["field"])
        view: TableView | None = evidence.release.get(name.resource)
        if name == field or view is None or name.field not in view.names:
            continue
        column: Any = view.column(name.field)
        few = view.relation.query(FEW, column=column, markers=MARKERS, size=INGREDIENT, least=least)
        for one in few.rows():
            yield _found("FEW_AFTER_INGREDIENT", one, name, limit=least)


def _kept(relation: Relation) -> Relation:
    return relation.engine.register("i5-04.ingredients", relation.arrow())


def _found(code: str, row: dict[str, Any], name: FieldName, **params: object) -> Finding:
    shown = {"resource": name.resource, "field": name.field, "n": row["n"], **params}
    return Finding(
        code=code, case=row["case"], call=row["call"], params=shown, resource=name.resource, fields=(name.field,)
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Some quasi-identifier or a limited code of drugs is released, so that a master has something to add to."""
    return any("quasi" in info.classes and processing.released(info.name) for info in organization.fields()) or any(
        limit(processing, processing, name) for name in _drugs(organization)
    )


CHECK = Check(id="I5-04", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


OFFICES = {
    "松本圏": ("20202", "20215", "20220"),
    "長野圏": ("20201", "20207"),
    "上小圏": ("20203",),
    "中北圏": ("19201", "19207"),
    "富士・東部圏": ("19204", "19206"),
}
"""Medical areas, and the codes of their municipalities."""


def _office_kept(organization: dict[str, Any], processing: dict[str, Any]) -> None:
    """The code of the municipality becomes the health office of its area, which no target counts."""
    table = [[code, office] for office, codes in OFFICES.items() for code in codes]
    processing["hierarchies"] = processing["hierarchies"] | {
        "office": {"levels": ["市区町村コード", "保健所"], "table": table}
    }
    names = fields_telling(organization, generator="municipality-code")
    replaced(processing, names, "generalize", {"hierarchy": "office", "level": "保健所"})


MUTANTS = (
    Mutant(
        id="municipality-code-kept",
        kind="fault",
        effect=Text(
            "居住地は都道府県までとしたが、市区町村コードが残り、公開の表から市が分かって一人に絞られる。",
            "The residence is the prefecture, but the code of the municipality is left: the public table tells the city.",
        ),
        precedent="masters that an analyst brings change k (law §4.1, working group of 2024)",
        trigger="a class of k persons of several municipalities",
        proof="a class with the municipality has fewer than k persons",
        killed_by=("I5-04",),
        pairs=("hospital",),  # no codes of municipalities elsewhere
        fault="municipality-code-kept",
    ),
    Mutant(
        id="health-office-not-counted",
        kind="wrapper",
        effect=Text(
            "保健所の管轄を示す列が数えられずに残り、居住する圏域が分かる。",
            "A column of the health office is left and not counted; it tells the area where somebody lives.",
        ),
        precedent="offices that stand for areas in public tables",
        trigger="a class of k persons of several areas",
        proof="a class with the area of the office has fewer than k persons",
        killed_by=("I5-04",),
        pairs=("hospital",),  # no codes of municipalities elsewhere
        wrap=instead(_office_kept),
    ),
)
