"""I3-02: pseudonyms change with the secret: two releases of one input share none beyond chance."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from random import Random
from typing import Any

from tokumei.alignment import agreement
from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.relation import Column, Relation
from tokumei.representation import markers
from tokumei.stats import permuted_upper

WIDE_BITS = 64
"""From this width on, one common value is beyond chance: n² / 2⁶⁴ < 10⁻⁹ for 100,000 persons."""
ALPHA = 1e-8
"""For each field and case: ten of them stay at 10⁻⁷."""


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Compare the values of every pseudonym field between call 0 and call 1 of a case."""
    claim = evidence.claim or evidence.asked
    for step in claim.steps:
        if step.technique not in PSEUDONYMS:
            continue
        bits = step.params.get("bits", 0)
        bits = bits if isinstance(bits, int) else 0
        for name in step.fields:
            view = evidence.release.get(name.resource)
            if view is None or name.field not in view.names:
                continue
            column = view.column(name.field)
            if bits >= WIDE_BITS:
                yield from _wide(evidence, view.relation, name, column)
            else:
                yield from _narrow(evidence, name, column, alpha)


def _wide(evidence: Evidence, relation: Relation, name: FieldName, column: Column) -> Iterator[Observation]:
    both = relation.query(
        'SELECT "case", count(*) AS n, count(*) FILTER (WHERE calls = 2) AS same FROM ('
        'SELECT "case", {column} AS v, count(DISTINCT "call") AS calls FROM {self} t '
        'WHERE {column} IS NOT NULL AND {column} NOT IN {markers} GROUP BY "case", {column}) u GROUP BY "case"',
        column=column,
        markers=markers(evidence, name),
    )
    for row in both.rows():
        yield Premise(case=row["case"], count=row["n"], what="pseudonyms")
        if row["same"]:
            yield _finding("SAME_PSEUDONYM", row["case"], name, n=row["same"], of=row["n"])


def _narrow(evidence: Evidence, name: FieldName, column: Column, alpha: float) -> Iterator[Observation]:
    """Serial numbers must recur; they must not recur with the same planned cell."""
    rows = _coded(evidence, name, column)
    for case in evidence.cases:
        own = [(row["call"], row["person"], row["cell"], row["v"]) for row in rows if row["case"] == case.id]
        observed, expected, n = agreement(own, Random(f"{evidence.seed}/{case.id}/{name}"))
        if n:
            yield Premise(case=case.id, count=n, what="pseudonyms")
        if n and permuted_upper(observed, expected) < alpha:
            yield _finding("SAME_PSEUDONYM_EXCESS", case.id, name, observed=observed, expected=round(expected, 1))


def _coded(evidence: Evidence, name: FieldName, column: Column) -> list[dict[str, Any]]:
    """case, call, person, cell, v: the values of persons whose kept values are a cell code, in any table."""
    cells, view = evidence.planned.get("cells"), evidence.release[name.resource]
    if cells is None or not evidence.carriers:
        return []
    home = evidence.release[evidence.carriers[0].resource]
    carriers = home.pick(evidence.carriers)
    if not carriers:
        return []
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(carriers))
    coded = home.relation.query(
        'SELECT r.*, c.cell FROM {self} r JOIN {cells} c ON r."case" = c."case" AND r."call" = c."call" AND ' + on,
        cells=cells,
    )
    if view.resource != home.resource:
        coded = view.relation.query(
            'SELECT r.*, p.cell FROM {self} r JOIN (SELECT DISTINCT "case", "call", subject, cell FROM {coded} q) p '
            'ON r."case" = p."case" AND r."call" = p."call" AND r.subject = p.subject',
            coded=coded,
        )
    return coded.query(
        'SELECT DISTINCT "case", "call", coalesce(subject, \'row \' || "row") AS person, cell, {column} AS v '
        "FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}",
        column=column,
        markers=markers(evidence, name),
    ).rows()


def _finding(code: str, case: str, name: FieldName, **params: object) -> Finding:
    return Finding(
        code=code,
        case=case,
        call=1,
        params={"resource": name.resource, "field": name.field, **params},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field is replaced by a pseudonym."""
    del organization
    return bool(processing.with_technique(*PSEUDONYMS))


CHECK = Check(id="I3-02", needs=(Need.RELEASE_TWICE, Need.CLAIM), judge=judge, applies=applies)


def _ignores_the_secret(product: Product) -> Product:
    """Give the product the same secret every time: releases can be joined."""

    def broken(request: Request) -> Response:
        return product(dataclasses.replace(request, secrets=dict.fromkeys(request.secrets, b"\x07" * 32)))

    return broken


MUTANTS = (
    Mutant(
        id="constant-secret",
        kind="wrapper",
        effect=Text("提供ごとの仮IDが同じで、名寄せされる。", "Releases carry the same pseudonyms and can be linked."),
        precedent="SUICA: one id for 2.5 years; NII 2017 複数回提供",
        trigger="every release",
        proof="the secret that was handed over is not used",
        killed_by=("I3-02",),
        wrap=_ignores_the_secret,
    ),
    Mutant(
        id="md5-of-the-id",
        kind="fault",
        effect=Text(
            "鍵のないハッシュは、番号の総当たりで元に戻る。", "An unkeyed digest is undone by trying all numbers."
        ),
        precedent="New York taxi medallions, MD5",
        trigger="every release",
        proof="the pseudonym is a function of the source key alone",
        killed_by=("I3-02",),
        fault="md5-of-the-id",
    ),
)
