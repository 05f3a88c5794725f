"""Which planned cell a released person is of, told by the kept values that are the code of the cell (EVIDENCE)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

from tokumei.declarations import FieldName
from tokumei.evidence import Evidence
from tokumei.relation import Relation
from tokumei.representation import markers

CODED = """
SELECT DISTINCT r."case", r."call", r.subject, c.cell FROM {self} r
JOIN {cells} c ON r."case" = c."case" AND r."call" = c."call" AND """

VALUES = """
SELECT DISTINCT r."case", r."call", r.subject AS person, p.cell, {column} AS v FROM {self} r
JOIN {coded} p ON r."case" = p."case" AND r."call" = p."call" AND r.subject = p.subject
WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
"""


def persons_of_cells(evidence: Evidence) -> Relation | None:
    """``case, call, subject, cell`` of every released person whose kept values are a cell code; None without cells."""
    cells = evidence.planned.get("cells")
    home = evidence.release[evidence.carriers[0].resource] if evidence.carriers else None
    carriers = home.pick(evidence.carriers) if home else None
    if cells is None or home is None or not carriers:
        return None
    return evidence.once("alignment.persons", _persons)


def _persons(evidence: Evidence) -> Relation:
    home = evidence.release[evidence.carriers[0].resource]
    on = " AND ".join(f'r."{c.name}" = c.c{i}' for i, c in enumerate(home.pick(evidence.carriers) or ()))
    return home.relation.query(CODED + on, cells=evidence.planned["cells"])


def values_of_cells(evidence: Evidence, name: FieldName) -> list[dict[str, Any]]:
    """``case, call, person, cell, v``: the released values of one field, for the persons of planned cells."""
    view, coded = evidence.release[name.resource], persons_of_cells(evidence)
    if coded is None or name.field not in view.names:
        return []
    column = view.column(name.field)
    return view.relation.query(VALUES, column=column, coded=coded, markers=markers(evidence, name)).rows()


def agreement(rows: Iterable[tuple[int, str, int, str]], random: Random) -> tuple[int, float, int]:
    """From (call, person, cell, value): values in one cell twice, how many of them by chance, and out of how many.

    With another secret it is as if the values of the second release had been dealt to its persons at random.
    One value of each person counts, since those of one person may share a part. A value of several cells says
    nothing and is left out, so that each value is dealt once and can agree once.
    """
    cells: dict[tuple[int, str], set[int]] = {}
    values: dict[str, set[str]] = {}
    for call, person, cell, value in rows:
        cells.setdefault((call, value), set()).add(cell)
        if call == 1:
            values.setdefault(person, set()).add(value)
    home = {key: next(iter(found)) for key, found in cells.items() if len(found) == 1}
    first = {value: cell for (call, value), cell in home.items() if call == 0}
    second = {}
    for _, of in sorted(values.items()):
        if single := sorted(value for value in of if (1, value) in home):
            value = random.choice(single)
            second[value] = home[1, value]
    if not first or not second:
        return 0, 0.0, 0
    again = Counter(first[value] for value in second if value in first)
    expected = sum(again[cell] for cell in second.values()) / len(second)
    return sum(first.get(value) == cell for value, cell in second.items()), expected, len(second)
