"""I1-04: no full date of birth is in the release, in either calendar or as a number; year and month at most.

Dates of treatment may be released, moved, and a moved one equals somebody's birth date by chance. So the column of
births is judged by how fine it is, and other columns only by births long before all other dates of the input.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.relation import Relation

FAR = 731
"""Days before the first other date of the input: no declared shift of dates of treatment reaches so far."""
FEWEST = 12
"""Of dates written as plain numbers so many, and half of the values of a field, are asked for: where one number in
ten is the day number of a birth, 12 of 24 are met in 10⁻⁶ of fields, and with the births of a plan in 10⁻¹³."""
DENSE = 0.1
"""Where more of the days have a birth, day numbers show nothing."""

BIRTHS = """
SELECT DISTINCT "case", d FROM (
  SELECT "case", as_date(text) AS d FROM (SELECT DISTINCT "case", {column} AS text FROM {self} t) AS once
) AS dates WHERE d IS NOT NULL
"""
FIRST = """
SELECT "case", min(d) AS d FROM (
  SELECT "case", as_date(text) AS d FROM (SELECT DISTINCT "case", {column} AS text FROM {self} t) AS once
) AS dates WHERE d IS NOT NULL GROUP BY "case"
"""

EARLY = """
SELECT b."case", b.d, CAST(extract(year FROM b.d) AS INT) AS y, CAST(extract(month FROM b.d) AS INT) AS m,
  CAST(extract(day FROM b.d) AS INT) AS dd, CASE WHEN b.d >= DATE '2019-05-01' THEN 5 WHEN b.d >= DATE '1989-01-08' THEN 4
    WHEN b.d >= DATE '1926-12-25' THEN 3 WHEN b.d >= DATE '1912-07-30' THEN 2 ELSE 1 END AS era
FROM {self} b LEFT JOIN (SELECT "case", min(d) AS d FROM {first} f GROUP BY "case") g ON b."case" = g."case"
WHERE (g.d IS NULL OR days_between(g.d, b.d) > {far}) AND extract(day FROM b.d) NOT IN (1, 15)
"""
"""Without the first and the middle of a month, as which a month alone may be written."""

PARTS = """
SELECT "case", d, CAST(y AS STRING) AS y, CAST(m AS STRING) AS m, CAST(dd AS STRING) AS dd,
  lpad(CAST(m AS STRING), 2, '0') AS mm, lpad(CAST(dd AS STRING), 2, '0') AS d2, CAST(era AS STRING) AS era,
  substr('MTSHR', era, 1) AS letter, substr('明治大正昭和平成令和', 2 * era - 1, 2) AS name,
  CAST(y - CASE era WHEN 5 THEN 2018 WHEN 4 THEN 1988 WHEN 3 THEN 1925 WHEN 2 THEN 1911 ELSE 1867 END AS STRING) AS nen
FROM {self} t
"""

FORMS = """
SELECT "case", d, y || '年' || m || '月' || dd || '日' AS form FROM {self} t
UNION ALL SELECT "case", d, y || '年' || mm || '月' || d2 || '日' AS form FROM {self} t
UNION ALL SELECT "case", d, name || nen || '年' || m || '月' || dd || '日' AS form FROM {self} t
UNION ALL SELECT "case", d, name || lpad(nen, 2, '0') || '年' || mm || '月' || d2 || '日' AS form FROM {self} t
UNION ALL SELECT "case", d, name || '元年' || m || '月' || dd || '日' AS form FROM {self} t WHERE nen = '1'
UNION ALL SELECT "case", d, letter || nen || '.' || m || '.' || dd AS form FROM {self} t
UNION ALL SELECT "case", d, letter || lpad(nen, 2, '0') || '.' || mm || '.' || d2 AS form FROM {self} t
UNION ALL SELECT "case", d, y || '-' || mm || '-' || d2 AS form FROM {self} t
UNION ALL SELECT "case", d, y || '.' || m || '.' || dd AS form FROM {self} t
UNION ALL SELECT "case", d, y || '.' || mm || '.' || d2 AS form FROM {self} t
"""

WRITTEN = """
SELECT "case", value, text FROM (
  SELECT "case", value, translate(upper(value), '/', '.') AS text FROM {self} a
  UNION SELECT "case", value, text FROM {self} b WHERE regexp_extract(value, '[年月]', 0) <> ''
) AS t
WHERE regexp_extract(text, '[0-9元]年[0-9]|[SHRTM][0-9]{{1,2}}[.][0-9]|[0-9]{{4}}[.-][0-9]', 0) <> ''
  AND regexp_extract(text, '^[0-9]{{4}}[.-][0-9]{{2}}[.-][0-9]{{2}}$|^[0-9A-F-]{{20,}}$', 0) = ''
