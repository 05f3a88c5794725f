"""I2-04: the numbers of a field do not pass the check digits of identification codes more often than chance."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei import numbers
from tokumei.clause import Check, Mutant
from tokumei.clauses.i2 import applies, premises
from tokumei.evidence import Evidence
from tokumei.measures.checkdigits import COUNTS, check_digits
from tokumei.measures.codes import ALPHA
from tokumei.model import Finding, Need, Observation, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.stats import binomial_tail

LENGTHS = frozenset(
    (numbers.KINDS[kind].family, len(numbers.plain(numbers.generate(kind, 0))))
    for kind in numbers.CODES
    if numbers.KINDS[kind].family
)
"""Family and length of the codes that have a check digit; facilities and municipalities are none."""


FEWEST = 11
"""Fewer numbers pass with one in 10¹⁰ at the least, which is no finding (``ALPHA``)."""

NUMBERS = """
SELECT DISTINCT "case", "call", resource, field, text AS value FROM {self} t
WHERE length(value) >= 6 AND resource || '.' || field NOT IN {dates} AND translate(text, '0123456789', '') = ''
"""

MANY = """
SELECT DISTINCT length(value) AS n FROM {self} t
GROUP BY "case", "call", resource, field, length(value) HAVING count(*) >= {fewest}
"""


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Count the distinct numbers of each field, dates apart, that pass; exact tail of the chance of their check digits."""
    yield from premises(evidence)
    dates = [str(info.name) for info in evidence.organization.fields() if info.type in ("date", "datetime")]
    cells = evidence.texts.query(NUMBERS, dates=[*dates, ""])
    many = {row["n"] for row in cells.query(MANY, fewest=FEWEST).rows()}
    among = [kind for kind in LENGTHS & COUNTS.keys() if kind[1] in many]
    for row in check_digits(cells, among).rows() if among else ():
        # The mean of unequal chances gives a bound of the tail above it (Hoeffding 1956).
        if (
            row["passing"] >= row["mean"] + 1
            and binomial_tail(row["passing"], row["n"], row["mean"] / row["n"]) < alpha
        ):
            shown = {name: row[name] for name in ("resource", "field", "n", "passing", "length")}
            yield Finding(
                code="CHECK_DIGITS_PASS",
                case=row["case"],
                call=row["call"],
                params=shown,
                resource=row["resource"],
                fields=(row["field"],),
            )


CHECK = Check(id="I2-04", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _real_looking(request: Request, response: Response) -> Response:
    """The last column holds numbers that are those of nobody in the input, and look like 個人番号."""
    resource = subject_resource(request)
    table = response.data[resource]
    told: list[str | None] = [numbers.generate("my-number", i) for i in range(table.num_rows)]
    return with_column(response, resource, table.column_names[-1], told)


MUTANTS = (
    Mutant(
        id="numbers-from-another-file",
        kind="wrapper",
        effect=Text(
            "別の台帳の番号が混ざり、誰かの番号として読まれる。",
            "Numbers of another register come in and are read as somebody's.",
        ),
        precedent="a join with a master file that the declaration does not know",
        trigger="every release",
        proof="all numbers of a column pass a check digit that one in ten passes by chance",
        killed_by=("I2-04",),
        wrap=after(_real_looking),
    ),
    Mutant(
        id="pseudonyms-look-official",
        kind="fault",
        effect=Text(
            "仮ID が個人番号の形をしており、誰かの番号と取り違えられる。",
            "Pseudonyms have the form of individual numbers and are taken for somebody's.",
        ),
        precedent="format-preserving encryption; generators of test data",
        trigger="every pseudonym",
        proof="all pseudonyms pass a check digit that one in ten passes by chance",
        killed_by=("I2-04",),
        fault="pseudonyms-look-official",
    ),
)
