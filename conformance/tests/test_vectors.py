"""Vectors in cells and columns."""

import base64
import struct
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.clauses.i2.i2_05 import HEADERS
from tokumei.engines.duckdb import DuckDB
from tokumei.measures import vectors

numbers = st.lists(st.integers(-999, 999).map(lambda n: n / 10), min_size=3, max_size=80)


@given(numbers, st.sampled_from([",", " ", "; ", "|", " , "]), st.sampled_from(["[]", "()", "{}", "  "]))
def test_a_vector_is_read_whatever_parts_its_numbers(told, separator, brackets):
    text = brackets[0] + separator.join(map(str, told)) + brackets[1]
    assert vectors.vector(text) == tuple(told)


@given(st.lists(st.floats(-1, 1, width=32).filter(lambda n: n == 0 or abs(n) > 1e-6), min_size=32, max_size=64))
def test_floats_in_base64_are_a_vector(told):
    for order in "<>":
        text = base64.b64encode(struct.pack(f"{order}{len(told)}f", *told)).decode()
        assert len(vectors.vector(text, 32)) == len(told)


@pytest.mark.parametrize("text", ["2024-01-02T", "p1", "rs4680:AG;rs12599:AG", "4ce0842e652add117f2594b48cb76e22", ""])
def test_other_texts_are_no_vectors(text):
    assert vectors.vector(text, 8) == ()


def test_random_bytes_in_base64_are_hardly_ever_a_vector():
    random = Random(1)
    texts = [base64.b64encode(random.randbytes(128)).decode() for _ in range(2000)]
    assert not any(vectors.vector(text, 32) for text in texts)


@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-50, 50), st.integers(24, 64))
def test_scale_shift_and_cutting_hide_nothing(seed, scale, shift, size):
    one = [Random(seed).gauss(0, 40) for _ in range(1)] + [Random(seed + n).gauss(0, 40) for n in range(1, 64)]
    assert vectors.same([scale * n + shift for n in one[:size]], one, 10**6, 1e-11)


def test_random_vectors_are_not_the_same():
    random = Random(7)
    some = [[random.gauss(0, 1) for _ in range(16)] for _ in range(300)]
    assert not any(vectors.same(a, b, 300 * 300, 1e-3) for n, a in enumerate(some) for b in some[:n])


def test_runs_are_columns_numbered_alike():
    names = ["id", "emb_0", "emb_2", "emb_1", "age", "f[3]", "f[4]"]
    assert vectors.runs(names) == {"emb": ["emb_0", "emb_1", "emb_2"], "f": ["f[3]", "f[4]"]}


def test_answers_are_small_and_whole():
    assert vectors.answers([1, 5, 3, 2, 4] * 8)
    assert not vectors.answers([0.1, -0.5, 0.3])


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (base64.b64encode(b"FMR\0 20\0" + bytes(40)).decode(), True),
        (base64.b64encode(b"FAC\000010\0" + bytes(40)).decode(), True),
        ((b"IIR\0" + b"030\0" + bytes(8)).hex(), True),
        ("FMR 20", True),
        ("FAC123EADC21BD37D675D48F023B38B2", False),
        ("46414300ADC21BD37D675D48F023B38B", False),
    ],
)
def test_the_first_bytes_of_known_formats_are_known(text, known):

    with DuckDB() as engine:
        cells = {"case": ["c"], "call": [0], "resource": ["r"], "field": ["f"], "value": [text]}
        assert bool(engine.register("cells", pa.table(cells)).query(HEADERS).arrow().num_rows) == known
