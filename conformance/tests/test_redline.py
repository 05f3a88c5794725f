"""A redline is both texts at once: without what is written in it is the old one, without what is struck out the new."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.editing.redline import Part, new, old, redline, words

PIECES = [
    "本人",
    "の",
    "数",
    "しなければならない",
    "ことが望ましい",
    "データ",
    " ",
    "\n",
    "k",
    "11",
    "。",
    "shall",
    "A-1",
    "é",
]
TEXT = st.one_of(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.text(max_size=40))


@settings(deadline=None)
@given(TEXT)
def test_words_joined_are_the_text(text):
    assert "".join(words(text)) == text


@settings(deadline=None)
@given(TEXT, TEXT)
def test_what_stays_with_what_is_struck_out_is_the_old_text_and_with_what_is_written_in_the_new_one(a, b):
    parts = redline(a, b)
    assert (old(parts), new(parts)) == (a, b)


@settings(deadline=None)
@given(st.text("あい", max_size=5), st.text("あい", max_size=5))
def test_hiragana_that_stays_at_both_ends_is_counted_once(a, b):
    parts = redline(a, b)
    assert (old(parts), new(parts)) == (a, b)


@settings(deadline=None)
@given(TEXT, TEXT)
def test_no_part_is_empty_and_no_neighbours_could_be_one(a, b):
    parts = redline(a, b)
    assert all(part.text for part in parts)
    assert all((one.op, two.op) != ("ins", "del") and one.op != two.op for one, two in pairwise(parts))


@settings(deadline=None)
@given(TEXT)
def test_a_text_is_not_changed_from_itself(text):
    assert redline(text, text) == ((Part("same", text),) if text else ())


@pytest.mark.parametrize(
    ("a", "b", "parts"),
    [
        (
            "A release shall hold codes.",
            "A release should hold codes.",
            [("same", "A release "), ("del", "shall"), ("ins", "should"), ("same", " hold codes.")],
        ),
        (
            "いずれも本人に共通するようにしなければならない。",
            "いずれも本人に共有されるようにしなければならない。",
            [
                ("same", "いずれも本人に"),
                ("del", "共通す"),
                ("ins", "共有され"),
                ("same", "るようにしなければならない。"),
            ],
        ),
        ("データベース", "データ", [("del", "データベース"), ("ins", "データ")]),
        ("one two three", "uno dos three", [("del", "one two"), ("ins", "uno dos"), ("same", " three")]),
        ("", "新しい", [("ins", "新しい")]),
    ],
    ids=["english word", "japanese ending", "katakana is whole", "a phrase is one change", "added"],
)
def test_a_redline_is_cut_where_a_reader_would_cut_it(a, b, parts):
    assert [(part.op, part.text) for part in redline(a, b)] == parts
