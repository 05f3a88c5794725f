"""I5-09: altered values keep the domain of their field and the declared relations to other values.

A relation that some rows of the input break already is broken by no more rows of the release: an error of the source is
not the product's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Column, Relation, bind
from tokumei.representation import day, markers

ALTERING = frozenset({"noise", "swap", "synthesize", "microaggregate"})
"""Techniques that give a person a value that was not theirs."""
WHOLE = frozenset({*ALTERING, "keep", "suppress-cell", "shuffle-rows", "suppress-record", "k-search", "sample"})
"""A field of these techniques only still holds values of its domain."""

ORDER = """
SELECT "case", "call", count(*) AS n, count(CASE WHEN earlier > later THEN 1 END) AS broken FROM (
  SELECT "case", "call", <a> AS earlier, <b> AS later FROM {self} t WHERE length({a}) = length({b}) OR <numbers>
) p WHERE earlier IS NOT NULL AND later IS NOT NULL GROUP BY "case", "call"
"""
"""Only dates of one precision are compared."""
OF_ROWS = """
SELECT "case", "call", count(CASE WHEN one OR other THEN 1 END) AS n, count(CASE WHEN one AND other THEN 1 END) AS broken
FROM (SELECT "case", "call", <one> AS one, <other> AS other FROM {self} t) m GROUP BY "case", "call"
"""
OF_PERSONS = """
SELECT "case", "call", count(*) AS n, count(CASE WHEN one + other = 2 THEN 1 END) AS broken FROM (
  SELECT "case", "call", subject, max(one) AS one, max(other) AS other FROM (
    SELECT "case", "call", subject, 1 AS one, 0 AS other FROM {self} t WHERE <one> AND subject IS NOT NULL
    UNION ALL SELECT "case", "call", subject, 0, 1 FROM {others} u WHERE <other> AND subject IS NOT NULL
  ) m GROUP BY "case", "call", subject
) p GROUP BY "case", "call"
"""
DOMAIN = """
SELECT "case", "call", count(*) AS n, count(CASE WHEN <outside> THEN 1 END) AS broken
FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {hidden} GROUP BY "case", "call"
"""


def rules(organization: Organization) -> Sequence[Mapping[str, Any]]:
    """The relations that the organization declares."""
    found: Sequence[Mapping[str, Any]] = organization.document["tokumei"].get("validityRules", ())
    return found


def named(rule: Mapping[str, Any]) -> list[FieldName]:
    """The fields of a relation."""
    texts = rule["order"] if "order" in rule else [rule["if"]["field"], rule["never"]["field"]]
    return [FieldName.parse(text) for text in texts]


def altered(organization: Organization, processing: Processing) -> list[FieldInfo]:
    """The released fields with a domain whose values are altered and are still to be values of it."""
    return [
        info
        for info in organization.fields()
        if {"minimum", "maximum", "enum"} & set(info.constraints)
        and processing.released(info.name)
        and (techniques := {step.technique for step in processing.steps_of(info.name)}) & ALTERING
        and techniques <= WHOLE
    ]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count what breaks a relation or lies outside a domain, in the input and in the release."""
    sides = evidence.input, evidence.release
    for rule in rules(evidence.organization):
        names = named(rule)
        if "never" in rule:
            yield from _compared("NEVER_TOGETHER", names, *(_together(views, rule) for views in sides))
        for first, second in pairwise(names) if "order" in rule else ():
            yield from _compared("ORDER_BROKEN", [first, second], *(_order(evidence, v, first, second) for v in sides))
    declared = (evidence.asked, evidence.claim or evidence.asked)
    for info in {info.name: info for one in declared for info in altered(evidence.organization, one)}.values():
        yield from _compared("OUTSIDE_DOMAIN", [info.name], *(_domain(evidence, views, info) for views in sides))


def _compared(
    code: str, names: list[FieldName], given: Relation | None, shown: Relation | None
) -> Iterator[Observation]:
    """What is broken more often than in the input, in number and in share, is the product's."""
    before = {(row["case"], row["call"]): (row["n"], row["broken"]) for row in (given.rows() if given else ())}
    for (case, _), (n, _) in before.items():
        yield Premise(case=case, count=n, what="values of a relation or a domain")
    for row in shown.rows() if shown else ():
        n, broken = before.get((row["case"], row["call"]), (0, 0))
        if row["broken"] > broken and (not n or row["broken"] * n > broken * row["n"]):
            yield Finding(
                code=code,
                case=row["case"],
                call=row["call"],
                params={"fields": ", ".join(map(str, names)), "n": row["broken"], "of": broken},
                resource=names[0].resource,
                fields=tuple(name.field for name in names if name.resource == names[0].resource),
            )


