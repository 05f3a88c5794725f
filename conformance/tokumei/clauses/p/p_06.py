"""P-06: whoever refuses after a release is in no later one, whichever row tells it and whatever was released before."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import Marked, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.excluded import excluded_codes, excluded_persons, too_many
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.relation import Relation

LATE = """
SELECT DISTINCT r."case", r."call", r.subject
FROM {self} r JOIN {self} e ON r."case" = e."case" AND r.subject = e.subject AND e."call" < r."call"
WHERE r.refused AND NOT e.refused
"""

ASKED = """
SELECT "case", "call", subject, max(CASE WHEN {column} IN {texts} THEN 1 ELSE 0 END) = 1 AS refused
FROM {self} t WHERE subject IS NOT NULL GROUP BY "case", "call", subject
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Find the persons who refuse between the calls of a case, and their rows in the releases after it."""
    late, excluded = _late(evidence), excluded_persons(evidence)
    if late is None or excluded is None:
        return
    counted = late.query('SELECT "case", "call", count(*) AS n FROM {self} t GROUP BY "case", "call"')
    persons = {(row["case"], row["call"]): row["n"] for row in counted.rows()}
    calls = {
        (case.id, number): call for case, number, call in evidence.released_calls() if (case.id, number) in persons
    }
    for case, number in calls:
        yield Premise(case=case, count=persons[case, number], what="late refusals")
    for (case, number), n in excluded_codes(evidence, late):
        if (case, number) in calls:
            home = evidence.carriers[0].resource
            shown: dict[str, object] = {"resource": home, "n": n}
            yield Finding(code="LATE_REFUSAL_RELEASED", case=case, call=number, params=shown, resource=home)
    for resource in evidence.organization.resources:
        for (case, number), n, of in too_many(evidence, excluded, resource.name, calls):
            shown = {"resource": resource.name, "n": n, "of": of}
            yield Finding(code="ROWS_AFTER_REFUSAL", case=case, call=number, params=shown, resource=resource.name)


def _late(evidence: Evidence) -> Relation | None:
    """case, call, subject of the persons who refused, and had not when an earlier call of the case was made."""
    refusals = evidence.organization.refusals
    if refusals is None:
        return None
    view = evidence.input[refusals.field.resource]
    if refusals.field.field not in view.names:
        return None
    asked = view.relation.query(ASKED, column=view.column(refusals.field.field), texts=refusals.texts)
    engine = evidence.canaries.engine
    return engine.register("p-06.late", asked.query(LATE).arrow())


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field tells who refused."""
    del processing
    return organization.refusals is not None


CHECK = Check(id="P-06", needs=(Need.RELEASE_TWICE, Need.INPUT), judge=judge, applies=applies)


def _marked(request: Request) -> tuple[Marked, pa.Table, list[str | None], int] | None:
    """The refusals, the table that tells them, whose each of its rows is, and the place of the column."""
    organization = Organization.of(request.organization)
    refusals, key = organization.refusals, organization.subject_key
    if refusals is None or refusals.field.resource != key.resource:
        return None
    table = request.data[refusals.field.resource]
    return refusals, table, table.column(key.field).to_pylist(), table.schema.get_field_index(refusals.field.field)


def _told(request: Request, marked: Marked, table: pa.Table, place: int, told: list[str | None]) -> Request:
    changed = table.set_column(place, marked.field.field, pa.array(told, pa.string()))
    return dataclasses.replace(request, data={**request.data, marked.field.resource: changed})


def _asked_once(product: Product) -> Product:
    """The answer of a person is taken when the person is first seen, and never asked for again."""
    known: dict[str | None, str | None] = {}

    def broken(request: Request) -> Response:
        found = _marked(request)
        if found is None:
            return product(request)
        marked, table, persons, place = found
        first: dict[str | None, str | None] = {}
        for person, text in zip(persons, table.column(place).to_pylist(), strict=True):
            if first.get(person) not in marked.texts:
                first[person] = text
        known.update({person: text for person, text in first.items() if person not in known})
        return product(_told(request, marked, table, place, [known[person] for person in persons]))

    return broken


def _first_row_only(product: Product) -> Product:
    """Whether a person refused is read from the first row of the person; later rows repeat it."""

    def broken(request: Request) -> Response:
        found = _marked(request)
        if found is None:
            return product(request)
        marked, table, persons, place = found
        first: dict[str | None, str | None] = {}
        told = [first.setdefault(p, text) for p, text in zip(persons, table.column(place).to_pylist(), strict=True)]
        return product(_told(request, marked, table, place, told))

    return broken


def _made_before(product: Product) -> Product:
    """A release is kept by what was read; the column of refusals is not released and so not looked at."""
    kept: dict[str, Response] = {}

    def broken(request: Request) -> Response:
        found = _marked(request)
        if found is None:
            return product(request)
        marked, table, _, place = found
        read = {**request.data, marked.field.resource: table.remove_column(place)}
        key = repr([(name, each.to_pydict()) for name, each in sorted(read.items())])
        if key not in kept:
            answer = product(request)
            if answer.status != "ok":
                return answer
            kept[key] = answer
        return kept[key]

    return broken


MUTANTS = (
    Mutant(
        id="asked-once",
        kind="wrapper",
        effect=Text(
            "一度同意とされた本人が後から拒んでも、その記録が提供され続ける。",
            "A person who agreed once and refuses later goes on being released.",
        ),
        precedent="consent kept as a flag of the first registration; refusals may come at any time (law §3.6)",
        trigger="a person who refuses after the first release",
        proof="the second release has rows with a code that only persons have who refused in between",
        killed_by=("P-06",),
        wrap=_asked_once,
    ),
    Mutant(
        id="refusal-in-a-later-row",
        kind="wrapper",
        effect=Text(
            "後の入院の記録に記された拒否が読まれない。",
            "A refusal that a later admission tells is not read.",
        ),
        precedent="drop_duplicates(keep=first) before the list of refusals is made",
        trigger="a refusal that stands in another row than the first of the person",
        proof="the second release has rows with a code that only persons have who refused in between",
        killed_by=("P-06",),
        pairs=("stroke-registry",),  # elsewhere a person has one row that tells
        wrap=_first_row_only,
    ),
    Mutant(
        id="release-kept-for-next-time",
        kind="wrapper",
        effect=Text(
            "前に作った加工後データが使い回され、その後の拒否が反映されない。",
            "A release that was made before is handed out again, and later refusals are not heeded.",
        ),
        precedent="caches whose key lacks what decides who may be in (CWE-524, CWE-1023)",
        trigger="an input that differs from an earlier one in nothing but a refusal",
        proof="the second release is the first",
        killed_by=("P-06",),
        wrap=_made_before,
    ),
    Mutant(
        id="admitted-for-good",
        kind="fault",
        effect=Text(
            "既に提供した本人は登録済みとして確認されず、後からの拒否が効かない。",
            "Those who were released are registered and not looked at again, so that a later refusal has no effect.",
        ),
        precedent="incremental loads: filters are run on new records only, and known ones are updated",
        trigger="a person who was in a release and refuses after it",
        proof="the second release has the rows of persons who refused after the first",
        killed_by=("P-06",),
        fault="admitted-for-good",
    ),
)
