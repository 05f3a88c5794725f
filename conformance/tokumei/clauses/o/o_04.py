"""O-04: no value by which holders of data join the records of a person is in an ordinary release, in any form.

The values that the source holds are looked for in every cell and file, cut short or coded once more. Those that a product
might make itself are computed for a few persons: who uses them uses them for all.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.relation import Relation
from tokumei.text import fold

HEAD = 16
"""So many digits (64 bits in base 16) are not met by chance, and identify a person among all."""
PERSONS = 3
"""Persons of the largest case for whom values are computed."""
SEPARATORS = ("", "|", ",", "_", "-")
SEX_CODES = {"M": "1", "F": "2", "男": "1", "女": "2", "男性": "1", "女性": "2"}
MOST_PARTS = 3
"""Of more parts only the declared order is tried."""
LONGEST_PART = 64

TOKENS = 'SELECT DISTINCT "case", lower({column}) AS code FROM {self} t WHERE length({column}) >= {head}'

CODED_AGAIN = """
WITH given AS {self}
SELECT "case", code FROM given UNION SELECT "case", md5(code) AS code FROM given
UNION SELECT "case", sha1(code) AS code FROM given UNION SELECT "case", sha_256(code) AS code FROM given
"""

HEADS = """
SELECT "case", substr(text_fold(code), 1, {head}) AS head FROM {self} t
UNION SELECT "case", substr(text_fold(code), length(text_fold(code)) - {head} + 1, {head}) AS head FROM {self} u
UNION SELECT "case", substr(text_fold(CASE WHEN length(code) % 2 = 0 AND regexp_extract(code, '[^0-9a-f]', 0) = ''
  THEN base64(unhex(code)) END), 1, {head}) AS head FROM {self} v
"""

WINDOWS = """
WITH long AS (
  SELECT *, regexp_extract(text, '[0-9a-f]{{16,}}', 0) AS run FROM {self} t WHERE length(text) >= {head}
)
SELECT "case", "call", resource, field, text, substr(text, 1, {head}) AS head FROM long
UNION SELECT "case", "call", resource, field, text, substr(text, length(text) - {head} + 1, {head}) AS head FROM long
UNION SELECT "case", "call", resource, field, text, substr(run, 1, {head}) AS head FROM long WHERE run <> ''
"""

FOUND = """
SELECT w."case", w."call", w.resource, w.field, count(DISTINCT w.text) AS n
FROM {self} w JOIN (SELECT DISTINCT "case", head FROM {heads} h WHERE length(head) = {head}) d
  ON w."case" = d."case" AND w.head = d.head
