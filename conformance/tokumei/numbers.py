"""Official numbers of Japan: their written form, their check digits, and invented examples of them.

What is known of each, from where and how surely is data: ``spec/law/official_numbers.yaml``; a test keeps
the two in step. Nothing here shows that a number was assigned to anybody: one random string of digits in
ten has a valid check digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from tokumei.text import fold

CHANCE = Fraction(1, 10)
"""How often a uniformly random string passes any one family: each body has exactly one of ten digits."""

_KANJI = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
_TO_KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")
_TO_FULL = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ"
)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_TOKEN = re.compile(r"\{([^}]*)\}|#|@")


def _weighted(body: str, weights: str) -> int:
    """The remainder by 11 of the digits times their weights, both from the left."""
    return sum(int(digit) * int(weight) for digit, weight in zip(body, weights, strict=True)) % 11


def my_number_digit(body: str) -> str:
    """個人番号, 11 digits: modulus 11, remainders 0 and 1 both give 0 (平成26年総務省令第85号第5条)."""
    remainder = _weighted(body, "65432765432")
    return "0" if remainder <= 1 else str(11 - remainder)


def resident_code_digit(body: str) -> str:
    """住民票コード, 10 digits: the rule of 個人番号 one place shorter. Not read in the notice itself."""
    remainder = _weighted(body, "5432765432")
    return "0" if remainder <= 1 else str(11 - remainder)


def licence_digit(body: str) -> str:
    """運転免許証の番号, 10 digits: weights of 住民票コード, but remainder 0 gives 1 and 1 gives 0."""
    return str((11 - _weighted(body, "5432765432")) % 10)


def modulus_10_digit(body: str) -> str:
    """保険者番号, 公費負担者番号, 医療機関コード: weights 2 and 1 from the right, digits of products summed."""
    products = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return str(-sum(product // 10 + product % 10 for product in products) % 10)


def municipality_digit(body: str) -> str:
    """全国地方公共団体コード, 5 digits: the last digit of 11 less the remainder."""
    return str((11 - _weighted(body, "65432")) % 10)


def corporate_digit(body: str) -> str:
    """法人番号, 12 digits: modulus 9, weights 1 and 2 from the right; the digit stands first."""
    return str(9 - sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(body))) % 9)


def mrz_digit(body: str) -> str:
    """A field of a machine readable zone: weights 7, 3 and 1, letters from 10, filler 0 (ICAO Doc 9303)."""
    return str(sum(int(char, 36) * (7, 3, 1)[place % 3] for place, char in enumerate(body.replace("<", "0"))) % 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One rule for a check digit; ``body`` and ``place`` tell where both stand."""

    id: str
    lengths: tuple[int, ...]
    digit: Callable[[str], str]
    body: tuple[int, int | None] = (0, -1)
    place: int = -1
    alphabet: str = "[0-9]+"
    published: bool = True
    """Whether the rule stands in an official source; a rule that does not supports no SHALL."""

    def holds(self, plain: str) -> bool:
        """Whether a plain number of a length of the family has the check digit that its body asks for."""
        if len(plain) not in self.lengths or re.fullmatch(self.alphabet, plain) is None:
            return False
        return plain[self.place] == self.digit(plain[slice(*self.body)])


