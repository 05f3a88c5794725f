"""The only door for JSON Schema: a document against one of the schemas of the standard, as problems.

A message tells what the schema expects, never what the document holds: a document may be wrong because
somebody pasted a value of a patient into it.
"""

from __future__ import annotations

import difflib
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
from referencing import Registry, Resource

from tokumei import documents
from tokumei.model import Place, Problem
from tokumei.resources import data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokumei.model import Document

CODES: Mapping[str, str] = {
    "type": "SCHEMA_TYPE",
    "enum": "SCHEMA_ENUM",
    "const": "SCHEMA_CONST",
    "required": "SCHEMA_REQUIRED",
    "additionalProperties": "SCHEMA_ADDITIONALPROPERTIES",
    "propertyNames": "SCHEMA_PROPERTYNAMES",
    "pattern": "SCHEMA_PATTERN",
    "minLength": "SCHEMA_MINLENGTH",
    "minimum": "SCHEMA_MINIMUM",
    "maximum": "SCHEMA_MAXIMUM",
    "exclusiveMinimum": "SCHEMA_EXCLUSIVEMINIMUM",
    "minItems": "SCHEMA_MINITEMS",
    "maxItems": "SCHEMA_MAXITEMS",
    "uniqueItems": "SCHEMA_UNIQUEITEMS",
    "minProperties": "SCHEMA_MINPROPERTIES",
    "anyOf": "SCHEMA_ANYOF",
    "oneOf": "SCHEMA_ONEOF",
}
"""Every keyword of the schemas that can fail; a test keeps the two in step."""


def names() -> tuple[str, ...]:
    """The names that ``validate`` takes: ``organization``, ``protocol/request`` and so on."""
    root = data("schemas")
    found = (path.relative_to(root).as_posix() for path in root.rglob("*.schema.json"))
    return tuple(sorted(name.removesuffix(".schema.json") for name in found))


@cache
def schema(name: str) -> Mapping[str, Any]:
    """The text of one schema of the standard."""
    return documents.load(data("schemas", *f"{name}.schema.json".split("/"))).document


def validate(document: Document, name: str, place: Callable[[str], Place] | None = None) -> tuple[Problem, ...]:
    """What the schema refuses in a document, ordered by pointer; ``place`` adds file and line to a pointer."""
    where = place or (lambda pointer: Place(pointer=pointer))
    errors = sorted(_validator(name).iter_errors(document), key=_order)
    found = {
        (problem.code, problem.place.pointer, str(problem.params)): problem
        for error in errors
        for problem in _problems(error, where)
    }
    return tuple(found.values())


def _order(error: Any) -> list[str]:
    """Items of a list by number, keys by name."""
    return [f"{part:06d}" if isinstance(part, int) else part for part in error.absolute_path]


@cache
def _validator(name: str) -> Any:
    registry: Registry[Any] = Registry().with_resources(
        (schema(each)["$id"], Resource.from_contents(schema(each))) for each in names()
    )
    return jsonschema.Draft202012Validator(schema(name), registry=registry)


def _problems(error: Any, where: Callable[[str], Place]) -> Iterator[Problem]:
    at = documents.pointer(*error.absolute_path)
    rule = error.validator_value
    code = CODES.get(error.validator, "SCHEMA_FORBIDDEN")
    if list(error.absolute_schema_path)[-2:-1] == ["propertyNames"]:
        below = at + documents.pointer(error.instance)
        yield Problem(code=CODES["propertyNames"], place=where(below), params={"expected": rule})
    elif error.validator == "required":
        for missing in (name for name in rule if name not in error.instance):
            yield Problem(code=code, place=where(at), params={"expected": missing})
    elif error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", ()))
        for extra in (name for name in error.instance if name not in allowed):
            below = at + documents.pointer(extra)
            yield Problem(code=code, place=where(below), params=_allowed(allowed, extra))
    elif error.validator == "enum":
        yield Problem(code=code, place=where(at), params=_allowed(rule, error.instance))
    elif error.validator in ("anyOf", "oneOf"):
        yield Problem(code=code, place=where(at), params={"expected": [_summary(each) for each in rule]})
    else:
        yield Problem(code=code, place=where(at), params={"expected": rule})


def _allowed(allowed: list[Any], given: object) -> Mapping[str, object]:
    """The values of the schema, and the one that the author may have meant."""
    near = difflib.get_close_matches(str(given), [str(each) for each in allowed], n=1, cutoff=0.7)
    return {"expected": allowed, **({"nearest": near[0]} if near else {})}


def _summary(alternative: Any) -> str:
    """One alternative in a word: the properties it requires, or its type."""
    if "required" in alternative:
        return " + ".join(alternative["required"])
    inner = alternative.get("properties", {})
    if inner:
        return " + ".join(f"{name}.{_summary(each)}" for name, each in inner.items())
    return str(alternative.get("type", alternative.get("$ref", "")))
