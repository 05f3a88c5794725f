"""Correct products that look unlike the baseline: whole columns in pandas, other labels, orders and pseudonyms.

They exist to be accused by a check that takes the baseline's habits for the requirement. None shares code with
the baseline; what differs between them is a ``Manner``.
"""

from __future__ import annotations

import copy
import hashlib
import json
import secrets as system_secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa

from tokumei.declarations import DROPPING, PSEUDONYMS, FieldName, Organization, Processing, Step
from tokumei.modalities.tables.accompanying import accompanied
from tokumei.modalities.tables.hiding import covered, normalized
from tokumei.modalities.tables.plaincells import neutralized
from tokumei.modalities.tables.variants_arrays import array_products
from tokumei.modalities.tables.variants_files import file_products
from tokumei.modalities.tables.variants_persons import person_products
from tokumei.modalities.tables.variants_plain import plain_products
from tokumei.modalities.tables.variants_sql import sql_products
from tokumei.model import Product, Request, Response

SYSTEM = SystemRandom()
PERSON = "\x00person"
Frames: TypeAlias = dict[str, pd.DataFrame]
Draw: TypeAlias = Callable[[bytes, str, list[str]], dict[str, str]]
"""From the secret, the domain and the distinct values to the pseudonym of each."""
Offset: TypeAlias = Callable[[bytes, str, int, int], int]
"""From the secret, the person and the range to the days that the person's dates move by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a product does what the declarations leave open."""

    pseudonyms: Draw
    offset: Offset
    order: Literal["sorted", "shuffled"] = "shuffled"
    interval: str = "[{low},{above})"
    top: str = "≥{top}"
    unknown: str = "その他"
    more_than_k: int = 0
    cells: bool = False
    """Replace the quasi-identifiers of small classes by ``*`` before dropping anybody."""
    serial: bool = False
    categorical: bool = False
    """Answer with dictionary-encoded columns decoded from pandas categories."""


def _keyed(secret: bytes, domain: str, values: list[str]) -> dict[str, str]:
    return {
        v: hashlib.blake2b(f"{domain}\x1f{v}".encode(), key=secret, digest_size=16).hexdigest().upper() for v in values
    }


def _uuids(secret: bytes, domain: str, values: list[str]) -> dict[str, str]:
    return {v: str(uuid.uuid4()) for v in values}


def _serials(secret: bytes, domain: str, values: list[str]) -> dict[str, str]:
    return {v: str(n) for n, v in enumerate(SYSTEM.sample(values, len(values)), start=1)}


def _keyed_days(secret: bytes, person: str, low: int, high: int) -> int:
    digest = hashlib.blake2b(f"days\x1f{person}".encode(), key=secret, digest_size=8).digest()
    drawn = low + int.from_bytes(digest) % (high - low)
    return drawn if drawn < 0 else drawn + 1


def _system_days(secret: bytes, person: str, low: int, high: int) -> int:
    return SYSTEM.choice([days for days in range(low, high + 1) if days])


def _weeks(secret: bytes, person: str, low: int, high: int) -> int:
    weeks = [days for days in range(low, high + 1) if days and days % 7 == 0]
    return weeks[int.from_bytes(hashlib.blake2b(person.encode(), key=secret, digest_size=8).digest()) % len(weeks)]


class _Refused(Exception):
    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.response = Response(status="refused", code=code, path=path, message="see code and path")


