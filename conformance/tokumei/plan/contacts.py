"""How fictitious persons are reached, what they pay with, and what is coded of their bodies.

Each value is drawn from a source of its own: a new field leaves every other value as it was. Not everybody has
each of these, as in a hospital; the first person of a bundle has all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tokumei.plan import people

SHARE: Mapping[str, int] = {
    "email-address": 2,
    "device-address": 4,
    "card-number": 4,
    "bank-account": 4,
    "face-template": 4,
    "snp-panel": 8,
}
"""One person in so many has a value of the generator."""
DIMENSIONS = 64
"""Of a face template: small enough for a cell, and far above what a row of measurements holds."""
SNPS = tuple(f"rs{4680 + 7919 * n}" for n in range(48))
"""A panel above the 40 independent places of the guideline; the numbers are invented."""
MAILBOXES = ("umineko", "asagiri", "kogarashi", "tsukimi", "hotaru", "yuunagi", "shirasagi", "kumoi")


def email_address(random: Random) -> str:
    """An address below ``example.jp``, which nobody has."""
    return f"{random.choice(MAILBOXES)}.{random.randint(100, 999)}{random.choice('kmnt')}@mail.example.jp"


def device_address(random: Random) -> str:
    """A MAC address of the locally administered ones, which no maker gives."""
    return ":".join(["02", *(f"{random.randrange(256):02X}" for _ in range(5))])


def card_number(random: Random) -> str:
    """A card number of 16 digits with its check digit."""
    body = [random.choice((4, 5)), *(random.randrange(10) for _ in range(14))]
    doubled = [2 * d - 9 * (d > 4) if n % 2 == 0 else d for n, d in enumerate(body)]
    digits = "".join(map(str, [*body, -sum(doubled) % 10]))
    return "-".join(digits[n : n + 4] for n in range(0, 16, 4))


def bank_account(random: Random) -> str:
    """Bank, branch and number, as a direct debit needs them; no bank has a code that begins with 8."""
    return f"8{random.randrange(1000):03}-{random.randrange(1000):03}-{random.randrange(10**7):07}"


def face_template(random: Random) -> str:
    """A vector of whole numbers that a program computed from a face."""
    return "[" + ",".join(str(round(random.gauss(0, 40))) for _ in range(DIMENSIONS)) + "]"


def snp_panel(random: Random) -> str:
    """The genotype at every place of a panel."""
    return ";".join(f"{name}:{random.choice('ACGT')}{random.choice('ACGT')}" for name in SNPS)


DRAWN: Mapping[str, Callable[[Random], str]] = {
    "email-address": email_address,
    "device-address": device_address,
    "card-number": card_number,
    "bank-account": bank_account,
    "face-template": face_template,
    "snp-panel": snp_panel,
}


def value(generator: str, person: int, random: Random) -> str | None:
    """What the person has; None for those who have none."""
    return None if person % SHARE[generator] else DRAWN[generator](random)


def relative_name(names: list[tuple[str, str]], person: int, random: Random) -> tuple[str, str]:
    """A relative: mostly of the same family name, in one of eight cases a patient too."""
    if person % 8 == 5:
        return names[person - 1]
    (kanji, _, _), (kana, _, _) = names[person][0].partition(" "), names[person][1].partition(" ")
    given = random.choice([g for g in people.GIVEN if g[0] != names[person][0].partition(" ")[2]])
    return f"{kanji} {given[0]}", f"{kana} {given[1]}"


__all__ = ["DRAWN", "SHARE", "relative_name", "value"]
