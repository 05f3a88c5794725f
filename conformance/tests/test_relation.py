"""Names and values enter SQL whole: ``bind``, ``Relation`` and the DuckDB engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokumei.engines.duckdb import DataError, DuckDB
from tokumei.prelude import FUNCTIONS
from tokumei.relation import Column, bind, columns, named
from tokumei.text import TABLE, fold

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)
hostile = ['"', 'a"; DROP TABLE t; --', "a\nb", "{x}", "氏名", "ＳＥＬＥＣＴ", "';--", "case", "\\", "　"]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


@settings(deadline=None)
@given(name=texts.filter(bool), value=texts)
@example(name='a"b', value="it's")
@example(name="ａ\n氏名", value="{self}\\'")
def test_any_name_and_any_text_come_back_unchanged(engine: DuckDB, name: str, value: str) -> None:
    rows = engine.register("named", pa.table({name: [value, None]}))
    found = rows.query("SELECT {c} FROM {self} WHERE {c} = {v}", c=Column(name), v=value)
    assert found.arrow().to_pydict() == {name: [value]}


@pytest.mark.parametrize("name", hostile)
def test_a_relation_may_have_any_name(engine: DuckDB, name: str) -> None:
    engine.register(name, pa.table({"x": ["1"]}))
    assert named(engine, name).rows() == [{"x": "1"}]


@pytest.mark.parametrize(
    "value", [None, True, False, 0, -7, 10**15, 1.5, -1e-300, dt.date(1, 1, 1), dt.date(2026, 4, 1), ""]
)
def test_a_literal_keeps_its_value(engine: DuckDB, value: object) -> None:
    assert named(engine, "x").query("SELECT {v} AS v", v=value).value() == value  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\x00", [], Column(""), Column("a\x00")])
def test_what_cannot_be_said_in_sql_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError, match=r"not finite|cannot|empty"):
        bind("{v}", v=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [b"x", object(), dt.datetime(2026, 1, 1), {"a": 1}])
def test_another_type_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be bound"):
        bind("{v}", v=value)  # type: ignore[arg-type]


def test_a_template_takes_no_format_and_no_unbound_name() -> None:
    with pytest.raises(ValueError, match="format"):
        bind("{v!r}", v=1)
    with pytest.raises(KeyError):
        bind("{v}")
    assert bind("{c} IN {v}", c=columns(["a", "b"]), v=["x", "y"]) == "\"a\", \"b\" IN ('x', 'y')"


def test_bound_braces_are_not_read_again(engine: DuckDB) -> None:
    rows = named(engine, "x").query("SELECT {v} AS v", v="{self} {nothing}")
    assert rows.query("SELECT * FROM {self}").value() == "{self} {nothing}"


def test_a_later_table_replaces_the_first(engine: DuckDB) -> None:
    rows = engine.register("again", pa.table({"x": ["1"]}))
    engine.register("again", pa.table({"y": ["2", "3"]}))
    assert rows.arrow().to_pydict() == {"y": ["2", "3"]}


def test_columns_that_sql_cannot_tell_apart_are_refused(engine: DuckDB) -> None:
    with pytest.raises(ValueError, match="without regard to case"):
        engine.register("twins", pa.table([["1"], ["2"]], names=["Sex", "sex"]))


def test_a_column_of_nulls_is_text(engine: DuckDB) -> None:
    rows = engine.register("empty", pa.table({"x": pa.nulls(2)}))
    assert rows.query("SELECT DISTINCT x || 'a' AS x FROM {self}").rows() == [{"x": None}]


def test_two_engines_share_nothing() -> None:
    with DuckDB() as one, DuckDB() as other:
        one.register("mine", pa.table({"x": ["1"]}))
        with pytest.raises(Exception, match="mine"):
            named(other, "mine").rows()


def test_a_file_is_read_as_text(engine: DuckDB, tmp_path: Path) -> None:
    path = tmp_path / "it's.csv"
    path.write_text('id,"b ""x",漢\n001,"",2020-01-01\n,"q\nr",1e5\n', encoding="utf-8-sig")
    assert engine.scan_csv(path).arrow().to_pydict() == {
        "id": ["001", None],
        'b "x': ["", "q\nr"],
        "漢": ["2020-01-01", "1e5"],
    }
    pq.write_table(pa.table({"n": [1, None], "d": [dt.date(2020, 1, 1), None]}), tmp_path / "a.parquet")
    assert engine.scan_parquet(tmp_path / "a.parquet").arrow().to_pydict() == {
        "n": ["1", None],
        "d": ["2020-01-01", None],
    }


def test_a_fault_of_the_rows_quotes_no_value(engine: DuckDB, tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n山田太郎\n", encoding="utf-8")
    ragged = engine.scan_csv(tmp_path / "ragged.csv")
    odd = engine.register("odd", pa.table({"t": ["山田太郎"]})).query("SELECT CAST(t AS INTEGER) AS n FROM {self}")
    for rows in (ragged, odd):
        with pytest.raises(DataError) as caught:
            rows.arrow()
        assert "山田" not in str(caught.value)
        assert caught.value.__context__ is None


def test_nothing_spilled_stays(tmp_path: Path) -> None:
    with DuckDB(spill=tmp_path, memory="200MB"):
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())


@settings(deadline=None)
@given(texts)
@example("".join(TABLE))
def test_fold_says_the_same_in_sql_and_only_once(engine: DuckDB, text: str) -> None:
    rows = engine.register("text", pa.table({"t": [text]}))
    assert rows.query("SELECT text_fold(t) AS t FROM {self}").value() == fold(text) == fold(fold(text))


def test_fold_agrees_on_every_character_of_its_table_and_around(engine: DuckDB) -> None:
    chars = [chr(code) for code in (*range(1, 0x2FF), *range(0x2000, 0x3200), *range(0xFE00, 0x10000))]
    rows = engine.register("chars", pa.table({"t": chars}))
    assert rows.query("SELECT text_fold(t) AS t FROM {self}").arrow()["t"].to_pylist() == [fold(c) for c in chars]


@pytest.mark.parametrize(
    "forms",
    [
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ　タロウ", "やまだ・たろう", "やまた\u3099 たろう", "ヤマタ゛タロウ"),
        ("ｼｮｳｼﾞ", "シヨウジ", "しょうじ", "ショウシﾞ"),
        ("０３－１２３４－５６７８", "03-1234-5678", "03(1234)5678", "03ー1234ー5678", "0312345678"),
        ("Ａｂ．Ｃ／Ｄ", "ab c\nd"),
        ("ヴァイオリン", "うあいおりん", "ｳﾞｧｲｵﾘﾝ"),
    ],
)
def test_one_value_folds_to_one_text(forms: tuple[str, ...]) -> None:
    assert len({fold(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2020-02-29", dt.date(2020, 2, 29)),
        ("20200229", dt.date(2020, 2, 29)),
        ("2020/02/29", dt.date(2020, 2, 29)),
        ("2021-02-29", None),
        ("2020-2-9", None),
        ("2020-02/29", None),
        (" 2020-02-29", None),
        ("2020-02-29 00:00", None),
        ("0000-01-01", None),
        ("２０２００２２９", None),
        ("", None),
        (None, None),
    ],
)
def test_as_date_reads_three_forms_only(engine: DuckDB, text: str | None, date: dt.date | None) -> None:
    rows = engine.register("dates", pa.table({"t": pa.array([text], pa.string())}))
    assert rows.query("SELECT as_date(t) AS d FROM {self}").value() == date


def test_days_between_is_the_first_minus_the_second(engine: DuckDB) -> None:
    rows = engine.register("days", pa.table({"b": [dt.date(2020, 3, 1)], "a": [dt.date(2020, 2, 1)]}))
    assert rows.query("SELECT days_between(b, a) AS n FROM {self}").value() == 29
    assert rows.query("SELECT days_between(a, b) AS n FROM {self}").value() == -29


def test_every_function_is_documented_once() -> None:
    assert len({function.name for function in FUNCTIONS}) == len(FUNCTIONS)
    assert all(function.doc.endswith(".") for function in FUNCTIONS)


@pytest.mark.parametrize(
    ("old", "new"), [("髙橋", "高橋"), ("渡邉", "渡辺"), ("﨑山", "崎山"), ("齋藤", "斉藤"), ("葛󠄀城", "葛城")]
)
def test_old_forms_of_a_name_fold_to_one(old: str, new: str) -> None:
    assert fold(old) == fold(new)
