"""U-03: what a value means stays what it was: its unit, its code system and its type, in words and in the values.

A field is *as it was* where no step changes its values: they must be values of the input, written as the type is. Where
numbers are coded above or below a bound, those between are as they were.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Call, Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Column, Relation
from tokumei.representation import day, markers

NO_CHANGE = frozenset({"keep", "suppress-cell", "suppress-record", "shuffle-rows", "k-search", "sample"})
"""The techniques that take values out and change none."""
BOUNDED = NO_CHANGE | {"top-bottom-code"}
NUMBERS = ("integer", "number")

VALUES = """
SELECT "case", "call", {column} AS v FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
"""
COUNTED = 'SELECT "case", "call", count(*) AS n FROM {self} t GROUP BY "case", "call"'
DISTINCT = 'SELECT "case", "call", v, count(*) AS n FROM {self} t GROUP BY "case", "call", v'

NUMERIC = "regexp_extract(v, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$', 0) <> ''"
NOT_WHOLE = "SELECT * FROM {self} t WHERE " + NUMERIC + " AND try_cast(v AS DOUBLE) <> floor(try_cast(v AS DOUBLE))"
"""A whole number may be written 14.0."""
NOT_NUMBERS = "SELECT * FROM {self} t WHERE NOT " + NUMERIC

NO_DAYS = "SELECT * FROM {self} t WHERE {day} IS NULL"

OTHERS = (
    'SELECT t."case", t."call", t.v FROM (SELECT * FROM {self} s WHERE '
    + NUMERIC
    + """) t
LEFT JOIN (SELECT DISTINCT "case", "call", try_cast({column} AS DOUBLE) AS x FROM {given} u) g
  ON t."case" = g."case" AND t."call" = g."call" AND try_cast(t.v AS DOUBLE) = g.x
WHERE g.x IS NULL AND try_cast(t.v AS DOUBLE) NOT IN {bounds}"""
)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Compare what the release says of its fields with what the source says, and the values with both."""
    for case, number, call in evidence.released_calls():
        claim = evidence.claim_of(number) or evidence.asked
        fields = list(_described(evidence.organization, claim, call))
        yield Premise(case=case.id, count=len(fields), what="fields")
        for info, field in fields:
            for code in _said(info, field, claim):
                yield _found(code, (case.id, number), info)
    several = len(evidence.claims) > 1
    for number in range(max(1, len(evidence.claims))):
        claim = evidence.claim_of(number) or evidence.asked
        for info in evidence.organization.fields():
            view = evidence.release.get(info.name.resource)
            if view is None or info.name.field not in view.names or not claim.released(info.name):
                continue
            values = view.relation.query(
                VALUES, column=view.column(info.name.field), markers=markers(evidence, info.name)
            )
            if several:
                values = values.query('SELECT * FROM {self} t WHERE "call" = {only}', only=number)
            yield from _judged(evidence, info, claim, values)


def _judged(evidence: Evidence, info: FieldInfo, claim: Processing, values: Relation) -> Iterator[Observation]:
    for code, wrong in _wrong(evidence, info, claim, values):
        for row in wrong.query(COUNTED).rows():
            yield _found(code, (row["case"], row["call"]), info, n=row["n"])
    listed = {plain(str(text)) for text in info.constraints.get("enum", ())}
    if listed and techniques(claim, info.name) <= NO_CHANGE:
        strange: dict[tuple[str, int], int] = {}
        for row in values.query(DISTINCT).rows():
            if plain(row["v"]) not in listed:
                strange[row["case"], row["call"]] = strange.get((row["case"], row["call"]), 0) + row["n"]
        for place, n in strange.items():
            yield _found("VALUE_NOT_OF_LIST", place, info, n=n)


def _wrong(evidence: Evidence, info: FieldInfo, claim: Processing, values: Relation) -> Iterator[tuple[str, Relation]]:
    """The values that are not of the type of the source, and the numbers that the input does not have."""
    used = techniques(claim, info.name)
    if info.type == "date" and used - NO_CHANGE <= {"date-shift"}:
        yield (
            "VALUE_NOT_OF_TYPE",
            values.query(NO_DAYS.replace("{day}", _escaped(day(evidence, info.name, Column("v"))))),
        )
    if info.type not in NUMBERS or not used <= BOUNDED:
        return
    if info.type == "integer":
        yield "VALUE_NOT_OF_TYPE", values.query(NOT_WHOLE)
    if used <= NO_CHANGE:
        yield "VALUE_NOT_OF_TYPE", values.query(NOT_NUMBERS)
    given = evidence.input.get(info.name.resource)
    if given is not None and info.name.field in given.names:
        yield "OTHER_NUMBERS", _others(given, info, claim, values)


def _others(given: TableView, info: FieldInfo, claim: Processing, values: Relation) -> Relation:
    bounds = [
        float(step.params[end])
        for step in claim.steps_of(info.name)
        for end in ("top", "bottom")
        if isinstance(step.params.get(end), int | float)
    ]
    return values.query(OTHERS, column=given.column(info.name.field), given=given.relation, bounds=bounds or [-1e308])


def techniques(claim: Processing, name: FieldName) -> frozenset[str]:
    """What is done to the values of a field."""
    return frozenset(step.technique for step in claim.steps_of(name))


def plain(text: str) -> str:
    """A text in half width and without the number of its place in a list: neither is a part of a label or code."""
    return re.sub("^[0-9]+[:.] ?", "", unicodedata.normalize("NFKC", text))


