"""B-05: the same input with another secret gives other identifiers, other offsets of dates, another order of rows.

What a secret decides is drawn anew, so that two releases agree in it by chance only. Planned cells tell whose
identifiers and dates are compared, though nobody's row is known. A product may lay its rows in the order of released
values; rows whose place no released value explains must not stand at the same place twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from tokumei.alignment import agreement, persons_of_cells, values_of_cells
from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_table
from tokumei.relation import Relation
from tokumei.representation import markers
from tokumei.shifted import by_cell, first_days, shift_of
from tokumei.stats import binomial_tail, permuted_upper

ALPHA = 1e-9
"""For each field, table and case: a hundred of them stay at 10⁻⁷."""
WIDE_BITS = 64
"""From this width on, one common value is beyond chance: n² / 2⁶⁴ < 10⁻⁹ for 100,000 persons."""
REDRAWN = (*sorted(PSEUDONYMS), "noise", "swap", "synthesize")
"""Techniques that give a cell a value drawn for this release. Only identifiers say nothing of the person, so that others
agree by chance only: with little noise, or few values that are swapped, most values stay as they are."""

COMMON = """
SELECT "case", count(*) AS n, count(*) FILTER (WHERE calls > 1) AS same FROM (
  SELECT "case", {column} AS v, count(DISTINCT "call") AS calls FROM {self} t
  WHERE {column} IS NOT NULL AND {column} NOT IN {markers} GROUP BY "case", {column}
) u GROUP BY "case"
"""
ROWS = """
SELECT r."case", r."call", r."row", coalesce(p.cell, -1) AS cell, {columns} FROM {self} r
LEFT JOIN {coded} p ON r."case" = p."case" AND r."call" = p."call" AND r.subject = p.subject
ORDER BY r."case", r."call", r."row", p.cell
"""

Row = tuple[int, tuple[str | None, ...]]
"""The cell of a released row, -1 for all that are in none, and its released values that no secret decides."""


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Compare the two releases of every case: values that were drawn, offsets, places of rows."""
    claim = evidence.claim or evidence.asked
    fields = {name for step in claim.with_technique(*PSEUDONYMS) for name in step.fields}
    views = evidence.release
    wide = _wide(claim)
    for name in sorted(fields, key=str):
        if name.resource in views and name.field in views[name.resource].names:
            yield from _values(evidence, name, name in wide, alpha)
    yield from _offsets(evidence, claim, alpha)
    dealt = {
        n.resource for s in (*evidence.asked.steps, *claim.steps) if s.technique == "shuffle-rows" for n in s.fields
    }
    coded = persons_of_cells(evidence)
    persons = evidence.organization.subject_key.resource  # rows of visits lie in blocks, and their places together
    if coded is not None and persons in dealt & views.keys():
        yield from _places(evidence, claim, views[persons], coded, alpha)


def _wide(claim: Processing) -> set[FieldName]:
    """The identifiers of which one common value is beyond chance."""
    bits = {name: s.params.get("bits", 0) for s in claim.with_technique(*PSEUDONYMS) for name in s.fields}
    return {name for name, n in bits.items() if isinstance(n, int) and n >= WIDE_BITS}


def _values(evidence: Evidence, name: FieldName, wide: bool, alpha: float) -> Iterator[Observation]:
    view = evidence.release[name.resource]
    common = view.relation.query(COMMON, column=view.column(name.field), markers=markers(evidence, name)).rows()
    for row in common if wide else ():
        yield Premise(case=row["case"], count=row["n"], what="values that a secret decides")
        if row["same"]:
            yield _finding("DRAWN_AGAIN", row["case"], name, n=row["same"], of=row["n"])
    rows = [] if wide else values_of_cells(evidence, name)
    for case in evidence.cases:
        own = [(row["call"], row["person"], row["cell"], row["v"]) for row in rows if row["case"] == case.id]
        observed, expected, n = agreement(own, Random(f"{evidence.seed}/{case.id}/{name}"))
        if n:
            yield Premise(case=case.id, count=n, what="values that a secret decides")
        if n and permuted_upper(observed, expected) < alpha:
            yield _finding("DRAWN_AGAIN", case.id, name, n=observed, of=n)


def _offsets(evidence: Evidence, claim: Processing, alpha: float) -> Iterator[Observation]:
    """Persons of a cell begin on the days on which somebody of it began in the other release, more often than by chance."""
    shift = shift_of(claim)
    if shift is None:
        return
    firsts = first_days(evidence, shift.fields, "release")
    for case in evidence.cases:
        before, later = by_cell(firsts.get((case.id, 0), ())), firsts.get((case.id, 1), ())
        known = [(set(before[cell]), day) for _, cell, day in later if cell in before]
        if not known:
            continue
        yield Premise(case=case.id, count=len(known), what="values that a secret decides")
        again = sum(day in days for days, day in known)
        # Whole weeks: of the days of a cell, those of one weekday can be reached.
        alike = [max(Counter(day % 7 for day in days).values()) for days, _ in known]
        mean = sum(min(1.0, n * shift.chance(1)) for n in alike) / len(known)
        # The mean of unequal chances gives a bound of the tail above it (Hoeffding 1956).
        if again >= mean * len(known) + 1 and binomial_tail(again, len(known), mean) < alpha:
            yield _finding("OFFSET_AGAIN", case.id, shift.fields[0], n=again, of=len(known))


