"""O-01: sources and code systems are named with their version, in both declarations, and codes belong to what is named.

A field is coded if a code system is named for it. Its values belong to the system as far as the declaration lists
them; a released text may be a listed code, the beginning of one where codes are cut, a node of a declared hierarchy,
or a marker.
"""

from __future__ import annotations

import copy
import dataclasses
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Call, Document, Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, with_column
from tokumei.representation import markers

VALUES = 'SELECT "case", "call", value, count(*) AS n FROM {self} t WHERE resource = {resource} AND field = {field} GROUP BY 1, 2, 3'


def coded(organization: Organization) -> list[FieldInfo]:
    """The fields for which a code system is named."""
    return [info for info in organization.fields() if "codeSystem" in info.tokumei]


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Look at the declaration of the input, at that of each release, and at the released codes."""
    fields = coded(evidence.organization)
    unnamed = _unnamed(evidence.organization.document, fields)
    for case, number, call in evidence.released_calls():
        yield Premise(case=case.id, count=len(fields), what="coded fields")
        for code, names in unnamed.items():
            yield _declared(code, case.id, number, names)
        document = call.response.organization if call.response else None
        if document is not None:
            shown = _of_release(document, fields)
            lost = [str(name) for name, named in shown.items() if not named and _has(call, name)]
            if lost:
                yield _declared("RELEASE_WITHOUT_CODE_SYSTEM", case.id, number, lost)
    for info in fields:
        known = _known(evidence, info)
        if known is None:
            continue
        place = {"resource": info.name.resource, "field": info.name.field}
        strange: dict[tuple[str, int], int] = {}
        for row in evidence.texts.query(VALUES, **place).rows():
            if _plain(row["value"]) not in known:
                strange[row["case"], row["call"]] = strange.get((row["case"], row["call"]), 0) + 1
        for (case_id, number), n in strange.items():
            yield Finding(
                code="CODE_OUTSIDE_SYSTEM",
                case=case_id,
                call=number,
                params=place | {"n": n},
                resource=info.name.resource,
                fields=(info.name.field,),
            )


def _unnamed(document: Document, fields: list[FieldInfo]) -> Mapping[str, list[str]]:
    """What the declaration of the input leaves out: versions of code systems, and standards of their tables."""
    found: dict[str, list[str]] = {}
    for info in fields:
        mapping = info.tokumei.get("mapping", {"version": "-"})
        if not info.tokumei.get("codeSystemVersion") or not mapping.get("version"):
            found.setdefault("CODE_SYSTEM_WITHOUT_VERSION", []).append(str(info.name))
    tables = {info.name.resource for info in fields}
    whole = document["tokumei"].get("standard", {})
    for resource in document["resources"]:
        standard = resource["tokumei"].get("standard", whole)
        if resource["name"] in tables and not (standard.get("name") and standard.get("version")):
            found.setdefault("SOURCE_WITHOUT_STANDARD", []).append(resource["name"])
    return found


def _of_release(document: Document, fields: list[FieldInfo]) -> Mapping[FieldName, bool]:
    """Whether the release names a system and its version for each of the coded fields that it has."""
    found: dict[FieldName, bool] = {}
    wanted = {info.name for info in fields}
    try:
        for resource in document["resources"]:
            for field in resource["schema"]["fields"]:
                name = FieldName(resource["name"], field["name"])
                if name in wanted:
                    own = field.get("tokumei", {})
                    found[name] = bool(own.get("codeSystem") and own.get("codeSystemVersion"))
    except (KeyError, TypeError, AttributeError):
        return {}  # D-02 sees to it
    return found


def _has(call: Call, name: FieldName) -> bool:
    table = call.response.data.get(name.resource) if call.response else None
    return table is not None and name.field in table.column_names


def _known(evidence: Evidence, info: FieldInfo) -> set[str] | None:
    """The texts that may be released; None where the declaration lists no codes."""
    listed = [str(code) for code in info.constraints.get("enum", ())]
    if not listed:
        return None
    known = {*listed, *markers(evidence, info.name)}
    for processing in (evidence.asked, *evidence.claims):
        for step in processing.steps_of(info.name) if processing else ():
            if "truncate" in step.params:
                known |= {code[: int(step.params["truncate"])] for code in listed}
            hierarchy = processing.hierarchies.get(str(step.params.get("hierarchy"))) if processing else None
            known |= {str(node) for line in (hierarchy["table"] if hierarchy else ()) for node in line}
    return {_plain(text) for text in known}


def _plain(text: str) -> str:
    """A text in half width and without the number of its place in a list: neither is a part of a code."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub("^[0-9]+[:.] ?", "", plain)


