"""Mutants of who is counted: one person stands in the release as many."""

from __future__ import annotations

from tokumei.clause import Mutant
from tokumei.model import Text

MUTANTS = (
    Mutant(
        id="pseudonym-by-row",
        kind="fault",
        effect=Text(
            "行ごとに別の仮IDが付き、一人が何人にも数えられてk人に達する。",
            "Each row has its own pseudonym, so one person is counted as many and reaches k.",
        ),
        precedent="GEN: a random id for each row; person-level counting of longitudinal data",
        trigger="a person with two rows",
        proof="the release has more persons than the input",
        killed_by=("I5-01",),
        pairs=("stroke-registry",),  # elsewhere a person has one row in the table of persons
        fault="pseudonym-by-row",
    ),
    Mutant(
        id="small-classes-split",
        kind="fault",
        effect=Text(
            "少人数の組だけ行ごとに仮IDを分け、k人いるように見せる。",
            "In small classes only, rows get pseudonyms of their own until k seem to be there.",
        ),
        precedent="Heritage Health Prize; person-level counting of longitudinal data",
        trigger="a class of fewer than k persons with k rows",
        proof="a class of one person with k rows is released as a class of k",
        killed_by=("I5-01",),
        pairs=("stroke-registry",),  # elsewhere a person has one row in the table of persons
        fault="small-classes-split",
    ),
)
