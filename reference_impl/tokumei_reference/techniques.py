"""The techniques on values: each is an SQL expression and what the released values then are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tokumei_reference.declarations import Document, Field, Processing, Step
from tokumei_reference.hierarchies import Lookup, date_sql, node
from tokumei_reference.pseudonyms import Keyring
from tokumei_reference.refusals import Refusal, unsupported
from tokumei_reference.treatments import Treatment, invalid, is_numbered
from tokumei_reference.values import is_integer, literal

_LEAST_BITS = 64  # below, pseudonyms of a large release would collide


@dataclass(frozen=True, slots=True)
class Released:
    """A released column. ``typed`` is True while the values keep the type of the input.

    ``pseudonym`` is the number of its hexadecimal digits, 0 when it is none.
    """

    field: Field
    sql: str
    type: str
    representation: Document
    constraints: Document
    typed: bool
    pseudonym: int = 0


@dataclass(slots=True)
class Numbers:
    """A permutation ``name(v, n)`` of the released values of some fields, in the order of ``mac`` over ``v``."""

    name: str
    mac: str
    fields: list[Field] = field(default_factory=list)


@dataclass(slots=True)
class Needs:
    """What the expressions of all columns read beside their column: hierarchies, and offsets of persons.

    ``offsets`` maps an expression over the person ``p`` to the column that holds it. ``numbers`` are the permutations,
    by secret and domain.
    """

    lookups: dict[tuple[str, str], Lookup] = field(default_factory=dict)
    offsets: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)


def _plain(field: Field) -> str:
    """The value as it is. An integer loses a sign or zeros that only mark the row: 007 and +7 are 7."""
    if field.type == "integer":
        return f"CAST(CAST({field.column} AS BIGINT) AS VARCHAR)"
    return field.column


def _representation(kind: str, **more: object) -> dict[str, Any]:
    return {"kind": kind, **more, "missing": [""], "suppressed": []}


def release_column(treatment: Treatment, processing: Processing, keys: Keyring, needs: Needs) -> Released:
    """The SQL of one field; ``needs`` collects what it reads."""
    field = treatment.field
    if not treatment.values or treatment.values[0].technique == "keep":
        return Released(field, _plain(field), field.type, _representation("value"), field.constraints, True)
    first = treatment.values[0]
    match first.technique:
        case "pseudonymize-keyed" | "pseudonymize-random":
            return _pseudonym(field, first, processing, keys, needs)
        case "date-shift":
            return _date_shift(field, first, processing, keys, needs)
        case "top-bottom-code":
            return _coded(field, treatment.values)
        case "generalize":
            return _generalize(field, first, processing, needs)
        case "date-coarsen":
            return _coarsened(field, first)
    raise unsupported(first.at("technique"))


def named_secret(step: Step, processing: Processing, keys: Keyring) -> str:
    """The secret that a step names, which must be declared and given; the default when it names none."""
    if "secret" not in step.params and step.technique != "pseudonymize-keyed":
        return keys.default()
    name = step.params.get("secret")
    for i, secret in enumerate(processing.secrets):
        if secret.get("id") == name and isinstance(name, str):
            bits = secret.get("bits", 128)
            if not is_integer(bits) or bits < 128:
                raise Refusal("DECLARATION_INVALID", f"/secrets/{i}/bits")
            if len(keys.given.get(name, b"")) * 8 < bits:
                raise Refusal("KEY_MISSING", f"/secrets/{i}")
            return name
    raise invalid(step, "params", "secret")


def _pseudonym(field: Field, step: Step, processing: Processing, keys: Keyring, needs: Needs) -> Released:
    params = step.params
    if params.get("function", "HMAC-SHA-256") != "HMAC-SHA-256":
        raise unsupported(step.at("params", "function"))
    if params.get("scope", "release") != "release":
        raise unsupported(step.at("params", "scope"))
    bits, domain = params.get("bits", 128), params.get("domain")
    numbered = is_numbered(step)
    if not numbered and (not is_integer(bits) or not _LEAST_BITS <= bits <= 256 or bits % 4):
        raise invalid(step, "params", "bits")
    if not isinstance(domain, str) or not domain:
        raise invalid(step, "params", "domain")
    secret = named_secret(step, processing, keys)
    required = {name: value for name, value in field.constraints.items() if name in ("required", "unique")}
    if numbered:
        mac = keys.mac("v", secret, step.technique, domain)
        numbers = needs.numbers.setdefault(mac, Numbers(f"n{len(needs.numbers)}", mac))
        numbers.fields.append(field)
        sql = f"(SELECT n FROM {numbers.name} WHERE v = {field.column})"
        return Released(field, sql, "string", _representation("value"), required, False)
    mac = keys.mac(field.column, secret, step.technique, domain)
    return Released(field, f"left({mac}, {bits // 4})", "string", _representation("value"), required, False, bits // 4)


def _date_shift(field: Field, step: Step, processing: Processing, keys: Keyring, needs: Needs) -> Released:
    params = step.params
    if field.type != "date":
        raise invalid(step, "fields")
    if params.get("by") != "subject":
        raise unsupported(step.at("params", "by"))
    if params.get("unit", "day") not in ("day", "week"):
        raise unsupported(step.at("params", "unit"))
    if not set(params.get("preserve", [])) <= {"interval", "order"}:
        raise unsupported(step.at("params", "preserve"))
    limits = params.get("range")
    if not (isinstance(limits, list) and len(limits) == 2 and all(is_integer(x) and abs(x) < 36525 for x in limits)):
        raise invalid(step, "params", "range")
    low, high = limits
    crosses = low <= 0 <= high
    count = high - low + 1 - crosses
    if count < 2:  # one possible offset hides nothing
        raise invalid(step, "params", "range")
    secret = named_secret(step, processing, keys)
    # 60 bits of the HMAC modulo the number of offsets: the bias is below 2^-40. Zero is stepped over.
    offset = f"{low} + ('0x' || left({keys.mac('p', secret, 'date-shift')}, 15))::BIGINT % {count}"
    if crosses:
        offset = f"({offset}) + CAST(({offset}) >= 0 AS BIGINT)"
    days = 7 if params.get("unit") == "week" else 1
    name = needs.offsets.setdefault(f"CAST({days} * ({offset}) AS INTEGER)", f"o{len(needs.offsets)}")
    sql = f"CAST(CAST({field.column} AS DATE) + {name} AS VARCHAR)"
    return Released(field, sql, "date", _representation("value"), _kept(field), True)


def _coded(field: Field, steps: tuple[Step, ...]) -> Released:
    """Top and bottom coding, alone (the extreme becomes the bound) or before binning."""
    params = steps[0].params
    top, bottom = params.get("top"), params.get("bottom")
    if field.type not in ("integer", "number"):
        raise invalid(steps[0], "fields")
    for name, bound in (("top", top), ("bottom", bottom)):
        fits = is_integer(bound) or (field.type == "number" and isinstance(bound, float))
        if bound is not None and not fits:
            raise invalid(steps[0], "params", name)
    if (top is None and bottom is None) or (top is not None and bottom is not None and bottom >= top):
        raise invalid(steps[0], "params")
    if len(steps) == 2:
        if set(steps[1].params) != {"bin"}:
            raise unsupported(steps[1].at("params"))
        return _binned(field, steps[1], top, bottom, coded=steps[0])
    number, plain = f"CAST({field.column} AS DOUBLE)", _plain(field)
    labels, own = _labels(steps[0], str(top), str(bottom)), {"topLabel", "bottomLabel"} & set(params)
    constraints = _kept(field) if own else dict(field.constraints)
    cases = ""
    for name, bound in (("top", top), ("bottom", bottom)):
        if bound is not None:
            # A label of its own stands for the bound too: else 90 and 「90以上」 would both be there.
            sign = {"top": ">", "bottom": "<"}[name] + ("=" if f"{name}Label" in params else "")
            cases += f" WHEN {number} {sign} {bound!r} THEN {literal(labels[name])}"
            if not own:
                constraints["maximum" if name == "top" else "minimum"] = bound
    # The text of a value within the bounds is left as it was: 12.50 stays 12.50.
    sql = f"CASE{cases} ELSE {plain} END"
    representation = _representation("value", labels=_open(labels, top, bottom))
    return Released(field, sql, "string" if own else field.type, representation, constraints, not own)


def _labels(step: Step, top: str, bottom: str) -> dict[str, str]:
    """How the open classes are written: as the step says, else as given here."""
    labels = {}
    for name, default in (("top", top), ("bottom", bottom)):
        label = step.params.get(f"{name}Label", default)
        if not isinstance(label, str) or not label or (f"{name}Label" in step.params and name not in step.params):
            raise invalid(step, "params", f"{name}Label")
        labels[name] = label
    return labels


def _open(labels: Document, top: Any, bottom: Any) -> dict[str, Any]:
    """What the labels of the open classes mean, in the words of JSON Schema."""
    bounds = (("top", "minimum", top), ("bottom", "maximum", bottom))
    return {labels[name]: {word: bound} for name, word, bound in bounds if bound is not None}


def _binned(field: Field, step: Step, top: Any, bottom: Any, coded: Step | None = None) -> Released:
    width = step.params.get("bin")
    if isinstance(width, float) and width > 0:
        raise unsupported(step.at("params", "bin"))
    if not is_integer(width) or not 1 <= width <= 10**9:
        raise invalid(step, "params", "bin")
    if field.type not in ("integer", "number"):
        raise invalid(step, "fields")
    if coded is not None and not all(bound is None or is_integer(bound) for bound in (top, bottom)):
        raise unsupported(coded.at("params"))
    if bottom is not None and field.type == "number":
        raise unsupported((coded or step).at("params", "bottom"))
    # A hyphen cannot separate numbers that may be negative.
    least = field.constraints.get("minimum")
    dash = "-" if isinstance(least, (int, float)) and least >= 0 else ".."
    number = f"CAST({field.column} AS {'BIGINT' if field.type == 'integer' else 'DOUBLE'})"
    low = f"CAST(floor({number} / {width}.0) AS BIGINT) * {width}"
    high = f"{low} + {width}"
    cases = ""
    labels = _labels(coded or step, f"{top}+", f"<{(bottom or 0) + 1}")
    if top is not None:
        high = f"least({high}, {top})"
        cases += f" WHEN {number} >= {top} THEN {literal(labels['top'])}"
    if bottom is not None:
        low = f"greatest({low}, {bottom + 1})"
        cases += f" WHEN {number} <= {bottom} THEN {literal(labels['bottom'])}"
    sql = f"CASE WHEN {field.column} IS NULL THEN NULL{cases} ELSE ({low}) || '{dash}' || ({high}) END"
    opened = _open(labels, top, bottom)
    representation = _representation("interval", bounds="[)", separator=dash, **({"labels": opened} if opened else {}))
    return Released(field, sql, "string", representation, _kept(field), False)


def _kept(field: Field) -> dict[str, Any]:
    return {name: value for name, value in field.constraints.items() if name == "required"}


def _generalize(field: Field, step: Step, processing: Processing, needs: Needs) -> Released:
    params = step.params
    if set(params) == {"bin"}:
        return _binned(field, step, None, None)
    if set(params) == {"truncate"}:
        length = params["truncate"]
        if not is_integer(length) or length < 1:
            raise invalid(step, "params", "truncate")
        sql = f"left({field.column}, {length})"
        return Released(field, sql, "string", _representation("node"), _kept(field), False)
    if set(params) != {"hierarchy", "level"}:
        raise invalid(step, "params")
    found = node(processing, params["hierarchy"], params["level"], field, f"h{step.index}")
    if found is None:
        known = params["hierarchy"] in processing.hierarchies
        raise invalid(step, "params", "level" if known else "hierarchy")
    if found.lookup is not None:
        needs.lookups[field.resource, field.name] = found.lookup
    labels = {"labels": found.labels} if found.labels else {}
    representation = _representation("node", hierarchy=params["hierarchy"], level=found.level, **labels)
    return Released(field, found.sql, "string", representation, _kept(field), False)


def _coarsened(field: Field, step: Step) -> Released:
    unit = step.params.get("to")
    if field.type != "date":
        raise invalid(step, "fields")
    if unit not in ("week", "month", "quarter", "year", "decade"):
        raise invalid(step, "params", "to")
    return Released(
        field, date_sql(field.column, unit), "string", _representation("node", level=unit), _kept(field), False
    )