FAMILIES: Mapping[str, Family] = {
    family.id: family
    for family in (
        Family(id="my-number", lengths=(12,), digit=my_number_digit),
        Family(id="resident-code", lengths=(11,), digit=resident_code_digit, published=False),
        Family(id="licence", lengths=(12,), digit=licence_digit, body=(0, 10), place=10, published=False),
        Family(id="modulus-10", lengths=(6, 7, 8, 10), digit=modulus_10_digit),
        Family(id="municipality", lengths=(6,), digit=municipality_digit),
        Family(id="corporate", lengths=(13,), digit=corporate_digit, body=(1, None), place=0),
        Family(id="mrz", lengths=(10,), digit=mrz_digit, alphabet="[0-9a-z<]{9}[0-9]"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One official number: its plain form, its family, and how an invented one is drawn.

    ``pattern`` is empty where no form is published, ``family`` where no check digit is. ``body`` is written
    in ``#`` (a digit), ``@`` (a letter) and ``{a|b}`` (one of these); ``tail`` follows the check digit.
    Where a range was never assigned, ``body`` draws from it.
    """

    id: str
    pattern: str
    body: str
    family: str = ""
    tail: str = ""


_NO_PREFECTURE = "{48|49|50}"
"""Prefectures have the numbers 01 to 47, so no insurer, payer or facility has such a number."""

KINDS: Mapping[str, Kind] = {
    kind.id: kind
    for kind in (
        Kind(id="my-number", pattern=r"[0-9]{12}", body="#" * 11, family="my-number"),
        Kind(id="resident-code", pattern=r"[0-9]{11}", body="#" * 10, family="resident-code"),
        Kind(id="drivers-licence", pattern=r"[0-9]{12}", body="{98|99}########", family="licence", tail="{0|1|2}"),
        Kind(id="licence-record", pattern="", body="@@##########"),
        Kind(id="passport", pattern=r"[a-z]{2}[0-9]{7}", body="@@#######"),
        Kind(id="passport-mrz", pattern=r"[0-9a-z<]{9}[0-9]", body="@@#######", family="mrz"),
        Kind(id="foreign-passport", pattern=r"[0-9a-z]{6,9}", body="{|@}{@|#}######"),
        Kind(id="residence-card", pattern=r"[a-z]{2}[0-9]{8}[a-z]{2}", body="@@########@@"),
        Kind(id="special-permanent-resident", pattern=r"[a-z]{2}[0-9]{8}[a-z]{2}", body="@@########@@"),
        Kind(id="basic-pension", pattern=r"[0-9]{10}", body="####-######"),
        Kind(id="employment-insurance", pattern=r"[0-9]{11}", body="####-######-#"),
        Kind(id="insurer-8", pattern=r"[0-9]{8}", body="{01|06|39}" + _NO_PREFECTURE + "###", family="modulus-10"),
        Kind(id="insurer-6", pattern=r"[0-9]{6}", body=_NO_PREFECTURE + "###", family="modulus-10"),
        Kind(
            id="public-expense-payer",
            pattern=r"[0-9]{8}",
            body="{12|52|54}" + _NO_PREFECTURE + "###",
            family="modulus-10",
        ),
        Kind(id="public-expense-recipient", pattern=r"[0-9]{7}", body="######", family="modulus-10"),
        Kind(id="insured-number", pattern="", body="####・######（枝番）0{0|1|2|3}"),
        Kind(id="insured-latter-stage", pattern=r"[0-9]{8}", body="#######", family="modulus-10"),
        Kind(id="care-insurer", pattern=r"[0-9]{6}", body=_NO_PREFECTURE + "###", family="modulus-10"),
        Kind(id="care-insured", pattern=r"[0-9]{10}|h[0-9]{9}", body="{H|#}#########"),
        Kind(
            id="facility",
            pattern=r"[0-9]{10}",
            body=_NO_PREFECTURE + "{1|3|4}######",
            family="modulus-10",
        ),
        Kind(id="care-facility", pattern=r"[0-9]{10}", body=_NO_PREFECTURE + "########"),
        Kind(id="municipality", pattern=r"[0-9]{6}", body=_NO_PREFECTURE + "###", family="municipality"),
        Kind(id="corporate", pattern=r"[0-9]{13}", body="#" * 12, family="corporate"),
    )
}
"""By the name that declarations, ``spec/law`` and canaries use."""

CODES = frozenset(
    "my-number resident-code drivers-licence licence-record passport passport-mrz foreign-passport residence-card "
    "special-permanent-resident basic-pension employment-insurance insurer-8 insurer-6 insured-number "
    "insured-latter-stage care-insurer care-insured".split()
)
"""The kinds that are individual identification codes, or parts of one, under some list of ``spec/law``."""


def plain(text: str) -> str:
    """A number as it is compared: folded (``text.fold``), and digits of kanji as digits."""
    return "".join(_KANJI.get(char, char) for char in fold(text))


def check(kind: str, text: str) -> bool:
    """Whether ``text`` has the form and the check digit of a kind, in any way of writing it.

    False where no form of the kind is published: nothing can be told by looking. KeyError for an unknown kind.
    """
    known = KINDS[kind]
    number = plain(text)
    if not known.pattern or re.fullmatch(known.pattern, number, re.ASCII) is None:
        return False
    return not known.family or FAMILIES[known.family].holds(number)


def passing(text: str) -> tuple[str, ...]:
    """The families whose check digit a token satisfies; by chance each one of its length does in one of ten."""
    number = plain(text)
    return tuple(name for name, family in FAMILIES.items() if family.holds(number))


def generate(kind: str, seed: int) -> str:
    """An invented number of a kind: equal for equal seeds, with a valid check digit where the rule is known.

    It comes from a range that was never assigned where there is one. Elsewhere (個人番号, 住民票コード,
    基礎年金番号 …) none is reserved and a valid number may by chance be somebody's: ``spoilt`` numbers are
    nobody's.
    """
    known = KINDS[kind]
    random = Random(f"{kind}/{seed}")
    body = _draw(known.body, random)
    if not known.family:
        return body
    family = FAMILIES[known.family]
    digit = family.digit(body)
    tail = _draw(known.tail, random)
    return digit + body if family.place == 0 else body + digit + tail


def spoilt(kind: str, seed: int) -> str:
    """The number of ``generate`` with another check digit: so mistyped, it must still be removed, and is nobody's.

    ValueError where the kind has no check digit.
    """
    known = KINDS[kind]
    if not known.family:
        raise ValueError(kind)
    number = generate(kind, seed)
    at = range(len(number))[FAMILIES[known.family].place]
    return f"{number[:at]}{(int(number[at]) + 1 + seed % 9) % 10}{number[at + 1 :]}"


def forms(number: str) -> Mapping[str, str]:
    """One number in the ways it is written: all but ``reversed`` have the number in their ``plain`` text."""
    bare = re.sub(r"[^0-9A-Za-z]", "", number)
    fours = [bare[at : at + 4] for at in range(0, len(bare), 4)]
    half = len(bare) // 2
    return {
        "plain": bare,
        "hyphens": "-".join(fours),
        "blanks": " ".join(fours),
        "full-width": bare.upper().translate(_TO_FULL),
        "kanji": bare.translate(_TO_KANJI),
        "mixed-width": bare[:half] + bare[half:].upper().translate(_TO_FULL),
        "line-break": f"{bare[:half]}\n{bare[half:]}",
        "prefixed": f"No.{bare}",
        "suffixed": f"{bare}号",
        "zero-width": "\u200b".join(bare),
        "dots": "・".join(fours),
        "reversed": bare[::-1],
    }


def _draw(template: str, random: Random) -> str:
    def one(found: re.Match[str]) -> str:
        match found[0]:
            case "#":
                return str(random.randrange(10))
            case "@":
                return random.choice(_LETTERS)
            case _:
                return _draw(random.choice(found[1].split("|")), random)

    return _TOKEN.sub(one, template)
