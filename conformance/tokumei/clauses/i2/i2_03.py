"""I2-03: insurer number, symbol, number and branch number go together; what stays is a kind of insurer, of k persons."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.clauses.i2 import applies, premises
from tokumei.declarations import FieldName
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column
from tokumei.representation import markers
from tokumei.thresholds import K

KIND = 2
"""法別番号: the digits of an insurer number that tell the kind of insurer."""

VALUES = """
SELECT "case", "call", text, count(DISTINCT person) AS persons,
  length(text) - length(translate(text, '0123456789', '')) AS digits
FROM (
  SELECT "case", "call", text_fold({column}) AS text, coalesce(subject, 'row ' || "row") AS person
  FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
) told GROUP BY "case", "call", text
"""

JUDGED = """
SELECT "case", "call", count(*) FILTER (WHERE digits > {kind}) AS kept,
  count(*) FILTER (WHERE digits <= {kind} AND persons < {k}) AS rare,
  min(CASE WHEN digits <= {kind} THEN persons END) AS n
FROM {self} t GROUP BY "case", "call"
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look at what the release has in the fields of codes: nothing, or kinds of insurers with k persons or more."""
    yield from premises(evidence)
    k = least(evidence)
    for info in evidence.organization.fields():
        view = evidence.release[info.name.resource]
        if "symbol" not in info.classes or info.name.field not in view.names:
            continue
        values = view.relation.query(VALUES, column=view.column(info.name.field), markers=markers(evidence, info.name))
        for row in values.query(JUDGED, kind=KIND, k=k).rows():
            if row["kept"]:
                yield _finding("CODE_NOT_REMOVED", row, info.name, n=row["kept"])
            if row["rare"]:
                yield _finding("RARE_INSURER_KIND", row, info.name, classes=row["rare"], n=row["n"], k=k)


def least(evidence: Evidence) -> int:
    """The stricter of the asked and the claimed k, or the default of the context."""
    stated = [
        t.k for each in (evidence.asked, evidence.claim) if each for t in each.targets if t.model == "k-anonymity"
    ]
    return max(stated) if stated else K.get(evidence.asked.context, max(K.values()))


def _finding(code: str, row: dict[str, object], name: FieldName, **shown: object) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": name.resource, "field": name.field, **shown},
        resource=name.resource,
        fields=(name.field,),
    )


CHECK = Check(id="I2-03", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _own_kind(request: Request, response: Response) -> Response:
    """Kinds of insurers are added, and one row has a kind that no other has."""
    resource = subject_resource(request)
    names, table = fields_with_class(request, resource, "symbol"), response.data[resource]
    if not names or table.num_rows < 2:
        return response
    return with_column(response, resource, names[0], ["63", *["06"] * (table.num_rows - 1)])


MUTANTS = (
    Mutant(
        id="kind-of-insurer-of-one",
        kind="wrapper",
        effect=Text(
            "一人しかいない種別の保険者が残り、勤務先が知れて本人が絞られる。",
            "A kind of insurer of one person stays; it tells the employer, and so the person.",
        ),
        precedent="特定健康保険組合 and small mutual aid associations (law §2.1)",
        trigger="one row of each release",
        proof="a released kind of insurer has fewer than k persons",
        killed_by=("I2-03", "D-03"),
        wrap=after(_own_kind),
    ),
    Mutant(
        id="insurer-number-kept",
        kind="fault",
        effect=Text(
            "記号・番号だけを消し、保険者番号が残る。",
            "Symbol and number are removed, and the insurer number stays.",
        ),
        precedent="the insurer number alone taken for harmless",
        trigger="every person with an insurer number",
        proof="a field of codes has values of more than two digits",
        killed_by=("I2-03", "D-03"),
        fault="insurer-number-kept",
    ),
)
