"""The command line. Everything heavy is imported inside the commands: ``--help`` is at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from tokumei import __version__
from tokumei.model import Exit, Lang, TokumeiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokumei.model import ProductInfo
    from tokumei.runner.run import Caller

FOLDER = "tokumei-report"

lang_option = click.option(
    "--lang", type=click.Choice(["ja", "en"]), default="ja", show_default=True, help="表示の言語 / language"
)
seed_option = click.option("--seed", default=1, show_default=True, help="計画の種 / seed of the plan")
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="出力の形 / output",
)
report_option = click.option(
    "--report-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(FOLDER),
    show_default=True,
    help="報告の置き場所 / where reports go",
)


class _Main(click.Group):
    """Turns problems into sentences and exit codes at the edge."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except TokumeiError as error:
            from tokumei.wording import render

            lang: Lang = "en" if "en" in sys.argv else "ja"
            for problem in error.problems:
                click.echo(render(problem, lang), err=True)
            context.exit(error.exit_code)


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tokumei")
def main() -> None:
    """匿名加工の実行可能な技術規格の試験系。

    Check any vendor's anonymizer of Japanese medical data, clause by clause. A passed test is evidence
    against listed defects; it says nothing about lawfulness.
    """


@main.command()
@lang_option
@seed_option
@format_option
@click.option("--report-dir", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="HTML の置き場所")
def demo(lang: Lang, seed: int, format_: str, report_dir: Path) -> None:
    """壊れた製品を試験して、漏れた本人を見せる / try the suite on a broken product that is shipped."""
    from tokumei.adapters.inprocess import InProcess
    from tokumei.modalities.tables import baseline

    product = baseline.product("k-over-rows", "note-kept")
    with InProcess(product, baseline.INFO) as adapter:
        _run(adapter, adapter.describe(), "demo", lang, seed, format_, report_dir, effort="smoke", budget=None)


@main.command()
@click.argument("product")
@click.option(
    "--product", "product_file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="product.yaml"
)
@click.option("--organization", type=click.Path(path_type=Path), help="自社の整理の方法 / your own organization")
@click.option("--processing", type=click.Path(path_type=Path), help="自社の加工の方法 / your own processing")
@click.option("--clause", "clauses", multiple=True, help="この要求事項だけ / only these clauses")
@click.option("--effort", type=click.Choice(["smoke", "standard"]), default="standard", show_default=True)
@click.option("--budget", type=float, help="全体の秒数の上限 / cap in seconds, in total")
@lang_option
@seed_option
@format_option
@report_option
def run(
    product: str,
    product_file: Path | None,
    organization: Path | None,
    processing: Path | None,
    clauses: tuple[str, ...],
    effort: str,
    budget: float | None,
    lang: Lang,
    seed: int,
    format_: str,
    report_dir: Path,
) -> None:
    """PRODUCT（python: exec: batch: または名前）を試験する / test a product."""
    from tokumei.adapters.connect import connect
    from tokumei.declarations import Organization, Processing
    from tokumei.documents import load
    from tokumei.validation import validate_pair

    if bool(organization) != bool(processing):
        raise click.UsageError("--organization と --processing は対で指定する / give both")
    own = []
    if organization and processing:
        if problems := validate_pair(organization, processing, None):
            raise TokumeiError(*problems)
        own = [(Organization.of(load(organization).document), Processing.of(load(processing).document))]
    with connect(product, product_file=product_file) as adapter:
        info = adapter.describe()
        if info.configuration == "fixed" and not info.settings and not own:
            raise click.UsageError(
                "configuration: fixed の製品は settings か --organization と --processing が要る / needs settings"
            )
        kind = product.split(":", maxsplit=1)[0]
        _run(
            adapter, info, kind, lang, seed, format_, report_dir, effort=effort, budget=budget, own=own, clauses=clauses
        )


