"""I3-04: the order of released rows does not carry the order of input rows or source keys.

The plan ties each order to cell codes by a random assignment that the product cannot know. Whatever a
product does that is blind to the order (sorting by released values too), every assignment of ranks to cells
was equally likely: re-drawing it is an exact randomization test. Two statistics look for two kinds of order:
*rank* sees rows that run with the order or against it; *neighbours* sees rows beside those that stood beside
them, wherever the order begins and however its blocks are dealt. The calls of a stage are joined by the
largest value. Two stages on independent bundles, each at the α of the verdicts.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import getitem, mul
from random import Random
from typing import TypeAlias

from tokumei.alignment import persons_of_cells
from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Need, Observation, Premise, Request, Response, Statistic, Text
from tokumei.mutants.edits import after, subject_resource, with_table
from tokumei.stats import permutation_p

DRAWS = 40_000
"""With no draw as large, p is just below 2.5·10⁻⁵, the α of a stage."""
LOOKS = (199, 1_999)
"""Draws after which a statistic that any draw reached is left as it is: all 40,000 could not bring it below α."""
ROUNDING = 1e-12
"""A draw that equals the observed value but for the last bits counts as large as it."""
FEWEST_CELLS = 12
TABLES = 12
"""So many tables of an organization share the α of the verdicts; with more, p and draws grow alike."""

Ranks: TypeAlias = dict[tuple[str, int, str], dict[int, int]]
Rows: TypeAlias = Sequence[int]
"""The place of each released row's cell in the planned order, counted from 0; the rows in file order."""
Score: TypeAlias = Callable[[Sequence[int]], float]
"""How much the rows follow the order, when the n-th cell is given the n-th of these places."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Both statistics of one call; ``cells`` is how many places are dealt out again."""

    cells: int
    rank: Score
    neighbours: Score


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Both statistics for each table and planned order, and for the orders of two releases."""
    ranks, tables = planned_ranks(evidence), _tables(evidence)
    crowd = max(1.0, len({resource for _, resource in tables}) / TABLES)
    for (case, resource), calls in sorted(tables.items()):
        stage = next(view.stage for view in evidence.cases if view.id == case)
        for order in ("input", "key", "repeated"):
            if order == "repeated":
                known = [ranks.get((case, n, "input"), {}) for n in (0, 1)]
                pairs = _repeated(*([known[n][c] for c in calls.get(n, []) if c in known[n]] for n in (0, 1)))
            else:
                pairs = [against_plan(placed(rows, ranks.get((case, n, order), {}))) for n, rows in calls.items()]
                pairs = [pair for pair in pairs if pair.cells >= FEWEST_CELLS]
                yield from (Premise(case=case, count=pair.cells, what="cells") for pair in pairs)
            if not pairs:
                continue
            for kind, scores in (("rank", [p.rank for p in pairs]), ("neighbours", [p.neighbours for p in pairs])):
                sizes = [pair.cells for pair in pairs]
                value, p = dealt_again(sizes, scores, f"{evidence.seed}/{case}/{order}/{kind}", crowd)
                yield Statistic(
                    name=f"{resource}/{order}/{kind}",
                    stage=stage,
                    case=case,
                    value=round(value, 3),
                    p=p,
                    n=max(sizes),
                    null="places in the order dealt to cells at random",
                    code="ORDER_REPEATED" if order == "repeated" else "ORDER_OF_INPUT",
                    params={"resource": resource, "order": order, "value": round(value, 2), "p": f"{p:.1e}"},
                    resource=resource,
                )


def planned_ranks(evidence: Evidence) -> Ranks:
    found: Ranks = {}
    if "orders" in evidence.planned:
        for row in evidence.planned["orders"].rows():
            found.setdefault((row["case"], row["call"], row["name"]), {})[row["cell"]] = row["rank"]
    return found


def _tables(evidence: Evidence) -> dict[tuple[str, str], dict[int, list[int]]]:
    """For each case, table and call the cell of each row, for every table whose rows lead to the carriers."""
    cells = evidence.planned.get("cells")
    found: dict[tuple[str, str], dict[int, list[int]]] = {}
    if cells is None or not evidence.carriers:
        return found
    home = evidence.release[evidence.carriers[0].resource]
    carriers, persons = home.pick(evidence.carriers), persons_of_cells(evidence)
    if not carriers or persons is None:
        return found
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(carriers))
    for name, view in evidence.release.items():
        if name == home.resource:
            rows = home.relation.query(
                'SELECT DISTINCT r."case", r."call", r.subject, r."row", c.cell FROM {self} r JOIN {cells} c '
                'ON r."case" = c."case" AND r."call" = c."call" AND ' + on,
                cells=cells,
            )
        else:
            rows = view.relation.query(
                'SELECT r."case", r."call", r."row", p.cell FROM {self} r JOIN {persons} p '
                'ON r."case" = p."case" AND r."call" = p."call" AND r.subject = p.subject',
                persons=persons,
            )
        for row in rows.query('SELECT * FROM {self} t ORDER BY "case", "call", "row", cell').rows():
            found.setdefault((row["case"], name), {}).setdefault(row["call"], []).append(row["cell"])
    return found


def placed(cells: Sequence[int], ranks: dict[int, int]) -> Rows:
    """The cells of rows by their rank among those that were released; rows of other cells are left out."""
    known = sorted(set(cells) & ranks.keys(), key=ranks.__getitem__)
    place = {cell: n for n, cell in enumerate(known)}
    return [place[cell] for cell in cells if cell in place]


def against_plan(rows: Rows) -> Pair:
    """Against the planned order itself: a neighbour is the nearer the fewer cells are between, in a circle."""
    n = len(set(rows))
    near = {(i, j): 1 / min(j - i, n - j + i) for j in range(n) for i in range(j)}
    beside = _beside(rows)
    return _pair(n, _line(rows), _line(range(n)), beside, near, float(sum(beside.values())))


def _repeated(first: Sequence[int], second: Sequence[int]) -> list[Pair]:
    """One input place comes out at one place of both releases, or beside the same others; rows by input rank."""
    both = {rank: rank for rank in set(first) & set(second)}
    if len(both) < FEWEST_CELLS:
        return []
    first, second = placed(first, both), placed(second, both)
    one, two = _beside(first), _beside(second)
    most = math.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in two.values()))
    return [_pair(len(both), _line(second), _line(first), two, one, most)]


def _line(rows: Rows) -> list[float]:
    """For each cell where its rows stand on average, among the cells; the mean is 0 and the length 1."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, cell in enumerate(rows):
        places[cell].append(place)
    order = sorted(places, key=lambda cell: sum(places[cell]) / len(places[cell]))
    middle, length = (len(order) - 1) / 2, math.sqrt(len(order) * (len(order) ** 2 - 1) / 12) or 1.0
    at = {cell: (n - middle) / length for n, cell in enumerate(order)}
    return [at[cell] for cell in sorted(at)]


