"""Delta debugging keeps what fails, ends at people that are all needed, and never asks more than its budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tokumei.model import Finding
from tokumei.plan.required import required_plan
from tokumei.runner.session import examples
from tokumei.shrink.case import Shrunk, from_document, to_document
from tokumei.shrink.persons import smallest


@given(st.integers(2, 60), st.data())
def test_the_smallest_people_are_exactly_the_guilty(count: int, data: st.DataObject) -> None:
    guilty = frozenset(data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=4)))
    kept = smallest(range(count), lambda people: guilty <= people, trials=2000)
    assert kept == guilty


@given(st.integers(2, 60), st.integers(0, 30))
def test_the_budget_is_kept_and_the_result_fails(count: int, trials: int) -> None:
    asked = []

    def fails(people: frozenset[int]) -> bool:
        asked.append(people)
        return len(people) >= 3

    kept = smallest(range(count), fails, trials=trials)
    assert len(asked) <= trials
    assert len(kept) >= 3 or len(kept) == count


def test_a_case_is_the_same_after_it_was_written_and_read() -> None:
    plan = required_plan(examples()[:1], track="open", seed=5)
    for case in plan.cases:
        finding = Finding(code="X", case=case.id)
        shrunk = Shrunk(finding=finding, case=case, people_from=1, people_to=1, trials=0)
        again = from_document(to_document("I5-01", shrunk, 5))
        assert (again.id, again.offers, again.stage) == (case.id, case.offers, case.stage)
        for one, two in zip(again.calls, case.calls, strict=True):
            assert all(one.bundle.tables[name].equals(table) for name, table in two.bundle.tables.items())
            assert one.bundle.persons == two.bundle.persons
            assert one.bundle.truth.carriers == two.bundle.truth.carriers
