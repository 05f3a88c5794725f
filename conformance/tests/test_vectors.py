"""Vectors in cells and columns."""

import base64
import struct
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

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


@given(st.lists(st.integers(-(10**6), 10**6).map(lambda n: n / 1024), min_size=2, max_size=40).filter(any))
def test_floats_in_base64_are_read_with_either_alphabet_and_without_padding(told):
    one = np.array(told, "<f4")
    text = base64.b64encode(one.tobytes()).decode()
    for spelled in (text, text.rstrip("="), text.replace("+", "-").replace("/", "_")):
        assert vectors.vector(spelled, len(told)) in {tuple(one.tolist()), tuple(one.byteswap().tolist())}
        assert vectors.vector(spelled, len(told) + 1) == ()
    big = np.array(told, ">f4").tobytes()
    assert len(vectors.vector(base64.b64encode(big).decode())) == len(told)


@pytest.mark.parametrize("least", [2, 3, 4, 5, 6])
def test_a_vector_has_as_many_numbers_as_are_asked_for(least):
    numbers = [0.5, -1.25, 3.0, 7.5, 0.0, -2.0][:least]
    packed = base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()
    for text in (" ".join(map(str, numbers)), packed, packed.rstrip("=")):
        assert vectors.vector(text, least) == tuple(numbers)
        assert vectors.vector(text, least + 1) == ()
    assert vectors.vector("1 2") == (1, 2)
    assert vectors.vector("1") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1e3,-2.5E-1", (1000, -0.25)),
        ("1E+2 .5", (100, 0.5)),
        ("{+1|-.5_2.}", (1, -0.5, 2)),
        ("1;2:3/4", (1, 2, 3, 4)),
        ("1 2 x", ()),
        ("1 2 e", ()),
    ],
)
def test_numbers_are_written_as_programs_write_them(text, told):
    assert vectors.vector(text) == told


def _base64(*numbers):
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


@pytest.mark.parametrize(
    "text",
    [
        _base64(1e6, 1e6, 1e6),  # too large, and too small from the other end
        _base64(1e7, 1.5, 1.5),
        _base64(1e-9, 1.5, 1.5),
        _base64(float("nan"), 1.5, 1.5),
        base64.b64encode(bytes([0, 0, 128, 63] * 3 + [1])).decode(),  # not four bytes a number
        "=" + _base64(1.5, 2.5, 3.5),
        _base64(1.5, 2.5, 3.5) + "é",
        "AAAA AAAA AAAA AAAA",
        "A" * 17,
    ],
)
def test_what_no_program_keeps_as_floats_is_no_vector(text):
    assert vectors.vector(text) == ()


@pytest.mark.parametrize(
    ("numbers", "known"),
    [
        ([0, 1, 99], True),
        ([0, 1, 100, 1], True),
        ([0, 1, 100], False),  # a third
        ([0, 1, -1], False),
        ([0, 1, -1, 1], True),
        ([0, 1, 0.5], False),
        ([0, 1, 0.5, 1], True),
        ([0, 0, 0, -1, 0.5, 100, 3, 4, 5], False),
        ([0, 0, 0, -1, 0.5, 100, 3, 4, 5, 6], True),
    ],
)
def test_most_answers_are_whole_from_0_to_99(numbers, known):
    assert vectors.answers(numbers) is known


@given(st.integers(0, 10**6), st.integers(3, 40), st.floats(0, 1), st.sampled_from([1, 40, 10**6]))
def test_vectors_are_the_same_only_beyond_what_random_pairs_are(seed, size, noise, among):
    """Of independent normal numbers the square of the correlation is a beta variable: its tail is the exact chance."""
    random = np.random.default_rng(seed)
    one = random.normal(size=size)
    other = one + noise**4 * random.normal(size=size)
    told = vectors.same(one.tolist(), [*other.tolist(), 9.0][: size + seed % 2], among, 1e-3)
    square = np.corrcoef(one, other)[0, 1] ** 2
    chance = among * beta.sf(square, 1 / 2, (size - 2) / 2) if size > 2 else 1.0
    if told:
        assert chance < 1e-3 or square > 1 - 1e-12  # of which a float tells no more
    elif chance:
        assert 2 * among * (1 - square) ** ((size - 2) / 2) >= 0.99e-3


@pytest.mark.parametrize("among", [1, 1000])
@pytest.mark.parametrize("size", [5, 8, 24])
def test_vectors_are_the_same_from_the_bound_on(size, among):
    basis = np.linalg.qr(np.column_stack([np.ones(size), np.random.default_rng(size).normal(size=(size, 2))]))[0]
    for times in (0.95, 1.05):
        rest = (times * 1e-3 / (2 * among)) ** (2 / (size - 2))
        other = np.sqrt(1 - rest) * basis[:, 1] + np.sqrt(rest) * basis[:, 2]
        assert vectors.same(basis[:, 1].tolist(), other.tolist(), among, 1e-3) is (times < 1)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_vectors_of_less_than_three_numbers_are_never_the_same(size):
    one = [1.0, 2.0, 5.0][:size]
    assert size == 0 or not vectors.same(one, [1.0, 2.0, 5.0, 7.0], 1, 0.999)


def test_three_numbers_of_one_line_are_the_same_and_equal_numbers_are_not():
    assert vectors.same([1, 2, 4], [2, 4, 8], 1, 1e-3)
    assert not vectors.same([1, 1, 1, 1], [2, 4, 8, 9], 1, 0.999)
    assert not vectors.same([1, 1, 1, 1], [1, 1, 1, 1], 1, 0.999)


@given(st.lists(st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.0, 2.0]), max_size=40))
def test_signs_are_bits_and_bytes_from_either_end(told):
    positive = np.array(told) > 0
    assert list(vectors.signs(told)) == [
        "".join(map(str, positive.astype(int))),
        np.packbits(positive).tobytes().hex(),
        np.packbits(positive, bitorder="little").tobytes().hex(),
    ]


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
