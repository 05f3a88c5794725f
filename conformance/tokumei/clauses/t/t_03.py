"""T-03: offsets of dates differ between persons, are spread over their range, and follow from no identifier.

Nobody's row is known, but the persons of a planned cell begin within a few days of each other, and those days are
known. A released first day therefore tells an offset but for those days. Each finding has a bound of its chance in
which an offset may be of whole weeks and twice as frequent as if it were uniform.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import steps, with_column
from tokumei.shifted import Shift, by_cell, first_days, shift_of
from tokumei.stats import binomial_tail, permuted_upper

ALPHA = 1e-10
"""For each question, case and call: a hundred of them stay at 10⁻⁸ a run."""
FEWEST = 40
"""Fewer persons than this say little about how offsets are spread."""
NARROW = 4
"""Offsets of all persons within this part of the declared range are not drawn from it."""

Persons = Sequence[tuple[str, int, int]]
"""The identifier, the cell and the released first day of each person."""

Starts = Mapping[int, Sequence[int]]
"""The days on which persons of each cell begin in the input."""
Derive = Callable[[str], int]

WIDEST = 14
"""Where the persons of a cell begin farther apart than this, a released first day hardly tells an offset."""
ONE_CELL = 1e-3
"""A cell whose persons lie so close together by this chance is counted."""


def _hex(text: str) -> str:
    return "".join(char for char in text.casefold() if char in "0123456789abcdef") or "0"


DERIVED: Mapping[str, Derive] = {
    "digits": lambda text: int("".join(char for char in text if char.isdecimal()) or "0"),
    "hexadecimal": lambda text: int(_hex(text), 16),
    "first 8": lambda text: int(_hex(text)[:8], 16),
    "last 8": lambda text: int(_hex(text)[-8:], 16),
    "sum": lambda text: sum(text.encode()),
    "crc32": lambda text: zlib.crc32(text.encode()),
    "md5": lambda text: int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16),
    "md5, first 8": lambda text: int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16),
    "sha1": lambda text: int(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), 16),
    "sha256": lambda text: int(hashlib.sha256(text.encode()).hexdigest(), 16),
    "sha256, first 8": lambda text: int(hashlib.sha256(text.encode()).hexdigest()[:8], 16),
}
"""Numbers that a program makes of an identifier without a secret."""


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Ask for each release how its offsets are spread, and whether an identifier tells them."""
    shift = shift_of(evidence.claim or evidence.asked)
    if shift is None:
        return
    given, released = (first_days(evidence, shift.fields, side) for side in ("input", "release"))
    for case in evidence.cases:
        for call in range(len(case.calls)):
            held = given.get((case.id, call), ())
            starts = {cell: sorted(set(days)) for cell, days in by_cell(held).items()}
            starts = {cell: days for cell, days in starts.items() if days[-1] - days[0] <= WIDEST}
            persons = [person for person in released.get((case.id, call), ()) if person[1] in starts]
            if len(persons) < FEWEST or not shift.offsets:
                continue
            yield Premise(case=case.id, count=len(persons), what="people with dates")
            for code, n in _questions(
                shift, persons, starts, [person for person in held if person[1] in starts], alpha
            ):
                name = shift.fields[0]
                shown = {"resource": name.resource, "n": n, "of": len(persons)}
                fields = tuple(field.field for field in shift.fields)
                yield Finding(code=code, case=case.id, call=call, params=shown, resource=name.resource, fields=fields)


def _questions(
    shift: Shift, persons: Persons, starts: Starts, held: Persons, alpha: float = ALPHA
) -> Iterator[tuple[str, int]]:
    if n := shared(shift, persons, starts, alpha) or shared_in_cells(shift, persons, starts, alpha):
        yield "OFFSET_SHARED", n
    elif narrow(shift, persons, starts):
        yield "OFFSETS_NARROW", len(persons)
    if n := derived(shift, persons, starts, alpha) or derived_from_source(shift, persons, held, alpha):
        yield "OFFSET_DERIVED", n


def shared(shift: Shift, persons: Persons, starts: Starts, alpha: float = ALPHA) -> int:
    """How many persons one offset explains, where that is more than chance; 0 where it is not."""
    explained = Counter(first - day for _, cell, first in persons for day in starts[cell])
    most = max(explained.values(), default=0)
    chance = shift.chance(max(days[-1] - days[0] + 1 for days in starts.values()))
    return most if len(explained) * binomial_tail(most, len(persons), chance) < alpha else 0


def shared_in_cells(shift: Shift, persons: Persons, starts: Starts, alpha: float = ALPHA) -> int:
    """How many persons begin beside others of their cell, where cells move as one; 0 where chance explains it."""
    cells, close = by_cell(persons), []
    for cell, firsts in cells.items():
        width = starts[cell][-1] - starts[cell][0]
        most = max(sum(first <= other <= first + width for other in firsts) for first in firsts)
        if len(firsts) * binomial_tail(most - 1, len(firsts) - 1, shift.chance(2 * width + 1)) < ONE_CELL:
            close.append(most)
    return sum(close) if binomial_tail(len(close), len(cells), ONE_CELL) < alpha else 0


def narrow(shift: Shift, persons: Persons, starts: Starts) -> bool:
    """Whether the offsets of all persons lie within a quarter of the range that was declared."""
    lowest = min(first - starts[cell][-1] for _, cell, first in persons)
    highest = max(first - starts[cell][0] for _, cell, first in persons)
    return highest - lowest < shift.offsets / NARROW


