"""Which planned cell a released person is of, told by the kept values that are the code of the cell (EVIDENCE)."""

from __future__ import annotations

from tokumei.evidence import Evidence
from tokumei.relation import Relation

CODED = """
SELECT DISTINCT r."case", r."call", r.subject, c.cell FROM {self} r
JOIN {cells} c ON r."case" = c."case" AND r."call" = c."call" AND """


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
