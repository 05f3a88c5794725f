"""Mutants of identifiers and pseudonyms: what names a person stays, or comes out in another form."""

from __future__ import annotations

import base64
import dataclasses
import hashlib

import pyarrow as pa

from tokumei.clause import Mutant
from tokumei.model import Product, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, steps, subject_resource, with_column, with_table


def _direct(request: Request, generator: str) -> list[str]:
    """The input values of the first direct identifier of the person made by ``generator``."""
    resource = subject_resource(request)
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    wanted = fields_with_class(request, resource, "direct")
    for field in found["schema"]["fields"]:
        if field["name"] in wanted and field["tokumei"].get("generator") == generator:
            return [value for value in request.data[resource].column(field["name"]).to_pylist() if value]
    return []


def _phone_in_digits(request: Request, response: Response) -> Response:
    """The last column of the last row ends with a telephone number without its hyphens."""
    resource, phones = subject_resource(request), _direct(request, "phone-number")
    table = response.data.get(resource)
    if not phones or table is None or not table.num_rows:
        return response
    values = table.column(table.column_names[-1]).to_pylist()
    values[-1] = f"{values[-1] or ''} TEL{phones[-1].replace('-', '')}"
    return with_column(response, resource, table.column_names[-1], values)


def _wide_name_inside_text(request: Request, response: Response) -> Response:
    """A name stands inside the text of a kept cell, letters apart by middle dots."""
    resource, names = subject_resource(request), _direct(request, "person-name")
    table = response.data.get(resource)
    if not names or table is None or not table.num_rows:
        return response
    values = table.column(table.column_names[-1]).to_pylist()
    values[0] = f"{values[0] or ''}（{'・'.join(names[-1].replace(' ', ''))}）"
    return with_column(response, resource, table.column_names[-1], values)


def _name_in_column_name(request: Request, response: Response) -> Response:
    """A pivot puts a person's name on top of a column."""
    resource, names = subject_resource(request), _direct(request, "person-name")
    table = response.data.get(resource)
    if not names or table is None:
        return response
    return with_column(response, resource, f"担当 {names[0]}", ["1"] * table.num_rows)


def _name_in_file_name(request: Request, response: Response) -> Response:
    names = _direct(request, "person-name")
    if not names:
        return response
    return dataclasses.replace(response, extra=dict(response.extra) | {f"audit/{names[0]}.txt": "ok"})


def _map_left_behind(request: Request, response: Response) -> Response:
    """The table that maps persons to pseudonyms stays beside the release."""
    names = _direct(request, "person-name")
    if not names:
        return response
    lines = "\n".join(f"{name},{number}" for number, name in enumerate(names))
    return dataclasses.replace(response, extra=dict(response.extra) | {"tmp/map.csv": lines})


def _source_key_column(request: Request, response: Response) -> Response:
    """A column of source keys is left over from a join."""
    resource = subject_resource(request)
    key = str(request.organization["tokumei"]["subjects"]["key"]).split(".", 1)[1]
    keys, rows = request.data[resource].column(key).to_pylist(), response.data[resource].num_rows
    return with_column(response, resource, f"{key}_x", (keys + [None] * rows)[:rows])


def _renamed(request: Request, response: Response, name: str, names: dict[str, str]) -> Response:
    """Every pseudonym of the columns that share the person key's step is replaced by ``names``."""
    for step in steps(request, "pseudonymize-keyed"):
        fields = [str(text).split(".", 1) for text in step["fields"]]
        if name.split(".", 1) not in fields:
            continue
        for resource, field in fields:
            table = response.data.get(resource)
            if table is not None and field in table.column_names:
                values = [names.get(v, v) for v in table.column(field).to_pylist()]
                response = with_column(response, resource, field, values)
    return response


def _pseudonyms(request: Request, response: Response) -> tuple[str, list[str]]:
    name = str(request.organization["tokumei"]["subjects"]["key"])
    resource, field = name.split(".", 1)
    table = response.data.get(resource)
    if table is None or field not in table.column_names:
        return name, []
    return name, sorted({v for v in table.column(field).to_pylist() if v})


def _one_raw_key(request: Request, response: Response) -> Response:
    """One person keeps a source key as pseudonym, as a late registration does."""
    name, known = _pseudonyms(request, response)
    resource, field = name.split(".", 1)
    keys = sorted(v for v in request.data[resource].column(field).to_pylist() if v)
    return _renamed(request, response, name, {known[0]: keys[0]}) if known and keys else response


def _from_a_list(request: Request, response: Response) -> Response:
    """Pseudonyms are taken from one list made long ago, whatever the release."""
    name, known = _pseudonyms(request, response)
    made = {v: hashlib.sha256(f"list/{n}".encode()).hexdigest()[:32] for n, v in enumerate(known)}
    return _renamed(request, response, name, made)