"""
"""Texts that hold something like a date: no plain date, which is compared as one, and no long code."""

READ = """
SELECT v."case", v.value, 1 AS sure, 0 AS dense FROM (
  SELECT "case", value FROM {self} t WHERE substr(value, 5, 1) IN ('-', '/', '.')
) v JOIN {early} e ON v."case" = e."case"
  AND as_date(translate(substr(v.value, 1, 10), './', '--')) = e.d
"""

INSIDE = """
SELECT w."case", w.value, 1 AS sure, 0 AS dense FROM {self} w JOIN {forms} f
  ON w."case" = f."case" AND instr(w.text, f.form) > 0
WHERE regexp_extract(substr(w.text, instr(w.text, f.form) + length(f.form), 1), '[0-9]', 0) = ''
"""

NUMBERS = """
SELECT "case", y || mm || d2 AS code, 0 AS dense FROM {self} t
UNION ALL SELECT "case", era || lpad(nen, 2, '0') || mm || d2 AS code, 0 AS dense FROM {self} t
UNION ALL SELECT "case", letter || lpad(nen, 2, '0') || mm || d2 AS code, 0 AS dense FROM {self} t
UNION ALL SELECT "case", CAST(days_between(d, DATE '1970-01-01') * 86400 AS STRING) AS code, 0 AS dense FROM {self} t
UNION ALL SELECT "case", CAST(days_between(d, DATE '1970-01-01') * 86400 - 32400 AS STRING) AS code, 0 AS dense FROM {self} t
UNION ALL SELECT "case", CAST(days_between(d, DATE '1970-01-01') * 86400000 AS STRING) AS code, 0 AS dense FROM {self} t
UNION ALL SELECT t."case", CAST(days_between(t.d, DATE '1899-12-30') AS STRING) AS code,
  CASE WHEN spread.share > {dense} THEN 1 ELSE 0 END AS dense
FROM {self} t JOIN (
  SELECT "case", CAST(count(*) AS DOUBLE) / (days_between(max(d), min(d)) + 1) AS share FROM {self} u GROUP BY "case"
) AS spread ON t."case" = spread."case"
"""

COUNTED = """
SELECT v."case", v.value, 0 AS sure, n.dense FROM (
  SELECT "case", value, upper(value) AS code FROM {self} a
  WHERE regexp_extract(value, '^-?[0-9]{{5,14}}$|^[A-Za-z][0-9]{{6}}$', 0) <> ''
  UNION SELECT "case", value, substr(value, 1, 8) AS code FROM {self} b
  WHERE regexp_extract(value, '^[0-9]{{9,14}}$', 0) <> ''
) v JOIN {numbers} n ON v."case" = n."case" AND v.code = n.code
"""

FIELDS = """
SELECT c."case", c."call", c.resource, c.field, count(DISTINCT CASE WHEN h.sure = 1 THEN c.value END) AS sure,
  count(DISTINCT CASE WHEN h.dense = 0 THEN c.value END) AS n, count(DISTINCT c.value) AS among
