"""I4-05: rare events and circumstances are in no released cell: not in their own field, nor in any other.

Which values they are, the organization declaration says; a listed value that this standard knows as such, and that
is not declared, is found too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Relation
from tokumei.text import fold

KNOWN = (
    "四胎",
    "五胎",
    "六胎",
    "四つ子",
    "五つ子",
    "脳死下",
    "臓器提供",
    "骨髄提供",
    "犯罪",
    "殺人",
    "死刑",
    "報道",
    "テロ",
    "航空事故",
    "列車事故",
    "原子力事故",
    "quadruplet",
    "quintuplet",
    "organ donor",
    "homicide",
    "terror attack",
)
"""Words of events and circumstances that make a value peculiar where a declaration does not say so."""

SHORTEST = 4
"""Shorter texts in ASCII are codes, and stand in other fields for other reasons: they are looked for in their own alone."""

HELD = """
SELECT DISTINCT "case", {column} AS canary, text_fold({column}) AS folded, {field} AS source
FROM {self} t WHERE {column} IN {texts}
"""

OWN = 'SELECT "case", "call", count(*) AS n FROM {self} t WHERE text_fold({column}) IN {texts} GROUP BY "case", "call"'


def peculiar(info: FieldInfo) -> tuple[str, ...]:
    """The declared values of rare events and circumstances."""
    return tuple(sorted(info.peculiar))


def undeclared(info: FieldInfo) -> tuple[str, ...]:
    """The listed values that this standard knows as rare events and that are not declared as such."""
    listed = [str(value) for value in info.constraints.get("enum", ())]
    words = [fold(word) for word in KNOWN]
    return tuple(value for value in listed if value not in info.peculiar and any(word in fold(value) for word in words))


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for the events of the input in the field that held them, and in every other."""
    parts = []
    for info in evidence.organization.fields():
        view, given = evidence.release.get(info.name.resource), evidence.input.get(info.name.resource)
        released = view is not None and info.name.field in view.names
        if released and undeclared(info):
            for case, number, _ in evidence.released_calls():
                yield Premise(case=case.id, count=1, what="undeclared events")
                row: dict[str, Any] = {"case": case.id, "call": number, "n": len(undeclared(info))}
                yield _finding("EVENT_NOT_DECLARED", row, info.name)
        if not info.peculiar or given is None or info.name.field not in given.names:
            continue
        told = peculiar(info)
        held = given.relation.query(HELD, field=str(info.name), column=given.column(info.name.field), texts=told)
        for row in held.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
            yield Premise(case=row["case"], count=row["n"], what="rare events")
        parts.append(held.sql)
        if released and view is not None:
            texts = tuple(fold(text) for text in peculiar(info))
            for row in view.relation.query(OWN, column=view.column(info.name.field), texts=texts).rows():
                yield _finding("EVENT_RELEASED", row, info.name)
    if parts:
        every = Relation(evidence.canaries.engine, " UNION ".join(parts))
        long = "SELECT * FROM {self} t WHERE length(folded) >= {n} OR regexp_extract(folded, '[^ -~]', 0) <> ''"
        found = occurrences(evidence.texts, every.query(long, n=SHORTEST), folded=True)
        for row in found.rows():
            if row["source"] != f"{row['resource']}.{row['field']}":
                yield _finding("EVENT_RELEASED", row, FieldName(row["resource"], row["field"]))


def _finding(code: str, row: Mapping[str, Any], name: FieldName) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(row["call"]),
        params={"resource": name.resource, "field": name.field, "n": row["n"]},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field holds events or circumstances that are declared or known as rare."""
    return any(info.peculiar or (undeclared(info) and processing.released(info.name)) for info in organization.fields())


CHECK = Check(id="I4-05", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _told_elsewhere(request: Request, response: Response) -> Response:
    """The first event of the input is written behind the first value of another column of its table."""
    for resource in request.organization["resources"]:
        table = response.data.get(resource["name"])
        for field in resource["schema"]["fields"]:
            listed = field["tokumei"].get("peculiar", ())
            held = [v for v in request.data[resource["name"]].column(field["name"]).to_pylist() if v in listed]
            others = [
                other["name"]
                for other in resource["schema"]["fields"]
                if "enum" in other.get("constraints", {}) and other["name"] != field["name"]
            ]
            names = [name for name in others if table is not None and name in table.column_names]
            if held and names and table is not None and table.num_rows:
                cells = table.column(names[0]).to_pylist()
                return with_column(response, resource["name"], names[0], [f"{cells[0] or ''} ({held[0]})", *cells[1:]])
    return response


MUTANTS = (
    Mutant(
        id="event-told-elsewhere",
        kind="wrapper",
        effect=Text(
            "事情の欄は消えても、受診の種類の欄の付記から、報道された災害の被災者と分かる。",
            "The circumstance is gone, and a note in the kind of visit tells the victim of a reported disaster.",
        ),
        precedent="guideline item 4; quadruplets, donors and cases of the press (law Q4)",
        trigger="a rare event in the input",
        proof="a released cell of another field holds the text of the event",
        killed_by=("I4-05",),
        pairs=("hospital",),  # no events elsewhere
        wrap=after(_told_elsewhere),
    ),
    Mutant(
        id="events-kept",
        kind="fault",
        effect=Text(
            "四胎や犯罪の被害の記録がそのまま残り、本人が分かる。",
            "Records of quadruplets and of victims of crimes stay as they are and tell who it is.",
        ),
        precedent="suppression by count alone: lists of values are not read (law I4-05)",
        trigger="a rare event in the input",
        proof="a released cell is the text of the event",
        killed_by=("I4-05",),
        pairs=("hospital",),  # no events elsewhere
        fault="events-kept",
    ),
)
