"""Judges a release that lies in files, without calling a product: what files alone can show, and no more.

An audit never acquits: its best outcome is "no finding (n of N clauses decidable)", exit 3. Real people
may be in the files, so nothing that leaves this module holds a value, a key or a digest of a row: only
counts, and names that the organization declaration gives.

**Suppressed records.** A record whose released quasi-identifiers all stand at the marker that the
organization declares (``representation.suppressed``, such as ``*``) can be read in two ways: as one class
of its own (``as-class``: it too must hold k people), or as no longer there (``removed``: nothing is left to
tell its people apart by). Both k are reported in ``Audit.measured``. The judgement uses ``removed`` unless the
target, asked or claimed, says ``suppressed: as-class``, which can only find more. A record
with only some cells at the marker is a class like any other in both readings.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tokumei import documents
from tokumei.beside import path_of
from tokumei.clause import Check, checks
from tokumei.declarations import DROPPING, PSEUDONYMS, TECHNIQUES, FieldName, Organization, Processing, Target
from tokumei.evidence import CaseView, Evidence, TableView
from tokumei.measures.classes import class_sizes
from tokumei.modalities.tables.auditfiles import original_tables, supplied
from tokumei.modalities.tables.relations import Played, evidence
from tokumei.model import (
    Call,
    Document,
    Exit,
    Finding,
    Need,
    Observation,
    Problem,
    Request,
    Response,
    RunOutcome,
    Text,
    TokumeiError,
    Verdict,
    Why,
)
from tokumei.relation import Column, Engine
from tokumei.runner.examined import Examined, Released, examined
from tokumei.runner.readings import MODEL, as_read, by_reading, described, markers, reading, targets, whole
from tokumei.runner.run import inapplicable
from tokumei.runner.verdicts import ClauseResult, judged
from tokumei.thresholds import CONTEXTS

CASE = "audit"
_PLACES = frozenset({"file", "name", "text", "log", "message"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What files alone show. ``level`` is E0 without the original and E1 with it.

    ``measured`` holds counts by name: ``targets`` (for each k of the declarations both readings),
    ``resources`` (rows and people) and, with the original, ``pseudonyms_unchanged``.
    """

    results: tuple[ClauseResult, ...]
    level: Literal["E0", "E1"]
    measured: Mapping[str, object]
    organizations: tuple[str, ...]
    decidable: tuple[str, ...]
    purpose: str = ""
    responsible: str = ""
    role: Literal["maker", "recipient"] = "maker"
    counts: Mapping[str, int] = field(default_factory=dict)
    examined: Examined = field(default_factory=Examined)

    @property
    def outcome(self) -> RunOutcome:
        """Never ``all_met``: a finding is a finding, its absence is incomplete."""
        verdicts = {result.verdict for result in self.results}
        if Verdict.FAIL in verdicts:
            return RunOutcome.NOT_MET
        return RunOutcome.ERROR if Verdict.SUITE_ERROR in verdicts else RunOutcome.INCOMPLETE

    @property
    def exit_code(self) -> int:
        codes = {RunOutcome.NOT_MET: Exit.NOT_MET, RunOutcome.ERROR: Exit.SUITE}
        return codes.get(self.outcome, Exit.INCOMPLETE)

    @property
    def summary(self) -> Text:
        findings = sum(len(result.findings) for result in self.results)
        where = Text(
            "{all} 項目のうち判定できたもの {n} 項目、水準 {level}",
            "{n} of {all} clauses decidable, level {level}",
        ).format(n=len(self.decidable), all=len(self.results), level=self.level)
        if self.outcome is RunOutcome.ERROR:
            return Text(f"試験系の誤り（{where.ja}）", f"suite error ({where.en})")
        if findings:
            return Text(f"指摘 {findings} 件（{where.ja}）", f"{findings} finding(s) ({where.en})")
        return Text(f"指摘なし（{where.ja}）", f"no finding ({where.en})")


