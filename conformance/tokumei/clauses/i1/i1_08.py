"""I1-08: what identifies relatives, guarantors, emergency contacts and other persons is treated like the subject's."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.clauses.i1 import canaries, finding, found, premises, relatives
from tokumei.declarations import PSEUDONYMS, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.representation import markers

BEFORE = (
    "妻|夫|父|母|子|祖父|祖母|長男|長女|次男|次女|息子|娘|兄|姉|弟|妹|家族|配偶者|保護者|保証人|世帯主|連絡先|同席|付添"
)
CALLED = f"({BEFORE})の?[^ -~]|[^ -~](様|さま|さん|氏|ちゃん|くん)"
"""A word for who somebody is, or what stands behind a name: texts without one name no relative by a part of a name."""

KEPT = """
SELECT "case", "call", count(*) AS n FROM {self} t
WHERE {column} IS NOT NULL AND {column} NOT IN {markers} AND regexp_extract({column}, '^[*＊×■〇○●\\-]*$|^(削除|非公開|マスク)$', 0) <> {column}
GROUP BY "case", "call"
"""

NAMED = """
SELECT "case", source, canary, text_fold(part) AS folded FROM (
  SELECT "case", source, canary, regexp_extract(canary, '^([^ -~　]+)[ 　]', 1) AS part FROM {self} a
  UNION SELECT "case", source, canary, regexp_extract(canary, '[ 　]([^ -~　]+)$', 1) AS part FROM {self} b
) AS parts WHERE length(part) >= 2
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look at the fields of these persons, and for what they hold in all other cells and files."""
    fields = relatives(evidence.organization)
    known = canaries(evidence, fields)
    yield from premises(evidence, known, "values of relatives")
    own = set()
    for info in fields:
        view = evidence.release[info.name.resource]
        if info.name.field not in view.names:
            continue
        rows = view.relation.query(
            KEPT, column=view.column(info.name.field), markers=markers(evidence, info.name)
        ).rows()
        for row in rows:
            claim = evidence.claim_of(row["call"]) or evidence.asked
            if not any(info.name in step.fields for step in claim.with_technique(*PSEUDONYMS)):
                own.add((row["case"], row["call"], info.name.resource, info.name.field))
                yield _kept(row["case"], row["call"], info.name.resource, info.name.field, row["n"])
    for row in (*found(evidence, fields), *_by_part_of_a_name(evidence)):
        place = row["case"], row["call"], row["resource"], row["field"]
        if place not in own:
            own.add(place)
            yield finding("RELATIVE_IN_RELEASE", row, "source", in_file="RELATIVE_IN_FILE")


def _kept(case: str, call: int, resource: str, field: str, n: int) -> Finding:
    shown = {"resource": resource, "field": field, "n": n}
    return Finding(code="RELATIVE_KEPT", case=case, call=call, params=shown, resource=resource, fields=(field,))


def _by_part_of_a_name(evidence: Evidence) -> Iterator[dict[str, object]]:
    """Family or given names of relatives in texts that speak of a relative or call somebody by name."""
    cells = evidence.texts.query("SELECT * FROM {self} t WHERE regexp_extract(value, {called}, 0) <> ''", called=CALLED)
    if cells.query("SELECT count(*) AS n FROM {self} t").value():
        direct = [info for info in relatives(evidence.organization) if "direct" in info.classes]
        yield from occurrences(cells, canaries(evidence, direct).query(NAMED), folded=True).rows()


def applies(organization: Organization, processing: Processing) -> bool:
    """Relatives or other persons are named."""
    del processing
    return bool(relatives(organization))


CHECK = Check(id="I1-08", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _by_given_name(request: Request, response: Response) -> Response:
    """The last cell of the last column ends with who came along, by given name."""
    resource = subject_resource(request)
    given, table = request.data[resource], response.data[resource]
    fields = Organization.of(request.organization).resource(resource).fields
    names = [i.name.field for i in fields if i.tokumei.get("person") == "relative"]
    told = [text for name in names for text in given.column(name).to_pylist() if text and " " in text]
    if not told or not table.num_rows:
        return response
    column = table.column_names[-1]
    *rest, last = table.column(column).to_pylist()
    return with_column(response, resource, column, [*rest, f"{last or ''}（母の{told[0].split()[1]}さんが同席）"])


MUTANTS = (
    Mutant(
        id="mother-by-given-name",
        kind="wrapper",
        effect=Text(
            "同席した家族の名が残り、家族を知る者に本人が分かる。",
            "The given name of a relative who came along stays, and shows the subject to whoever knows the family.",
        ),
        precedent="de-identification of notes that looks for names of the patient only (2014 i2b2: relatives)",
        trigger="one cell of each release",
        proof="the last cell holds the given name of a relative of the input",
        killed_by=("I1-08",),
        pairs=("hospital",),  # no relatives elsewhere
        wrap=after(_by_given_name),
    ),
    Mutant(
        id="kin-name-kept",
        kind="fault",
        effect=Text(
            "緊急連絡先の家族の氏名の列が残り、家族を通じて本人が分かる。",
            "The column of the relative to be called stays, and leads through the family to the subject.",
        ),
        precedent="lists of fields to remove that speak of the patient's name only",
        trigger="every person with a relative named",
        proof="the released column equals the input column",
        killed_by=("I1-08",),
        pairs=("hospital",),
        fault="kin-name-kept",
    ),
    Mutant(
        id="kin-name-masked",
        kind="fault",
        effect=Text(
            "家族の氏名の名だけが伏せられ、残った姓から本人の姓が分かる。",
            "Of names of relatives only the given name is masked; the family name left is mostly the subject's.",
        ),
        precedent="masking of surnames treated as sufficient for third persons",
        trigger="every person with a relative named",
        proof="the released texts begin with family names of the input",
        killed_by=("I1-08",),
        pairs=("hospital",),
        fault="kin-name-masked",
    ),
)
