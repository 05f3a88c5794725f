"""Item 1: descriptions that identify a person. What the checks of contacts, relatives and payment share.

All three look for values of the input once, together: a scan of every cell is what costs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tokumei.chance import by_chance, held
from tokumei.declarations import PSEUDONYMS
from tokumei.measures import codes as measure
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Premise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tokumei.declarations import FieldInfo, Organization
    from tokumei.evidence import Evidence
    from tokumei.relation import Relation

IDENTIFIERS = frozenset({"direct", "staff", "symbol", "link"})
CONTACT = (
    "電話|携帯|ファクス|ファックス|fax|メール|mail|url|ホームページ|sns|line_?id|アカウント|account_?name|ipアドレス|ip_?addr"
    "|macアドレス|mac_?addr|_mac$|端末|device_?id|imei|phone|tel$|tel_|mobile"
)
RELATIVE = "家族|続柄|世帯主|保証人|緊急連絡|配偶者|保護者|親族|母|父|kin_|next_of_kin|relative|guarantor|guardian|mother|father|spouse"
PAYMENT = (
    "クレジット|カード番号|口座|引落|振替|記号番号|card_?no|card_?num|credit|account_?no|account_?num|iban|payment"
)
SIGNS = ":;_@+#&='\""
SHORTEST = 8
"""Fewer letters and digits than a telephone number has without its first 0 are met by chance."""

NEEDLES = """
SELECT DISTINCT "case", source, canary, needle AS folded FROM (
  SELECT "case", source, canary, translate(folded, {signs}, '') AS needle, 3 AS least FROM {self} a
  WHERE regexp_extract(folded, '[^ -~]', 0) <> ''
  UNION SELECT "case", source, canary, translate(folded, {signs}, '') AS needle, {least} AS least FROM {self} b
  UNION SELECT "case", source, canary, substr(folded, 2) AS needle, {least} AS least FROM {self} c
  WHERE regexp_extract(folded, '^0[0-9]{{9,10}}$', 0) <> ''
  UNION SELECT "case", source, canary, translate(regexp_extract(folded, '^([^@]+)@', 1), {signs}, '') AS needle,
    {least} AS least FROM {self} d
) AS forms WHERE length(needle) >= least
"""
"""A telephone number also without the 0 that falls away abroad, a mail address also without its domain."""

CELLS = """
SELECT "case", "call", resource, field, value, translate(text, {signs}, '') AS text FROM {self} t WHERE length(text) >= 3
UNION ALL
SELECT "case", "call", '' AS resource, '' AS field, text AS value,
  translate(text_fold(text || ' ' || place), {signs}, '') AS text
FROM {files} f
"""

TEXTS = """
SELECT DISTINCT translate(text, {signs}, '') AS text FROM {self} t
WHERE "case" = {case} AND "call" = {call} AND resource = {resource} AND field = {field}
"""


def contacts(organization: Organization) -> list[FieldInfo]:
    """The fields of contacts: made as such, or identifiers that are called so."""
    return _called(organization, CONTACT, "phone-number", "email-address", "device-address")


def relatives(organization: Organization) -> list[FieldInfo]:
    """The identifying fields of persons beside the subject and the staff."""
    told = [i for i in organization.fields() if i.tokumei.get("person") in ("relative", "other")]
    return told + [info for info in _called(organization, RELATIVE) if info not in told]


def payments(organization: Organization) -> list[FieldInfo]:
    """The fields of what a person pays with."""
    return _called(organization, PAYMENT, "card-number", "bank-account")


def _called(organization: Organization, words: str, *generators: str) -> list[FieldInfo]:
    return [
        info
        for info in organization.fields()
        if info.tokumei.get("generator") in generators
        or (IDENTIFIERS & set(info.classes) and re.search(words, info.name.field.lower()))
    ]


def canaries(evidence: Evidence, fields: Collection[FieldInfo]) -> Relation:
    """The canaries of these fields."""
    sources = [str(info.name) for info in fields]
    return evidence.canaries.query("SELECT * FROM {self} t WHERE source IN {sources}", sources=[*sources, ""])


def premises(evidence: Evidence, known: Relation, what: str) -> Iterator[Premise]:
    """How many of them each case with a release has."""
    released = {case.id for case, *_ in evidence.released_calls()}
    for row in known.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        if row["case"] in released:
            yield Premise(case=row["case"], count=row["n"], what=what)


def found(evidence: Evidence, fields: Collection[FieldInfo]) -> Iterator[dict[str, Any]]:
    """Where values of these fields stand, in any spelling: by place and source; files have no resource.

    What letters of random pseudonyms meet by chance is left out.
    """
    hits = evidence.once("i1.hits", _hits)
    sources = [str(info.name) for info in fields]
    for row in hits.query("SELECT * FROM {self} t WHERE source IN {sources}", sources=[*sources, ""]).rows():
        if not _drawn(evidence, row):
            yield row


def _hits(evidence: Evidence) -> Relation:
    cells = evidence.texts.query(CELLS, files=evidence.files, signs=SIGNS)
    return occurrences(cells, _needles(evidence), folded=True)


def _needles(evidence: Evidence) -> Relation:
    organization = evidence.organization
    every = canaries(evidence, [*contacts(organization), *relatives(organization), *payments(organization)])
    return every.query(NEEDLES, least=SHORTEST, signs=SIGNS)


def _drawn(evidence: Evidence, row: Mapping[str, Any]) -> bool:
    claim = evidence.claim_of(row["call"]) or evidence.asked
    fields = {str(name) for step in claim.with_technique(*PSEUDONYMS) for name in step.fields}
    if f"{row['resource']}.{row['field']}" not in fields:
        return False
    place = {name: row[name] for name in ("case", "call", "resource", "field")}
    texts = [each["text"] for each in evidence.texts.query(TEXTS, **place, signs=SIGNS).rows()]
    known = _needles(evidence).query('SELECT "case", source, folded FROM {self} t').rows()
    names = {each["folded"] for each in known if (each["case"], each["source"]) == (row["case"], row["source"])}
    return by_chance(held(texts, names), texts, names)


def parts(evidence: Evidence, known: Relation, alpha: float = measure.ALPHA) -> Iterator[dict[str, Any]]:
    """The fields with more numbers that are parts of ``known`` than random numbers have: last four digits, six inside.

    ``known`` has ``case, source, code``: digits only.
    """
    sized = known.query('SELECT "case", source, code, length(code) AS size, length(code) AS digits FROM {self} t')
    sought = measure.parts(sized, suffix=4, inside=6)
    numbers = evidence.once("i1.numbers", lambda whole: measure.tokens(whole.texts, 4))
    for row in measure.beyond_chance(numbers, sought, alpha):
        yield row | {"n": row["hits"]}


def finding(code: str, row: Mapping[str, Any], *shown: str, in_file: str = "") -> Finding:
    """A finding in a field, or in a file, which shows its place, the count and what else is named."""
    if not row["resource"]:
        return Finding(code=in_file, case=row["case"], call=row["call"], params={"n": row["n"]})
    return Finding(
        code=code,
        case=str(row["case"]),
        call=int(row["call"]),
        params={name: row[name] for name in ("resource", "field", "n", *shown)},
        resource=str(row["resource"]),
        fields=(str(row["field"]),),
    )
