"""Official numbers: check digits against independent formulas and by brute force; invented numbers."""

from __future__ import annotations

import itertools
import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei import numbers
from tokumei.text import fold

WITH_DIGIT = [name for name, kind in numbers.KINDS.items() if kind.family]
FORMS = [name for name in numbers.forms("1") if name != "reversed"]


def digits(count):
    return st.text("0123456789", min_size=count, max_size=count)


def body_length(family):
    return {"my-number": 11, "resident-code": 10, "licence": 10, "municipality": 5, "corporate": 12, "mrz": 9}[family]


# -- the rules, written a second time in another way ---------------------------------------------------


@given(digits(11))
def test_my_number_is_the_sum_of_the_ordinance(body):
    total = sum(int(body[-n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 12))
    assert numbers.my_number_digit(body) == str(0 if total % 11 <= 1 else 11 - total % 11)


@given(digits(10))
def test_resident_code_and_licence_differ_where_the_remainder_is_0_or_1(body):
    remainder = sum(int(body[-n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 11)) % 11
    code, licence = numbers.resident_code_digit(body), numbers.licence_digit(body)
    assert (code, licence) == {0: ("0", "1"), 1: ("0", "0")}.get(remainder, (str(11 - remainder),) * 2)


@given(st.sampled_from([5, 6, 7, 9]).flatmap(digits))
def test_modulus_10_is_luhn(body):
    doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    number = body + numbers.modulus_10_digit(body)
    assert sum(doubled[int(c)] if i % 2 else int(c) for i, c in enumerate(reversed(number))) % 10 == 0


@given(digits(12))
def test_the_corporate_digit_is_never_zero(body):
    weights = itertools.cycle((1, 2))
    total = sum(int(c) * w for c, w in zip(reversed(body), weights, strict=False))
    assert numbers.corporate_digit(body) == str(9 - total % 9) != "0"


def test_two_families_of_six_digits_are_told_apart():
    assert numbers.passing("271004") == ("municipality",)
    assert numbers.passing("271007") == ("modulus-10",)


# -- what the rules detect ------------------------------------------------------------------------------


def test_modulus_10_sees_every_single_error_and_every_swap_of_neighbours_but_09():
    for body in map("".join, itertools.product("0123456789", repeat=4)):
        number = body + numbers.modulus_10_digit(body)
        for at, digit in itertools.product(range(5), "0123456789"):
            wrong = number[:at] + digit + number[at + 1 :]
            assert (wrong == number) == (numbers.modulus_10_digit(wrong[:-1]) == wrong[-1])
        for at in range(4):
            swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
            seen = numbers.modulus_10_digit(swapped[:-1]) != swapped[-1]
            assert seen == (swapped != number and {number[at], number[at + 1]} != {"0", "9"})


@pytest.mark.parametrize("name", ["my-number", "resident-code", "licence", "municipality"])
def test_modulus_11_misses_a_single_error_only_between_two_remainders_with_one_digit(name):
    family, random = numbers.FAMILIES[name], Random(name)
    weights = {"my-number": "65432765432", "municipality": "65432"}.get(name, "5432765432")
    same = {0, 1} if name in ("my-number", "resident-code") else {0, 10}
    missed = tried = 0
    for _ in range(300):
        body = "".join(random.choices("0123456789", k=body_length(name)))
        for at, digit in itertools.product(range(len(body)), "0123456789"):
            if digit == body[at]:
                continue
            wrong = body[:at] + digit + body[at + 1 :]
            remainders = {sum(int(c) * int(w) for c, w in zip(b, weights, strict=True)) % 11 for b in (body, wrong)}
            tried += 1
            missed += (unseen := family.digit(wrong) == family.digit(body))
            assert unseen == (remainders == same)
    assert 0 < missed < 0.04 * tried


def test_modulus_9_misses_a_single_error_only_between_0_and_9():
    random = Random(9)
    for _ in range(300):
        body = "".join(random.choices("0123456789", k=12))
        for at, digit in itertools.product(range(12), "0123456789"):
            wrong = body[:at] + digit + body[at + 1 :]
            seen = numbers.corporate_digit(wrong) != numbers.corporate_digit(body)
            assert seen == (wrong != body and {digit, body[at]} != {"0", "9"})


def test_a_passport_field_misses_a_single_error_only_between_characters_ten_apart():
    random, alphabet = Random(7), "0123456789abcdefghijklmnopqrstuvwxyz"
    for _ in range(100):
        body = "".join(random.choices(alphabet, k=9))
        for at, char in itertools.product(range(9), alphabet):
            wrong = body[:at] + char + body[at + 1 :]
            seen = numbers.mrz_digit(wrong) != numbers.mrz_digit(body)
            assert seen == ((alphabet.index(char) - alphabet.index(body[at])) % 10 != 0)


@pytest.mark.parametrize("name", WITH_DIGIT)
@given(seed=st.integers(0, 10**6))
def test_an_error_in_the_check_digit_itself_is_always_seen(name, seed):
    number = numbers.generate(name, seed)
    at = range(len(number))[numbers.FAMILIES[numbers.KINDS[name].family].place]
    for digit in "0123456789":
        assert numbers.check(name, number[:at] + digit + number[at + 1 :]) == (digit == number[at])


# -- chance ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "length"), [(f.id, n) for f in numbers.FAMILIES.values() for n in f.lengths])
def test_exactly_one_of_ten_digits_passes(name, length):
    family, random = numbers.FAMILIES[name], Random(length)
    at = range(length)[family.place]
    for _ in range(200):
        number = "".join(random.choices("0123456789", k=length))
        passing = [d for d in "0123456789" if family.holds(number[:at] + d + number[at + 1 :])]
        assert len(passing) == 10 * numbers.CHANCE == 1


def test_all_municipality_codes_pass_at_the_rate_of_chance():
    held = sum(numbers.FAMILIES["municipality"].holds(f"{n:06}") for n in range(10**6))
    assert held == numbers.CHANCE * 10**6


# -- forms and invented numbers -------------------------------------------------------------------------


@pytest.mark.parametrize("name", numbers.KINDS)
@given(seed=st.integers())
def test_an_invented_number_has_the_form_and_the_digit_of_its_kind(name, seed):
    number = numbers.generate(name, seed)
    assert number == numbers.generate(name, seed)
    assert numbers.check(name, number) == bool(numbers.KINDS[name].pattern)
    if numbers.KINDS[name].family:
        assert numbers.KINDS[name].family in numbers.passing(number)


@pytest.mark.parametrize("name", numbers.KINDS)
def test_seeds_give_different_numbers(name):
    assert len({numbers.generate(name, seed) for seed in range(40)}) > 20


@pytest.mark.parametrize("name", WITH_DIGIT)
@given(seed=st.integers(0, 10**9))
def test_a_spoilt_number_has_the_form_and_another_digit(name, seed):
    number, spoilt = numbers.generate(name, seed), numbers.spoilt(name, seed)
    assert sum(a != b for a, b in zip(number, spoilt, strict=True)) == 1
    assert re.fullmatch(numbers.KINDS[name].pattern, numbers.plain(spoilt))
    assert not numbers.check(name, spoilt)


def test_a_number_without_a_check_digit_cannot_be_spoilt():
    with pytest.raises(ValueError, match="passport"):
        numbers.spoilt("passport", 1)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError):
        numbers.check("shoe-size", "42")


@pytest.mark.parametrize("kind", ["insurer-8", "insurer-6", "care-insurer", "public-expense-payer", "facility"])
def test_no_invented_insurer_or_facility_has_a_prefecture(kind):
    at = 2 if numbers.KINDS[kind].pattern == r"[0-9]{8}" else 0
    for seed in range(100):
        assert int(numbers.generate(kind, seed)[at : at + 2]) > 47


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["my-number", "passport", "facility", "residence-card"])
def test_every_way_of_writing_a_number_is_read(kind, form):
    for seed in range(20):
        number = numbers.generate(kind, seed)
        written = numbers.forms(number)[form]
        assert numbers.plain(number) in numbers.plain(written)
        assert numbers.check(kind, written) == (form not in ("prefixed", "suffixed"))


def test_the_forms_of_a_number_are_twelve_and_differ():
    forms = numbers.forms("1234-567890")
    assert len(forms) == len(set(forms.values())) == 12
    assert forms["reversed"] == "0987654321"


@given(st.text())
def test_plain_is_idempotent_and_refines_fold(text):
    once = numbers.plain(text)
    assert numbers.plain(once) == once
    assert len(once) == len(fold(text))


@given(st.text(max_size=14))
def test_any_text_can_be_asked_about(text):
    assert set(numbers.passing(text)) <= set(numbers.FAMILIES)
    assert all(numbers.check(kind, text) in (True, False) for kind in numbers.KINDS)


@pytest.mark.parametrize("text", ["", "²²²²²²²²²²²²", "١٢٣٤٥٦٧٨٩٠١٢", "98320567321", "9832056732144"])
def test_what_is_no_number_passes_nothing(text):
    assert numbers.passing(text) == ()
    assert not numbers.check("my-number", text)
