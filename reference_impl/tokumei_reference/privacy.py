"""k-anonymity over persons: the search by suppression, and the targets measured on the release."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from tokumei_reference import persons
from tokumei_reference.declarations import Document, Field, Organization, Processing
from tokumei_reference.refusals import Refusal, unsupported
from tokumei_reference.treatments import Plan, Search, quasi
from tokumei_reference.values import is_integer


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets that this product understands, each with its place in the declaration."""

    k: tuple[tuple[str, tuple[Field, ...], int], ...]
    minimum: tuple[tuple[str, int], ...]
    rare: tuple[tuple[str, tuple[Field, ...], int], ...] = ()


def read_targets(organization: Organization, processing: Processing, plan: Plan) -> Targets:
    """Read the targets; a model that cannot be guaranteed is ``unsupported``, never passed over."""
    ks: list[tuple[str, tuple[Field, ...], int]] = []
    minimum: list[tuple[str, int]] = []
    rare: list[tuple[str, tuple[Field, ...], int]] = []
    for i, target in enumerate(processing.targets):
        at = f"/targets/{i}"
        match target.get("model"):
            case "k-anonymity":
                ks.append(_k_target(organization, plan, target, at))
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
    return Targets(tuple(ks), tuple(minimum), tuple(rare))


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


def suppress(connection: duckdb.DuckDBPyConnection, search: Search, expressions: list[str], index: int) -> None:
    """Remove persons in classes of fewer than k persons until none is left to remove.

    A person may lie in several classes, so that removing one makes other classes smaller. NULL is a
    value equal to itself (GROUP BY), which is the reading that removes more.
    """
    values = ", ".join(f"{sql} AS q{i}" for i, sql in enumerate(expressions))
    names = ", ".join(f"q{i}" for i in range(len(expressions)))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE member AS SELECT DISTINCT p, dense_rank() OVER (ORDER BY "
        f"{names}) AS class FROM (SELECT p, {values} FROM s{index} WHERE p IN (FROM alive))"
    )
    small = f"SELECT class FROM member GROUP BY class HAVING count(*) < {search.k}"
    while True:
        before = persons.count(connection)
        connection.execute(f"DELETE FROM alive WHERE p IN (SELECT p FROM member WHERE class IN ({small}))")
        if persons.count(connection) == before:
            return
        connection.execute("DELETE FROM member WHERE p NOT IN (FROM alive)")


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
