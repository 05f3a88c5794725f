"""U-01: the release comes with its utility report, and the numbers are those of the given and of the released rows.

How good they are is not judged. What stands between the text of a cell and its folded form (width, blanks, hidden
characters) is no difference: a number is right that is right for either, or between. Texts that no list and no pattern
bounds may be changed so that no program runs them (B-10), in whatever way; numbers of them are not compared.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tokumei.beside import UTILITY, path_of, read
from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Marked, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.relation import Relation
from tokumei.representation import markers
from tokumei.spreadsheets import unbounded
from tokumei.text import fold

TOLERANCE = 0.001
"""Shares are often written with 3 or 4 digits."""
COARSER = 0.01
"""Measures of two fields are often written with 2 digits after the point; those above 1 with 2 in all."""

GONE = 'SELECT DISTINCT "case", "call", subject FROM {self} t WHERE {column} IN {texts} AND subject IS NOT NULL'
ALLOWED = """
SELECT t.* FROM {self} t LEFT JOIN {gone} g ON t."case" = g."case" AND t."call" = g."call" AND t.subject = g.subject
WHERE g.subject IS NULL AND t.subject IS NOT NULL
"""
CELLS = """
SELECT "case", "call", {field} AS field, CASE WHEN {column} IN {missing} THEN '' ELSE coalesce({column}, '') END AS v,
  CAST(count(*) AS DOUBLE) AS n
FROM {self} t GROUP BY 1, 2, 3, 4
"""
FORMS = """
SELECT "case", "call", field, 'text' AS form, v, n FROM {self} t
UNION ALL SELECT "case", "call", field, 'folded' AS form, text_fold(v) AS v, sum(n) AS n
FROM {self} u GROUP BY "case", "call", field, text_fold(v)
"""
SHARES = """
SELECT "case", "call", field, form, v, n / sum(n) OVER (PARTITION BY "case", "call", field, form) AS share FROM {self} t
"""
DISTANCES = """
SELECT coalesce(b."case", a."case") AS "case", coalesce(b."call", a."call") AS "call",
  coalesce(b.field, a.field) AS field, coalesce(b.form, a.form) AS form,
  sum(abs(coalesce(b.share, CAST(0 AS DOUBLE)) - coalesce(a.share, CAST(0 AS DOUBLE)))) / 2 AS distance,
  count(b.share) AS before, count(a.share) AS after
FROM {self} b FULL JOIN {released} a ON b."case" = a."case" AND b."call" = a."call" AND b.field = a.field
  AND b.form = a.form AND b.v = a.v
GROUP BY 1, 2, 3, 4
"""
PAIRS = """
SELECT "case", "call", {one} AS a, {other} AS b, count(*) AS n FROM {self} t
WHERE {one} IS NOT NULL AND {other} IS NOT NULL AND {one} NOT IN {missing} AND {other} NOT IN {absent}
GROUP BY 1, 2, 3, 4
"""

Place = tuple[str, int]
Range = tuple[float | None, ...]
"""The numbers between which a reported one is right; None for what cannot be computed."""
Counts = Mapping[tuple[str, str], int]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Recompute every number that the report has, and look for those that it leaves out."""
    allowed = _allowed(evidence)
    marginals = _marginals(evidence, allowed)
    found: dict[str, tuple[Mapping[Place, Range], ...]] = {}
    for case, number, call in evidence.released_calls():
        if call.response is None:
            continue
        yield Premise(case=case.id, count=1, what="releases")
        report = read(call.response, UTILITY)
        if report is None:
            code = "DOCUMENT_INVALID" if path_of(UTILITY) in call.response.extra else "DOCUMENT_MISSING"
            yield Finding(code=code, case=case.id, call=number, params={"file": path_of(UTILITY)})
            continue
        claim, place = evidence.claim_of(number) or evidence.asked, (case.id, number)
        told = {line["field"]: line["distance"] for line in report["marginals"]}
        loose = {info.name for info in unbounded(evidence.organization, claim)}
        for name in kept(claim):
            table = call.response.data.get(name.resource)
            if table is None or name.field not in table.column_names:
                continue
            if str(name) not in told:
                yield _found("FIELD_LEFT_OUT", place, (name,))
            elif name not in loose and not _right(
                told[str(name)], marginals.get((*place, str(name)), (None,)), TOLERANCE
            ):
                yield _wrong(place, (name,), "distance", told[str(name)], marginals.get((*place, str(name)), (None,)))
        for asked in measures(claim):
            if loose & {FieldName.parse(str(text)) for text in asked["fields"]}:
                continue
            key = json.dumps(asked, sort_keys=True)
            if key not in found:
                found[key] = _related(evidence, allowed, asked)
            yield from _compared(report, asked, [side.get(place, (None,)) for side in found[key]], place)


def kept(claim: Processing) -> list[FieldName]:
    """The fields that the declaration keeps as they are."""
    return list(dict.fromkeys(name for step in claim.with_technique("keep") for name in step.fields if name.field))


