"""Who must not be in a release, as far as the declarations tell: refused persons and those not notified.

Both functions are pure and expect documents that their schemas accept, like those of ``crosscheck``.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tokumei.declarations import NOTICE_OF, REFUSED, notices_given
from tokumei.documents import pointer
from tokumei.model import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tokumei.documents import Loaded

    Fields = Mapping[str, Mapping[str, Any]]


def organization(loaded: Loaded, fields: Fields) -> Iterator[Problem]:
    """What is wrong inside the organization; ``fields`` are its fields by ``resource.field``."""
    own = loaded.document["tokumei"]
    yield from _refusals(loaded, own.get("optOut", {}), fields)
    yield from _notice_basis(loaded, own, fields)
    for i, institution in enumerate(own.get("institutions", [])):
        yield from _received(loaded, institution, pointer("tokumei", "institutions", i))


def pair(organization: Loaded, processing: Loaded, fields: Fields) -> Iterator[Problem]:
    """A step must remove whom the organization excludes from a release under the regime."""
    own, regime = organization.document["tokumei"], processing.document["regime"]
    tables = {
        resource["name"]
        for resource in organization.document["resources"]
        if "schema" in resource and resource["tokumei"]["role"] in ("subject", "event")
    }
    excluded = [(own["optOut"]["statusField"], _refused(own["optOut"]))] if _status(own) in fields else []
    basis = own.get("noticeBasis", {})
    if regime in NOTICE_OF and basis.get("field") in fields:
        given = notices_given(own)
        missing = [text for text, notices in given.items() if NOTICE_OF[regime] not in notices]
        excluded.append((basis["field"], missing))
        if len(missing) == len(given):
            place = processing.place("/regime")
            yield Problem(code="NOTICE_NOT_FOR_REGIME", place=place, params={"regime": regime})
    if any(step["params"]["field"] not in fields for step in _suppressing(processing)):
        return  # told as an unknown field
    for field, texts in excluded:
        if set(texts) - _removed(processing, field, tables):
            yield Problem(code="EXCLUDED_NOT_REMOVED", place=processing.place("/steps"), params={"field": field})


def _status(own: Mapping[str, Any]) -> str:
    return str(own.get("optOut", {}).get("statusField", ""))


def _refused(opt_out: Mapping[str, Any]) -> Collection[str]:
    refused: Collection[str] = opt_out.get("refused", REFUSED)
    return refused


def _removed(processing: Loaded, field: str, tables: Collection[str]) -> set[str]:
    """The texts of a field whose persons are removed from all of ``tables``."""
    removed: set[str] = set()
    for step in _suppressing(processing):
        params = step["params"]
        if (params["field"], params["of"]) == (field, "subject") and set(tables) <= set(step["fields"]):
            removed |= {*params.get("in", []), *([params["equals"]] if "equals" in params else [])}
    return removed


def _suppressing(processing: Loaded) -> list[Mapping[str, Any]]:
    return [step for step in processing.document["steps"] if step["technique"] == "suppress-record"]


def _refusals(loaded: Loaded, opt_out: Mapping[str, Any], fields: Fields) -> Iterator[Problem]:
    status, at = opt_out.get("statusField"), "/tokumei/optOut"
    if "refused" in opt_out and status is None:
        yield Problem(code="REFUSAL_WITHOUT_FIELD", place=loaded.place(f"{at}/refused"))
    known = _enum(fields.get(status or "", {}))
    if known is not None and not set(_refused(opt_out)) <= set(known):
        place = loaded.place(f"{at}/refused" if "refused" in opt_out else f"{at}/statusField")
        yield Problem(code="REFUSAL_TEXT_UNKNOWN", place=place, params={"field": status})


def _notice_basis(loaded: Loaded, own: Mapping[str, Any], fields: Fields) -> Iterator[Problem]:
    if "noticeBasis" not in own:
        return
    name, at = own["noticeBasis"]["field"], "/tokumei/noticeBasis/field"
    params: dict[str, object] = {"field": name}
    if name not in fields:
        yield Problem(code="UNKNOWN_FIELD", place=loaded.place(at), params=params)
        return
    if name.partition(".")[0] != own["subjects"]["key"].partition(".")[0]:
        yield Problem(code="NOTICE_FIELD_NOT_OF_PERSON", place=loaded.place(at), params=params)
    if not fields[name].get("constraints", {}).get("required"):
        yield Problem(code="NOTICE_FIELD_OPTIONAL", place=loaded.place(at), params=params)
    if set(_enum(fields[name]) or ()) != set(notices_given(own)):
        place = loaded.place("/tokumei/noticeBasis/values")
        yield Problem(code="NOTICE_VALUES_DIFFER", place=place, params=params)
    given = {notice for each in own.get("institutions", []) for notice in each.get("notice", {}).get("basis", [])}
    stated = {notice for notices in notices_given(own).values() for notice in notices}
    for notice in sorted(stated - given) if given else ():
        place = loaded.place("/tokumei/noticeBasis/values")
        yield Problem(code="NOTICE_NOT_GIVEN", place=place, params={"expected": sorted(given), "notice": notice})


def _enum(field: Mapping[str, Any]) -> list[str] | None:
    values = field.get("constraints", {}).get("enum")
    return None if values is None else [str(value) for value in values]


def _received(loaded: Loaded, institution: Mapping[str, Any], at: str) -> Iterator[Problem]:
    """Data come after the filing and after the declared days of waiting; a date that is none is told once."""
    days: dict[str, dt.date] = {}
    notice = institution.get("notice", {})
    dated = [(f"/notice/{key}", notice[key]) for key in ("startedOn", "filedOn") if key in notice]
    dated += [(f"/received/{j}/date", received["date"]) for j, received in enumerate(institution.get("received", []))]
    for below, text in dated:
        try:
            days[below] = dt.date.fromisoformat(text)
        except ValueError:
            yield Problem(code="DATE_INVALID", place=loaded.place(at + below))
    first = [day for key, day in days.items() if key.startswith("/received")]
    if not first:
        return
    if "/notice/filedOn" in days and min(first) < days["/notice/filedOn"]:
        yield Problem(code="RECEIVED_BEFORE_FILING", place=loaded.place(at + "/notice/filedOn"))
    waiting = notice.get("waitingDays", 0)
    if "/notice/startedOn" in days and (min(first) - days["/notice/startedOn"]).days < waiting:
        place = loaded.place(at + "/notice/waitingDays")
        yield Problem(code="RECEIVED_WHILE_WAITING", place=place, params={"days": waiting})
