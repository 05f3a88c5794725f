"""What the two declarations must agree on, beyond what their schemas can say.

Both functions are pure and expect documents that their schemas accept. Every problem points to the line
that has to change.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tokumei import exclusions, numbers
from tokumei.documents import pointer
from tokumei.model import Problem
from tokumei.spreadsheets import open_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokumei.documents import Loaded

WHOLE_TABLE = frozenset({"suppress-record", "shuffle-rows", "sample", "synthesize", "path-rebuild"})
"""Techniques that may name a whole resource."""
DECIDES_NOTHING = frozenset({"suppress-record", "shuffle-rows", "sample", "path-rebuild", "k-search"})
"""Techniques that do not decide what becomes of one field."""
ENDS_SYMBOL = frozenset({"suppress-column", "text-drop", "pseudonymize-keyed", "pseudonymize-random"})
ENDS_TEXT = frozenset({"text-drop", "text-redact", "suppress-column"})
DROPS = frozenset({"suppress-column", "text-drop"})
TYPES: Mapping[str, frozenset[str]] = {
    "date-shift": frozenset({"date", "datetime"}),
    "date-coarsen": frozenset({"date", "datetime", "yearmonth"}),
    "top-bottom-code": frozenset({"integer", "number", "year"}),
    "microaggregate": frozenset({"integer", "number", "year"}),
    "noise": frozenset({"integer", "number", "year"}),
    "generalize by bin": frozenset({"integer", "number", "year"}),
}
"""The types that a technique can work on; any type where it is not named."""
DATED = frozenset({"date", "datetime", "time", "year", "yearmonth", "boolean"})


class _Tables:
    """The fields of an organization by ``resource.field``, with the pointer of each."""

    def __init__(self, organization: Loaded) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.fields: dict[str, dict[str, Any]] = {}
        self.at: dict[str, str] = {}
        for i, resource in enumerate(organization.document["resources"]):
            self.resources.setdefault(resource["name"], resource)
            self.at.setdefault(resource["name"], pointer("resources", i))
            for j, field in enumerate(resource.get("schema", {}).get("fields", [])):
                name = f"{resource['name']}.{field['name']}"
                self.fields.setdefault(name, field)
                self.at.setdefault(name, pointer("resources", i, "schema", "fields", j))

    def foreign_keys(self, name: str) -> list[tuple[list[str], str, list[str]]]:
        keys = self.resources[name].get("schema", {}).get("foreignKeys", [])
        return [
            (_list(key["fields"]), key["reference"].get("resource") or name, _list(key["reference"]["fields"]))
            for key in keys
        ]

    def reach(self, root: str) -> set[str]:
        """The tables from which foreign keys lead to ``root``."""
        found = {root}
        while True:
            more = {
                name
                for name in self.resources
                if name not in found and any(to in found for _, to, _ in self.foreign_keys(name))
            }
            if not more:
                return found
            found |= more


def _cycle(tables: _Tables, name: str) -> bool:
    """Whether foreign keys lead from a table to another and back; a key into the same table is none."""
    seen, waiting = set[str](), [name]
    while waiting:
        for _, to, _ in tables.foreign_keys(current := waiting.pop()):
            if to == name and current != name:
                return True
            if to in tables.resources and to not in seen:
                seen.add(to)
                waiting.append(to)
    return False


def is_encoding(name: str) -> bool:
    """Whether Python can decode text with an encoding of that name."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except (LookupError, ValueError):
        return False
    return True


def organization(loaded: Loaded) -> tuple[Problem, ...]:
    """What is wrong inside the organization declaration alone."""
    tables = _Tables(loaded)
    return (*_organization(loaded, tables), *exclusions.organization(loaded, tables.fields))


