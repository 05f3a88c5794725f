"""I1-09: parts of identifying descriptions, each shared by many, do not stand together in a record where they fit few.

Initials, the year of a birth or the end of a number come back in columns that nobody declared, or a family name in a
text. With the values that are kept they may fit one person of the input only.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import PSEUDONYMS, FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence, TableView
from tokumei.measures import partial
from tokumei.measures.leaks import occurrences
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column
from tokumei.text import fold
from tokumei.thresholds import K

ALPHA = 1e-11
"""The chance of a column whose values are dealt to the rows at random."""
FEWEST = 5
KANA = re.compile("[ぁ-ヿｦ-ﾟー]+")
"""Names in kana stand in other words, such as names of drugs, where they are short."""

Case: TypeAlias = tuple[str, int]
Kept: TypeAlias = tuple[str | None, ...]


def judge(evidence: Evidence, *, alpha: float = ALPHA) -> Iterator[Observation]:
    """Compare undeclared columns, and texts with a part of a name, with the persons of the input who share what is kept."""
    people = _people(evidence)
    released = {(case.id, number) for case, number, _ in evidence.released_calls()}
    for case, n in sorted(Counter(case for (case, call), rows in people.items() if call == 0 for _ in rows).items()):
        if (case, 0) in released:
            yield Premise(case=case, count=n, what="persons")
    k = _least(evidence)
    seen = set()
    for resource, view in evidence.release.items():
        declared = _declared(evidence, resource)
        for field in view.names:
            if field not in declared:
                for row in _column(evidence, view, field, people, k, alpha):
                    seen.add((row["case"], row["call"], resource, field))
                    yield _found("PARTS_TOGETHER", row, resource, field, k)
    for (case, call, resource, field), n in sorted(_by_name(evidence, people, k).items()):
        if (case, call, resource, field) not in seen:
            yield _found("NAME_WITH_THE_REST", {"case": case, "call": call, "n": n}, resource, field, k)


def _found(code: str, row: Mapping[str, Any], resource: str, field: str, k: int) -> Finding:
    shown = {"resource": resource, "field": field, "n": row["n"], "k": k}
    return Finding(code=code, case=row["case"], call=row["call"], params=shown, resource=resource, fields=(field,))


def _least(evidence: Evidence) -> int:
    """The stricter of the asked and the claimed k, or the default of the context."""
    stated = [
        t.k for each in (evidence.asked, evidence.claim) if each for t in each.targets if t.model == "k-anonymity"
    ]
    return max(stated) if stated else K.get(evidence.asked.context, max(K.values()))


def _declared(evidence: Evidence, resource: str) -> set[str]:
    """The columns of a table that are to be released, whatever is done to them."""
    known = [info.name for info in evidence.organization.fields() if info.name.resource == resource]
    return {name.field for name in known if evidence.asked.released(name)}


def _kept(evidence: Evidence) -> list[str]:
    """The fields of the table of persons that are released as they are."""
    home = evidence.release[evidence.organization.subject_key.resource]
    asked = evidence.asked
    names = [i.name for i in evidence.organization.resource(home.resource).fields if i.name.field in home.names]
    return [n.field for n in names if asked.steps_of(n) and _techniques(asked, n) == {"keep"}]


def _techniques(asked: Processing, name: FieldName) -> set[str]:
    return {step.technique for step in asked.steps if name in step.fields}


def _people(evidence: Evidence) -> dict[Case, list[tuple[Kept, frozenset[str], frozenset[str]]]]:
    """By case and call: what is kept of each person, the forms of their parts, and the folded parts of their names."""
    resource = evidence.organization.subject_key.resource
    view, kept = evidence.input[resource], _kept(evidence)
    parted = [i for i in evidence.organization.resource(resource).fields if i.name.field in view.names and _parts(i)]
    found: defaultdict[Case, dict[tuple[Any, ...], None]] = defaultdict(dict)
    columns = [view.column(name) for name in (*kept, *(i.name.field for i in parted))]
    if not parted:
        return {}
    listed = ", ".join(f"{column} AS p{n}" for n, column in enumerate(columns))
    for row in view.relation.query(f'SELECT DISTINCT "case", "call", subject, {listed} FROM {{self}} t').rows():
        values = [row[f"p{n}"] for n in range(len(columns))]
        found[row["case"], row["call"]][(row["subject"], *values)] = None
    people = {}
    for case, rows in found.items():
        people[case] = [_person(row[1 : 1 + len(kept)], row[1 + len(kept) :], parted) for row in rows]
    return people


def _person(
    kept: Kept, values: tuple[str | None, ...], parted: list[FieldInfo]
) -> tuple[Kept, frozenset[str], frozenset[str]]:
    forms: set[str] = set()
    names: set[str] = set()
    for info, value in zip(parted, values, strict=True):
        apart = _parts(info)
        if value and apart is not None:
            forms |= {partial.form(part) for part in apart(value)}
            if info.tokumei.get("generator") != "birth-date":
                names |= {fold(part) for part in value.split() if len(part) >= (4 if KANA.fullmatch(part) else 2)}
    names = {name for name in names if not name.isascii()}
    return kept, frozenset(forms), frozenset(names)


def _parts(info: FieldInfo) -> Callable[[str], Iterator[str]] | None:
    """How a value of a field is taken apart; None where it is not."""
    generator = info.tokumei.get("generator")
    if info.tokumei.get("person") not in (None, "subject"):
        return None
    if "direct" in info.classes and (generator == "person-name" or "氏名" in info.name.field):
        return partial.of_name
    return {"birth-date": partial.of_day, "phone-number": partial.of_number}.get(str(generator))


def _column(
    evidence: Evidence, view: TableView, field: str, people: Mapping[Case, list[Any]], k: int, alpha: float
) -> Iterator[dict[str, Any]]:
    """The calls in which a column goes with the persons whose kept values its rows have, beyond chance."""
    home, kept = evidence.release[evidence.organization.subject_key.resource], _kept(evidence)
    listed = ", ".join(f"h.{home.column(name)} AS p{n}" for n, name in enumerate(kept)) or "NULL AS p0"
    on = 't."row" = h."row"' if view.resource == home.resource else "t.subject = h.subject"
    rows: defaultdict[Case, list[tuple[Kept, str]]] = defaultdict(list)
    query = f'SELECT DISTINCT t."case", t."call", h.subject, t.{view.column(field)} AS told, {listed} FROM {{self}} t JOIN {{home}} h'
    query += f' ON t."case" = h."case" AND t."call" = h."call" AND {on} WHERE t.{view.column(field)} IS NOT NULL'
    for row in view.relation.query(query, home=home.relation).rows():
        told = partial.form(row["told"])
        if told:
            rows[row["case"], row["call"]].append((tuple(row[f"p{n}"] for n in range(len(kept))), told))
    for (case, call), some in sorted(rows.items()):
        persons: defaultdict[Kept, Counter[str]] = defaultdict(Counter)
        for values, forms, _ in people.get((case, call), ()):
            persons[values].update(forms)
        hits, p = partial.beyond_chance(some, persons)
        few = sum(0 < persons[values][told] < k for values, told in some)
        if hits >= FEWEST and few and p < alpha:
            yield {"case": case, "call": call, "n": few}


def _by_name(evidence: Evidence, people: Mapping[Case, list[Any]], k: int) -> Counter[tuple[str, int, str, str]]:
    """How many cells hold a part of a name that, with the kept values of their row, fits fewer than k persons."""
    names = {(case, part) for (case, _), some in people.items() for *_, parts in some for part in parts}
    found: Counter[tuple[str, int, str, str]] = Counter()
    if not names:
        return found
    table = {"case": [case for case, _ in sorted(names)], "folded": [part for _, part in sorted(names)]}
    needles = evidence.canaries.engine.register(
        "i1-09.names", pa.table(table | {"source": ["name"] * len(names), "canary": table["folded"]})
    )
    listed = {str(value) for info in evidence.organization.fields() for value in info.constraints.get("enum", ())}
    listed |= {str(node) for h in evidence.asked.hierarchies.values() for line in h["table"] for node in line}
    drawn = {
        str(name)
        for each in (evidence.asked, *(claim for claim in evidence.claims if claim))
        for step in each.with_technique(*PSEUDONYMS)
        for name in step.fields
    }
    cells = evidence.texts.query(
        "SELECT * FROM {self} t WHERE regexp_extract(text, '[^ -~]', 0) <> '' AND value NOT IN {listed} "
        "AND resource || '.' || field NOT IN {drawn}",
        listed=[*sorted(listed), ""],
        drawn=[*sorted(drawn), ""],
    )
    kept = _kept(evidence)
    home = evidence.release[evidence.organization.subject_key.resource]
    for hit in occurrences(cells, needles, show=True, folded=True).rows():
        view = evidence.release[hit["resource"]]
        if hit["field"] not in view.names:
            continue
        listed_ = ", ".join(f"h.{home.column(name)} AS p{n}" for n, name in enumerate(kept)) or "NULL AS p0"
        on = 't."row" = h."row"' if view.resource == home.resource else "t.subject = h.subject"
        rows = view.relation.query(
            f'SELECT DISTINCT {listed_} FROM {{self}} t JOIN {{home}} h ON t."case" = h."case" AND t."call" = h."call" AND {on} '
            f'WHERE t."case" = {{case}} AND t."call" = {{call}} AND t.{view.column(hit["field"])} = {{value}}',
            home=home.relation,
            case=hit["case"],
            call=hit["call"],
            value=hit["value"],
        )
        at = kept.index(hit["field"]) if view.resource == home.resource and hit["field"] in kept else None
        for row in rows.rows():
            values = tuple(row[f"p{n}"] for n in range(len(kept)))
            fitting = sum(
                hit["canary"] in parts and _agrees(own, values, at)
                for own, _, parts in people.get((hit["case"], hit["call"]), ())
            )
            found[hit["case"], hit["call"], hit["resource"], hit["field"]] += 0 < fitting < k
    return Counter({place: n for place, n in found.items() if n})


def _agrees(own: Kept, values: Kept, at: int | None) -> bool:
    """Whether all kept values are the same, but for the cell with the name itself."""
    return all(one == other for n, (one, other) in enumerate(zip(own, values, strict=True)) if n != at)


def applies(organization: Organization, processing: Processing) -> bool:
    """Names, births or numbers are held whose parts are left over."""
    del processing
    return any(_parts(info) for info in organization.resource(organization.subject_key.resource).fields)


CHECK = Check(id="I1-09", needs=(Need.RELEASE, Need.INPUT), judge=judge, applies=applies)


def _family_name_in_a_cell(request: Request, response: Response) -> Response:
    """One cell of the table of persons calls the person of that row by family name."""
    resource = subject_resource(request)
    organization = Organization.of(request.organization)
    given, table = request.data[resource], response.data[resource]
    fields = organization.resource(resource).fields
    names = [i.name.field for i in fields if i.tokumei.get("generator") == "person-name" and "direct" in i.classes]
    processing = Processing.of(request.processing)
    kept = [
        i.name.field
        for i in fields
        if i.name.field in table.column_names
        and _techniques(processing, i.name) == {"keep"}
        and "enum" in i.constraints
    ]
    if not names or not kept:
        return response
    known = {tuple(row[name] for name in kept): row[names[0]] for row in given.select([*kept, names[0]]).to_pylist()}
    for at, row in enumerate(table.select(kept).to_pylist()):
        name = known.get(tuple(row[field] for field in kept))
        if name and row[kept[-1]]:
            column = table.column(kept[-1]).to_pylist()
            column[at] = f"{column[at]}（{name.split()[0]}家）"
            return with_column(response, resource, kept[-1], column)
    return response


MUTANTS = (
    Mutant(
        id="family-name-in-a-cell",
        kind="wrapper",
        effect=Text(
            "一つのセルに姓が残り、同じ行の性別、血液型等と合わせて本人が一人に定まる。",
            "One cell keeps a family name, and with sex, blood group and the like of its row it fits one person.",
        ),
        precedent="notes in which only full names were looked for",
        trigger="one cell of each release",
        proof="the family name is that of a person of the input with the kept values of the row",
        killed_by=("I1-09",),
        wrap=after(_family_name_in_a_cell),
    ),
    Mutant(
        id="initials-beside-the-rest",
        kind="fault",
        effect=Text(
            "頭文字の列が加わり、他の項目と合わせて本人が一人に定まる。",
            "A column of initials is added, and with the other fields fits one person.",
        ),
        precedent="registries that keep initials to find the same person again",
        trigger="every row of the table of persons",
        proof="the column holds the initials of the person of the row",
        killed_by=("I1-09",),
        fault="initials-beside-the-rest",
    ),
    Mutant(
        id="birthday-beside-the-rest",
        kind="fault",
        effect=Text(
            "誕生日の月日の列が加わり、年齢階級等と合わせて本人が一人に定まる。",
            "A column of birthdays is added, and with age group and the like fits one person.",
        ),
        precedent="year of birth removed, month and day kept for seasonality (Sweeney 2000)",
        trigger="every row of the table of persons",
        proof="the column holds month and day of the birth of the person of the row",
        killed_by=("I1-09",),
        fault="birthday-beside-the-rest",
    ),
)
