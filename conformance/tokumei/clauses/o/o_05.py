"""O-05: local codes are mapped to standard codes first, and risk is measured over the standard codes.

Three things show it. No local code is released. The claim maps a field before a step looks for its rare values. And a
standard code is hidden wholly or not at all: where no row was taken out, a code that is shown has all its rows.
The diversity that was declared is counted over standard codes.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after

MEASURING = frozenset({"suppress-cell", "k-search"})
"""Techniques that look at how many persons have a value."""
ONLY = frozenset({"generalize", "suppress-cell", "shuffle-rows", "suppress-record"})
"""Where nothing else was done to a field, an empty cell was hidden for being rare."""

COUNTED = """
SELECT "case", "call", {column} AS value, count(*) AS n FROM {self} t GROUP BY "case", "call", {column}
"""
CLASSES = 'SELECT DISTINCT "case", "call", {by}, {value} AS value FROM {self} t'


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A field of local codes, and the standard code of each."""

    info: FieldInfo
    standard: Mapping[str, str]

    @property
    def local(self) -> frozenset[str]:
        """The local codes that are no standard codes too."""
        return frozenset(self.standard) - frozenset(self.standard.values())


def mapped(organization: Organization, processing: Processing) -> list[Mapped]:
    """The fields that are declared to be mapped, with the declared table."""
    found = []
    for info in organization.fields():
        mapping = info.tokumei.get("mapping", {})
        hierarchy = processing.hierarchies.get(str(mapping.get("hierarchy", "")))
        if hierarchy is not None and mapping["level"] in hierarchy["levels"]:
            at = hierarchy["levels"].index(mapping["level"])
            found.append(Mapped(info=info, standard={str(line[0]): str(line[at]) for line in hierarchy["table"]}))
    return found


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for local codes, for steps in the wrong order, and for standard codes that are hidden in part."""
    for field in mapped(evidence.organization, evidence.asked):
        name = field.info.name
        given, view = evidence.input[name.resource], evidence.release.get(name.resource)
        if view is None or name.field not in view.names or name.field not in given.names:
            continue
        before, now = _counted(given, name.field), _counted(view, name.field)
        for case, number, _ in evidence.released_calls():
            place, claim = (case.id, number), evidence.claim_of(number) or evidence.asked
            held, shown = before.get(place, {}), now.get(place, {})
            yield Premise(case=case.id, count=sum(code in field.standard for code in held), what="local codes")
            local = sum(code in field.local for code in shown)
            if local:
                yield _found("LOCAL_CODE", place, field, n=local)
            if not _in_order(claim, field):
                yield _found("MEASURED_BEFORE_MAPPING", place, field)
            only = {s.technique for s in claim.steps_of(name)} <= ONLY
            lost = _lost(field, held, shown) if only and not local and sum(held.values()) == sum(shown.values()) else 0
            if lost:
                yield _found("HIDDEN_IN_PART", place, field, n=lost)
        yield from _diversity(evidence, view, field)


def _counted(view: TableView, field: str) -> dict[tuple[str, int], dict[str | None, int]]:
    found: defaultdict[tuple[str, int], dict[str | None, int]] = defaultdict(dict)
    for row in view.relation.query(COUNTED, column=view.column(field)).rows():
        found[row["case"], row["call"]][row["value"]] = row["n"]
    return found


def _lost(field: Mapped, held: Mapping[str | None, int], shown: Mapping[str | None, int]) -> int:
    """How many cells of standard codes that are shown are not: all rows are there, and some are not of their code."""
    before: Counter[str] = Counter()
    for code, n in held.items():
        before[field.standard.get(str(code), str(code))] += n
    return sum(max(0, before[str(code)] - n) for code, n in shown.items() if code in field.standard.values())


def _in_order(claim: Processing, field: Mapped) -> bool:
    """Whether the field is mapped before any step that looks at how many persons have a value."""
    if not claim.released(field.info.name):
        return True
    names = [step.technique for step in claim.steps_of(field.info.name) if step.technique != "keep"]
    at = [n for n, technique in enumerate(names) if technique == "generalize"]
    measuring = [n for n, technique in enumerate(names) if technique in MEASURING]
    return bool(at) and all(n > at[0] for n in measuring)


def _diversity(evidence: Evidence, view: TableView, field: Mapped) -> Iterator[Finding]:
    """The distinct standard codes of each class, where a target wants several."""
    for target in (t for t in evidence.asked.document["targets"] if t["model"] == "l-diversity"):
        typed = evidence.asked.target("l-diversity")
        by = view.pick(typed.quasi) if typed and target.get("sensitive") == str(field.info.name) else None
        if not by or target.get("kind") == "entropy":
            continue
        classes: defaultdict[tuple[str, int], defaultdict[tuple[Any, ...], set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )
        for row in view.relation.query(CLASSES, by=by, value=view.column(field.info.name.field)).rows():
            key = tuple(row[column.name] for column in by)
            value = str(row["value"])
            classes[row["case"], row["call"]][key].add(field.standard.get(value, value))
        for place, found in classes.items():
            few = sum(len(values) < target["l"] for values in found.values())
            if few:
                yield _found("DIVERSITY_OF_LOCAL_CODES", place, field, n=few)


def _found(code: str, place: tuple[str, int], field: Mapped, **params: object) -> Finding:
    name = field.info.name
    shown = {"resource": name.resource, "field": name.field, **params}
    return Finding(code=code, case=place[0], call=place[1], params=shown, resource=name.resource, fields=(name.field,))


def applies(organization: Organization, processing: Processing) -> bool:
    """Local codes are held that are released as standard codes."""
    return any(processing.released(field.info.name) for field in mapped(organization, processing))


CHECK = Check(id="O-05", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _claims_the_reverse(request: Request, response: Response) -> Response:
    """The claim looks for rare values first, and maps what is left."""
    if response.processing is None:
        return response
    names = {str(f.info.name) for f in mapped(Organization.of(request.organization), Processing.of(request.processing))}
    claim: dict[str, Any] = copy.deepcopy(dict(response.processing))
    late = [step for step in claim["steps"] if step["technique"] == "generalize" and names & set(step["fields"])]
    claim["steps"] = [
        {
            key: [x for x in value if x not in {s["id"] for s in late}] if key == "after" else value
            for key, value in s.items()
        }
        for s in claim["steps"]
        if s not in late
    ] + late
    return dataclasses.replace(response, processing=claim)


MUTANTS = (
    Mutant(
        id="rare-before-mapping",
        kind="fault",
        effect=Text(
            "院内コードごとに人数を数え、標準コードでは多い値の一部だけが消され、報告した人数と合わない。",
            "Persons are counted by local code: a part of a frequent standard code is hidden, and no reported number is right.",
        ),
        precedent="k changes when codes are standardized (law §4.1, working group of 2024)",
        trigger="two local codes of one standard code, one of them rare",
        proof="a standard code is released with fewer cells than the input has of it, and no row was taken out",
        killed_by=("O-05",),
        pairs=("hospital",),  # no local codes elsewhere
        fault="rare-before-mapping",
    ),
    Mutant(
        id="newest-local-code-passed",
        kind="fault",
        effect=Text(
            "対応表にない院内コードがそのまま提供され、どの病院の記録かが分かる。",
            "A local code that the table does not hold goes out as it is and tells the hospital.",
        ),
        precedent="tables of local codes that lag behind the system",
        trigger="a local code that was added later",
        proof="a released value is a local code",
        killed_by=("O-05",),
        pairs=("hospital",),  # no local codes elsewhere
        fault="newest-local-code-passed",
    ),
    Mutant(
        id="mapped-last",
        kind="wrapper",
        effect=Text(
            "危険を測った後に対応付けたと述べ、示した人数は対応付ける前のものである。",
            "Codes are said to be mapped after the risk was measured, so that the numbers given are those before.",
        ),
        precedent="k changes when codes are standardized (law §4.1, working group of 2024)",
        trigger="every release of an organization with local codes",
        proof="the claim maps the field after the step that hides its rare values",
        killed_by=("O-05",),
        pairs=("hospital",),  # no local codes elsewhere
        wrap=after(_claims_the_reverse),
    ),
)
