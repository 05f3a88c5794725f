"""I2-06: no genome data at or above the thresholds of the guideline are in the release, whoever declared what.

Places are counted for each person: over cells, columns and rows. A row whose person is not known counts by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence, TableView
from tokumei.measures import genotypes
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_table
from tokumei.relation import Column
from tokumei.thresholds import LOCI, SNPS

CELLS = """
SELECT "case", "call", coalesce(subject, {key}, {resource} || ' ' || CAST("row" AS STRING)) AS person, {column} AS value
FROM {self} t
WHERE length({column}) >= 3 AND regexp_extract({column},
  '[Rr][Ss][0-9]{{3}}|[Cc][Hh][Rr][0-9XY]+[:_]|[Dd][0-9]+[Ss][0-9]{{2}}|CSF1PO|FGA|TH01|TPOX|[Vv][Ww][Aa]|SE33|P[Ee][Nn][Tt][Aa]'
  || '|[ACGTacgt]{{2}}[ ,;][ACGTacgt]{{2}}[ ,;]|[ACGT][/|][ACGT][ ,;]|[012][/|][012][ ,;]|[ACGTNacgtn]{{100}}', 0) <> ''
"""

KNOWN = """
SELECT count(*) AS n FROM {self} t JOIN {home} h ON t."case" = h."case" AND t."call" = h."call" AND t.{column} = h.subject
"""

FILLED = 'SELECT "case", "call", count(*) AS n FROM {self} t WHERE {some} GROUP BY "case", "call"'
Place = tuple[str, int, str]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count named places and unnamed genotypes of each person; find sequences and files of them."""
    for row in evidence.texts.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="released values")
    for case, n in _panels(evidence).items():
        yield Premise(case=case, count=n, what="genotypes of the input")
    for name, view in evidence.release.items():
        persons, places = _of_table(name, view, _key(evidence, view))
        for (case, number), n in sorted(persons.items()):
            shown = {"resource": name, "n": n, "places": places[case, number]}
            yield Finding(code="GENOME_IN_RELEASE", case=case, call=number, params=shown, resource=name)
    files: Counter[tuple[str, int]] = Counter()
    for row in evidence.files.query('SELECT "case", "call", place, text FROM {self} t').rows():
        files[row["case"], row["call"]] += genotypes.is_file(row["place"], row["text"])
    for (case, number), n in sorted(files.items()):
        if n:
            yield Finding(code="GENOME_IN_FILE", case=case, call=number, params={"n": n})


def _of_table(
    name: str, view: TableView, key: Column | None
) -> tuple[Counter[tuple[str, int]], dict[tuple[str, int], int]]:
    """How many persons of a table have a genome above a threshold, and the most places that one has."""
    told: defaultdict[Place, list[str]] = defaultdict(list)
    for row in view.of_each(CELLS, list(view.names), key=key, resource=name.replace("\x00", "␀")):
        told[row["case"], row["call"], row["person"]].append(row["value"])
    persons: Counter[tuple[str, int]] = Counter()
    most: dict[tuple[str, int], int] = {}
    for (case, number, _), texts in told.items():
        snps = max([len(genotypes.snps(texts)), *(genotypes.unnamed(text) for text in texts)])
        loci = len(genotypes.loci(texts))
        whole = any(genotypes.SEQUENCE.search(text) for text in texts)
        if snps >= SNPS or loci >= LOCI or whole:
            persons[case, number] += 1
            most[case, number] = max(most.get((case, number), 0), snps, loci)
    columns = len(genotypes.snps(view.names)), len(genotypes.loci(view.names))
    if columns[0] >= SNPS or columns[1] >= LOCI:  # the names of the columns, and a genotype of each in a row
        named = [f for f in view.names if genotypes.snps([f]) or genotypes.loci([f])]
        some = " AND ".join(f"{view.column(f)} IS NOT NULL" for f in named[: min(SNPS, len(named))])
        for row in view.relation.query(FILLED.replace("{some}", some)).rows():
            persons[row["case"], row["call"]] += row["n"]
            most[row["case"], row["call"]] = max(columns)
    return persons, most