def audit(
    *,
    organization: Path,
    processing: Path,
    release: Path,
    original: Path | None = None,
    purpose: str,
    responsible: str,
    role: Literal["maker", "recipient"],
    engine: Engine,
) -> Audit:
    """Judge the release folder (a response folder, or the data files themselves) against its declarations.

    ``processing`` is what was asked, and what is claimed where the folder holds no ``processing.yaml``.
    Raises TokumeiError (usage) for a recipient who hands in the original: matching a release with the
    source is forbidden to recipients (次世代医療基盤法第19条第2項), so nothing is read.
    """
    _check_usage(role=role, purpose=purpose, responsible=responsible, original=original)
    held = Organization.of(documents.load(organization).document)
    asked = Processing.of(documents.load(processing).document)
    found = supplied(release, held)
    claim_document: Document = asked.document if found.processing is None else found.processing
    claim = _readable(claim_document)
    data = original_tables(original, held) if original is not None else {}
    offers = frozenset({Need.RELEASE, Need.CLAIM} | ({Need.INPUT, Need.CANARY} if original is not None else set()))
    call = Call(
        request=Request(id=CASE, organization=held.document, processing=asked.document, data=data),
        response=Response(
            status="ok",
            data=found.tables,
            organization=held.document if found.organization is None else found.organization,
            processing=claim_document,
            extra=found.extra,
        ),
        log_captured=False,
    )
    view = CaseView(id=CASE, calls=(call,), offers=offers, expects=("release",))
    shown = evidence(
        engine,
        [Played(view=view, truths=())],
        organization=held,
        asked=asked,
        claims=(claim,),
        origin="supplied",
        seed=0,
    )
    suppressed = markers(held, found)
    vocabulary = _Vocabulary.of(held, asked, shown.release)
    results = []
    for check in checks().values():
        if why := inapplicable(check, [(held, asked)]):
            results.append(ClauseResult(clause=check.id, verdict=Verdict.NOT_APPLICABLE, why=why))
            continue
        absent = check.document and path_of(check.document) not in found.extra  # files do not tell that there is none
        if absent or not set(check.needs) <= offers:
            results.append(ClauseResult(clause=check.id, verdict=Verdict.INCONCLUSIVE, why=Why.UNDECIDABLE))
            continue
        results.append(_judge(check, shown, suppressed, vocabulary))
    resources = {name: _counts(table) for name, table in shown.release.items() if table.names}
    measured: dict[str, object] = {
        "targets": [_measure(shown, target, suppressed) for target in targets(shown)],
        "resources": resources,
    }
    if original is not None:
        measured["pseudonyms_unchanged"] = _unchanged(shown)
    return Audit(
        results=tuple(results),
        level="E0" if original is None else "E1",
        measured=measured,
        organizations=(held.name,),
        decidable=tuple(r.clause for r in results if r.verdict in {Verdict.PASS, Verdict.FAIL}),
        purpose=purpose,
        responsible=responsible,
        role=role,
        counts={
            "rows": sum(counts["rows"] for counts in resources.values()),
            "persons": resources.get(held.subject_key.resource, {}).get("persons", 0),
        },
        examined=examined(
            [(held.name, (held, asked))],
            [Released(organization=held.name, case=CASE, number=0, held=held, asked=asked, call=call)],
            "supplied",
        ),
    )


def _check_usage(*, role: str, purpose: str, responsible: str, original: Path | None) -> None:
    problems = []
    if role not in {"maker", "recipient"}:
        problems.append(Problem(code="AUDIT_ROLE_UNKNOWN"))
    if not purpose.strip():
        problems.append(Problem(code="AUDIT_PURPOSE_MISSING"))
    if not responsible.strip():
        problems.append(Problem(code="AUDIT_RESPONSIBLE_MISSING"))
    if role == "recipient" and original is not None:
        problems.append(Problem(code="AUDIT_MATCHING_FORBIDDEN"))
    if problems:
        raise TokumeiError(*problems, exit_code=Exit.USAGE)


def _readable(document: Document) -> Processing | None:
    try:
        return Processing.of(document)
    except TokumeiError:
        return None


# --- judging ----------------------------------------------------------------------------------------------------------


def _judge(
    check: Check, shown: Evidence, suppressed: Mapping[FieldName, tuple[str, ...]], vocabulary: _Vocabulary
) -> ClauseResult:
    observations: list[Observation] = []
    error = ""
    try:
        parts = {"I5-01": by_reading, "R-02": as_read}.get(check.id, whole)
        for part in parts(shown, suppressed):
            observations.extend(check.judge(part))
    except Exception as failure:  # noqa: BLE001 - the suite is total; the message may quote rows and is dropped
        last = traceback.extract_tb(failure.__traceback__)[-1]
        error = f"{type(failure).__name__} at {Path(last.filename).name}:{last.lineno}"
    result = judged(check, observations, shown=1, error=error)
    return dataclasses.replace(
        result, findings=tuple(vocabulary.clean(finding) for finding in result.findings), statistics=()
    )


# --- measuring --------------------------------------------------------------------------------------------------------