def derived(shift: Shift, persons: Persons, starts: Starts, alpha: float = ALPHA) -> int:
    """How many offsets follow from the released identifier by a program of ``DERIVED``; 0 where chance explains them."""
    for modulus, make in _programs(shift):
        rest = [make(person) % modulus for person, *_ in persons]
        frequent, found = Counter(rest), Counter[int]()
        for r, (_, cell, first) in zip(rest, persons, strict=True):
            found.update(first - day - r for day in starts[cell])
        constant, most = max(found.items(), key=lambda item: (item[1], item[0]))
        if most * 4 < len(persons):
            continue
        mean = sum(frequent[first - day - constant] for _, cell, first in persons for day in starts[cell])
        if _tried(shift) * permuted_upper(most, mean / len(persons)) < alpha:
            return most
    return 0


def derived_from_source(shift: Shift, persons: Persons, held: Persons, alpha: float = ALPHA) -> int:
    """How many persons of the input begin where a program of ``DERIVED`` moves them by their source key."""
    firsts = {cell: set(days) for cell, days in by_cell(persons).items()}
    known = [(key, firsts[cell], day) for key, cell, day in held if cell in firsts]
    if len(known) < FEWEST:
        return 0
    chance = sum(min(1.0, len(of) * shift.chance(1)) for _, of, _ in known) / len(known)
    for modulus, make in _programs(shift):
        found = Counter[int]()
        for key, of, day in known:
            r = make(key) % modulus + day
            found.update(first - r for first in of)
        most = max(found.values())
        if _tried(shift) * binomial_tail(most, len(known), chance) < alpha:
            return most
    return 0


def _programs(shift: Shift) -> Iterator[tuple[int, Derive]]:
    """By what a number is divided to fall into the range, and how it is made of an identifier."""
    for modulus in dict.fromkeys((shift.offsets, shift.offsets + 1, 365, 366)):
        for make in DERIVED.values():
            yield modulus, make


def _tried(shift: Shift) -> int:
    """How many programs and constants were tried at most."""
    return 4 * len(DERIVED) * 4 * max(366, shift.offsets)


def applies(organization: Organization, processing: Processing) -> bool:
    """Dates are moved by person."""
    del organization
    return shift_of(processing) is not None


CHECK = Check(
    id="T-03", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM, Need.ALIGNMENT_CELL), judge=judge, applies=applies
)


def _moved_as_one(product: Product) -> Product:
    """All dates of a release move by one number of days, which the secret decides."""

    def broken(request: Request) -> Response:
        kept = [
            dict(step) | {"technique": "keep", "params": {}} if step["technique"] == "date-shift" else step
            for step in request.processing["steps"]
        ]
        inner = dataclasses.replace(request, processing=dict(request.processing) | {"steps": kept})
        response = product(inner)
        if response.status != "ok" or response.processing is None:
            return response
        days = 30 + int(hashlib.sha256(b"".join(request.secrets.values())).hexdigest(), 16) % 100
        for step in steps(request, "date-shift"):
            for text in step["fields"]:
                name = FieldName.parse(str(text))
                table = response.data.get(name.resource)
                if table is None or name.field not in table.column_names:
                    continue
                values = [_later(value, days) for value in table.column(name.field).to_pylist()]
                response = with_column(response, name.resource, name.field, values)
        claim = dict(response.processing or {}) | {"steps": request.processing["steps"]}
        return dataclasses.replace(response, processing=claim)

    return broken


def _later(value: str | None, days: int) -> str | None:
    return (dt.date.fromisoformat(value) + dt.timedelta(days=days)).isoformat() if value else value


MUTANTS = (
    Mutant(
        id="one-offset-for-all",
        kind="wrapper",
        effect=Text(
            "全員の日付が同じ日数だけ動くため、一人の受診の日を知れば全員の日付が戻る。",
            "All dates move by one number of days: one known visit gives back the dates of everybody.",
        ),
        precedent="one offset a file, as in a spreadsheet (peers §3)",
        trigger="every release",
        proof="one offset explains the first days of all persons",
        killed_by=("T-03",),
        wrap=_moved_as_one,
    ),
    Mutant(
        id="offset-from-the-pseudonym",
        kind="fault",
        effect=Text(
            "移動量が仮ID から計算でき、加工後データだけで日付が戻る。",
            "The offset can be computed from the pseudonym, and the release alone gives the dates back.",
        ),
        precedent="hash(id) % 365 as the offset, with the new id",
        trigger="every person",
        proof="the offset is the first 8 digits of the released identifier, modulo the range",
        killed_by=("T-03",),
        fault="offset-from-the-pseudonym",
    ),
    Mutant(
        id="offset-from-the-source-key",
        kind="fault",
        effect=Text(
            "移動量が元の番号から秘密なしに計算でき、番号を知る者が日付を戻す。",
            "The offset can be computed from the source key without a secret by whoever knows that number.",
        ),
        precedent="Random(patient_id) or MD5 of the chart number as the seed of the date shift",
        trigger="every person",
        proof="the offset is the MD5 of the source key, modulo the range",
        killed_by=("T-03",),
        fault="offset-from-the-source-key",
    ),
)
