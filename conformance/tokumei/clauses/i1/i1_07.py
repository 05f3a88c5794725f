"""I1-07: nothing by which a person, a device or an account is reached is in the release: telephone, mail, web, network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tokumei.clause import Check, Mutant
from tokumei.clauses.i1 import canaries, contacts, finding, found, parts, premises
from tokumei.declarations import Organization
from tokumei.evidence import Evidence
from tokumei.model import Need, Observation, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column

WIDE = "".join(map(chr, range(0xFF01, 0xFF5F))) + "−‐‑–—ー　"
HALF = "".join(map(chr, range(0x21, 0x7F))) + "------ "
"""Full-width signs, and what is written for a hyphen, as the signs that forms are made of."""

OCTET = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
DOMESTIC = "0[0-9][)-] ?[0-9]{4}|0[0-9]{2}[)-] ?[0-9]{3,4}|0[0-9]{3}[)-] ?[0-9]{2}|0[0-9]{4}[)-] ?[0-9]"
FORMS = (
    "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+",
    "[a-z]+://[^ ]+|www[.][a-z0-9-]+[.][a-z]+",
    "(^|[^0-9A-Za-z:-])([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}($|[^0-9A-Za-z:-])",
    f"(^|[^0-9.])({OCTET}[.]){{3}}{OCTET}($|[^0-9.])",
    f"(^|[^0-9A-Za-z-])[(]?({DOMESTIC})-[0-9]{{4}}($|[^0-9A-Za-z-])",
    "[+]81[ -]?[0-9]{1,4}[ -]?[0-9]{1,4}[ -]?[0-9]{4}",
    "(電話|携帯|℡|[Ff][Aa][Xx]|[Tt][Ee][Ll])[^0-9]{0,4}0[0-9()-]{8,13}",
)
"""What is a contact by its form, whoever has it: mail, web, MAC and IP addresses, telephone numbers with ten digits or
more (fewer are a date that begins with its day), and what is called one."""
MAYBE = (
    "[0-9]-[0-9]{4}([^0-9-]|$)|[@℡電携:+]|www[.]|[0-9][.][0-9]+[.][0-9]|[Tt][Ee][Ll]|[Ff][Aa][Xx]|([0-9A-Fa-f]{2}-){5}"
)
"""What every contact has: few other texts are looked at closely."""

PLAIN = """
SELECT "case", "call", resource, field, value FROM (
  SELECT *, CASE WHEN regexp_extract(value, '[^ -~]', 0) = '' THEN value ELSE translate(value, {wide}, {half}) END AS plain
  FROM {self} t WHERE length(value) >= 6
) AS told WHERE regexp_extract(plain, {maybe}, 0) <> '' AND regexp_extract(plain, {forms}, 0) <> ''
"""

NUMBERS = """
SELECT DISTINCT "case", source, folded AS code FROM {self} t WHERE regexp_extract(folded, '^0[0-9]{{9,10}}$', 0) <> ''
"""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look for the contacts of the input in any spelling, for last digits of them, and for the forms of contacts."""
    known = canaries(evidence, contacts(evidence.organization))
    yield from premises(evidence, known, "contacts")
    yield from premises(evidence, evidence.texts, "released values")
    seen: set[tuple[object, ...]] = set()
    for code, rows in (
        ("CONTACT_IN_RELEASE", found(evidence, contacts(evidence.organization))),
        ("PART_OF_CONTACT", parts(evidence, known.query(NUMBERS))),
        ("FORM_OF_CONTACT", _of_form(evidence)),
    ):
        told = list(rows)
        for row in told:
            if _place(row) not in seen:
                yield finding(code, row, *(["source"] if "source" in row else []), in_file="CONTACT_IN_FILE")
        seen |= {_place(row) for row in told}


def _place(row: Mapping[str, object]) -> tuple[object, ...]:
    return row["case"], row["call"], row["resource"], row["field"]


