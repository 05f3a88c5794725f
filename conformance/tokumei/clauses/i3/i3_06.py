"""I3-06: two releases have no identifier in common, as a whole, in part or by rank, unless declared as an update.

I3-02 compares the text of pseudonyms. Here a release to another recipient is laid beside the first: what one
release puts around all its identifiers (the number of the release, a hyphen) is taken off before they are compared,
and so are both halves and the rank of each identifier. Whether narrow ones agree beyond chance is told by planned
cells, as in I3-02.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any

import pyarrow as pa

from tokumei.alignment import agreement, values_of_cells
from tokumei.clause import Check, Mutant
from tokumei.clauses.i3.i3_02 import WIDE_BITS
from tokumei.clauses.i3.i3_03 import in_order
from tokumei.declarations import PSEUDONYMS, FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Document, Finding, Need, Observation, Premise, Product, Request, Response, Text
from tokumei.mutants.edits import after
from tokumei.representation import markers
from tokumei.stats import permuted_upper

ALPHA = 1e-9
"""For each field, case and part: a hundred of them stay at 10⁻⁷."""
SHORTEST_HALF = 6
"""The half of a shorter identifier says nothing by itself; its rank does."""
SCOPES = ("release", "recipient", "operator")
"""Within what the same person keeps the same identifier, narrowest first."""

Values = Mapping[str, str]
"""A part of every identifier of one release, by the identifier."""

VALUES = """
SELECT DISTINCT r."case", r."call", {column} AS v FROM {self} r WHERE {column} IS NOT NULL AND {column} NOT IN {markers}
"""


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Compare both releases field by field, and what is claimed about the reach of identifiers."""
    yield from _scopes(evidence)
    for name, wide in _identifiers(evidence).items():
        view = evidence.release[name.resource]
        column = view.column(name.field)
        values: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        for row in view.relation.query(VALUES, column=column, markers=markers(evidence, name)).rows():
            values[row["case"], row["call"]].add(row["v"])
        rows = values_of_cells(evidence, name)
        for case in evidence.cases:
            one, two = values[case.id, 0], values[case.id, 1]
            if one and two:
                yield Premise(case=case.id, count=len(two), what="identifiers")
                own = [(r["call"], r["person"], r["cell"], r["v"]) for r in rows if r["case"] == case.id]
                yield from _compared(evidence, case.id, name, wide, (one, two), own, alpha)


def _compared(
    evidence: Evidence,
    case: str,
    name: FieldName,
    wide: bool,
    releases: tuple[set[str], set[str]],
    rows: list[tuple[int, str, int, str]],
    alpha: float,
) -> Iterator[Finding]:
    def finding(code: str, n: int, of: int) -> Finding:
        shown = {"resource": name.resource, "field": name.field, "n": n, "of": of}
        return Finding(code=code, case=case, call=1, params=shown, resource=name.resource, fields=(name.field,))

    cores = [cores_of(values) for values in releases]
    if wide and (same := len(set(cores[0].values()) & set(cores[1].values()))):
        yield finding("IDENTIFIER_AGAIN", same, len(releases[1]))
        return
    for what, part in PARTS.items():
        parts = [part(of) for of in cores]
        told = [(call, person, cell, parts[call][v]) for call, person, cell, v in rows if v in parts[call]]
        random = Random(f"{evidence.seed}/{case}/{name}/{what}")
        observed, expected, n = agreement(told, random)
        if n and permuted_upper(observed, expected) < alpha:
            yield finding("RANK_AGAIN" if what == "rank" else "PART_AGAIN", observed, n)
            return


def cores_of(values: Iterable[str]) -> Values:
    """Each identifier without separators, capitals, and what all of the release begin and end with."""
    plain = {value: "".join(c for c in value.casefold() if c.isalnum()) for value in values}
    texts = list(plain.values())
    if len(set(texts)) < 2:
        return plain
    head = _common(texts)
    tail = _common([text[head:][::-1] for text in texts])
    return {value: text[head : len(text) - tail] for value, text in plain.items()}


def _common(texts: Iterable[str]) -> int:
    """How many characters all texts begin with."""
    ordered = sorted(texts)
    first, last = ordered[0], ordered[-1]
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _half(which: slice | None, cores: Values) -> Values:
    found = {}
    for value, core in cores.items():
        half = len(core) // 2
        if half >= SHORTEST_HALF:
            found[value] = core[:half] if which is None else core[-half:]
    return found


def _rank(cores: Values) -> Values:
    by_core = {core: value for value, core in cores.items()}
    return {by_core[core]: str(n) for n, core in enumerate(in_order(by_core))}


PARTS: Mapping[str, Callable[[Values], Values]] = {
    "whole": lambda cores: cores,
    "head": lambda cores: _half(None, cores),
    "tail": lambda cores: _half(slice(0), cores),
    "rank": _rank,
}
"""What is compared of identifiers that may agree by chance."""