def _key(evidence: Evidence, view: TableView) -> Column | None:
    """The column of a table that no declaration knows in which pseudonyms of persons stand."""
    if any(resource.name == view.resource for resource in evidence.organization.resources):
        return None
    home = evidence.release[evidence.organization.subject_key.resource].relation
    columns = list(view.names.values())
    return next((c for c in columns if view.relation.query(KNOWN, home=home, column=c).value()), None)


def _panels(evidence: Evidence) -> Counter[str]:
    """The genotypes of the input by case."""
    found: Counter[str] = Counter()
    texts = evidence.canaries.query(
        "SELECT DISTINCT \"case\", canary FROM {self} t WHERE regexp_extract(canary, '[Rr][Ss][0-9]{{3}}|^[ACGT]{{2}} ', 0) <> ''"
    )
    for row in texts.rows():
        found[row["case"]] += len(genotypes.snps([row["canary"]])) >= SNPS
    return found


CHECK = Check(id="I2-06", needs=(Need.RELEASE, Need.INPUT), judge=judge)


def _one_a_row(request: Request, response: Response) -> Response:
    """A table of its own holds one genotype a row, with the pseudonym of the person."""
    key = str(request.organization["tokumei"]["subjects"]["key"]).split(".", 1)[1]
    table = response.data[subject_resource(request)]
    if key not in table.column_names or not table.num_rows:
        return response
    who = table.column(key).to_pylist()[:3]
    rows = [(one, f"rs{7919 * (n + 1)}", "AGCT"[n % 4] + "AGCT"[n % 3]) for one in who for n in range(60)]
    columns = {key: [r[0] for r in rows], "rsid": [r[1] for r in rows], "genotype": [r[2] for r in rows]}
    return with_table(response, "variants", pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}))


def _profile_in_columns(request: Request, response: Response) -> Response:
    """The table of persons has the columns of a test of kinship."""
    resource = subject_resource(request)
    table = response.data[resource]
    for n, locus in enumerate(genotypes.LOCI[:13]):
        column = [f"{8 + (row + n) % 9},{10 + (row * 3 + n) % 9}" for row in range(table.num_rows)]
        table = table.append_column(locus, pa.array(column, pa.string()))
    return with_table(response, resource, table)


MUTANTS = (
    Mutant(
        id="genotypes-one-a-row",
        kind="wrapper",
        effect=Text(
            "一行に一箇所ずつの遺伝型が残り、合わせると本人を認証できる。",
            "Genotypes stay, one place a row; together they authenticate the person.",
        ),
        precedent="variant tables joined to an export: each row looks harmless",
        trigger="every release with a person",
        proof="a person has genotypes at 60 places over 60 rows",
        killed_by=("I2-06",),
        wrap=after(_one_a_row),
    ),
    Mutant(
        id="profile-in-columns",
        kind="wrapper",
        effect=Text(
            "親子鑑定等に用いる 13 座位の型が列として残り、鑑定の記録から本人が分かる。",
            "A profile of 13 loci stays in columns, and records of kinship tests lead to the person.",
        ),
        precedent="profiles of short tandem repeats in transplant registries (chimerism)",
        trigger="every row of the table of persons",
        proof="each row has the types of 13 loci",
        killed_by=("I2-06",),
        wrap=after(_profile_in_columns),
    ),
    Mutant(
        id="panel-kept",
        kind="fault",
        effect=Text(
            "遺伝型の並びが箇所の名前だけを除いて残り、検査会社の記録と照合すると本人が分かる。",
            "A row of genotypes stays without the names of places, and matches the records of a laboratory.",
        ),
        precedent="removal of identifiers of variants taken for anonymization (Gymrek 2013)",
        trigger="every person with a panel",
        proof="the released row has 48 genotypes of the input in their order",
        killed_by=("I2-06",),
        pairs=("hospital",),  # no genotypes elsewhere
        fault="panel-kept",
    ),
)