def _column_of_base64(request: Request, response: Response) -> Response:
    """The pseudonyms of persons are source keys in Base64, dealt out in order."""
    name, known = _pseudonyms(request, response)
    resource, field = name.split(".", 1)
    keys = sorted({v for v in request.data[resource].column(field).to_pylist() if v})
    coded = [base64.b64encode(key.encode()).decode() for key in keys]
    return _renamed(request, response, name, dict(zip(known, coded, strict=False)))


def _rejected_rows_in_a_file(product: Product) -> Product:
    """A refusal comes with a file of the rows that were looked at, names and all."""

    def broken(request: Request) -> Response:
        response = product(request)
        if response.status == "ok":
            return response
        rows = request.data[subject_resource(request)].slice(0, 5).to_pylist()
        text = "\n".join(",".join(str(value) for value in row.values()) for row in rows)
        return dataclasses.replace(response, extra=dict(response.extra) | {"rejects/rows.csv": text})

    return broken


def _rejected_rows_as_reason(product: Product) -> Product:
    """The reason of a refusal points to a field by the name of the person in the row."""

    def broken(request: Request) -> Response:
        response = product(request)
        names = _direct(request, "person-name")
        if response.status == "ok" or not names:
            return response
        return dataclasses.replace(response, path=f"{response.path}/{names[0]}")

    return broken


def _name_in_its_own_table(request: Request, response: Response) -> Response:
    """A table nobody declared holds the names."""
    names = _direct(request, "person-name")
    return with_table(response, "lookup", pa.table({"name": pa.array(names, pa.string())})) if names else response


