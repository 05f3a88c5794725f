"""I2-01: no identification code of the input is in the release, in whatever spelling, nor over adjacent cells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from tokumei import numbers
from tokumei.clause import Check, Mutant
from tokumei.clauses.i2 import SHORTEST, applies, drawn, known, premises, texts
from tokumei.evidence import Evidence, TableView
from tokumei.measures import codes as measure
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column
from tokumei.relation import Relation

TURNED = """
SELECT "case", source, code AS canary, code AS folded FROM {self} a WHERE size >= {least}
UNION SELECT "case", source, code AS canary, reverse(code) AS folded FROM {self} b WHERE size >= {least}
"""

BESIDE = """
SELECT DISTINCT "case", "call", {resource} AS resource, {field} AS field, a || b AS token FROM (
  SELECT "case", "call", text_fold(a) AS a, text_fold(b) AS b
  FROM (SELECT DISTINCT "case", "call", {one} AS a, {other} AS b FROM {self} t) pairs
  WHERE a IS NOT NULL AND b IS NOT NULL AND length(a) + length(b) >= {least}
) folded WHERE a <> '' AND b <> '' AND translate(a || b, '0123456789', '') = ''
"""


def judge(evidence: Evidence, *, alpha: float = measure.ALPHA) -> Iterator[Observation]:
    """Look for codes in texts that are neither random nor of the input; elsewhere count them against chance."""
    yield from premises(evidence)
    codes, cells = known(evidence), texts(evidence)
    sure = measure.outside(cells, drawn(evidence))
    found: dict[tuple[str, int, str, str], int] = {}
    for row in occurrences(sure, codes.query(TURNED, least=measure.SURE), folded=True).rows():
        found[row["case"], row["call"], row["resource"], row["field"]] = row["n"]
    whole = measure.wholes(codes)
    alone = measure.tokens(cells, SHORTEST)
    dates = {str(info.name) for info in evidence.organization.fields() if info.type in ("date", "datetime")}
    skipped = dates | set(drawn(evidence))
    longest = _longest_numbers(evidence)
    beside = [pair.sql for view in evidence.release.values() for pair in _beside(view, skipped, longest)]
    for tokens in (alone, Relation(alone.engine, " UNION ALL ".join(beside)) if beside else None):
        for row in measure.beyond_chance(tokens, whole, alpha) if tokens is not None else ():
            place = row["case"], row["call"], row["resource"], row["field"]
            found[place] = max(row["hits"], found.get(place, 0))
    for (case, call, resource, field), n in sorted(found.items()):
        shown = {"resource": resource, "field": field, "n": n}
        yield Finding(code="CODE_IN_RELEASE", case=case, call=call, params=shown, resource=resource, fields=(field,))


def _longest_numbers(evidence: Evidence) -> dict[tuple[str, str], int]:
    """By resource and field as cells name them: the digits of the longest cell that is digits only."""
    rows = evidence.texts.query(
        "SELECT resource, field, max(length(text)) AS n FROM {self} t "
        "WHERE text <> '' AND translate(text, '0123456789', '') = '' GROUP BY resource, field"
    )
    return {(row["resource"], row["field"]): row["n"] for row in rows.rows()}


def _beside(view: TableView, skipped: Collection[str], longest: Mapping[tuple[str, str], int]) -> Iterator[Relation]:
    """The digits of each pair of neighbouring columns, where both are digits only; random fields and dates apart."""
    names = [name for name in view.names if f"{view.resource}.{name}" not in skipped]
    for one, other in pairwise(names):
        digits = [longest.get((_shown(view.resource), _shown(name)), 0) for name in (one, other)]
        if not all(digits) or sum(digits) < SHORTEST:
            continue
        yield view.relation.query(
            BESIDE,
            resource=_shown(view.resource),
            field=_shown(f"{one} + {other}"),
            one=view.column(one),
            other=view.column(other),
            least=SHORTEST,
        )


def _shown(name: str) -> str:
    """The name as cells have it."""
    return name.replace("\x00", "␀")


CHECK = Check(id="I2-01", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _symbols(request: Request) -> list[str]:
    """The longest code of each person of the input, from the table of persons."""
    resource = subject_resource(request)
    names = fields_with_class(request, resource, "symbol")
    rows = request.data[resource].select(names).to_pylist() if names else []
    codes = ([text for text in row.values() if text and len(text) <= measure.LONGEST] for row in rows)
    return [max(known, key=len, default="") for known in codes]


def _in_kanji(request: Request, response: Response) -> Response:
    """One cell of the last column holds a code in kanji digits."""
    resource, codes = subject_resource(request), _symbols(request)
    table = response.data[resource]
    if not codes or not table.num_rows:
        return response
    column = table.column_names[-1]
    told = numbers.forms(codes[0])["kanji"]
    return with_column(response, resource, column, [told, *table.column(column).to_pylist()[1:]])


def _split(request: Request, response: Response) -> Response:
    """The codes are in two columns, half in each."""
    resource, codes = subject_resource(request), _symbols(request)
    table = response.data[resource]
    if not codes or table.num_columns < 2:
        return response
    drawn_ = [codes[i % len(codes)] for i in range(table.num_rows)]
    one, other = table.column_names[-2:]
    half = with_column(response, resource, one, [code[: len(code) // 2] for code in drawn_])
    return with_column(half, resource, other, [code[len(code) // 2 :] for code in drawn_])


MUTANTS = (
    Mutant(
        id="code-in-kanji",
        kind="wrapper",
        effect=Text(
            "漢数字で書かれた被保険者番号が一つのセルに残る。",
            "One cell keeps an insured number in kanji digits.",
        ),
        precedent="scanners for ASCII digits only (peers §3)",
        trigger="one cell of each release",
        proof="the cell folds to a code of the input",
        killed_by=("I2-01",),
        wrap=after(_in_kanji),
    ),
    Mutant(
        id="code-over-two-cells",
        kind="wrapper",
        effect=Text(
            "番号が隣り合う二つの項目に分かれて残り、つなげば元に戻る。",
            "Numbers stay in two neighbouring fields and are whole when joined.",
        ),
        precedent="記号 and 番号 in two columns (law §2.6)",
        trigger="two neighbouring columns",
        proof="neighbouring cells join to codes of the input",
        killed_by=("I2-01",),
        wrap=after(_split),
    ),
    Mutant(
        id="insured-number-as-pseudonym",
        kind="fault",
        effect=Text(
            "仮ID が被保険者番号そのもので、保険者の台帳と結び付く。",
            "The pseudonym is the insured number itself and joins the insurer's register.",
        ),
        precedent="a national identifier used as the study id",
        trigger="every person with an insured number",
        proof="the released pseudonyms are codes of the input",
        killed_by=("I2-01",),
        fault="insured-number-as-pseudonym",
    ),
)