def _measure(shown: Evidence, target: Target, suppressed: Mapping[FieldName, tuple[str, ...]]) -> dict[str, object]:
    resource = target.quasi[0].resource
    read = reading(shown, target)
    claimed = [t.k for t in (shown.claim.targets if shown.claim else ()) if set(t.quasi) == set(target.quasi)]
    line: dict[str, object] = {
        "model": MODEL,
        "quasi": [str(name) for name in target.quasi],
        "asked": max([target.k, *claimed]),
        "reading": read,
    }
    table = shown.release.get(resource)
    if table is None or not table.names:
        return line | {"k": None}
    every = _classes(table, target)
    rest = _classes(described(table, target, suppressed), target)
    judged_on = every if read == "as-class" else rest
    return line | {
        "k": judged_on["k"],
        "k_as_class": every["k"],
        "k_removed": rest["k"],
        "classes": judged_on["classes"],
        "classes_below": judged_on["below"],
        "rows": every["rows"],
        "rows_suppressed": every["rows"] - rest["rows"],
        "rows_without_person": every["without"],
    }


def _classes(table: TableView, target: Target) -> dict[str, Any]:
    by = table.pick([name for name in target.quasi if name.field in table.names])
    if not by:
        return {"k": None, "classes": 0, "below": 0, "rows": _counts(table)["rows"], "without": 0}
    sizes = class_sizes(table.relation, by=by, person=Column("subject"))
    row = sizes.query(
        "SELECT min(persons) FILTER (WHERE persons > 0) AS k, count(*) FILTER (WHERE persons > 0) AS classes, "
        "count(*) FILTER (WHERE persons > 0 AND persons < {k}) AS below, "
        'CAST(coalesce(sum("rows"), 0) AS BIGINT) AS n FROM {self} t',
        k=target.k,
    ).rows()[0]
    without = table.relation.query("SELECT count(*) AS n FROM {self} t WHERE subject IS NULL").value()
    return {"k": row["k"], "classes": row["classes"], "below": row["below"], "rows": row["n"], "without": without}


def _counts(table: TableView) -> dict[str, int]:
    row = table.relation.query("SELECT count(*) AS n, count(DISTINCT subject) AS persons FROM {self} t").rows()[0]
    return {"rows": row["n"], "persons": row["persons"]}


def _unchanged(shown: Evidence) -> dict[str, int]:
    """For each pseudonym field, how many distinct released values stand in the same field of the original."""
    counts = {}
    for step in (shown.claim or shown.asked).steps:
        if step.technique not in PSEUDONYMS:
            continue
        for name in step.fields:
            before, after = shown.input.get(name.resource), shown.release.get(name.resource)
            if before is None or after is None or name.field not in before.names or name.field not in after.names:
                continue
            counts[str(name)] = after.relation.query(
                "SELECT count(DISTINCT {column}) AS n FROM {self} t WHERE {column} IN (SELECT {source} FROM {before} b)",
                column=after.column(name.field),
                before=before.relation,
                source=before.column(name.field),
            ).value()
    return counts


# --- no value leaves --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words that a finding may hold, of the declarations; another column of the release is named by its place."""

    words: frozenset[str]
    places: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, held: Organization, asked: Processing, release: Mapping[str, TableView]) -> _Vocabulary:
        names: Iterable[str] = (part for info in held.fields() for part in (info.name.field, str(info.name)))
        resources = {resource.name for resource in held.resources}
        places = {
            (resource, name): f"#{place}"
            for resource, table in release.items()
            for place, name in enumerate(table.names, 1)
        }
        parameters = (value for step in asked.steps for value in step.params.values())
        stated = {str(value) for value in parameters if isinstance(value, str | int | float)}
        own = {asked.regime, asked.context, *CONTEXTS, *stated}
        return cls(frozenset({*names, *resources, *own}) | TECHNIQUES | DROPPING | _PLACES, places)

    def clean(self, finding: Finding) -> Finding:
        return dataclasses.replace(
            finding,
            rows=(),
            params={key: self._safe(value, finding.resource) for key, value in finding.params.items()},
            resource=str(self._safe(finding.resource, "")),
            fields=tuple(str(self._safe(name, finding.resource)) for name in finding.fields),
        )

    def _safe(self, value: object, resource: str) -> object:
        if isinstance(value, bool | int | float) or value in ("", None) or value in self.words:
            return value
        return self.places.get((resource, str(value)), "?")


__all__: Sequence[str] = ("Audit", "audit")