def measures(claim: Processing) -> list[Mapping[str, Any]]:
    """The measures of two released fields of one table that the declaration names."""
    found = []
    for asked in claim.document.get("utility", ()):
        names = [FieldName.parse(str(text)) for text in asked.get("fields", ())]
        one_table = len({name.resource for name in names}) == 1 and len({*names}) == 2
        if asked.get("measure") in MEASURES and one_table and all(claim.released(name) for name in names):
            found.append(asked)
    return found


def _allowed(evidence: Evidence) -> Callable[[str], Relation]:
    """The given rows of a table that are of persons who may be released."""
    claim = evidence.claim or evidence.asked
    suppressed = [
        Marked(field=FieldName.parse(str(step.params["field"])), texts=step.texts)
        for step in claim.with_technique("suppress-record")
        if step.params.get("of") == "subject" and step.texts
    ]
    parts = [
        view.relation.query(GONE, column=view.column(marked.field.field), texts=marked.texts).sql
        for marked in dict.fromkeys((*evidence.organization.excluded(claim.regime), *suppressed))
        if (view := evidence.input.get(marked.field.resource)) and marked.field.field in view.names
    ]
    engine = evidence.canaries.engine
    gone = engine.register("u-01.gone", engine.fetch(" UNION ".join(parts))) if parts else None

    def rows(resource: str) -> Relation:
        given = evidence.input[resource].relation
        if gone is None:
            return given.query("SELECT * FROM {self} t WHERE subject IS NOT NULL")
        return given.query(ALLOWED, gone=gone)

    return rows


def _missing(evidence: Evidence, name: FieldName) -> tuple[str, ...]:
    info = evidence.organization.field(name)
    return (*markers(evidence, name), *(info.dummies if info is not None else ()))


def _marginals(evidence: Evidence, allowed: Callable[[str], Relation]) -> dict[tuple[str, int, str], Range]:
    """By case, call and field: the distance of the shares of the texts, and of the folded ones."""
    before, after = [], []
    for name in dict.fromkeys(n for claim in (evidence.asked, *evidence.claims) if claim for n in kept(claim)):
        given, view = evidence.input.get(name.resource), evidence.release.get(name.resource)
        if given is None or view is None or name.field not in given.names or name.field not in view.names:
            continue
        told = {"field": str(name), "missing": _missing(evidence, name)}
        before.append(allowed(name.resource).query(CELLS, column=given.column(name.field), **told).sql)
        after.append(view.relation.query(CELLS, column=view.column(name.field), **told).sql)
    if not before:
        return {}
    engine = evidence.canaries.engine
    sides = [
        engine.register(f"u-01.{side}", engine.fetch(" UNION ALL ".join(parts))).query(FORMS).query(SHARES)
        for side, parts in (("before", before), ("after", after))
    ]
    rows = sides[0].query(DISTANCES, released=sides[1]).rows()
    found: dict[tuple[str, int, str], Range] = {}
    for row in rows:
        value = row["distance"] if row["before"] and row["after"] else None
        key = (row["case"], row["call"], row["field"])
        found[key] = (*found.get(key, ()), value)
    return found


def _related(
    evidence: Evidence, allowed: Callable[[str], Relation], asked: Mapping[str, Any]
) -> tuple[Mapping[Place, Range], Mapping[Place, Range]]:
    """What a measure is by case and call, before and after."""
    names = [FieldName.parse(text) for text in asked["fields"]]
    resource = names[0].resource
    sides = []
    for views, rows in ((evidence.input, allowed), (evidence.release, None)):
        view = views.get(resource)
        columns = view.pick(names) if view is not None else None
        counts: dict[Place, Counter[tuple[str, str]]] = {}
        if view is not None and columns is not None:
            relation = rows(resource) if rows else view.relation
            missing, absent = (_missing(evidence, name) for name in names)
            told = relation.query(PAIRS, one=columns[0], other=columns[1], missing=missing, absent=absent)
            for row in told.rows():
                counts.setdefault((row["case"], row["call"]), Counter())[row["a"], row["b"]] += row["n"]
        sides.append({place: _both(asked, each) for place, each in counts.items()})
    return sides[0], sides[1]


def _both(asked: Mapping[str, Any], counts: Counter[tuple[str, str]]) -> Range:
    folded = Counter[tuple[str, str]]()
    for (a, b), n in counts.items():
        folded[fold(a), fold(b)] += n
    pair = (str(asked.get("exposed", "")), str(asked.get("outcome", "")))
    measure = MEASURES[asked["measure"]]
    return measure(counts, *pair), measure(folded, fold(pair[0]), fold(pair[1]))


