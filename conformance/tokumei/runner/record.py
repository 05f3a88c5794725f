"""The one record of a run: ``report.json`` as a dict, in which every number is computed once."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tokumei import __version__
from tokumei.model import Call, Exit, Finding, ProductInfo, RunOutcome, Text, Verdict, Why
from tokumei.runner.audit import Audit
from tokumei.runner.examined import Examined, bounds, profiles
from tokumei.runner.verdicts import ClauseResult, run_outcome
from tokumei.shrink.case import Shrunk
from tokumei.spec import Edition

EXITS = {
    RunOutcome.ALL_MET: Exit.ALL_MET,
    RunOutcome.NOT_MET: Exit.NOT_MET,
    RunOutcome.INCOMPLETE: Exit.INCOMPLETE,
    RunOutcome.ERROR: Exit.SUITE,
}
MOST_ROWS = 12
MOST_FINDINGS = 5

LIMITS = (
    Text(
        "この報告は、架空の本人について製品の動作を試験した結果である。法令に反しないことを示すものではない。",
        "This report tells how the product behaved on fictitious people. It does not show that anything is lawful.",
    ),
    Text(
        "対象とした要求事項は、本規格の {of} 項目のうち {n} 項目である。結果は、列挙した欠陥の型に対する根拠にとどまる。",
        "{n} of the {of} clauses of the standard were in scope: evidence against the listed kinds of defect, no more.",
    ),
    Text(
        "しきい値は本規格の既定値であり、法令に数値の定めはない。",
        "Thresholds are defaults of this standard; the law states no number.",
    ),
)
SUPPLIED = Text(
    "提出されたファイルだけを調べた。複数回の呼出しを要する要求事項は判定していない。値は記録していない。",
    "Only supplied files were examined. Clauses that need several calls were not decided. No value is recorded.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A finding with what the report shows of it; the cards are None for supplied data."""

    finding: Finding
    id: str
    organization: str
    reproduced: str = ""
    shrunk: Shrunk | None = None
    call: Call | None = None


def finding_id(clause: str, finding: Finding) -> str:
    """A short id that the same finding has in every run of the same seed."""
    return (
        "F-"
        + hashlib.sha256(
            f"{clause}/{finding.code}/{finding.case}/{finding.resource}/{finding.fields}".encode()
        ).hexdigest()[:8]
    )


def report(
    *,
    tracks: Sequence[tuple[str, Sequence[str], Sequence[ClauseResult]]],
    shown: Mapping[str, Sequence[Shown]],
    edition: Edition,
    info: ProductInfo,
    adapter: str,
    seed: int,
    origin: Literal["generated", "supplied"] = "generated",
    level: str = "E3",
    audit: Mapping[str, str] | None = None,
    effort: Mapping[str, float],
    broken: bool = False,
    examined: Examined | None = None,
) -> dict[str, Any]:
    """The record of a run. ``broken``: the product never answered, which is exit 4."""
    seen = examined or Examined()
    results = [result for *_, some in tracks for result in some]
    outcome = RunOutcome.ERROR if broken else run_outcome(results)
    counts = Counter(result.verdict.value for result in results)
    return {
        "report_format": 1,
        "outcome": outcome.value,
        "exit": Exit.PRODUCT if broken else EXITS[outcome],
        "suite": {"version": __version__, "edition": edition.id, "law_as_of": edition.law_as_of, "seed": seed},
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "product": {
            "name": info.name,
            "vendor": info.vendor,
            "version": info.version,
            "configuration": info.configuration,
            "keys": info.keys,
            "determinism": info.determinism,
        },
        "adapter": adapter,
        "origin": origin,
        "level": level,
        "audit": dict(audit) if audit else None,
        "effort": dict(effort),
        "counts": {verdict.value: counts.get(verdict.value, 0) for verdict in Verdict},
        "tracks": [
            {
                "track": track,
                "organizations": list(organizations),
                "clauses": [_clause(result, edition, shown.get(result.clause, ())) for result in some],
            }
            for track, organizations, some in tracks
        ],
        "profiles": {"releases": seen.releases, "entries": profiles(seen, results, edition, info.profiles)},
        "relaxed": bounds(seen),
        "limits": [
            {"ja": text.ja, "en": text.en}
            for limit in ((SUPPLIED, *LIMITS[1:]) if origin == "supplied" else LIMITS)
            for text in [limit.format(n=len({result.clause for result in results}), of=len(edition.clauses))]
        ],
    }


