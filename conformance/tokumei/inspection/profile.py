"""One column as counts: how many rows have which form, and how many different values there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokumei import numbers
from tokumei.inspection import shapes
from tokumei.relation import Relation

if TYPE_CHECKING:
    from tokumei.inspection.reading import Table

MISSING = ("NA", "N/A", "NULL", "null", "NaN", "nan", "-", "--", "－", ".", "欠測", "未測定")
"""What is written for no value, where it is not simply left empty."""
MOST_LISTED = 12
MOST_SHAPES = 5_000
SAMPLE = 400
LONGEST_KEY = 40
LONGEST_NUMBER = 20

_KANJI = "\\x{4e00}-\\x{9fff}\\x{3005}\\x{3006}"
_BLANK = " \\x{3000}"
_KANA = "\\x{30a1}-\\x{30fc}"
TESTS: Mapping[str, str] = {
    "integer": "[-+]?(0|[1-9][0-9]{0,17})",
    "digits": "[0-9]+",
    "number": "[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?",
    "datetime": "[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}.*",
    "time": "[0-9]{2}:[0-9]{2}:[0-9]{2}",
    "era": "([MTSHR]|明治|大正|昭和|平成|令和) ?[0-9元]{1,2}[-./年].*",
    "phone": "0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}|0[5789]0[0-9]{8}",
    "postal": "[0-9]{3}-[0-9]{4}",
    "mail": "[^@ ]+@[^@ ]+\\.[A-Za-z]+",
    "kanji-name": f"[{_KANJI}]{{1,4}}[{_BLANK}]?[{_KANJI}\\x{{3041}}-\\x{{3096}}{_KANA}]{{1,5}}",
    "kana-full": f"[{_KANA}{_BLANK}]+",
    "kana-half": "[\\x{ff66}-\\x{ff9f} ]+",
    "hiragana": f"[\\x{{3041}}-\\x{{3096}}{_BLANK}]+",
    "romaji": "[A-Za-z]+[ ,]+[A-Za-z]+",
    "address": f".*[{_KANJI}].*(丁目|番地|[0-9０-９]番|[0-9０-９][-－][0-9０-９]).*",
    "place": f"[{_KANJI}\\x{{3041}}-\\x{{30fc}}]+[都道府県市区町村].*",
    "digest": "[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}",
    "icd-10": "[A-Z][0-9]{2}(\\.?[0-9]{1,2})?",
    "sentence": "(?s).*[。！？\n].*|.{30,}",
    "facility-name": ".*(病院|医院|クリニック|診療所|薬局|[Hh]ospital|[Cc]linic).*",
}
"""Forms of a value, as full matches in RE2."""

DATES: Mapping[str, tuple[str, str]] = {
    "default": ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d"),
    "%Y%m%d": ("(18|19|20)[0-9]{6}", "%Y%m%d"),
    "%Y/%m/%d": ("[0-9]{4}/[0-9]{2}/[0-9]{2}", "%Y/%m/%d"),
}
"""Forms of a date by the format of Table Schema; a value counts if it is a day that there was."""


_DAYS = tuple(regex for regex, _ in DATES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One column of one table; counts are of rows that have a value, ``share`` is of those."""

    resource: str
    name: str
    rows: int
    filled: int
    distinct: int
    rarest: int
    commonest: int
    longest: int
    low: float | None
    high: float | None
    years: int
    """From the first to the last year, where the column holds dates."""
    forms: Mapping[str, int]
    missing: tuple[str, ...]
    listed: tuple[str, ...] = ()
    """The values of a small closed vocabulary, each of which enough rows have; else none."""
    shapes: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    """The share of values with the form and the check digit, by kind of official number."""

    def share(self, form: str) -> float:
        return self.forms[form] / self.filled if self.filled else 0.0

    def every(self, form: str) -> bool:
        return self.filled > 0 and self.forms[form] == self.filled

    @property
    def unique(self) -> bool:
        return self.filled == self.rows == self.distinct > 1

    @property
    def full(self) -> bool:
        return self.filled == self.rows

    @property
    def date_format(self) -> str:
        return next((form for form in DATES if self.every("date " + form)), "")