def cramers_v(counts: Counts, exposed: str, outcome: str) -> float | None:
    """Cramér's V, from chi-squared; None where a field has fewer than two values."""
    del exposed, outcome
    rows, columns = Counter[str](), Counter[str]()
    for (a, b), n in counts.items():
        rows[a] += n
        columns[b] += n
    total, least = sum(rows.values()), min(len(rows), len(columns)) - 1
    if least < 1:
        return None
    expected = {(a, b): rows[a] * columns[b] / total for a in rows for b in columns}
    squared = sum((counts.get(pair, 0) - value) ** 2 / value for pair, value in expected.items())
    return float((squared / total / least) ** 0.5)


def odds_ratio(counts: Counts, exposed: str, outcome: str) -> float | None:
    """The odds ratio of the outcome for the exposed; None where it would be divided by 0."""
    cell = Counter[tuple[bool, bool]]()
    for (a, b), n in counts.items():
        cell[a == exposed, b == outcome] += n
    below = cell[True, False] * cell[False, True]
    return cell[True, True] * cell[False, False] / below if below else None


MEASURES: Mapping[str, Callable[[Counts, str, str], float | None]] = {
    "cramers-v": cramers_v,
    "odds-ratio": odds_ratio,
}


def _compared(
    report: Mapping[str, Any], asked: Mapping[str, Any], sides: Sequence[Range], place: Place
) -> Iterator[Finding]:
    names = tuple(FieldName.parse(text) for text in asked["fields"])
    same = ("measure", "fields", "exposed", "outcome")
    lines = [line for line in report["relations"] if all(line.get(key) == asked.get(key) for key in same)]
    if not lines:
        yield _found("RELATION_LEFT_OUT", place, names, measure=asked["measure"])
        return
    for what, true in zip(("before", "after"), sides, strict=True):
        if not _right(lines[0][what], true, COARSER):
            yield _wrong(place, names, f"{asked['measure']} ({what})", lines[0][what], true)


def _right(said: float | None, true: Range, tolerance: float) -> bool:
    known = [value for value in true if value is not None]
    if said is None or not known:
        return said is None and len(known) < len(true)
    low, high = min(known), max(known)
    return low - tolerance * max(1, low) <= said <= high + tolerance * max(1, high)


def _wrong(place: Place, names: Sequence[FieldName], what: str, said: float | None, true: Range) -> Finding:
    shown = {"said": _shown(said), "found": _shown(true[0]), "what": what}
    return _found("WRONG_NUMBER", place, names, **shown)


def _shown(value: float | None) -> str:
    return "null" if value is None else f"{value:.4g}"


def _found(code: str, place: Place, names: Sequence[FieldName], **params: object) -> Finding:
    told = {"fields": ", ".join(map(str, names)), **params}
    fields = tuple(name.field for name in names)
    return Finding(code=code, case=place[0], call=place[1], params=told, resource=names[0].resource, fields=fields)


CHECK = Check(id="U-01", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, document=UTILITY)


def _unchanged(request: Request, response: Response) -> Response:
    """The report says that nothing has changed."""
    del request
    report = json.loads(response.extra.get(path_of(UTILITY), "{}"))
    for line in report.get("marginals", ()):
        line["distance"] = 0.0
    for line in report.get("relations", ()):
        line["after"] = line["before"]
    return _with(response, report)


def _without_relations(request: Request, response: Response) -> Response:
    """The report holds the distances of single fields, and nothing of two together."""
    del request
    return _with(response, json.loads(response.extra.get(path_of(UTILITY), "{}")) | {"relations": []})


def _with(response: Response, report: Mapping[str, Any]) -> Response:
    text = json.dumps(report, ensure_ascii=False)
    return dataclasses.replace(response, extra=dict(response.extra) | {path_of(UTILITY): text})


MUTANTS = (
    Mutant(
        id="utility-as-before",
        kind="wrapper",
        effect=Text(
            "加工による変化がないと報告され、偏ったデータがそのまま解析に使われる。",
            "The report says that nothing changed, and biased data are analysed as they are.",
        ),
        precedent="utility computed on the input only (peers §3)",
        trigger="a person who is suppressed",
        proof="a number reported of the released rows is that of the input, and differs",
        killed_by=("U-01",),
        wrap=after(_unchanged),
    ),
    Mutant(
        id="relations-left-out",
        kind="wrapper",
        effect=Text(
            "項目の間の関係が壊れていても、一つの項目ずつの報告からは分からない。",
            "Where relations between fields are broken, a report of single fields does not show it.",
        ),
        precedent="utility reported by univariate statistics only (PWS Cup)",
        trigger="a declared measure of two fields",
        proof="the report has no line for a measure that the processing declaration names",
        killed_by=("U-01",),
        wrap=after(_without_relations),
    ),
    Mutant(
        id="utility-among-the-released",
        kind="fault",
        effect=Text(
            "除かれた本人を数えずに前後を比べ、除いたことによる偏りが報告に現れない。",
            "Before and after are compared among the persons who are released, and what suppression did does not show.",
        ),
        precedent="utility computed after suppression (peers §3)",
        trigger="a person who is suppressed",
        proof="the numbers reported of the input are those of the persons who stay",
        killed_by=("U-01",),
        fault="utility-among-the-released",
    ),
)