def pair(organization: Loaded, processing: Loaded) -> tuple[Problem, ...]:
    """What is wrong between the two declarations."""
    tables = _Tables(organization)
    return (
        *_header(organization, processing),
        *_hierarchies(organization, processing, tables),
        *_steps(processing, tables),
        *_decided(organization, processing, tables),
        *_targets(processing, tables),
        *exclusions.pair(organization, processing, tables.fields),
    )


def _list(keys: str | list[str]) -> list[str]:
    return [keys] if isinstance(keys, str) else keys


def _organization(loaded: Loaded, tables: _Tables) -> Iterator[Problem]:
    for i, resource in enumerate(loaded.document["resources"]):
        at = pointer("resources", i)
        name = resource["name"]
        if tables.at[name] != at:
            yield Problem(code="DUPLICATE_RESOURCE", place=loaded.place(at + "/name"), params={"resource": name})
        if not is_encoding(resource.get("encoding", "utf-8")):
            yield Problem(code="UNKNOWN_ENCODING", place=loaded.place(at + "/encoding"), params={"resource": name})
        yield from _table(loaded, tables, resource, at)
    yield from _container(loaded, tables)


def _table(loaded: Loaded, tables: _Tables, resource: Mapping[str, Any], at: str) -> Iterator[Problem]:
    schema = resource.get("schema", {})
    name = resource["name"]
    groups = loaded.document["tokumei"].get("redundancyGroups", {})
    for j, field in enumerate(schema.get("fields", [])):
        here = at + pointer("schema", "fields", j)
        full = f"{name}.{field['name']}"
        if tables.at[full] != here:
            yield Problem(code="DUPLICATE_FIELD", place=loaded.place(here), params={"field": full})
        classes = field["tokumei"]["class"]
        if "neutral" in classes and len(classes) > 1:
            yield Problem(code="NEUTRAL_NOT_ALONE", place=loaded.place(here + "/tokumei/class"), params={"field": full})
        if field["tokumei"].get("officialNumber") in numbers.CODES and "symbol" not in classes:
            yield Problem(code="NUMBER_NOT_SYMBOL", place=loaded.place(here + "/tokumei/class"), params={"field": full})
        group = field["tokumei"].get("redundancyGroup")
        if group is not None and full not in groups.get(group, {}).get("members", []):
            place = loaded.place(here + "/tokumei/redundancyGroup")
            yield Problem(code="NOT_IN_GROUP", place=place, params={"field": full})
        yield from _generated(loaded, tables, field, full, here)
    own = {field["name"] for field in schema.get("fields", [])}
    for key in _list(schema.get("primaryKey", [])):
        if key not in own:
            place = loaded.place(at + "/schema/primaryKey")
            yield Problem(code="UNKNOWN_FIELD", place=place, params={"field": f"{name}.{key}"})
    subject = resource["tokumei"].get("subjectKey")
    if subject is not None and own and subject not in own:
        place = loaded.place(at + "/tokumei/subjectKey")
        yield Problem(code="UNKNOWN_FIELD", place=place, params={"field": f"{name}.{subject}"})
    for j, (fields, to, keys) in enumerate(tables.foreign_keys(name)):
        place = loaded.place(at + pointer("schema", "foreignKeys", j))
        for full in [f"{name}.{f}" for f in fields] + [f"{to}.{k}" for k in keys]:
            if full not in tables.fields:
                yield Problem(code="UNKNOWN_FIELD", place=place, params={"field": full})


