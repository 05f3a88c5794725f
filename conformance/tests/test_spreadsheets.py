"""What is run in a cell and what is not, and that correct ways of writing it leave nothing that is."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.modalities.tables.plaincells import apostrophe, blank, escaped
from tokumei.runner.power import PAIRS, pair_named
from tokumei.spreadsheets import OPEN_VALUES, formula, script, unbounded

RUN = ["=1+1", "==1", "@SUM(1)", "+SUM(1,2)", "-2+3+cmd|' /C calc'!A0", "\t=1", "\r\n=1", "＝１", "＠a", "+abC", "-x"]
SHOWN = ["-1.5", "+3", "-", "+", "2+", "-10以下", "-1錠へ減量", "(-)", "a=b", " =1", "'=1+1", "80歳以上", "1-2", ""]


@pytest.mark.parametrize("text", RUN)
def test_a_formula_is_told_by_how_it_begins(text):
    assert formula(text)


@pytest.mark.parametrize("text", SHOWN)
def test_what_calls_nothing_is_no_formula(text):
    assert not formula(text) and not script(text)


@pytest.mark.parametrize(
    "text", ["<script>x</script>", "< SCRIPT >", "a<img src=x onerror=y>", "javascript:x", "<svg/onload=1>"]
)
def test_a_script_is_told_wherever_it_stands(text):
    assert script(text)


@pytest.mark.parametrize(
    "text", ["CRP<5", "a < b > c", "＜script＞", "&lt;script>", "a<b のとき on = 1", "description:"]
)
def test_comparisons_and_escaped_elements_are_no_scripts(text):
    assert not script(text)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_are_no_formulas(number):
    assert not formula(str(number)) and not formula(f"+{number}")


@pytest.mark.parametrize("manner", [apostrophe, blank, escaped])
@given(st.sampled_from(OPEN_VALUES) | st.text("=+-@＝\t<>(a1|! /script", min_size=1))
def test_what_correct_products_write_is_run_by_nothing(manner, text):
    cell = manner(text) or ""
    read = next(csv.reader(io.StringIO(f'"{cell.replace(chr(34), chr(34) * 2)}"', newline="")), [""])
    assert not any(formula(each) for each in read)
    assert not any(script(each) for each in read if "javascript" not in each)


def test_only_the_hospital_holds_a_text_without_bounds():
    assert [[str(info.name) for info in unbounded(*pair_named(pair))] for pair in PAIRS] == [
        [],
        ["prescriptions.usage"],
    ]
