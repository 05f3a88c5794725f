"""Correct products in plain Python: rows as dictionaries, one after the other, and k by recoding or by leaving out.

Each makes its own processing declaration of the one that was asked, as strict or stricter, and does what that says.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import hmac
import json
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from tokumei.declarations import DROPPING, PSEUDONYMS, FieldName, Organization, Processing, Step
from tokumei.modalities.tables import stricter
from tokumei.modalities.tables.recoding import Numbers, Places, Scale, Texts, datafly, leaving_out, mondrian
from tokumei.model import Product, Request, Response

PERSON = "\x00"
Row: TypeAlias = dict[str, Any]
Naming: TypeAlias = Callable[[bytes, str, list[str], frozenset[str]], dict[str, str]]
"""From the secret, the domain, its values and the numbers of the input to the pseudonym of each value."""


def _interval(low: int, high: int | None) -> str:
    return f"{low}≤x" if high is None else f"{low}≤x≤{high}"


def _japanese(low: int, high: int | None) -> str:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    if high is None:
        return f"{low}歳以上".translate(wide)
    return (f"{low}代" if low % 10 == 0 and high == low + 9 else f"{low}歳から{high}歳").translate(wide)


# -- pseudonyms ---------------------------------------------------------------------------------------


def _tokens(secret: bytes, domain: str, values: list[str], numbers: frozenset[str]) -> dict[str, str]:
    """Twenty letters and digits that are not mistaken for each other, in groups of five."""
    del secret, domain, numbers
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    drawn = ("".join(secrets.choice(alphabet) for _ in range(20)) for _ in values)
    return {value: "-".join(re.findall(".{5}", text)) for value, text in zip(values, drawn, strict=True)}


def _decimal(secret: bytes, domain: str, values: list[str], numbers: frozenset[str]) -> dict[str, str]:
    """Keyed numbers of forty digits, as an object identifier takes them."""
    del numbers
    return {v: f"{int.from_bytes(_mac(secret, 'name', domain, v)[:16]):040}" for v in values}


def _permuted(secret: bytes, domain: str, values: list[str], numbers: frozenset[str]) -> dict[str, str]:
    """The digits of a number by a keyed permutation of all numbers of its length; letters stay.

    A pseudonym that is a number of somebody in the input would join the wrong records: then all are drawn again.
    """
    for tweak in range(1000):
        mac = functools.partial(_mac, secret, "digits", domain, str(tweak))
        drawn = {value: _permuted_digits(mac, value) for value in values}
        if not any(_bare(text) in numbers for text in drawn.values()):
            return drawn
    raise _Refused("CANNOT_MEET_PRIVACY", "/secrets")


def _permuted_digits(mac: Callable[[str, str], bytes], value: str) -> str:
    return re.sub("[0-9]{2,}", lambda found: _feistel(mac, found[0]), value)


def _bare(text: str) -> str:
    return "".join(re.findall("[0-9]", text)).lstrip("0")


def _feistel(mac: Callable[[str, str], bytes], digits: str) -> str:
    half = len(digits) // 2
    left, right = digits[:half], digits[half:]
    for turn in range(10):
        size = len(left)
        mixed = (int(left) + int.from_bytes(mac(str(turn), f"{len(digits)}/{right}"))) % 10**size
        left, right = right, f"{mixed:0{size}}"
    return left + right


def _mac(secret: bytes, *parts: str) -> bytes:
    return hmac.digest(secret, "\x1f".join(parts).encode(), "sha3_256")


# -- the products --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a product does what the declarations leave open."""

    edit: stricter.Edit = stricter.as_asked
    names: Naming = _tokens
    classes: Callable[[list[Row], Mapping[str, Scale], int], set[Any]] = leaving_out
    interval: Callable[[int, int | None], str] = _interval
    place: str = "{node}"
    hidden: str | None = None
    """What stands for a value of few persons, and for one that cannot be read."""
    order: Literal["drawn", "values"] = "drawn"
    columns: Literal["as given", "reversed", "by name"] = "as given"
    day: str = "%Y-%m-%d"


