"""D-02: every release comes with an organization declaration that is valid and true to that of the source."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization
from tokumei.evidence import Evidence
from tokumei.model import Document, Finding, Need, Observation, Premise, Problem, Request, Response, Text, TokumeiError
from tokumei.mutants.edits import after
from tokumei.schema import validate


def judge(evidence: Evidence) -> Iterator[Observation]:
    """The document must be valid, name the unit of the person, and keep the class of every field it describes."""
    known: dict[str, tuple[Problem, ...]] = {}
    for case, number, call in evidence.released_calls():
        assert call.response is not None
        yield Premise(case=case.id, count=1, what="releases")
        document = call.response.organization
        if document is None:
            yield Finding(code="NO_DECLARATION", case=case.id, call=number)
            continue
        text = json.dumps(document, sort_keys=True, ensure_ascii=False)
        if text not in known:  # the calls of a batch mostly claim the same
            known[text] = validate(document, "organization")
        problems = known[text]
        described = None if problems else _read(document)
        if described is None:
            yield Finding(code="INVALID_DECLARATION", case=case.id, call=number, params={"n": len(problems) or 1})
            continue
        if described.subject_key != evidence.organization.subject_key:
            yield Finding(code="OTHER_PERSON_KEY", case=case.id, call=number)
        for info in described.fields():
            source = evidence.organization.field(info.name)
            if source is not None and not set(source.classes) <= set(info.classes):
                place = {"resource": info.name.resource, "field": info.name.field}
                yield Finding(
                    code="CLASS_LOST",
                    case=case.id,
                    call=number,
                    params=place,
                    resource=info.name.resource,
                    fields=(info.name.field,),
                )


def _read(document: Document) -> Organization | None:
    try:
        return Organization.of(document)
    except TokumeiError:
        return None


CHECK = Check(id="D-02", needs=(Need.RELEASE,), judge=judge)


def _person_is_the_row(request: Request, response: Response) -> Response:
    """The document of the release says that the person is counted by another key of the same table."""
    if response.organization is None:
        return response
    document = dict(response.organization)
    resource, _, field = str(document["tokumei"]["subjects"]["key"]).partition(".")
    table = next(r for r in document["resources"] if r["name"] == resource)
    others = [f["name"] for f in table["schema"]["fields"] if f["name"] != field]
    if not others:
        return response
    own = dict(document["tokumei"])
    document["tokumei"] = own | {"subjects": dict(own["subjects"]) | {"key": f"{resource}.{others[0]}"}}
    return dataclasses.replace(response, organization=document)


MUTANTS = (
    Mutant(
        id="person-key-exchanged",
        kind="wrapper",
        effect=Text(
            "受領者が本人でないものを本人として数え、人数も危険性も誤る。",
            "Recipients count something else as persons; numbers and risks are wrong.",
        ),
        precedent="risk counted over records instead of persons (peers §3)",
        trigger="every release of a table with two fields or more",
        proof="the declared person key is another one than that of the source",
        killed_by=("D-02",),
        wrap=after(_person_is_the_row),
    ),
    Mutant(
        id="quasi-as-other",
        kind="fault",
        effect=Text(
            "準識別子が「その他」とされ、以後の危険性の評価から漏れる。",
            "Quasi-identifiers are called other and are left out of every later assessment.",
        ),
        precedent="schemas regenerated from the data, without classes (formats §5)",
        trigger="every release with a quasi-identifier",
        proof="the class of the field in the release lacks one that the source declares",
        killed_by=("D-02",),
        fault="quasi-as-other",
    ),
)
