"""The attacks against a brute force over people, several releases at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.attacks.prosecutor import prosecutor
from tokumei.clauses.r.r_02 import bound_of
from tokumei.declarations import Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.relation import Relation, columns

BY = columns(["q1", "q2"])
who = st.sampled_from([None, "a", "b", "c", "d", "e"])
word = st.sampled_from([None, "", "x"])
SEEN = st.lists(st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 1), who, word, word), max_size=30)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


def seen(engine: DuckDB, rows: list[tuple[Any, ...]]) -> Relation:
    kinds = [pa.string(), pa.int64(), *[pa.string()] * 3]
    values = zip(*rows, strict=True) if rows else [()] * 5
    arrays = [pa.array(list(column), kind) for column, kind in zip(values, kinds, strict=True)]
    return engine.register("seen", pa.table(arrays, names=["case", "call", "who", "q1", "q2"]))


@given(rows=SEEN, bound=st.sampled_from([0.2, 1 / 3, 0.5, 1.0]))
def test_the_greatest_risk_is_one_over_the_persons_of_the_smallest_class(
    engine: DuckDB, rows: list[tuple[Any, ...]], bound: float
) -> None:
    classes: dict[tuple[str, int], dict[tuple[Any, ...], set[Any]]] = defaultdict(lambda: defaultdict(set))
    for case, call, person, *known in rows:
        classes[case, call][tuple(known)] |= {person} - {None}
    expected = {}
    for at, of in classes.items():
        risks = [1 / max(1, len(persons)) for persons in of.values()]
        expected[at] = (max(risks), len(of), sum(risk > bound for risk in risks))
    found = {
        (row["case"], row["call"]): (row["risk"], row["classes"], row["above"])
        for row in prosecutor(seen(engine, rows), by=BY, bound=bound).rows()
    }
    assert found == expected


def processing(context: str, *, targets: list[dict[str, Any]], measured: float | None = None) -> Processing:
    residual = {"measured": [{"metric": "prosecutor-max", "value": measured}]} if measured is not None else {}
    return Processing.of(
        {
            "tokumei": {"id": "p"},
            "regime": "NGMIA-19",
            "release": {"context": context},
            "steps": [],
            "targets": targets,
            "residualRisk": residual,
        }
    )


@pytest.mark.parametrize(
    ("context", "target", "measured", "bound"),
    [
        ("public", {"k": 11}, None, 1 / 11),
        ("contract", {"k": 5}, 0.2, 0.2),
        ("contract", {"k": 3}, None, 0.2),
        ("contract", {"k": 3, "why": "全員の同意"}, None, 1 / 3),
        ("contract", {"k": 3, "why": " "}, None, 0.2),
        ("contract", {"k": 3, "why": "全員の同意"}, 0.25, 0.25),
        ("on-site", {"k": 10}, None, 0.1),
        ("unheard-of", {"k": 3}, None, 1 / 11),
    ],
)
def test_a_bound_is_stricter_freely_and_laxer_only_with_a_reason(
    context: str, target: dict[str, Any], measured: float | None, bound: float
) -> None:
    asked = processing(context, targets=[{"model": "k-anonymity", "quasi": ["t.a"], **target}], measured=measured)
    assert bound_of(asked) == pytest.approx(bound)
