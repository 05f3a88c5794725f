"""I3-04: the order of released rows does not carry the order of input rows or source keys.

The plan ties each order to cell codes by a random assignment that the product cannot know. Whatever a
product does that is blind to the order (sorting by released values too), every assignment of ranks to cells
was equally likely: re-drawing it is an exact randomization test. Two stages on independent bundles, each
at the α of the verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Need, Observation, Premise, Request, Response, Statistic, Text
from tokumei.mutants.edits import after, subject_resource, with_table
from tokumei.stats import permutation_p, spearman

DRAWS = 39_999
SCREEN = 199
"""Draws of a first look: a statistic that a few draws already reach is not worth 39,999."""
FEWEST_CELLS = 12


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Spearman between the planned rank of a cell and the mean place of its rows, for each planned order."""
    ranks = _ranks(evidence)
    for (case, resource), calls in _places(evidence).items():
        stage = next(view.stage for view in evidence.cases if view.id == case)
        for call, places in calls.items():
            for order in ("input", "key"):
                rank = ranks.get((case, call, order), {})
                cells = sorted(rank.keys() & places.keys())
                if len(cells) < FEWEST_CELLS:
                    continue
                value, p = _test(
                    [rank[c] for c in cells], [places[c] for c in cells], f"{evidence.seed}/{case}/{call}/{order}"
                )
                yield Premise(case=case, count=len(cells), what="cells")
                yield Statistic(
                    name=f"{resource}/{order}",
                    stage=stage,
                    case=case,
                    value=round(value, 3),
                    p=p,
                    n=len(cells),
                    null="ranks assigned to cells at random",
                    code="ORDER_OF_INPUT",
                    params={"resource": resource, "order": order, "value": round(value, 2), "p": f"{p:.1e}"},
                    resource=resource,
                )
        if 0 in calls and 1 in calls:
            yield from _repeated(evidence, ranks, case, resource, stage, calls)


def _repeated(
    evidence: Evidence, ranks: Ranks, case: str, resource: str, stage: int, calls: Places
) -> Iterator[Observation]:
    """The same permutation in two releases: blocks of one input place come out at one output place."""
    by_place = []
    for call in (0, 1):
        rank = ranks.get((case, call, "input"), {})
        by_place.append({rank[c]: place for c, place in calls[call].items() if c in rank})
    common = sorted(by_place[0].keys() & by_place[1].keys())
    if len(common) < FEWEST_CELLS:
        return
    value, p = _test(
        [by_place[0][r] for r in common], [by_place[1][r] for r in common], f"{evidence.seed}/{case}/repeat"
    )
    yield Statistic(
        name=f"{resource}/repeated",
        stage=stage,
        case=case,
        value=round(value, 3),
        p=p,
        n=len(common),
        null="ranks assigned to cells at random in the second release",
        code="ORDER_REPEATED",
        params={"resource": resource, "value": round(value, 2), "p": f"{p:.1e}"},
        resource=resource,
    )


Ranks = dict[tuple[str, int, str], dict[int, int]]
Places = dict[int, dict[int, float]]


def _ranks(evidence: Evidence) -> Ranks:
    found: Ranks = {}
    if "orders" in evidence.planned:
        for row in evidence.planned["orders"].rows():
            found.setdefault((row["case"], row["call"], row["name"]), {})[row["cell"]] = row["rank"]
    return found


def _places(evidence: Evidence) -> dict[tuple[str, str], Places]:
    """The mean output row of every cell, for every table whose rows lead to the carriers."""
    cells = evidence.planned.get("cells")
    found: dict[tuple[str, str], Places] = {}
    if cells is None or not evidence.carriers:
        return found
    home = evidence.release[evidence.carriers[0].resource]
    carriers = home.pick(evidence.carriers)
    if not carriers:
        return found
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(carriers))
    coded = home.relation.query(
        'SELECT DISTINCT r."case", r."call", r.subject, r."row", c.cell FROM {self} r JOIN {cells} c '
        'ON r."case" = c."case" AND r."call" = c."call" AND ' + on,
        cells=cells,
    )
    for name, view in evidence.release.items():
        if name == home.resource:
            rows = coded.query(
                'SELECT "case", "call", cell, avg("row") AS place FROM {self} t GROUP BY "case", "call", cell'
            )
        else:
            rows = view.relation.query(
                'SELECT r."case", r."call", p.cell, avg(r."row") AS place FROM {self} r JOIN '
                '(SELECT DISTINCT "case", "call", subject, cell FROM {coded} q) p '
                'ON r."case" = p."case" AND r."call" = p."call" AND r.subject = p.subject '
                'GROUP BY r."case", r."call", p.cell',
                coded=coded,
            )
        for row in rows.rows():
            found.setdefault((row["case"], name), {}).setdefault(row["call"], {})[row["cell"]] = row["place"]
    return found


def _test(ranks: list[float] | list[int], places: list[float], seed: str) -> tuple[float, float]:
    """|Spearman| and its randomization p-value."""
    random = Random(seed)
    observed = abs(spearman(ranks, places))
    values = [float(rank) for rank in ranks]
    draws: list[float] = []
    for n in (SCREEN, DRAWS - SCREEN):
        for _ in range(n):
            random.shuffle(values)
            draws.append(abs(spearman(values, places)))
        p = permutation_p(observed, draws)
        if p > 0.01:
            break
    return observed, p


CHECK = Check(
    id="I3-04", needs=(Need.RELEASE, Need.CLAIM, Need.ALIGNMENT_CELL, Need.PERMUTED), judge=judge, kind="statistical"
)


def _sorted_like_input(request: Request, response: Response) -> Response:
    """Sort the released rows as the product's own map from input rows would: by the kept carriers' input order."""
    resource = subject_resource(request)
    source, table = request.data[resource], response.data[resource]
    kept = [
        name.split(".", 1)[1]
        for step in request.processing["steps"]
        if step["technique"] == "keep"
        for name in step["fields"]
        if name.split(".")[0] == resource
    ]
    kept = [name for name in kept if name in table.column_names]
    first: dict[tuple[object, ...], int] = {}
    for place, row in enumerate(source.select(kept).to_pylist()):
        first.setdefault(tuple(row.values()), place)
    order = [first.get(tuple(row.values()), 0) for row in table.select(kept).to_pylist()]
    return with_table(response, resource, table.take(sorted(range(len(order)), key=order.__getitem__)))


MUTANTS = (
    Mutant(
        id="restores-the-order",
        kind="wrapper",
        effect=Text("行の並びから、登録の順番が分かる。", "The order of rows tells the order of registration."),
        precedent="NII 2017 並び順; NSTAC random re-ordering",
        trigger="every release",
        proof="rows are sorted by the input place of their kept values",
        killed_by=("I3-04",),
        wrap=after(_sorted_like_input),
    ),
    Mutant(
        id="order-kept",
        kind="fault",
        effect=Text("行が登録順のまま提供される。", "Rows are released in the order of registration."),
        precedent="NII 2017 並び順",
        trigger="every release",
        proof="no row changes its place",
        killed_by=("I3-04",),
        fault="order-kept",
    ),
)
