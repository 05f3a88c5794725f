"""Count how often each statistical check accuses worlds in which nothing is wrong.

    python benchmarks/nulls.py [--worlds 400] [--only I2-04 T-03] [--write benchmarks/results/nulls.json]

A world is a small release that holds the null hypothesis of a check exactly: pseudonyms, offsets, digits or places are
drawn at random. The worlds that are awkward are here too: ties, few rows, skewed frequencies, fields that go together,
few letters. The check of the suite judges each as the evidence of a run, at a level that is raised from one in a
thousand million to one that can be counted; a check may not accuse more of them than the level says.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import importlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.evidence import Evidence
from tokumei.examples import TABLE, Example, ExampleCall, Grid
from tokumei.modalities.tables.relations import evidence
from tokumei.model import Finding, Statistic, Text
from tokumei.runner.examples import Declared
from tokumei.runner.verdicts import rejected_twice
from tokumei.stats import binomial_tail, clopper_pearson_upper

LEVELS = (0.05, 0.01)
ASKED = 2.0
"""A level that no probability exceeds: a world that is accused at it was asked the question."""
BATCH = 100
"""So many worlds are judged as the cases of one evidence."""

World = Callable[[Random], Sequence[ExampleCall]]
Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """One null hypothesis of one check: what is declared, and how a world in which it holds is drawn.

    ``codes`` are the findings that would be false; a check may ask ``questions`` of a world, each at its level.
    """

    clause: str
    what: str
    codes: frozenset[str]
    fields: tuple[Mapping[str, Any], ...]
    world: World
    cells: tuple[str, ...] = ()
    questions: int = 1
    processing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.clause}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of the worlds were accused of what, and at which rate at most they may be."""

    of: str
    level: float
    most: float
    worlds: int
    accused: int

    @property
    def upper(self) -> float:
        """The upper 95 % bound of the rate."""
        return clopper_pearson_upper(self.accused, self.worlds)

    @property
    def held(self) -> bool:
        """Whether so many accusations come with a chance above one in a million where the rate is kept."""
        return binomial_tail(self.accused, self.worlds, self.most) > 1e-6


def batches(null: Null, worlds: int, seed: str) -> Iterator[Evidence]:
    """The evidence of so many worlds, a batch at a time. A statistical check sees two worlds of one pair as its stages."""
    check = checks()[null.clause]
    stages = (1, 2) if check.kind == "statistical" else (0,)
    for first in range(0, worlds, BATCH):
        played = []
        for number in range(first, min(worlds, first + BATCH)):
            for stage in stages:
                calls = tuple(null.world(Random(f"{seed}/{null.name}/{number}/{stage}")))
                example = Example(
                    say=Text("", ""), verdict="pass", code="", fields=null.fields, targets=(), rows="person",
                    cells=null.cells, calls=calls, organization={}, processing=null.processing,
                )  # fmt: skip
                declared = Declared(example)
                _, one = declared.played(check, stage)
                played.append(dataclasses.replace(one, view=dataclasses.replace(one.view, id=f"{number}/{stage}")))
        with DuckDB() as engine:
            claims = [declared.processing for _ in calls]
            yield evidence(
                engine, played, organization=declared.organization, asked=declared.processing, claims=claims,
                origin="generated", seed=first,
            )  # fmt: skip


def accused(null: Null, of: Evidence, level: float) -> Iterator[tuple[str, float, str]]:
    """What the check says of which world at the level, and at which rate it may."""
    check = checks()[null.clause]
    if check.kind == "exact":
        judge = importlib.import_module(check.judge.__module__).judge
        for one in judge(of, alpha=level):
            if isinstance(one, Finding) and one.code in null.codes:
                yield one.code, level * null.questions, one.case
        return
    statistics = [one for one in check.judge(of) if isinstance(one, Statistic) and one.code in null.codes]
    for one in statistics:
        if one.stage == 1 and one.p <= level:
            yield one.name, level, one.case
    for name in {one.name for one in statistics}:
        for found in rejected_twice([one for one in statistics if one.name == name], level):
            yield f"{name} twice", level * level, found.case


