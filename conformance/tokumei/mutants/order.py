"""Mutants of the order of rows: it tells when a person was registered or where they stand in the source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from tokumei.clause import Mutant
from tokumei.model import Request, Response, Text
from tokumei.mutants.edits import after, steps, subject_resource, with_table


def _places(
    request: Request, response: Response, rank: Callable[[list[dict[str, str | None]]], list[int]]
) -> list[int]:
    """For each released row the rank of the first input row with the same kept values."""
    resource = subject_resource(request)
    table = response.data[resource]
    kept = [str(n).split(".", 1) for s in steps(request, "keep") for n in s["fields"]]
    fields = [field for name, field in kept if name == resource and field in table.column_names]
    source = request.data[resource].to_pylist()
    first: dict[tuple[object, ...], int] = {}
    for row, place in zip(source, rank(source), strict=True):
        first.setdefault(tuple(row[field] for field in fields), place)
    return [first.get(tuple(row[field] for field in fields), 0) for row in table.to_pylist()]


def _arranged(by: Callable[[Request, Response], list[object]]) -> Callable[[Request, Response], Response]:
    def change(request: Request, response: Response) -> Response:
        resource = subject_resource(request)
        table = response.data.get(resource)
        if table is None or not table.num_rows:
            return response
        keys = by(request, response)
        return with_table(response, resource, table.take(sorted(range(len(keys)), key=lambda i: keys[i])))  # type: ignore[arg-type,return-value]

    return change


def _input(rows: list[dict[str, str | None]]) -> list[int]:
    return list(range(len(rows)))


def _backwards(request: Request, response: Response) -> list[object]:
    """The last registered first."""
    return [-place for place in _places(request, response, _input)]


def _in_quarters(request: Request, response: Response) -> list[object]:
    """Four parts in the order of the input, mixed inside."""
    places = _places(request, response, _input)
    part = max(1, (max(places) + 1) // 4)
    return [(p // part, hashlib.sha256(f"{i}/{p}".encode()).hexdigest()) for i, p in enumerate(places)]


def _by_source_key(request: Request, response: Response) -> list[object]:
    key = str(request.organization["tokumei"]["subjects"]["key"]).split(".", 1)[1]

    def rank(rows: list[dict[str, str | None]]) -> list[int]:
        order = {value: n for n, value in enumerate(sorted({row[key] or "" for row in rows}))}
        return [order[row[key] or ""] for row in rows]

    return list(_places(request, response, rank))


def _rotated(request: Request, response: Response) -> list[object]:
    """The order of the input, begun at a place that the secret chooses."""
    places = _places(request, response, _input)
    by = sorted(range(len(places)), key=places.__getitem__)
    start = _draw(request, "start") % len(by)
    found = dict(zip(by, ((n + start) % len(by) for n in range(len(by))), strict=True))
    return [found[i] for i in range(len(places))]


def _tens_dealt(request: Request, response: Response) -> list[object]:
    """Tens of rows in the order of the input; the tens are dealt out by the secret."""
    places = _places(request, response, _input)
    by = sorted(range(len(places)), key=places.__getitem__)
    found = {i: (_draw(request, f"ten/{n // 10}"), n) for n, i in enumerate(by)}
    return [found[i] for i in range(len(places))]


def _fixed_and_rotated(request: Request, response: Response) -> list[object]:
    """One permutation of the input for every release, begun at a place that the secret chooses."""
    places = _places(request, response, _input)
    by = sorted(range(len(places)), key=places.__getitem__)
    fixed = sorted(range(len(by)), key=lambda n: hashlib.sha256(f"fixed/{n}".encode()).hexdigest())
    start = _draw(request, "start") % len(by)
    found = {by[n]: (place + start) % len(by) for place, n in enumerate(fixed)}
    return [found[i] for i in range(len(places))]


def _draw(request: Request, what: str) -> int:
    secret = next(iter(request.secrets.values()), b"")
    return int(hashlib.sha256(secret + what.encode()).hexdigest(), 16)


MUTANTS = (
    Mutant(
        id="order-rotated",
        kind="wrapper",
        effect=Text(
            "どこから始まるかだけを変えた登録順で、隣の行は登録でも隣である。",
            "The order of registration begins elsewhere, and rows side by side were registered side by side.",
        ),
        precedent="NII 2017 並び順; a ring buffer read from a random place",
        trigger="every release",
        proof="rows are sorted by the input place of their kept values, then rotated",
        killed_by=("I3-04",),
        wrap=after(_arranged(_rotated)),
    ),
    Mutant(
        id="order-tens-dealt",
        kind="wrapper",
        effect=Text(
            "10行ずつの束を並べ替えるだけで、束の中は登録順である。",
            "Tens of rows are dealt out, and inside each the order of registration remains.",
        ),
        precedent="NSTAC random re-ordering; shuffling of chunks",
        trigger="more than ten rows",
        proof="nine of ten rows stand before the row that followed them in the input",
        killed_by=("I3-04",),
        wrap=after(_arranged(_tens_dealt)),
    ),
    Mutant(
        id="order-fixed-and-rotated",
        kind="wrapper",
        effect=Text(
            "並べ替えは毎回同じで始まりだけが違い、別の提供の行と対応が付く。",
            "The same permutation begins elsewhere each time and still pairs the rows of two releases.",
        ),
        precedent="Australian MBS 2016: weak random numbers",
        trigger="two releases of the same number of rows",
        proof="the same input places are neighbours in both releases",
        killed_by=("I3-04",),
        wrap=after(_arranged(_fixed_and_rotated)),
    ),
    Mutant(
        id="order-backwards",
        kind="wrapper",
        effect=Text(
            "逆順でも登録の順番が分かる。", "Turned round, the order of rows still tells the order of registration."
        ),
        precedent="NII 2017 並び順; NSTAC random re-ordering",
        trigger="every release",
        proof="rows are sorted by the input place of their kept values, backwards",
        killed_by=("I3-04",),
        wrap=after(_arranged(_backwards)),
    ),
    Mutant(
        id="order-in-quarters",
        kind="wrapper",
        effect=Text(
            "四半期ごとにまとまるため、登録の時期が分かる。",
            "Rows stand in four parts, which tell when a person was registered.",
        ),
        precedent="NSTAC random re-ordering; files appended one after another",
        trigger="every release",
        proof="each quarter of the release comes from one quarter of the input",
        killed_by=("I3-04",),
        wrap=after(_arranged(_in_quarters)),
    ),
    Mutant(
        id="order-of-source-keys",
        kind="wrapper",
        effect=Text(
            "元の患者番号の順に並び、番号の一覧と突き合わせられる。",
            "Rows stand in the order of source keys and can be laid beside a list of them.",
        ),
        precedent="NII 2017 並び順; databases return rows by primary key",
        trigger="every release",
        proof="rows are sorted by the source key of the first person with their kept values",
        killed_by=("I3-04",),
        wrap=after(_arranged(_by_source_key)),
    ),
    Mutant(
        id="order-by-key",
        kind="fault",
        effect=Text("元の番号の順に並ぶ。", "Rows are sorted by the source key."),
        precedent="NII 2017 並び順",
        trigger="every release",
        proof="the order of rows is that of the source keys",
        killed_by=("I3-04",),
        fault="order-by-key",
    ),
    Mutant(
        id="order-fixed",
        kind="fault",
        effect=Text(
            "並べ替えが毎回同じで、別の提供の行と対応が付く。",
            "The same permutation every time pairs the rows of two releases.",
        ),
        precedent="Australian MBS 2016: weak random numbers",
        trigger="two releases of the same number of rows",
        proof="the permutation depends on the place alone",
        killed_by=("I3-04",),
        fault="order-fixed",
    ),
    Mutant(
        id="order-in-blocks",
        kind="fault",
        effect=Text(
            "10行ずつの中でしか混ぜないため、登録の時期が分かる。",
            "Rows are mixed in blocks of ten only, so the time of registration shows.",
        ),
        precedent="NSTAC random re-ordering; streaming in chunks",
        trigger="more than ten rows",
        proof="no row leaves its block",
        killed_by=("I3-04",),
        fault="order-in-blocks",
    ),
)
