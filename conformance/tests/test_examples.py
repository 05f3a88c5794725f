"""Every mini-example of the standard is judged by its check as the text says; the reader refuses what is no example."""

from __future__ import annotations

import dataclasses

import pytest

from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.examples import TABLE, Example, Grid
from tokumei.runner.examples import play_example, unkept
from tokumei.spec import load_spec

EDITION = load_spec()
CHECKS = checks()
ALL = [(c.id, n) for c in EDITION.clauses.values() if c.id in CHECKS for n in range(len(c.examples))]
SAY = {"ja": "例", "en": "An example"}


@pytest.fixture(scope="module")
def engine():
    with DuckDB() as made:
        yield made


@pytest.mark.parametrize(("clause", "number"), ALL, ids=[f"{clause}-{number}" for clause, number in ALL])
def test_the_check_says_what_the_text_says(clause, number, engine):
    example = EDITION.clauses[clause].examples[number]
    found = play_example(example, CHECKS[clause], engine)
    assert (found.error, found.verdict) == ("", example.verdict)
    assert {finding.code for finding in found.findings} == ({example.code} if example.code else set())


def test_a_false_example_is_seen(engine):
    clause = EDITION.clauses["I5-01"]
    kept = next(example for example in clause.examples if example.verdict == "pass")
    tighter = dataclasses.replace(kept, targets=({"model": "k-anonymity", "k": 3},))
    false = dataclasses.replace(clause, examples=(tighter, kept))
    edition = dataclasses.replace(EDITION, clauses={"I5-01": false})
    (problem,) = unkept(edition, CHECKS, engine)
    assert (problem.code, problem.place.pointer) == ("SPEC_EXAMPLE_VERDICT", "/examples/0")
    assert problem.params == {"wanted": "pass", "found": "fail CLASS_TOO_SMALL"}


def test_a_table_is_read_as_csv_in_which_empty_is_missing():
    grid = Grid.of('a,b\n1,\n"x,y",2\n')
    assert grid == Grid(("a", "b"), (("1", None), ("x,y", "2")))


@pytest.mark.parametrize("text", ["", "a,b\n1\n", "a,b\n1,2,3\n", 'a\n"x\n'])
def test_a_table_of_uneven_rows_is_none(text):
    with pytest.raises(ValueError):
        Grid.of(text)


def test_one_table_needs_no_name_and_one_call_no_list():
    example = Example.of({"say": SAY, "verdict": "pass", "release": "a\n1"})
    assert [list(call.release) for call in example.calls] == [[TABLE]]
    two = Example.of({"say": SAY, "verdict": "pass", "calls": [{"release": {"x": "a\n1"}}, {"claim": None}]})
    assert [call.claimed for call in two.calls] == [True, False]
    assert list(two.calls[0].release) == ["x"]


@pytest.mark.parametrize(
    "value",
    [
        {"say": SAY, "verdict": "fail", "release": "a\n1"},
        {"say": SAY, "verdict": "pass", "code": "X", "release": "a\n1"},
        {"say": SAY, "verdict": "good", "release": "a\n1"},
        {"say": {"ja": "例"}, "verdict": "pass", "release": "a\n1"},
        {"say": SAY, "verdict": "pass"},
        {"say": SAY, "verdict": "pass", "release": "a\n1", "calls": [{}]},
        {"say": SAY, "verdict": "pass", "releases": "a\n1"},
    ],
)
def test_what_is_no_example_is_refused(value):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Example.of(value)
