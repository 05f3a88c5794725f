"""O-07: nobody who refused, or was notified for another regime only, has a row in the release."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.excluded import excluded_codes, excluded_persons, too_many
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Find released rows with the code of excluded persons only, and tables with more rows than the others have."""
    excluded = excluded_persons(evidence)
    if excluded is None:
        return
    counted = excluded.query('SELECT "case", "call", count(*) AS n FROM {self} t GROUP BY "case", "call"')
    persons = {(row["case"], row["call"]): row["n"] for row in counted.rows()}
    calls = {
        (case.id, number): call for case, number, call in evidence.released_calls() if (case.id, number) in persons
    }
    for case, number in calls:
        yield Premise(case=case, count=persons[case, number], what="excluded persons")
    for (case, number), n in excluded_codes(evidence, excluded):
        if (case, number) in calls:
            home = evidence.carriers[0].resource
            shown = {"resource": home, "n": n}
            yield Finding(code="EXCLUDED_PERSON_RELEASED", case=case, call=number, params=shown, resource=home)
    for resource in evidence.organization.resources:
        for (case, number), n, of in too_many(evidence, excluded, resource.name, calls):
            shown = {"resource": resource.name, "n": n, "of": of}
            yield Finding(code="EXCLUDED_ROWS_RELEASED", case=case, call=number, params=shown, resource=resource.name)


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field tells who refused, or who was notified for another regime."""
    return bool(organization.excluded(processing.regime))


CHECK = Check(id="O-07", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _believing(kind: int) -> Callable[[Product], Product]:
    """A wrapper that knows no refusal (0), or takes every notice for the one that is needed (1)."""

    def wrap(product: Product) -> Product:
        def broken(request: Request) -> Response:
            organization = Organization.of(request.organization)
            refusals, basis = organization.refusals, organization.notice_basis
            regime = str(request.processing["regime"])
            marked = refusals if kind == 0 else basis.not_notified(regime) if basis else None
            table = request.data.get(marked.field.resource) if marked else None
            if marked is None or table is None:
                return product(request)
            info = organization.field(marked.field)
            known = [str(text) for text in (info.constraints.get("enum", ()) if info else ())]
            other = next((text for text in known if text not in marked.texts), "0")
            place = table.schema.get_field_index(marked.field.field)
            told = [other if text in marked.texts else text for text in table.column(place).to_pylist()]
            blind = table.set_column(place, marked.field.field, pa.array(told, pa.string()))
            return product(dataclasses.replace(request, data={**request.data, marked.field.resource: blind}))

        return broken

    return wrap


MUTANTS = (
    Mutant(
        id="refusals-not-read",
        kind="wrapper",
        effect=Text(
            "提供停止の求めが反映されず、拒否した本人の記録が提供される。",
            "Requests to stop are not heeded, and the records of persons who refused go out.",
        ),
        precedent="an export made before the day's list of refusals arrives (law §3.6)",
        trigger="a person who refused and is not rare",
        proof="a released row has a code that only refused persons have",
        killed_by=("O-07",),
        wrap=_believing(0),
    ),
    Mutant(
        id="any-notice-will-do",
        kind="wrapper",
        effect=Text(
            "別の制度のための通知しか受けていない本人の記録が提供される。",
            "The records of persons who were notified for another regime only go out.",
        ),
        precedent="one flag for both notices of the act (法52条 and 法57条, law §3.6)",
        trigger="a person notified for the other regime only",
        proof="a released row has a code that only persons without the notice have",
        killed_by=("O-07",),
        pairs=("hospital",),  # nothing tells of notices elsewhere
        wrap=_believing(1),
    ),
    Mutant(
        id="refusal-by-row",
        kind="fault",
        effect=Text(
            "提供停止と記された行だけが除かれ、同じ本人の他の入院が残る。",
            "Only the row that tells of the refusal is removed; other admissions of the person stay.",
        ),
        precedent="WHERE status = 0 over admissions",
        trigger="a person who refused and has a row that does not say so",
        proof="a released row has a code that only refused persons have",
        killed_by=("O-07",),
        pairs=("stroke-registry",),  # elsewhere a person has one row in the table of persons
        fault="refusal-by-row",
    ),
    Mutant(
        id="excluded-children-stay",
        kind="fault",
        effect=Text(
            "本人の表からは除くが、受診や検査の行は残る。",
            "The person goes from the table of persons; the visits and results stay.",
        ),
        precedent="cascade missing in an export of several tables",
        trigger="an excluded person with rows in another table",
        proof="a table has more rows than all persons who may be released",
        killed_by=("O-07",),
        pairs=("hospital",),  # there is one table elsewhere
        fault="excluded-children-stay",
    ),
)