def _generated(loaded: Loaded, tables: _Tables, field: Mapping[str, Any], full: str, at: str) -> Iterator[Problem]:
    """A field without a source of values cannot be tested, so it is a fault of the declaration."""
    limits = field.get("constraints", {})
    resource, _, name = full.partition(".")
    try:
        re.compile(limits.get("pattern", ""))
    except re.error:
        yield Problem(code="PATTERN_INVALID", place=loaded.place(at + "/constraints/pattern"), params={"field": full})
    is_csv = tables.resources[resource].get("format", "csv") == "csv"
    numeric = field["type"] in ("integer", "number") and "minimum" in limits and "maximum" in limits
    if numeric and not _ordered(limits["minimum"], limits["maximum"]):
        yield Problem(code="BOUNDS_EMPTY", place=loaded.place(at + "/constraints"), params={"field": full})
    known = (
        numeric
        or "pattern" in limits
        or "enum" in limits
        or {"generator", "officialNumber"} & field["tokumei"].keys()
        or "hierarchy" in field["tokumei"]
        or field["type"] in DATED
        or (is_csv and open_text(field["type"], field["tokumei"]["class"], {*limits, *field["tokumei"]}))
        or any(name in fields for fields, _, _ in tables.foreign_keys(resource))
    )
    if not known:
        yield Problem(code="CANNOT_GENERATE", place=loaded.place(at), params={"field": full})


def _ordered(low: object, high: object) -> bool:
    try:
        return float(str(low)) <= float(str(high))
    except ValueError:
        return False


def _container(loaded: Loaded, tables: _Tables) -> Iterator[Problem]:
    own = loaded.document["tokumei"]
    named: list[tuple[str, str]] = [(own["subjects"]["key"], "/tokumei/subjects/key")]
    if "statusField" in own.get("optOut", {}):
        named.append((own["optOut"]["statusField"], "/tokumei/optOut/statusField"))
    for group, content in own.get("redundancyGroups", {}).items():
        for i, member in enumerate(content["members"]):
            named.append((member, pointer("tokumei", "redundancyGroups", group, "members", i)))
    for i, relation in enumerate(own.get("relations", [])):
        named += [(relation[end], pointer("tokumei", "relations", i, end)) for end in ("from", "to")]
    for full, at in named:
        if full not in tables.fields and _tabular(tables, full):
            yield Problem(code="UNKNOWN_FIELD", place=loaded.place(at), params={"field": full})
    for i, institution in enumerate(own.get("institutions", [])):
        for j, received in enumerate(institution.get("received", [])):
            if received["resource"] not in tables.resources:
                place = loaded.place(pointer("tokumei", "institutions", i, "received", j, "resource"))
                yield Problem(code="UNKNOWN_RESOURCE", place=place)
    for name in tables.resources:
        if _cycle(tables, name):
            place = loaded.place(tables.at[name] + "/schema/foreignKeys")
            yield Problem(code="FOREIGN_KEY_CYCLE", place=place, params={"resource": name})
    root = own["subjects"]["key"].partition(".")[0]
    if root not in tables.resources:
        return
    reached = tables.reach(root)
    for name, resource in tables.resources.items():
        if name not in reached and "schema" in resource and resource["tokumei"]["role"] in ("subject", "event"):
            yield Problem(code="SUBJECT_UNREACHABLE", place=loaded.place(tables.at[name]), params={"resource": name})


def _tabular(tables: _Tables, full: str) -> bool:
    """Whether a name must be a column: a tree of files has locators that only its modality knows."""
    resource = tables.resources.get(full.partition(".")[0])
    return resource is None or "schema" in resource


def _header(organization: Loaded, processing: Loaded) -> Iterator[Problem]:
    named = processing.document["organization"]
    for key in ("name", "version"):
        if key in named and named[key] != organization.document.get(key):
            place = processing.place(pointer("organization", key))
            yield Problem(code="ANOTHER_ORGANIZATION", place=place, params={"what": key})
    for loaded in (organization, processing):
        if loaded.document["tokumei"]["level"] != "release":
            yield Problem(code="LEVEL_RESERVED", place=loaded.place("/tokumei/level"))