class _Run:
    def __init__(self, request: Request, manner: Manner) -> None:
        self.manner = manner
        self.organization = Organization.of(request.organization)
        self.processing = Processing.of(request.processing)
        self.secret = next(iter(request.secrets.values()), b"") or system_secrets.token_bytes(32)
        declared = {r.name: [info.name.field for info in r.fields] for r in self.organization.resources}
        self.frames: Frames = {
            name: pd.DataFrame({c: pd.Series(request.data[name].column(c).to_pylist(), dtype=object) for c in columns})
            for name, columns in declared.items()
        }
        self.dropped = {n for s in self.processing.steps if s.technique in DROPPING for n in s.fields}
        self.drawn: dict[str, dict[str, str]] = {}
        self.days: dict[str, int] = {}

    def response(self) -> Response:
        self._dates_or_refuse()
        self._persons()
        for step in self.processing.with_technique("suppress-record"):
            field = FieldName.parse(str(step.params["field"]))
            frame = self.frames[field.resource]
            self._without(set(frame.loc[frame[field.field].isin(step.texts), PERSON]))
        target = self.processing.target("minimum-subjects")
        home = self.organization.subject_key.resource
        admitted = self.frames[home][PERSON].nunique()
        if target and admitted < target.minimum:
            raise _Refused("CANNOT_MEET_PRIVACY", "/targets")
        for name in self.dropped:
            self.frames[name.resource] = self.frames[name.resource].drop(columns=name.field)
        for step in self.processing.steps:
            self._values(step)
        for step in self.processing.with_technique("k-search"):
            names, resource, k = [n.field for n in step.fields], step.fields[0].resource, int(step.params["k"])
            self._classes(names, resource, k)
            while gone := self._alike(resource):
                self._without(gone)
                self._classes(names, resource, k)
        for step in self.processing.with_technique("suppress-cell"):
            for name in step.fields:
                self._rare(name, int(step.params.get("rareBelow", 0)))
        released = {name: self._arranged(frame.drop(columns=PERSON)) for name, frame in self.frames.items()}
        return Response(
            status="ok",
            data={name: self._table(frame) for name, frame in released.items()},
            organization=self._described({name: list(frame.columns) for name, frame in released.items()}),
            processing=self._claimed(),
            extra={
                "risk.json": json.dumps({"persons": {"suppressed": admitted - self.frames[home][PERSON].nunique()}})
            },
        )

    def _dates_or_refuse(self) -> None:
        for info in self.organization.fields():
            required = info.required and info.name != self.organization.subject_key
            if required and self.frames[info.name.resource][info.name.field].isna().any():
                raise _Refused("INPUT_INVALID", f"/data/{info.name.resource}/{info.name.field}")
            if info.type == "date":
                column = self.frames[info.name.resource][info.name.field].dropna()
                if pd.to_datetime(column, format="%Y-%m-%d", errors="coerce").isna().any():
                    raise _Refused("INPUT_INVALID", f"/data/{info.name.resource}/{info.name.field}")

    def _persons(self) -> None:
        key = self.organization.subject_key
        for resource in self.organization.parents_first():
            frame = self.frames[resource.name]
            path = self.organization.path_to_person(resource.name)
            if path is None:
                raise _Refused("DECLARATION_INVALID", f"/resources/{resource.name}")
            if not path:
                frame[PERSON] = frame[key.field]
                continue
            parent = self.frames[path[0].to.resource].drop_duplicates(path[0].to.field)
            known = dict(zip(parent[path[0].to.field], parent[PERSON], strict=True))
            frame[PERSON] = pd.Series([known.get(value) for value in frame[path[0].field.field]], dtype=object)

    def _without(self, gone: set[Any]) -> None:
        if gone:
            self.frames = {name: frame[~frame[PERSON].isin(gone)] for name, frame in self.frames.items()}

    # -- values -------------------------------------------------------------------------------------

    def _values(self, step: Step) -> None:
        for name in step.fields:
            if name in self.dropped or not name.field:
                continue
            frame = self.frames[name.resource]
            column = frame[name.field]
            if step.technique in PSEUDONYMS:
                changed = self._each(column, self._pseudonyms(step, name))
            elif step.technique == "date-shift":
                changed = self._moved(frame, name.field, step)
            elif step.technique in {"generalize", "top-bottom-code"}:
                changed = self._each(column, {v: self._coarse(step, v) for v in column.dropna().unique()})
            elif step.technique in {"keep", "k-search", "shuffle-rows", "suppress-cell"}:
                continue
            else:
                raise _Refused("DECLARATION_INVALID", f"/steps/{step.id}")
            self.frames[name.resource] = frame.assign(**{name.field: changed})

    @staticmethod
    def _each(column: pd.Series[Any], mapping: Mapping[str, str]) -> pd.Series[Any]:
        return pd.Series([mapping.get(v) for v in column], index=column.index, dtype=object)

    def _pseudonyms(self, step: Step, name: FieldName) -> dict[str, str]:
        """One draw for all columns of a domain, so that tables still join."""
        domain = str(step.params.get("domain", name))
        if domain not in self.drawn:
            values: set[str] = set()
            for other in self.processing.with_technique(*PSEUDONYMS):
                for field in other.fields:
                    if str(other.params.get("domain", field)) == domain:
                        values |= set(self.frames[field.resource][field.field].dropna())
            self.drawn[domain] = self.manner.pseudonyms(self.secret, domain, sorted(values))
        return self.drawn[domain]

    def _moved(self, frame: pd.DataFrame, field: str, step: Step) -> pd.Series[Any]:
        low, high = (int(bound) for bound in step.params["range"])
        for person in frame[PERSON].unique():
            if person not in self.days:
                self.days[person] = self.manner.offset(self.secret, str(person), low, high)
        days = pd.to_datetime(frame[field], format="%Y-%m-%d")
        moved = days + pd.to_timedelta(frame[PERSON].map(self.days).astype("int64"), unit="D")
        return moved.dt.strftime("%Y-%m-%d").astype(object)

    def _coarse(self, step: Step, value: str) -> str:
        params = step.params
        if step.technique == "top-bottom-code":
            top, bottom = params.get("top"), params.get("bottom")
            if top is not None and float(value) >= float(top):
                return self.manner.top.format(top=top)
            return f"≤{bottom}" if bottom is not None and float(value) <= float(bottom) else value
        if "truncate" in params:
            return value[: int(params["truncate"])]
        if "bin" in params:
            if not value.isdecimal():
                return value
            low = int(value) - int(value) % int(params["bin"])
            above = low + int(params["bin"])
            return self.manner.interval.format(low=low, above=above, last=above - 1)
        hierarchy = self.processing.hierarchies[str(params["hierarchy"])]
        at = hierarchy["levels"].index(params["level"])
        return {line[0]: str(line[at]) for line in hierarchy["table"]}.get(value, self.manner.unknown)

    # -- classes and order ----------------------------------------------------------------------------

    def _classes(self, names: list[str], resource: str, k: int) -> None:
        needed = k + self.manner.more_than_k
        if self.manner.cells:
            frame = self.frames[resource]
            small = self._persons_of_class(frame, names) < needed
            self.frames[resource] = frame.assign(**{name: frame[name].mask(small, "*") for name in names})
        while True:
            frame = self.frames[resource]
            gone = set(frame.loc[self._persons_of_class(frame, names) < needed, PERSON])
            if not gone:
                return
            self._without(gone)

    def _alike(self, resource: str) -> set[Any]:
        """The persons of classes with fewer sensitive values than a target asks for."""
        frame, gone = self.frames[resource], set()
        for target in self.processing.targets:
            if target.model == "l-diversity" and target.sensitive and target.sensitive.resource == resource:
                keys = [frame[name.field].fillna("\x00missing") for name in target.quasi]
                values = frame[target.sensitive.field].fillna("\x00missing").groupby(keys).transform("nunique")
                gone |= set(frame.loc[values < target.l, PERSON])
        return gone

    def _rare(self, name: FieldName, least: int) -> None:
        """Values of few persons are replaced: a product may name what stands for them, or leave the cell empty."""
        frame = self.frames[name.resource]
        few = frame[PERSON].groupby(frame[name.field]).transform("nunique") < least
        hidden = "*" if self.manner.cells else None
        self.frames[name.resource] = frame.assign(**{name.field: frame[name.field].mask(few, hidden)})

    @staticmethod
    def _persons_of_class(frame: pd.DataFrame, names: list[str]) -> pd.Series[Any]:
        """How many persons share the class of each row; a missing value is a value."""
        keys = frame[names].astype(object).where(frame[names].notna(), "\x00missing")
        return frame[PERSON].groupby([keys[name] for name in names]).transform("nunique")

    def _arranged(self, frame: pd.DataFrame) -> pd.DataFrame:
        if self.manner.order == "sorted":
            return frame.sort_values(list(reversed(frame.columns)), key=lambda c: c.fillna("").astype(str))
        places = list(range(len(frame)))
        SYSTEM.shuffle(places)
        return frame.iloc[places]

    def _table(self, frame: pd.DataFrame) -> pa.Table:
        columns = {}
        for name in frame.columns:
            values = [None if pd.isna(value) else str(value) for value in frame[name]]
            column = pa.array(values, pa.string())
            columns[name] = column.dictionary_encode().cast(pa.string()) if self.manner.categorical else column
        return pa.table(columns)

    # -- documents ------------------------------------------------------------------------------------

    def _described(self, columns: Mapping[str, list[str]]) -> Mapping[str, Any]:
        document = copy.deepcopy(dict(self.organization.document))
        for resource in document["resources"]:
            fields = resource["schema"]["fields"]
            resource["schema"]["fields"] = [f for f in fields if f["name"] in columns[resource["name"]]]
            resource["tokumei"]["order"] = "random"
        return document

    def _claimed(self) -> Mapping[str, Any]:
        document = copy.deepcopy(dict(self.processing.document))
        document["destruction"] = {"what": [*self.processing.secrets, "mapping-table"], "how": "保存せずに破棄した"}
        for step in document["steps"] if self.manner.serial else ():
            if step["technique"] in PSEUDONYMS:
                step["technique"] = "pseudonymize-random"
                kept = {key: step["params"][key] for key in ("scope", "domain") if key in step["params"]}
                step["params"] = kept | {"bits": 0}
        return document


