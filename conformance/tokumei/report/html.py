"""A report as one self-contained HTML file: no script, no request, both languages, printable.

The language switch is CSS. Everything that is printed goes through ``_printed`` and is then escaped, so a
hostile column name stays text and no float has more than three significant digits.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tokumei.model import Lang
from tokumei.report import plots, scope, view, words
from tokumei.report.view import Report

ROWS = 24
"""Rows shown of one table of a finding; the marked ones come first."""

FAILING = 10
"""Clauses that the one page names."""


def html(report: Report, lang: Lang = "ja") -> str:
    """The whole report as HTML, opened in ``lang``."""
    return _environment().get_template("report.html.j2").render(_context(report, lang))


def summary(report: Report, lang: Lang = "ja") -> str:
    """One printable page: what was tested, the verdicts by outcome, what failed, and what is not shown."""
    order = ("fail", "suite_error", "inconclusive")
    failing = [
        {"clause": clause, "said": view.sentence(clause)}
        for verdict in order
        for _, clause in view.clauses(report)
        if clause["verdict"] == verdict
    ]
    context = _context(report, lang) | {
        "facts": {each: [*view.facts(report, each), *scope.facts(report, each)] for each in ("ja", "en")},
        "failing": failing[:FAILING],
        "more": max(0, len(failing) - FAILING),
    }
    return _environment().get_template("summary.html.j2").render(context)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("tokumei.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["n"] = view.number
    made.filters["moment"] = view.moment
    return made


def _printed(value: Any) -> Any:
    if isinstance(value, float):
        return view.number(value)
    return view.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _context(report: Report, lang: Lang) -> dict[str, Any]:
    counted = view.matrix(report)
    return {
        "r": report,
        "lang": lang,
        "words": words,
        "scope": scope,
        "headline": scope.headline(report),
        "untested": scope.untested(report),
        "profiles": scope.profile_rows(report),
        "relaxed": scope.relaxed_rows(report),
        "matrix": counted,
        "bars": {name: plots.bar(counts, 300) for name, counts in counted.items()},
        "bar": plots.bar({verdict: report["counts"][verdict] for verdict in words.VERDICTS}, 1000),
        "dots": plots.dots(report),
        "plots": plots,
        "tracks": [
            {
                "track": track["track"],
                "organizations": track["organizations"],
                "groups": [
                    (outcome, group)
                    for outcome in words.OUTCOMES
                    if (group := [clause for clause in track["clauses"] if clause["outcome"] == outcome])
                ],
            }
            for track in report["tracks"]
        ],
        "sentence": view.sentence,
        "findings": [
            {
                "anchor": f"finding-{at}",
                "clause": clause,
                "finding": finding,
                "people": view.people(finding),
                "before": view.tables(report, finding, "before", ROWS),
                "after": view.tables(report, finding, "after", ROWS),
            }
            for at, (clause, finding) in enumerate(view.findings(report), 1)
        ],
        "statistics": [(clause, statistic) for _, clause in view.clauses(report) for statistic in clause["statistics"]],
    }
