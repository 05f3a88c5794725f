"""R-05: whoever knows into which class a person falls guesses a sensitive value hardly better than from everybody.

Two attackers guess. One knows the quasi-identifiers, picks the nearest persons as in R-03, and draws one of them. The
other sees which of the released classes the person is in. How much better they do than a draw from all persons of the
release is held against the bound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from random import Random

from tokumei.attacks.inference import Gain, banded, from_candidates, from_class
from tokumei.attacks.knowledge import known_sets, of_use, persons_are_told, seen
from tokumei.clause import Check, Mutant
from tokumei.clauses.r.r_03 import SLACK, At, Candidates, candidates, given_and_released, kept_fields
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Statistic, Text
from tokumei.mutants.edits import after, steps, subject_resource, with_column
from tokumei.mutants.sources import joined_all
from tokumei.thresholds import INFERENCE

METRIC = "attribute-inference"
FEWEST = 10
"""Of fewer persons a share says nothing."""
SHARED = 40
"""So many statistics share the α of the verdicts (``ALPHA_STAGE``); with more, p grows alike."""

VALUES = 'SELECT DISTINCT "case", "call", subject AS who, {column} AS v FROM {self} t WHERE {column} IS NOT NULL'


def bound_of(processing: Processing) -> float:
    """The declared advantage, or that of the context; one in k where that is more, since a class of k tells so much."""
    measured = processing.document.get("residualRisk", {}).get("measured", ())
    stated = [float(item["value"]) for item in measured if item["metric"] == METRIC]
    return max(INFERENCE.get(processing.context, 0.0), least_share(processing), *stated)


def least_share(processing: Processing) -> float:
    """One in k: the chance that a draw from the smallest class is the person."""
    return max((1 / t.k for t in processing.targets if t.model == "k-anonymity" and t.k), default=0.0)


def judge(evidence: Evidence) -> Iterator[Observation]:
    """For each attacker and each sensitive field the advantage, with the chance of so many hits in planned releases."""
    claim = evidence.claim or evidence.asked
    bound = min(bound_of(evidence.asked), bound_of(claim))
    asked = [
        (known, sensitive)
        for names in known_sets(evidence.asked, claim)
        if (known := [n for n in of_use(names, claim, evidence.release) if given_and_released(evidence, n)])
        for sensitive in _sensitive(evidence, known)
    ]
    kept = [name for name in kept_fields(evidence.asked, claim) if given_and_released(evidence, name)]
    picked: dict[tuple[FieldName, ...], Mapping[At, Candidates]] = {}
    classes: dict[tuple[FieldName, ...], Mapping[At, Mapping[Hashable, Hashable]]] = {}
    for known, sensitive in asked:
        if tuple(known) not in picked:
            apart = [name for name in kept if name not in known]
            picked[tuple(known)] = candidates(evidence, known, apart) if apart else {}
            classes[tuple(known)] = _classes(evidence, known)
        values = _values(evidence, sensitive)
        crowd = max(1.0, len(asked) / SHARED)
        yield from _of_classes(evidence, known, sensitive, values, classes[tuple(known)], bound, crowd)
        yield from _of_nearest(evidence, known, sensitive, values, bound, picked[tuple(known)])


def _of_classes(
    evidence: Evidence,
    known: list[FieldName],
    sensitive: FieldInfo,
    values: Mapping[At, Mapping[Hashable, frozenset[Hashable]]],
    classes: Mapping[At, Mapping[Hashable, Hashable]],
    bound: float,
    crowd: float,
) -> Iterator[Observation]:
    """Planned values have nothing to do with planned classes: what the classes tell, the product put there."""
    stages = {case.id: case.stage for case in evidence.cases if case.stage}
    gains: dict[str, Gain] = {}
    for (case, call), shown in sorted(classes.items()):
        gain = from_class(shown, values.get((case, call), {}), Random(f"{evidence.seed}/{case}/{call}"))
        if gain.n >= FEWEST:
            yield Premise(case=case, count=gain.n, what="subjects")
        if gain.n >= FEWEST and case in stages:
            gains[case] = gains.get(case, Gain()) + gain
    for case, gain in gains.items():
        p = min(1.0, gain.p * crowd) if gain.advantage > bound + SLACK else 1.0
        yield Statistic(
            name=f"{'+'.join(map(str, known))}/{sensitive.name}",
            stage=stages[case],
            case=case,
            value=round(gain.advantage, 3),
            p=p,
            n=gain.n,
            null="values dealt to persons regardless of their classes",
            code="CLASS_TELLS",
            params=_shown(known, sensitive, gain, bound),
            resource=sensitive.name.resource,
        )


def _of_nearest(
    evidence: Evidence,
    known: list[FieldName],
    sensitive: FieldInfo,
    values: Mapping[At, Mapping[Hashable, frozenset[Hashable]]],
    bound: float,
    picked: Mapping[At, Candidates],
) -> Iterator[Finding]:
    """Where classes hold k persons, and nothing else tells who is who, one in k is who they are taken for, at most."""
    share = max(least_share(evidence.asked), least_share(evidence.claim or evidence.asked))
    for (case, call), people in sorted(picked.items()):
        best = {person: min(ways, key=len) for person, (_, ways) in people.items()}
        truth = {person: released for person, (released, _) in people.items()}
        if len(best) < FEWEST:
            continue
        alone = sum(1 / len(each) for person, each in best.items() if truth[person] in each) / len(best)
        if not share or alone <= share + SLACK:
            continue
        gain = from_candidates(best, truth, values.get((case, call), {}))
        if gain.n >= FEWEST and gain.advantage > bound + SLACK:
            yield Finding(
                code="NEAREST_TELLS",
                case=case,
                call=call,
                params=_shown(known, sensitive, gain, bound),
                resource=sensitive.name.resource,
                fields=(*(name.field for name in known), sensitive.name.field),
            )


def _shown(known: list[FieldName], sensitive: FieldInfo, gain: Gain, bound: float) -> dict[str, object]:
    return {
        "resource": sensitive.name.resource,
        "fields": ", ".join(name.field for name in known),
        "field": sensitive.name.field,
        "n": gain.n,
        "share": f"{gain.share:.3f}",
        "baseline": f"{gain.usual:.3f}",
        "bound": f"{bound:.3f}",
    }


def _sensitive(evidence: Evidence, known: list[FieldName]) -> list[FieldInfo]:
    """The released sensitive fields of whose rows one can tell the persons."""
    resources = {name.resource for name in known}
    return [
        info
        for info in evidence.organization.fields()
        if "sensitive" in info.classes
        and info.name not in known
        and given_and_released(evidence, info.name)
        and persons_are_told(evidence.organization, evidence.release, resources | {info.name.resource})
    ]


def _values(evidence: Evidence, sensitive: FieldInfo) -> dict[At, dict[Hashable, frozenset[Hashable]]]:
    view = evidence.release[sensitive.name.resource]
    found: defaultdict[At, defaultdict[Hashable, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in view.relation.query(VALUES, column=view.column(sensitive.name.field)).rows():
        found[row["case"], row["call"]][row["who"]].add(row["v"])
    sets = {at: {who: frozenset(texts) for who, texts in of.items()} for at, of in found.items()}
    if sensitive.type in ("integer", "number"):
        return {at: banded(of) for at, of in sets.items()}
    return {at: dict(of) for at, of in sets.items()}


def _classes(evidence: Evidence, known: list[FieldName]) -> dict[At, dict[Hashable, Hashable]]:
    """The class of each released person who shows the known values in one way."""
    rows, by = seen(evidence.release, known)
    found: defaultdict[At, defaultdict[Hashable, set[Hashable]]] = defaultdict(lambda: defaultdict(set))
    for row in rows.rows():
        if row["who"] is not None:
            found[row["case"], row["call"]][row["who"]].add(tuple(row[column.name] for column in by))
    return {at: {who: next(iter(ways)) for who, ways in of.items() if len(ways) == 1} for at, of in found.items()}


def applies(organization: Organization, processing: Processing) -> bool:
    """Some attacker knows a field that is released, and a sensitive field that it does not know is released."""
    for names in known_sets(processing):
        if any(processing.released(name) for name in names):
            fields = (i for i in organization.fields() if "sensitive" in i.classes and i.name not in names)
            if any(processing.released(info.name) for info in fields):
                return True
    return False


CHECK = Check(id="R-05", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, kind="statistical", applies=applies)


def _hidden_by_value(request: Request, response: Response) -> Response:
    """Which of the known fields are hidden in a row goes by the first sensitive value."""
    resource = subject_resource(request)
    table = response.data.get(resource)
    told = next(r for r in request.organization["resources"] if r["name"] == resource)["schema"]["fields"]
    names = [f["name"] for f in told if "sensitive" in f["tokumei"]["class"] and table is not None]
    names = [name for name in names if table is not None and name in table.column_names]
    known = [str(name).split(".", 1)[1] for step in steps(request, "k-search") for name in step["fields"]]
    if table is None or not names or not known:
        return response
    column = table.column(names[0]).to_pylist()
    ordered = sorted({value for value in column if value is not None})
    for bit, name in enumerate(name for name in known if name in table.column_names):
        out = {value for place, value in enumerate(ordered) if place >> bit & 1}
        cells = zip(column, table.column(name).to_pylist(), strict=True)
        response = with_column(response, resource, name, [None if of in out else value for of, value in cells])
    return response


MUTANTS = (
    Mutant(
        id="hidden-by-the-diagnosis",
        kind="wrapper",
        effect=Text(
            "一部の病型の患者だけ年齢や居住地を伏せたため、伏せられていることが病型を示す。",
            "Age and residence are hidden for some types of disease alone, and that they are hidden tells the type.",
        ),
        precedent="cells hidden for sensitive patients alone; minimality attack (Wong et al. 2007)",
        trigger="every release with a sensitive field in the table of persons",
        proof="persons of one class share few of the values",
        killed_by=("R-05",),
        pairs=("stroke-registry",),  # elsewhere the table of persons holds a number alone
        wrap=after(_hidden_by_value),
    ),
    Mutant(
        id="coarser-for-the-sensitive",
        kind="fault",
        effect=Text(
            "値ごとに一般化の水準が変わり、年齢の階級の幅から病型や身長が分かる。",
            "The level of generalization goes by the value, and the width of a band of age tells the type or the height.",
        ),
        precedent="personalized levels of protection; minimality attack (Wong et al. 2007)",
        trigger="every release with a sensitive field in the table of persons",
        proof="persons of one class share few of the values",
        killed_by=("R-05",),
        fault="coarser-for-the-sensitive",
    ),
    Mutant(
        id="guessed-by-the-source",
        kind="wrapper",
        effect=Text(
            "元の年齢が結合され、年齢を知る者が本人の病型や身長を言い当てる。",
            "Ages of the source are joined, and whoever knows an age guesses the type or the height of the person.",
        ),
        precedent="feature tables joined on what happens to agree",
        trigger="every release with kept fields by which rows agree",
        proof="the raw value of a quasi-identifier stands in the row of the person",
        killed_by=("R-05",),
        wrap=after(joined_all),
    ),
)
