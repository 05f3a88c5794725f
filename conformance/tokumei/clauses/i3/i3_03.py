"""I3-03: the order of new identifiers does not carry the order of the input, of source keys or of time.

The persons of a release are laid in the order of their new identifiers, numbers as numbers and text as text, and
that order is tested as I3-04 tests the order of rows: the plan ties the three orders to cell codes by random
assignments that the product cannot know, and re-draws them. Two releases are joined by the largest value, and two
stages on independent bundles must both reject.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from tokumei.alignment import persons_of_cells
from tokumei.clause import Check, Mutant
from tokumei.clauses.i3.i3_04 import FEWEST_CELLS, against_plan, dealt_again, placed, planned_ranks
from tokumei.declarations import PSEUDONYMS, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Need, Observation, Premise, Request, Response, Statistic, Text
from tokumei.mutants.edits import after, subject_resource
from tokumei.relation import Relation

CODES = {"input": "ORDER_OF_INPUT", "key": "ORDER_OF_KEY", "day": "ORDER_OF_DAY"}
"""The planned orders, and what is found where identifiers follow one."""
FIELDS = 12
"""So many fields of an organization share the α of the verdicts: 12 fields, 3 orders and 2 statistics of two
organizations are 144 statistics, of 160 (``ALPHA_STAGE``). With more, p and draws grow alike."""
MARKERS = ("", "*")
"""What stands for a missing or suppressed value is no identifier."""

_NUMBERED = re.compile(r"(\D*)([0-9]+)(\D*)")

VALUES = """
SELECT r."case", r."call", {column} AS v, min(p.cell) AS cell FROM {self} r
JOIN {coded} p ON r."case" = p."case" AND r."call" = p."call" AND r.subject = p.subject
WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
GROUP BY r."case", r."call", {column} HAVING min(p.cell) = max(p.cell)
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Both statistics of I3-04 for every field of new identifiers and every planned order."""
    ranks, coded = planned_ranks(evidence), persons_of_cells(evidence)
    if coded is None:
        return
    fields = _fields(evidence)
    crowd = max(1.0, len(fields) / FIELDS)
    stages = {view.id: view.stage for view in evidence.cases}
    for name, view in fields.items():
        for case, calls in sorted(_cells_in_order(view, name, coded).items()):
            for order, code in CODES.items():
                pairs = [against_plan(placed(cells, ranks.get((case, n, order), {}))) for n, cells in calls.items()]
                pairs = [pair for pair in pairs if pair.cells >= FEWEST_CELLS]
                yield from (Premise(case=case, count=pair.cells, what="cells") for pair in pairs)
                if not pairs:
                    continue
                sizes = [pair.cells for pair in pairs]
                for kind in ("rank", "neighbours"):
                    scores = [getattr(pair, kind) for pair in pairs]
                    value, p = dealt_again(sizes, scores, f"{evidence.seed}/{case}/{name}/{order}/{kind}", crowd)
                    shown = {"field": name.field, "value": round(value, 2), "p": f"{p:.1e}"}
                    yield Statistic(
                        name=f"{name}/{order}/{kind}",
                        stage=stages[case],
                        case=case,
                        value=round(value, 3),
                        p=p,
                        n=max(sizes),
                        null="places in the order dealt to cells at random",
                        code=code,
                        params={"resource": name.resource, **shown},
                        resource=name.resource,
                    )


def _fields(evidence: Evidence) -> dict[FieldName, TableView]:
    """The released fields of new identifiers; a reference repeats what it refers to."""
    claim, organization = evidence.claim or evidence.asked, evidence.organization
    references = {key.field for resource in organization.resources for key in resource.foreign_keys}
    names = {name for step in claim.with_technique(*PSEUDONYMS) for name in step.fields} - references
    found = {name: evidence.release.get(name.resource) for name in sorted(names, key=str)}
    return {name: view for name, view in found.items() if view is not None and name.field in view.names}


def _cells_in_order(view: TableView, name: FieldName, coded: Relation) -> Mapping[str, dict[int, list[int]]]:
    """For each case and call the cells in the order of the identifiers; one that several cells share is left out."""
    rows = view.relation.query(VALUES, column=view.column(name.field), coded=coded, markers=MARKERS).rows()
    found: defaultdict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row["case"], row["call"]][row["v"]] = row["cell"]
    cells: defaultdict[str, dict[int, list[int]]] = defaultdict(dict)
    for (case, call), of in sorted(found.items()):
        cells[case][call] = [of[value] for value in in_order(of)]
    return cells


def in_order(values: Iterable[str]) -> list[str]:
    """Numbers as numbers, also with one text before and after all of them; anything else as text."""
    texts = sorted(values)
    parts = [_NUMBERED.fullmatch(text) for text in texts]
    around = {(part[1], part[3]) if part else None for part in parts}
    if len(around) != 1 or None in around:
        return texts
    return sorted(texts, key=lambda text: (int(re.sub(r"\D", "", text)), text))


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field is replaced by a new identifier."""
    del organization
    return bool(processing.with_technique(*PSEUDONYMS))


