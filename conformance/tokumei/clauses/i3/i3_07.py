"""I3-07: mapping tables and secrets are destroyed when a call is done, and the release declaration says so."""

from __future__ import annotations

import copy
import csv
import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences, secrets_within
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource

DESTROYED = "destroyed-before-release"
MAPPING_TABLE = "mapping-table"
"""The name of the table of source keys and pseudonyms in a record of destruction."""
SHORTEST_KEY = 8
"""Shorter keys stand in caches and counters by chance."""
SHORTEST_NAME = 5
"""Random bytes read as text hold 5 given characters of some thousand with less than 10⁻¹⁵ a place."""
FEWEST = 3
"""Times in milliseconds hold some 8-digit key of 400 with 2.4·10⁻⁵ each; three different ones in one file, 10⁻¹⁴."""

LEFT = """
SELECT "case", "call", 'left' AS resource, place AS field, text AS value FROM {left} l
UNION ALL SELECT "case", "call", 'files', place, text FROM {self} t
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Read the record of every claim, and look for keys, names and secrets in what was left behind."""
    for case, number, call in evidence.released_calls():
        claim = evidence.claim_of(number)
        due = to_destroy(claim.document) if claim else ()
        if claim and call.response and call.response.processing:
            yield Premise(case=case.id, count=len(due), what="secrets and mapping tables")
            yield from _record(case.id, number, claim.document, due)
    yield from _left(evidence)


def to_destroy(claim: Mapping[str, Any]) -> tuple[str, ...]:
    """The secrets that are declared to be destroyed, and the mapping table of numbers that were drawn."""
    secrets = [str(secret["id"]) for secret in claim.get("secrets", []) if secret.get("disposal") == DESTROYED]
    drawn = any(step["technique"] == "pseudonymize-random" for step in claim["steps"])
    return (*secrets, *((MAPPING_TABLE,) if drawn else ()))


def _record(case: str, call: int, claim: Mapping[str, Any], due: tuple[str, ...]) -> Iterator[Finding]:
    record = claim.get("destruction") or {}
    told = record.get("what", []) if str(record.get("how", "")).strip() else []
    missing = [what for what in due if what not in told]
    if missing:
        yield Finding(code="NO_DESTRUCTION_RECORD", case=case, call=call, params={"n": len(missing), "of": len(due)})
    kept = [s for s in claim.get("secrets", []) if s.get("disposal") != DESTROYED and not str(s.get("why", "")).strip()]
    if kept:
        yield Finding(code="KEPT_WITHOUT_REASON", case=case, call=call, params={"n": len(kept)})


def _left(evidence: Evidence) -> Iterator[Finding]:
    texts = evidence.files.query(LEFT, left=evidence.left)
    canaries = evidence.canaries.query(
        "SELECT * FROM {self} t WHERE kind IN ('direct', 'link') AND "
        "length(folded) >= CASE kind WHEN 'link' THEN {key} ELSE {name} END",
        key=SHORTEST_KEY,
        name=SHORTEST_NAME,
    )
    for row in occurrences(texts, canaries).rows():
        if row["n"] >= FEWEST:
            yield Finding(code="MAPPING_LEFT", case=row["case"], call=row["call"], params={"n": row["n"]})
    left = evidence.left.query('SELECT "case", "call", \'left\' AS field, text AS value FROM {self} t')
    for row in secrets_within(left, evidence.secrets).rows():
        yield Finding(code="SECRET_LEFT", case=row["case"], call=row["call"], params={"n": row["n"]})


def applies(organization: Organization, processing: Processing) -> bool:
    """Numbers are replaced, or a secret is used."""
    del organization
    return bool(processing.with_technique(*PSEUDONYMS) or processing.secrets)


CHECK = Check(id="I3-07", needs=(Need.RELEASE, Need.CLAIM, Need.CANARY), judge=judge, applies=applies)


def _mapping_in_temp(product: Product) -> Product:
    """The mapping of source keys is written to a temporary file, which is not removed."""

    def broken(request: Request) -> Response:
        response = product(request)
        resource = subject_resource(request)
        names = fields_with_class(request, resource, "link")
        with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, encoding="utf-8", newline="") as file:
            rows = request.data[resource].select(names[:1]).to_pylist()
            csv.writer(file).writerows([n, *row.values()] for n, row in enumerate(rows))
        return response

    return broken


def _reason_lost(request: Request, response: Response) -> Response:
    """The secret is kept for the next release, and nobody is told why."""
    del request
    document = copy.deepcopy(dict(response.processing or {}))
    for secret in document.get("secrets", []):
        secret["disposal"] = "kept-for-longitudinal-linkage"
        secret.pop("why", None)
    return dataclasses.replace(response, processing=document)


MUTANTS = (
    Mutant(
        id="mapping-in-temp",
        kind="wrapper",
        effect=Text(
            "元の番号の一覧が一時フォルダに残り、後から加工後データと突き合わせられる。",
            "The source keys stay in a temporary file and can be joined to the release later.",
        ),
        precedent="temporary files of databases and spreadsheets left after a crash; PPC FAQ A15-14",
        trigger="every call",
        proof="a file in the temporary folder lists the source keys",
        killed_by=("I3-07",),
        wrap=_mapping_in_temp,
    ),
    Mutant(
        id="key-kept-for-next-time",
        kind="wrapper",
        effect=Text(
            "鍵が次回のために残され、同じ仮ID をいつでも作り直せる。",
            "The key is kept for the next release, and the same pseudonyms can be made again at any time.",
        ),
        precedent="PPC FAQ A15-14; SUICA: one id for 2.5 years",
        trigger="every release with a secret",
        proof="the claim keeps the secret and gives no reason",
        killed_by=("I3-07",),
        wrap=after(_reason_lost),
    ),
    Mutant(
        id="destruction-not-told",
        kind="fault",
        effect=Text(
            "鍵と対応表とが廃棄されたのか、後から確かめられない。",
            "Nobody can tell afterwards whether the key and the mapping table were destroyed.",
        ),
        precedent="PPC FAQ A15-14",
        trigger="every release",
        proof="the claim has no record of destruction",
        killed_by=("I3-07",),
        fault="destruction-not-told",
    ),
    Mutant(
        id="working-copy-left",
        kind="fault",
        effect=Text(
            "加工前の表の写しが一時フォルダに残る。",
            "A copy of the table as it was before processing stays in a temporary folder.",
        ),
        precedent="work files of out-of-core engines; WNPRC-EHR #2",
        trigger="a table of more than 64 rows, which is spilled to a file",
        proof="a temporary file holds the rows of the input",
        killed_by=("I3-07",),
        fault="working-copy-left",
    ),
)
