"""I1-03: no unkeyed or guessably keyed digest of an identifier is in the release, nor of a usual combination of them.

MD5, SHA-1 and SHA-256 are computed in SQL, of every identifier and of name with birth date. The other functions and
the keys that one would guess first are tried on a few identifiers of each field: who uses them uses them for all.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

import pyarrow as pa

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column
from tokumei.relation import Relation

WHOLE = 16
"""So many hexadecimal digits (64 bits) are not met by chance: 3·10⁴ digests and 10⁴ values a case give 2·10⁻¹¹."""
WHOLE_BASE64 = 11
"""The same in Base64 (66 bits)."""
SHORTEST = 8
"""So many (32 bits, 48 in Base64) are: 0.01 expected a field, so six, and a tenth of its values, are asked for (10⁻¹⁵)."""
FEWEST = 6
SAMPLE = 2
"""Identifiers of each field and case on which functions without SQL are tried."""
GUESSES = ("", "secret", "key", "salt", "password", "hash")
OTHERS = ("sha224", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")

PLAIN = """
SELECT "case", canary AS text FROM {self} t
UNION SELECT "case", folded AS text FROM {self} t WHERE kind IN ('direct', 'staff')
UNION SELECT "case", translate(canary, ' 　', '') AS text FROM {self} t WHERE kind IN ('direct', 'staff')
"""

JOINED = """
WITH given AS {self}
SELECT DISTINCT "case", name || sep || born || tail AS text
FROM (
  SELECT "case", birth, sex, name FROM given
  UNION SELECT "case", birth, sex, translate(name, ' 　', '') AS name FROM given
) AS people
JOIN (
  SELECT DISTINCT birth AS same, birth AS born FROM given
  UNION SELECT birth AS same, replace(birth, '-', '') AS born FROM given
  UNION SELECT birth AS same, replace(birth, '-', '/') AS born FROM given
) AS births ON people.birth = births.same
CROSS JOIN (SELECT '' AS sep UNION SELECT '|' AS sep UNION SELECT '_' AS sep UNION SELECT ',' AS sep) AS seps
JOIN (
  SELECT '' AS tail, '' AS whose, '' AS glue UNION SELECT DISTINCT s.sep || sex AS tail, sex AS whose, s.sep AS glue
  FROM given
  CROSS JOIN (SELECT '' AS sep UNION SELECT '|' AS sep UNION SELECT '_' AS sep UNION SELECT ',' AS sep) AS s
) AS tails ON tails.tail = '' OR (tails.whose = people.sex AND tails.glue = seps.sep)
"""

DIGESTS = """
WITH texts AS {self}
SELECT "case", md5(text) AS code FROM texts
UNION ALL SELECT "case", sha1(text) AS code FROM texts
UNION ALL SELECT "case", sha_256(text) AS code FROM texts
"""

LOOKING = """
SELECT DISTINCT "case", value FROM {self} t
WHERE length(value) >= {shortest} AND regexp_extract(value, '[0-9A-Za-z+/_-]{{22,}}|[0-9A-Fa-f]{{8,}}|[0-9A-Za-z+/_-]{{8}}={{0,2}}$', 0) <> ''
"""

HEX = """
SELECT "case", value, lower(replace(value, '-', '')) AS code FROM {self} t
WHERE regexp_extract(value, '^[0-9A-Fa-f-]+$', 0) <> ''
UNION
SELECT "case", value, lower(regexp_extract(value, '[0-9A-Fa-f]+$', 0)) AS code FROM {self} u
WHERE length(value) > {whole} AND regexp_extract(value, '^[0-9A-Fa-f-]+$', 0) = ''
"""

BASE64 = """
SELECT "case", value, translate(value, '-_=', '+/') AS code FROM {self} t
WHERE regexp_extract(value, '^[0-9A-Za-z+/_-]+=*$', 0) <> ''
  AND regexp_extract(value, '^[0-9A-Fa-f-]+$', 0) = '' AND regexp_extract(value, '[A-Z]', 0) <> ''
