"""Every statistical clause holds its rate: of worlds in which its null is true it accuses no more than its level says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tokumei.clause import checks

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "nulls.py"


def _nulls() -> ModuleType:
    spec = importlib.util.spec_from_file_location("nulls", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["nulls"] = module  # where dataclasses look for the names of annotations
    spec.loader.exec_module(module)
    return module


nulls = _nulls()
NULLS: list[Any] = list(nulls.nulls())
CLAUSES = list(dict.fromkeys(null.clause for null in NULLS))
FIRST = [next(null for null in NULLS if null.clause == clause) for clause in CLAUSES]


def test_every_check_that_takes_a_level_has_a_null() -> None:
    def takes_a_level(check: Any) -> bool:
        return check.kind == "statistical" or "alpha" in (getattr(check.judge, "__kwdefaults__", None) or {})

    told = {id_ for id_, check in checks().items() if takes_a_level(check)}
    # How close vectors are is held against scipy (test_vectors); what classes tell is simulated in test_inference.
    assert told - {"I2-05", "R-05"} == set(CLAUSES)


@pytest.mark.parametrize("null", FIRST, ids=lambda null: null.name)
def test_a_few_worlds_are_not_accused_beyond_the_level(null: Any) -> None:
    assert all(count.held for count in nulls.simulated(null, worlds=4))


def test_more_accusations_than_the_level_says_are_noticed() -> None:
    def count(accused: int) -> Any:
        return nulls.Count(of="", level=0.05, most=0.05, worlds=400, accused=accused)

    assert count(20).held and count(35).held
    assert not count(50).held


@pytest.mark.slow
@pytest.mark.timeout(1800)  # 20 to 180 CPU-seconds a clause
@pytest.mark.parametrize("clause", CLAUSES)
def test_many_worlds_are_not_accused_beyond_the_level(clause: str) -> None:
    """A correct check fails this once in a million. Some world of a clause must come near: else nothing is shown."""
    levels = (*nulls.LEVELS, nulls.ASKED)
    counts = {null.name: nulls.simulated(null, worlds=400, levels=levels) for null in NULLS if null.clause == clause}
    assert not [(name, each) for name, of in counts.items() for each in of if not each.held]
    assert any(each.accused for of in counts.values() for each in of if each.level == nulls.ASKED)