def _described(
    organization: Organization, claim: Processing, call: Call
) -> Iterator[tuple[FieldInfo, Mapping[str, Any]]]:
    """The fields of the source that a release holds, each as the declaration of the release has it."""
    assert call.response is not None
    document: Any = call.response.organization
    try:
        fields = [(r["name"], field) for r in document["resources"] for field in r["schema"]["fields"]]
        told = {
            FieldName(resource, field["name"]): {**field, "tokumei": dict(field["tokumei"])}
            for resource, field in fields
        }
    except (KeyError, TypeError, ValueError):
        return  # D-02 sees to it
    for info in organization.fields():
        table = call.response.data.get(info.name.resource)
        if (
            info.name in told
            and claim.released(info.name)
            and table is not None
            and info.name.field in table.column_names
        ):
            yield info, told[info.name]


def _said(info: FieldInfo, field: Mapping[str, Any], claim: Processing) -> Iterator[str]:
    """What the declaration of the release changes or leaves out of a field."""
    own, used = field["tokumei"], techniques(claim, info.name)
    if info.tokumei.get("unit") and own.get("unit") != info.tokumei["unit"]:
        yield "UNIT_CHANGED"
    if info.tokumei.get("codeSystem") and (own.get("codeSystem"), own.get("codeSystemVersion")) not in _systems(
        info, claim
    ):
        yield "CODE_SYSTEM_CHANGED"
    if used - NO_CHANGE <= ({"date-shift"} if info.type == "date" else set()) and field.get("type") != info.type:
        yield "TYPE_CHANGED"


def _systems(info: FieldInfo, claim: Processing) -> set[tuple[object, object]]:
    """The code systems that the values may be of: that of the source, and the one that local codes are mapped to."""
    own = info.tokumei
    found: set[tuple[object, object]] = {(own.get("codeSystem"), own.get("codeSystemVersion"))}
    if "generalize" in techniques(claim, info.name):
        found |= {(other.get("to"), other.get("version")) for other in [own.get("mapping", {})]}
    return found


def _escaped(sql: str) -> str:
    return sql.replace("{", "{{").replace("}", "}}")


def _found(code: str, place: tuple[str, int], info: FieldInfo, **params: object) -> Finding:
    name = info.name
    shown = {"resource": name.resource, "field": name.field, **params}
    return Finding(code=code, case=place[0], call=place[1], params=shown, resource=name.resource, fields=(name.field,))


def applies(organization: Organization, processing: Processing) -> bool:
    """Some released field has a unit, a code system, listed values or a type other than text."""
    return any(
        processing.released(info.name)
        and (info.type != "string" or {"unit", "codeSystem"} & set(info.tokumei) or "enum" in info.constraints)
        for info in organization.fields()
    )


CHECK = Check(id="U-03", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _rewritten(write: Callable[[FieldInfo, str], str]) -> Callable[[Request, Response], Response]:
    """The numbers of the fields with numbers that are as they were, written anew."""

    def change(request: Request, response: Response) -> Response:
        organization, claim = Organization.of(request.organization), Processing.of(request.processing)
        for info in organization.fields():
            table = response.data.get(info.name.resource)
            if info.type not in NUMBERS or not techniques(claim, info.name) <= BOUNDED or table is None:
                continue
            if info.name.field in table.column_names:
                given = table.column(info.name.field).to_pylist()
                told = [
                    write(info, text) if text and re.fullmatch("[0-9]+([.][0-9]+)?", text) else text for text in given
                ]
                response = with_column(response, info.name.resource, info.name.field, told)
        return response

    return change


def _in_hundreds(info: FieldInfo, text: str) -> str:
    """Centimetres as metres, and so on; whole numbers in tens."""
    return f"{int(text) * 10}" if info.type == "integer" else f"{float(text) / 100:.3f}"


def _with_unit(info: FieldInfo, text: str) -> str:
    return f"{text} {info.tokumei.get('unit', '')}".strip()


MUTANTS = (
    Mutant(
        id="units-converted-unsaid",
        kind="wrapper",
        effect=Text(
            "宣言した単位と値とが合わず、解析の結果が桁ごと誤る。",
            "Values and the declared unit do not agree, and results are wrong by orders of magnitude.",
        ),
        precedent="conversion to the unit of the research database, with the declaration copied (formats §5)",
        trigger="a released number that no step changes",
        proof="released numbers are a hundredth or ten times those of the input, with the same declared unit",
        killed_by=("U-03",),
        wrap=after(_rewritten(_in_hundreds)),
    ),
    Mutant(
        id="units-in-the-values",
        kind="wrapper",
        effect=Text(
            "数の項目に単位の文字が混じり、受領者の取込みが失敗し、又は値が失われる。",
            "Numbers go out with the letters of their unit: recipients fail to load them, or lose them.",
        ),
        precedent="reports formatted for reading and given as data (formats §5)",
        trigger="a released number with a unit that no step changes",
        proof="a released value of a field of numbers is no number",
        killed_by=("U-03",),
        wrap=after(_rewritten(_with_unit)),
    ),
    Mutant(
        id="units-left-out",
        kind="fault",
        effect=Text(
            "加工後データの宣言に単位がなく、値の意味が分からない。",
            "The declaration of the release has no units, and nobody knows what the values mean.",
        ),
        precedent="schemas regenerated from the data (formats §5)",
        trigger="every release of a field with a unit",
        proof="the source declares a unit for a field, and the release none",
        killed_by=("U-03",),
        fault="units-left-out",
    ),
    Mutant(
        id="code-systems-relabelled",
        kind="fault",
        effect=Text(
            "コードが別の版の表で読まれ、病名や薬が変わる。",
            "Codes are read by the table of another version and become other diseases and drugs.",
        ),
        precedent="templates of declarations that name the newest version (formats §5)",
        trigger="every release of a coded field",
        proof="the release declares another version of the code system than the source",
        killed_by=("U-03",),
        pairs=("hospital",),  # no codes elsewhere
        fault="code-systems-relabelled",
    ),
)