def _identifiers(evidence: Evidence) -> dict[FieldName, bool]:
    """The released identifiers, and whether one common value is beyond chance.

    Those are pseudonyms by what was asked or claimed, and link codes of the source whatever became of them.
    """
    claim, found = evidence.claim or evidence.asked, dict[FieldName, bool]()
    for info in evidence.organization.fields():
        if "link" in info.classes:
            found[info.name] = False
    for step in (*evidence.asked.with_technique(*PSEUDONYMS), *claim.with_technique(*PSEUDONYMS)):
        bits = step.params.get("bits", 0)
        for name in step.fields:
            found[name] = isinstance(bits, int) and bits >= WIDE_BITS
    views = evidence.release
    return {n: wide for n, wide in found.items() if n.resource in views and n.field in views[n.resource].names}


def _scopes(evidence: Evidence) -> Iterator[Finding]:
    """A claim that lets identifiers reach farther than was asked, and does not tell of the shared release."""
    asked = reach(evidence.asked.document)
    for case, number, call in evidence.released_calls():
        claim = evidence.claim_of(number)
        if claim is not None and call.response and call.response.processing and reach(claim.document) > asked:
            yield Finding(code="SCOPE_WIDENED", case=case.id, call=number, params={"n": 1})


def reach(document: Document) -> int:
    """The widest scope that a declaration gives to its identifiers and their secrets; 0 is one release."""
    told = [secret.get("scope") for secret in document.get("secrets", [])]
    told += [s.get("params", {}).get("scope") for s in document["steps"] if s["technique"] in PSEUDONYMS]
    return max([SCOPES.index(scope) for scope in told if scope in SCOPES], default=0)


def declared_as_update(processing: Processing) -> bool:
    """Whether the declaration says that an earlier release has the same identifiers."""
    prior: Iterable[Any] = processing.document["release"].get("priorReleases", [])
    return any(release.get("sharedPseudonyms") for release in prior) or reach(processing.document) > 0


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field is replaced by an identifier, and no update with the same ones is declared."""
    del organization
    return bool(processing.with_technique(*PSEUDONYMS)) and not declared_as_update(processing)


CHECK = Check(id="I3-06", needs=(Need.RELEASE_TWICE, Need.CLAIM), judge=judge, applies=applies)


def _release_number_in_front(product: Product) -> Product:
    """Everybody keeps one number for all releases; the number of the release is put in front of it."""

    def broken(request: Request) -> Response:
        constant = dict.fromkeys(request.secrets, b"\x07" * 32)
        response = product(dataclasses.replace(request, secrets=constant))
        front = hashlib.sha256(b"".join(request.secrets.values()) + request.id.encode()).hexdigest()[:6]
        data = dict(response.data)
        for step in request.processing["steps"] if response.status == "ok" else ():
            for text in step["fields"] if step["technique"] in PSEUDONYMS else ():
                name = FieldName.parse(text)
                table = data.get(name.resource)
                if table is None or name.field not in table.column_names:
                    continue
                values = [f"{front}-{v}" if v else v for v in table.column(name.field).to_pylist()]
                place = table.schema.get_field_index(name.field)
                data[name.resource] = table.set_column(place, name.field, pa.array(values, pa.string()))
        return dataclasses.replace(response, data=data)

    return broken


def _for_all_recipients(request: Request, response: Response) -> Response:
    """The claim lets the secret serve all releases of the operator."""
    del request
    if response.processing is None:
        return response
    secrets = [dict(secret) | {"scope": "operator"} for secret in response.processing.get("secrets", [])]
    return dataclasses.replace(response, processing=dict(response.processing) | {"secrets": secrets})


MUTANTS = (
    Mutant(
        id="release-number-in-front",
        kind="wrapper",
        effect=Text(
            "提供の番号を除けば仮ID は同じで、二つの提供先の加工後データが名寄せされる。",
            "But for the number of the release the pseudonyms are the same, and two recipients join their releases.",
        ),
        precedent="PPC FAQ A15-14; a project code concatenated with a master identifier",
        trigger="every release",
        proof="after what all identifiers of a release begin with, both releases hold the same texts",
        killed_by=("I3-06",),
        wrap=_release_number_in_front,
    ),
    Mutant(
        id="identifiers-for-all-recipients",
        kind="wrapper",
        effect=Text(
            "一度の提供のための秘密が、事業者の全ての提供に使い回される。",
            "A secret that was for one release serves every release of the operator.",
        ),
        precedent="SUICA: one id for 2.5 years",
        trigger="every release with a secret",
        proof="the claimed scope of the secret is wider than the one asked for",
        killed_by=("I3-06",),
        wrap=after(_for_all_recipients),
    ),
    Mutant(
        id="half-of-the-number-stays",
        kind="fault",
        effect=Text(
            "仮ID の前半が提供のたびに同じで、前半だけで名寄せされる。",
            "The first half of an identifier is the same in every release and joins them by itself.",
        ),
        precedent="composite keys: a master identifier and a number of the extract in one column",
        trigger="every release",
        proof="the first half of the identifiers does not depend on the secret",
        killed_by=("I3-06",),
        fault="half-of-the-number-stays",
    ),
)
