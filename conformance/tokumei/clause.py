"""How a clause module looks: one ``CHECK`` and its own ``MUTANTS``; discovery imports, it keeps no registry."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tokumei.declarations import Organization, Processing
    from tokumei.evidence import Evidence
    from tokumei.model import Need, Observation, Product, Text


def anything(organization: Organization, processing: Processing) -> bool:
    """A clause that every pair of declarations gives something to violate."""
    del organization, processing
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The executable form of one clause.

    ``judge`` is pure: it reads a batch of cases and yields premises (what could have been violated),
    findings and statistics. Silence after a premise is a pass; silence without one is vacuous.
    ``needs`` selects the cases that it is shown. ``applies`` tells from what is held and asked whether the clause
    can be violated at all: no dates are shifted, no field is an address. ``document`` is the one beside the release that
    it asks for: files that hold none show nothing of it, and a product may state that another system writes it.
    """

    id: str
    needs: tuple[Need, ...]
    judge: Callable[[Evidence], Iterator[Observation]]
    kind: Literal["exact", "statistical"] = "exact"
    applies: Callable[[Organization, Processing], bool] = anything
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A deliberately wrong product: a wrapper around any product, or a fault switch of the baseline.

    ``effect`` is the harm, ``proof`` why it is wrong, ``trigger`` how rare the wrong behaviour is;
    ``killed_by`` are the clauses that must see it. ``pairs`` names the example declarations that hold what it
    breaks (dates that are shifted, an address); without one, every pair does. It is not run on the others.
    """

    id: str
    kind: Literal["wrapper", "fault"]
    effect: Text
    precedent: str
    trigger: str
    proof: str
    killed_by: tuple[str, ...]
    wrap: Callable[[Product], Product] | None = None
    fault: str = ""
    pairs: tuple[str, ...] = ()


def checks() -> dict[str, Check]:
    """Every check of the suite by clause id, found as ``CHECK`` of the clause modules."""
    found = {module.CHECK.id: module.CHECK for module in _modules("tokumei.clauses")}
    return dict(sorted(found.items()))


def mutants() -> dict[str, Mutant]:
    """Every mutant by id: the ``MUTANTS`` of the clause modules and of ``tokumei.mutants``."""
    return {
        mutant.id: mutant
        for package in ("tokumei.clauses", "tokumei.mutants")
        for module in _modules(package, attribute="MUTANTS")
        for mutant in module.MUTANTS
    }


def _modules(package: str, attribute: str = "CHECK") -> Iterator[Any]:
    root = importlib.import_module(package)
    for info in pkgutil.walk_packages(root.__path__, f"{package}."):
        module = importlib.import_module(info.name)
        if hasattr(module, attribute):
            yield module