def _order(evidence: Evidence, views: Mapping[str, TableView], first: FieldName, second: FieldName) -> Relation | None:
    view = views.get(first.resource)
    if view is None or view.pick([first, second]) is None:
        return None  # of two tables nobody says which rows belong together
    a, b = view.column(first.field), view.column(second.field)
    info = evidence.organization.field(first)
    if info is not None and info.type in ("integer", "number"):
        texts = {
            "a": bind("try_cast({c} AS DOUBLE)", c=a),
            "b": bind("try_cast({c} AS DOUBLE)", c=b),
            "numbers": "TRUE",
        }
    else:
        texts = {"a": _day(evidence, first, a), "b": _day(evidence, second, b), "numbers": "FALSE"}
    return view.relation.query(_filled(ORDER, texts), a=a, b=b)


def _day(evidence: Evidence, name: FieldName, column: Column) -> str:
    """The day, or the first of the month or year that is written."""
    coarse = bind("as_date({c} || '-01'), as_date({c} || '-01-01')", c=column)
    return f"coalesce({day(evidence, name, column)}, {coarse})"


def _together(views: Mapping[str, TableView], rule: Mapping[str, Any]) -> Relation | None:
    one, other = named(rule)
    view, others = views.get(one.resource), views.get(other.resource)
    if view is None or others is None or one.field not in view.names or other.field not in others.names:
        return None
    texts = {
        "one": _begins(view.column(one.field), rule["if"]["begins"]),
        "other": _begins(others.column(other.field), rule["never"]["begins"]),
    }
    if one.resource == other.resource:
        return view.relation.query(_filled(OF_ROWS, texts))
    return view.relation.query(_filled(OF_PERSONS, texts), others=others.relation)


def _begins(column: Column, texts: Sequence[str]) -> str:
    parts = [bind("substr({c}, 1, {size}) = {text}", c=column, size=len(text), text=text) for text in texts]
    return f"coalesce({' OR '.join(parts)}, FALSE)"


def _domain(evidence: Evidence, views: Mapping[str, TableView], info: FieldInfo) -> Relation | None:
    view = views.get(info.name.resource)
    if view is None or info.name.field not in view.names:
        return None
    column, parts = view.column(info.name.field), []
    if "enum" in info.constraints:
        parts.append(bind("{c} NOT IN {listed}", c=column, listed=[str(text) for text in info.constraints["enum"]]))
    for name, sign in (("minimum", "<"), ("maximum", ">")):
        if name in info.constraints:
            number = bind("try_cast({c} AS DOUBLE)", c=column)
            parts.append(f"{number} {sign} " + bind("{bound}", bound=float(info.constraints[name])))
    hidden = (*markers(evidence, info.name), *info.dummies)
    return view.relation.query(_filled(DOMAIN, {"outside": " OR ".join(parts)}), column=column, hidden=hidden)


def _filled(template: str, texts: Mapping[str, str]) -> str:
    """The template with SQL put in place of its names in angle brackets."""
    for name, text in texts.items():
        template = template.replace(f"<{name}>", text.replace("{", "{{").replace("}", "}}"))
    return template


def applies(organization: Organization, processing: Processing) -> bool:
    """A relation between released fields is declared, or the values of a released field are altered."""
    related = any(all(processing.released(name) for name in named(rule)) for rule in rules(organization))
    return related or bool(altered(organization, processing))


CHECK = Check(id="I5-09", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _swapped(request: Request, response: Response) -> Response:
    """The last value of a declared order is swapped with that of the row before, whoever it is of."""
    for rule in request.organization["tokumei"].get("validityRules", ()):
        name = named(rule)[-1]
        table = response.data.get(name.resource)
        if table is not None and name.field in table.column_names:
            values = table.column(name.field).to_pylist()
            response = with_column(response, name.resource, name.field, values[1:] + values[:1])
    return response


MUTANTS = (
    Mutant(
        id="swapped-without-rules",
        kind="wrapper",
        effect=Text(
            "退院日を別の行と入れ替え、入院より前の退院が混じる。除かれるか、見破られて元の値が推し量られる。",
            "Discharges are swapped between rows and some lie before the admission: they are seen, and undone or left out.",
        ),
        precedent="WP216: noise that is not viable can be filtered out; PUMS: sex and age of persons 65+",
        trigger="rows of different dates",
        proof="a released discharge lies before the admission of its row",
        killed_by=("I5-09",),
        pairs=("stroke-registry",),  # no relation is declared elsewhere
        wrap=after(_swapped),
    ),
    Mutant(
        id="each-date-alone",
        kind="fault",
        effect=Text(
            "日付の項目ごとに別の日数だけ移し、発症より前の入院、入院より前の退院ができる。",
            "Each field of dates is moved by a number of its own: admissions come before the onset, discharges before both.",
        ),
        precedent="WP216: noise that breaks the logical relations of attributes",
        trigger="rows of two dates",
        proof="a released admission lies before the onset of its row",
        killed_by=("I5-09", "T-02"),
        pairs=("stroke-registry",),  # no relation is declared elsewhere
        fault="each-date-alone",
    ),
)
