"""l-diversity and t-closeness as targets: what they ask, and SQL that says which classes fall short of them.

The unit is the pair of a person and a sensitive value, once in a class and once in the whole, so that many rows of
one person weigh as one. t compares a class with all who are released. A missing value is a value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tokumei_reference.declarations import Document, Field, Organization
from tokumei_reference.refusals import Refusal, unsupported
from tokumei_reference.search import Requirement
from tokumei_reference.treatments import Plan, quasi
from tokumei_reference.values import is_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversity:
    """One target over the sensitive values in each class; ``kind`` is distinct, entropy or total-variation."""

    at: str
    quasi: tuple[Field, ...]
    sensitive: Field
    kind: str
    bound: float

    @property
    def model(self) -> str:
        return "t-closeness" if self.kind == "total-variation" else "l-diversity"

    @property
    def not_reached(self) -> Refusal:
        return Refusal("CANNOT_MEET_PRIVACY", self.at, why=f"{self.model[0].upper()}_NOT_REACHED")

    def falls_short(self, held: str) -> str:
        """The classes of ``held``, a relation of distinct ``(p, class, s)``, that do not reach the bound."""
        return f"SELECT class FROM ({self._each(held)}) WHERE short"

    def reached(self, held: str) -> str:
        """One row: the value of the worst class, and whether every class reaches the bound."""
        worst = "max" if self.kind == "total-variation" else "min"
        return f"SELECT {worst}(v), coalesce(NOT bool_or(short), true) FROM ({self._each(held)})"

    def _each(self, held: str) -> str:
        """``class, v, short``. Counts stay whole numbers for as long as they can; 1e-12 is for the last bits."""
        pairs = f"SELECT class, s, count(*) AS n FROM {held} GROUP BY class, s"
        match self.kind:
            case "distinct":
                return f"SELECT class, count(*) AS v, count(*) < {self.bound!r} AS short FROM ({pairs}) GROUP BY class"
            case "entropy":
                entropy = "ln(sum(n)) - sum(n * ln(n)) / sum(n)"
                least = math.log(self.bound) - 1e-12
                return (
                    f"SELECT class, exp({entropy}) AS v, {entropy} < {least!r} AS short FROM ({pairs}) GROUP BY class"
                )
        people = "count(DISTINCT p)"
        whole = f"SELECT s, {people} AS w, sum({people}) OVER () AS total FROM {held} GROUP BY s"
        joined = (
            "SELECT class, n, w, total, sum(n) OVER (PARTITION BY class) AS size "
            f"FROM ({pairs}) c JOIN ({whole}) g ON c.s IS NOT DISTINCT FROM g.s"
        )
        return (
            "SELECT class, far / size / total AS v, far > size * total * (1 + 1e-12) * "
            f"{self.bound!r} AS short FROM (SELECT class, any_value(size)::DOUBLE AS size, "
            "any_value(total)::DOUBLE AS total, sum(greatest(n * total - w * size, 0))::DOUBLE AS far "
            f"FROM ({joined}) GROUP BY class)"
        )


def read_diversity(organization: Organization, plan: Plan, target: Document, at: str) -> Diversity:
    """Read a target of l or t; a field that says nothing about persons is refused with its reason."""
    is_l = target["model"] == "l-diversity"
    own = {"l", "kind"} if is_l else {"t", "distance"}
    names, bound = target.get("quasi"), target.get("l" if is_l else "t")
    if set(target) - {"model", "quasi", "sensitive", "unit", "why", *own} or not isinstance(names, list):
        raise Refusal("DECLARATION_INVALID", at)
    if target.get("unit", "subject") != "subject":
        raise unsupported(f"{at}/unit")
    kind = target.get("kind", "distinct") if is_l else target.get("distance", "total-variation")
    if kind == "emd" and not is_l:
        raise unsupported(f"{at}/distance", "DISTANCE")
    if kind not in (("distinct", "entropy") if is_l else ("total-variation",)):
        raise Refusal("DECLARATION_INVALID", f"{at}/{'kind' if is_l else 'distance'}")
    if not is_number(bound) or not (bound >= 2 if is_l else 0 < bound <= 1):
        raise Refusal("DECLARATION_INVALID", f"{at}/{'l' if is_l else 't'}")
    fields = quasi(organization, tuple(names), f"{at}/quasi")
    if not all(plan.of(field).released for field in fields):
        raise Refusal("DECLARATION_INVALID", f"{at}/quasi")
    if len({field.resource for field in fields}) > 1:
        raise unsupported(f"{at}/quasi")
    sensitive = _sensitive(organization, plan, target.get("sensitive"), fields, f"{at}/sensitive")
    made = Diversity(at=at, quasi=fields, sensitive=sensitive, kind=kind, bound=bound)
    if any(set(search.quasi) == set(fields) for search in plan.searches):
        treatment = plan.of(sensitive)  # what a search reads must be what goes out
        if treatment.whole or treatment.steps[0].technique == "date-shift":
            raise unsupported(f"{at}/sensitive", "SENSITIVE_CHANGED")
    return made


def _sensitive(organization: Organization, plan: Plan, name: Any, fields: tuple[Field, ...], at: str) -> Field:
    field = organization.find(name)
    if field is None:
        raise Refusal("DECLARATION_INVALID", at)
    if field in fields:
        raise Refusal("DECLARATION_INVALID", at, why="SENSITIVE_IS_QUASI")
    if not plan.of(field).released:
        raise Refusal("DECLARATION_INVALID", at, why="SENSITIVE_NOT_RELEASED")
    if plan.of(field).pseudonym:
        raise Refusal("DECLARATION_INVALID", at, why="SENSITIVE_PSEUDONYM")
    if field.resource != fields[0].resource:
        raise unsupported(at, "SENSITIVE_ELSEWHERE")
    return field


def requirement(k: int, diversities: tuple[Diversity, ...]) -> Requirement:
    """What an optimal search has to reach for k and these targets at once: of several bounds of a kind the strictest.

    It knows one sensitive field and one kind of l; raises Refusal for more.
    """
    for other in diversities[1:]:
        kinds = {one.kind for one in diversities} - {"total-variation"}
        if other.sensitive != diversities[0].sensitive or len(kinds) > 1:
            raise unsupported(f"{other.at}/sensitive", "SEVERAL_SENSITIVE")
    ls = [one.bound for one in diversities if one.model == "l-diversity"]
    ts = [one.bound for one in diversities if one.model == "t-closeness"]
    return Requirement(
        k=k,
        l=max(ls, default=None),
        kind="entropy" if any(one.kind == "entropy" for one in diversities) else "distinct",
        t=min(ts, default=None),
        whole="kept",
    )
