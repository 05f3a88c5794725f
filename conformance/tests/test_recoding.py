"""The ways in which correct products reach k, and the declarations that they make of those asked."""

import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei import documents
from tokumei.claims import laxer
from tokumei.declarations import Processing
from tokumei.modalities.tables import recoding, stricter, variants, variants_plain
from tokumei.modalities.tables.accompanying import accompanied
from tokumei.modalities.tables.recoding import PERSON, Numbers, Places, Texts
from tokumei.resources import data
from tokumei.runner import selftest
from tokumei.schema import validate

PAIRS = ("stroke-registry", "hospital")
EDITS = {
    "mondrian": stricter.searched_by("mondrian"),
    "coarser": stricter.coarser,
    "permuted": stricter.unmeasured_pseudonyms,
    "optional": stricter.without(stricter.optional),
    "dates": stricter.without(stricter.dates),
}
TREE = {
    "a": ("north", "n1"), "b": ("north", "n1"), "c": ("north", "n2"), "d": ("south", "s1"), "e": ("south", "s2"),
}  # fmt: skip
SCALES = {
    "age": Numbers(width=5, top=90, label_of=lambda low, high: f"{low}-{high}", unread=None),
    "sex": Texts(),
    "area": Places(above=TREE, labels={node: node for path in TREE.values() for node in path}),
}
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            PERSON: st.integers(0, 25),
            "age": st.one_of(st.none(), st.just("?"), st.integers(0, 119).map(str)),
            "sex": st.sampled_from([None, "M", "F"]),
            "area": st.sampled_from([None, "elsewhere", *TREE]),
        }
    ),
    max_size=60,
)
WAYS = (recoding.leaving_out, recoding.datafly, recoding.mondrian)


def classes(rows):
    found = defaultdict(set)
    for row in rows:
        found[row["age"], row["sex"], row["area"]].add(row[PERSON])
    return found


def holds(label, value):
    """Whether a released label may stand for a value."""
    if label in (value, recoding.EVERYTHING, recoding.UNKNOWN) or label in TREE.get(value, ()):
        return True
    if value in (None, "?") or label is None:
        return label is None
    low, _, high = label.partition("-")
    return int(low) <= int(value) <= (999 if high == "None" else int(high))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@given(rows=ROWS, k=st.integers(2, 6))
def test_every_class_has_k_persons_and_labels_hold(way, rows, k):
    after = [dict(row) for row in rows]
    gone = way(after, SCALES, k)
    left = [row for row in after if row[PERSON] not in gone]
    assert all(len(persons) >= k for persons in classes(left).values())
    for before, row in zip(rows, after, strict=True):
        if row[PERSON] not in gone:
            assert row["sex"] == before["sex"]
            assert holds(row["age"], before["age"]) and holds(row["area"], before["area"])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@given(rows=ROWS, k=st.integers(2, 6), data=st.data())
def test_the_order_of_rows_decides_nothing(way, rows, k, data):
    place = data.draw(st.permutations(range(len(rows))))
    one, two = [dict(row) for row in rows], [dict(rows[i]) for i in place]
    gone = way(one, SCALES, k), way(two, SCALES, k)
    assert gone[0] == gone[1]
    for number, i in enumerate(place):
        assert two[number] == one[i] or one[i][PERSON] in gone[0]


def test_parts_are_cut_where_each_has_k():
    rows = [{PERSON: n, "age": str(20 + n), "sex": "M", "area": "a"} for n in range(10)]
    assert recoding.mondrian(rows, SCALES, 4) == set()
    assert [row["age"] for row in rows] == ["20-24"] * 5 + ["25-29"] * 5


@given(
    digits=st.text("0123456789", min_size=2, max_size=12),
    other=st.text("0123456789", min_size=2, max_size=12),
)
def test_a_permutation_keeps_length_and_gives_no_number_twice(digits, other):
    def mac(*parts):
        return variants_plain._mac(b"k" * 32, *parts)

    one, two = (variants_plain._feistel(mac, text) for text in (digits, other))
    assert (len(one), one.isdecimal()) == (len(digits), True)
    assert (one == two) == (digits == other)


def test_a_permutation_of_few_numbers_is_one():
    def mac(*parts):
        return variants_plain._mac(b"k" * 32, *parts)

    for size in (2, 3):
        numbers = {f"{n:0{size}}" for n in range(10**size)}
        assert {variants_plain._feistel(mac, text) for text in numbers} == numbers


def test_a_permuted_number_is_nobodys():
    numbers = frozenset(str(n) for n in range(10_000_000, 10_000_000 + 50))
    values = sorted(numbers)
    drawn = variants_plain._permuted(b"k" * 32, "subject", values, numbers)
    assert not set(drawn.values()) & numbers
    crowded = frozenset(str(n) for n in range(1, 100))
    with pytest.raises(variants_plain._Refused):
        variants_plain._permuted(b"k" * 32, "subject", ["10", "11"], crowded | {""})


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", EDITS)
def test_what_is_claimed_is_valid_and_not_laxer(pair, name):
    folder = data("examples", "declarations", pair)
    organization, asked = (
        json.loads(json.dumps(documents.load(folder / f"{kind}.yaml").document))
        for kind in ("organization", "processing")
    )
    before = json.dumps(asked)
    claim = EDITS[name](organization, asked)
    assert json.dumps(asked) == before != json.dumps(claim)
    assert not validate(claim, "processing")
    assert laxer(Processing.of(asked), Processing.of(claim)) == ()


def test_dates_that_are_claimed_to_be_left_out_are_not_missed():
    """Dropping is stricter than moving (PROTOCOL): the clauses on dates have nothing to judge and accuse nobody."""
    product = accompanied(variants.careful(variants_plain.product(variants_plain.UNDATED)))
    run = selftest.power_run("undated", product, pair="stroke-registry", seed=3)
    assert (run.failed, run.errors, run.crashes, run.outcome) == ((), (), 0, "incomplete")