MANNERS: Mapping[str, Manner] = {
    "sorted-columns": Manner(pseudonyms=_keyed, offset=_keyed_days, order="sorted", categorical=True),
    "random-pseudonyms": Manner(
        pseudonyms=_uuids, offset=_system_days, interval="{low}〜{last}歳", top="{top}歳以上", unknown="不明"
    ),
    "suppresses-more": Manner(pseudonyms=_keyed, offset=_system_days, more_than_k=2, interval="{low}", top="{top}+"),
    "weeks": Manner(pseudonyms=_uuids, offset=_weeks, order="sorted"),
    "serial-numbers": Manner(pseudonyms=_serials, offset=_keyed_days, serial=True),
    "stars": Manner(pseudonyms=_keyed, offset=_keyed_days, cells=True, unknown="*", interval="{low}-{last}"),
}
"""The products by name; each is correct."""


def correct_products() -> dict[str, Product]:
    """Products that no check may accuse: builds that share no code, and some of them through files."""
    products = {name: _product(manner) for name, manner in MANNERS.items()}
    products |= plain_products() | sql_products() | person_products() | array_products()
    products = {name: accompanied(careful(each)) for name, each in products.items()}
    return neutralized(products | file_products(products))


def careful(product: Product) -> Product:
    """What the products share: dummy values are missing ones, and what is hidden is one of k persons."""

    def anonymize(request: Request) -> Response:
        given = normalized(request)
        return covered(given, product(given), listed=True)

    return anonymize


def _product(manner: Manner) -> Product:
    def anonymize(request: Request) -> Response:
        try:
            return _Run(request, manner).response()
        except _Refused as refused:
            return refused.response

    return anonymize