def simulated(null: Null, *, worlds: int, seed: str = "null", levels: Sequence[float] = LEVELS) -> list[Count]:
    """The accusations of so many worlds at each level."""
    found: defaultdict[tuple[str, float, float], set[str]] = defaultdict(set)
    for of in batches(null, worlds, seed):
        for level in levels:
            for what, most, case in accused(null, of, level):
                found[what, level, most].add(f"{of.seed}/{case}")
    counts = [Count(of=w, level=v, most=m, worlds=worlds, accused=len(n)) for (w, v, m), n in sorted(found.items())]
    silent = [v for v in levels if v not in {count.level for count in counts}]
    return counts + [Count(of="", level=v, most=v * null.questions, worlds=worlds, accused=0) for v in silent]


# --- drawing ----------------------------------------------------------------------------------------------------------


def grid(names: Sequence[str], rows: Rows) -> dict[str, Grid]:
    return {TABLE: Grid(tuple(names), tuple(tuple(None if v is None else str(v) for v in row) for row in rows))}


def digits(random: Random, size: int) -> str:
    return f"{random.randrange(10**size):0{size}}"


def plain(size: int) -> Callable[[Random], list[str]]:
    return lambda random: [digits(random, size)]


def without_nought(random: Random, size: int) -> str:
    return str(random.randrange(10 ** (size - 1), 10**size))


def skewed(random: Random, of: Sequence[Any], k: int = 1) -> list[Any]:
    """The n-th as often as one n-th."""
    return random.choices(of, [1 / n for n in range(1, len(of) + 1)], k=k)


KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"


def letters(random: Random, k: int, of: str = KANA) -> list[str]:
    return random.choices(of, k=k)


AREAS, SEXES = [f"area {n}" for n in range(12)], ["女", "男"]
CODES = [(area, sex) for area in AREAS for sex in SEXES]
"""The kept values that are the code of a cell."""


def line(name: str, classes: str | list[str], technique: str = "keep", **params: Any) -> dict[str, Any]:
    return {"field": name, "class": classes, "technique": technique} | ({"params": params} if params else {})


def key(bits: int) -> dict[str, Any]:
    return line("number", "link", "pseudonymize-random", scope="release", domain="subject", bits=bits)


KEPT = (line("area", "neutral"), line("sex", "neutral"))
SHIFTED = {"by": "subject", "preserve": ["interval", "order"]}


# --- names and codes --------------------------------------------------------------------------------------------------


def spelled(draw: Callable[[Random, int], list[str]], twice: bool = False) -> World:
    """Names of three letters, which pseudonyms of six spell now and then; some names also in half width."""

    def world(random: Random) -> Sequence[ExampleCall]:
        names = ["".join(draw(random, 3)) for _ in range(60)]
        given = [(n, name) for n, name in enumerate(names)]
        if twice:
            given += [(n, name.translate(HIRAGANA)) for n, name in given]
        release = [["".join(draw(random, 6))] for _ in range(150)]
        return [ExampleCall(input=grid(["number", "kana"], given), release=grid(["number"], release))]

    return world


HIRAGANA = {ord(kana): ord(kana) - 96 for kana in KANA}
NAMES = (key(64), line("kana", "direct", "suppress-column"))


def numbers(code: Callable[[Random], str], row: Callable[[Random], Sequence[str]], people: int, rows: int) -> World:
    """Codes of the input, and a release of columns of numbers."""

    def world(random: Random) -> Sequence[ExampleCall]:
        given = [(n, code(random)) for n in range(people)]
        release = [row(random) for _ in range(rows)]
        names = ["number", "a", "b"][: len(release[0])]
        return [ExampleCall(input=grid(["number", "code"], given), release=grid(names, release))]

    return world


INSURED = (key(64), line("code", "symbol", "suppress-column"))
PAID = (key(64), {**line("code", "direct", "suppress-column"), "tokumei": {"generator": "bank-account"}})