def _hierarchies(organization: Loaded, processing: Loaded, tables: _Tables) -> Iterator[Problem]:
    hierarchies = processing.document.get("hierarchies", {})
    for full, field in tables.fields.items():
        name = field["tokumei"].get("hierarchy")
        if name is not None and name not in hierarchies:
            place = organization.place(tables.at[full] + "/tokumei/hierarchy")
            yield Problem(code="UNKNOWN_HIERARCHY", place=place, params={"field": full})
    for name, content in hierarchies.items():
        parents: dict[tuple[int, str], str] = {}
        leaves: set[str] = set()
        for i, row in enumerate(content.get("table", [])):
            place = processing.place(pointer("hierarchies", name, "table", i))
            if len(row) != len(content["levels"]):
                params: dict[str, object] = {"expected": len(content["levels"]), "found": len(row)}
                yield Problem(code="HIERARCHY_ROW", place=place, params=params)
                continue
            tree = all(
                parents.setdefault((level, low), high) == high for level, (low, high) in enumerate(pairwise(row))
            )
            if not tree or row[0] in leaves:
                yield Problem(code="HIERARCHY_NOT_A_TREE", place=place)
            leaves.add(row[0])


def _steps(processing: Loaded, tables: _Tables) -> Iterator[Problem]:
    steps = processing.document["steps"]
    counts = Counter(step["id"] for step in steps)
    seen: set[str] = set()
    for i, step in enumerate(steps):
        at = pointer("steps", i)
        if step["id"] in seen:
            yield Problem(code="DUPLICATE_STEP", place=processing.place(at + "/id"), params={"step": step["id"]})
        for j, earlier in enumerate(step.get("after", [])):
            if earlier not in seen:
                code = "STEP_AFTER_LATER" if earlier in counts else "UNKNOWN_STEP"
                place = processing.place(at + pointer("after", j))
                yield Problem(code=code, place=place, params={"step": step["id"]})
        seen.add(step["id"])
        for j, full in enumerate(step["fields"]):
            yield from _named(processing, tables, step, full, at + pointer("fields", j))
        yield from _params(processing, tables, step, at + "/params")


def _named(processing: Loaded, tables: _Tables, step: Mapping[str, Any], full: str, at: str) -> Iterator[Problem]:
    place = processing.place(at)
    technique = step["technique"]
    if "." not in full:
        if full not in tables.resources:
            yield Problem(code="UNKNOWN_RESOURCE", place=place)
        elif technique not in WHOLE_TABLE and "schema" in tables.resources[full]:
            yield Problem(code="STEP_NEEDS_FIELD", place=place, params={"technique": technique})
        return
    if full not in tables.fields:
        if _tabular(tables, full):
            yield Problem(code="UNKNOWN_FIELD", place=place, params={"field": full})
        return
    kind = "generalize by bin" if "bin" in step.get("params", {}) else technique
    allowed = TYPES.get(kind)
    if allowed and tables.fields[full]["type"] not in allowed:
        params = {"field": full, "technique": technique, "expected": sorted(allowed)}
        yield Problem(code="STEP_TYPE", place=place, params=params)


def _params(processing: Loaded, tables: _Tables, step: Mapping[str, Any], at: str) -> Iterator[Problem]:
    params = step.get("params", {})
    secrets = {secret["id"] for secret in processing.document.get("secrets", [])}
    if "secret" in params and params["secret"] not in secrets:
        yield Problem(
            code="UNKNOWN_SECRET", place=processing.place(at + "/secret"), params={"expected": sorted(secrets)}
        )
    named = [(params["field"], "/field")] if "field" in params else []
    named += [(full, pointer("within", i)) for i, full in enumerate(params.get("within", []))]
    for full, below in named:
        if full not in tables.fields and _tabular(tables, full):
            yield Problem(code="UNKNOWN_FIELD", place=processing.place(at + below), params={"field": full})
    if "hierarchy" in params:
        hierarchies = processing.document.get("hierarchies", {})
        if params["hierarchy"] not in hierarchies:
            place = processing.place(at + "/hierarchy")
            yield Problem(code="UNKNOWN_HIERARCHY", place=place, params={"field": ", ".join(step["fields"])})
        else:
            expected = hierarchies[params["hierarchy"]]["levels"]
            named = [(params["level"], "/level")] if "level" in params else []
            named += [(level, pointer("levels", i)) for i, level in enumerate(params.get("levels", []))]
            for level, below in named:
                if level not in expected:
                    place = processing.place(at + below)
                    yield Problem(code="UNKNOWN_LEVEL", place=place, params={"expected": expected})
    for low, high in (("bottom", "top"), ("minimum", "maximum")):
        if low in params and high in params and params[low] > params[high]:
            yield Problem(code="RANGE_EMPTY", place=processing.place(at), params={"step": step["id"]})
    if "range" in params and params["range"][0] >= params["range"][1]:
        yield Problem(code="RANGE_EMPTY", place=processing.place(at + "/range"), params={"step": step["id"]})


