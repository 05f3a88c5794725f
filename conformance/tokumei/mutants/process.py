"""Mutants of documents and channels: what a release says of itself, and what is said beside it."""

from __future__ import annotations

import base64
import copy
import dataclasses
from collections.abc import Callable

from tokumei.clause import Mutant
from tokumei.model import Product, Request, Response, Text
from tokumei.mutants.edits import after, subject_resource, with_column, with_table


def _says(text: Callable[[Request], str]) -> Callable[[Product], Product]:
    """Add ``text`` of the request to the message of every answer."""

    def wrap(product: Product) -> Product:
        def broken(request: Request) -> Response:
            response = product(request)
            return dataclasses.replace(response, message=f"{response.message} {text(request)}".strip())

        return broken

    return wrap


def _secret(request: Request) -> str:
    return " ".join(f"{name}={base64.b64encode(value).decode()}" for name, value in request.secrets.items())


def _last_key(request: Request) -> str:
    resource, field = str(request.organization["tokumei"]["subjects"]["key"]).split(".", 1)
    values = request.data[resource].column(field).to_pylist()
    return f"last record: {values[-1]}" if values else ""


def _first_row(request: Request) -> str:
    rows = request.data[subject_resource(request)].slice(0, 1).to_pylist()
    return "; ".join(f"{name}={value}" for row in rows for name, value in row.items())


def _row_in_refusal(product: Product) -> Product:
    """A refusal explains itself with the first row."""

    def broken(request: Request) -> Response:
        response = product(request)
        if response.status != "refused":
            return response
        return dataclasses.replace(response, message=f"{response.message} near {_first_row(request)}")

    return broken


def _without_claim(request: Request, response: Response) -> Response:
    return dataclasses.replace(response, processing=None, organization=None)


def _unknown_technique(request: Request, response: Response) -> Response:
    document = copy.deepcopy(dict(response.processing or request.processing))
    document["steps"][0]["technique"] = "masking"
    return dataclasses.replace(response, processing=document)


def _without_last_column(request: Request, response: Response) -> Response:
    resource = subject_resource(request)
    table = response.data[resource]
    return with_table(response, resource, table.drop_columns([table.column_names[-1]]))


def _second_file(request: Request, response: Response) -> Response:
    return dataclasses.replace(response, extra=dict(response.extra) | {"data/backup.csv": "a,b\n1,2\n"})


def _not_described(request: Request, response: Response) -> Response:
    """The description of the release leaves out the last field of each table."""
    document = copy.deepcopy(dict(response.organization or request.organization))
    for resource in document["resources"]:
        resource["schema"]["fields"] = resource["schema"]["fields"][:1]
    return dataclasses.replace(response, organization=document)


def _year_of_birth(request: Request, response: Response) -> Response:
    """A column made on the way, the year of the first date of the input, stays in the release."""
    resource = subject_resource(request)
    found = next(r for r in request.organization["resources"] if r["name"] == resource)
    dates = [f["name"] for f in found["schema"]["fields"] if f["type"] == "date"]
    if not dates:
        return response
    years = [(value or "")[:4] for value in request.data[resource].column(dates[0]).to_pylist()]
    rows = response.data[resource].num_rows
    return with_column(response, resource, "year", (years + [""] * rows)[:rows])


