"""One page a clause and the table of all clauses, as Markdown."""

from __future__ import annotations

import inspect
from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

from tokumei.model import Text
from tokumei.site import example_tables, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tokumei.clause import Mutant
    from tokumei.spec import ClauseText, Edition, LawReference

H = {
    "requirement": Text("要求事項", "Requirement"),
    "rationale": Text("理由", "Rationale"),
    "harm": Text("害", "Harm"),
    "example": Text("例", "Example"),
    "strength": Text("根拠の強さ", "What stands behind it"),
    "law": Text("法令の文", "The sentence of the law"),
    "how": Text("確かめ方", "How it is checked"),
    "mutants": Text("検出されなければならない欠陥見本", "Mutants that must be killed"),
    "findings": Text("指摘事項の文", "Sentences of the findings"),
    "code": Text("試験のプログラム", "The program of the check"),
}


def page(edition: Edition, clause: ClauseText, mutants: Sequence[Mutant], module: Any, lang: str) -> str:
    """The page of one clause in one language; ``module`` is None while the clause has no check."""
    blocks = (
        f"# {clause.id} {clause.title[lang]}",
        _badges(clause, lang),
        _switch(clause, lang),
        *(f"## {H[name][lang]}\n\n{getattr(clause, name)[lang]}" for name in ("requirement", "rationale", "harm")),
        *_strength(edition, clause, lang),
        *_law(clause, lang),
        *_examples(clause, lang),
        *_how(clause, module, lang),
        *_mutants(mutants, lang),
        *_findings(clause, lang),
        *_code(module, lang),
        f"*{words.LEGAL[lang]}*",
    )
    return "\n\n".join(blocks) + "\n"


def index(edition: Edition, mutants: Iterable[Mutant], lang: str) -> str:
    """The table of all clauses, by family, and the profiles."""
    head = Text(
        f"# 要求事項\n\n版 {edition.id}。法令の基準日 {edition.law_as_of}。\n\n{words.LEGAL.ja}",
        f"# Clauses\n\nEdition {edition.id}. Law as of {edition.law_as_of}.\n\n{words.LEGAL.en}",
    )
    columns = Text(
        "| 番号 | 題名 | 水準 | 結果の区分 | 確かめ方 | 欠陥見本 |",
        "| Id | Title | Level | Outcome | Verified by | Mutants |",
    )
    kills = Counter(id_ for mutant in mutants for id_ in mutant.killed_by)
    more = Text(
        "条項号からは[条文との対応](law.md)で引ける。", "[Provisions and clauses](law.md) leads here from the law."
    )
    blocks = [head[lang], more[lang]]
    for family, title in words.FAMILIES.items():
        rows = [
            f"| [{clause.id}]({clause.id}.md) | {clause.title[lang]} | {words.LEVELS[clause.level][lang]} "
            f"| {words.OUTCOMES[clause.outcome][lang]} | {words.VERIFICATIONS[clause.verification][lang]} "
            f"| {kills[clause.id]} |"
            for clause in edition.clauses.values()
            if clause.family == family
        ]
        if rows:
            blocks.append(
                f"## {family} {title[lang]}\n\n" + "\n".join((columns[lang], "|---|---|---|---|---|---|", *rows))
            )
    blocks.append("## " + Text("適用区分", "Profiles")[lang])
    rows = [
        f"| `{profile.id}` | {profile.title[lang]} | {_links(profile.clauses)} |"
        for profile in edition.profiles.values()
    ]
    header = Text("| 名前 | 題名 | 要求事項 |", "| Name | Title | Clauses |")[lang]
    blocks.append("\n".join((header, "|---|---|---|", *rows)))
    return "\n\n".join(blocks) + "\n"


def _links(ids: Iterable[str]) -> str:
    return " ".join(f"[{clause}]({clause}.md)" for clause in ids)


def _badges(clause: ClauseText, lang: str) -> str:
    labels = (
        (clause.level, words.LEVELS[clause.level]),
        (clause.outcome, words.OUTCOMES[clause.outcome]),
        (clause.status, words.STATUS[clause.status]),
    )
    spans = "".join(f'<span class="tk-badge tk-{name}">{escape(text[lang])}</span> ' for name, text in labels)
    return f'<p class="tk-badges">{spans}</p>'