def written_twice(random: Random) -> Sequence[ExampleCall]:
    """Numbers of sixteen digits, each in full width too."""
    told = ["4" + digits(random, 15) for _ in range(40)]
    release = [[text] for one in told for text in (one, one.translate(WIDE))]
    return [ExampleCall(input=grid(["number", "code"], [(1, "0001-001-1234567")]), release=grid(["number"], release))]


WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}

# --- parts of descriptions --------------------------------------------------------------------------------------------


def parts(told: Callable[[Random, Sequence[tuple[str, str]]], Sequence[str]], areas: int, people: int) -> World:
    """Births of the input, and a column that nobody declared."""

    def world(random: Random) -> Sequence[ExampleCall]:
        kept = [(random.choice(AREAS[:areas]), random.choice(SEXES)) for _ in range(people)]
        born = [dt.date(1930, 1, 1) + dt.timedelta(random.randrange(28_000)) for _ in kept]
        given = [(n, area, sex, day) for n, ((area, sex), day) in enumerate(zip(kept, born, strict=True))]
        column = told(random, kept)
        release = [(digits(random, 20), *of, text) for of, text in zip(kept, column, strict=True)]
        names = ["number", "area", "sex"]
        return [ExampleCall(input=grid([*names, "born"], given), release=grid([*names, "other"], release))]

    return world


def by_area(random: Random, kept: Sequence[tuple[str, str]]) -> list[str]:
    """A number of the area, as of a project or a ward, that looks like a year."""
    of = {area: str(random.randrange(1930, 2007)) for area in AREAS}
    return [of[area] for area, _ in kept]


BORN = (
    key(64),
    *KEPT,
    {**line("born", "direct", "suppress-column"), "type": "date", "tokumei": {"generator": "birth-date"}},
)

# --- two releases -----------------------------------------------------------------------------------------------------


def pseudonyms(draw: Callable[[Random, int], Sequence[str]], people: int, cells: int = 24) -> World:
    """One input twice, each time with other pseudonyms."""

    def world(random: Random) -> Sequence[ExampleCall]:
        kept = [random.choice(CODES[:cells]) for _ in range(people)]
        names = ["number", "area", "sex"]
        given = grid(names, [(10_000 + n, *of) for n, of in enumerate(kept)])
        releases = [[(new, *of) for new, of in zip(draw(random, people), kept, strict=True)] for _ in range(2)]
        return [ExampleCall(input=given, release=grid(names, random.sample(r, people))) for r in releases]

    return world


def dealt(random: Random, people: int) -> list[str]:
    return [str(n) for n in random.sample(range(1, people + 1), people)]


def wider(random: Random, people: int) -> list[str]:
    return [str(n) for n in random.sample(range(100, 100 + 3 * people), people)]


def pairs_of_numbers(random: Random, people: int) -> list[str]:
    """Twelve digits, of which the first six repeat."""
    heads = [digits(random, 6) for _ in range(9)]
    return [f"{random.choice(heads)}{n:06}" for n in random.sample(range(people), people)]


def values(draw: Callable[[Random, float], str], scale: float) -> World:
    """One input twice, each time with other noise on a value that a person of the input has."""

    def world(random: Random) -> Sequence[ExampleCall]:
        kept = [random.choice(CODES) for _ in range(150)]
        true = [random.gauss(0, scale) for _ in kept]
        names = ["number", "area", "sex", "value"]
        given = grid(names, [(n, *of, round(x)) for n, (of, x) in enumerate(zip(kept, true, strict=True))])
        releases = [
            [(digits(random, 20), *of, draw(random, x)) for of, x in zip(kept, true, strict=True)] for _ in range(2)
        ]
        return [ExampleCall(input=given, release=grid(names, r)) for r in releases]

    return world


