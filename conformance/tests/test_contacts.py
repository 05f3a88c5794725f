"""Contacts, payment numbers and bodily codes of the plan's people."""

from random import Random

import pytest

from tokumei.plan import contacts, people
from tokumei.plan.contacts import DIMENSIONS, DRAWN, SHARE, SNPS
from tokumei.runner.power import plan_of


def luhn(digits: str) -> bool:
    doubled = [int(d) if n % 2 == 0 else sum(map(int, str(2 * int(d)))) for n, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


@pytest.mark.parametrize("generator", SHARE)
def test_the_first_person_has_everything_and_not_everybody_has(generator):
    told = [contacts.value(generator, person, Random(person)) for person in range(16)]
    assert told[0] and told.count(None) == 16 - 16 // SHARE[generator]
    assert told == [contacts.value(generator, person, Random(person)) for person in range(16)]


def test_card_numbers_have_their_check_digit():
    for seed in range(200):
        digits = DRAWN["card-number"](Random(seed)).replace("-", "")
        assert len(digits) == 16 and digits[0] in "45" and luhn(digits)


def test_templates_and_panels_are_above_every_threshold():
    template = DRAWN["face-template"](Random(1))
    assert len(template.strip("[]").split(",")) == DIMENSIONS >= 32
    assert len({part.split(":")[0] for part in DRAWN["snp-panel"](Random(1)).split(";")}) == len(SNPS) >= 40


def test_a_relative_has_another_name_and_may_be_a_patient():
    names = people.names(16, Random(1))
    for person in range(16):
        kin = contacts.relative_name(names, person, Random(person))
        assert kin != names[person]
        assert (kin in names) or kin[0].split()[0] == names[person][0].split()[0]
    assert contacts.relative_name(names, 5, Random(0)) == names[4]


def test_the_hospital_has_them_in_every_case_and_some_persons_have_not():
    for case in plan_of("hospital", 1).cases:
        table = case.calls[0].bundle.tables["patients"]
        for field in ("email", "monitor_mac", "kin_name", "kin_phone", "card_no", "face_template", "snp_panel"):
            column = table.column(field).to_pylist()
            assert not column or (any(column) and (len(column) == 1 or None in column))
