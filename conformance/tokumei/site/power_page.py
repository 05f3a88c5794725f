"""The power of the suite as a page: what the numbers mean, then the numbers of the result file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from tokumei.model import Text
from tokumei.site import kill_picture, power_result, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokumei.spec import Edition

TITLE = Text("# 検出力", "# Power")
ABOUT = Text(
    """この試験系が、誤った製品をどれだけ見つけ、正しい製品をどれだけ誤って不合格にするかを測った結果です。

## この数が表すことと表さないこと

- **欠陥見本**は、誤りが一つある製品です。試験を作る者が試験と一緒に作りました。ここにある検出率は、この**開発用の見本**についての値です。試験を作る者が思い付かなかった誤りをどれだけ見つけるかは表しません。それを表すのは、下の「見たことのない製品」だけです。
- 一回の試験では、例の宣言一組について、種を一つ決めて作った計画を一つの製品に与えます。欠陥見本は、対象の要求事項のどれかが不合格となれば、その回で検出とします。90 % 以上の回で検出した欠陥見本を「検出」と数えます。
- 欠陥見本には、対象の要求事項だけを問います。どれかが不合格となれば、その回はそこで終わります。一つの欠陥見本に対象が二つあるとき、片方の数が少ないのは、先に他方で終わったためかもしれません。
- 組ごとの区間は、一回あたりの検出率の両側 95 % 区間（Clopper–Pearson）です。計画の種による揺れだけを表します。回数が少なければ、すべて検出しても下端は低くなります。
- 「検出」の下限と誤った不合格の上限は、片側 95 % です。欠陥見本も正しい製品も、製品の全体から無作為に選んだものではありません。これらの値は数の少なさを表すだけで、ほかの製品についての約束ではありません。
- どの数も、ある製品が安全であること、適法であることを示しません。""",
    """How many wrong products the suite finds, and how often it accuses a correct one, as measured.

## What these numbers mean and do not mean

