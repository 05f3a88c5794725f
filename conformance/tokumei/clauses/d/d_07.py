"""D-07: the documents of a release hold nothing that helps to restore: no key, no source number, no removed value."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences, secrets_within
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource

DOCUMENTS = tuple(f"{name}.{kind}" for name in ("organization", "processing") for kind in ("json", "yaml"))

SHORTEST_NUMBER = 8
"""A shorter number that is no name or contact stands in a document by chance: dates, versions, bounds."""

TEXTS = (
    'SELECT "case", "call", \'document\' AS resource, place AS field, text AS value FROM {self} t '
    "WHERE place IN {documents} AND length(text) > 0"
)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Search the declarations of each release for canaries of the input and for forms of the secrets."""
    texts = evidence.files.query(TEXTS, documents=DOCUMENTS)
    for row in texts.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="documents")
    canaries = evidence.canaries.query(
        "SELECT * FROM {self} t WHERE kind = 'direct' OR length(folded) >= {n}", n=SHORTEST_NUMBER
    )
    for row in occurrences(texts, canaries).rows():
        yield Finding(
            code="INPUT_IN_DECLARATION",
            case=row["case"],
            call=row["call"],
            params={"n": row["n"], "document": row["field"]},
        )
    for row in secrets_within(texts, evidence.secrets).rows():
        yield Finding(
            code="SECRET_IN_DECLARATION",
            case=row["case"],
            call=row["call"],
            params={"n": row["n"], "document": row["field"]},
        )


CHECK = Check(id="D-07", needs=(Need.RELEASE, Need.CANARY), judge=judge)


def _names_the_removed(request: Request, response: Response) -> Response:
    """The statement of the residual risk lists one person who could not reach k."""
    resource = subject_resource(request)
    names = fields_with_class(request, resource, "direct")
    table = request.data[resource]
    if response.processing is None or not names or not table.num_rows:
        return response
    values = [table.column(name)[0].as_py() or "" for name in names]
    claim = dict(response.processing)
    risk = dict(claim.get("residualRisk", {}))
    risk["statement"] = f"{risk.get('statement', '')}（{max(values, key=len)}）"
    return dataclasses.replace(response, processing=claim | {"residualRisk": risk})


MUTANTS = (
    Mutant(
        id="person-named-in-declaration",
        kind="wrapper",
        effect=Text(
            "除いた本人の氏名や住所が、提供仕様書を通じて受領者に渡る。",
            "The name or address of a removed person reaches the recipient with the declaration.",
        ),
        precedent="examples of suppressed rows pasted into reports (law §1.6)",
        trigger="every release with a person in it",
        proof="the declaration holds a direct identifier of the input",
        killed_by=("D-07",),
        wrap=after(_names_the_removed),
    ),
    Mutant(
        id="key-in-declaration",
        kind="fault",
        effect=Text(
            "受領者が仮ID を計算し直し、元の番号と結び付けることができる。",
            "The recipient can compute the pseudonyms and join them with the source numbers.",
        ),
        precedent="seeds kept in configuration files for reproducibility (law §1.6)",
        trigger="every release of a declaration with a secret",
        proof="the declaration holds the secret in hexadecimal",
        killed_by=("D-07",),
        fault="key-in-declaration",
    ),
)
