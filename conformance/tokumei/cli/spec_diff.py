"""``spec diff``: what a revision of the standard changes, and what it reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tokumei.cli.options import format_option, lang_option
from tokumei.model import Lang

if TYPE_CHECKING:
    from rich.text import Text as Line

    from tokumei.editing.comparison import Difference, State
    from tokumei.editing.impact import Impact
    from tokumei.spec import Edition

Found = Sequence[tuple["Difference", "Impact"]]
_STYLES = {"del": "strike red", "ins": "underline green", "same": ""}
_MARKS = {"del": ("[-", "-]"), "ins": ("{+", "+}"), "same": ("", "")}


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="新旧対照の頁 / page of both languages")
@format_option
@lang_option
def diff(before: str, after: str, html: Path | None, format_: str, lang: Lang) -> None:
    """規格の A から B への変更とその影響を示す / show what changes in the standard from A to B, and what it reaches.

    A、B は規格の原稿のフォルダ又は版の名前。確定していない版の名前では、目録が示すこと（本文が変わったかどうか）だけが分かる。
    A and B are folders of the standard or names of editions. One that is not frozen has a manifest only, which tells that a
    text changed and not how.
    """
    from tokumei.documents import dumps
    from tokumei.editing.page import page
    from tokumei.model import Place, Problem, TokumeiError

    found = _found(before, after)
    if html:
        first, second = ("/".join(Path(given).parts[-2:]) for given in (before, after))
        try:
            html.write_text(page(first, second, found), encoding="utf-8", newline="\n")
        except OSError as error:
            raise TokumeiError(Problem(code="SPEC_NOT_WRITTEN", place=Place(file=html.name))) from error
        click.echo(str(html), err=format_ == "json")
    if format_ == "json":
        click.echo(dumps(_document(found)), nl=False)
    elif not html:
        _print(found, lang)


def _found(before: str, after: str) -> Found:
    from tokumei.clause import checks, mutants
    from tokumei.editing.comparison import compare
    from tokumei.editing.impact import example_products, impact

    (first, known), (second, edition) = _state(before), _state(after)
    products, tests, wrong = example_products(), checks(), tuple(mutants().values())
    return [
        (one, impact(one, edition if one.clause in edition.clauses else known, tests, wrong, products))
        for one in compare(first, second)
    ]


def _state(given: str) -> tuple[dict[str, State], Edition]:
    """A state of the standard, and the edition whose profiles and strengths are asked."""
    from tokumei import editions, resources
    from tokumei.editing.comparison import of_manifest, of_texts
    from tokumei.freezing import frozen
    from tokumei.model import Problem, TokumeiError
    from tokumei.spec import load_spec

    folder = Path(given)
    if given and folder.is_dir():
        edition = load_spec(folder if (folder / "edition.yaml").is_file() else folder / "spec")
        return of_texts(edition), edition
    spec = resources.data("spec")
    if given not in {path.stem for path in (spec / "editions").glob("*.*")}:
        raise TokumeiError(Problem(code="SPEC_STATE_UNKNOWN"))
    if known := frozen(spec, given):
        return of_texts(known), known
    return of_manifest(editions.load(spec, given)), load_spec()


def _document(found: Found) -> dict[str, Any]:
    from tokumei.editing.contents import language

    return {
        "clauses": [
            {
                "clause": one.clause,
                "kind": one.kind,
                "title": {"ja": one.title.ja, "en": one.title.en},
                "fields": [{"field": pointer, "before": was, "after": now} for pointer, was, now in one.fields],
                "texts": [
                    {
                        "part": pointer,
                        "lang": language(pointer),
                        "redline": [{"op": part.op, "text": part.text} for part in parts],
                    }
                    for pointer, parts in one.redlines
                ],
                "reworded": list(one.reworded),
                "impact": {
                    "suspect": reach.suspect,
                    "mutants": list(reach.mutants),
                    "profiles": list(reach.profiles),
                    "products": list(reach.products),
                },
            }
            for one, reach in found
        ]
    }


def _print(found: Found, lang: Lang) -> None:
    from rich.console import Console

    from tokumei.editing.page import SAID

    console = Console()
    coloured = console.is_terminal and console.color_system is not None and not console.no_color
    if not found:
        console.print(SAID["none"][lang])
    for one, reach in found:
        for line in _lines(one, reach, lang, coloured=coloured):
            console.print(line, soft_wrap=True)


def _lines(one: Difference, reach: Impact, lang: Lang, *, coloured: bool) -> Iterator[Line]:
    from rich.text import Text as Line

    from tokumei.editing.comparison import KINDS
    from tokumei.editing.contents import language, name
    from tokumei.editing.page import LANGUAGE, SAID
    from tokumei.editing.redline import Part
    from tokumei.report.view import clean

    def marked(parts: Iterable[Part]) -> Line:
        line = Line("    ")
        for part in parts:
            opening, closing = ("", "") if coloured else _MARKS[part.op]
            shown = "\n    ".join(clean(text) for text in part.text.split("\n"))
            line.append(f"{opening}{shown}{closing}", style=_STYLES[part.op] if coloured else "")
        return line

    yield Line(clean(f"{one.clause} {one.title[lang]}: {KINDS[one.kind][lang]}"), style="bold" if coloured else "")
    for pointer, was, now in one.fields:
        yield Line(clean(f"  {name(pointer, lang)}: {was or '—'} → {now or '—'}"))
    for pointer, parts in one.redlines:
        yield Line(f"  {name(pointer, lang)} ({LANGUAGE[language(pointer)]})")
        yield marked(parts)
    if one.reworded:
        yield Line(f"  {SAID['reworded'][lang]} ({', '.join(LANGUAGE[each] for each in one.reworded)})")
    if reach.suspect:
        yield Line(f"  {SAID['suspect'][lang]}")
    for key in ("mutants", "profiles", "products"):
        names: tuple[str, ...] = getattr(reach, key)
        if names:
            yield Line(f"  {SAID[key][lang]}: {', '.join(names)}")
    yield Line("")


__all__ = ["diff"]