def _decides(step: Mapping[str, Any], full: str) -> bool:
    if step["technique"] == "synthesize" and full.partition(".")[0] in step["fields"]:
        return True
    return full in step["fields"] and step["technique"] not in DECIDES_NOTHING


def _decided(organization: Loaded, processing: Loaded, tables: _Tables) -> Iterator[Problem]:
    """Every field has a step that decides what becomes of it, and one that its class allows."""
    for full, field in tables.fields.items():
        place = organization.place(tables.at[full])
        deciding = [(i, step) for i, step in enumerate(processing.document["steps"]) if _decides(step, full)]
        techniques = {step["technique"] for _, step in deciding}
        params: dict[str, object] = {"field": full}
        if not deciding:
            yield Problem(code="FIELD_WITHOUT_STEP", place=place, params=params)
            continue
        last = processing.place(pointer("steps", deciding[-1][0]))
        if len(techniques) > 1 and ("keep" in techniques or techniques & DROPS):
            yield Problem(code="STEPS_CONTRADICT", place=last, params={**params, "expected": sorted(techniques)})
        classes = field["tokumei"]["class"]
        symbol = any(step["technique"] in ENDS_SYMBOL and 2 in step["realises"] for _, step in deciding)
        if "symbol" in classes and not symbol:
            yield Problem(code="SYMBOL_NOT_REMOVED", place=last, params=params)
        if "freetext" in classes and not techniques & ENDS_TEXT:
            yield Problem(code="TEXT_NOT_TREATED", place=last, params=params)
        if "direct" in classes and "keep" in techniques:
            yield Problem(code="DIRECT_KEPT", place=last, clause="I1-01", params=params)


def _targets(processing: Loaded, tables: _Tables) -> Iterator[Problem]:
    steps = processing.document["steps"]
    gone = {full for step in steps if step["technique"] in DROPS for full in step["fields"]}
    for i, target in enumerate(processing.document["targets"]):
        at = pointer("targets", i)
        named = [(full, pointer("quasi", j)) for j, full in enumerate(target.get("quasi", []))]
        if len({full.partition(".")[0] for full, _ in named}) > 1:
            yield Problem(code="TARGET_SPANS_TABLES", place=processing.place(at + "/quasi"))
        named += [(full, pointer("fields", j)) for j, full in enumerate(target.get("fields", []))]
        if "sensitive" in target:
            named.append((target["sensitive"], "/sensitive"))
        for full, below in named:
            place = processing.place(at + below)
            if full not in tables.fields and _tabular(tables, full):
                yield Problem(code="UNKNOWN_FIELD", place=place, params={"field": full})
            elif full in gone:
                yield Problem(code="TARGET_FIELD_DROPPED", place=place, params={"field": full})
        if target.get("sensitive") in target.get("quasi", []):
            yield Problem(code="SENSITIVE_IS_QUASI", place=processing.place(at + "/sensitive"))
    for i, attacker in enumerate(processing.document.get("attacker", [])):
        for j, full in enumerate(attacker["knows"]):
            if full not in tables.fields and _tabular(tables, full):
                place = processing.place(pointer("attacker", i, "knows", j))
                yield Problem(code="UNKNOWN_FIELD", place=place, params={"field": full})
