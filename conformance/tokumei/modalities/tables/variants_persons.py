"""Correct products that take one person at a time: each person is a record of their rows in all tables.

No table is ever processed as a whole. What differs between them is how they check an input, how they name and write
what they release, and what they say beside it.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
import re
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from tokumei.declarations import DROPPING, PSEUDONYMS, FieldInfo, FieldName, Organization, Processing
from tokumei.modalities.tables import stricter
from tokumei.model import Product, Request, Response

TODAY = "2026-01-31"
Row: TypeAlias = dict[str, str | None]
Change: TypeAlias = Callable[["Person", str], str | None]
Name: TypeAlias = Callable[[bytes], str]
"""From thirty-two bytes that depend on a secret to the pseudonym."""


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that is known of somebody."""

    key: str
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def values(self, name: FieldName) -> Iterator[str | None]:
        return (row[name.field] for row in self.rows.get(name.resource, ()))


# -- what a style says --------------------------------------------------------------------------------------


def _base32(given: bytes) -> str:
    return base64.b32encode(given[:20]).decode().lower()


def _greek(given: bytes) -> str:
    """Sixteen bytes in base 24: kana would spell names."""
    signs = "αβγδεζηθικλμνξοπρστυφχψω"
    number, text = int.from_bytes(given[:16]), ""
    for _ in range(28):
        number, digit = divmod(number, len(signs))
        text += signs[digit]
    return text


def _urn(given: bytes) -> str:
    text = given[:16].hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _long(given: bytes) -> str:
    return f"{{{hashlib.sha512(given).hexdigest()}}}"


def _brackets(low: int, above: int | None) -> str:
    return f"{low}+" if above is None else f"({low - 1}, {above - 1}]"


def _each(low: int, above: int | None) -> str:
    return f"{{{low},...}}" if above is None else "{" + ",".join(map(str, range(low, above))) + "}"


