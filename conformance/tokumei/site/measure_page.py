"""The catalogue of measures, with the SQL that runs, as Markdown."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tokumei.measures.catalogue import MEASURES, QUERIES
from tokumei.model import Text
from tokumei.prelude import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION = Text(
    """# 指標の一覧

加工後データの性質を測る指標です。法令に数値の定めはありません。数は測った結果であり、適法であることも、十分に安全であることも示しません。

どの指標も、異なる組合せの表一つから計算します。元の行を読むのは一度だけで、同じ SQL が DuckDB でも Spark でも動きます。

- 数えるのは行ではなく**本人**です。一人が何行あっても一人です。
- NULL は一つの値で、NULL どうしは等しいものとします。「\\*」などの抑制記号も一つの値です。別の読み方は「k（除いて読む）」と「k（任意の値として読む）」で示します。
- 本人のない行は行数にだけ数えます。そのような行だけのクラスがあれば k も l も 0 です。
- t とエントロピーの単位は「本人と値の組」です。α、β、δ の単位は「その値を持つ本人の割合」なので、一人が多くの値を持っても薄まりません。
- 全体とは、加工後データの一回の出力です。元データの分布ではありません。
- 無限大は「どの有限の値でも成り立たない」ことを表し、どの閾値と比べても満たしません。空になるのは、本人が一人もいない出力だけです。
- 実数は小数第 10 位に丸めます。
""",
    """# Measures

Numbers that describe a release. No law sets a value for any of them. They are what was measured, and show neither lawfulness nor enough safety.

All are computed from one table of distinct combinations. The rows are read once, and the same SQL runs on DuckDB and on Spark.

- What is counted is **people**, not rows: somebody with many rows is one person.
- NULL is a value and equals NULL; a marker such as `*` is a value too. The other readings are "k, read as removed" and "k, read as wildcards".
- A row without a person counts as a row only. A class of such rows alone makes k and l 0.
- The unit of t and of entropy is the pair of a person and a value. That of α, β and δ is the share of people who have a value, which many values of one person do not thin out.
- The whole is one output of the product, not the original data.
- ∞ says that no finite value holds: it meets no threshold. Empty is only an output without anybody.
- Fractions are rounded to ten decimals.
""",
)
COLUMNS = Text("| 指標 | 列 | 意味 | 安全な側 | 出典 |", "| Measure | Column | Meaning | Safer | Source |")
SAFER = {"higher": Text("大", "higher"), "lower": Text("小", "lower"), "": Text("—", "—")}
SQL = Text(
    "## 実行される SQL\n\n`combinations` の `{self}` は、列 `q1`…`qn`（準識別子）、`s`（センシティブ属性）、`who`（本人）に名を改めた行で、"
    "`{q}` は準識別子の列です。`given` は `combinations` の結果で、ほかの名はこの頁の問合せです。`profile` と `presence`、`readings` の"
    "`{self}` は、順に `each_kind`、`combinations`、`combinations` です。大きい表では、`codes` で同じ符号になる値がないことを"
    "確かめてから、値を符号に置き換えて数えます。",
    "## The SQL that runs\n\nIn `combinations`, `{self}` are the rows, their columns named `q1` … `qn` (quasi-identifiers), `s` "
    "(sensitive value) and `who` (person); `{q}` are the quasi-identifiers. `given` is what `combinations` finds, the other "
    "names are queries of this page. In `profile`, `presence` and `readings`, `{self}` is `each_kind`, `combinations` and "
    "`combinations`. In a large table values are counted by their codes, once `codes` has shown that no two have the same.",
)
SPELLED = Text(
    "## エンジンごとに書き方の違う関数\n\n| 関数 | 意味 |\n|---|---|",
    "## Functions that engines spell differently\n\n| Function | Meaning |\n|---|---|",
)


def page(lang: str) -> str:
    """The page of all measures in one language."""
    return "\n".join(_lines(lang)) + "\n"


def _lines(lang: str) -> Iterator[str]:
    yield INTRODUCTION[lang]
    yield COLUMNS[lang]
    yield "|---|---|---|---|---|"
    for measure in MEASURES:
        cells = (measure.name[lang], f"`{measure.column}`", measure.meaning[lang], SAFER[measure.safer][lang])
        yield f"| {' | '.join(_cell(cell) for cell in (*cells, measure.source))} |"
    yield f"\n{SQL[lang]}"
    for name, sql in QUERIES.items():
        yield f"\n### {name}\n\n```sql\n{sql.strip()}\n```"
    yield f"\n{SPELLED[lang]}"
    for function in FUNCTIONS:
        yield f"| `{function.name}({', '.join(function.arguments)})` | {_cell(function.doc)} |"


def _cell(text: str) -> str:
    return escape(text, quote=False).replace("|", "&#124;")