"""

SAME = """
SELECT t."case", t.value, max(CASE WHEN length(t.code) >= {whole} THEN 1 ELSE 0 END) AS sure
FROM {self} t JOIN {digests} d
  ON t."case" = d."case" AND substr(t.code, 1, {shortest}) = substr(d.code, 1, {shortest})
  AND substr(d.code, 1, length(t.code)) = t.code
GROUP BY t."case", t.value
"""

FIELDS = """
SELECT c."case", c."call", c.resource, c.field, count(DISTINCT h.value) AS n, max(h.sure) AS sure,
  count(DISTINCT c.value) AS among
FROM {self} c LEFT JOIN {hits} h ON c."case" = h."case" AND c.value = h.value
GROUP BY c."case", c."call", c.resource, c.field
HAVING count(DISTINCT h.value) > 0
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Compare the values that look like digests, cut short or not, with the digests of the input."""
    for row in evidence.canaries.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"').rows():
        yield Premise(case=row["case"], count=row["n"], what="canaries")
    engine = evidence.canaries.engine
    looking = engine.register("i1-03.values", evidence.texts.query(LOOKING, shortest=SHORTEST).arrow())
    hexes, coded = looking.query(HEX, whole=WHOLE), looking.query(BASE64)
    texts = evidence.canaries.query(PLAIN)
    people = _people(evidence)
    if people is not None:
        texts = texts.query("{self} UNION {joined}", joined=people.query(JOINED))
    guessed = engine.register(
        "i1-03.guessed", pa.table(_guessed(evidence), pa.schema([(n, pa.string()) for n in ("case", "code")]))
    )
    digests = texts.query(DIGESTS + " UNION ALL {guessed}", guessed=guessed)
    hits = [hexes.query(SAME, digests=digests, whole=WHOLE, shortest=SHORTEST)]
    if coded.query("SELECT count(*) AS n FROM {self} t").value():
        in_base64 = digests.query('SELECT "case", base64(unhex(code)) AS code FROM {self} t')
        hits.append(coded.query(SAME, digests=in_base64, whole=WHOLE_BASE64, shortest=SHORTEST))
    union = " UNION ALL ".join(f"SELECT * FROM ({hit.sql}) AS h{n}" for n, hit in enumerate(hits))
    found = engine.register("i1-03.hits", engine.fetch(union))
    if found.query("SELECT count(*) AS n FROM {self} t").value():
        yield from _findings(evidence, found)


def _findings(evidence: Evidence, hits: Relation) -> Iterator[Finding]:
    for row in evidence.texts.query(FIELDS, hits=hits).rows():
        if row["sure"] or (row["n"] >= FEWEST and row["n"] * 10 >= row["among"]):
            yield Finding(
                code="DIGEST_OF_IDENTIFIER",
                case=row["case"],
                call=row["call"],
                params={"resource": row["resource"], "field": row["field"], "n": row["n"]},
                resource=row["resource"],
                fields=(row["field"],),
            )


def _people(evidence: Evidence) -> Relation | None:
    """Name, birth date and sex of every fourteenth person, up to twenty in a case; None where there is no such table."""
    parts = []
    for resource in evidence.organization.resources:
        view = evidence.input[resource.name]
        here = [info for info in resource.fields if info.name.field in view.names]
        names = [info for info in here if "direct" in info.classes and info.tokumei.get("generator") == "person-name"]
        births = [info for info in here if info.tokumei.get("generator") == "birth-date"]
        if not births:
            continue
        sexes = [info for info in here if "quasi" in info.classes and 2 <= len(info.constraints.get("enum", ())) <= 3]
        for name in names:
            parts.append(
                view.relation.query(
                    'SELECT DISTINCT "case", {name} AS name, {birth} AS birth, '
                    + ("{sex}" if sexes else "''")
                    + ' AS sex FROM {self} t WHERE "call" = 0 AND "row" < 280 AND "row" % 14 = 0',
                    name=view.column(name.name.field),
                    birth=view.column(births[0].name.field),
                    sex=view.column(_first(sexes, births).name.field),
                ).sql
            )
    return Relation(evidence.canaries.engine, " UNION ".join(parts)) if parts else None


def _first(some: list[FieldInfo], others: list[FieldInfo]) -> FieldInfo:
    return (some or others)[0]


def _guessed(evidence: Evidence) -> dict[str, list[str]]:
    """By case: other digests of a few identifiers, and digests with a key or salt that anybody would try."""
    sample = evidence.canaries.query(
        'SELECT "case", canary FROM (SELECT "case", canary, row_number() OVER (PARTITION BY "case", source '
        "ORDER BY md5(canary)) AS place FROM {self} t) AS drawn WHERE place <= {most}",
        most=SAMPLE,
    )
    keys = [key.encode() for key in (*GUESSES, evidence.organization.name)]
    found: dict[str, list[str]] = {"case": [], "code": []}
    for row in sample.rows():
        text = row["canary"].encode()
        codes = [hashlib.new(name, text).hexdigest() for name in OTHERS]
        codes.append(hashlib.blake2b(text, digest_size=16).hexdigest())
        codes += [hmac.digest(key, text, name).hex() for key in keys for name in ("md5", "sha1", "sha256")]
        for salted in [salted for key in keys[1:] for salted in (key + text, text + key)]:
            codes += [hashlib.sha256(salted).hexdigest(), hashlib.md5(salted, usedforsecurity=False).hexdigest()]
        found["case"] += [row["case"]] * len(codes)
        found["code"] += codes
    return found


def applies(organization: Organization, processing: Processing) -> bool:
    """Identifiers are held that are no labels of a list."""
    del processing
    kinds = {"direct", "staff", "symbol", "link"}
    return any(kinds & set(i.classes) and "enum" not in i.constraints for i in organization.fields())


CHECK = Check(id="I1-03", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge, applies=applies)


def _birth_and_name(request: Request, response: Response) -> Response:
    """A column holds the SHA-1 of name and birth date, as systems do that want to recognise a person again."""
    resource = subject_resource(request)
    given, table = request.data[resource], response.data[resource]
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    births = [f["name"] for f in found["schema"]["fields"] if f["tokumei"].get("generator") == "birth-date"]
    names = fields_with_class(request, resource, "direct")
    if not births or not names or not table.num_rows:
        return response
    pairs = zip(given.column(names[0]).to_pylist(), given.column(births[0]).to_pylist(), strict=True)
    texts = [f"{name}|{birth}".encode() for name, birth in pairs]
    codes: list[str | None] = [hashlib.sha1(text, usedforsecurity=False).hexdigest()[:20].upper() for text in texts]
    column = table.column_names[-1]
    kept = table.column(column).to_pylist()
    return with_column(response, resource, column, [*codes[: table.num_rows], *kept[len(codes) :]])


MUTANTS = (
    Mutant(
        id="digest-of-name-and-birth",
        kind="wrapper",
        effect=Text(
            "氏名と生年月日の名簿を持つ者は、総当たりで全ての行の本人を知る。",
            "Whoever has a list of names and birth dates learns by trial whose row each one is.",
        ),
        precedent="linkage tokens of name, birth date and sex (law §0.1); NII 2017",
        trigger="every release with names and birth dates",
        proof="the last column holds the first 20 digits of the SHA-1 of name and birth date",
        killed_by=("I1-03",),
        wrap=after(_birth_and_name),
    ),
    Mutant(
        id="salt-in-the-source",
        kind="fault",
        effect=Text(
            "製品に書かれた誰でも思い付く鍵を試すだけで、仮ID が元の番号に戻る。",
            "Trying the words that stand in every example undoes the pseudonyms.",
        ),
        precedent="Australian MBS 2016: the algorithm was the secret; salts from tutorials",
        trigger="every pseudonym",
        proof="the pseudonym is the HMAC-SHA-256 of the source key under the key 'secret'",
        killed_by=("I1-03", "I3-02"),
        fault="salt-in-the-source",
    ),
)
