"""The two declarations as frozen values; reading them refuses what is unknown or contradictory."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from tokumei_reference.refusals import Refusal, pointer, unsupported

Document: TypeAlias = Mapping[str, Any]

TYPES = ("string", "integer", "number", "date", "time", "datetime")
CLASSES = frozenset({
    "direct", "symbol", "link", "quasi", "sensitive", "freetext", "image",
    "date", "rare", "facility", "staff", "system", "neutral",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One declared column. ``index`` is its position, which names it in SQL."""

    resource: str
    name: str
    index: int
    type: str
    classes: frozenset[str]
    constraints: Document = dataclass_field(compare=False)
    source: Document = dataclass_field(compare=False)

    @property
    def column(self) -> str:
        return f"c{self.index}"

    @property
    def path(self) -> str:
        return pointer("data", self.resource, self.name)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns of a child that name a row of a parent."""

    fields: tuple[str, ...]
    resource: str
    reference: tuple[str, ...]
    enforced: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared table."""

    name: str
    index: int
    path: str
    format: str
    encoding: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    missing: tuple[str, ...]
    source: Document

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


@dataclass(frozen=True, slots=True)
class Organization:
    """The organization declaration: tables, fields, and where the person is."""

    resources: tuple[Resource, ...]
    subject_resource: str
    subject_field: str
    opt_out_field: str
    source: Document

    def resource(self, name: str) -> Resource:
        return next(resource for resource in self.resources if resource.name == name)

    def find(self, qualified: object) -> Field | None:
        """The field written ``resource.field``; names may hold dots, so every split is tried."""
        if not isinstance(qualified, str):
            return None
        for resource in self.resources:
            if qualified.startswith(resource.name + "."):
                rest = qualified[len(resource.name) + 1 :]
                for field in resource.fields:
                    if field.name == rest:
                        return field
        return None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the processing declaration."""

    index: int
    id: str
    technique: str
    fields: tuple[str, ...]
    params: Document

    def at(self, *parts: object) -> str:
        return pointer("steps", self.index, *parts)


@dataclass(frozen=True, slots=True)
class Processing:
    """The processing declaration: what is asked."""

    steps: tuple[Step, ...]
    targets: tuple[Document, ...]
    hierarchies: Document
    secrets: tuple[Document, ...]
    release: str
    source: Document


def _invalid(*parts: object) -> Refusal:
    return Refusal("DECLARATION_INVALID", pointer(*parts))


def _mapping(value: object, *path: object) -> Document:
    if not isinstance(value, Mapping):
        raise _invalid(*path)
    return value


def _list(value: object, *path: object) -> list[Any]:
    if not isinstance(value, list):
        raise _invalid(*path)
    return value


def _names(value: object, *path: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else _list(value, *path)
    if not all(isinstance(item, str) and item for item in items):
        raise _invalid(*path)
    return tuple(items)


def read_organization(document: object) -> Organization:
    """Read and check the organization declaration."""
    root = _mapping(document)
    own = _mapping(root.get("tokumei"), "tokumei")
    relations = [
        _mapping(relation, "tokumei", "relations", i)
        for i, relation in enumerate(_list(own.get("relations", []), "tokumei", "relations"))
    ]
    loose = {(r.get("from"), r.get("to")) for r in relations if r.get("integrity", "enforced") != "enforced"}
    listed = _list(root.get("resources"), "resources")
    resources = tuple(_resource(item, i, loose) for i, item in enumerate(listed))
    for one in ("name", "path"):
        if len({getattr(resource, one).casefold() for resource in resources}) != len(resources):
            raise _invalid("resources")
    subjects = _mapping(own.get("subjects"), "tokumei", "subjects")
    if subjects.get("unit", "person") != "person":
        raise unsupported("/tokumei/subjects/unit")
    draft = Organization(resources, "", "", "", root)
    key = draft.find(subjects.get("key"))
    if key is None:
        raise _invalid("tokumei", "subjects", "key")
    for name, group in _mapping(own.get("redundancyGroups", {}), "tokumei", "redundancyGroups").items():
        at_group = ("tokumei", "redundancyGroups", name)
        for i, member in enumerate(_names(_mapping(group, *at_group).get("members"), *at_group, "members")):
            if draft.find(member) is None:
                raise _invalid(*at_group, "members", i)
    opt_out = _mapping(own.get("optOut", {}), "tokumei", "optOut").get("statusField", "")
    if opt_out and draft.find(opt_out) is None:
        raise _invalid("tokumei", "optOut", "statusField")
    for resource in resources:
        for i, foreign in enumerate(resource.foreign_keys):
            at = ("resources", resource.index, "schema", "foreignKeys", i)
            if any(draft.find(f"{resource.name}.{name}") is None for name in foreign.fields):
                raise _invalid(*at)
            if any(draft.find(f"{foreign.resource}.{name}") is None for name in foreign.reference):
                raise _invalid(*at)
    return Organization(resources, key.resource, key.name, opt_out, root)


def _resource(item: object, index: int, loose: set[tuple[Any, Any]]) -> Resource:
    at = ("resources", index)
    source = _mapping(item, *at)
    name, path = source.get("name"), source.get("path")
    if not isinstance(name, str) or not name:
        raise _invalid(*at, "name")
    if not isinstance(path, str) or not _inside(path):
        raise _invalid(*at, "path")
    form = source.get("format", PurePosixPath(path).suffix.lstrip("."))
    if form not in ("csv", "parquet"):
        raise unsupported(pointer(*at, "format"))
    encoding = source.get("encoding", "utf-8")
    try:
        codecs.lookup(encoding)
        "".encode(encoding)  # a codec that is not of text fails here
    except (LookupError, TypeError):
        raise _invalid(*at, "encoding") from None
    dialect = _mapping(source.get("dialect", {}), *at, "dialect")
    default = {"header": True, "delimiter": ",", "quoteChar": '"', "doubleQuote": True}
    if set(dialect) - {"$schema", "lineTerminator", *default} or any(
        dialect.get(name, value) != value for name, value in default.items()
    ):
        raise unsupported(pointer(*at, "dialect"))
    schema = _mapping(source.get("schema"), *at, "schema")
    missing = schema.get("missingValues", [""])
    if missing != [""]:
        raise unsupported(pointer(*at, "schema", "missingValues"))
    fields = tuple(
        _field(field, name, at, i) for i, field in enumerate(_list(schema.get("fields"), *at, "schema", "fields"))
    )
    names = [field.name for field in fields]
    if not names or len(set(names)) != len(names):
        raise _invalid(*at, "schema", "fields")
    primary = _names(schema.get("primaryKey", []), *at, "schema", "primaryKey")
    if set(primary) - set(names):
        raise _invalid(*at, "schema", "primaryKey")
    keys = []
    for i, key in enumerate(_list(schema.get("foreignKeys", []), *at, "schema", "foreignKeys")):
        here = (*at, "schema", "foreignKeys", i)
        reference = _mapping(_mapping(key, *here).get("reference"), *here, "reference")
        own = _names(key.get("fields"), *here, "fields")
        theirs = _names(reference.get("fields"), *here, "reference", "fields")
        parent = reference.get("resource") or name
        if not own or len(own) != len(theirs) or not isinstance(parent, str):
            raise _invalid(*here)
        pair = (f"{name}.{own[0]}", f"{parent}.{theirs[0]}")
        keys.append(ForeignKey(own, parent, theirs, pair not in loose))
    return Resource(name, index, path, form, encoding, fields, primary, tuple(keys), ("",), source)


def _inside(path: str) -> bool:
    """A path may not leave the data folder, whatever the system."""
    pure = PurePosixPath(path)
    return bool(path) and not (pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path or "\0" in path)


def _field(item: object, resource: str, at: tuple[object, ...], index: int) -> Field:
    here = (*at, "schema", "fields", index)
    source = _mapping(item, *here)
    name = source.get("name")
    if not isinstance(name, str) or not name or "\0" in name:
        raise _invalid(*here, "name")
    _mapping(_mapping(source.get("tokumei"), *here, "tokumei").get("dummies", {}), *here, "tokumei", "dummies")
    kind = source.get("type")
    if not isinstance(kind, str):
        raise _invalid(*here, "type")
    if kind not in TYPES:
        raise unsupported(pointer(*here, "type"))
    if source.get("format", "default") != "default" and kind != "string":
        raise unsupported(pointer(*here, "format"))
    own = _mapping(source.get("tokumei"), *here, "tokumei")
    classes = frozenset(_names(_list(own.get("class"), *here, "tokumei", "class"), *here, "tokumei", "class"))
    if not classes or classes - CLASSES:
        raise _invalid(*here, "tokumei", "class")
    constraints = _mapping(source.get("constraints", {}), *here, "constraints")
    if not isinstance(constraints.get("enum", []), list) or not isinstance(constraints.get("pattern", ""), str):
        raise _invalid(*here, "constraints")
    for bound in ("minimum", "maximum", "minLength", "maxLength"):
        expected = str if kind == "date" and bound[3:] == "imum" else int | float
        value = constraints.get(bound, "" if expected is str else 0)
        if isinstance(value, bool) or not isinstance(value, expected):
            raise _invalid(*here, "constraints", bound)
    return Field(resource, name, index, kind, classes, constraints, source)


def read_processing(document: object) -> Processing:
    """Read the processing declaration; what the steps mean is checked by ``treatments``."""
    root = _mapping(document)
    steps: list[Step] = []
    for i, item in enumerate(_list(root.get("steps"), "steps")):
        source = _mapping(item, "steps", i)
        identifier, technique = source.get("id"), source.get("technique")
        if not isinstance(identifier, str) or any(step.id == identifier for step in steps):
            raise _invalid("steps", i, "id")
        if not isinstance(technique, str):
            raise _invalid("steps", i, "technique")
        before = _names(source.get("after", []), "steps", i, "after")
        # Steps are applied as listed: an order that contradicts the list is an error, not a re-ordering.
        if set(before) - {step.id for step in steps}:
            raise _invalid("steps", i, "after")
        fields = _names(source.get("fields"), "steps", i, "fields")
        steps.append(Step(i, identifier, technique, fields, _mapping(source.get("params", {}), "steps", i, "params")))
    # Without a target nothing would be promised, and so nothing can be kept.
    targets = tuple(_mapping(t, "targets", i) for i, t in enumerate(_list(root.get("targets"), "targets")))
    if not targets:
        raise _invalid("targets")
    given = _list(root.get("secrets", []), "secrets")
    secrets = tuple(_mapping(secret, "secrets", i) for i, secret in enumerate(given))
    release = _mapping(root.get("release", {}), "release").get("id", "")
    hierarchies = _mapping(root.get("hierarchies", {}), "hierarchies")
    return Processing(tuple(steps), targets, hierarchies, secrets, str(release), root)
