"""I4-08: what was hidden does not show whom it hides: blanks and made-up categories are of k persons or nobody's.

A blank that the input has too hides nobody, so a field is judged only where the release has more persons with blanks
than the input has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.clauses.i4 import least_persons, quasi
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Relation, stacked
from tokumei.representation import markers

CHANGED = frozenset({"generalize", "top-bottom-code", "microaggregate", "noise", "swap", "synthesize", "text-redact"})
"""Techniques that make new values: what is new in their fields says nothing of hiding."""

BLANKS = """
SELECT {place} AS place, {what} AS what, "case", "call", count(DISTINCT coalesce(subject, 'row ' || "row")) AS persons
FROM {self} t WHERE {column} IS NULL OR {column} IN {markers} GROUP BY "case", "call"
"""

FILLED = """
SELECT DISTINCT {place} AS place, 'filled' AS what, "case", "call", 0 AS persons FROM {self} t
WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
"""

MADE = """
SELECT {place} AS place, 'made' AS what, "case", "call", count(DISTINCT coalesce(subject, 'row ' || "row")) AS persons
FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {known} GROUP BY "case", "call", {column}
"""


def judged(evidence: Evidence) -> Iterator[tuple[FieldInfo, TableView, TableView]]:
    """The fields of released values outside keys and quasi-identifiers, each with its released and its given table."""
    counted = quasi(evidence)
    for info in evidence.organization.fields():
        view, given = evidence.release.get(info.name.resource), evidence.input.get(info.name.resource)
        if view is None or given is None or {"link", "symbol", "direct"} & set(info.classes) or info.name in counted:
            continue
        if info.name.field in view.names and info.name.field in given.names:
            yield info, view, given


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the persons behind blanks, and behind categories that no value of the input is."""
    k = least_persons(evidence)
    names: list[FieldName] = []
    parts: list[Relation] = []
    for place, (info, view, given) in enumerate(judged(evidence)):
        hidden = markers(evidence, info.name)
        held, column, own = view.relation, view.column(info.name.field), given.column(info.name.field)
        names.append(info.name)
        parts.append(held.query(BLANKS, place=place, what="hidden", column=column, markers=hidden))
        parts.append(held.query(FILLED, place=place, column=column, markers=hidden))
        blank = (*hidden, *info.dummies)
        parts.append(given.relation.query(BLANKS, place=place, what="given", column=own, markers=blank))
        if known := _known(evidence, info, hidden):
            parts.append(held.query(MADE, place=place, column=column, known=known))
    rows = stacked(parts).rows() if parts else []
    persons = {(row["what"], row["place"], row["case"], row["call"]): row["persons"] for row in rows}
    for row in rows:
        at, n = (row["place"], row["case"], row["call"]), row["persons"]
        alone = row["what"] == "hidden" and ("filled", *at) in persons and n > persons.get(("given", *at), 0)
        if alone or row["what"] == "made":
            yield Premise(case=row["case"], count=1, what="fields with hidden values")
            if n < k:
                yield _finding("HIDDEN_ALONE" if alone else "CATEGORY_ALONE", row, names[row["place"]], n, k)


def _known(evidence: Evidence, info: FieldInfo, hidden: tuple[str, ...]) -> tuple[str, ...]:
    """The values that a field of listed values may hold when nothing new is made of them; none where that is not told."""
    asked = (evidence.asked, *(claim for claim in evidence.claims if claim))
    techniques = {step.technique for each in asked for step in each.steps if info.name in step.fields}
    values = tuple(str(value) for value in info.constraints.get("enum", ()))
    return () if not values or techniques & CHANGED else (*values, *hidden)


def _finding(code: str, row: Mapping[str, Any], name: FieldName, n: int, k: int) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(row["call"]),
        params={"resource": name.resource, "field": name.field, "n": n, "k": k},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Values of a released field are to be hidden."""
    counted = {name for target in processing.targets for name in target.quasi}
    names = {name for step in processing.with_technique("suppress-cell", "top-bottom-code") for name in step.fields}
    return any(processing.released(info.name) for info in organization.fields() if info.name in names - counted)


CHECK = Check(id="I4-08", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _one_other(request: Request, response: Response) -> Response:
    """One cell of the first listed field that is hidden from is put in a category of its own."""
    names = [str(t) for s in request.processing["steps"] if s["technique"] == "suppress-cell" for t in s["fields"]]
    kept = [str(t) for s in request.processing["steps"] if s["technique"] == "keep" for t in s["fields"] if names]
    listed = {
        f"{resource['name']}.{field['name']}"
        for resource in request.organization["resources"]
        for field in resource["schema"]["fields"]
        if "enum" in field.get("constraints", {})
    }
    coarse = {str(t) for s in request.processing["steps"] if s["technique"] == "generalize" for t in s["fields"]}
    for name in (FieldName.parse(text) for text in [*names, *kept] if text in listed - coarse):
        table = response.data.get(name.resource)
        if table is not None and name.field in table.column_names and table.num_rows:
            cells = table.column(name.field).to_pylist()
            return with_column(response, name.resource, name.field, ["その他（非公表）", *cells[1:]])
    return response


MUTANTS = (
    Mutant(
        id="one-category-of-its-own",
        kind="wrapper",
        effect=Text(
            "一人だけが「その他（非公表）」となり、隠したことがかえって目印になる。",
            "One person alone is in the category of others: the hiding itself is the mark.",
        ),
        precedent="local suppression without complementary suppression (statistical disclosure control of cells)",
        trigger="every release of a listed field",
        proof="a category that the input does not know has one person",
        killed_by=("I4-08",),
        pairs=("hospital",),  # nothing is hidden outside the quasi-identifiers elsewhere
        wrap=after(_one_other),
    ),
    Mutant(
        id="hidden-alone",
        kind="fault",
        effect=Text(
            "一人だけの特異な出来事を空欄にし、空欄がその人を指す。",
            "The rare event of one person is blanked, and the only blank points to that person.",
        ),
        precedent="local suppression without complementary suppression (statistical disclosure control of cells)",
        trigger="a value to hide that fewer than k persons have",
        proof="one person has a blank in a column that every other person has filled",
        killed_by=("I4-08",),
        pairs=("hospital",),  # nothing is hidden outside the quasi-identifiers elsewhere
        fault="hidden-alone",
    ),
)