def _places(
    evidence: Evidence, claim: Processing, view: TableView, coded: Relation, alpha: float
) -> Iterator[Observation]:
    """Rows of one cell stand at the same places of both releases, more often than dealing them out explains."""
    drawn = {name.field for s in claim.with_technique(*REDRAWN, "date-shift") for name in s.fields}
    drawn |= {info.name.field for info in evidence.organization.fields() if "link" in info.classes}
    kept = [column for name, column in view.names.items() if name not in drawn]
    if not kept:
        return
    found: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in view.relation.query(ROWS, columns=tuple(kept), coded=coded).rows():
        found[row["case"], row["call"]].append((row["cell"], tuple(row[column.name] for column in kept)))
    for case in evidence.cases:
        one, two = found[case.id, 0], found[case.id, 1]
        if not one or not two:
            continue
        yield Premise(case=case.id, count=len(one), what="values that a secret decides")
        parts = list(unexplained(one, two))
        for first, second in parts:
            same, mean = same_places(first, second)
            if permuted_upper(same, mean) < alpha / len(parts):
                shown = {"resource": view.resource, "n": same, "of": len(first)}
                yield Finding(code="PLACE_AGAIN", case=case.id, call=1, params=shown, resource=view.resource)
                break


def unexplained(one: Sequence[Row], two: Sequence[Row]) -> Iterator[tuple[Sequence[Row], Sequence[Row]]]:
    """The parts of both releases in which no released value says where a row stands.

    A part is divided by a value whose rows lie together, and in the same order of values, in both; last by all values. Parts
    of a value that one release has oftener are left out: their rows have moved.
    """
    every = len(one[0][1]) if one else 0
    for column in (*range(every), None):
        first, second = (_together(rows, column) for rows in (one, two))
        if first is None or second is None or len(first) < 2:
            continue
        if [value for value in first if value in second] == [value for value in second if value in first]:
            for value, part in first.items():
                other = second.get(value, ())
                if len(part) == len(other):
                    yield from unexplained(part, other)
            return
    if len(one) == len(two):
        yield one, two


def _together(rows: Sequence[Row], column: int | None) -> dict[object, list[Row]] | None:
    """The rows of each value, in the order of the values; None where a value comes again after another."""
    runs: dict[object, list[Row]] = {}
    last: object = runs
    for row in rows:
        value: object = row[1] if column is None else row[1][column]
        if value != last and value in runs:
            return None
        runs.setdefault(value, []).append(row)
        last = value
    return runs


def same_places(one: Sequence[Row], two: Sequence[Row]) -> tuple[int, float]:
    """At how many places a row of the same cell stands in both, and how many that were if the second were dealt out."""
    cells: tuple[Mapping[int, int], ...] = tuple(Counter(c for c, _ in rows if c >= 0) for rows in (one, two))
    same = sum(a == b >= 0 for (a, _), (b, _) in zip(one, two, strict=True))
    return same, sum(n * cells[1].get(cell, 0) for cell, n in cells[0].items()) / max(1, len(one))


def _finding(code: str, case: str, name: FieldName, **params: object) -> Finding:
    shown = {"resource": name.resource, "field": name.field, **params}
    return Finding(code=code, case=case, call=1, params=shown, resource=name.resource, fields=(name.field,))


def applies(organization: Organization, processing: Processing) -> bool:
    """Something is decided by a secret."""
    del organization
    return bool(processing.with_technique(*PSEUDONYMS, "date-shift", "shuffle-rows"))


CHECK = Check(id="B-05", needs=(Need.RELEASE_TWICE, Need.CLAIM, Need.ALIGNMENT_CELL), judge=judge, applies=applies)


def _dealt_by_one_seed(request: Request, response: Response) -> Response:
    """Rows are sorted by what is kept, then dealt out with a seed that stands in the program."""
    resource = subject_resource(request)
    kept = [
        FieldName.parse(text).field
        for step in request.processing["steps"]
        for text in step["fields"]
        if step["technique"] in ("keep", "generalize") and FieldName.parse(text).resource == resource
    ]
    table = response.data[resource]
    values = table.select([name for name in dict.fromkeys(kept) if name in table.column_names]).to_pylist()
    order = sorted(range(len(values)), key=lambda place: [value or "" for value in values[place].values()])
    Random(42).shuffle(order)
    return with_table(response, resource, table.take(order))


MUTANTS = (
    Mutant(
        id="rows-dealt-by-one-seed",
        kind="wrapper",
        effect=Text(
            "行の並べ替えの乱数の種が固定で、二つの提供の同じ行に同じ属性の本人が並ぶ。",
            "The seed of the shuffle is fixed, and people of the same kind stand in the same rows of two releases.",
        ),
        precedent="sample(frac=1, random_state=42) copied from a tutorial",
        trigger="every release",
        proof="the sequence of kept values is the same under two secrets, and it is sorted by none of them",
        killed_by=("B-05",),
        wrap=after(_dealt_by_one_seed),
    ),
    Mutant(
        id="offsets-drawn-once",
        kind="fault",
        effect=Text(
            "日付の移動量が提供ごとに同じで、日付の並びによって二つの提供が結び付く。",
            "The offset of a person is the same in every release, and two releases are joined by their dates.",
        ),
        precedent="a seed by patient id for the date shift, beside pseudonyms that change",
        trigger="every person",
        proof="the offset does not depend on the secret",
        killed_by=("B-05",),
        fault="offsets-drawn-once",
    ),
)
