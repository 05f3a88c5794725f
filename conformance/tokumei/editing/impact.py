"""What a revision of the standard reaches: checks to read again, mutants, profiles and the products of the examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokumei import resources
from tokumei.adapters.product import FILE, read_info
from tokumei.declarations import Organization, Processing
from tokumei.runner.run import inapplicable

if TYPE_CHECKING:
    from tokumei.clause import Check, Mutant
    from tokumei.editing.comparison import Difference
    from tokumei.spec import Edition

Settings = Mapping[str, tuple[tuple[Organization, Processing], ...]]
"""The declarations of each product by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What one changed clause reaches."""

    suspect: bool
    """There is a check, and nobody has read it against the new text."""
    mutants: tuple[str, ...]
    profiles: tuple[str, ...]
    products: tuple[str, ...]
    """The example products whose declarations give the clause something to violate."""


def impact(
    difference: Difference,
    edition: Edition,
    checks: Mapping[str, Check],
    mutants: Iterable[Mutant],
    products: Settings,
) -> Impact:
    """What the change of one clause reaches; ``edition`` is the state after it, or the last that knows it."""
    id_ = difference.clause
    check, clause = checks.get(id_), edition.clauses.get(id_)
    scope = {id_: tuple(clause.strength)} if clause else {}
    return Impact(
        suspect=difference.suspect and check is not None,
        mutants=tuple(sorted(mutant.id for mutant in mutants if id_ in mutant.killed_by)),
        profiles=tuple(profile.id for profile in edition.profiles.values() if id_ in profile.clauses),
        products=tuple(
            name
            for name, pairs in products.items()
            if check is not None and clause is not None and inapplicable(check, pairs, scope) is None
        ),
    )


def example_products() -> dict[str, tuple[tuple[Organization, Processing], ...]]:
    """The products of the examples that say which declarations they are set to."""
    found = {}
    for file in sorted(resources.data("examples", "products").glob(f"*/{FILE}")):
        info = read_info(file)
        found[info.name] = tuple((Organization.of(o), Processing.of(p)) for o, p in info.settings)
    return {name: pairs for name, pairs in found.items() if pairs}


__all__ = ["Impact", "Settings", "example_products", "impact"]