GROUP BY w."case", w."call", w.resource, w.field
"""

PEOPLE = """
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY "case" ORDER BY md5({key}), "row") AS place
  FROM {self} t WHERE "call" = 0 AND "case" IN {cases} AND {key} IS NOT NULL) drawn WHERE place <= {most}
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Compare the beginnings and ends of released codes with those of the values for linkage."""
    heads = [_computed(evidence)]
    held = _held(evidence)
    if held is not None:
        heads.append(held.query(CODED_AGAIN).query(HEADS, head=HEAD))
    engine = evidence.canaries.engine
    known = engine.register("o-04.heads", engine.fetch(" UNION ".join(f"SELECT * FROM ({h.sql}) AS h" for h in heads)))
    for row in known.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="values for linkage")
    for code, texts in (("LINKAGE_TOKEN", evidence.texts), ("LINKAGE_TOKEN_IN_FILE", _words(evidence))):
        for row in texts.query(WINDOWS, head=HEAD).query(FOUND, heads=known, head=HEAD).rows():
            place = {"resource": row["resource"], "field": row["field"]} if row["resource"] else {}
            yield Finding(
                code=code,
                case=row["case"],
                call=row["call"],
                params={**place, "n": row["n"]},
                resource=row["resource"],
                fields=(row["field"],) if row["resource"] else (),
            )


def _held(evidence: Evidence) -> Relation | None:
    """case, code: the results of linkage that the source holds."""
    name = _result(evidence.organization)
    view = evidence.input.get(name.resource) if name else None
    if name is None or view is None or name.field not in view.names:
        return None
    return view.relation.query(TOKENS, column=view.column(name.field), head=HEAD)


def _result(organization: Organization) -> FieldName | None:
    field = organization.document["tokumei"].get("linkage", {}).get("resultField")
    return FieldName.parse(field) if field else None


def _words(evidence: Evidence) -> Relation:
    """The long words of the files beside the tables, as cells are: in a file no value is told apart from its neighbours."""
    rows = [
        (row["case"], row["call"], fold(word))
        for row in evidence.files.rows()
        for word in re.findall(r"[0-9A-Za-z+/_=-]{16,}", row["text"])
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    empty = pa.array([""] * len(rows), pa.string())
    table = pa.table(
        {
            "case": pa.array(columns[0], pa.string()),
            "call": pa.array(columns[1], pa.int32()),
            "resource": empty,
            "field": empty,
            "text": pa.array(columns[2], pa.string()),
        }
    )
    return evidence.canaries.engine.register("o-04.words", table)


def _computed(evidence: Evidence) -> Relation:
    """case, head: of the values that can be made of a few persons, without a key and with the secrets of the call."""
    largest = sorted((c for c in evidence.cases if c.persons), key=lambda case: (case.persons, case.id))[-1:]
    given = {secret for case in largest for call in case.calls for secret in call.request.secrets.values()}
    secrets = sorted(given - {b""})
    found: set[tuple[str, str]] = set()
    for parts in recipes(evidence.organization) if largest else ():
        view = evidence.input.get(parts[0].name.resource)
        columns = view.pick([info.name for info in parts]) if view is not None else None
        if view is None or columns is None:
            continue
        drawn = view.relation.query(PEOPLE, key=columns[0], cases=[case.id for case in largest], most=PERSONS)
        for row in drawn.rows():
            values = [row[column.name] for column in columns]
            if all(values) and max(map(len, values)) <= LONGEST_PART:
                texts = spellings(parts, values)
                found |= {(row["case"], head) for text in texts for head in _heads(text, secrets)}
    ordered = sorted(found)
    table = pa.table({n: pa.array([row[at] for row in ordered], pa.string()) for at, n in enumerate(("case", "head"))})
    return evidence.canaries.engine.register("o-04.computed", table)


def recipes(organization: Organization) -> list[tuple[FieldInfo, ...]]:
    """Of what a value for linkage is made: the declared fields of one table, and the usual ones that a table has."""
    declared = [FieldName.parse(text) for text in organization.document["tokumei"].get("linkage", {}).get("inputs", ())]
    infos = [info for name in declared if (info := organization.field(name)) is not None]
    found = [tuple(infos)] if infos and len({info.name.resource for info in infos}) == 1 else []
    for resource in organization.resources:
        names = [info for info in resource.fields if _is_name(info)]
        births = [info for info in resource.fields if info.tokumei.get("generator") == "birth-date"]
        sexes = [info for info in resource.fields if set(info.constraints.get("enum", "-")) <= set(SEX_CODES)]
        for name, birth in itertools.product(names, births):
            found += [(name, birth, *sexes[:1]), (name, birth)]
        found += [(info,) for info in resource.fields if "symbol" in info.classes]
    return _distinct(found)


def _distinct(found: Iterable[tuple[FieldInfo, ...]]) -> list[tuple[FieldInfo, ...]]:
    return list({frozenset(info.name for info in parts): parts for parts in reversed(list(found))}.values())


def _is_name(info: FieldInfo) -> bool:
    own = info.tokumei
    return own.get("generator") == "person-name" and own.get("person", "subject") == "subject"


def spellings(parts: Sequence[FieldInfo], values: Sequence[str]) -> set[str]:
    """The texts that systems make of these values before they code them."""
    forms = [sorted(_forms(info, value)) for info, value in zip(parts, values, strict=True)]
    orders = itertools.permutations(forms) if len(forms) <= MOST_PARTS else iter([tuple(forms)])
    return {
        separator.join(chosen)
        for order in orders
        for chosen in itertools.product(*order)
        for separator in (SEPARATORS if len(parts) > 1 else ("",))
    }


def _forms(info: FieldInfo, value: str) -> set[str]:
    if info.type == "date" or info.tokumei.get("generator") == "birth-date":
        return {value, value.replace("-", ""), value.replace("-", "/")}
    if _is_name(info):
        wide = unicodedata.normalize("NFKC", value)
        return {text for form in (value, wide) for text in (form, re.sub(r"\s", "", form))}
    return {value, SEX_CODES.get(value, value)}


def _heads(text: str, secrets: Sequence[bytes]) -> Iterator[str]:
    data = text.encode()
    often = [hashlib.sha256(data).digest(), *(hmac.digest(key, data, "sha256") for key in secrets)]
    seldom = [hashlib.new(name, data, usedforsecurity=False).digest() for name in ("sha1", "md5", "sha512")]
    for key in secrets:
        seldom += [hmac.digest(key, data, "sha1"), hashlib.sha256(key + data).digest()]
    yield from (code.hex()[:HEAD] for code in (*often, *seldom))
    yield from (fold(base64.b64encode(code).decode())[:HEAD] for code in often)


def applies(organization: Organization, processing: Processing) -> bool:
    """The source holds values for linkage, or what they are made of."""
    del processing
    return _result(organization) is not None or any(len(parts) > 1 for parts in recipes(organization))


CHECK = Check(id="O-04", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _made(request: Request) -> list[str]:
    """For every row of the table of persons what systems code of name, birth date and sex, in this order."""
    organization = Organization.of(request.organization)
    home = subject_resource(request)
    parts = next((p for p in recipes(organization) if len(p) > 1 and p[0].name.resource == home), ())
    columns = [request.data[home].column(info.name.field).to_pylist() for info in parts]
    return ["|".join(value or "" for value in row) for row in zip(*columns, strict=True)]


def _marked(make: Callable[[Request, str], str]) -> Callable[[Request, Response], Response]:
    """The key of the person is replaced by what is made of the persons of the input, row by row."""

    def change(request: Request, response: Response) -> Response:
        home, key = str(request.organization["tokumei"]["subjects"]["key"]).split(".")
        texts = _made(request)
        if home not in response.data or key not in response.data[home].column_names or not texts:
            return response
        given = response.data[home].column(key).to_pylist()
        told: list[str | None] = [make(request, texts[row % len(texts)]) for row in range(len(given))]
        return with_column(response, home, key, told)

    return change


def _cut(request: Request, text: str) -> str:
    del request
    return hashlib.sha256(text.encode()).hexdigest()[:24].upper()


def _for_the_next(request: Request, response: Response) -> Response:
    """A table for whoever wants to join these data with others is laid beside the release."""
    secret = next(iter(request.secrets.values()), b"")
    codes = [hmac.digest(secret, text.encode(), "sha256") for text in _made(request)]
    lines = "\n".join(["linkage", *(base64.urlsafe_b64encode(code).decode() for code in codes), ""])
    return dataclasses.replace(response, extra={**response.extra, "linkage.csv": lines})


MUTANTS = (
    Mutant(
        id="linkage-value-as-pseudonym",
        kind="wrapper",
        effect=Text(
            "同じ作り方の値を持つ他のデータと、本人ごとに結び付けられる。",
            "The data can be joined, person by person, with any other data that hold values made alike.",
        ),
        precedent="ID4 of name, birth date and sex in public databases (law §3.8)",
        trigger="every release with the persons' key",
        proof="the pseudonym is the beginning of the SHA-256 of name, birth date and sex",
        killed_by=("O-04",),
        wrap=after(_marked(_cut)),
    ),
    Mutant(
        id="linkage-table-beside",
        kind="wrapper",
        effect=Text(
            "名寄せのための値の一覧が、鍵を持つ者に全員の名簿として渡る。",
            "The list of the values for linkage reaches holders of the key as a list of everybody.",
        ),
        precedent="exports for linkage with public databases sent to the ordinary recipient (law §3.8)",
        trigger="every release",
        proof="a file beside the tables holds the keyed digests of name, birth date and sex",
        killed_by=("O-04",),
        wrap=after(_for_the_next),
    ),
    Mutant(
        id="pseudonym-from-the-person",
        kind="fault",
        effect=Text(
            "仮IDが氏名、生年月日及び性別から作られ、同じ鍵の他のデータと結び付けられる。",
            "Pseudonyms are made of name, birth date and sex, and join other data made with the same key.",
        ),
        precedent="one token service for linkage and for pseudonyms (law §3.8)",
        trigger="every pseudonym of a person",
        proof="the pseudonym is the HMAC of name, birth date and sex under the secret of the release",
        killed_by=("O-04",),
        fault="pseudonym-from-the-person",
    ),
)
