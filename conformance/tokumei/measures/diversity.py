"""Distinct l-diversity: how many sensitive values each class holds.

NULL is one value and equals NULL. Only rows with a person count; a class without any has l = 0. Distinct
values of one person count too: l says nothing of how many people stand behind them, ``classes`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokumei.measures.classes import checked

if TYPE_CHECKING:
    from tokumei.relation import Column, Relation

CLASS_DIVERSITY = """
SELECT "case", "call", {by},
  count(DISTINCT CASE WHEN {person} IS NOT NULL THEN {sensitive} END)
    + max(CASE WHEN {person} IS NOT NULL AND {sensitive} IS NULL THEN 1 ELSE 0 END) AS "l"
FROM {self} AS given
GROUP BY "case", "call", {by}
"""

L = """
SELECT "case", "call", min("l") AS "l" FROM {self} AS classes GROUP BY "case", "call"
"""


def class_diversity(rows: Relation, *, by: Sequence[Column], person: Column, sensitive: Column) -> Relation:
    """``case, call, <by…>, l`` for each class."""
    return rows.query(CLASS_DIVERSITY, by=checked(by), person=person, sensitive=sensitive)


def l_distinct(rows: Relation, *, by: Sequence[Column], person: Column, sensitive: Column) -> Relation:
    """``case, call, l``: the fewest sensitive values in any class of the call."""
    return class_diversity(rows, by=by, person=person, sensitive=sensitive).query(L)


__all__ = ["CLASS_DIVERSITY", "L", "class_diversity", "l_distinct"]