CHECK = Check(
    id="I3-03",
    needs=(Need.RELEASE, Need.CLAIM, Need.ALIGNMENT_CELL, Need.PERMUTED),
    judge=judge,
    kind="statistical",
    applies=applies,
)


def _serial_by_key(request: Request, response: Response) -> Response:
    """The new identifiers are replaced by serial numbers in the order of the source keys, in every table."""
    resource, key = str(request.organization["tokumei"]["subjects"]["key"]).split(".", 1)
    table = response.data.get(subject_resource(request))
    if table is None or key not in table.column_names:
        return response
    source = request.data[resource]
    kept = [
        name.split(".", 1)[1]
        for step in request.processing["steps"]
        if step["technique"] == "keep"
        for name in step["fields"]
        if name.split(".", 1)[0] == resource
    ]
    kept = [name for name in kept if name in table.column_names]
    smallest: dict[tuple[object, ...], str] = {}
    for of, row in zip(source.column(key).to_pylist(), source.select(kept).to_pylist(), strict=True):
        at = tuple(row.values())
        smallest[at] = min(of or "", smallest.get(at, of or ""))
    first: dict[str, str] = {}
    for given, row in zip(table.column(key).to_pylist(), table.select(kept).to_pylist(), strict=True):
        first.setdefault(given or "", smallest.get(tuple(row.values()), ""))
    serial = {given: str(n) for n, given in enumerate(sorted(first, key=lambda given: (first[given], given)), 1)}
    return dataclasses.replace(response, data={n: _renamed(t, serial) for n, t in response.data.items()})


def _renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    columns = [[names.get(v, v) if v else v for v in table.column(c).to_pylist()] for c in table.column_names]
    return pa.table([pa.array(column, pa.string()) for column in columns], names=table.column_names)


MUTANTS = (
    Mutant(
        id="serial-by-source-key",
        kind="wrapper",
        effect=Text(
            "通し番号が元の番号の順に振られ、番号の一覧と突き合わせられる。",
            "Serial numbers run in the order of source keys and can be laid beside a list of them.",
        ),
        precedent="factorize(sort=True) and DENSE_RANK over the key; NII 2017 並び順",
        trigger="every release",
        proof="new numbers rise with the source keys of the people who share the kept values",
        killed_by=("I3-03",),
        wrap=after(_serial_by_key),
    ),
    Mutant(
        id="time-ordered-ids",
        kind="fault",
        effect=Text(
            "識別子の先頭が処理した順に増えるため、登録の順番が分かる。",
            "The head of an identifier grows as rows are processed and tells the order of registration.",
        ),
        precedent="UUID version 1 and 7, ULID: sortable by the time at which they were made (RFC 9562)",
        trigger="every release",
        proof="the first 12 digits are a counter of first appearance",
        killed_by=("I3-03",),
        fault="time-ordered-ids",
    ),
)
