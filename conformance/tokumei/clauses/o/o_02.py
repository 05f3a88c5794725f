"""O-02: the unit is the person: rows that lead to nobody are not released, and what is counted are persons."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource

REPORT = "risk.json"

NOTHING: Mapping[str, int] = {"n": 0, "known": 0, "persons": 0}

ROWS = """
SELECT "case", "call", count(*) AS n, count(subject) AS known, count(DISTINCT subject) AS persons
FROM {self} t GROUP BY "case", "call"
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the rows that lead to nobody, in the input and in the release, and the persons that an answer reports."""
    given = {name: _counted(evidence.input[name]) for name in _tables(evidence.organization)}
    released = {name: _counted(evidence.release[name]) for name in given}
    home = evidence.organization.subject_key.resource
    for case in evidence.cases:
        for number, call in enumerate(case.calls):
            place = case.id, number
            nobody = sum(rows[place]["n"] - rows[place]["known"] for rows in given.values() if place in rows)
            if nobody and call.response is not None and not call.trouble:
                yield Premise(case=case.id, count=nobody, what="rows of nobody")
            if not call.released or call.response is None:
                continue
            for name, rows in released.items():
                found = rows.get(place, NOTHING)
                yield Premise(case=case.id, count=found["n"], what="rows")
                most = given[name].get(place, NOTHING)
                lost = found["n"] - found["known"] if _linkable(evidence, name) else 0
                more = found["n"] - most["known"] if most["n"] > most["known"] else 0
                if max(lost, more) > 0:
                    shown = {"resource": name, "n": max(lost, more)}
                    yield Finding(code="ROWS_OF_NOBODY", case=case.id, call=number, params=shown, resource=name)
            stated, counted = _reported(call.response), released[home].get(place, NOTHING)["persons"]
            if stated is not None and _linkable(evidence, home) and stated != counted:
                params = {"n": stated, "of": counted}
                yield Finding(code="PERSONS_MISCOUNTED", case=case.id, call=number, params=params, resource=home)


def _tables(organization: Organization) -> list[str]:
    """The tables from which foreign keys lead to the person."""
    return [each.name for each in organization.resources if organization.path_to_person(each.name) is not None]


def _counted(view: TableView) -> Mapping[tuple[str, int], Mapping[str, int]]:
    return {(row["case"], row["call"]): row for row in view.relation.query(ROWS).rows()}


def _linkable(evidence: Evidence, name: str) -> bool:
    """Whether the release keeps the keys that lead from a table to the person; a product may drop them."""
    path = evidence.organization.path_to_person(name) or ()
    key = evidence.organization.subject_key
    needed = [key, *(field for each in path for field in (each.field, each.to))]
    one_a_row = not path and evidence.organization.resource(name).row_unit == "person"
    return one_a_row or all(field.field in evidence.release[field.resource].names for field in needed)


def _reported(response: Response) -> int | None:
    """The number of released persons that ``risk.json`` states, where it does."""
    try:
        document = json.loads(response.extra.get(REPORT, "null"))
    except (ValueError, RecursionError):
        return None
    persons = document.get("persons") if isinstance(document, Mapping) else None
    found = persons.get("out") if isinstance(persons, Mapping) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


CHECK = Check(id="O-02", needs=(Need.INPUT,), judge=judge)


def _rows_reported(request: Request, response: Response) -> Response:
    """The report gives the number of rows as that of persons."""
    rows = response.data[subject_resource(request)].num_rows
    return dataclasses.replace(response, extra={**response.extra, REPORT: json.dumps({"persons": {"out": rows}})})


MUTANTS = (
    Mutant(
        id="report-counts-rows",
        kind="wrapper",
        effect=Text(
            "行の数を本人の数として報告し、危険が小さく見える。",
            "The number of rows is reported as that of persons, and the risk looks small.",
        ),
        precedent="ARX and sdcMicro count records (peers §2)",
        trigger="a person with two released rows",
        proof="the number reported is not that of the persons in the release",
        killed_by=("O-02",),
        pairs=("stroke-registry",),  # elsewhere a person has one row in the table of persons
        wrap=after(_rows_reported),
    ),
    Mutant(
        id="nobody-is-somebody",
        kind="fault",
        effect=Text(
            "本人の分からない行が一人ずつに数えられ、数人のデータが多人数に見える。",
            "Rows of nobody count as one person each, and data of a few look like those of many.",
        ),
        precedent="NULL keys grouped by row in data frames",
        trigger="rows without a person key",
        proof="rows that lead to no person are in the release",
        killed_by=("O-02",),
        pairs=("stroke-registry",),  # elsewhere the person key is the primary key and never empty
        fault="nobody-is-somebody",
    ),
)
