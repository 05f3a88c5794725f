"""Codes found again: every spelling, parts of codes against chance, check digits, and the list in force."""

import itertools
import re
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei import numbers
from tokumei.engines.duckdb import DuckDB
from tokumei.law import load_law
from tokumei.measures import codes as measure
from tokumei.stats import binomial_tail
from tokumei.text import fold

CELL = pa.schema(
    [("case", pa.string()), ("call", pa.int32()), *((n, pa.string()) for n in ("resource", "field", "value"))]
)
CANARY = pa.schema([(n, pa.string()) for n in ("case", "canary", "folded", "source", "kind")])


def cells(engine, values, field="f", name="cells"):
    rows = [{"case": "c", "call": 0, "resource": "r", "field": field, "value": value} for value in values]
    return engine.register(name, pa.Table.from_pylist(rows, CELL))


def canaries(engine, codes):
    rows = [{"case": "c", "canary": c, "folded": fold(c), "source": "r.code", "kind": "symbol"} for c in codes]
    return engine.register("canaries", pa.Table.from_pylist(rows, CANARY))


def found_again(engine, codes, values, given=()):
    """The codes found whole in fields that are not random, by the measure that I2-01 uses."""
    from tokumei.clauses.i2.i2_01 import TURNED
    from tokumei.measures.leaks import occurrences, with_text

    known = measure.codes(canaries(engine, codes), 6)
    texts = measure.fresh(with_text(cells(engine, values)), cells(engine, given, name="given"))
    sought = known.query(TURNED, least=measure.SURE)
    return {row["canary"] for row in occurrences(texts, sought, show=True, folded=True).rows()}


@pytest.fixture(scope="module")
def engine():
    with DuckDB() as engine:
        yield engine


@pytest.mark.parametrize("kind", sorted(numbers.CODES - {"insurer-6", "care-insurer"}))
@pytest.mark.parametrize("form", numbers.forms("12345678"))
def test_every_spelling_is_found(engine, kind, form):
    code = numbers.generate(kind, 7)
    written = numbers.forms(code)[form]
    run = max(re.findall("[0-9]+", numbers.plain(code)), key=len)
    found = found_again(engine, [code], [f"備考：{written}。"])
    assert found and found <= {numbers.plain(code), run}
    assert found_again(engine, [numbers.generate(kind, 8)], [written]) == set()


def test_what_the_input_has_in_the_field_is_no_finding(engine):
    assert found_again(engine, ["48512977"], ["148512977"], given=["148512977"]) == set()
    assert found_again(engine, ["48512977"], ["148512977"], given=["48512977"]) == {"48512977"}


def brute_parts(codes, suffix, inside):
    """Every proper run of digits that is long enough: the last ones from ``suffix`` on."""
    out = set()
    runs = [re.findall("[0-9]{6,}", code)[:1] for code in codes]
    for code in {*codes, *itertools.chain(*runs)}:
        for i in range(len(code)):
            for j in range(i + suffix, len(code) + 1):
                part = code[i:j]
                if part != code and part.isdigit() and (len(part) >= inside or j == len(code)):
                    out.add(part)
    return out


@settings(max_examples=20, deadline=None)
@given(st.lists(st.from_regex(r"[0-9]{6,12}|[a-z]{2}[0-9]{7}", fullmatch=True), min_size=1, max_size=4))
def test_parts_are_those_of_brute_force(codes):
    with DuckDB() as engine:
        known = measure.codes(canaries(engine, codes), 6)
        rows = measure.parts(known, suffix=4, inside=5).rows()
        assert {row["part"] for row in rows} == brute_parts(codes, 4, 5)
        assert len(rows) == len({row["part"] for row in rows})
        assert all(row["size"] == len(row["part"]) for row in rows)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(alphabet="0159aZ-*円 ", max_size=12), max_size=6))
def test_a_number_alone_in_its_text_is_a_token(values):
    with DuckDB() as engine:
        texts = cells(engine, values).query("SELECT *, text_fold(value) AS text FROM {self} t")
        found = {row["token"] for row in measure.tokens(texts, 4).rows()}
    wanted = set()
    for value in values:
        runs = "".join(c if c.isdigit() else " " for c in fold(value)).split()
        wanted |= set(runs) if len(runs) == 1 and len(runs[0]) >= 4 else set()
    assert found == wanted


def beyond(engine, codes, values):
    known = measure.codes(canaries(engine, codes), 6)
    texts = cells(engine, values).query("SELECT *, text_fold(value) AS text FROM {self} t")
    return list(measure.beyond_chance(measure.tokens(texts, 4), measure.parts(known, suffix=4, inside=5)))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("people", [30, 400])
def test_random_numbers_are_not_parts_but_last_digits_are(engine, seed, people):
    random = Random(seed)
    codes = [f"{random.randrange(10**8):08}" for _ in range(people)]
    noise = [f"{random.randrange(10**length):0{length}}" for length in (4, 5, 6) for _ in range(people)]
    assert beyond(engine, codes, noise) == []
    (row,) = beyond(engine, codes, [f"****-{code[-4:]}" for code in codes])
    assert (row["size"], row["hits"], row["n"]) == (4, row["n"], len({code[-4:] for code in codes}))
    assert binomial_tail(row["hits"], row["n"], row["mean"] / row["n"]) < measure.ALPHA


def test_serial_numbers_are_not_parts(engine):
    random = Random(3)
    codes = [f"{random.randrange(10**8):08}" for _ in range(300)]
    assert beyond(engine, codes, [str(n) for n in range(1, 6000)]) == []


def test_the_numbers_with_a_check_digit_are_those_of_codes():
    from tokumei.clauses.i2.i2_04 import LENGTHS

    assert ("my-number", 12) in LENGTHS and ("modulus-10", 8) in LENGTHS and ("modulus-10", 6) in LENGTHS
    assert not LENGTHS & {("modulus-10", 10), ("municipality", 6), ("corporate", 13)}


def test_the_examples_name_the_list_of_their_day():
    from tokumei.runner.power import PAIRS, pair_named

    for pair in PAIRS:
        document = pair_named(pair)[1].document
        assert document["codeList"]["version"] == load_law().codes_on(document["tokumei"]["date"]).since