def _beside(rows: Rows) -> Counter[tuple[int, int]]:
    """How often rows of two different cells are neighbours."""
    return Counter((min(a, b), max(a, b)) for a, b in pairwise(rows) if a != b)


def _pair(
    cells: int,
    line: list[float],
    order: list[float],
    beside: Mapping[tuple[int, int], int],
    near: Mapping[tuple[int, int], float],
    most: float,
) -> Pair:
    """|Spearman| of two lines, and the nearness of all neighbours as a share of ``most``."""
    ones, others, weights = [i for i, _ in beside], [j for _, j in beside], list(beside.values())
    table = [[near.get((min(i, j), max(i, j)), 0) for j in range(cells)] for i in range(cells)]

    def rank(places: Sequence[int]) -> float:
        return abs(float(sum(map(mul, line, map(order.__getitem__, places)))))

    def neighbours(places: Sequence[int]) -> float:
        at = places.__getitem__
        rows = map(table.__getitem__, map(at, ones))
        return float(sum(map(mul, weights, map(getitem, rows, map(at, others))))) / (most or 1.0)

    return Pair(cells, rank, neighbours)


def dealt_again(sizes: Sequence[int], scores: Sequence[Score], seed: str, crowd: float) -> tuple[float, float]:
    """The largest score of the calls and its randomization p-value, times ``crowd``."""
    random = Random(seed)
    dealt = [list(range(size)) for size in sizes]
    observed = max(score(places) for score, places in zip(scores, dealt, strict=True))
    draws: list[float] = []
    every = math.ceil(DRAWS * crowd)
    for most in (*(look for look in LOOKS if look < every), every):
        while len(draws) < most:
            for places in dealt:
                random.shuffle(places)
            draws.append(max(score(places) for score, places in zip(scores, dealt, strict=True)))
        if max(draws) >= observed - ROUNDING:
            break
    return observed, min(permutation_p(observed - ROUNDING, draws) * crowd, 1.0)


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
