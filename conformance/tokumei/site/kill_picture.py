"""The kill matrix as pictures: a mutant a line, a clause a column, one inline SVG a family.

A clause that is not due is not asked of a mutant, so that one picture of all clauses would be an empty field with
a diagonal. The filled part of a box is the share of runs; colour only repeats it, so that print loses nothing.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from tokumei.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LINE, BOX, COLUMN, HEAD, TAIL, GLYPH = 20, 14, 30, 48, 130, 7.4

TITLE = Text("検出の表 {family}", "Kill matrix {family}")
ABOUT = Text(
    "行は欠陥見本 {mutants} 件、列は要求事項 {clauses} 件。数は下の表にもある。",
    "Lines are {mutants} mutants, columns {clauses} clauses. The table below has the same numbers.",
)
CELL = Text(
    "{mutant}、{clause}：{runs} 回のうち {failed} 回で不合格", "{mutant}, {clause}: failed in {failed} of {runs} runs"
)
TOTAL = Text("検出", "killed")


def family(clause: str) -> str:
    """The family of a clause: what stands before the dash."""
    return clause.rpartition("-")[0]


def groups(mutants: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The mutants by the family of the first clause that must see them, in the order of the result."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for mutant in mutants:
        found.setdefault(family(mutant["clauses"][0]) if mutant["clauses"] else "-", []).append(mutant)
    return found


def picture(name: str, mutants: Sequence[Mapping[str, Any]], lang: str) -> str:
    """One family; without blank lines, which would end the block in Markdown."""
    clauses = sorted(
        {clause for mutant in mutants for clause in mutant["clauses"]}, key=lambda c: (family(c) != name, c)
    )
    left = max(len(mutant["mutant"]) for mutant in mutants) * GLYPH + 12
    width, height = round(left + COLUMN * len(clauses) + TAIL), HEAD + LINE * len(mutants) + 4
    title = TITLE[lang].format(family=name)
    about = ABOUT[lang].format(mutants=len(mutants), clauses=len(clauses))
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    labels = f'role="img" aria-labelledby="kill-{name}-title kill-{name}-about"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {labels} {size}>',
        f'<title id="kill-{name}-title">{title}</title><desc id="kill-{name}-about">{about}</desc>',
        *_head(clauses, left),
    ]
    for number, mutant in enumerate(mutants):
        lines += _line(mutant, clauses, left, HEAD + LINE * number, lang)
    return "\n".join(('<div class="tk-picture" tabindex="0">', *lines, "</svg>", "</div>"))


def _head(clauses: Sequence[str], left: float) -> Iterator[str]:
    for place, clause in enumerate(clauses):
        x = left + COLUMN * place + COLUMN / 2 + 4
        yield f'<text x="{x:.0f}" y="{HEAD - 6}" transform="rotate(-60 {x:.0f} {HEAD - 6})">{clause}</text>'


def _line(mutant: Mapping[str, Any], clauses: Sequence[str], left: float, top: float, lang: str) -> Iterator[str]:
    runs, kills = (sum(pair[what] for pair in mutant["pairs"]) for what in ("runs", "kills"))
    base = top + LINE - 6
    weight = "" if mutant["killed"] else ' font-weight="bold"'
    yield f'<line x1="0" x2="{left + COLUMN * len(clauses) + TAIL:.0f}" y1="{top + LINE}" y2="{top + LINE}" stroke="#ddd"/>'
    yield f'<text x="{left - 8:.0f}" y="{base}" text-anchor="end"{weight}>{escape(mutant["mutant"])}</text>'
    for place, clause in enumerate(clauses):
        if clause in mutant["clauses"]:
            failed = sum(pair["failed"].get(clause, 0) for pair in mutant["pairs"])
            said = CELL[lang].format(mutant=mutant["mutant"], clause=clause, failed=failed, runs=runs)
            yield _box(left + COLUMN * place + (COLUMN - BOX) / 2, top + 3, failed / runs, said)
    x = left + COLUMN * len(clauses) + 8
    yield f'<text x="{x:.0f}" y="{base}"{weight}>{TOTAL[lang]} {kills}/{runs}</text>'


def _box(x: float, y: float, share: float, said: str) -> str:
    """A box, filled from below; an empty one has a cross."""
    filled = BOX * share
    inside = (
        f'<rect x="{x:.1f}" y="{y + BOX - filled:.1f}" width="{BOX}" height="{filled:.1f}" fill="#1f5fa8"/>'
        if share
        else f'<path d="M{x:.1f} {y:.1f}l{BOX} {BOX}m0 -{BOX}l-{BOX} {BOX}" stroke="#9c2f22" stroke-width="1.5"/>'
    )
    edge = "#1f5fa8" if share else "#9c2f22"
    outline = f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX}" height="{BOX}" fill="none" stroke="{edge}"/>'
    return f"<g><title>{escape(said)}</title>{inside}{outline}</g>"
