"""Spark says what DuckDB says, for every measure, every function of the prelude and every example of a clause.

Run by ``nox -s spark``; without pyspark and a Java it is skipped.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import random
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest

import tokumei.measures
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.measures import (
    alike,
    checkdigits,
    classes,
    closeness,
    codes,
    distance,
    diversity,
    leaks,
    population,
    profile,
    readings,
)
from tokumei.measures.combinations import Combinations, combinations
from tokumei.prelude import FUNCTIONS
from tokumei.relation import Column, Engine, Relation, columns, named
from tokumei.runner.examples import play_example
from tokumei.spec import load_spec
from tokumei.text import TABLE, fold

pytest.importorskip("pyspark", reason="the extra 'spark' is not installed")
if shutil.which("java") is None:
    pytest.skip("there is no Java", allow_module_level=True)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # Rows enter and leave as Arrow; pandas is asked for its version only.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    # Spark leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BY, PERSON, VALUE = columns(["年齢 x", 'q"`2']), Column("person"), Column("病名")


@pytest.fixture(scope="module")
def spark() -> Iterator[Engine]:
    from tokumei.engines.spark import Spark  # only where pyspark is

    with Spark() as made:
        yield made


@pytest.fixture(scope="module")
def duck() -> Iterator[Engine]:
    with DuckDB() as made:
        yield made


def people(seed: int) -> pa.Table:
    """Several cases: some with one row a person, some with more, some with nobody."""
    chance = random.Random(seed)
    rows = []
    for case, most, each in (("one", 40, 1), ("二", 60, 3), ("few", 4, 1)):
        for i in range(most):
            person = None if case == "二" and chance.random() < 0.1 else f"{case}{i // each}"
            quasi = chance.choice([None, "*", "a", "b'\\"]), chance.choice([None, "x"])
            rows.append((case, i % 2 * seed, person, *quasi, chance.choice([None, "1", "2", "3", "10"])))
    rows.append(("nobody", 0, None, "a", "x", "1"))
    names = ["case", "call", "person", *(column.name for column in BY), VALUE.name]
    types = [pa.string(), pa.int64(), *[pa.string()] * 4]
    return pa.table([pa.array(list(c), t) for c, t in zip(zip(*rows, strict=True), types, strict=True)], names=names)


def table(rows: Relation, *, unique: bool = False) -> Combinations:
    given = rows.query("SELECT * FROM {self} AS t WHERE {person} IS NOT NULL", person=PERSON) if unique else rows
    return combinations(given, by=BY, person=None if unique else PERSON, sensitive=VALUE)


def once(rows: Relation) -> Relation:
    """Only the case with one row a person, so that the short way through the table is taken."""
    return rows.query("SELECT * FROM {self} AS t WHERE \"case\" = 'one'")


def call(rows: Relation) -> Relation:
    return rows.query('SELECT * FROM {self} AS t WHERE "call" = 0')


def texts(rows: Relation) -> tuple[Relation, Relation]:
    words = ["ﾔﾏﾀﾞ ﾀﾛｳ", "やまだ・たろう", "０３－１２３４", "it's \\ ok", "", "x" * 200 + "山田太郎"]
    cells = pa.table({"case": ["one"] * 6, "call": [0] * 6, "resource": ["r"] * 6, "field": ["f"] * 6, "value": words})
    sought = ["ヤマダタロウ", "031234", "山田太郎", "it's", "ない"]
    canaries = {"case": ["one"] * 5, "canary": sought, "folded": [fold(t) for t in sought], "source": ["s"] * 5}
    return rows.engine.register("cells", cells), rows.engine.register("canaries", pa.table(canaries))


def numbers(rows: Relation) -> Relation:
    values = ["123456789018", "１２３４５６７８９０１０", "4111111111111", "131016", "000000", "12345678901", None, "x"]
    cells = pa.table(
        {"case": ["one"] * 8, "call": [0] * 8, "resource": ["r"] * 8, "field": list("aabbccdd"), "value": values}
    )
    return rows.engine.register("numbers", cells)


SYMBOLS = ["12345678", "記号12345番678901", "二〇二四〇一二三", "ab12345678-01", "98765432", "12", "", "か１２３４５６"]


def symbols(rows: Relation) -> Relation:
    """The codes of an input of 6 characters or more."""
    kinds = ["symbol"] * (len(SYMBOLS) - 1) + ["link"]
    sought = {"case": ["one"] * len(SYMBOLS), "source": ["s.code"] * len(SYMBOLS), "kind": kinds, "folded": SYMBOLS}
    return codes.codes(rows.engine.register("symbols", pa.table(sought)), 6)


def released(rows: Relation) -> Relation:
    """Cells of a release, of which the input has one in the same field."""
    said = ["12345678", "x98765432y", "二〇二四〇一二三", "345678", "55555555", "it's \\ 12", "", "1 2", None]
    names = ("case", "call", "resource", "field", "value", "text")
    cells = [("one", 0, "r", field, value, value) for field in "ab" for value in said]
    return rows.engine.register(
        "released", pa.table(dict(zip(names, map(list, zip(*cells, strict=True)), strict=True)))
    )


def unseen(rows: Relation) -> Relation:
    given = {"case": ["one"], "resource": ["r"], "field": ["b"], "value": ["12345678"]}
    return codes.fresh(released(rows), rows.engine.register("given", pa.table(given)))


def crowded(rows: Relation) -> Relation:
    """The fields with more whole codes than chance gives, as a relation."""
    found = list(codes.beyond_chance(codes.tokens(unseen(rows), 6), codes.wholes(symbols(rows))))
    return rows.engine.register("crowded", pa.Table.from_pylist(found))


def tree(rows: Relation) -> Relation:
    nodes = {"value": ["1", "1", "2", "2", "3"], "level": [0, 1, 0, 1, 0], "node": ["1", "low", "2", "low", "3"]}
    return rows.engine.register("tree", pa.table(nodes))


def order(rows: Relation) -> Relation:
    return rows.engine.register("order", pa.table({"value": ["1", "2", "3", "10"], "rank": [1, 2, 3, 4]}))


def known(rows: Relation) -> Relation:
    return rows.query("SELECT * FROM {self} AS t WHERE {value} IS NOT NULL", value=VALUE)


def clear(rows: Relation) -> Relation:
    return rows.query(f"SELECT * FROM {{self}} AS t WHERE {' AND '.join(f'{column} IS NOT NULL' for column in BY)}")


QUERIES: dict[Callable[..., Any], Callable[[Relation], Relation]] = {
    classes.class_sizes: lambda rows: classes.class_sizes(rows, by=BY, person=PERSON),
    classes.k: lambda rows: classes.k(rows, by=BY, person=PERSON),
    diversity.class_diversity: lambda rows: diversity.class_diversity(rows, by=BY, person=PERSON, sensitive=VALUE),
    diversity.l_distinct: lambda rows: diversity.l_distinct(rows, by=BY, person=PERSON, sensitive=VALUE),
    closeness.class_distance: lambda rows: closeness.class_distance(rows, by=BY, person=PERSON, sensitive=VALUE),
    closeness.t_equal: lambda rows: closeness.t_equal(rows, by=BY, person=PERSON, sensitive=VALUE),
    combinations: lambda rows: table(rows).relation,
    profile.each_class: lambda rows: profile.each_class(table(rows)),
    profile.profile: lambda rows: profile.profile(table(rows)),
    profile.at_risk: lambda rows: profile.at_risk(table(rows), below=3),
    distance.numeric_order: lambda rows: distance.numeric_order(table(rows)),
    distance.t_ordered: lambda rows: distance.t_ordered(table(known(rows)), order=order(rows)),
    distance.t_hierarchical: lambda rows: distance.t_hierarchical(table(rows), hierarchy=tree(rows)),
    population.presence: lambda rows: population.presence(table(known(rows)), population=table(rows)),
    readings.readings: lambda rows: readings.readings(table(rows), markers=["*"]),
    leaks.occurrences: lambda rows: leaks.occurrences(*texts(rows), show=True),
    leaks.with_text: lambda rows: leaks.with_text(texts(rows)[0]),
    leaks.secrets_within: lambda rows: leaks.secrets_within(*texts(rows)),
    codes.codes: symbols,
    codes.fresh: unseen,
    codes.tokens: lambda rows: codes.tokens(unseen(rows), 6),
    codes.wholes: lambda rows: codes.wholes(symbols(rows)),
    codes.parts: lambda rows: codes.parts(symbols(rows), suffix=4, inside=6),
    codes.outside: lambda rows: codes.outside(released(rows), ["r.a"]),
    codes.beyond_chance: crowded,
    checkdigits.check_digits: lambda rows: checkdigits.check_digits(numbers(rows)),
}
MORE: dict[str, Callable[[Relation], Relation]] = {
    "one row a person": lambda rows: profile.profile(table(once(rows))),
    "rows known to be people": lambda rows: profile.profile(table(rows, unique=True)),
    "a value without a place": lambda rows: distance.t_ordered(table(rows), order=order(rows)),
    "a kept table": lambda rows: profile.profile(table(rows).kept("kept")),
    "a kept table, several measures": lambda rows: distance.t_hierarchical(
        table(rows).kept("kept"), hierarchy=tree(rows)
    ),
    "a kept table of one call": lambda rows: profile.profile(table(call(once(rows))).kept("kept")),
    "a kept table, rows known to be people": lambda rows: profile.profile(table(rows, unique=True).kept("kept")),
    "a kept table in texts": lambda rows: profile.each_class(table(rows, unique=True).kept("kept")),
    # Where people stand in several classes, codes decide which counts them, and each engine has its own.
    "a kept table, readings": lambda rows: readings.readings(table(rows, unique=True).kept("kept"), markers=["*"]),
    "a kept table, an order": lambda rows: distance.t_ordered(table(known(rows)).kept("kept"), order=order(rows)),
    "a kept table, nothing suppressed": lambda rows: readings.readings(table(clear(rows), unique=True).kept("kept")),
    "leaks counted": lambda rows: leaks.occurrences(*texts(rows)),
}
ASKED = {function.__name__: query for function, query in QUERIES.items()} | MORE


def told(found: Relation) -> list[tuple[Any, ...]]:
    """The rows in an order of their own, numbers to nine decimals."""

    def plain(cell: Any) -> Any:
        return round(cell, 9) if isinstance(cell, float) and math.isfinite(cell) else cell

    rows = [tuple((name, plain(cell)) for name, cell in row.items()) for row in found.rows()]
    return sorted(rows, key=repr)


@pytest.mark.parametrize("name", ASKED)
def test_a_measure_says_the_same_on_both(duck: Engine, spark: Engine, name: str) -> None:
    on_duck, on_spark = (told(ASKED[name](engine.register("people", people(1)))) for engine in (duck, spark))
    assert on_duck
    assert on_spark == on_duck


def test_every_measure_is_asked() -> None:
    """A measure reads a relation; functions of single texts and numbers ask no engine."""
    offered = set()
    for info in pkgutil.iter_modules(tokumei.measures.__path__):
        module = importlib.import_module(f"tokumei.measures.{info.name}")
        functions = [getattr(module, name) for name in module.__all__]
        offered |= {f for f in functions if callable(f) and not isinstance(f, type) and reads(f)}
    templates = {alike.by_call, alike.judged}  # they run what other measures write
    assert offered - set(QUERIES) == templates


def reads(function: Callable[..., Any]) -> bool:
    """Whether the first argument is rows of an engine."""
    first = next(iter(inspect.signature(function).parameters.values()))
    return first.annotation in ("Relation", "Combinations")


DATES = ["2020-02-29", "20200229", "2020/02/29", "2021-02-29", "2020-2-9", "2020-02/29", " 2020-02-29"]
DATES += ["2020-02-29 00:00", "20200229\n", "0000-01-01", "２０２００２２９", "", "x"]


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("text_fold(t)", ["", "ﾔﾏﾀﾞ", "Ａｂ．Ｃ／Ｄ", "it's \\ \n", "".join(TABLE), "😀か\u3099", None]),
        ("as_date(t)", [*DATES, None]),
        ("days_between(as_date(t), DATE '2020-03-01')", ["2020-02-29", "2021-03-01", None]),
        ("positions(length(t))", ["", "a", "あ😀x"]),
        ("explode(positions(length(t)))", ["", "abc"]),
        ("positions(length(t) - 1) AS u, positions(length(')' || t))", ["", "ab"]),
        ("from_end(positions(length(t)), 2)", ["", "a", "abc", None]),
        ("length(t)", ["", "あ😀x", "か\u3099", None]),
        ("substr(t, 2, 2)", ["", "a", "あ😀xyz", None]),
    ],
)
def test_a_function_says_the_same_on_both(duck: Engine, spark: Engine, sql: str, values: list[str | None]) -> None:
    given = pa.table({"t": pa.array(values, pa.string())})
    on_duck, on_spark = (
        told(engine.register("texts", given).query(f"SELECT t, {sql} AS v FROM {{self}} AS t_"))
        for engine in (duck, spark)
    )
    assert on_spark == on_duck


def test_every_function_is_said_for_both() -> None:
    named_alike = {"explode"}
    assert {function.name for function in FUNCTIONS if not function.spark} == named_alike
    assert all(len(f.types) == len(f.arguments) + 1 for f in FUNCTIONS if f.spark)


EXAMPLES = [(clause.id, number) for clause in load_spec().clauses.values() for number in range(len(clause.examples))]


@pytest.mark.parametrize(("clause", "number"), EXAMPLES)
def test_a_clause_judges_its_examples_alike(duck: Engine, spark: Engine, clause: str, number: int) -> None:
    if clause not in checks():
        pytest.skip("the clause has no check")
    example, check = load_spec().clauses[clause].examples[number], checks()[clause]
    on_duck, on_spark = (play_example(example, check, engine) for engine in (duck, spark))
    assert on_duck.verdict.value == example.verdict
    assert on_spark == on_duck


HOSTILE = ['"', "`", 'a"; DROP TABLE t; --', "a\\b", "{x}", "氏名", "';--", "case", "\\", "　", "a\nb"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_texts_come_back_unchanged(spark: Engine, name: str) -> None:
    rows = spark.register("named", pa.table({name: [name, None]}))
    found = rows.query("SELECT {c} FROM {self} AS t WHERE {c} = {v}", c=Column(name), v=name)
    assert found.arrow().to_pydict() == {name: [name]}


def test_a_fault_of_the_rows_quotes_no_value(spark: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    rows = spark.register("odd", pa.table({"t": ["山田太郎"]}))
    with pytest.raises(ValueError, match="CAST") as caught:
        rows.query("SELECT CAST(t AS INT) AS n FROM {self} AS t_").arrow()
    assert "山田" not in str(caught.value)
    assert caught.value.__context__ is None
    assert "山田" not in "".join(capfd.readouterr())


def test_a_later_table_replaces_the_first(spark: Engine) -> None:
    spark.register("again", pa.table({"x": ["1"]}))
    spark.register("again", pa.table({"y": pa.array(["2", None]).dictionary_encode(), "z": pa.nulls(2)}))
    assert named(spark, "again").arrow().to_pydict() == {"y": ["2", None], "z": [None, None]}


def test_columns_that_sql_cannot_tell_apart_are_refused(spark: Engine) -> None:
    with pytest.raises(ValueError, match="without regard to case"):
        spark.register("twins", pa.table([["1"], ["2"]], names=["Sex", "sex"]))
