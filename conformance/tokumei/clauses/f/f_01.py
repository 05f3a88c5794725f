"""F-01: what tells which facility, ward or bed it was is removed, or replaced by a code of this release only.

A value is looked for in every released cell, a name also without the word for its kind. A code that stands in two
releases made under different secrets is none of one release only, unless it is one of the numbers 1, 2, 3 ….
"""

from __future__ import annotations

from collections.abc import Iterator

from tokumei import places
from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, FieldInfo, Organization, Processing
from tokumei.evidence import CaseView, Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.mutants.steps import fields_telling, instead, replaced
from tokumei.relation import Relation
from tokumei.representation import markers

SHORTEST = 4
"""A shorter value, such as a ward 3W, stands in other fields for other reasons: it is looked for in its own."""
KINDS = "(総合病院|中央病院|記念病院|大学病院|病院|診療所|医院|クリニック|薬局)$"

GIVEN = """
SELECT DISTINCT "case", {source} AS source, {column} AS canary, text_fold({column}) AS folded,
  CASE WHEN {named} THEN regexp_replace(text_fold({column}), {kinds}, '') ELSE text_fold({column}) END AS stem
FROM {self} t WHERE length(text_fold({column})) > 0
"""
NEEDLES = """
SELECT "case", source, canary, folded FROM {self} a WHERE length(folded) >= {least}
UNION SELECT "case", source, canary, stem AS folded FROM {self} b WHERE length(stem) >= {least} AND stem <> folded
"""
OWN = """
SELECT t."case", t."call", t.resource, t.field, count(DISTINCT g.canary) AS n FROM {self} t JOIN {given} g
  ON t."case" = g."case" AND t.resource || '.' || t.field = g.source AND (t.text = g.folded OR t.text = g.stem)
GROUP BY t."case", t."call", t.resource, t.field
"""
SHARED = """
SELECT count(*) AS n FROM (
  SELECT value FROM {self} a WHERE "case" = {case} AND "call" = {one} AND resource = {resource} AND field = {field}
  INTERSECT
  SELECT value FROM {self} b WHERE "case" = {case} AND "call" = {other} AND resource = {resource} AND field = {field}
) v WHERE value NOT IN {markers} AND regexp_extract(value, '^[0-9]{{1,4}}$', 0) = ''
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for every value in the released cells, and for codes that two releases have in common."""
    fields = places.identities(evidence.organization)
    given = given_of(evidence, fields)
    planted = {r["case"]: r["n"] for r in given.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY 1').rows()}
    for id_ in {case.id for case, *_ in evidence.released_calls()}:
        if planted.get(id_):
            yield Premise(case=id_, count=planted[id_], what="values of facilities")
    own = sorted({str(info.name) for info in fields})
    drawn = {
        str(n) for c in (evidence.asked, *evidence.claims) if c for s in c.with_technique(*PSEUDONYMS) for n in s.fields
    }
    for row in evidence.texts.query(OWN, given=given).rows():
        yield _found("FACILITY_IN_RELEASE", row)
    needles = evidence.once("f-01.needles", lambda whole: given_of(whole, fields).query(NEEDLES, least=SHORTEST))
    others = evidence.texts.query(
        "SELECT * FROM {self} t WHERE resource || '.' || field NOT IN {own}", own=sorted({*own, *drawn}) or [""]
    )
    for row in occurrences(others, needles, folded=True).rows():
        yield _found("FACILITY_IN_RELEASE", row)
    for case in evidence.cases:
        yield from _kept_codes(evidence, case, fields)


def given_of(evidence: Evidence, fields: list[FieldInfo]) -> Relation:
    """The values of the input that tell of a facility, kept from the first who asked."""
    return evidence.once("f-01.given", lambda whole: _given(whole, fields))


def _given(evidence: Evidence, fields: list[FieldInfo]) -> Relation:
    parts = [
        view.relation.query(
            GIVEN,
            source=str(info.name),
            column=view.column(info.name.field),
            named=info.tokumei.get("facility") == "name",
            kinds=KINDS,
        ).sql
        for info in fields
        if info.name.field in (view := evidence.input[info.name.resource]).names
    ]
    empty = "SELECT '' AS \"case\", '' AS source, '' AS canary, '' AS folded, '' AS stem WHERE FALSE"
    return Relation(evidence.canaries.engine, " UNION ALL ".join([empty, *parts]))


def _kept_codes(evidence: Evidence, case: CaseView, fields: list[FieldInfo]) -> Iterator[Finding]:
    """Codes that a later release of the case, made under another secret, has in common with its first."""
    released = [number for number, call in enumerate(case.calls) if call.released]
    for other in released[1:]:
        first = case.calls[released[0]].request.secrets
        if set(first.values()) & set(case.calls[other].request.secrets.values()) or not first:
            continue
        for info in fields:
            n = evidence.texts.query(
                SHARED,
                case=case.id,
                one=released[0],
                other=other,
                resource=info.name.resource,
                field=info.name.field,
                markers=markers(evidence, info.name),
            ).value()
            if n:
                row = {"case": case.id, "call": other, "resource": info.name.resource, "field": info.name.field, "n": n}
                yield _found("FACILITY_CODE_AGAIN", row)


def _found(code: str, row: dict[str, object]) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": row["resource"], "field": row["field"], "n": row["n"]},
        resource=str(row["resource"]),
        fields=(str(row["field"]),),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Something is held that tells which facility, ward or bed it was."""
    del processing
    return bool(places.identities(organization))


CHECK = Check(id="F-01", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _bed_in_a_cell(request: Request, response: Response) -> Response:
    """One kept cell ends with the ward and the bed of the first visit."""
    for resource in request.organization["resources"]:
        given, table = request.data.get(resource["name"]), response.data.get(resource["name"])
        told = [
            field["name"]
            for field in resource["schema"]["fields"]
            if field["tokumei"].get("facility") in ("ward", "bed")
        ]
        if told and given is not None and given.num_rows and table is not None and table.num_rows:
            column = table.column_names[-1]
            *rest, last = table.column(column).to_pylist()
            where = " ".join(str(given.column(name)[0].as_py() or "") for name in told)
            return with_column(response, resource["name"], column, [*rest, f"{last or ''} {where}"])
    return response


def _one_key_for_all(request: Request, response: Response) -> Response:
    """The table of facilities is numbered once for all releases: a code is the place of the facility in it."""
    for full in fields_telling(dict(request.organization), facility="code"):
        resource, _, name = full.partition(".")
        given, table = request.data.get(resource), response.data.get(resource)
        if given is None or table is None or not table.num_rows or name not in given.column_names:
            continue
        known = sorted({str(code) for code in given.column(name).to_pylist() if code})
        codes = [f"FAC-{known.index(str(code)):03}" for code in given.column(name).to_pylist() if code]
        if codes:
            return with_column(response, resource, name, [codes[n % len(codes)] for n in range(table.num_rows)])
    return response


MUTANTS = (
    Mutant(
        id="bed-in-a-cell",
        kind="wrapper",
        effect=Text(
            "病棟と床番号が一つのセルに残り、同じ部屋にいた人に本人が分かる。",
            "One cell keeps ward and bed, and those who lay in the same room know whose row it is.",
        ),
        precedent="ward and bed in remarks of admissions (law §3.9)",
        trigger="one cell of each release",
        proof="a released cell holds ward and bed of the first visit of the input",
        killed_by=("F-01",),
        pairs=("hospital",),  # no facilities elsewhere
        wrap=after(_bed_in_a_cell),
    ),
    Mutant(
        id="facility-numbered-once",
        kind="wrapper",
        effect=Text(
            "医療機関の符号がどの提供でも同じで、一度分かった医療機関が全ての提供で分かる。",
            "A facility has the same code in every release: known once, it is known in all.",
        ),
        precedent="one code table for all applications (law §4.1, database of disability services)",
        trigger="every release of an organization with facilities",
        proof="two releases under different secrets have the same codes",
        killed_by=("F-01",),
        pairs=("hospital",),  # no facilities elsewhere
        wrap=after(_one_key_for_all),
    ),
    Mutant(
        id="facility-name-shortened",
        kind="fault",
        effect=Text(
            "「病院」などを除いた名称が残り、医療機関が分かる。",
            "The name is left without the word hospital, and tells the facility.",
        ),
        precedent="abbreviated names of facilities in referral data",
        trigger="every release of an organization with names of facilities",
        proof="a released cell is the name of a facility without its kind",
        killed_by=("F-01",),
        pairs=("hospital",),  # no facilities elsewhere
        fault="facility-name-shortened",
    ),
    Mutant(
        id="facility-code-to-level",
        kind="wrapper",
        effect=Text(
            "医療機関コードがそのまま提供され、受診先が分かる。",
            "The code of the facility goes out as it is and tells where somebody was treated.",
        ),
        precedent="facility codes taken for codes of an analysis",
        trigger="every release of an organization with codes of facilities",
        proof="the released column equals the input column",
        killed_by=("F-01",),
        pairs=("hospital",),  # no facilities elsewhere
        wrap=instead(lambda o, p: replaced(p, fields_telling(o, facility="code"), "keep", {})),
    ),
)