def profiles(table: Table) -> tuple[Profile, ...]:
    """The profile of every column, from the distinct values of the table."""
    tests = {
        f"f{i}": (form, f"regexp_full_match(value, {_text(regex)})") for i, (form, regex) in enumerate(TESTS.items())
    }
    tests |= {
        f"d{i}": (
            "date " + form,
            (
                f"CASE WHEN regexp_full_match(value, {_text(regex)})"
                f" THEN try_strptime(value, {_text(written)}) IS NOT NULL ELSE FALSE END"
            ),
        )
        for i, (form, (regex, written)) in enumerate(DATES.items())
    }
    sums = ", ".join(f"coalesce(sum(n) FILTER ({test}), 0) AS {name}" for name, (_, test) in tests.items())
    day = (
        "CASE WHEN regexp_full_match(value, '[0-9/-]{{8,10}}')"
        " THEN try_strptime(value, ['%Y-%m-%d', '%Y%m%d', '%Y/%m/%d']) END"
    )
    cells, tokens = _without_missing(table)
    found = cells.query(
        "SELECT field, count(*) AS d, sum(n) AS filled, min(n) AS rarest, max(n) AS commonest,"
        " max(length(value)) AS longest,"
        " min(try_cast(value AS DOUBLE)) AS low, max(try_cast(value AS DOUBLE)) AS high,"
        f" coalesce(max(year({day})) - min(year({day})), 0) AS years, {sums}"
        " FROM {self} GROUP BY field"
    )
    rows = {row["field"]: row for row in found.rows()}
    made = []
    for i, name in enumerate(table.source.header):
        row = rows.get(i, {})
        own = cells.query("SELECT value, n FROM {self} WHERE field = {i}", i=i)
        made.append(
            Profile(
                resource=table.source.resource,
                name=name,
                rows=table.rows,
                filled=int(row.get("filled", 0)),
                distinct=int(row.get("d", 0)),
                rarest=int(row.get("rarest", 0)),
                commonest=int(row.get("commonest", 0)),
                longest=int(row.get("longest", 0)),
                low=row.get("low"),
                high=row.get("high"),
                years=int(row.get("years", 0)),
                forms={form: int(row.get(key, 0)) for key, (form, _) in tests.items()},
                missing=tokens.get(i, ()),
                listed=_listed(own, row),
                shapes=_shapes(own, row),
                numbers=_numbers(own, row),
            )
        )
    return tuple(made)


def _without_missing(table: Table) -> tuple[Relation, Mapping[int, tuple[str, ...]]]:
    """The cells that hold a value, and by field what is written where there is none.

    ``NA`` among numbers or dates is no value; among words it may be one, such as sodium.
    """
    other = " OR ".join(f"regexp_full_match(value, {_text(regex)})" for regex in (TESTS["number"], *_DAYS))
    found = table.cells.query(
        "SELECT field, list(value ORDER BY value) FILTER (value IN {missing}) AS tokens FROM {self} GROUP BY field"
        f" HAVING bool_or(value IN {{missing}}) AND bool_and({other}) FILTER (value NOT IN {{missing}})",
        missing=MISSING,
    ).rows()
    if not found:
        return table.cells, {}
    fields = tuple(row["field"] for row in found)
    kept = table.cells.query(
        "SELECT * FROM {self} WHERE NOT (field IN {fields} AND value IN {missing})", fields=fields, missing=MISSING
    )
    return kept, {row["field"]: tuple(row["tokens"]) for row in found}


def _text(text: str) -> str:
    """A fixed pattern of this module as it stands in a template of SQL, whose braces are doubled."""
    return "'" + text.replace("{", "{{").replace("}", "}}") + "'"


def _listed(own: Relation, row: Mapping[str, int]) -> tuple[str, ...]:
    if not row or row["d"] > MOST_LISTED or row["rarest"] < shapes.FEW:
        return ()
    return tuple(each["value"] for each in own.query("SELECT value FROM {self} ORDER BY value").rows())


def _shapes(own: Relation, row: Mapping[str, int]) -> dict[str, int]:
    if not row or row["longest"] > LONGEST_KEY:
        return {}
    shape = shapes.sql("value").replace("{", "{{").replace("}", "}}")
    grouped = own.query(f"SELECT {shape} AS shape, sum(n) AS n FROM {{self}} GROUP BY 1 LIMIT {MOST_SHAPES + 1}").rows()
    return {each["shape"]: int(each["n"]) for each in grouped} if len(grouped) <= MOST_SHAPES else {}


def _numbers(own: Relation, row: Mapping[str, int]) -> dict[str, float]:
    """How often check digits agree, in a sample that does not depend on the order of rows."""
    if not row or row["longest"] > LONGEST_NUMBER:
        return {}
    drawn = [
        each["value"] for each in own.query(f"SELECT value FROM {{self}} ORDER BY hash(value) LIMIT {SAMPLE}").rows()
    ]
    kinds = [kind for kind, known in numbers.KINDS.items() if known.family]
    return {kind: sum(numbers.check(kind, text) for text in drawn) / len(drawn) for kind in kinds}