def _of_form(evidence: Evidence) -> Iterator[dict[str, object]]:
    """The fields with texts of the form of a contact that no declaration lists."""
    cells = evidence.texts.query(
        PLAIN,
        wide=WIDE,
        half=HALF,
        maybe=MAYBE,
        forms="|".join(f"({form})" for form in FORMS),
    )
    listed = {str(value) for info in evidence.organization.fields() for value in info.constraints.get("enum", ())}
    listed |= {str(node) for h in evidence.asked.hierarchies.values() for line in h["table"] for node in line}
    places: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
    for row in cells.rows():
        if row["value"] not in listed:
            places[row["case"], row["call"], row["resource"], row["field"]].add(row["value"])
    for (case, call, resource, field), values in sorted(places.items(), key=str):
        yield {"case": case, "call": call, "resource": resource, "field": field, "n": len(values)}


CHECK = Check(id="I1-07", needs=(Need.RELEASE, Need.INPUT, Need.CANARY), judge=judge)


def _phone_from_abroad(request: Request, response: Response) -> Response:
    """The first cell of the last column ends with the telephone number of the first person as it is dialled abroad."""
    resource = subject_resource(request)
    given, table = request.data[resource], response.data[resource]
    names = [
        info.name.field
        for info in Organization.of(request.organization).resource(resource).fields
        if info.tokumei.get("generator") == "phone-number"
    ]
    phones = [text for name in names for text in given.column(name).to_pylist() if text]
    if not phones or not table.num_rows:
        return response
    column = table.column_names[-1]
    first, *rest = table.column(column).to_pylist()
    return with_column(response, resource, column, [f"{first or ''} (+81){phones[0][1:].replace('-', ' ')}", *rest])


def _address_of_a_terminal(request: Request, response: Response) -> Response:
    """A column tells from which address on the network each row was entered."""
    resource = subject_resource(request)
    rows = response.data[resource].num_rows
    return with_column(response, resource, "entered_at", [f"192.0.2.{row % 250 + 1}" for row in range(rows)])


MUTANTS = (
    Mutant(
        id="phone-from-abroad",
        kind="wrapper",
        effect=Text(
            "国番号付きの電話番号が一つのセルに残り、本人に電話がかかる。",
            "One cell keeps a telephone number with the country code, and the person can be called.",
        ),
        precedent="filters for 0X0-XXXX-XXXX only, while address books write +81",
        trigger="one cell of each release",
        proof="the digits behind +81 are those of a telephone number of the input without its first 0",
        killed_by=("I1-07",),
        wrap=after(_phone_from_abroad),
    ),
    Mutant(
        id="address-of-a-terminal",
        kind="wrapper",
        effect=Text(
            "入力端末の IP アドレスが行ごとに付き、自宅や病棟の端末から本人又は職員が分かる。",
            "Each row tells the IP address of the terminal, which leads to a home, a ward or a member of the staff.",
        ),
        precedent="audit columns of patient portals that go along with an export",
        trigger="every row",
        proof="the column holds addresses of the network 192.0.2.0/24",
        killed_by=("I1-07",),
        wrap=after(_address_of_a_terminal),
    ),
    Mutant(
        id="device-address-kept",
        kind="fault",
        effect=Text(
            "貸与した機器の MAC アドレスが残り、通信の記録から本人の居所が分かる。",
            "The MAC address of a lent device stays, and records of networks tell where the person is.",
        ),
        precedent="serial numbers and addresses of devices taken for technical data (HIPAA 164.514(b)(2)(i)(M))",
        trigger="every person with a device",
        proof="the released column is the input column without colons",
        killed_by=("I1-07",),
        pairs=("hospital",),  # no devices elsewhere
        fault="device-address-kept",
    ),
    Mutant(
        id="phone-last-four",
        kind="fault",
        effect=Text(
            "電話番号の下4桁が残り、他の項目と合わせて本人が一人に絞られる。",
            "The last 4 digits of telephone numbers stay and, with other fields, leave one person.",
        ),
        precedent="masking as in call centres",
        trigger="every person with a telephone number",
        proof="the released numbers are last digits of telephone numbers of the input",
        killed_by=("I1-07",),
        fault="phone-last-four",
    ),
)