def _run(
    adapter: Caller,
    info: ProductInfo,
    kind: str,
    lang: Lang,
    seed: int,
    format_: str,
    report_dir: Path,
    *,
    effort: str,
    budget: float | None,
    own: list[Any] | None = None,
    clauses: tuple[str, ...] = (),
) -> None:
    from tokumei.clause import checks
    from tokumei.engines.duckdb import DuckDB
    from tokumei.runner.session import run as run_session
    from tokumei.spec import load_spec

    known = checks()
    if unknown := set(clauses) - known.keys():
        raise click.UsageError(f"要求事項がない / no such clause: {', '.join(sorted(unknown))}")
    chosen = {id_: check for id_, check in known.items() if not clauses or id_ in clauses}
    with DuckDB(threads=2, memory="700MB") as engine:
        finished = run_session(
            adapter,
            info,
            chosen,
            engine,
            load_spec(),
            adapter=kind,
            seed=seed,
            effort=effort,
            budget=budget,
            own=own or [],
            progress=_progress(lang) if format_ == "text" else None,
        )
    if format_ == "text" and sys.stderr.isatty():
        click.echo("", err=True)
    _write(finished.record, finished.replays, report_dir, lang, format_)


def _progress(lang: Lang) -> Callable[[int, int, float], None]:
    """Calls done and left, on one line of a terminal; a line every ten calls elsewhere."""

    def show(done: int, total: int, seconds: float) -> None:
        left = seconds / max(done, 1) * (total - done) / 60
        text = (
            f"呼出し {done}/{total}　残り約 {left:.1f} 分"
            if lang == "ja"
            else f"call {done}/{total}, about {left:.1f} min left"
        )
        if sys.stderr.isatty():
            click.echo(f"\r{text}  ", err=True, nl=False)
        elif done % 10 == 0 or done == total:
            click.echo(text, err=True)

    return show


def _write(
    record: dict[str, Any], replays: Mapping[str, Mapping[str, Any]], folder: Path, lang: Lang, format_: str
) -> None:
    from rich.console import Console

    from tokumei.documents import dumps
    from tokumei.report.render import write
    from tokumei.report.terminal import print_report

    folder.mkdir(parents=True, exist_ok=True)
    paths = write(record, folder)
    for id_, document in replays.items():
        (folder / "findings").mkdir(exist_ok=True)
        (folder / "findings" / f"{id_}.json").write_text(dumps(document), encoding="utf-8")
    if format_ == "json":
        click.echo(dumps(record))
    else:
        print_report(record, lang, Console())
        for path in paths.values():
            click.echo(str(path))
    sys.exit(record["exit"])


@main.command()
@click.argument("finding")
@click.argument("product")
@click.option("--product", "product_file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@report_option
@lang_option
def replay(finding: str, product: str, product_file: Path | None, report_dir: Path, lang: Lang) -> None:
    """FINDING（F-… または JSON ファイル）を PRODUCT で再現する / play one finding again."""
    from tokumei.adapters.connect import connect
    from tokumei.clause import checks
    from tokumei.documents import load
    from tokumei.engines.duckdb import DuckDB
    from tokumei.runner.session import find_again
    from tokumei.shrink.case import from_document

    path = Path(finding) if finding.endswith(".json") else report_dir / "findings" / f"{finding}.json"
    document = load(path).document
    case = from_document(document)
    with connect(product, product_file=product_file) as adapter, DuckDB() as engine:
        found, calls = find_again(
            case, document["clause"], document["code"], adapter, checks(), engine, document["seed"]
        )
    if all(call.response is None for call in calls):
        click.echo("ERROR 製品が答えなかった" if lang == "ja" else "ERROR the product did not answer")
        sys.exit(Exit.PRODUCT)
    ja, en = ("FAILED 再現した", "FAILED it is still there") if found else ("FIXED 再現しない", "FIXED it is gone")
    click.echo(f"{document['clause']} {document['code']}: {ja if lang == 'ja' else en}")
    sys.exit(Exit.NOT_MET if found else Exit.ALL_MET)


@main.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--organization", type=click.Path(path_type=Path), required=True, help="整理の方法 / organization declaration"
)
@click.option(
    "--processing", type=click.Path(path_type=Path), required=True, help="加工の方法 / processing declaration"
)
@click.option(
    "--original", type=click.Path(path_type=Path), help="加工前データのフォルダ（作成者のみ）/ for the maker only"
)
@click.option("--purpose", required=True, help="調べる目的 / why it is examined")
@click.option("--responsible", required=True, help="責任者 / who answers for it")
@click.option("--role", type=click.Choice(["maker", "recipient"]), required=True, help="作成者か受領者か / who you are")
@lang_option
@format_option
@report_option
def audit(
    release: Path,
    organization: Path,
    processing: Path,
    original: Path | None,
    purpose: str,
    responsible: str,
    role: Literal["maker", "recipient"],
    lang: Lang,
    format_: str,
    report_dir: Path,
) -> None:
    """加工後データのフォルダ RELEASE を調べる。値は出力しない / examine supplied files; no value is printed."""
    from tokumei.engines.duckdb import DuckDB
    from tokumei.runner.audit import audit as examine
    from tokumei.runner.record import audit_report
    from tokumei.spec import load_spec

    with DuckDB(threads=2, memory="700MB") as engine:
        found = examine(
            organization=organization,
            processing=processing,
            release=release,
            original=original,
            purpose=purpose,
            responsible=responsible,
            role=role,
            engine=engine,
        )
    record = audit_report(found, load_spec())
    if format_ == "text":
        click.echo(found.summary[lang])
        measured: Any = found.measured
        for target in measured["targets"]:
            click.echo(f"  {target['model']}: k = {target['k']} ({target['reading']}; n = {target['rows']})")
        for name, count in (measured.get("pseudonyms_unchanged") or {}).items():
            if count:
                unchanged = ("元の値のままの仮ID", "pseudonyms that are source keys")[lang != "ja"]
                click.echo(f"  {name}: {unchanged}: {count}")
    _write(record, {}, report_dir, lang, format_)


