"""Typed views of the two declarations: what the organization holds and what the processing says.

Both are built from documents that the schemas accept; a fault that only shows here is a TokumeiError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tokumei.model import Document, Place, Problem, TokumeiError

RELEASING = frozenset(
    {
        "keep",
        "generalize",
        "top-bottom-code",
        "microaggregate",
        "swap",
        "noise",
        "synthesize",
        "pseudonymize-random",
        "pseudonymize-keyed",
        "date-shift",
        "date-coarsen",
        "text-redact",
        "uid-map",
        "suppress-cell",
    }
)
"""Techniques that leave a column in the release."""

DROPPING = frozenset({"suppress-column", "text-drop"})
"""Techniques that take a column out of the release; one of them is enough."""

TECHNIQUES = RELEASING | DROPPING | {"suppress-record", "path-rebuild", "shuffle-rows", "k-search", "sample"}
"""The 21 techniques: the nine of the guideline's annex and those of this standard."""

PSEUDONYMS = frozenset({"pseudonymize-random", "pseudonymize-keyed"})


REFUSED = ("1",)
"""What a status field says of a person who refused, where the declaration does not say."""

NOTICE_OF: Mapping[str, str] = {"NGMIA-19": "NGMIA-52", "NGMIA-35": "NGMIA-57"}
"""The notice that a regime needs of every record that it uses (``spec/law/notices.yaml``)."""