def swap(fraction: float) -> World:
    """One input twice; each time other persons exchange their values among themselves."""

    def world(random: Random) -> Sequence[ExampleCall]:
        kept = [random.choice(CODES) for _ in range(150)]
        true = random.sample(range(10**5), len(kept))
        names = ["number", "area", "sex", "value"]
        found = []
        for _ in range(2):
            some = random.sample(range(len(kept)), round(fraction * len(kept)))
            now = list(true)
            for at, other in zip(some, random.sample(some, len(some)), strict=True):
                now[at] = true[other]
            release = [(digits(random, 20), *of, v) for of, v in zip(kept, now, strict=True)]
            given = [(n, *of, v) for n, (of, v) in enumerate(zip(kept, true, strict=True))]
            found.append(ExampleCall(input=grid(names, given), release=grid(names, release)))
        return found

    return world


# --- dates ------------------------------------------------------------------------------------------------------------


def shifted(offset: Callable[[Random], int], people: int, cells: int, spread: int, calls: int = 1) -> World:
    """The persons of a cell begin within so many days; each release moves everybody anew."""

    def world(random: Random) -> Sequence[ExampleCall]:
        kept = [CODES[n % cells] for n in range(people)]
        begins = {of: dt.date(2015, 1, 1) + dt.timedelta(random.randrange(3000)) for of in CODES}
        days = [begins[of] + dt.timedelta(random.randrange(spread)) for of in kept]
        keys = random.sample(range(10**6, 10**7), people)
        names = ["number", "area", "sex", "seen"]
        given = grid(names, [(k, *of, day) for k, of, day in zip(keys, kept, days, strict=True)])
        found = []
        for _ in range(calls):
            moved = [
                (digits(random, 20), *of, day + dt.timedelta(offset(random)))
                for of, day in zip(kept, days, strict=True)
            ]
            found.append(ExampleCall(input=given, release=grid(names, random.sample(moved, people))))
        return found

    return world


def dated(low: int, high: int) -> tuple[Mapping[str, Any], ...]:
    return (key(64), *KEPT, line("seen", "date", "date-shift", range=[low, high], **SHIFTED))


def uniform(low: int, high: int) -> Callable[[Random], int]:
    return lambda random: random.randint(low, high)


