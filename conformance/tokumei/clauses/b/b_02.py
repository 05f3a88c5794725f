"""B-02: fails closed: an input that cannot be processed gives no data, neither beside the error nor in part."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from tokumei.alignment import persons_of_cells
from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Call, Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.relation import Relation

FEWEST = 3
"""So many planned groups on either side of the bad row: a product may suppress one of its own accord."""

PRESENT = """
SELECT r."case", r."call", count(DISTINCT o.cell) FILTER (WHERE o.rank < 0) AS earlier,
  count(DISTINCT o.cell) FILTER (WHERE o.rank > 0) AS later
FROM {self} r
JOIN {coded} p ON r."case" = p."case" AND r."call" = p."call" AND r.subject = p.subject
JOIN {orders} o ON o."case" = p."case" AND o."call" = p."call" AND o.cell = p.cell AND o.name = 'broken'
GROUP BY r."case", r."call"
"""

PLANNED = """
SELECT "case", "call", count(*) FILTER (WHERE rank > 0) AS later
FROM {self} t WHERE name = 'broken' GROUP BY "case", "call"
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look beside every answer to an input with a fault, and at who is left in what was released in spite of it."""
    for case in evidence.cases:
        for number, (call, expects) in enumerate(zip(case.calls, case.expects, strict=False)):
            if expects == "release":
                continue
            yield Premise(case=case.id, count=1, what="broken inputs")
            files = partial(call)
            if files:
                said = call.trouble or (call.response.status if call.response else "")
                yield Finding(
                    code="PARTIAL_RELEASE", case=case.id, call=number, params={"n": len(files), "status": said}
                )
            if expects == "refusal" and call.released:
                yield Finding(code="CUT_INPUT_RELEASED", case=case.id, call=number)
    yield from _lost(evidence)


def partial(call: Call) -> tuple[str, ...]:
    """The places below ``data/`` that hold a row although the call gave no release; a header alone is none."""
    if call.response is None:
        return tuple(path for path, text in call.left.items() if path.startswith("response/data/") and _rows(text))
    if call.response.status == "ok":
        return ()
    tables = [f"data/{name}" for name, table in call.response.data.items() if table.num_rows]
    others = [path for path, text in call.response.extra.items() if path.startswith("data/") and _rows(text)]
    return (*tables, *others)


def _rows(text: str) -> bool:
    return len(text.strip().splitlines()) > 1


def _lost(evidence: Evidence) -> Iterator[Finding]:
    """Tables that hold planned groups of before the bad row and none of the groups after it."""
    orders, coded = evidence.planned.get("orders"), persons_of_cells(evidence)
    if orders is None or coded is None:
        return
    planned = {(row["case"], row["call"]): row["later"] for row in orders.query(PLANNED).rows()}
    for name, view in sorted(evidence.release.items()):
        for row in _present(view.relation, coded, orders):
            after = planned.get((row["case"], row["call"]), 0)
            if row["earlier"] >= FEWEST and after >= FEWEST and not row["later"]:
                yield Finding(
                    code="REST_LOST",
                    case=row["case"],
                    call=row["call"],
                    params={"resource": name, "n": after},
                    resource=name,
                )


def _present(relation: Relation, coded: Relation, orders: Relation) -> list[dict[str, Any]]:
    return relation.query(PRESENT, coded=coded, orders=orders).rows()


CHECK = Check(id="B-02", needs=(Need.FAULT,), judge=judge)

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _stops_at_a_bad_row(product: Product) -> Product:
    """The reader takes the first date that it cannot read for the end of the table."""

    def broken(request: Request) -> Response:
        data = dict(request.data)
        for resource in request.organization["resources"]:
            table = data[resource["name"]]
            for field in resource["schema"]["fields"]:
                if field["type"] == "date" and field["name"] in table.column_names:
                    cells = table.column(field["name"]).to_pylist()
                    bad = next((n for n, cell in enumerate(cells) if cell and not _DATE.fullmatch(cell)), len(cells))
                    table = table.slice(0, bad)
            data[resource["name"]] = table
        return product(dataclasses.replace(request, data=data))

    return broken


MUTANTS = (
    Mutant(
        id="stops-at-a-bad-row",
        kind="wrapper",
        effect=Text(
            "不正な行より後の記録が黙って失われ、正常な結果として提供される。",
            "Whatever comes after a faulty row is lost in silence and released as if it were complete.",
        ),
        precedent="row limit of a spreadsheet: 15,841 cases lost, England 2020; readers that end at what they cannot parse",
        trigger="a date that cannot be read",
        proof="the table ends before the bad row",
        killed_by=("B-02",),
        wrap=_stops_at_a_bad_row,
    ),
    Mutant(
        id="half-written-on-error",
        kind="fault",
        effect=Text(
            "途中まで書いた表が、エラーの応答の隣に残る。", "A table that was written in part stays beside the error."
        ),
        precedent="writers that stream rows into the released file",
        trigger="an input that is refused because of a row",
        proof="data/ holds the rows before the bad one and the status is refused",
        killed_by=("B-02",),
        fault="half-written-on-error",
    ),
)
