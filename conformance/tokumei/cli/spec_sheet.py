"""``spec export`` and ``spec import``: the standard for editors who have only Excel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokumei.cli.options import lang_option
from tokumei.model import Lang, Text

if TYPE_CHECKING:
    from tokumei.editing.revision import Revision

SAID = {
    "same": Text("変更はない。", "There is no change."),
    "dry": Text(
        "何も書き込んでいない。書き込むときは --write を付けてもう一度実行する。",
        "Nothing was written. Run again with --write to write it.",
    ),
    "wrote": Text("書き込んだ要求事項: ", "Clauses written: "),
    "next": Text(
        "次に `tokumei spec lint` を実行し、英語と試験を読み直す。",
        "Now run `tokumei spec lint`, and read the English and the checks again.",
    ),
}
_spec_option = click.option(
    "--spec",
    "root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="規格の原稿のフォルダ（既定はこのリポジトリの spec/） / folder of the standard",
)


@click.command("export")
@click.option("--xlsx", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="書出し先 / file")
@click.option("--force", is_flag=True, help="あるファイルを上書きする / write over a file that is there")
@_spec_option
def export(file: Path, root: Path | None, *, force: bool) -> None:
    """要求事項を Excel のファイルに書き出す / write the clauses to an Excel workbook for editing."""
    from tokumei import resources
    from tokumei.editing.workbook import workbook
    from tokumei.model import Place, Problem, TokumeiError
    from tokumei.spec import load_spec

    if file.exists() and not force:
        raise TokumeiError(Problem(code="SHEET_FILE_EXISTS", place=Place(file=file.name)))
    made = workbook(load_spec(root), resources.data("spec") if root is None else root)
    try:
        file.write_bytes(made)
    except OSError as error:
        raise TokumeiError(Problem(code="SPEC_NOT_WRITTEN", place=Place(file=file.name))) from error
    click.echo(str(file))


@click.command("import")
@click.option(
    "--xlsx", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="取り込むもの / file"
)
@click.option("--write", is_flag=True, help="書き込む（付けなければ示すだけ） / write it; without, it is only shown")
@_spec_option
@lang_option
def import_(file: Path, root: Path | None, lang: Lang, *, write: bool) -> None:
    """Excel で改めた要求事項を取り込む / take over what was edited in the workbook.

    変わる箇所を示し、--write を付けたときだけ、全てを書き込むか、何も書き込まない。
    What would change is shown first. With --write all of it is written, or nothing.
    """
    from tokumei import resources
    from tokumei.editing.revision import write_together
    from tokumei.model import Problem, TokumeiError

    folder = resources.data("spec") if root is None else root
    if write and folder.resolve().parent.name == "_data":
        raise TokumeiError(Problem(code="SPEC_NOT_A_CHECKOUT"))
    planned = _planned(file, root, folder)
    if not planned:
        click.echo(SAID["same"][lang])
        return
    if not write:
        click.echo(SAID["dry"][lang])
        return
    write_together({revision.path: revision.after for revision in planned})
    click.echo(SAID["wrote"][lang] + ", ".join(revision.clause for revision in planned))
    click.echo(SAID["next"][lang])


def _planned(file: Path, root: Path | None, folder: Path) -> tuple[Revision, ...]:
    """What the workbook would change, after it was shown."""
    from tokumei.editing.intake import intake
    from tokumei.editing.revision import diff, revisions
    from tokumei.editing.workbook import digest
    from tokumei.model import Place, Problem, TokumeiError
    from tokumei.report.view import clean
    from tokumei.spec import load_spec

    try:
        raw = file.read_bytes()
    except OSError as error:
        raise TokumeiError(Problem(code="FILE_MISSING", place=Place(file=file.name))) from error
    edition = load_spec(root)
    digests = {clause.id: digest(folder / clause.file) for clause in edition.clauses.values()}
    planned = revisions(edition, folder, intake(raw, file.name, edition, digests))
    for revision in planned:
        for line in diff(revision, edition.clauses[revision.clause].file):
            click.echo(clean(line))
    return planned


__all__ = ["export", "import_"]