@main.command()
@click.argument("organization", type=click.Path(path_type=Path))
@click.argument("processing", type=click.Path(path_type=Path), required=False)
@click.option("--data", type=click.Path(path_type=Path), help="データのフォルダ / folder of the data")
@lang_option
@format_option
def validate(organization: Path, processing: Path | None, data: Path | None, lang: Lang, format_: str) -> None:
    """二つの宣言と、あればデータを調べる / check the declarations, and data if given."""
    from tokumei.documents import dumps
    from tokumei.validation import validate_pair
    from tokumei.wording import render

    problems = validate_pair(organization, processing, data)
    if format_ == "json":
        rows = [
            {"code": p.code, "file": p.place.file, "line": p.place.line, "pointer": p.place.pointer, "clause": p.clause}
            for p in problems
        ]
        click.echo(dumps({"problems": rows}))
    else:
        for problem in problems:
            click.echo(render(problem, lang), err=True)
        if not problems:
            click.echo("問題なし" if lang == "ja" else "no problem found")
    sys.exit(Exit.USAGE if problems else Exit.ALL_MET)


@main.command()
@click.argument("product")
@lang_option
def doctor(product: str, lang: Lang) -> None:
    """接続だけを調べる / check the connection, not the anonymizer."""
    from tokumei.adapters.doctor import diagnose

    rows = list(diagnose(product))
    for name, fine, text in rows:
        click.echo(f"{'✓' if fine else '✗'} {name}: {text[lang]}")
    sys.exit(Exit.ALL_MET if all(fine for _, fine, _ in rows) else Exit.PRODUCT)


@main.command()
@click.option("--runs", default=20, show_default=True, help="正しい製品の試験の回数 / runs of correct products")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="続きから測る台帳 / ledger to resume")
@lang_option
@seed_option
def selftest(runs: int, ledger: Path | None, lang: Lang, seed: int) -> None:
    """試験の検出力を測る / measure what the suite kills and whom it accuses."""
    from tokumei.runner.selftest import Ledger, lines, run_selftest

    measured = run_selftest(runs=runs, seed=seed, ledger=Ledger(ledger) if ledger else None)
    for line in lines(measured, lang):
        click.echo(line)
    sys.exit(Exit.ALL_MET if measured.good else Exit.SUITE)


@main.group()
def spec() -> None:
    """規格本文の道具 / tools for the editors of the standard."""


@spec.command("lint")
@lang_option
def spec_lint(lang: Lang) -> None:
    """規格本文と試験の食い違いを調べる / check the text of the standard against its checks."""
    from tokumei.spec import load_spec
    from tokumei.spec_lint import lint
    from tokumei.wording import render

    problems = lint(load_spec())
    for problem in problems:
        click.echo(render(problem, lang), err=True)
    click.echo(f"{len(load_spec().clauses)} clauses, {len(problems)} problems")
    sys.exit(Exit.NOT_MET if problems else Exit.ALL_MET)


@main.group()
def site() -> None:
    """公開サイトの道具 / tools for the site."""


@site.command("build")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False), default=Path("docs"))
def site_build(out: Path) -> None:
    """要求事項とスキーマのページを作る / write the generated pages; run mkdocs afterwards."""
    from tokumei.site.pages import build

    click.echo(f"{len(build(out))} pages")


if __name__ == "__main__":
    main()