STYLES: Mapping[str, Style] = {
    "mondrian": Style(edit=stricter.searched_by("mondrian"), classes=mondrian, columns="by name"),
    "datafly": Style(edit=stricter.searched_by("datafly"), classes=datafly, names=_decimal, hidden="*"),
    "coarser": Style(edit=stricter.coarser, names=_decimal, columns="reversed"),
    "digits": Style(edit=stricter.unmeasured_pseudonyms, names=_permuted, order="values"),
    "japanese": Style(
        interval=_japanese, place="{number:02}：{node}", hidden="*", order="values", columns="reversed", day="%Y/%m/%d"
    ),
    "few-columns": Style(edit=stricter.without(stricter.optional), hidden="*"),
}
"""The products by name; each is correct."""

UNDATED = Style(edit=stricter.without(stricter.dates), order="values")
"""Correct, but the clauses on dates find none: the best outcome is that nothing was found."""


class _Refused(Exception):
    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.response = Response(status="refused", code=code, path=path)


class _Run:
    def __init__(self, request: Request, style: Style) -> None:
        self.style = style
        self.organization = Organization.of(request.organization)
        self.claim = style.edit(dict(request.organization), dict(request.processing))
        self.processing = Processing.of(self.claim)
        self.secret = next(iter(request.secrets.values()), b"") or secrets.token_bytes(32)
        self.rows: dict[str, list[Row]] = {name: table.to_pylist() for name, table in request.data.items()}
        self.gone: set[Any] = set()

    def response(self) -> Response:
        for info in self.organization.fields():
            missing = info.required and None in self._column(info.name)
            if missing or (info.type == "date" and not all(map(_is_date, self._column(info.name)))):
                raise _Refused("INPUT_INVALID", f"/data/{info.name.resource}/{info.name.field}")
        # The numbers of persons who leave are numbers of somebody, too.
        numbers = frozenset(
            _bare(value)
            for info in self.organization.fields()
            if {"direct", "symbol", "link"} & set(info.classes)
            for value in self._column(info.name)
            if value and len(_bare(value)) >= 6
        )
        self._tell_persons()
        for step in self.processing.with_technique("suppress-record"):
            field = FieldName.parse(str(step.params["field"]))
            self.gone |= {row[PERSON] for row in self.rows[field.resource] if row[field.field] in step.texts}
        self._leave()
        admitted = self._persons()
        least = self.processing.target("minimum-subjects")
        if least is not None and admitted < least.minimum:
            raise _Refused("CANNOT_MEET_PRIVACY", "/targets")
        dropped = {name for step in self.processing.with_technique(*DROPPING) for name in step.fields}
        searches = self.processing.with_technique("k-search")
        for step in searches:
            self._search(step)
        quasi = {name for step in searches for name in step.fields}
        for info in self.organization.fields():
            name = info.name
            if self.processing.released(name) and name not in quasi | dropped and (scale := self._scale(name)):
                for row in self.rows[name.resource]:
                    row[name.field] = scale.label(row[name.field])
        self._move_dates()
        self._rename(numbers)
        for step in self.processing.with_technique("suppress-cell"):
            for name in step.fields:
                self._hide_rare(name, int(step.params.get("rareBelow", 0)))
        released = {resource.name: self._columns(resource.name, dropped) for resource in self.organization.resources}
        report = {"unit": "person", "persons": {"admitted": admitted, "suppressed": admitted - self._persons()}}
        return Response(
            status="ok",
            data={name: self._table(name, columns) for name, columns in released.items()},
            organization=self._described(released),
            processing=self.claim | {"destruction": self._destroyed()},
            extra={"risk.json": json.dumps(report)},
        )

    def _column(self, name: FieldName) -> Iterator[str | None]:
        return (row[name.field] for row in self.rows[name.resource])

    def _tell_persons(self) -> None:
        """Each row learns whose it is, and a row of nobody leaves."""
        key = self.organization.subject_key
        for resource in self.organization.parents_first():
            path = self.organization.path_to_person(resource.name)
            if path is None:
                raise _Refused("DECLARATION_INVALID", f"/resources/{resource.name}")
            own = path[0].field.field if path else key.field
            known = {row[path[0].to.field]: row[PERSON] for row in self.rows[path[0].to.resource]} if path else {}
            for row in self.rows[resource.name]:
                row[PERSON] = known.get(row[own]) if path else row[own]
            self.rows[resource.name] = [row for row in self.rows[resource.name] if row[PERSON] is not None]

    def _leave(self) -> None:
        self.rows = {name: [row for row in rows if row[PERSON] not in self.gone] for name, rows in self.rows.items()}

    def _persons(self) -> int:
        return len({row[PERSON] for row in self.rows[self.organization.subject_key.resource]})

    # -- values -----------------------------------------------------------------------------------------

    def _scale(self, name: FieldName) -> Scale | None:
        """How coarse the values of a field are to be; None where they are kept, or changed in another way."""
        steps = [step for step in self.processing.steps_of(name) if step.technique in {"generalize", "top-bottom-code"}]
        params: dict[str, Any] = {key: value for step in steps for key, value in step.params.items()}
        if "hierarchy" in params:
            return self._places(params)
        if {"bin", "top", "bottom"} & set(params):
            width = int(params.get("bin", 0))
            top = params.get("top")
            bottom = params.get("bottom")
            return Numbers(width=width, top=top, bottom=bottom, label_of=self.style.interval, unread=self.style.hidden)
        return Texts(length=int(params["truncate"])) if "truncate" in params else None

    def _places(self, params: Mapping[str, Any]) -> Places:
        hierarchy = self.processing.hierarchies[str(params["hierarchy"])]
        at = hierarchy["levels"].index(params["level"])
        above = {str(line[0]): tuple(str(node) for node in reversed(line[at:])) for line in hierarchy["table"]}
        nodes = sorted({node for path in above.values() for node in path})
        labels = {node: self.style.place.format(number=n, node=node) for n, node in enumerate(nodes, start=1)}
        return Places(above=above, labels=labels)

    def _search(self, step: Step) -> None:
        """The rows reach k under the style's algorithm, which recodes them and names who cannot stay."""
        resource = step.fields[0].resource
        scales = {name.field: self._scale(name) or Texts() for name in step.fields}
        self.gone |= self.style.classes(self.rows[resource], scales, int(step.params["k"]))
        self._leave()
        while alike := self._alike(resource):
            self.gone |= alike
            self._leave()
            self.gone |= leaving_out(self.rows[resource], dict.fromkeys(scales, Texts()), int(step.params["k"]))
            self._leave()

    def _alike(self, resource: str) -> set[Any]:
        gone: set[Any] = set()
        for target in self.processing.targets:
            if target.sensitive is None or target.sensitive.resource != resource or target.model != "l-diversity":
                continue
            of_class: dict[tuple[str | None, ...], list[Row]] = {}
            for row in self.rows[resource]:
                of_class.setdefault(tuple(row[name.field] for name in target.quasi), []).append(row)
            for rows in of_class.values():
                if len({row[target.sensitive.field] for row in rows}) < target.l:
                    gone |= {row[PERSON] for row in rows}
        return gone

    def _move_dates(self) -> None:
        for step in self.processing.with_technique("date-shift"):
            low, high = (int(bound) for bound in step.params["range"])
            for name in step.fields:
                for row in self.rows[name.resource]:
                    drawn = low + int.from_bytes(_mac(self.secret, "days", row[PERSON])[:8]) % (high - low)
                    days = dt.timedelta(days=drawn + (drawn >= 0))
                    if row[name.field]:
                        row[name.field] = (dt.date.fromisoformat(row[name.field]) + days).strftime(self.style.day)

    def _rename(self, numbers: frozenset[str]) -> None:
        domains: dict[str, set[FieldName]] = defaultdict(set)
        for step in self.processing.with_technique(*PSEUDONYMS):
            domains[str(step.params["domain"])] |= set(step.fields)
        for domain, names in domains.items():
            values = sorted({value for name in names for value in self._column(name) if value is not None})
            drawn = self.style.names(self.secret, domain, values, numbers)
            for name in names:
                for row in self.rows[name.resource]:
                    row[name.field] = drawn.get(row[name.field])

    def _hide_rare(self, name: FieldName, least: int) -> None:
        holders: dict[str | None, set[Any]] = defaultdict(set)
        for row in self.rows[name.resource]:
            holders[row[name.field]].add(row[PERSON])
        for row in self.rows[name.resource]:
            if row[name.field] is not None and len(holders[row[name.field]]) < least:
                row[name.field] = self.style.hidden

    # -- what is handed over ----------------------------------------------------------------------------

    def _columns(self, resource: str, dropped: Iterable[FieldName]) -> list[str]:
        names = [f.name for f in self.organization.resource(resource).fields if f.name not in set(dropped)]
        columns = [name.field for name in names if self.processing.released(name)]
        match self.style.columns:
            case "reversed":
                return columns[::-1]
            case "by name":
                return sorted(columns)
        return columns

    def _table(self, resource: str, columns: Sequence[str]) -> pa.Table:
        lines = [tuple(row[column] for column in columns) for row in self.rows[resource]]
        secrets.SystemRandom().shuffle(lines)
        if self.style.order == "values":
            # Names first would lay the rows in the order of the keys, were the names ever to follow those.
            lines.sort(key=lambda line: tuple(value or "" for value in line[::-1]))
        return pa.table({c: pa.array([line[i] for line in lines], pa.string()) for i, c in enumerate(columns)})

    def _destroyed(self) -> dict[str, Any]:
        what = list(self.processing.secrets)
        if self.processing.with_technique("pseudonymize-random"):
            what.append("mapping-table")
        return {"what": what, "how": "記憶域だけに置き、処理の終わりに破棄した"}

    def _described(self, released: Mapping[str, list[str]]) -> dict[str, Any]:
        document = copy.deepcopy(dict(self.organization.document))
        order = "random" if self.style.order == "drawn" else "by-released-values"
        for resource in document["resources"]:
            columns, schema = released[resource["name"]], resource["schema"]
            fields = {field["name"]: field for field in schema["fields"]}
            for column in columns:
                scale = self._scale(FieldName(resource["name"], column))
                kind = "interval" if isinstance(scale, Numbers) else "node" if isinstance(scale, Places) else "value"
                shown = {"kind": kind, "missing": [""], "suppressed": [self.style.hidden or ""]}
                fields[column]["tokumei"]["representation"] = shown
                if scale is not None:
                    fields[column]["type"] = "string"
                elif fields[column]["type"] == "date":
                    fields[column]["format"] = self.style.day
                fields[column].pop("constraints", None)
            schema["fields"] = [fields[column] for column in columns]
            if not set(schema.get("primaryKey", [])) <= set(columns):
                del schema["primaryKey"]
            resource["tokumei"] |= {"order": order, "generated": False}
        return document


def _is_date(text: str | None) -> bool:
    if not text:
        return True
    try:
        return bool(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) and dt.date.fromisoformat(text))
    except ValueError:
        return False


def product(style: Style) -> Product:
    """The product of a style."""

    def anonymize(request: Request) -> Response:
        try:
            return _Run(request, style).response()
        except _Refused as refused:
            return refused.response

    return anonymize


def plain_products() -> dict[str, Product]:
    """The products of this module that no check may accuse, and that give every check something to judge."""
    return {name: product(style) for name, style in STYLES.items()}
