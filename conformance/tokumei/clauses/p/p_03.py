"""P-03: the release carries a statement that a program can read: what it is, and what binds the recipient."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping

from tokumei.beside import KINDS, STATEMENT, path_of, read
from tokumei.clause import Check, Mutant
from tokumei.declarations import Organization, Processing
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after

BOTH = ("no-reidentification", "no-method-information")
DUTIES: Mapping[str, tuple[str, ...]] = {
    "APPI-43": (*BOTH, "notify-onward"),
    "APPI-116": (*BOTH, "notify-onward"),
    "NGMIA-19": (*BOTH, "report-onward"),
    "NGMIA-35": (*BOTH, "no-onward"),
}
"""What a recipient is told, by the regime of the release."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """The name of the data and the duties must be those of the declared regime, each duty in words of its own."""
    for case, number, call in evidence.released_calls():
        response = call.response
        if response is None:
            continue
        yield Premise(case=case.id, count=1, what="releases")
        document = read(response, STATEMENT)
        if document is None:
            code = "DOCUMENT_INVALID" if path_of(STATEMENT) in response.extra else "DOCUMENT_MISSING"
            yield Finding(code=code, case=case.id, call=number, params={"file": path_of(STATEMENT)})
            continue
        regime = str((response.processing or call.request.processing).get("regime"))
        if document["regime"] != regime or document["kind"]["ja"] != KINDS.get(regime, document["kind"]["ja"]):
            yield Finding(code="OTHER_KIND", case=case.id, call=number)
        texts = Counter(item["ja"].strip() for item in document["recipient"])
        told = {item["duty"] for item in document["recipient"] if texts[item["ja"].strip()] == 1}
        missing = set(DUTIES.get(regime, ())) - told
        if missing:
            yield Finding(code="DUTY_MISSING", case=case.id, call=number, params={"duties": ", ".join(sorted(missing))})


def applies(organization: Organization, processing: Processing) -> bool:
    """The regime has a name for the data and duties of a recipient."""
    del organization
    return processing.regime in DUTIES


CHECK = Check(id="P-03", needs=(Need.RELEASE,), judge=judge, applies=applies, document=STATEMENT)


def _without_onward(request: Request, response: Response) -> Response:
    """The bans are stated, and nothing of passing the data on."""
    del request
    document = json.loads(response.extra.get(path_of(STATEMENT), '{"recipient": []}'))
    document["recipient"] = [item for item in document["recipient"] if item["duty"] in BOTH]
    return _with(response, document)


def _other_template(request: Request, response: Response) -> Response:
    """One statement for all: that of anonymously processed information of private operators."""
    del request
    document = json.loads(response.extra.get(path_of(STATEMENT), "{}"))
    return _with(response, document | {"kind": {"ja": KINDS["APPI-43"]}})


def _with(response: Response, document: Mapping[str, object]) -> Response:
    text = json.dumps(document, ensure_ascii=False)
    return dataclasses.replace(response, extra=dict(response.extra) | {path_of(STATEMENT): text})


MUTANTS = (
    Mutant(
        id="statement-silent-on-onward",
        kind="wrapper",
        effect=Text(
            "受領者が報告なしに他の者へ渡し、作成者にデータの所在が分からなくなる。",
            "The recipient passes the data on without a word, and the maker loses sight of them.",
        ),
        precedent="model terms that ban matching only (law §3.7)",
        trigger="every release",
        proof="no item of the statement is about passing the data on",
        killed_by=("P-03",),
        wrap=after(_without_onward),
    ),
    Mutant(
        id="statement-of-another-regime",
        kind="wrapper",
        effect=Text(
            "受領者が、別の法律の義務に従って取り扱う。",
            "The recipient handles the data under the duties of another law.",
        ),
        precedent="one template for all provisions (law §1.1, §3.1)",
        trigger="every release of another regime",
        proof="the name of the data is that of another regime than the declared one",
        killed_by=("P-03",),
        wrap=after(_other_template),
    ),
    Mutant(
        id="one-text-for-every-duty",
        kind="fault",
        effect=Text(
            "全ての義務の欄に同じ文が入り、再提供の報告などが伝わらない。",
            "Every duty carries the same sentence, and the recipient is not told of the others.",
        ),
        precedent="copying a template row",
        trigger="every release",
        proof="two duties have one text",
        killed_by=("P-03",),
        fault="one-text-for-every-duty",
    ),
)
