"""The crosswalk: for each regime, which provision is made testable by which clause, how, and with what strength."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokumei.model import Text
from tokumei.site import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokumei.clause import Mutant
    from tokumei.spec import ClauseText, Edition, Regime

HEAD = Text(
    "# 条文との対応\n\n制度ごとに、法令の条項号、それを試験にする要求事項、確かめ方及び強さを掲げる。法令の基準日 {law_as_of}。\n\n"
    "強さは、要求事項を裏付けるものを表す。「法令」は法令の文そのもの、「ガイドライン等」は所管庁の文書、「本規格」は本規格だけである。"
    "「本規格」の要求事項は、掲げた条項号に関わるが、その条項号が要求事項の内容を定めているわけではない。",
    "# Provisions and clauses\n\nFor each regime: the provision, the clause that makes it testable, how it is verified, and its "
    "strength. Law as of {law_as_of}.\n\nThe strength is what stands behind a clause: law is the sentence of the law itself, guideline "
    "a document of the authority, this standard nothing but this standard. A clause of this standard is about the provision "
    "it stands beside; the provision does not set what the clause says.",
)
COLUMNS = Text(
    "| 条項号 | 要求事項 | 確かめ方 | 欠陥見本 | 強さ |", "| Provision | Clause | Verified by | Mutants | Strength |"
)
NOWHERE = Text("（対応する条項号はない）", "(no provision)")
NO_CLAUSE = Text("要求事項はまだない", "no clause yet")


@dataclass(frozen=True, slots=True, order=True)
class Provision:
    """A provision by act and article; ``place`` orders articles by number, one that no law has comes last."""

    rank: int
    act: str
    place: tuple[int, ...]
    article: str
    old: str = ""


def page(edition: Edition, mutants: Iterable[Mutant], lang: str) -> str:
    """The whole crosswalk in one language."""
    kills = Counter(id_ for mutant in mutants for id_ in mutant.killed_by)
    blocks = [HEAD[lang].format(law_as_of=edition.law_as_of), words.LEGAL[lang]]
    for regime in edition.regimes.values():
        blocks.append(f"## {regime.name[lang]} (`{regime.id}`)")
        old = Text(f"（{regime.old}）", f" ({regime.old})")[lang] if regime.old else ""
        blocks.append(
            f"{regime.act} {regime.article}{old}、{regime.rule}"
            if lang == "ja"
            else f"{regime.act} {regime.article}{old}; {regime.rule}"
        )
        if regime.note:
            blocks.append(regime.note[lang])
        blocks.append("\n".join((COLUMNS[lang], "|---|---|---|---|---|", *_rows(edition, regime, kills, lang))))
    return "\n\n".join(blocks) + "\n"


def crosswalk(edition: Edition, regime: Regime) -> list[tuple[Provision, ClauseText | None]]:
    """Each pair of a provision and a clause of the regime; a provision of its rule without a clause has None."""
    rule = _rule(edition, regime)
    pairs: list[tuple[Provision, ClauseText | None]] = []
    for clause in edition.clauses.values():
        if regime.id in clause.strength and clause.status != "withdrawn":
            pairs += [(provision, clause) for provision in _provisions(clause, regime, rule)]
    met = {provision.article for provision, _ in pairs}
    pairs += [(_at(rule, article), None) for article in map(_article, regime.basis.values()) if article not in met]
    former = {(p.act, p.article): p.old for p, _ in pairs if p.old}
    told = [(replace(p, old=former.get((p.act, p.article), "")), clause) for p, clause in pairs]
    return sorted(told, key=lambda pair: (pair[0], pair[1].id if pair[1] else ""))


def _provisions(clause: ClauseText, regime: Regime, rule: str) -> Iterator[Provision]:
    """What the clause cites for the regime, or the item of its family, or nothing."""
    cited = [ref for ref in clause.law if regime.id in ref.regimes]
    for ref in cited:
        yield _at(ref.act, ref.article, ref.old)
    if not cited and clause.family in regime.basis:
        yield _at(rule, _article(regime.basis[clause.family]))
    elif not cited:
        yield Provision(1, "", (), "")


def _rule(edition: Edition, regime: Regime) -> str:
    """The name of the rule, as the clauses that quote it write it; else as the regime does, without its number."""
    article = regime.rule[regime.rule.rindex("第") :]
    quoted = (ref for clause in edition.clauses.values() for ref in clause.law if regime.id in ref.regimes)
    names = sorted({ref.act for ref in quoted if re.match(rf"{article}(第|$)", ref.article) and "規則" in ref.act})
    return names[0] if names else re.sub(r"（[^）]*）.*|第[0-9]+条.*", "", regime.rule)


def _article(basis: str) -> str:
    return basis[basis.index("第") :] if "第" in basis else basis


def _at(act: str, article: str, old: str = "") -> Provision:
    numbers = tuple(int(number) for number in re.findall(r"\d+", unicodedata.normalize("NFKC", article)))
    return Provision(0, act, numbers, article, old)


def _rows(edition: Edition, regime: Regime, kills: Mapping[str, int], lang: str) -> Iterator[str]:
    last = ""
    for provision, clause in crosswalk(edition, regime):
        name = f"{provision.act} {provision.article}".strip() or NOWHERE[lang]
        if provision.old:
            name += f"（{provision.old}）" if lang == "ja" else f" ({provision.old})"
        shown, last = ("〃" if name == last else name), name
        if clause is None:
            yield f"| {shown} | {NO_CLAUSE[lang]} | | | |"
            continue
        how = _whole(words.VERIFICATIONS[clause.verification][lang])
        strength = _whole(words.STRENGTHS[str(clause.strength[regime.id])][lang])
        title = f"[{clause.id}]({clause.id}.md) {clause.title[lang]}"
        yield f"| {shown} | {title} | {how} | {kills[clause.id]} | {strength} |"


def _whole(text: str) -> str:
    return f'<span class="tk-whole">{text}</span>'


__all__ = ["crosswalk", "page"]