def audit_report(audit: Audit, edition: Edition) -> dict[str, Any]:
    """The record of an audit: counts only, and never all met."""
    name = audit.organizations[0]
    shown = {
        result.clause: [Shown(finding=f, id=finding_id(result.clause, f), organization=name) for f in result.findings]
        for result in audit.results
    }
    nothing = ("calls", "cases", "judged_seconds", "product_seconds", "wall_seconds", "restarts", "timeouts")
    record = report(
        tracks=[("own", audit.organizations, audit.results)],
        shown=shown,
        edition=edition,
        info=ProductInfo(name=name),
        adapter="files",
        seed=0,
        origin="supplied",
        level=audit.level,
        audit={"purpose": audit.purpose, "responsible": audit.responsible, "role": audit.role},
        effort=dict.fromkeys(nothing, 0),
        examined=audit.examined,
    )
    never_run = {"configuration": None, "keys": None, "determinism": None}
    product = record["product"] | never_run
    return record | {"outcome": audit.outcome.value, "exit": audit.exit_code, "product": product}


def _clause(result: ClauseResult, edition: Edition, shown: Sequence[Shown]) -> dict[str, Any]:
    text = edition.clauses[result.clause]
    message = None
    if result.error:
        message = {"ja": "試験系の内部で誤りが起きた。", "en": "The suite itself failed."}
    if result.why is Why.ICS:
        message = {
            "ja": f"製品の申告により対象外とした。文書は次が作る：{result.what}",
            "en": f"Not applicable by the product's own statement. The document is written by: {result.what}",
        }
    return {
        "clause": result.clause,
        "title": {"ja": text.title.ja, "en": text.title.en},
        "outcome": text.outcome.value,
        "level": text.level.value,
        "verdict": result.verdict.value,
        "why": result.why.value if result.why else "",
        "premise": {"what": result.what, "count": result.count, "cases": result.cases}
        if result.what and result.why is not Why.ICS
        else None,
        "bound95": result.bound95,
        "message": message,
        "statistics": [
            {"name": s.name, "stage": s.stage, "value": s.value, "p": s.p, "n": s.n, "null": s.null}
            for s in result.statistics
        ],
        "findings": [_finding(result.clause, item, edition) for item in shown],
    }


def _finding(clause: str, shown: Shown, edition: Edition) -> dict[str, Any]:
    finding = shown.finding
    text = edition.sentence(clause, finding.code, **{str(k): v for k, v in finding.params.items()})
    before, after, marked = _cards(shown)
    return {
        "id": shown.id,
        "code": finding.code,
        "text": {"ja": text.ja, "en": text.en},
        "case": finding.case,
        "organization": shown.organization,
        "reproduced": shown.reproduced,
        "people": {"from": shown.shrunk.people_from, "to": shown.shrunk.people_to} if shown.shrunk else None,
        "calls": shown.shrunk.trials if shown.shrunk else 0,
        "params": dict(finding.params),
        "fields": list(finding.fields),
        "before": before,
        "after": after,
        "marked": marked,
        "replay": f"tokumei replay {shown.id} PRODUCT" if shown.shrunk else "",
    }


def _cards(shown: Shown) -> tuple[Any, Any, Any]:
    """The tables of the smallest case before and after, and the cells that the finding speaks of."""
    call, finding = shown.call, shown.finding
    if call is None:
        return None, None, None
    released = call.response.data if call.response else {}
    names = [finding.resource] if finding.resource in call.request.data else list(call.request.data)[:1]
    before = {name: _rows(call.request.data[name]) for name in names}
    after = {name: _rows(released[name]) for name in (finding.resource or names[0], *names[1:]) if name in released}
    marked = {
        side: [
            [name, row, field]
            for name, table in tables.items()
            for field in finding.fields
            if field in table["columns"]
            for row in range(len(table["rows"]))
            if side == "before" or not finding.rows or _matches(table, row, finding.rows)
        ]
        for side, tables in (("before", before), ("after", after))
    }
    return before, after, marked


def _rows(table: Any) -> dict[str, Any]:
    part = table.slice(0, MOST_ROWS)
    return {
        "columns": list(part.column_names),
        "rows": [list(row) for row in zip(*part.to_pydict().values(), strict=True)],
    }


def _matches(table: Mapping[str, Any], row: int, rows: Sequence[Mapping[str, object]]) -> bool:
    cells = dict(zip(table["columns"], table["rows"][row], strict=True))
    return any(all(cells.get(str(k)) == v for k, v in wanted.items()) for wanted in rows)
