"""F-02: the released attributes of facilities together fit at least so many facilities as were declared, or three.

The facilities are those of all inputs that were seen, told apart by their code or name. A released text fits the
facilities whose raw value it is or whose node of the declared hierarchy it is; a suppressed value fits all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from tokumei import places
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Text
from tokumei.mutants.steps import fields_telling, instead, replaced
from tokumei.relation import Relation
from tokumei.representation import markers
from tokumei.thresholds import FACILITIES

Master: TypeAlias = frozenset[tuple[str, tuple[str | None, ...]]]
MODEL = "minimum-facilities"
DISTINCT = "SELECT DISTINCT {key} AS facility, {columns} FROM {self} t WHERE {key} IS NOT NULL"
COMBINED = 'SELECT "case", "call", {columns}, count(*) AS rows_of FROM {self} t GROUP BY "case", "call", {columns}'


def least(*processings: Processing | None) -> int:
    """The strictest declared number of facilities, or the default of this standard."""
    stated = [t.minimum for p in processings if p is not None for t in p.targets if t.model == MODEL]
    return max(stated, default=FACILITIES)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the known facilities that fit each released combination of attributes."""
    told = places.attributes(evidence.organization)
    for resource in sorted({info.name.resource for info in told}):
        here = [info for info in told if info.name.resource == resource]
        view, given = evidence.release.get(resource), (evidence.whole or evidence).input.get(resource)
        if view is None or given is None:
            continue
        shown = [info for info in here if info.name.field in view.names and info.name.field in given.names]
        if shown:
            yield from _judge(evidence, view, shown, _master(evidence.organization, given, shown))


def _master(organization: Organization, given: TableView, shown: list[FieldInfo]) -> Master:
    """Every facility of the inputs with its attributes."""
    keys = [
        info
        for told in ("code", "name")
        for info in places.identities(organization)
        if info.name.resource == given.resource and info.tokumei.get("facility", "code") == told
    ]
    key = next((given.column(info.name.field) for info in keys if info.name.field in given.names), None)
    if key is None:
        return frozenset()
    columns = [given.column(info.name.field) for info in shown]
    rows = given.relation.query(DISTINCT, key=key, columns=columns).arrow().to_pylist()
    return frozenset((str(row["facility"]), tuple(row[column.name] for column in columns)) for row in rows)


def _judge(evidence: Evidence, view: TableView, shown: list[FieldInfo], master: Master) -> Iterator[Observation]:
    columns = [view.column(info.name.field) for info in shown]
    hidden = [set(markers(evidence, info.name)) for info in shown]
    lines = [places.lines_of(info, evidence.claim or evidence.asked) for info in shown]
    raws = [{raw[at] for _, raw in master} for at in range(len(shown))]
    fits: dict[tuple[str | None, ...], int] = {}
    counted: dict[tuple[str, int], list[int]] = {}
    for row in _combinations(view, columns).rows():
        values = tuple(
            None if row[column.name] in none else row[column.name] for column, none in zip(columns, hidden, strict=True)
        )
        if values not in fits:
            fits[values] = len(
                {
                    facility
                    for facility, raw in master
                    if all(places.is_of(*each) for each in zip(raw, values, lines, raws, strict=True))
                }
            )
        if any(value is not None for value in values):
            counted.setdefault((row["case"], row["call"]), []).append(fits[values])
    limit = least(evidence.asked, *evidence.claims)
    for (case, call), sizes in counted.items() if master else ():
        yield Premise(case=case, count=len(sizes), what="combinations")
        if min(sizes) < limit:
            params: dict[str, Any] = {"resource": view.resource, "n": min(sizes), "limit": limit}
            yield Finding(
                code="FEW_FACILITIES",
                case=case,
                call=call,
                params=params | {"combinations": sum(size < limit for size in sizes)},
                resource=view.resource,
                fields=tuple(info.name.field for info in shown),
            )


def _combinations(view: TableView, columns: list[Any]) -> Relation:
    return view.relation.query(COMBINED, columns=columns)


def applies(organization: Organization, processing: Processing) -> bool:
    """Some attribute of a facility is released."""
    return any(processing.released(info.name) for info in places.attributes(organization))


CHECK = Check(id="F-02", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)

MUTANTS = (
    Mutant(
        id="beds-as-they-are",
        kind="wrapper",
        effect=Text(
            "病床数の区分が細かいまま提供され、機能と合わせて一つの病院に絞られる。",
            "The number of beds goes out finely, and with the function it leaves one hospital.",
        ),
        precedent="NDB: attributes of fewer than 3 facilities are not shown (law §3.9)",
        trigger="a facility whose function and size few others have",
        proof="a released combination is that of one or two of the facilities",
        killed_by=("F-02",),
        pairs=("hospital",),  # no facilities elsewhere
        wrap=instead(lambda o, p: replaced(p, fields_telling(o, facility="beds"), "keep", {})),
    ),
    Mutant(
        id="largest-keeps-its-beds",
        kind="fault",
        effect=Text(
            "最も大きい病院の区分だけが元のまま残り、その病院が分かる。",
            "The class of the largest hospital alone stays as it was, and tells which it is.",
        ),
        precedent="top classes without a coarser level",
        trigger="the facility of the last class of a table",
        proof="the released class of the last line of the table is that of one facility",
        killed_by=("F-02",),
        pairs=("hospital",),  # no facilities elsewhere
        fault="largest-keeps-its-beds",
    ),
)
