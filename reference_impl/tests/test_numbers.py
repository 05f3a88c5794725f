"""Pseudonyms of 0 bits: the numbers of a random permutation of those who are released."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from conftest import Caller, declarations, hospital_rows
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_columns import call, keys, people, processing, rows_of


def numbered(*steps: tuple[str, list[str], dict[str, Any]], targets: Any = None) -> dict[str, Any]:
    pro = processing(*steps, targets=targets)
    pro["steps"][0]["params"]["bits"] = 0
    return pro


@settings(max_examples=25, deadline=None)
@given(people, keys)
def test_persons_are_numbered_from_1_to_n_by_the_secret(drawn: Any, one: bytes) -> None:
    rows = rows_of(drawn)
    out = call(drawn, numbered(), one)
    number = dict(zip(out.tables["t"]["id"], out.tables["t"]["person"], strict=True))
    of_person = {(row["person"], number[row["id"]]) for row in rows}
    persons = {row["person"] for row in rows}
    assert len(of_person) == len(persons)
    assert {n for _, n in of_person} == {str(n) for n in range(1, len(persons) + 1)}
    assert call(drawn, numbered(), one).raw == out.raw


def test_another_secret_numbers_otherwise() -> None:
    drawn = [(i, "a", 1, None, "x") for i in range(30)]
    orders = {tuple(call(drawn, numbered(), bytes([i]) * 32).tables["t"].sort_values("id")["person"]) for i in range(9)}
    assert len(orders) == 9


def test_numbers_do_not_follow_the_order_of_the_sources() -> None:
    """Their rank correlation is that of a permutation drawn at random."""
    n = 200
    out = call([(i, "a", 1, None, "x") for i in range(n)], numbered())
    table = out.tables["t"].sort_values("id")
    ranks = pd.Series([int(value) for value in table["person"]])
    correlation = ranks.corr(pd.Series(range(n)), method="spearman")
    assert abs(correlation) < 5 / (n - 1) ** 0.5  # five standard deviations
    assert [int(value) for value in out.tables["t"]["person"]] != sorted(ranks)  # nor does the order of the rows


@settings(max_examples=20, deadline=None)
@given(people, st.integers(2, 3))
def test_who_is_suppressed_leaves_no_gap(drawn: Any, k: int) -> None:
    search = ("k-search", ["group"], {"algorithm": "suppression", "k": k, "maxSuppressed": 1.0})
    pro = numbered(search, targets=[{"model": "k-anonymity", "quasi": ["t.group"], "k": k}])
    pro["steps"][1]["fields"].append("t.group")
    out = call(drawn, pro)
    assume(out.status == "ok")
    numbers = {int(value) for value in out.tables["t"]["person"]}
    assert numbers == set(range(1, len(numbers) + 1))


def test_one_domain_has_one_number_in_all_tables(run: Caller) -> None:
    org, pro = declarations("hospital")
    for step in pro["steps"]:
        if step["technique"].startswith("pseudonymize"):
            domain = step["params"]["domain"]
            step["technique"] = "pseudonymize-random"
            step["params"] = {"scope": "release", "domain": domain, "bits": 0}
    rows = hospital_rows(200)
    out = run(org, pro, rows)
    assert out.status == "ok", out.answer
    patients, visits = out.tables["patients"], out.tables["visits"]
    assert set(visits["subject_id"]) <= set(patients["subject_id"])
    assert set(out.tables["labs"]["visit_id"]) <= set(visits["visit_id"])
    n = len(patients)
    assert set(patients["subject_id"]) == {str(i) for i in range(1, n + 1)}
    keyed = run(*declarations("hospital"), rows)
    # The same persons have the same visits: the sizes of the families of rows are those of the keyed release.
    sizes = [sorted(o.tables["visits"].groupby("subject_id").size()) for o in (out, keyed)]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(("bits", "code"), [(False, "DECLARATION_INVALID"), (1, "DECLARATION_INVALID"), (0, "")])
def test_only_the_number_0_stands_for_a_permutation(bits: Any, code: str) -> None:
    pro = numbered()
    pro["steps"][0]["params"]["bits"] = bits
    out = call([(1, "a", 1, None, "x")], pro)
    assert out.reason == (code, "/steps/0/params/bits") if code else out.status == "ok"


def test_invented_rows_have_no_number_and_numbers_are_no_quasi_identifier() -> None:
    drawn = [(i, "a", 1, None, "x") for i in range(9)]
    names = ["person", "id", "group", "value", "real", "word"]
    invented = numbered(("synthesize", names, {"method": "independent", "share": 0.5}))
    assert call(drawn, invented).reason == ("UNSUPPORTED", "/steps/1/fields/0")
    search = ("k-search", ["person"], {"algorithm": "suppression", "k": 2, "maxSuppressed": 1.0})
    assert call(drawn, numbered(search)).reason == ("UNSUPPORTED", "/steps/2/fields/0")