MUTANTS = (
    Mutant(
        id="secret-in-message",
        kind="wrapper",
        effect=Text(
            "鍵が文面に出て、仮IDを作り直せる。", "The key is in a message, and pseudonyms can be made again with it."
        ),
        precedent="GEN: options printed at the start",
        trigger="every call",
        proof="the message holds the secret in Base64",
        killed_by=("B-03",),
        wrap=_says(_secret),
    ),
    Mutant(
        id="last-key-in-message",
        kind="wrapper",
        effect=Text("進捗に患者番号が出る。", "Progress messages show a patient's number."),
        precedent="WNPRC-EHR #2; carlos-emr #3020",
        trigger="every call with a person in it",
        proof="the message holds the source key of the last row",
        killed_by=("B-03",),
        wrap=_says(_last_key),
    ),
    Mutant(
        id="row-in-refusal",
        kind="wrapper",
        effect=Text("拒否の理由に元の行が写される。", "A refusal quotes a row of the input."),
        precedent="WNPRC-EHR #2; parser errors that quote their input",
        trigger="a refusal of an input that is not empty",
        proof="the message of a refusal holds the first row",
        killed_by=("B-03",),
        wrap=_row_in_refusal,
    ),
    Mutant(
        id="without-claim",
        kind="wrapper",
        effect=Text(
            "何をしたかの記載がなく、受け手が確かめられない。",
            "Nothing says what was done, and the recipient cannot check it.",
        ),
        precedent="NGMIA 9条2項: the declarations that are filed",
        trigger="every release",
        proof="the answer holds no declaration",
        killed_by=("D-03",),
        wrap=after(_without_claim),
    ),
    Mutant(
        id="unknown-technique",
        kind="wrapper",
        effect=Text("決められた語彙にない加工が宣言される。", "A technique outside the vocabulary is claimed."),
        precedent="GEN: vendors' own words for techniques",
        trigger="every release",
        proof="the first step of the claim is called masking",
        killed_by=("D-03",),
        wrap=after(_unknown_technique),
    ),
    Mutant(
        id="column-missing",
        kind="wrapper",
        effect=Text("提供すると宣言した列がない。", "A column that was declared released is not there."),
        precedent="GEN: lists of columns that are shorter than the table",
        trigger="every release",
        proof="the last column of the person's table is taken out",
        killed_by=("D-03",),
        wrap=after(_without_last_column),
    ),
    Mutant(
        id="second-file",
        kind="wrapper",
        effect=Text("宣言にないファイルが提供物に混ざる。", "A file that nobody declared is among the data."),
        precedent="GEN: backups beside the result",
        trigger="every release",
        proof="the data folder holds a file of no resource",
        killed_by=("D-03",),
        wrap=after(_second_file),
    ),
    Mutant(
        id="columns-not-described",
        kind="wrapper",
        effect=Text(
            "提供仕様書に載らない列が提供される。",
            "Columns are released that the description of the release does not name.",
        ),
        precedent="GEN: a description that is written once and not kept",
        trigger="every release",
        proof="the description names one field of each table",
        killed_by=("D-03",),
        wrap=after(_not_described),
    ),
    Mutant(
        id="year-left-over",
        kind="wrapper",
        effect=Text(
            "計算の途中の列が残り、生年などの手がかりになる。",
            "A column made on the way stays, and gives a year such as that of birth.",
        ),
        precedent="power.md birth_year",
        trigger="every release of an organization with a date of the person",
        proof="an undeclared column holds years of the input",
        killed_by=("D-03",),
        wrap=after(_year_of_birth),
    ),
    Mutant(
        id="secret-in-log",
        kind="fault",
        effect=Text(
            "鍵が記録に残り、仮IDを作り直せる。", "The key is logged, and pseudonyms can be made again with it."
        ),
        precedent="GEN: power.md key_in_log",
        trigger="the first pseudonym of a call",
        proof="the message holds the secret in hexadecimal",
        killed_by=("B-03",),
        fault="secret-in-log",
    ),
    Mutant(
        id="progress-names-people",
        kind="fault",
        effect=Text("進捗の文に氏名が出る。", "Progress messages show names."),
        precedent="WNPRC-EHR #2",
        trigger="a column of names that is dropped",
        proof="the message quotes the first name of the column",
        killed_by=("B-03",),
        fault="progress-names-people",
    ),
    Mutant(
        id="undeclared-initial",
        kind="fault",
        effect=Text("氏名の頭文字の列が、宣言なしに出る。", "A column of initials goes out without being declared."),
        precedent="power.md kana_initial",
        trigger="every release of an organization with names in kanji",
        proof="the release has a column of first characters of names",
        killed_by=("D-03",),
        fault="undeclared-initial",
    ),
)