FROM {self} c LEFT JOIN {hits} h ON c."case" = h."case" AND c.value = h.value
GROUP BY c."case", c."call", c.resource, c.field HAVING count(h.value) > 0
"""

FINE = """
SELECT "case", "call", count(DISTINCT d) AS n FROM (
  SELECT "case", "call", as_date(substr({column}, 1, 10)) AS d FROM {self} t
) AS days WHERE d IS NOT NULL GROUP BY "case", "call" HAVING count(DISTINCT extract(day FROM d)) > 1
"""


def births(organization: Organization) -> list[FieldInfo]:
    """The fields of birth dates: made as such, or in a group that says so."""
    groups = organization.document["tokumei"].get("redundancyGroups", {})
    meant = {
        name for name, group in groups.items() if "生年月日" in group["meaning"] or "birth" in group["meaning"].lower()
    }
    return [
        info
        for info in organization.fields()
        if info.type in ("date", "datetime")
        and (info.tokumei.get("generator") == "birth-date" or info.tokumei.get("redundancyGroup") in meant)
    ]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Judge how fine the column of births is, and look for early births in every other column."""
    fields = births(evidence.organization)
    given = _dates(evidence, fields, BIRTHS)
    if given is None:
        return
    for row in given.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="birth dates")
    for info in fields:
        view = evidence.release.get(info.name.resource)
        if view is not None and info.name.field in view.names:
            for row in view.relation.query(FINE, column=view.column(info.name.field)).rows():
                yield _found("DAY_OF_BIRTH", row, str(info.name.resource), info.name.field, row["n"])
    engine = evidence.canaries.engine
    others = [i for i in evidence.organization.fields() if i.type in ("date", "datetime") and i not in fields]
    first = _dates(evidence, others, FIRST) or given.query("SELECT * FROM {self} t WHERE FALSE")
    early = engine.register("i1-04.early", given.query(EARLY, first=first, far=FAR).query(PARTS).arrow())
    values = engine.register(
        "i1-04.values",
        evidence.texts.query('SELECT DISTINCT "case", value, text FROM {self} t WHERE length(value) >= 5').arrow(),
    )
    written = values.query(WRITTEN)
    hits = [values.query(READ, early=early), values.query(COUNTED, numbers=early.query(NUMBERS, dense=DENSE))]
    if written.query("SELECT count(*) AS n FROM {self} t").value():
        hits.append(written.query(INSIDE, forms=early.query(FORMS)))
    union = " UNION ".join(f"SELECT * FROM ({hit.sql}) AS h{n}" for n, hit in enumerate(hits))
    found = engine.register("i1-04.hits", engine.fetch(union))
    if not found.query("SELECT count(*) AS n FROM {self} t").value():
        return
    for row in evidence.texts.query(FIELDS, hits=found).rows():
        if row["sure"] or (row["n"] >= FEWEST and row["n"] * 2 >= row["among"]):
            yield _found("BIRTH_DATE", row, row["resource"], row["field"], row["sure"] or row["n"])


def _dates(evidence: Evidence, fields: list[FieldInfo], template: str) -> Relation | None:
    """The dates of some fields of the input; None where the input has none of them."""
    views = [(evidence.input[info.name.resource], info.name.field) for info in fields]
    parts = [v.relation.query(template, column=v.column(name)).sql for v, name in views if name in v.names]
    return Relation(evidence.canaries.engine, " UNION ".join(parts)) if parts else None


def _found(code: str, row: dict[str, object], resource: str, field: str, n: object) -> Finding:
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(str(row["call"])),
        params={"resource": resource, "field": field, "n": n},
        resource=resource,
        fields=(field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Birth dates are held."""
    del processing
    return bool(births(organization))


CHECK = Check(id="I1-04", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _in_the_era(request: Request, response: Response) -> Response:
    """The last cell of the last column tells the birth date of one of the oldest, in the Japanese calendar."""
    resource = subject_resource(request)
    given, table = request.data[resource], response.data[resource]
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    names = [f["name"] for f in found["schema"]["fields"] if f["tokumei"].get("generator") == "birth-date"]
    days = sorted(dt.date.fromisoformat(text) for name in names for text in given.column(name).to_pylist() if text)
    days = [day for day in days if dt.date(1926, 12, 25) < day < dt.date(1989, 1, 8) and day.day not in (1, 15)]
    if not days or not table.num_rows:
        return response
    text = f"昭和{days[0].year - 1925}年{days[0].month}月{days[0].day}日生"
    column = table.column_names[-1]
    return with_column(response, resource, column, [*table.column(column).to_pylist()[:-1], text])


MUTANTS = (
    Mutant(
        id="birth-in-the-era",
        kind="wrapper",
        effect=Text(
            "和暦の生年月日が一つのセルに残り、名簿と突き合わせると一人に定まる。",
            "One cell keeps a birth date in the Japanese calendar, which singles out a person in a register.",
        ),
        precedent="date filters that know the Western calendar only (peers §3)",
        trigger="one cell of each release",
        proof="the last cell tells the birth date of a person of the input",
        killed_by=("I1-04",),
        wrap=after(_in_the_era),
    ),
    Mutant(
        id="row-numbers-from-birth",
        kind="fault",
        effect=Text(
            "生年月日を元にした番号が振られ、番号から生年月日が読める。",
            "Rows get numbers made of the birth date, and it can be read from them.",
        ),
        precedent="personal numbers that begin with the birth date (South Korea, Sweden)",
        trigger="every row of the table of persons that has a number of its own",
        proof="the first eight digits of the row number are the birth date",
        killed_by=("I1-04",),
        pairs=("stroke-registry",),  # elsewhere the table of persons has no number but the person key
        fault="row-numbers-from-birth",
    ),
)