- A **mutant** is a product with one fault, made together with the checks by those who made the checks. The rates below are those of these **development mutants**. They do not say how many faults the suite finds that nobody thought of; only "Products never seen" below can say that.
- A run is the plan of one pair of example declarations, made from one seed, given to one product. A mutant is killed in a run if a clause that is due fails. One that is killed in at least 90 % of its runs counts as killed.
- Only the clauses due are asked of a mutant, and its run ends as soon as one fails. Where two are due, one may have a small number because the other ended the run.
- The interval on a pair is the two-sided 95 % interval (Clopper–Pearson) of the rate of kills a run. It shows the chance of the seed alone. With few runs its lower end is low even if all killed.
- The lower bound of the mutants killed and the upper bounds of false alarms are one-sided, 95 %. Neither mutants nor correct products are a random sample of all products: these bounds say how few were tried, and promise nothing of other products.
- No number says that a product is safe or lawful.""",
)
NOTHING = Text(
    '<div class="tk-note"><p><strong>未測定。</strong>測定の結果がまだありません（<code>benchmarks/results/power.json</code>）。</p></div>',
    '<div class="tk-note"><p><strong>Not measured.</strong> There is no result yet (<code>benchmarks/results/power.json</code>).</p></div>',
)
EARLIER = Text(
    '<div class="tk-note"><p><strong>以前の試験系で測った結果です。</strong>測った試験系は <code>{suite}</code>、今の試験系は <code>{today}</code> です。</p></div>',
    '<div class="tk-note"><p><strong>Measured on an earlier suite.</strong> The suite measured is <code>{suite}</code>, that of today <code>{today}</code>.</p></div>',
)
PART = Text(
    '<div class="tk-note"><p><strong>測定は途中です。</strong>試験していない欠陥見本と組が {number} 通りあります：{names}。</p></div>',
    '<div class="tk-note"><p><strong>The measurement is not whole.</strong> Not run are {number} mutants on a pair: {names}.</p></div>',
)
HELD_OUT = Text("## 見たことのない製品", "## Products never seen")
NOT_DONE = Text(
    "**未実施。**試験系を見ていない者が作った誤った製品による測定は、まだ行っていません。",
    "**Not done yet.** The suite has not been measured on wrong products made by somebody who did not see it.",
)
HELD = Text(
    "{date}、試験系 `{suite}`。{about}\n\n{mutants} 件のうち {killed} 件を検出（95 % 区間 {lower:.0%}–{upper:.0%}）。",
    "{date}, suite `{suite}`. {about}\n\n{killed} of {mutants} killed (95 % interval {lower:.0%}–{upper:.0%}).",
)
SUMMARY = Text("## まとめ", "## Summary")
HOW = Text(
    "{date} までに測りました。試験系 `{suite}`、組 {pairs}。欠陥見本は組ごとに {each} 回試験し、{looks} 件目の事例の後と、最後に判定しました。全部で {runs:,} 回、{seconds:,.0f} CPU 秒です。",
    "Measured until {date}. Suite `{suite}`, pairs {pairs}. A mutant was run {each} times on each pair, and judged after {looks} cases and at the end. In all {runs:,} runs, {seconds:,.0f} CPU-seconds.",
)
LIST = Text("、", ", ")
TOTALS = Text("| 何を | 数 | 結果 | 95 % の限界 |", "| What | Number | Result | 95 % bound |")
KIND_ROW = Text(
    "| 欠陥見本：{kind} | {mutants} 件 | 検出 {killed} 件 | 割合 {lower:.0%} 以上 |",
    "| Mutants: {kind} | {mutants} | {killed} killed | share at least {lower:.0%} |",
)
RUN_ROW = Text(
    "| 正しい製品の試験 | {runs} 回 | 誤った不合格 {alarms} 回 | 一回あたり {upper:.2%} 以下 |",
    "| Runs of correct products | {runs} | {alarms} accused | at most {upper:.2%} a run |",
)
PRODUCT_ROW = Text(
    "| 正しい製品 | {products} 製品 | 一度でも不合格 {accused} 製品 | 製品の割合 {upper:.0%} 以下 |",
    "| Correct products | {products} | {accused} ever accused | share at most {upper:.0%} |",
)
NULL_ROW = Text(
    "| 何もしない製品の試験 | {runs} 回 | 合格 {passed} 回 | — |",
    "| Runs of null products | {runs} | {passed} all met | — |",
)
SURVIVORS = Text("## 検出漏れ", "## Survivors")
NONE = Text("なし。", "None.")
NO_REASON = Text("（理由はまだ書かれていない）", "(no reason written yet)")
MATRIX = Text("## 検出の表", "## Kill matrix")
LEGEND = Text(
    "行が欠陥見本、列が要求事項です。枠があるのは対象の要求事項だけで、塗った高さが、その要求事項が不合格となった回の割合です。×は一度も不合格とならなかった枠です。太字は検出漏れです。横に長い表は左右に動かせます。",
    "Lines are mutants, columns clauses. Only a clause that is due has a box; it is filled as high as the share of runs in which the clause failed. A cross is a clause that never failed. Bold lines are survivors. A wide picture scrolls sideways.",
)
BY_CLAUSE = Text("## 要求事項ごとの欠陥見本", "## Mutants by clause")
MEDIANS = Text(
    "セルは、検出/回数、その 95 % 区間、検出した回の最初の検出までの呼出しと CPU 秒（中央値）です。「—」は、その組では違反のしようがないか、試験していないことを表します。",
    "A cell holds kills/runs, their 95 % interval, and calls and CPU-seconds to the first kill (medians of the runs that killed). — is a pair on which nothing can be violated, or that was not run.",
)
ROWS = Text("| 要求事項 | 欠陥見本 | {pairs} | 種類 |", "| Clause | Mutant | {pairs} | Kind |")
COST = Text("<br>{calls:g} 回、{seconds:.2f} 秒", "<br>{calls:g} calls, {seconds:.2f} s")
NULLS = Text("## 何もしない製品", "## Null products")
NULLS_ABOUT = Text(
    "元データをそのまま返す、何も返さないなど、役に立たない製品です。合格してはなりません。",
    "Products that do nothing useful: they return the input, or nothing. None may pass.",
)
NULL_COLUMNS = Text(
    "| 製品 | 組 | 種 | 結果 | 不合格の要求事項 |", "| Product | Pair | Seed | Outcome | Clauses failed |"
)
OUTCOMES = {
    "all_met": Text("すべて合格", "all met"),
    "not_met": Text("不合格あり", "not met"),
    "incomplete": Text("判定に至らず", "incomplete"),
    "error": Text("試験系の誤り", "error of the suite"),
}
ALARMS = Text("## 誤った不合格", "## False alarms")
ALARMS_ABOUT = Text(
    "{runs} 回のうち {alarms} 回で、正しい製品を不合格としました（一回あたりの率の上限 {upper:.2%}）。{products} 製品のうち、一度でも不合格としたのは {accused} 製品です（製品の割合の上限 {of_products:.0%}）。不合格とせず、すべて合格ともしなかった回は {not_met} 回です。",
    "Correct products were accused in {alarms} of {runs} runs (at most {upper:.2%} a run). Of {products} products {accused} were ever accused (share at most {of_products:.0%}). {not_met} runs accused nobody and yet were not all met.",
)
ALARM_COLUMNS = Text("| 製品 | 回数 | 不合格 | 一回あたりの上限 |", "| Product | Runs | Accused | At most a run |")
ALARM = Text(
    "- 不合格：`{product}` {pair} 種 {seed}：{clauses}", "- accused: `{product}` {pair} seed {seed}: {clauses}"
)
UNMET = Text("- {outcome}：`{product}` {pair} 種 {seed}", "- {outcome}: `{product}` {pair} seed {seed}")
COSTS = Text("## 一回の費用", "## What a run costs")
COST_COLUMNS = Text("| 製品 | 回数 | CPU 秒（平均） | 最大 |", "| Product | Runs | CPU-seconds (mean) | Most |")
COSTLY = {
    "mutants": Text("欠陥見本（最初の検出まで）", "mutants (to the first kill)"),
    "nulls": Text("何もしない製品", "null products"),
    "correct": Text("正しい製品", "correct products"),
}


def page(result: power_result.Result | None, edition: Edition, today: str, lang: str) -> str:
    """The page in one language; ``today`` is the digest of the suite that writes it."""
    blocks = [TITLE[lang], *_state(result, today, lang), ABOUT[lang], *_held_out(result or {}, lang)]
    if result:
        blocks += [
            *_summary(result, lang),
            *_survivors(result, lang),
            *_matrix(result, lang),
            *_by_clause(result, edition, lang),
            *_nulls(result, edition, lang),
            *_alarms(result, edition, lang),
            *_costs(result, lang),
        ]
    return "\n\n".join((*blocks, f"*{words.LEGAL[lang]}*")) + "\n"


def _state(result: power_result.Result | None, today: str, lang: str) -> Iterator[str]:
    if result is None:
        yield NOTHING[lang]
        return
    if result["suite"] != today:
        yield EARLIER[lang].format(suite=result["suite"], today=today)
    if missing := result["not_run"]:
        names = ", ".join(f"<code>{escape(each['mutant'])}</code> ({escape(each['pair'])})" for each in missing)
        yield PART[lang].format(number=len(missing), names=names)


def _held_out(result: Mapping[str, Any], lang: str) -> Iterator[str]:
    yield HELD_OUT[lang]
    held = result.get("held_out")
    yield HELD[lang].format(**held | {"about": _cell(held["about"][lang])}) if held else NOT_DONE[lang]


def _summary(result: power_result.Result, lang: str) -> Iterator[str]:
    how, correct = result["measured"], result["correct"]
    numbers = sorted({pair["runs"] for mutant in result["mutants"] for pair in mutant["pairs"]})
    yield SUMMARY[lang]
    yield HOW[lang].format(
        date=result["date"],
        suite=result["suite"],
        pairs=LIST[lang].join(f"`{pair}`" for pair in how["pairs"]),
        each="–".join(str(number) for number in dict.fromkeys((*numbers[:1], *numbers[-1:]))) or "0",
        looks=LIST[lang].join(map(str, how["looks"])),
        runs=how["runs"],
        seconds=how["cpu_seconds"],
    )
    rows = [KIND_ROW[lang].format(**kind | {"kind": words.KINDS[kind["kind"]][lang]}) for kind in result["kinds"]]
    rows.append(RUN_ROW[lang].format(**correct))
    rows.append(
        PRODUCT_ROW[lang].format(
            products=len(correct["products"]),
            accused=correct["accused_products"],
            upper=correct["upper_of_products"],
        )
    )
    rows.append(NULL_ROW[lang].format(runs=len(result["nulls"]), passed=power_result.passed(result)))
    yield _table(TOTALS[lang], rows)


def _survivors(result: power_result.Result, lang: str) -> Iterator[str]:
    yield SURVIVORS[lang]
    rows = [
        f"- `{each['mutant']}`: {_cell(each['reason'][lang]) if 'reason' in each else NO_REASON[lang]}"
        for each in result["survivors"]
    ]
    yield "\n".join(rows) or NONE[lang]


def _matrix(result: power_result.Result, lang: str) -> Iterator[str]:
    if result["mutants"]:
        yield MATRIX[lang]
        yield LEGEND[lang]
    for name, some in kill_picture.groups(result["mutants"]).items():
        title = words.FAMILIES[name][lang] if name in words.FAMILIES else ""
        yield f"### {name} {title}".strip()
        yield kill_picture.picture(name, some, lang)


def _by_clause(result: power_result.Result, edition: Edition, lang: str) -> Iterator[str]:
    pairs = result["measured"]["pairs"]
    yield BY_CLAUSE[lang]
    yield MEDIANS[lang]
    rows = []
    for clause in sorted({clause for mutant in result["mutants"] for clause in mutant["clauses"]}):
        for mutant in (each for each in result["mutants"] if clause in each["clauses"]):
            on = {each["pair"]: each for each in mutant["pairs"]}
            cells = [_rates(on[pair], lang) if pair in on else "—" for pair in pairs]
            kind = words.KINDS[mutant["kind"]][lang]
            rows.append(f"| {_link(clause, edition)} | `{mutant['mutant']}` | {' | '.join(cells)} | {kind} |")
    if rows:
        yield _table(ROWS[lang].format(pairs=" | ".join(pairs)), rows)


def _rates(on: Mapping[str, Any], lang: str) -> str:
    told = "{kills}/{runs} ({lower:.0%}–{upper:.0%})".format(**on)
    cost = COST[lang].format(**on) if on["kills"] else ""
    return f'<span class="tk-whole">{told}{cost}</span>'


def _nulls(result: power_result.Result, edition: Edition, lang: str) -> Iterator[str]:
    yield NULLS[lang]
    yield NULLS_ABOUT[lang]
    rows = [
        f"| `{run['product']}` | {run['pair']} | {run['seed']} | {OUTCOMES[run['outcome']][lang]} "
        f"| {_links(run['failed'], edition) or '—'} |"
        for run in result["nulls"]
    ]
    yield _table(NULL_COLUMNS[lang], rows) if rows else NONE[lang]


def _alarms(result: power_result.Result, edition: Edition, lang: str) -> Iterator[str]:
    correct = result["correct"]
    yield ALARMS[lang]
    yield ALARMS_ABOUT[lang].format(
        runs=correct["runs"],
        alarms=correct["alarms"],
        upper=correct["upper"],
        products=len(correct["products"]),
        accused=correct["accused_products"],
        of_products=correct["upper_of_products"],
        not_met=len(correct["not_met"]),
    )
    told = [ALARM[lang].format(**run | {"clauses": _links(run["clauses"], edition)}) for run in correct["accused"]]
    told += [UNMET[lang].format(**run | {"outcome": OUTCOMES[run["outcome"]][lang]}) for run in correct["not_met"]]
    if told:
        yield "\n".join(told)
    if correct["products"]:
        rows = [
            "| `{product}` | {runs} | {alarms} | {upper:.0%} |".format(**product) for product in correct["products"]
        ]
        yield _table(ALARM_COLUMNS[lang], rows)


def _costs(result: power_result.Result, lang: str) -> Iterator[str]:
    yield COSTS[lang]
    rows = [
        f"| {COSTLY[what][lang]} | {cost['runs']} | {cost['mean']:.2f} | {cost['most']:.2f} |"
        for what, cost in result["costs"].items()
    ]
    yield _table(COST_COLUMNS[lang], rows)


def _table(header: str, rows: Iterable[str]) -> str:
    return "\n".join((header, "|" + "---|" * (header.count("|") - 1), *rows))


def _link(clause: str, edition: Edition) -> str:
    """A clause of an earlier edition may have no page any more."""
    return f"[{clause}](clauses/{clause}.md)" if clause in edition.clauses else clause


def _links(clauses: Iterable[str], edition: Edition) -> str:
    return " ".join(_link(clause, edition) for clause in clauses)


def _cell(text: str) -> str:
    return escape(text, quote=False).replace("|", "&#124;").replace("\n", " ")
