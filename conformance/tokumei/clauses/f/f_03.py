"""F-03: no name, licence number or personal telephone number of a health professional is released.

Looked for are the values of the fields of staff in every released cell, a family name beside a title, and the digits
of a licence beside a word that says what they are. In a column of pseudonyms only a whole cell counts: their letters
spell a short name now and then.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Relation

BEFORE = ("医師", "先生", "主治医", "担当医", "看護師", "保健師", "助産師", "薬剤師", "技師", "教授", "部長", "院長")
"""Titles that stand behind a name. Those of doctors stand before it as well."""
AHEAD = ("主治医", "担当医", "医師", "Dr", "ドクター")
SIGNS = ("登録番号", "免許番号", "免許", "医籍", "登録", "No", "№")
"""Words that stand before the digits of a licence."""

NEEDLES = """
WITH staff AS (SELECT DISTINCT "case", source, canary, folded FROM {self} t WHERE kind = 'staff'),
named AS (SELECT *, text_fold(regexp_extract(canary, '^[^ 　]+', 0)) AS family FROM staff
  WHERE regexp_extract(canary, '^[^0-9 　]+[ 　][^0-9 　]+$', 0) <> ''),
numbered AS (SELECT *, regexp_extract(folded, '[0-9]+', 0) AS digits FROM staff
  WHERE regexp_extract(folded, '^[^0-9]*[0-9]{{5,9}}[^0-9]*$', 0) <> '')
SELECT "case", source, canary, folded FROM staff
UNION SELECT "case", source, canary, family || text_fold(title) AS folded FROM named
  CROSS JOIN (SELECT explode(split({after}, ' ')) AS title) AS a WHERE length(family) > 1
UNION SELECT "case", source, canary, text_fold(title) || family AS folded FROM named
  CROSS JOIN (SELECT explode(split({ahead}, ' ')) AS title) AS b WHERE length(family) > 1
UNION SELECT "case", source, canary, text_fold(sign) || digits AS folded FROM numbered
  CROSS JOIN (SELECT explode(split({signs}, ' ')) AS sign) AS c
"""

OWN = """
SELECT t."case", t."call", t.resource, t.field, count(DISTINCT c.canary) AS n FROM {self} t JOIN (
  SELECT DISTINCT "case", canary, folded, regexp_extract(folded, '[0-9]{{5,}}', 0) AS digits FROM {given} g WHERE kind = 'staff'
) c ON t."case" = c."case" AND (t.text = c.folded OR (t.text = c.digits AND t.resource || '.' || t.field IN {own}))
WHERE t.resource || '.' || t.field IN {fields} GROUP BY t."case", t."call", t.resource, t.field
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for what identifies staff in columns of pseudonyms as whole cells, and anywhere in all others."""
    counted = evidence.canaries.query(
        'SELECT "case", count(*) AS n FROM {self} t WHERE kind = \'staff\' GROUP BY "case"'
    )
    planted = {row["case"]: row["n"] for row in counted.rows()}
    for case in {case.id for case, *_ in evidence.released_calls()}:
        if planted.get(case):
            yield Premise(case=case, count=planted[case], what="values of staff")
    own = sorted(str(info.name) for info in evidence.organization.fields() if "staff" in info.classes)
    drawn = sorted(
        {str(name) for c in (evidence.asked, *evidence.claims) if c for s in c.with_technique(*PSEUDONYMS) for name in s.fields}
    )  # fmt: skip
    whole = evidence.texts.query(OWN, given=evidence.canaries, own=own or [""], fields=sorted({*own, *drawn}) or [""])
    for row in whole.rows():
        yield _found(row)
    others = evidence.texts.query(
        "SELECT * FROM {self} t WHERE resource || '.' || field NOT IN {fields}", fields=sorted({*own, *drawn}) or [""]
    )
    for row in occurrences(others, _needles(evidence), folded=True).rows():
        yield _found(row)


def _needles(evidence: Evidence) -> Relation:
    def make(whole: Evidence) -> Relation:
        return whole.canaries.query(NEEDLES, after=" ".join(BEFORE), ahead=" ".join(AHEAD), signs=" ".join(SIGNS))

    return evidence.once("f-03.needles", make)


def _found(row: dict[str, object]) -> Finding:
    return Finding(
        code="STAFF_IN_RELEASE",
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": row["resource"], "field": row["field"], "n": row["n"]},
        resource=str(row["resource"]),
        fields=(str(row["field"]),),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Something is held that identifies staff."""
    del processing
    return any("staff" in info.classes for info in organization.fields())


CHECK = Check(id="F-03", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _doctor_in_a_cell(request: Request, response: Response) -> Response:
    """One kept cell tells the family name of the doctor, as in 「佐久間医師」."""
    for resource in request.organization["resources"]:
        given, table = request.data.get(resource["name"]), response.data.get(resource["name"])
        names = [
            field["name"]
            for field in resource["schema"]["fields"]
            if "staff" in field["tokumei"]["class"] and field["tokumei"].get("generator") == "person-name"
        ]
        if not names or given is None or table is None or not table.num_rows:
            continue
        doctor = next((str(value) for value in given.column(names[0]).to_pylist() if value), "")
        column = table.column_names[-1]
        *rest, last = table.column(column).to_pylist()
        if doctor:
            return with_column(response, resource["name"], column, [*rest, f"{last or ''} {doctor.split()[0]}医師"])
    return response


MUTANTS = (
    Mutant(
        id="doctor-in-a-cell",
        kind="wrapper",
        effect=Text(
            "補足に書かれた担当医の姓から、医師と受診した医療機関が分かり、患者が絞られる。",
            "The family name of the doctor in a remark tells who treated, and where, and narrows down the patient.",
        ),
        precedent="20 to 30 names of staff in 1,000 sentences of notes (law §3.9)",
        trigger="one cell of each release of an organization with staff",
        proof="a released cell holds the family name of a doctor of the input and a title",
        killed_by=("F-03",),
        pairs=("hospital",),  # no staff elsewhere
        wrap=after(_doctor_in_a_cell),
    ),
    Mutant(
        id="licence-digits-kept",
        kind="fault",
        effect=Text(
            "医籍登録番号が残り、公開の名簿から医師の氏名が分かる。",
            "The number of the physician's register is left, and public lists tell the name.",
        ),
        precedent="staff columns taken for codes of the hospital (law §1, item 14)",
        trigger="every release of an organization with licence numbers",
        proof="the released column equals the digits of the input column",
        killed_by=("F-03",),
        pairs=("hospital",),  # no staff elsewhere
        fault="licence-digits-kept",
    ),
)
