"""Faults of the baseline that replace a step of it: one subclass each, in a module by theme.

A module names its faults in ``FAULTS``: the fault's name, and the subclass of ``Baseline`` that commits it. Each
overrides one method and calls ``super()``, so that several faults can be combined.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokumei.modalities.tables.baseline import Baseline


@cache
def faults() -> dict[str, type[Baseline]]:
    """Every fault by name. Raises ValueError where two modules give one name."""
    found: dict[str, type[Baseline]] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        for name, kind in importlib.import_module(f"{__name__}.{info.name}").FAULTS.items():
            if name in found:
                raise ValueError(name)
            found[name] = kind
    return found
