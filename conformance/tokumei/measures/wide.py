"""The kinds of classes of one call with a column for each sensitive value, where there are few of them.

What ``alike`` says of a class with the list of its parts is said here with a few numbers, its ``words``: each
value has bits of its own in one of them, as many as the greatest count of the call needs, so that two classes have
the same words exactly if they have the same counts. A measure is then an expression over the columns ``count_0`` …, one
for each ``v`` of ``valued``: nothing is sorted, joined or grouped for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from tokumei.measures.packing import BITS
from tokumei.relation import bind

if TYPE_CHECKING:
    import pyarrow as pa

    from tokumei.relation import Column, Relation

MOST_VALUES = 32
"""With more values most columns would say that nobody has the value."""

KINDS = """
SELECT "case", "call", "classes", CAST({people} AS BIGINT) AS "people", CAST({rows} AS BIGINT) AS "rows",
  CAST({everyone} AS BIGINT) AS "everyone", nullif("pairs", 0) AS "total", {columns}
FROM (SELECT *, {pairs} AS "pairs" FROM (SELECT *, {counts} FROM (
  SELECT {keys}, {told}count(*) AS "classes"
  FROM (
    SELECT {q}, {summed}
    FROM {self} AS given JOIN (SELECT "s", {weights} FROM {valued} AS valued) AS weighed ON given."s" = weighed."s"
    GROUP BY {q}
  ) AS classes
  GROUP BY {keys}
) AS alike) AS with_counts) AS with_pairs
CROSS JOIN {call} AS calls
"""

SUMMED = """
SELECT *, floor("first" / {step}) AS "n_1", floor(coalesce("second", 0) / {step}) AS "n_2",
  floor(coalesce({third}, 0) / {step}) AS "n_3", {values} AS "values", CAST({l} AS BIGINT) AS "l",
  {weight} AS "weight", {apart} AS "apart", {most} AS "most", {least} AS "least", {enhanced} AS "enhanced"
