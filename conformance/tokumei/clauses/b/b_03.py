"""B-03: logs, messages and standard error hold no value of the input and no form of a secret."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences, secrets_within
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import fields_with_class, subject_resource

SHORTEST_NUMBER = 8
"""Shorter numbers stand in logs by chance: dates, ports, addresses."""

TEXTS = (
    'SELECT "case", "call", \'log\' AS resource, place AS field, text AS value FROM {self} t '
    "WHERE text IS NOT NULL AND length(text) > 0"
)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for canaries and secrets in every captured channel, in normal and in malformed cases."""
    canaries = evidence.canaries.query(
        "SELECT * FROM {self} t WHERE kind = 'direct' OR length(folded) >= {n}", n=SHORTEST_NUMBER
    )
    planted = {
        row["case"]: row["n"]
        for row in canaries.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows()
    }
    for case in evidence.cases:
        if any(call.log_captured for call in case.calls) and planted.get(case.id):
            yield Premise(case=case.id, count=planted[case.id], what="canaries in logs")
    texts = evidence.logs.query(TEXTS)
    for row in occurrences(texts, canaries).rows():
        yield Finding(
            code="INPUT_IN_LOG",
            case=row["case"],
            call=row["call"],
            params={"n": row["n"], "channel": row["field"]},
        )
    for row in secrets_within(texts, evidence.secrets).rows():
        yield Finding(
            code="SECRET_IN_LOG", case=row["case"], call=row["call"], params={"n": row["n"], "channel": row["field"]}
        )


CHECK = Check(id="B-03", needs=(Need.LOG, Need.CANARY), judge=judge)


def _echoes_a_name(product: Product) -> Product:
    """The message of every answer names the first person."""

    def broken(request: Request) -> Response:
        response = product(request)
        resource = subject_resource(request)
        names = fields_with_class(request, resource, "direct")
        table = request.data[resource]
        if not names or not table.num_rows:
            return response
        return dataclasses.replace(response, message=f"processed {table.column(names[0])[0].as_py()} …")

    return broken


MUTANTS = (
    Mutant(
        id="name-in-message",
        kind="wrapper",
        effect=Text("進捗やエラーの文に氏名が出る。", "Progress or error messages show a name."),
        precedent="WNPRC-EHR #2: row data leaked to a log",
        trigger="every call with a person in it",
        proof="the message holds the first person's name",
        killed_by=("B-03",),
        wrap=_echoes_a_name,
    ),
    Mutant(
        id="bad-row-in-error",
        kind="fault",
        effect=Text(
            "不正な行の値がエラーの文に写される。", "The value of a malformed row is copied into the error message."
        ),
        precedent="WNPRC-EHR #2; parser errors that quote their input",
        trigger="a malformed cell only",
        proof="the message quotes the cell that is no date",
        killed_by=("B-03",),
        fault="bad-row-in-error",
    ),
)
