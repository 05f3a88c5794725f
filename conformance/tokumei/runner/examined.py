"""What a run learns of the releases beside its verdicts: which profiles they make mandatory, and which bounds are lax.

A profile that a release makes mandatory binds whether the product claims it or not; one that was not judged is said to be
not tested, whatever the outcome of the profiles that were. The detectors among the clauses of ``core`` count too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tokumei.declarations import FieldName, Organization, Processing
from tokumei.model import Call, Finding, Verdict, Why
from tokumei.plan.bundle import pair_of
from tokumei.relaxed import Relaxed, relaxed
from tokumei.runner.contents import Content, contents
from tokumei.schema import validate
from tokumei.vocabulary import EXTENSIONS

if TYPE_CHECKING:
    from tokumei.runner.verdicts import ClauseResult
    from tokumei.spec import Edition

DETECTORS: Mapping[str, str] = {"X-01": "text", "X-06": "text", "I2-05": "camera", "I2-06": "genome"}
"""The clauses of ``core`` whose findings show what a profile is about."""
LONGEST = 2000
"""Letters of a reason that a report repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing that some release contains: where it was seen first, and in how many calls."""

    content: Content
    organization: str
    case: str
    call: int
    calls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lax:
    """One relaxed bound and who declares it: what was asked, or only the release that came back."""

    bound: Relaxed
    organization: str
    by: Literal["asked", "claimed"]
    hidden: bool = False
    """Whether there is a reason that is not repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the releases of a run contain and relax; ``releases`` is how many were looked at."""

    releases: int = 0
    seen: tuple[Seen, ...] = ()
    lax: tuple[Lax, ...] = ()
    fields: Mapping[str, frozenset[FieldName]] = field(default_factory=dict)
    """The declared fields by organization: other names may hold a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """One call with the declarations that it was made under."""

    organization: str
    case: str
    number: int
    held: Organization
    asked: Processing
    call: Call


Pair: TypeAlias = tuple[Organization, Processing]


def examined(
    pairs: Sequence[tuple[str, Pair]],
    released: Iterable[Released],
    origin: Literal["generated", "supplied"] = "generated",
) -> Examined:
    """Look at every release of the calls, and at the bounds of the pairs, each with the label of its organization.

    A reason that only a supplied release gives is not kept: what wrote it had real people before it.
    """
    seen: dict[tuple[str, Content], Seen] = {}
    lax = {
        (label, bound): Lax(bound=bound, organization=label, by="asked")
        for label, pair in pairs
        for bound in relaxed(*pair)
    }
    count = 0
    for one in released:
        response = one.call.response
        if response is None or not one.call.released:
            continue
        count += 1
        claim = _claim(response.processing)
        for content in dict.fromkeys(contents(one.held, one.asked, claim, response)):
            key = one.organization, content
            first = Seen(content=content, organization=one.organization, case=one.case, call=one.number, calls=0)
            seen[key] = replace(seen.get(key, first), calls=seen.get(key, first).calls + 1)
        if claim is not None:
            asked = set(relaxed(one.held, one.asked))
            for bound in relaxed(one.held, claim):
                if bound not in asked:
                    hidden = origin == "supplied" and bool(bound.reason)
                    kept = replace(bound, reason="") if hidden else bound
                    new = Lax(bound=kept, organization=one.organization, by="claimed", hidden=hidden)
                    lax.setdefault((one.organization, bound), new)
    return Examined(
        releases=count,
        seen=tuple(seen[key] for key in sorted(seen)),
        lax=tuple(lax[key] for key in sorted(lax, key=repr)),
        fields={label: frozenset(info.name for info in pair[0].fields()) for label, pair in pairs},
    )


def _claim(document: Any) -> Processing | None:
    """What a release claims, where its schema accepts it; D-02 sees to the rest."""
    return Processing.of(document) if isinstance(document, dict) and not validate(document, "processing") else None


def profiles(
    found: Examined, results: Iterable[ClauseResult], edition: Edition, claimed: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Every profile beside ``core`` that a release makes mandatory or the product claims, why, and whether it was judged."""
    judged = list(results)
    seen = [*found.seen, *_detected(found, judged)]
    wanted = {*(one.content.profile for one in seen), *(name for name in claimed if name in EXTENSIONS)}
    return [
        {
            "profile": name,
            "title": {"ja": title.ja, "en": title.en},
            "mandatory": any(one.content.profile == name for one in seen),
            "claimed": name in set(claimed),
            "state": _state(name, judged, edition),
            "reasons": [_reason(one) for one in seen if one.content.profile == name],
        }
        for name, title in EXTENSIONS.items()
        if name in wanted
    ]


def _detected(found: Examined, results: Iterable[ClauseResult]) -> Iterator[Seen]:
    first: dict[tuple[str, str, str], Seen] = {}
    for result in results:
        if result.clause in DETECTORS and result.verdict is Verdict.FAIL:
            for finding in result.findings:
                label = pair_of(finding.case)
                label = label if label in found.fields else next(iter(found.fields), label)
                fields = found.fields.get(label, frozenset())
                where = f"{result.clause} {_where(finding, fields)}".strip()
                content = Content(DETECTORS[result.clause], "finding", where)
                one = Seen(content=content, organization=label, case=finding.case, call=finding.call, calls=0)
                key = label, content.profile, where
                first[key] = replace(first.get(key, one), calls=first.get(key, one).calls + 1)
    yield from first.values()


def _where(finding: Finding, fields: frozenset[FieldName]) -> str:
    """The place of a finding in declared names; another name may hold a value."""
    name = FieldName(finding.resource, finding.fields[0] if len(finding.fields) == 1 else "")
    if name in fields:
        return str(name)
    return finding.resource if any(known.resource == finding.resource for known in fields) else ""


def _state(name: str, results: Iterable[ClauseResult], edition: Edition) -> str:
    profile = edition.profiles.get(name)
    if profile is None or not profile.own:
        return "not_in_edition"
    decided = {
        result.clause
        for result in results
        if result.verdict in (Verdict.PASS, Verdict.FAIL) or result.why is Why.REGIME
    }
    return "judged" if decided >= set(profile.own) else "not_run"


def _reason(one: Seen) -> dict[str, Any]:
    return {
        "object": one.content.object,
        "where": one.content.where,
        "organization": one.organization,
        "case": one.case,
        "call": one.call,
        "calls": one.calls,
    }


def bounds(found: Examined) -> list[dict[str, Any]]:
    """Every relaxed bound as a report repeats it."""
    return [
        asdict(one.bound)
        | {
            "reason": None if one.hidden else one.bound.reason[:LONGEST],
            "organization": one.organization,
            "by": one.by,
        }
        for one in found.lax
    ]


__all__ = ["DETECTORS", "Examined", "Lax", "Released", "Seen", "bounds", "examined", "profiles"]
