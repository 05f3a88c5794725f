"""I1-11: no number with which a person pays is in the release: cards by their check digit, accounts by what names them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tokumei.clause import Check, Mutant
from tokumei.clauses.i1 import canaries, finding, found, parts, payments, premises
from tokumei.evidence import Evidence
from tokumei.model import Need, Observation, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.stats import binomial_tail

ALPHA = 1e-11
"""The chance of a field: one number in ten has a check digit that holds."""
GROUPED = "(^|[^0-9-])[3-6][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}($|[^0-9-])|(^|[^0-9-])3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5}($|[^0-9-])"
NAMED = "(カード|クレジット|[Cc]ard|VISA|Visa|JCB|Master)[^0-9]{0,8}[3-6][0-9 -]{13,20}"
ACCOUNT = (
    "(普通|当座|貯蓄|口座)(預金)?(番号)?[^0-9]{0,4}[0-9]{6,8}($|[^0-9])|記号[^0-9]{0,4}1[0-9]{4}[^0-9]{1,8}[0-9]{2,8}"
)

FORMS = """
SELECT "case", "call", resource, field, value, regexp_extract(value, {account}, 0) <> '' AS account,
  regexp_extract(value, {sure}, 0) AS sure, text
FROM {self} t WHERE length(text) >= 8 AND (regexp_extract(value, {sure}, 0) <> '' OR regexp_extract(value, {account}, 0) <> ''
  OR (length(text) BETWEEN 14 AND 16 AND regexp_extract(text, '^[3-6][0-9]+$', 0) <> ''))
"""

NUMBERS = """
SELECT DISTINCT "case", source, code FROM (
  SELECT "case", source, folded AS code FROM {self} a
  UNION SELECT "case", source, regexp_extract(canary, '([0-9]{{6,8}})$', 1) AS code FROM {self} b
) AS told WHERE length(code) >= 6 AND translate(code, '0123456789', '') = ''
"""
"""A card number, an account with and without its bank and branch."""


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Look for the numbers of the input, for parts of them, and for cards and accounts by their form."""
    known = canaries(evidence, payments(evidence.organization))
    yield from premises(evidence, known, "cards and accounts")
    yield from premises(evidence, evidence.texts, "released values")
    seen: set[tuple[object, ...]] = set()
    for code, rows in (
        ("PAYMENT_IN_RELEASE", found(evidence, payments(evidence.organization))),
        ("PART_OF_PAYMENT", parts(evidence, known.query(NUMBERS), alpha)),
        ("FORM_OF_PAYMENT", _of_form(evidence, alpha)),
    ):
        told = list(rows)
        for row in told:
            if _place(row) not in seen:
                yield finding(code, row, *(["source"] if "source" in row else []), in_file="PAYMENT_IN_FILE")
        seen |= {_place(row) for row in told}


def _place(row: Mapping[str, object]) -> tuple[object, ...]:
    return row["case"], row["call"], row["resource"], row["field"]


def _of_form(evidence: Evidence, alpha: float) -> Iterator[dict[str, object]]:
    """Cards written or named as such, accounts named as such, and columns with more check digits than chance has."""
    cells = evidence.texts.query(FORMS, sure=f"{GROUPED}|{NAMED}", account=ACCOUNT)
    sure: Counter[tuple[object, ...]] = Counter()
    alone: defaultdict[tuple[object, ...], dict[str, bool]] = defaultdict(dict)  # a number is told once
    for row in cells.rows():
        if row["account"] or (row["sure"] and _is_card(row["sure"])):
            sure[_place(row)] += 1
        elif row["text"].isdigit():
            alone[_place(row)][row["text"]] = _is_card(row["text"])
    for place, told in alone.items():
        if not sure[place] and binomial_tail(sum(told.values()), len(told), 0.1) < alpha:
            sure[place] = sum(told.values())
    for (case, call, resource, field), n in sorted(sure.items(), key=str):
        if n:
            yield {"case": case, "call": call, "resource": resource, "field": field, "n": n}


def _is_card(text: str) -> bool:
    digits = "".join(c for c in text if c.isdigit())
    return 14 <= len(digits) <= 16 and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of a card number (ISO/IEC 7812-1)."""
    doubled = [int(d) if n % 2 == 0 else (2 * int(d)) - 9 * (int(d) > 4) for n, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


CHECK = Check(id="I1-11", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge)


def _card_in_a_cell(request: Request, response: Response) -> Response:
    """The last cell of the last column ends with a card number that a clerk wrote down."""
    resource = subject_resource(request)
    table = response.data[resource]
    if not table.num_rows:
        return response
    column = table.column_names[-1]
    *rest, last = table.column(column).to_pylist()
    return with_column(response, resource, column, [*rest, f"{last or ''} 4000 0012 3456 7899"])


def _receipts(request: Request, response: Response) -> Response:
    """A column holds what each row was paid with, in figures only."""
    resource = subject_resource(request)
    rows = response.data[resource].num_rows
    bodies = [f"51{row * 7919 % 10**13:013}" for row in range(rows)]
    return with_column(response, resource, "receipt", [body + _check_digit(body) for body in bodies])


def _check_digit(body: str) -> str:
    return next(digit for digit in "0123456789" if luhn(body + digit))


MUTANTS = (
    Mutant(
        id="card-in-a-cell",
        kind="wrapper",
        effect=Text(
            "備考に書かれたカード番号が残り、決済に使われる。",
            "A card number that was noted down stays, and can be used to pay.",
        ),
        precedent="card numbers in free text of booking systems (PCI DSS requirement 3)",
        trigger="one cell of each release",
        proof="the last cell holds four groups of four digits with the check digit of a card",
        killed_by=("I1-11",),
        wrap=after(_card_in_a_cell),
    ),
    Mutant(
        id="column-of-receipts",
        kind="wrapper",
        effect=Text(
            "会計の列にカード番号が数字だけで残り、決済に使われ、利用明細と結び付く。",
            "A column of accounting keeps card numbers as figures, which pay, and lead to statements.",
        ),
        precedent="receipt columns joined to an export",
        trigger="every row of the table of persons",
        proof="every number of the column has the check digit of a card",
        killed_by=("I1-11",),
        wrap=after(_receipts),
    ),
    Mutant(
        id="card-masked",
        kind="fault",
        effect=Text(
            "カード番号の下4桁が残り、レシートや明細と結び付いて本人が分かる。",
            "The last 4 digits of cards stay; with receipts and statements they show the person.",
        ),
        precedent="masking as on receipts; de Montjoye 2015: card metadata single out",
        trigger="every person with a card",
        proof="the released numbers are last digits of cards of the input",
        killed_by=("I1-11",),
        pairs=("hospital",),  # no cards elsewhere
        fault="card-masked",
    ),
    Mutant(
        id="account-kept",
        kind="fault",
        effect=Text(
            "口座番号が残り、銀行及び支店が少なければ口座が定まる。",
            "Account numbers stay, and determine the account where there are few banks and branches.",
        ),
        precedent="removal of the bank's code taken for anonymization",
        trigger="every person with an account",
        proof="the released numbers are the last part of accounts of the input",
        killed_by=("I1-11",),
        pairs=("hospital",),
        fault="account-kept",
    ),
)
