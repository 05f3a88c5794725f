"""The targets, counted over persons: the search by suppression, and what the release reaches of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from tokumei_reference import persons
from tokumei_reference.declarations import Document, Field, Organization, Processing
from tokumei_reference.diversity import Diversity, read_diversity
from tokumei_reference.refusals import Refusal, unsupported
from tokumei_reference.treatments import Plan, Search, quasi
from tokumei_reference.values import is_integer


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets that this product understands, each with its place in the declaration."""

    k: tuple[tuple[str, tuple[Field, ...], int], ...]
    minimum: tuple[tuple[str, int], ...]
    rare: tuple[tuple[str, tuple[Field, ...], int], ...] = ()
    diversity: tuple[Diversity, ...] = ()

    def over(self, fields: Sequence[Field]) -> tuple[Diversity, ...]:
        """The targets of l and t that a search over these quasi-identifiers has to reach too."""
        return tuple(each for each in self.diversity if set(each.quasi) == set(fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What the release reaches of one target; ``value`` is None where there is nobody to count."""

    at: str
    model: str
    about: Mapping[str, Any]
    asked: float
    value: float | None
    missed: Refusal | None = None

    def report(self) -> dict[str, Any]:
        value = round(self.value, 6) if isinstance(self.value, float) else self.value
        return {"target": self.at, "model": self.model, **self.about, "asked": self.asked, "reached": value}


def read_targets(organization: Organization, processing: Processing, plan: Plan) -> Targets:
    """Read the targets; a model that cannot be guaranteed is ``unsupported``, never passed over."""
    ks: list[tuple[str, tuple[Field, ...], int]] = []
    minimum: list[tuple[str, int]] = []
    rare: list[tuple[str, tuple[Field, ...], int]] = []
    diversity: list[Diversity] = []
    for i, target in enumerate(processing.targets):
        at = f"/targets/{i}"
        match target.get("model"):
            case "k-anonymity":
                ks.append(_k_target(organization, plan, target, at))
            case "l-diversity" | "t-closeness":
                diversity.append(read_diversity(organization, plan, target, at))
            case "minimum-subjects":
                least = target.get("minimum")
                if not is_integer(least) or least < 0 or set(target) - {"model", "minimum", "unit", "why"}:
                    raise Refusal("DECLARATION_INVALID", at)
                minimum.append((at, least))
            case "rare-category":
                least, names = target.get("minimum"), target.get("fields")
                known = not set(target) - {"model", "fields", "minimum", "unit", "why"}
                if not is_integer(least) or least < 1 or not isinstance(names, list) or not known:
                    raise Refusal("DECLARATION_INVALID", at)
                rare.append((at, quasi(organization, tuple(names), f"{at}/fields"), least))
            case str():
                raise unsupported(f"{at}/model")
            case _:
                raise Refusal("DECLARATION_INVALID", f"{at}/model")
    return Targets(tuple(ks), tuple(minimum), tuple(rare), tuple(diversity))


def _k_target(organization: Organization, plan: Plan, target: Document, at: str) -> tuple[str, tuple[Field, ...], int]:
    names, k = target.get("quasi"), target.get("k")
    if set(target) - {"model", "quasi", "k", "unit", "suppressed", "why"}:
        raise unsupported(at)
    if target.get("unit", "subject") != "subject":
        raise unsupported(f"{at}/unit")
    if not isinstance(names, list) or not is_integer(k) or k < 2:
        raise Refusal("DECLARATION_INVALID", at)
    fields = quasi(organization, tuple(names), f"{at}/quasi")
    if not all(plan.of(field).released for field in fields):
        raise Refusal("DECLARATION_INVALID", f"{at}/quasi")
    if len({field.resource for field in fields}) > 1:
        raise unsupported(f"{at}/quasi")
    return at, fields, k


def suppress(
    connection: duckdb.DuckDBPyConnection,
    search: Search,
    expressions: Mapping[Field, str],
    index: int,
    diversities: tuple[Diversity, ...],
) -> int:
    """Remove persons in classes that fall short until none is left to remove; returns how many k alone left.

    A person may lie in several classes, so that removing one makes other classes smaller. NULL is a
    value equal to itself (GROUP BY), which is the reading that removes more. Classes of fewer than k
    go first, so that they have no say in what the others are compared with.
    """
    quasi_values = ", ".join(f"{expressions[field]} AS q{i}" for i, field in enumerate(search.quasi))
    values = "".join(f", nullif({expressions[each.sensitive]}, '') AS s{i}" for i, each in enumerate(diversities))
    names = ", ".join(f"q{i}" for i in range(len(search.quasi)))
    kept = "".join(f", s{i}" for i in range(len(diversities)))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE member AS SELECT DISTINCT p, dense_rank() OVER (ORDER BY {names}) AS class{kept} "
        f"FROM (SELECT p, {quasi_values}{values} FROM s{index} WHERE p IN (FROM alive))"
    )
    persons_in = "count(DISTINCT p)" if diversities else "count(*)"
    conditions = [f"SELECT class FROM member GROUP BY class HAVING {persons_in} < {search.k}"]
    _until_stable(connection, conditions[0])
    by_k = persons.count(connection)
    for i, each in enumerate(diversities):
        conditions.append(each.falls_short(f"(SELECT DISTINCT p, class, s{i} AS s FROM member)"))
    if diversities:
        _until_stable(connection, " UNION ".join(conditions))
    return by_k


def _until_stable(connection: duckdb.DuckDBPyConnection, failing: str) -> None:
    while True:
        before = persons.count(connection)
        connection.execute(f"DELETE FROM alive WHERE p IN (SELECT p FROM member WHERE class IN ({failing}))")
        if persons.count(connection) == before:
            return
        connection.execute("DELETE FROM member WHERE p NOT IN (FROM alive)")


def measure(
    connection: duckdb.DuckDBPyConnection, organization: Organization, made: Plan, targets: Targets
) -> tuple[Reached, ...]:
    """Count every target on what goes out. A search should have met it; a target without search may not be."""
    found = []
    for at, fields, k in targets.k:
        smallest = smallest_class(connection, fields, organization.resource(fields[0].resource).index)
        missed = None if smallest is None or smallest >= k else Refusal("CANNOT_MEET_PRIVACY", at)
        about: dict[str, Any] = {"quasi": _names(fields)}
        found.append(Reached(at=at, model="k-anonymity", about=about, asked=k, value=smallest, missed=missed))
    for each in targets.diversity:
        names = ", ".join(field.column for field in each.quasi)
        held = (
            f"(SELECT DISTINCT p, dense_rank() OVER (ORDER BY {names}) AS class, nullif({each.sensitive.column}, '') AS s "
            f"FROM r{organization.resource(each.sensitive.resource).index} WHERE p IS NOT NULL)"
        )
        [(value, holds)] = connection.execute(each.reached(held)).fetchall()
        about = {"quasi": _names(each.quasi), "sensitive": _names((each.sensitive,))[0], "kind": each.kind}
        missed = None if holds else each.not_reached
        found.append(Reached(at=each.at, model=each.model, about=about, asked=each.bound, value=value, missed=missed))
    for at, least in targets.minimum:
        left = persons.count(connection)
        missed = None if left >= least else Refusal("CANNOT_MEET_PRIVACY", at)
        found.append(Reached(at=at, model="minimum-subjects", about={}, asked=least, value=left, missed=missed))
    for at, fields, least in targets.rare:
        shown = [field for field in fields if made.of(field).released]
        counts = [rarest(connection, field, organization.resource(field.resource).index) for field in shown]
        fewest = min((n for n in counts if n is not None), default=None)
        missed = None if fewest is None or fewest >= least else Refusal("CANNOT_MEET_PRIVACY", at)
        about = {"fields": _names(fields)}
        found.append(Reached(at=at, model="rare-category", about=about, asked=least, value=fewest, missed=missed))
    for each_one in found:
        if each_one.missed is not None:
            raise each_one.missed
    return tuple(sorted(found, key=lambda one: int(one.at.rpartition("/")[2])))


def _names(fields: Sequence[Field]) -> list[str]:
    return [f"{field.resource}.{field.name}" for field in fields]


def smallest_class(connection: duckdb.DuckDBPyConnection, fields: tuple[Field, ...], index: int) -> int | None:
    """The k of the released table, counted anew from the values that go out; None without rows.

    Invented rows are nobody's and count for nobody.
    """
    names = ", ".join(field.column for field in fields)
    [(smallest,)] = connection.execute(
        f"SELECT min(n) FROM (SELECT count(DISTINCT p) AS n FROM r{index} WHERE p IS NOT NULL GROUP BY {names})"
    ).fetchall()
    return None if smallest is None else int(smallest)


def rarest(connection: duckdb.DuckDBPyConnection, field: Field, index: int) -> int | None:
    """How many persons the rarest released value of a field has; None without values."""
    [(fewest,)] = connection.execute(
        f"SELECT min(n) FROM (SELECT count(DISTINCT p) AS n FROM r{index} "
        f"WHERE {field.column} IS NOT NULL AND p IS NOT NULL GROUP BY {field.column})"
    ).fetchall()
    return None if fewest is None else int(fewest)