MUTANTS = (
    Mutant(
        id="phone-in-digits",
        kind="wrapper",
        effect=Text(
            "ハイフンのない電話番号がセルの末尾に残り、本人に連絡できる。",
            "A telephone number without hyphens ends a cell, and the person can be called.",
        ),
        precedent="deidgate passes other spellings of one identifier (peers §3)",
        trigger="one cell of each release",
        proof="the cell folds to a text that holds the number of the last person",
        killed_by=("I1-01",),
        wrap=after(_phone_in_digits),
    ),
    Mutant(
        id="name-between-dots",
        kind="wrapper",
        effect=Text(
            "中黒で区切られた氏名が本文の中に残る。", "A name with dots between its letters stays inside a text."
        ),
        precedent="HIPS: only the forms that the program knew were replaced",
        trigger="one cell of each release",
        proof="without the dots the cell holds the name of the last person",
        killed_by=("I1-01",),
        wrap=after(_wide_name_inside_text),
    ),
    Mutant(
        id="name-on-a-column",
        kind="wrapper",
        effect=Text("集計表の見出しに氏名が出る。", "The heading of a pivoted column shows a name."),
        precedent="GEN: pivot tables (power.md colname_leak)",
        trigger="every release",
        proof="the column name holds the first person's name",
        killed_by=("I1-01", "D-03"),
        wrap=after(_name_in_column_name),
    ),
    Mutant(
        id="name-in-file-name",
        kind="wrapper",
        effect=Text("ファイル名から氏名が分かる。", "The name of a file tells the name of a person."),
        precedent="carlos-emr #3020",
        trigger="every release",
        proof="a file of the answer is called after the first person",
        killed_by=("I1-01",),
        wrap=after(_name_in_file_name),
    ),
    Mutant(
        id="map-left-behind",
        kind="wrapper",
        effect=Text("氏名の対応表が提供物の横に残る。", "The table of names is left beside the release."),
        precedent="GEN: pseudonym map in a folder for temporary files",
        trigger="every release",
        proof="a file of the answer lists the names of the input",
        killed_by=("I1-01",),
        wrap=after(_map_left_behind),
    ),
    Mutant(
        id="names-in-a-table",
        kind="wrapper",
        effect=Text("宣言にない表で氏名が提供される。", "A table that nobody declared releases the names."),
        precedent="hidden sheets: Islington 2012, 2,375 persons; PSNI 2023, 9,483",
        trigger="every release",
        proof="the release has a table of the names of the input",
        killed_by=("I1-01",),
        wrap=after(_name_in_its_own_table),
    ),
    Mutant(
        id="rejected-rows-in-a-file",
        kind="wrapper",
        effect=Text(
            "拒否の応答に、氏名を含む行のファイルが添えられる。",
            "A refusal comes with a file of rows, names among them.",
        ),
        precedent="GEN: reject files of loaders",
        trigger="every refusal of an input with rows",
        proof="a file beside the refusal holds the first five rows of the input",
        killed_by=("I1-01",),
        wrap=_rejected_rows_in_a_file,
    ),
    Mutant(
        id="name-in-the-reason",
        kind="wrapper",
        effect=Text("拒否の理由に本人の氏名が出る。", "The reason of a refusal names a person."),
        precedent="GEN: error messages that quote the row",
        trigger="every refusal of an input with rows",
        proof="the path of the reason ends with the name of the first person",
        killed_by=("I1-01",),
        wrap=_rejected_rows_as_reason,
    ),
    Mutant(
        id="source-keys-from-a-join",
        kind="wrapper",
        effect=Text(
            "元の患者番号の列が出て、診療録と突き合わせられる。",
            "A column of source keys goes out and joins the medical records.",
        ),
        precedent="GEN: suffix columns of data frame joins",
        trigger="every release",
        proof="an undeclared column holds source keys",
        killed_by=("D-03",),
        wrap=after(_source_key_column),
    ),
    Mutant(
        id="one-raw-key",
        kind="wrapper",
        effect=Text(
            "一人だけ元の番号のまま提供され、診療録と結び付く。",
            "One person goes out under the source key and joins the medical records.",
        ),
        precedent="power.md partial_raw: late registrations",
        trigger="one person of each release",
        proof="the smallest source key is a pseudonym of both releases",
        killed_by=("I3-02",),
        wrap=after(_one_raw_key),
    ),
    Mutant(
        id="pseudonyms-from-a-list",
        kind="wrapper",
        effect=Text(
            "仮IDの一覧を使い回すため、別の提供と名寄せされる。",
            "One list of pseudonyms serves every release, so releases can be joined.",
        ),
        precedent="SUICA: one id for 2.5 years; NII 2017 複数回提供",
        trigger="every release",
        proof="the n-th pseudonym is the same text in every release",
        killed_by=("I3-02",),
        wrap=after(_from_a_list),
    ),
    Mutant(
        id="keys-in-base64",
        kind="wrapper",
        effect=Text("仮IDを復号するだけで元の番号になる。", "Decoding the pseudonyms gives the source keys."),
        precedent="South Korean RRN: letters for digits, 23,163 of 23,163 reversed",
        trigger="every release",
        proof="the pseudonyms decode to source keys",
        killed_by=("I3-02", "I1-02"),
        wrap=after(_column_of_base64),
    ),
    Mutant(
        id="sha-cut-short",
        kind="fault",
        effect=Text(
            "鍵のないSHA-256は短く切っても総当たりで戻る。",
            "An unkeyed SHA-256 is undone by trying all numbers, cut short or not.",
        ),
        precedent="New York taxi medallions; My Number Q&A 9-2",
        trigger="every release",
        proof="the pseudonym is a function of the source key alone",
        killed_by=("I3-02", "I1-03"),
        fault="sha-cut-short",
    ),
    Mutant(
        id="base64-of-the-id",
        kind="fault",
        effect=Text("符号を変えただけの番号が仮IDとして出る。", "The number goes out as pseudonym in another code."),
        precedent="South Korean RRN: letters for digits",
        trigger="every release",
        proof="the pseudonym is the Base64 of the source key",
        killed_by=("I3-02", "I1-02"),
        fault="base64-of-the-id",
    ),
    Mutant(
        id="short-row-ids",
        kind="fault",
        effect=Text(
            "行の番号が鍵のない短いハッシュになり、提供ごとに同じ行が結び付く。",
            "Row numbers become short unkeyed digests, and the same rows are joined across releases.",
        ),
        precedent="New York taxi medallions; My Number Q&A 9-2",
        trigger="every release",
        proof="the number of a row is the first 20 bits of the MD5 of its source number",
        killed_by=("I3-02",),
        fault="short-row-ids",
    ),
    Mutant(
        id="raw-id",
        kind="fault",
        effect=Text("元の番号がそのまま出る。", "The source keys go out as they are."),
        precedent="GEN: a step that is configured and does nothing",
        trigger="every release",
        proof="released and source keys are equal",
        killed_by=("I3-02",),
        fault="raw-id",
    ),
    Mutant(
        id="constant-key",
        kind="fault",
        effect=Text(
            "鍵が製品に埋め込まれ、どの提供でも仮IDが同じになる。",
            "The key is built in, so pseudonyms agree in every release.",
        ),
        precedent="Australian MBS 2016: the algorithm was the secret",
        trigger="every release",
        proof="the secret that was handed over is not used",
        killed_by=("I3-02",),
        fault="constant-key",
    ),
    Mutant(
        id="note-kept",
        kind="fault",
        effect=Text("自由記載が残り、中の氏名が読める。", "Notes stay, and the names in them can be read."),
        precedent="HIPS; clinical notes",
        trigger="every release of an organization with notes",
        proof="the column that was to be dropped is released",
        killed_by=("D-03", "I1-01"),
        fault="note-kept",
    ),
)
