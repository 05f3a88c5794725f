"""I4-03: what reveals a hidden disease, such as a drug given for it alone, is treated with it.

A proxy is read from the data: two or more persons of the input have the value, and all of them have one and the same
disease of fewer persons than the limit, where so many would hardly meet by chance. It needs no table of drugs and
their indications, and does not know of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import comb

from tokumei.clause import Check, Mutant
from tokumei.clauses.i4.i4_02 import limits
from tokumei.declarations import FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Relation
from tokumei.representation import markers

LEAST_PERSONS = 2
"""What one person alone has says nothing of the disease."""
CHANCE = 0.001
"""Among few persons those of a value have one disease by chance. Nothing is asked where that is likelier than this."""

HELD = """
SELECT DISTINCT "case", "call", subject, {column} AS v FROM {self} t
WHERE subject IS NOT NULL AND {column} IS NOT NULL AND {column} NOT IN {markers}
"""

RARE = """
SELECT h."case", h."call", h.subject, h.v, r.n FROM {self} h JOIN (
  SELECT "case", "call", v, count(DISTINCT subject) AS n FROM {self} t GROUP BY "case", "call", v
  HAVING count(DISTINCT subject) < {least}
) r ON h."case" = r."case" AND h."call" = r."call" AND h.v = r.v
"""

SHOWN = """
SELECT DISTINCT o."case", o."call", o.v, h.subject FROM {self} o
JOIN {held} h ON o."case" = h."case" AND o."call" = h."call" AND substr(h.v, 1, length(o.v)) = o.v
"""
"""The persons of the input who have each value of the second relation, or one that it is the beginning of."""

PROXIES = """
SELECT s."case", s."call", s.v, max(s.n) AS n, max(s.few) AS few FROM (
  SELECT p."case", p."call", p.v, r.v AS hidden, max(r.n) AS few, count(DISTINCT p.subject) AS n
  FROM {self} p JOIN {rare} r ON p."case" = r."case" AND p."call" = r."call" AND p.subject = r.subject
  GROUP BY p."case", p."call", p.v, r.v
) s JOIN (
  SELECT "case", "call", v, count(DISTINCT subject) AS n FROM {self} t GROUP BY "case", "call", v
) a ON s."case" = a."case" AND s."call" = a."call" AND s.v = a.v AND s.n = a.n
WHERE a.n >= {least} GROUP BY s."case", s."call", s.v
"""

PERSONS = 'SELECT "case", "call", count(DISTINCT subject) AS n FROM {self} t GROUP BY "case", "call"'


def coded(organization: Organization) -> list[FieldName]:
    """The fields that may be proxies: sensitive texts that are no free text, such as codes of drugs and procedures."""
    return [info.name for info in organization.fields() if info.type == "string" and "sensitive" in info.classes]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for released values all of whose persons have one rare value of another field."""
    claim = evidence.claim or evidence.asked
    known = limits(evidence.asked, claim)
    held = {name: part for name in {*known, *coded(evidence.organization)} if (part := _held(evidence, name))}
    rare_of = {
        name: _stored("rare", name, held[name].query(RARE, least=least))
        for name, least in known.items()
        if name in held
    }
    for name in sorted(held):
        view = evidence.release.get(name.resource)
        others = [other for other in sorted(rare_of) if other != name]
        if view is None or name.field not in view.names or not others:
            continue
        rare = Relation(held[name].engine, " UNION ALL ".join(rare_of[other].sql for other in others))
        for (case, _), count in _proxies(held[name], rare, held[name]).items():
            yield Premise(case=case, count=count, what="proxies")
        column, hidden = view.column(name.field), markers(evidence, name)
        values = view.relation.query(
            'SELECT DISTINCT "case", "call", {column} AS v FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}',
            column=column,
            markers=hidden,
        )
        shown = _stored("shown", name, values.query(SHOWN, held=held[name]))
        for at, count in _proxies(shown, rare, held[name]).items():
            yield _finding(at, count, name)


def _proxies(values: Relation, rare: Relation, held: Relation) -> Counter[tuple[str, int]]:
    """For each call the number of values that reveal a disease, and hardly do so by chance."""
    persons = {(row["case"], row["call"]): row["n"] for row in held.query(PERSONS).rows()}
    found: Counter[tuple[str, int]] = Counter()
    for row in values.query(PROXIES, rare=rare, least=LEAST_PERSONS).rows():
        at = row["case"], row["call"]
        found[at] += comb(row["few"], row["n"]) <= CHANCE * comb(persons[at], row["n"])
    return +found


def _held(evidence: Evidence, name: FieldName) -> Relation | None:
    given = evidence.input.get(name.resource)
    if given is None or name.field not in given.names:
        return None
    hidden = markers(evidence, name)
    return _stored("held", name, given.relation.query(HELD, column=given.column(name.field), markers=hidden))


def _stored(what: str, name: FieldName, relation: Relation) -> Relation:
    """The rows, read once: each is used several times below."""
    return relation.engine.register(f"i4-03.{what}.{str(name).encode().hex()}", relation.arrow())


def _finding(at: tuple[str, int], count: int, name: FieldName) -> Finding:
    return Finding(
        code="PROXY_RELEASED",
        case=at[0],
        call=at[1],
        params={"resource": name.resource, "field": name.field, "n": count},
        resource=name.resource,
        fields=(name.field,),
    )


def applies(organization: Organization, processing: Processing) -> bool:
    """Rare values are to be hidden, and another field may reveal them."""
    known = limits(processing)
    released = {name for name in {*known, *coded(organization)} if processing.released(name)}
    return any(released - {name} for name in known)


CHECK = Check(id="I4-03", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _drugs_restored(request: Request, response: Response) -> Response:
    """Empty cells of the last field with a limit are filled with what the release has lost: a join with the source."""
    names = [text for target in request.processing["targets"] for text in target.get("fields", [])]
    if len(names) < 2:
        return response
    name = FieldName.parse(str(names[-1]))
    table, given = response.data.get(name.resource), request.data.get(name.resource)
    if table is None or given is None or name.field not in table.column_names:
        return response
    cells = table.column(name.field).to_pylist()
    lost = sorted({value for value in given.column(name.field).to_pylist() if value} - set(cells))
    empty = iter(lost * len(cells))
    return with_column(response, name.resource, name.field, [cell or next(empty, None) for cell in cells])


MUTANTS = (
    Mutant(
        id="drugs-restored",
        kind="wrapper",
        effect=Text(
            "病名を隠しても、その病気だけに使う薬から病名が分かる。",
            "The disease is hidden, and the drug that is given for it alone tells it.",
        ),
        precedent="guideline example of item 5 (goods of very few buyers); orphan drugs (law I4-03)",
        trigger="a drug of few persons that was taken out",
        proof="a released drug was given in the input to persons of one rare disease only",
        killed_by=("I4-03", "I4-02"),
        pairs=("hospital",),  # no limit of rare values elsewhere
        wrap=after(_drugs_restored),
    ),
    Mutant(
        id="rare-in-first-field-only",
        kind="fault",
        effect=Text(
            "まれな病名だけを除き、薬の列はそのまま残す。",
            "Rare diseases are taken out, and the column of drugs stays as it is.",
        ),
        precedent="suppression configured for the diagnosis and no other column (law I4-03)",
        trigger="a drug given for a rare disease alone",
        proof="the planned drug of the planned disease is in the release",
        killed_by=("I4-03", "I4-02"),
        pairs=("hospital",),  # no limit of rare values elsewhere
        fault="rare-in-first-field-only",
    ),
)