def _kanji(low: int, above: int | None) -> str:
    digits = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(low))
    return f"{digits}歳以上" if above is None else f"{digits}歳から{above - low}歳幅"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a product does what the declarations leave open."""

    edit: stricter.Edit = stricter.as_asked
    input: Literal["strict", "lenient"] = "lenient"
    """Refuse what the declaration does not allow, or make an unreadable date empty and go on."""
    name: Name = _base32
    interval: Callable[[int, int | None], str] = _brackets
    days: Callable[[int, int], range] = lambda low, high: range(low, high + 1)
    day: str = "%Y-%m-%d"
    missing: str | None = None
    hidden: str | None = None
    other: str = "該当なし"
    order: Literal["keyed", "by name", "by value"] = "keyed"
    told: Literal["little", "much"] = "little"


STYLES: Mapping[str, Style] = {
    "strict": Style(input="strict", name=_urn, interval=_each, order="by name", told="much"),
    "lenient": Style(day="%d.%m.%Y", hidden="[秘匿]", told="much"),
    "greek": Style(name=_greek, interval=_kanji, missing="NA", hidden="-", order="by value"),
    "forward": Style(
        name=_long, days=lambda low, high: range(high // 2, high + 1), missing="", hidden="", day="%Y%m%d"
    ),
}
"""The products by name; each is correct."""

SAMPLED = Style(edit=stricter.sampled(0.9), missing="欠測", hidden="非公表", order="by value")
"""Correct, but how many were left out and who stays in another order is not judged: the best outcome is incomplete."""


class _Refused(Exception):
    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.response = Response(status="refused", code=code, path=path, message="入力又は宣言を確認してください。")


class _Run:
    def __init__(self, request: Request, style: Style) -> None:
        self.style = style
        self.organization = Organization.of(request.organization)
        self.claim = style.edit(dict(request.organization), dict(request.processing))
        self.processing = Processing.of(self.claim)
        self.secret = hashlib.sha3_256(b"".join(request.secrets.values()) or secrets.token_bytes(32)).digest()
        self.tables: dict[str, list[Row]] = {
            info.name: [dict(row) for row in request.data[info.name].to_pylist()]
            for info in self.organization.resources
        }

    def _bytes(self, *parts: str) -> bytes:
        return hashlib.shake_256(self.secret + json.dumps(parts).encode()).digest(32)

    def response(self) -> Response:
        for info in self.organization.fields():
            self._check(info)
        people = [person for person in self._people() if not self._excluded(person)]
        least = self.processing.target("minimum-subjects")
        if least is not None and len(people) < least.minimum:
            raise _Refused("CANNOT_MEET_PRIVACY", "/targets")
        admitted = len(people)
        for step in self.processing.with_technique("sample"):
            people = [p for p in people if self._bytes("sample", p.key) < bytes([int(256 * step.params["fraction"])])]
        changes = {info.name: self._changes(info.name) for info in self.organization.fields()}
        people = [self._changed(person, changes) for person in people]
        for step in self.processing.with_technique("k-search"):
            people = self._in_classes(people, step.fields, int(step.params["k"]))
            while len(left := self._in_diverse(people)) < len(people):
                people = self._in_classes(left, step.fields, int(step.params["k"]))
        for step in self.processing.with_technique("suppress-cell"):
            for name in step.fields:
                self._hide(people, name, int(step.params.get("rareBelow", 0)))
        columns = {resource.name: self._columns(resource.name) for resource in self.organization.resources}
        tables = {resource: self._table(resource, people, names) for resource, names in columns.items()}
        return Response(
            status="ok",
            data=tables,
            organization=self._described(columns),
            processing=self._claimed(admitted - len(people)),
            extra=self._told(admitted, len(people), tables),
        )

    # -- the input ------------------------------------------------------------------------------------------

    def _check(self, info: FieldInfo) -> None:
        name, rules = info.name, info.constraints
        refused = _Refused("INPUT_INVALID", f"/data/{name.resource}/{name.field}")
        values = [row[name.field] for row in self.tables[name.resource]]
        if info.required and name != self.organization.subject_key and None in values:
            raise refused
        if info.type == "date":
            for row in self.tables[name.resource]:
                if row[name.field] and _date(row[name.field]) is None:
                    row[name.field] = None
                    if self.style.input == "strict":
                        raise refused
        if self.style.input == "lenient":
            return
        known = [value for value in values if value]
        if "enum" in rules and not set(known) <= set(map(str, rules["enum"])):
            raise refused
        if "pattern" in rules and not all(re.fullmatch(rules["pattern"], value) for value in known):
            raise refused
        if rules.get("unique") and len(set(known)) < len(known):
            raise refused
        bounds = float(rules.get("minimum", "-inf")), float(rules.get("maximum", "inf"))
        if info.type in {"integer", "number"} and not all(bounds[0] <= float(value) <= bounds[1] for value in known):
            raise refused

    def _people(self) -> list[Person]:
        """Rows that lead to nobody are of no person, and so are never seen again."""
        people: dict[str, Person] = {}
        owner: dict[tuple[FieldName, str], Person] = {}
        for resource in self.organization.parents_first():
            path = self.organization.path_to_person(resource.name)
            if path is None:
                raise _Refused("DECLARATION_INVALID", f"/resources/{resource.name}")
            for row in self.tables[resource.name]:
                own = row[path[0].field.field if path else self.organization.subject_key.field]
                if own is None:
                    continue
                person = owner.get((path[0].to, own)) if path else people.setdefault(own, Person(own))
                if person is None:
                    continue
                person.rows.setdefault(resource.name, []).append(row)
                for info in resource.fields:
                    if (value := row[info.name.field]) is not None and self.organization.is_key(info):
                        owner[info.name, value] = person
        return list(people.values())

    def _excluded(self, person: Person) -> bool:
        return any(
            value in step.texts
            for step in self.processing.with_technique("suppress-record")
            for value in person.values(FieldName.parse(str(step.params["field"])))
        )

    # -- one person -----------------------------------------------------------------------------------------

    def _changes(self, name: FieldName) -> list[Change]:
        changes: list[Change] = []
        steps = [step for step in self.processing.steps if name in step.fields]
        params: dict[str, Any] = {key: value for step in steps for key, value in step.params.items()}
        techniques = {step.technique for step in steps}
        if techniques & PSEUDONYMS:
            domain = str(params["domain"])
            changes.append(lambda person, value: self.style.name(self._bytes("name", domain, value)))
        elif "date-shift" in techniques:
            low, high = (int(bound) for bound in params["range"])
            changes.append(lambda person, value: self._moved(person, value, low, high))
        elif "truncate" in params:
            changes.append(lambda person, value: value[: int(params["truncate"])])
        elif "hierarchy" in params:
            hierarchy = self.processing.hierarchies[str(params["hierarchy"])]
            nodes = {line[0]: str(line[hierarchy["levels"].index(params["level"])]) for line in hierarchy["table"]}
            changes.append(lambda person, value: nodes.get(value, self.style.other))
        elif {"bin", "top"} & set(params):
            changes.append(lambda person, value: self._number(value, params))
        return changes

    def _moved(self, person: Person, value: str, low: int, high: int) -> str | None:
        days = [day for day in self.style.days(low, high) if day]
        offset = days[int.from_bytes(self._bytes("days", person.key)[:8]) % len(days)]
        day = _date(value)
        return (day + dt.timedelta(days=offset)).strftime(self.style.day) if day else None

    def _number(self, value: str, params: Mapping[str, Any]) -> str | None:
        width, top, bottom = int(params.get("bin", 0)), params.get("top"), params.get("bottom")
        if not re.fullmatch(r"\d+(\.\d+)?", value):
            return None
        if top is not None and float(value) >= top:
            return self.style.interval(int(top), None)
        if bottom is not None and float(value) <= bottom:
            return f"〜{bottom}"
        low = int(float(value)) // width * width if width else 0
        return self.style.interval(low, low + width) if width else value

    @staticmethod
    def _changed(person: Person, changes: Mapping[FieldName, list[Change]]) -> Person:
        done = Person(person.key)
        for resource, rows in person.rows.items():
            done.rows[resource] = [dict(row) for row in rows]
            for row in done.rows[resource]:
                for column, value in row.items():
                    for change in changes.get(FieldName(resource, column), ()) if value else ():
                        row[column] = change(person, str(value))
        return done

    # -- all persons ------------------------------------------------------------------------------------------

    @staticmethod
    def _in_classes(people: list[Person], names: tuple[FieldName, ...], k: int) -> list[Person]:
        """Those whose every class has k persons, until none is left who has another."""

        def classes(person: Person) -> set[tuple[str | None, ...]]:
            return set(zip(*(person.values(name) for name in names), strict=True))

        while True:
            sizes = Counter(each for person in people for each in classes(person))
            left = [person for person in people if all(sizes[each] >= k for each in classes(person))]
            if len(left) == len(people):
                return left
            people = left

    def _in_diverse(self, people: list[Person]) -> list[Person]:
        """Those whose every class holds as many sensitive values as the targets ask for."""
        for names, least in [((*t.quasi, t.sensitive), t.l) for t in self.processing.targets if t.sensitive]:
            rows = [set(zip(*(person.values(name) for name in names), strict=True)) for person in people]
            kinds = Counter(row[:-1] for row in set().union(*rows))
            people = [p for p, own in zip(people, rows, strict=True) if all(kinds[row[:-1]] >= least for row in own)]
        return people

    def _hide(self, people: list[Person], name: FieldName, least: int) -> None:
        persons = Counter(value for person in people for value in set(person.values(name)))
        for person in people:
            for row in person.rows.get(name.resource, ()):
                if row[name.field] is not None and persons[row[name.field]] < least:
                    row[name.field] = self.style.hidden

    # -- what is handed over ------------------------------------------------------------------------------------

    def _columns(self, resource: str) -> list[str]:
        gone = {name for step in self.processing.with_technique(*DROPPING) for name in step.fields}
        names = [info.name for info in self.organization.resource(resource).fields]
        return [name.field for name in names if name not in gone and self.processing.released(name)]

    def _table(self, resource: str, people: list[Person], columns: list[str]) -> pa.Table:
        lines = [
            [self.style.missing if row[column] is None else row[column] for column in columns]
            for person in people
            for row in person.rows.get(resource, ())
        ]
        lines.sort(key=lambda line: self._bytes("order", resource, *(cell or "" for cell in line)))
        if self.style.order == "by name":
            lines.sort(key=lambda line: [cell or "" for cell in line])
        elif self.style.order == "by value":
            named = {
                name.field
                for step in self.processing.with_technique(*PSEUDONYMS)
                for name in step.fields
                if name.resource == resource
            }
            at = [place for place, column in enumerate(columns) if column not in named]
            lines.sort(key=lambda line: [line[place] or "" for place in at])
        cells = [[line[place] for line in lines] for place in range(len(columns))]
        return pa.table({column: pa.array(cells[place], pa.string()) for place, column in enumerate(columns)})

    def _described(self, columns: Mapping[str, list[str]]) -> dict[str, Any]:
        document = copy.deepcopy(dict(self.organization.document))
        for resource in document["resources"]:
            schema = resource["schema"]
            schema["fields"] = [f for f in schema["fields"] if f["name"] in columns[resource["name"]]]
            if self.style.missing is not None:
                schema["missingValues"] = sorted({"", self.style.missing})
            for each in schema["fields"]:
                each.pop("constraints", None)
                each["tokumei"]["representation"] = {
                    "kind": "value",
                    "missing": [self.style.missing or ""],
                    "suppressed": [self.style.hidden or ""],
                }
                if each["type"] == "date":
                    each["format"] = self.style.day
                elif self._changes(FieldName(resource["name"], each["name"])):
                    each["type"] = "string"
            resource["tokumei"]["order"] = "random" if self.style.order == "keyed" else "by-released-values"
        return document

    def _claimed(self, suppressed: int) -> dict[str, Any]:
        document = copy.deepcopy(self.claim)
        for step in document["steps"]:
            if step["technique"] in PSEUDONYMS and "bits" in step["params"]:
                step["params"]["bits"] = max(step["params"]["bits"], 128)
        measured = {"metric": "suppressed-subjects", "value": suppressed, "how": "加工の前後の人数の差", "date": TODAY}
        document.setdefault("residualRisk", {}).setdefault("measured", []).append(measured)
        what = [*self.processing.secrets, "mapping-table"]
        return document | {"destruction": {"what": what, "how": "主記憶から消去した", "on": TODAY}}

    def _told(self, admitted: int, left: int, tables: Mapping[str, pa.Table]) -> dict[str, str]:
        persons = {"admitted": admitted, "out": left, "suppressed": admitted - left}
        if self.style.told == "little":
            return {"risk.json": json.dumps({"persons": persons})}
        rows = {name: table.num_rows for name, table in tables.items()}
        digests = {name: hashlib.sha256(str(table).encode()).hexdigest() for name, table in tables.items()}
        sys.stderr.write(
            f"2026-01-31T23:59:59.123456+09:00 INFO [pid 1234567] rows={rows} persons={persons} sha256={digests}\n"
        )
        statement = {"made": "2026-01-31T23:59:59.123456+09:00", "rows": rows, "sha256": digests}
        return {
            "risk.json": json.dumps({"unit": "person", "persons": persons, "rows": rows}),
            "statement.json": json.dumps(statement, ensure_ascii=False),
        }


def _date(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text and re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def product(style: Style) -> Product:
    """The product of a style."""

    def anonymize(request: Request) -> Response:
        try:
            return _Run(request, style).response()
        except _Refused as refused:
            return refused.response

    return anonymize


def person_products() -> dict[str, Product]:
    """The products of this module that no check may accuse."""
    return {name: product(style) for name, style in STYLES.items()}
