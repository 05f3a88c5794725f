"""Texts that match a pattern are drawn as ``rstr`` draws them."""

import re
from random import Random

import pytest
import rstr
from hypothesis import given
from hypothesis import strategies as st

from tokumei.plan.patterns import _reader, drawn

SETS = st.sampled_from(["[0-9]", "[A-Z]", "[0-9A-F]", "[ァ-ヴ]", "R", "患", "[-x]", "(ab|c[0-9])", "(?:x|yz)"])
REPEATS = st.sampled_from(["", "{8}", "{2,5}", "?", "*", "+", "{3,}?"])
PATTERNS = st.lists(st.builds("{}{}".format, SETS, REPEATS), max_size=5).map("".join)


@given(pattern=PATTERNS, seed=st.integers(0, 2**32))
def test_the_draws_are_those_of_rstr_and_match(pattern, seed):
    one, two = Random(seed), Random(seed)
    text = drawn(pattern, one)
    assert _reader(pattern) is not None
    assert text == rstr.Rstr(two).xeger(pattern)
    assert one.getstate() == two.getstate()
    assert re.fullmatch(pattern, text)


@pytest.mark.parametrize("pattern", ["[^0-9]{3}", r"\d{4}", r"([A-C])\1", "a.c", r"x[\dA]"])
def test_what_is_not_read_here_is_left_to_rstr(pattern):
    assert _reader(pattern) is None
    text = drawn(pattern, Random(3))
    assert re.fullmatch(pattern, text)
    assert text == rstr.Rstr(Random(3)).xeger(pattern)
