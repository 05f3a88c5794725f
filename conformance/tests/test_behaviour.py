"""Clauses of behaviour: orders of identifiers, what is left behind, what an error leaves, and the order of the input."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.clauses.i3.i3_03 import in_order
from tokumei.plan.required import reordered, required_plan
from tokumei.runner.selftest import PAIRS, pair_named


@given(st.lists(st.integers(0, 10**20), unique=True, min_size=1), st.sampled_from(["", "P", "患者-"]), st.booleans())
def test_numbers_stand_in_the_order_of_numbers(numbers, before, padded):
    texts = [f"{before}{n:021}" if padded else f"{before}{n}" for n in numbers]
    assert in_order(Random(1).sample(texts, len(texts))) == [texts[numbers.index(n)] for n in sorted(numbers)]


@given(st.lists(st.from_regex(r"[0-9]{0,3}[a-f][0-9a-f]{6}", fullmatch=True), unique=True, min_size=2))
def test_other_identifiers_stand_in_the_order_of_text(texts):
    assert in_order([*texts, "0a0a"]) == sorted([*texts, "0a0a"])


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("obeys", [True, False])
def test_the_bundle_in_another_order_is_the_same_bundle(pair, obeys):
    case = next(
        c
        for c in required_plan([pair_named(pair)], track="open", seed=3, obeys=obeys).cases
        if c.id.endswith("/classes")
    )
    one, two = (call.bundle for call in case.calls)
    assert case.calls[0].secret == case.calls[1].secret
    for name, table in one.tables.items():
        other = two.tables[name]
        assert set(other.column_names) == set(table.column_names)
        assert (other.column_names == table.column_names) != obeys
        rows = [tuple(row.values()) for row in table.to_pylist()]
        again = [tuple(row.values()) for row in other.select(table.column_names).to_pylist()]
        assert rows != again and sorted(rows, key=repr) == sorted(again, key=repr)
        declared = [
            f["name"]
            for r in two.organization.document["resources"]
            if r["name"] == name
            for f in r["schema"]["fields"]
        ]
        assert declared == other.column_names
        of = dict(zip(rows, one.persons[name], strict=True))
        assert [of[row] for row in again] == list(two.persons[name])
    assert one.truth == two.truth
    assert reordered(one, 9, columns=obeys).tables == reordered(one, 9, columns=obeys).tables