FROM (SELECT *, {second} AS "second" FROM (SELECT *, {first} AS "first" FROM (
  SELECT *, {marked}, {relative} FROM kinds
) AS with_each) AS with_first) AS with_second
"""
"""What ``profile`` asks of each kind. Each count × ``step`` + ``v`` is a mark, so that the greatest three are no two alike."""

FARTHEST = """
SELECT * FROM (
  SELECT "case", "call", round(max({distance}), 10) AS {name} FROM kinds WHERE "total" > 0 GROUP BY "case", "call"
) AS farthest WHERE {name} IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """How the counts stand in the words, and what the call has of each value ``v``, counted from 0."""

    bits: int
    """Those of a count."""
    share: tuple[float | None, ...]
    odds: tuple[float | None, ...]
    told: tuple[str, ...]
    """Which of ``people``, ``rows`` and ``everyone`` are not the same as the pairs."""

    @property
    def summed(self) -> str:
        """``SUMMED`` for these values."""
        v = range(len(self.share))
        marks, parts = [f'"m_{i}"' for i in v], [f'"r_{i}"' for i in v]
        each = list(zip(self._counts, parts, self.odds, strict=True))
        return _filled(
            SUMMED,
            step=str(MOST_VALUES),
            marked=", ".join(f'"count_{i}" * {MOST_VALUES} + {i} AS "m_{i}"' for i in v),
            relative=", ".join(f"{count} / {number(odds)} AS {part}" for count, part, odds in each),
            first=_of("greatest", marks),
            second=_of("greatest", [f'nullif({mark}, "first")' for mark in marks]),
            third=_of("greatest", [f'CASE WHEN {mark} < "second" THEN {mark} END' for mark in marks]),
            values=str(len([odds for odds in self.odds if odds is not None])),
            l=" + ".join(f"sign({count})" for count in self._counts),
            weight=" + ".join(f"CASE WHEN {n} > 0 THEN {n} * ln({n}) ELSE 0 END" for n in self._counts),
            apart=self.apart([([i], share) for i, share in enumerate(self.share)]),
            most=_of("greatest", parts),
            least=_of("least", [f"nullif({part}, 0)" for part in parts]),
            enhanced=_of("greatest", [f"{part} / {number(odds and 1 - log(odds))}" for _, part, odds in each]),
        )

    def apart(self, sets: Iterable[tuple[Iterable[int], float | None]]) -> str:
        """What the sets, which together have everything, hold in a kind above their shares of the whole.

        As both add up to the same, that is half of all differences.
        """
        gaps = " + ".join(f"abs({self.held(values)} - {number(share)})" for values, share in sets)
        return f"({gaps}) / 2"

    def held(self, values: Iterable[int]) -> str:
        """The share that the values have in a kind."""
        added = " + ".join(f'"count_{v}"' for v in values)
        return f'({added}) / "total"'

    def farthest(self, name: Column, distance: str) -> str:
        """The greatest ``distance``, an expression over a kind; no line where there is nobody, or no distance."""
        return _filled(FARTHEST, name=str(name), distance=distance or number(None))

    def kinds(self, given: Relation, *, valued: Relation, q: Sequence[Column], call: Relation) -> Relation:
        """``case, call, people, classes, total, rows, everyone, count_0 …`` of each kind."""
        sums = {count: f'CAST(sum("{count}") AS BIGINT) AS "{count}"' for count in self.told}
        keys = [*self._words, *(["people"] if "people" in sums else [])]
        added = [f'bit_or("pairs" * "x_{word}") AS "{word}"' for word in self._words]
        weights: dict[str, list[str]] = {word: [] for word in self._words}
        counts = []
        for v, count in enumerate(self._counts):
            word, step = self._words[v // self._each], 1 << self.bits * (v % self._each)
            weights[word].append(f"WHEN {v} THEN {step}")
            counts.append(f'("{word}" & {((1 << self.bits) - 1) * step}) / {step} AS {count}')
        people = '"people"' if "people" in sums else '"pairs"'
        text = _filled(
            KINDS,
            keys=", ".join(f'"{key}"' for key in keys),
            told="".join(f"{text}, " for count, text in sums.items() if count != "people"),
            summed=", ".join([*sums.values(), *added]),
            weights=", ".join(f'CASE "v" {" ".join(w)} ELSE 0 END AS "x_{word}"' for word, w in weights.items()),
            counts=", ".join(counts),
            columns=", ".join(self._counts),
            pairs=" + ".join(self._counts),
            people=people,
            rows='"rows"' if "rows" in sums else f'{people} * "classes"',
            everyone='"everyone"' if "everyone" in sums else f'{people} * "classes"',
        )
        return given.query(text, valued=valued, q=q, call=call)

    @property
    def _counts(self) -> list[str]:
        return [f'"count_{v}"' for v in range(len(self.share))]

    @property
    def _each(self) -> int:
        """The counts of one word."""
        return BITS // self.bits

    @property
    def _words(self) -> list[str]:
        return [f"w_{word}" for word in range(-(-len(self.share) // self._each))]


def number(value: float | None) -> str:
    """A number as SQL."""
    return bind("{value}", value=value) if value is not None else "CAST(NULL AS DOUBLE)"


def _of(function: str, arguments: Sequence[str]) -> str:
    """``greatest`` or ``least``, which on some engines want two arguments."""
    return f"{function}({', '.join(arguments)})" if len(arguments) > 1 else arguments[0]


def _filled(template: str, **parts: str) -> str:
    """``template`` with SQL in place of some of its names; the others are left to be bound."""
    for name, text in parts.items():
        template = template.replace(f"{{{name}}}", text)
    return template


def wide(valued: pa.Table, *, told: Sequence[str]) -> Wide | None:
    """For a call with these rows of ``valued``; None where there are too many values."""
    if not 0 < valued.num_rows <= MOST_VALUES:
        return None
    ordered = valued.sort_by("v").to_pylist()
    return Wide(
        bits=max(1, *(int(row["most"]).bit_length() for row in ordered)),
        share=tuple(row["share"] for row in ordered),
        odds=tuple(row["odds"] for row in ordered),
        told=tuple(told),
    )


__all__ = ["FARTHEST", "KINDS", "MOST_VALUES", "SUMMED", "Wide", "number", "wide"]