def weeks(low: int, high: int, step: int = 1) -> Callable[[Random], int]:
    """Whole weeks, or every other of them: so an offset is as frequent as the standard lets it be."""
    return lambda random: 7 * step * random.randint(low // 7 // step, high // 7 // step)


# --- rows -------------------------------------------------------------------------------------------------------------


def rows(
    lay: Callable[[Random, list[tuple[Any, ...]]], list[tuple[Any, ...]]], people: int, cells: int, calls: int = 1
) -> World:
    """Rows that are laid without regard to where they stood in the input."""

    def world(random: Random) -> Sequence[ExampleCall]:
        kept = CODES[:cells] + skewed(random, CODES[:cells], people - cells)
        found = []
        for _ in range(calls):
            others = random.sample(kept[cells:], people - cells)  # a plan deals places to cells, large or small
            of = [*random.sample(kept[:cells], cells), *others]
            names = ["number", "area", "sex"]
            given = grid(
                names, [(k, *one) for k, one in zip(random.sample(range(1000, 9999), people), of, strict=True)]
            )
            release = [(digits(random, 20), *one) for one in of]
            found.append(ExampleCall(input=given, release=grid(names, lay(random, release))))
        return found

    return world


def at_random(random: Random, of: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return random.sample(of, len(of))


def by_values(random: Random, of: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(random.sample(of, len(of)), key=lambda row: row[1:])


def by_one_value(random: Random, of: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(random.sample(of, len(of)), key=lambda row: row[1])


DEALT = (key(64), *(dict(one) for one in KEPT), line("number", "link", "shuffle-rows"))


def of(
    clause: str, codes: str, fields: Sequence[Mapping[str, Any]], worlds: Mapping[str, World], **more: Any
) -> Iterator[Null]:
    """The nulls of one clause that share what is declared."""
    for what, world in worlds.items():
        yield Null(clause=clause, what=what, codes=frozenset(codes.split()), fields=tuple(fields), world=world, **more)


def nulls() -> Iterator[Null]:
    """Every null, those of a clause together."""
    yield from of("I1-01", "IDENTIFIER_IN_RELEASE", NAMES, {
        "letters of pseudonyms alike": spelled(letters),
        "letters as frequent as one n-th": spelled(lambda random, k: skewed(random, KANA, k)),
        "six letters": spelled(lambda random, k: letters(random, k, KANA[:6])),
        "names in two spellings": spelled(letters, twice=True),
    })  # fmt: skip
    yield from of("I1-09", "PARTS_TOGETHER", BORN, {
        "years dealt to rows": parts(lambda random, kept: [str(random.randrange(1930, 2007)) for _ in kept], 12, 150),
        "few years, few people": parts(lambda random, kept: [str(y) for y in skewed(random, range(1950, 1960), len(kept))], 3, 40),
        "a number of each area": parts(by_area, 3, 300),
    })  # fmt: skip
    yield from of("I1-11", "FORM_OF_PAYMENT", PAID, {
        "sixteen digits": numbers(lambda r: digits(r, 7), lambda r: ["4" + digits(r, 15)], 3, 60),
        "each number in two spellings": written_twice,
    })  # fmt: skip
    yield from of("I1-11", "PART_OF_PAYMENT", PAID, {
        "four digits": numbers(lambda r: digits(r, 7), plain(4), 150, 150),
    })  # fmt: skip
    yield from of("I2-01", "CODE_IN_RELEASE", INSURED, {
        "six digits": numbers(lambda r: digits(r, 6), plain(6), 500, 300),
        "no number begins with 0": numbers(lambda r: without_nought(r, 6), lambda r: [without_nought(r, 6)], 800, 400),
        "a column of 1 and 2 beside five digits": numbers(
            lambda r: r.choice("12") + digits(r, 5), lambda r: ["x" + digits(r, 3), r.choice("12"), digits(r, 5)], 300, 300
        ),
    })  # fmt: skip
    yield from of("I2-02", "PART_OF_CODE", INSURED, {
        "four digits": numbers(lambda r: digits(r, 8), plain(4), 200, 200),
        "codes that begin alike, and so do numbers": numbers(lambda r: "1" + digits(r, 7), lambda r: ["1" + digits(r, 4)], 200, 200),
    })  # fmt: skip
    yield from of("I2-04", "CHECK_DIGITS_PASS", INSURED, {
        "eight digits": numbers(lambda r: digits(r, 8), plain(8), 2, 60),
        "no number begins with 0": numbers(lambda r: digits(r, 8), lambda r: [without_nought(r, 8)], 2, 60),
    })  # fmt: skip
    yield from of("I2-04", "CHECK_DIGITS_PASS", INSURED, {
        "twelve digits": numbers(lambda r: digits(r, 8), plain(12), 2, 60),
        "twelve digits that end alike": numbers(lambda r: digits(r, 8), lambda r: [digits(r, 10) + "10"], 2, 200),
    }, questions=2)  # fmt: skip
    narrow = {
        "numbers of all persons": pseudonyms(dealt, 150),
        "numbers of a wider range": pseudonyms(wider, 150),
        "twelve persons in three cells": pseudonyms(dealt, 12, 3),
        "forty numbers that persons share": pseudonyms(lambda r, n: [str(r.randrange(40)) for _ in range(n)], 60, 6),
        "skewed numbers": pseudonyms(lambda r, n: [str(x) for x in skewed(r, range(300), n)], 150),
    }
    named = (key(16), *KEPT)
    yield from of("I3-02", "SAME_PSEUDONYM_EXCESS", named, narrow, cells=("area", "sex"))
    more = narrow | {"halves that repeat": pseudonyms(pairs_of_numbers, 150)}
    yield from of("I3-06", "PART_AGAIN RANK_AGAIN", named, more, cells=("area", "sex"), questions=4)
    orders = {
        "rows at random": rows(at_random, 60, 14, calls=2),
        "rows by kept values": rows(by_values, 60, 14, calls=2),
        "two kept values a block": rows(by_one_value, 100, 24, calls=2),
    }
    yield from of(
        "I3-03",
        "ORDER_OF_INPUT ORDER_OF_KEY",
        (key(64), *KEPT),
        {"pseudonyms of digits": orders["rows at random"]},
        cells=("area", "sex"),
    )
    yield from of("I3-04", "ORDER_OF_INPUT ORDER_REPEATED", (key(64), *KEPT), orders, cells=("area", "sex"))
    half = uniform(-182, 182)
    for clause, codes, calls, questions in (
        ("T-01", "NOT_SHIFTED", 1, 1),
        ("T-03", "OFFSET_SHARED OFFSET_DERIVED", 1, 2),
        ("B-05", "OFFSET_AGAIN", 2, 1),
    ):
        dates = of(clause, codes, dated(-182, 182), {
            "half a year": shifted(half, 96, 24, 8, calls),
            "whole weeks": shifted(weeks(-182, 182), 96, 24, 1, calls),
            "every other week": shifted(weeks(-182, 182, 2), 96, 24, 1, calls),
            "few persons": shifted(half, 42, 6, 3, calls),
        }, cells=("area", "sex"), questions=questions)  # fmt: skip
        yield from dates
        yield from of(clause, codes, dated(-14, 14), {
            "a narrow range and large groups": shifted(uniform(-14, 14), 240, 2, 14, calls),
        }, cells=("area", "sex"), questions=questions)  # fmt: skip
        yield from of(clause, codes, dated(-7, 7), {
            "a week and long groups": shifted(uniform(-7, 7), 300, 1, 60, calls),
        }, cells=("area", "sex"), questions=questions)  # fmt: skip
    yield from of("B-05", "DRAWN_AGAIN", named, narrow, cells=("area", "sex"))
    noisy = (
        key(64),
        *KEPT,
        {**line("value", "neutral", "noise", distribution="normal", scale=2.0, round=0), "type": "integer"},
    )
    yield from of("B-05", "DRAWN_AGAIN", noisy, {
        "noise far smaller than what lies between persons": values(lambda r, x: str(round(round(x) + r.gauss(0, 2))), 5000),
        "noise as large as what lies between persons": values(lambda r, x: str(round(round(x) + r.gauss(0, 2))), 60),
    }, cells=("area", "sex"))  # fmt: skip
    swapped = (key(64), *KEPT, {**line("value", "neutral", "swap", fraction=0.2), "type": "integer"})
    yield from of("B-05", "DRAWN_AGAIN", swapped, {"a fifth of the values swapped": swap(0.2)}, cells=("area", "sex"))
    yield from of("B-05", "PLACE_AGAIN", DEALT, {
        "rows at random": rows(at_random, 100, 6, calls=2),
        "rows by kept values": rows(by_values, 100, 6, calls=2),
        "rows by one kept value": rows(by_one_value, 100, 8, calls=2),
    }, cells=("area", "sex"))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--only", nargs="*", default=[], help="clauses")
    parser.add_argument("--levels", type=float, nargs="*", default=LEVELS)
    parser.add_argument("--write", type=Path)
    told = parser.parse_args()
    table = []
    for null in nulls():
        if told.only and null.clause not in told.only:
            continue
        start = time.process_time()
        for count in simulated(null, worlds=told.worlds, levels=told.levels):
            row = {"clause": null.clause, "null": null.what, "of": count.of, "level": count.level, "most": count.most,
                   "worlds": count.worlds, "accused": count.accused, "upper95": round(count.upper, 5), "held": count.held}  # fmt: skip
            table.append(row)
            print(f"{null.clause:6} {null.what:48} {count.of:28} {count.level:5} {count.accused:5} of {count.worlds} "
                  f"≤ {count.upper:.4f}{'' if count.held else '  NOT HELD'}", flush=True)  # fmt: skip
        print(f"{'':6} {time.process_time() - start:.1f} s", flush=True)
    if told.write:
        told.write.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
