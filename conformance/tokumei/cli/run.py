"""``demo``, ``run`` and ``replay``: commands that call a product."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tokumei.cli.options import format_option, lang_option, report_option, seed_option
from tokumei.cli.output import write_reports
from tokumei.model import Exit, Lang, TokumeiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokumei.model import ProductInfo
    from tokumei.runner.run import Caller


@click.command()
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


@click.command()
@click.argument("product")
@click.option(
    "--product", "product_file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="product.yaml"
)
@click.option("--organization", type=click.Path(path_type=Path), help="自社の整理の方法 / your own organization")
@click.option("--processing", type=click.Path(path_type=Path), help="自社の加工の方法 / your own processing")
@click.option("--clause", "clauses", multiple=True, help="この要求事項だけ / only these clauses")
@click.option("--effort", type=click.Choice(["smoke", "standard", "deep"]), default="standard", show_default=True)
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
    write_reports(finished.record, finished.replays, report_dir, lang, format_)


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


@click.command()
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