def _declared(code: str, case: str, call: int, names: list[str]) -> Finding:
    return Finding(code=code, case=case, call=call, params={"n": len(names), "names": ", ".join(sorted(names))})


def applies(organization: Organization, processing: Processing) -> bool:
    """Some field is coded."""
    del processing
    return bool(coded(organization))


CHECK = Check(id="O-01", needs=(Need.RELEASE, Need.INPUT, Need.CLAIM), judge=judge, applies=applies)


def _versions_lost(request: Request, response: Response) -> Response:
    """The declaration of the release has names of columns and types, and no code systems."""
    del request
    if response.organization is None:
        return response
    document: Any = copy.deepcopy(dict(response.organization))
    for resource in document["resources"]:
        for field in resource["schema"]["fields"]:
            field["tokumei"].pop("codeSystemVersion", None)
    return dataclasses.replace(response, organization=document)


def _damaged(request: Request, response: Response) -> Response:
    """Codes go through a spreadsheet: a letter between digits is read as an exponent, or the case of letters changes."""
    for info in coded(Organization.of(request.organization)):
        table = response.data.get(info.name.resource)
        if table is None or info.name.field not in table.column_names or "enum" not in info.constraints:
            continue
        cells = table.column(info.name.field).to_pylist()
        if any(cell and cell != cell.lower() for cell in cells):
            changed = [cell.lower() if cell else cell for cell in cells]
            return with_column(response, info.name.resource, info.name.field, changed)
    return response


MUTANTS = (
    Mutant(
        id="code-versions-lost",
        kind="wrapper",
        effect=Text(
            "コードの版が分からず、受領者が別の版の表で読み、病名や薬を取り違える。",
            "Nobody knows the version of the codes; read by another table they are other diseases and drugs.",
        ),
        precedent="exports whose header names columns only",
        trigger="every release with coded fields",
        proof="the declaration of the release has no version of a code system that the input has",
        killed_by=("O-01",),
        pairs=("hospital",),  # no code systems elsewhere
        wrap=after(_versions_lost),
    ),
    Mutant(
        id="codes-through-a-spreadsheet",
        kind="wrapper",
        effect=Text(
            "表計算を経てコードの文字が変わり、宣言したコード体系のどのコードでもない値が提供される。",
            "Codes are changed on the way through a spreadsheet, and are no codes of the declared system.",
        ),
        precedent="gene names changed by spreadsheets (Ziemann 2016)",
        trigger="a coded field whose codes have letters",
        proof="released codes are not among those listed, nor beginnings of them",
        killed_by=("O-01",),
        pairs=("hospital",),  # no code systems elsewhere
        wrap=after(_damaged),
    ),
    Mutant(
        id="codes-padded",
        kind="fault",
        effect=Text(
            "切り詰めたコードが桁合わせで埋められ、どの体系のコードでもなくなる。",
            "Cut codes are padded to a width, and are no codes of any system.",
        ),
        precedent="fixed-width records of receipts",
        trigger="a code that is cut",
        proof="released codes are not among those listed, nor beginnings of them",
        killed_by=("O-01",),
        fault="codes-padded",
        pairs=("hospital",),  # no code systems elsewhere
    ),
)
