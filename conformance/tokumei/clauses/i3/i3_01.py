"""I3-01: no source key (chart number, order number, receipt number …) is in the release, also padded or without zeros."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column
from tokumei.representation import without_days

SHORTEST = 6
"""A shorter key, without its leading zeros, is met by chance: serial numbers, counts, laboratory values."""
SHORTEST_INSIDE = 8
"""Inside a longer text, also not in a pseudonym: 32 hexadecimal digits hold some 8-digit number in 2 % of cells."""

KEYS = (
    "SELECT DISTINCT \"case\", source, folded AS canary, folded, trim(LEADING '0' FROM folded) AS bare FROM {self} t "
    "WHERE kind = 'link' AND length(trim(LEADING '0' FROM folded)) >= {least}"
)

WHOLE = """
SELECT c."case", c."call", c.resource, c.field, count(DISTINCT k.bare) AS n
FROM (SELECT DISTINCT "case", "call", resource, field, trim(LEADING '0' FROM text) AS bare FROM {self} t) c
JOIN {keys} k ON c."case" = k."case" AND c.bare = k.bare
GROUP BY c."case", c."call", c.resource, c.field
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Compare whole cells of every field, and the inside of cells that are no pseudonyms, with the keys of the input.

    A date of eight digits is somebody's number by chance.
    """
    keys = evidence.canaries.query(KEYS, least=SHORTEST)
    for row in keys.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="source keys")
    texts = without_days(evidence, evidence.texts)
    found = {_place(row): row["n"] for row in texts.query(WHOLE, keys=keys).rows()}
    steps = (evidence.claim or evidence.asked).with_technique(*PSEUDONYMS)
    pseudonyms = [str(name) for step in steps for name in step.fields]
    cells = texts.query(
        "SELECT * FROM {self} t WHERE resource || '.' || field NOT IN {pseudonyms}", pseudonyms=[*pseudonyms, ""]
    )
    long = keys.query("SELECT * FROM {self} t WHERE length(folded) >= {least}", least=SHORTEST_INSIDE)
    for row in occurrences(cells, long, folded=True).rows():
        found[_place(row)] = max(row["n"], found.get(_place(row), 0))
    for (case, call, resource, field), n in sorted(found.items()):
        yield Finding(
            code="SOURCE_KEY",
            case=case,
            call=call,
            params={"resource": resource, "field": field, "n": n},
            resource=resource,
            fields=(field,),
        )


def _place(row: dict[str, object]) -> tuple[str, int, str, str]:
    return str(row["case"]), int(str(row["call"])), str(row["resource"]), str(row["field"])


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field of the source is a link code."""
    del processing
    return any("link" in info.classes for info in organization.fields())


CHECK = Check(id="I3-01", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _padded_key(request: Request, response: Response) -> Response:
    """In the first pseudonym column the first value is the source key, padded with zeros to ten digits."""
    resource = subject_resource(request)
    links = [name for name in fields_with_class(request, resource, "link") if _has(response, resource, name)]
    given = request.data[resource]
    if not links or not given.num_rows or not response.data[resource].num_rows:
        return response
    values = response.data[resource].column(links[0]).to_pylist()
    return with_column(response, resource, links[0], [(given.column(links[0])[0].as_py() or "").zfill(10), *values[1:]])


def _has(response: Response, resource: str, name: str) -> bool:
    return resource in response.data and name in response.data[resource].column_names


MUTANTS = (
    Mutant(
        id="padded-source-key",
        kind="wrapper",
        effect=Text(
            "診療録番号が桁をそろえた形で残り、診療録と直接に結び付く。",
            "A chart number stays, padded with zeros, and joins the medical record directly.",
        ),
        precedent="keys restored by an outer join; zero padding by spreadsheets (law I3-01)",
        trigger="one row of a release",
        proof="a released cell is a source key but for leading zeros",
        killed_by=("I3-01",),
        wrap=after(_padded_key),
    ),
    Mutant(
        id="row-key-as-number",
        kind="fault",
        effect=Text(
            "行の番号が先頭の 0 を落としただけで残り、元の台帳の行と結び付く。",
            "Row numbers stay but for their leading zeros and join the rows of the source register.",
        ),
        precedent="integer columns inferred from text keys (peers §3)",
        trigger="every key that is made of digits and not of the person",
        proof="the released value is the source key without leading zeros",
        killed_by=("I3-01",),
        fault="row-key-as-number",
    ),
)
