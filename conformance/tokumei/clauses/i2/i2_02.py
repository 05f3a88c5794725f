"""I2-02: no part of an identification code is kept, such as its last four digits."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.clauses.i2 import SHORTEST_PART, applies, known, premises, texts
from tokumei.evidence import Evidence
from tokumei.measures import codes as measure
from tokumei.model import Finding, Need, Observation, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column

INSIDE = 5
"""Digits from elsewhere in a code; shorter ones are kinds of insurers and prefectures."""


def judge(evidence: Evidence, *, alpha: float = measure.ALPHA) -> Iterator[Observation]:
    """Count the numbers of each field that are parts of codes against the chance that random numbers have."""
    yield from premises(evidence)
    sought = measure.parts(known(evidence), suffix=SHORTEST_PART, inside=INSIDE)
    sought = sought.engine.register("i2-02.parts", sought.arrow())
    for row in measure.beyond_chance(measure.tokens(texts(evidence), SHORTEST_PART), sought, alpha):
        shown = {name: row[name] for name in ("resource", "field", "n", "hits", "size")}
        yield Finding(
            code="PART_OF_CODE",
            case=row["case"],
            call=row["call"],
            params=shown,
            resource=row["resource"],
            fields=(row["field"],),
        )


CHECK = Check(id="I2-02", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _last_four(request: Request, response: Response) -> Response:
    """The last column holds the last four digits of codes, behind asterisks."""
    resource = subject_resource(request)
    names, table = fields_with_class(request, resource, "symbol"), response.data[resource]
    if not names or not table.num_rows:
        return response
    codes = [f"****-{text[-4:]}" for text in request.data[resource].column(names[-1]).to_pylist() if text]
    told: list[str | None] = [codes[i % len(codes)] for i in range(table.num_rows)] if codes else []
    return with_column(response, resource, table.column_names[-1], told) if told else response


MUTANTS = (
    Mutant(
        id="last-four-digits",
        kind="wrapper",
        effect=Text(
            "番号の下4桁が残り、他の項目と合わせて本人が一人に絞られる。",
            "The last 4 digits of a number stay and, with other fields, leave one person.",
        ),
        precedent="masking as on receipts: all but the last four digits",
        trigger="one column",
        proof="the numbers of the column are last digits of codes of the input",
        killed_by=("I2-02",),
        wrap=after(_last_four),
    ),
    Mutant(
        id="insured-number-masked",
        kind="fault",
        effect=Text(
            "被保険者番号を消さずに先頭だけを伏せるため、残りの桁で本人を区別できる。",
            "The insured number is masked and not removed; the digits left tell persons apart.",
        ),
        precedent="format-preserving masking of tools for test data",
        trigger="every person with an insured number",
        proof="the released values are the last digits of codes of the input",
        killed_by=("I2-02", "D-03"),
        fault="insured-number-masked",
    ),
)