def _switch(clause: ClauseText, lang: str) -> str:
    """The way to the other language; the English site lies below the Japanese one."""
    if lang == "ja":
        return f'<p class="tk-switch"><a href="../en/clauses/{clause.id}.html" lang="en">English</a></p>'
    state = "" if clause.translation == "reviewed" else " The Japanese text is the normative one."
    return f'<p class="tk-switch"><a href="../../clauses/{clause.id}.html" lang="ja">日本語</a>.{state}</p>'


def _strength(edition: Edition, clause: ClauseText, lang: str) -> Iterator[str]:
    header = Text("| 制度 | 規定 | 根拠 |", "| Regime | Provision | Strength |")[lang]
    rows = [
        f"| {regime.name[lang]} (`{regime.id}`) | {regime.act} {regime.article} "
        f'| <span class="tk-whole">{words.STRENGTHS[str(clause.strength.get(regime.id, ""))][lang]}</span> |'
        for regime in edition.regimes.values()
    ]
    yield f"## {H['strength'][lang]}"
    yield "\n".join((header, "|---|---|---|", *rows))


def _law(clause: ClauseText, lang: str) -> Iterator[str]:
    yield f"## {H['law'][lang]}"
    if not clause.law:
        yield Text("この要求事項に対応する法令の文はない。", "No sentence of law corresponds to this clause.")[lang]
    for ref in clause.law:
        yield _law_box(ref, lang)


def _law_box(ref: LawReference, lang: str) -> str:
    since = Text(f"{ref.in_force} から施行", f"in force from {ref.in_force}")[lang]
    old = Text(f"、{ref.old}", f", {ref.old}")[lang] if ref.old else ""
    return (
        f'<div class="tk-law"><p class="tk-source" lang="ja">{escape(ref.act)} {escape(ref.article)}</p>\n'
        f'<blockquote lang="ja"><p>{escape(ref.text_ja)}</p></blockquote>\n'
        f"<p>{escape(since + old)} ({escape(', '.join(ref.regimes))})</p></div>"
    )


def _examples(clause: ClauseText, lang: str) -> Iterator[str]:
    if clause.example[lang] or clause.examples:
        yield f"## {H['example'][lang]}"
    if clause.example[lang]:
        yield clause.example[lang]
    if clause.examples:
        yield Text(
            "次の例は、この規格の試験で実行して、示した判定になることを確かめている。",
            "These examples are played by the suite, which must give the verdict shown.",
        )[lang]
        yield from example_tables.blocks(clause.examples, lang)


def _how(clause: ClauseText, module: Any, lang: str) -> Iterator[str]:
    yield f"## {H['how'][lang]}"
    yield Text("この試験に要る根拠資料:", "The evidence that the check needs:")[lang]
    yield "\n".join(f"- {words.NEEDS[need][lang]} (`{need}`)" for need in clause.needs)
    if clause.reason:
        yield clause.reason[lang]
    if module is None:
        yield Text("試験はまだない。", "There is no check yet.")[lang]
    elif module.CHECK.kind == "statistical":
        yield Text(
            "統計による試験である。計画した加工で棄却され、独立に計画した別の加工でも再び棄却されたときに限り不合格とする。",
            "The check is statistical. It fails only if a planned release is rejected and a fresh, independently "
            "planned release is rejected again.",
        )[lang]
    else:
        yield Text(
            "1 件の違反で不合格とする。違反の機会がなければ判定不能とする。",
            "A single violation fails. Without an opportunity for violation the verdict is inconclusive.",
        )[lang]


def _mutants(mutants: Sequence[Mutant], lang: str) -> Iterator[str]:
    if mutants:
        header = Text("| 名前 | 種類 | 害 |", "| Name | Kind | Effect |")[lang]
        rows = [f"| `{each.id}` | {words.KINDS[each.kind][lang]} | {_cell(each.effect[lang])} |" for each in mutants]
        yield f"## {H['mutants'][lang]}"
        yield "\n".join((header, "|---|---|---|", *rows))


def _findings(clause: ClauseText, lang: str) -> Iterator[str]:
    header = Text("| 符号 | 文 |", "| Code | Sentence |")[lang]
    rows = [f"| `{code}` | {_cell(text[lang])} |" for code, text in clause.findings.items()]
    yield f"## {H['findings'][lang]}"
    yield "\n".join((header, "|---|---|", *rows))


def _code(module: Any, lang: str) -> Iterator[str]:
    if module is not None:
        yield f"## {H['code'][lang]}"
        yield f"`{module.__name__}`\n\n~~~~python\n{inspect.getsource(module).strip()}\n~~~~"


def _cell(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