@dataclass(frozen=True, slots=True, order=True)
class FieldName:
    """A field by resource and name; written ``resource.field``."""

    resource: str
    field: str

    @classmethod
    def parse(cls, text: str) -> FieldName:
        resource, _, field = text.partition(".")
        return cls(resource, field)

    def __str__(self) -> str:
        return f"{self.resource}.{self.field}" if self.field else self.resource


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """One field of the organization declaration."""

    name: FieldName
    type: str
    classes: tuple[str, ...]
    constraints: Mapping[str, Any]
    tokumei: Mapping[str, Any]

    @property
    def required(self) -> bool:
        return bool(self.constraints.get("required"))

    @property
    def dummies(self) -> tuple[str, ...]:
        """The texts that the source writes where a value is missing: 999, 1900-01-01."""
        return tuple(str(text) for text in self.tokumei.get("dummies", ()))

    @property
    def peculiar(self) -> frozenset[str]:
        """The rare events and circumstances among the values, which no release may hold."""
        return frozenset(str(text) for text in self.tokumei.get("peculiar", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A child's column that holds the key of a row of ``to``."""

    field: FieldName
    to: FieldName


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceInfo:
    """One table of the organization declaration."""

    name: str
    path: str
    format: str
    encoding: str
    row_unit: str
    fields: tuple[FieldInfo, ...]
    primary_key: str
    foreign_keys: tuple[ForeignKey, ...]

    def field(self, name: str) -> FieldInfo | None:
        return next((field for field in self.fields if field.name.field == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The persons with one of ``texts`` in ``field`` in any of their rows."""

    field: FieldName
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeBasis:
    """Under which notices (``NGMIA-52``, ``NGMIA-57``) persons were notified, by the text in ``field``."""

    field: FieldName
    notices: Mapping[str, frozenset[str]]

    def notified(self, regime: str) -> tuple[str, ...]:
        """The texts of persons whose data the regime may use; all of them where it needs no notice."""
        needed = NOTICE_OF.get(regime)
        return tuple(text for text, given in self.notices.items() if needed is None or needed in given)

    def not_notified(self, regime: str) -> Marked:
        """The persons whose data the regime must not use, though another regime may."""
        may = self.notified(regime)
        return Marked(field=self.field, texts=tuple(text for text in self.notices if text not in may))


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """医療情報の整理の方法 at release level: tables, fields, classes, keys and persons."""

    name: str
    resources: tuple[ResourceInfo, ...]
    subject_key: FieldName
    opt_out: FieldName | None
    refusals: Marked | None
    """Persons who asked to stop the provision of their data; None where no field tells."""
    notice_basis: NoticeBasis | None
    document: Document

    @classmethod
    def of(cls, document: Document) -> Organization:
        try:
            return cls._of(document)
        except (KeyError, TypeError, AttributeError) as error:
            raise TokumeiError(Problem(code="ORGANIZATION_UNREADABLE", place=Place(file="organization"))) from error

    @classmethod
    def _of(cls, document: Document) -> Organization:
        own = document["tokumei"]
        stop = own.get("optOut", {})
        opt_out = FieldName.parse(stop["statusField"]) if stop.get("statusField") else None
        return cls(
            name=document["name"],
            resources=tuple(_resource(resource) for resource in document["resources"]),
            subject_key=FieldName.parse(own["subjects"]["key"]),
            opt_out=opt_out,
            refusals=Marked(field=opt_out, texts=tuple(stop.get("refused", REFUSED))) if opt_out else None,
            notice_basis=_notice_basis(own),
            document=document,
        )

    def excluded(self, regime: str) -> tuple[Marked, ...]:
        """The persons who must not be in a release under a regime: refused, or not notified for it."""
        basis = self.notice_basis
        found = (self.refusals, basis.not_notified(regime) if basis else None)
        return tuple(marked for marked in found if marked is not None and marked.texts)

    @property
    def deciding(self) -> frozenset[FieldName]:
        """The fields whose text decides whether a person may be released."""
        return frozenset(known.field for known in (self.refusals, self.notice_basis) if known is not None)

    def resource(self, name: str) -> ResourceInfo:
        return next(resource for resource in self.resources if resource.name == name)

    def fields(self) -> Iterator[FieldInfo]:
        for resource in self.resources:
            yield from resource.fields

    def field(self, name: FieldName) -> FieldInfo | None:
        found = next((resource for resource in self.resources if resource.name == name.resource), None)
        return found.field(name.field) if found else None

    def is_key(self, info: FieldInfo) -> bool:
        """Whether rows or persons are told apart, joined or taken out by this field."""
        resource = self.resource(info.name.resource)
        notice = self.notice_basis.field if self.notice_basis else None
        return (
            info.name in (self.subject_key, self.opt_out, notice)
            or info.name.field == resource.primary_key
            or any(info.name == key.field for key in resource.foreign_keys)
            or bool(info.constraints.get("unique"))
            or "link" in info.classes
        )

    def path_to_person(self, resource: str) -> tuple[ForeignKey, ...] | None:
        """The foreign keys that lead from a table to the table of the person key; None if none do."""
        if resource == self.subject_key.resource:
            return ()
        for key in self.resource(resource).foreign_keys:
            rest = self.path_to_person(key.to.resource) if key.to.resource != resource else None
            if rest is not None:
                return (key, *rest)
        return None

    def parents_first(self) -> tuple[ResourceInfo, ...]:
        """The tables ordered so that a table follows those that its foreign keys name."""
        done: list[ResourceInfo] = []
        rest = list(self.resources)
        while rest:
            names = {resource.name for resource in rest}
            ready = [r for r in rest if not any(k.to.resource in names - {r.name} for k in r.foreign_keys)]
            if not ready:
                raise TokumeiError(Problem(code="FOREIGN_KEY_CYCLE", place=Place(file="organization")))
            done += ready
            rest = [r for r in rest if r not in ready]
        return tuple(done)


def notices_given(own: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """The notices by the text of the field, or by the institution's id where the declaration lists no texts."""
    given: Mapping[str, list[str]] = own["noticeBasis"].get("values") or {
        institution["id"]: institution.get("notice", {}).get("basis", []) for institution in own.get("institutions", [])
    }
    return {text: frozenset(notices) for text, notices in given.items()}


def _notice_basis(own: Mapping[str, Any]) -> NoticeBasis | None:
    if "noticeBasis" not in own:
        return None
    return NoticeBasis(field=FieldName.parse(own["noticeBasis"]["field"]), notices=notices_given(own))


def _resource(document: Mapping[str, Any]) -> ResourceInfo:
    name = document["name"]
    schema = document["schema"]
    primary = schema.get("primaryKey", [])
    keys = [primary] if isinstance(primary, str) else list(primary)
    return ResourceInfo(
        name=name,
        path=document["path"],
        format=document.get("format", "csv"),
        encoding=document.get("encoding", "utf-8"),
        row_unit=document["tokumei"].get("rowUnit", ""),
        fields=tuple(
            FieldInfo(
                name=FieldName(name, field["name"]),
                type=field["type"],
                classes=tuple(field["tokumei"]["class"]),
                constraints=field.get("constraints", {}),
                tokumei=field["tokumei"],
            )
            for field in schema["fields"]
        ),
        primary_key=keys[0] if len(keys) == 1 else "",
        foreign_keys=tuple(
            ForeignKey(
                field=FieldName(name, _one(key["fields"])),
                to=FieldName(key["reference"].get("resource") or name, _one(key["reference"]["fields"])),
            )
            for key in schema.get("foreignKeys", [])
        ),
    )


def _one(fields: str | list[str]) -> str:
    return fields if isinstance(fields, str) else fields[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One technique over some fields; ``fields`` may name whole resources."""

    id: str
    technique: str
    fields: tuple[FieldName, ...]
    params: Mapping[str, Any]

    @property
    def texts(self) -> tuple[str, ...]:
        """What a suppress-record step looks for in its field."""
        one = self.params.get("equals")
        return (*self.params.get("in", ()), *(() if one is None else (one,)))

    def covers(self, name: FieldName) -> bool:
        return name in self.fields or FieldName(name.resource, "") in self.fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One privacy model that the release must reach, counted over persons."""

    model: str
    quasi: tuple[FieldName, ...] = ()
    k: int = 0
    minimum: int = 0
    fields: tuple[FieldName, ...] = ()
    sensitive: FieldName | None = None
    l: float = 0  # noqa: E741 - its name in the literature
    t: float = 1
    kind: str = ""
    """How diversity or distance is reckoned, where the target says so."""


def _at_least(params: Mapping[str, Any], hierarchies: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """An open level (``levels``) is read as the finest that it permits: that much coarsening is asked for in any case."""
    if "levels" not in params or "level" in params:
        return params
    known = hierarchies.get(params["hierarchy"], {}).get("levels", [])
    permitted = [level for level in known if level in params["levels"]] or params["levels"]
    return {**params, "level": permitted[0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """医療情報の加工の方法 at release level: the ordered steps and the targets."""

    id: str
    regime: str
    context: str
    steps: tuple[Step, ...]
    targets: tuple[Target, ...]
    hierarchies: Mapping[str, Mapping[str, Any]]
    secrets: tuple[str, ...]
    document: Document

    @classmethod
    def of(cls, document: Document) -> Processing:
        try:
            return cls(
                id=document["tokumei"]["id"],
                regime=document["regime"],
                context=document["release"]["context"],
                steps=tuple(
                    Step(
                        id=step["id"],
                        technique=step["technique"],
                        fields=tuple(FieldName.parse(text) for text in step["fields"]),
                        params=_at_least(step.get("params", {}), document.get("hierarchies", {})),
                    )
                    for step in document["steps"]
                ),
                targets=tuple(
                    Target(
                        model=target["model"],
                        quasi=tuple(FieldName.parse(text) for text in target.get("quasi", [])),
                        k=target.get("k", 0),
                        minimum=target.get("minimum", 0),
                        fields=tuple(FieldName.parse(text) for text in target.get("fields", [])),
                        sensitive=FieldName.parse(target["sensitive"]) if "sensitive" in target else None,
                        l=target.get("l", 0),
                        t=target.get("t", 1),
                        kind=target.get("kind", target.get("distance", "")),
                    )
                    for target in document["targets"]
                ),
                # Those computed from the code itself hold no table of nodes to compare with.
                hierarchies={name: h for name, h in document.get("hierarchies", {}).items() if "table" in h},
                secrets=tuple(secret["id"] for secret in document.get("secrets", [])),
                document=document,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise TokumeiError(Problem(code="PROCESSING_UNREADABLE", place=Place(file="processing"))) from error

    def steps_of(self, name: FieldName) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.covers(name))

    def released(self, name: FieldName) -> bool:
        """Whether the column must be in the release: some step keeps it and none drops it."""
        techniques = {step.technique for step in self.steps if name in step.fields}
        return bool(techniques & RELEASING) and not techniques & DROPPING

    def with_technique(self, *techniques: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.technique in techniques)

    def target(self, model: str) -> Target | None:
        return next((target for target in self.targets if target.model == model), None)
