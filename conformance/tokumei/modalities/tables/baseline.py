"""The baseline: the smallest useful correct product for tables, with a switch for each planted fault.

It works on values in memory, obeys the declarations of tables with the techniques of the two examples, and
is written to be read. A fault is an error *inside* an algorithm, which no wrapper can make: a switch here, or a
method that a subclass in ``faults`` replaces.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import hmac
import json
import secrets as system_secrets
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TypeAlias

import pyarrow as pa

from tokumei.declarations import DROPPING, FieldName, Organization, Processing, Step
from tokumei.modalities.tables import hiding
from tokumei.modalities.tables.accompanying import accompanied
from tokumei.modalities.tables.diverse import alike
from tokumei.modalities.tables.faults import faults as replaced
from tokumei.modalities.tables.plaincells import apostrophe, written
from tokumei.model import Product, ProductInfo, Request, Response

INFO = ProductInfo(
    name="baseline", vendor="tokumei", version="0.1", configuration="obey", keys="given", determinism="keyed"
)

SWITCHES = frozenset(
    "k-over-rows k-off-by-one k-none k-first-field-only null-is-wildcard opt-out-after-k k-before-generalizing "
    "minimum-counts-rows minimum-ignored minimum-off-by-one kana-name-kept phone-column-kept note-kept md5-of-the-id "
    "sha-cut-short base64-of-the-id raw-id constant-key order-kept order-by-key order-fixed order-in-blocks shift-by-row "
    "shift-forgets-a-table shift-then-clip bad-row-in-error secret-in-log progress-names-people undeclared-initial "
    "raw-number raw-leaf code-not-cut pseudonym-by-row small-classes-split short-row-ids".split()
)

Row: TypeAlias = dict[str, str | None]
Tables: TypeAlias = dict[str, list[Row]]


class _Refused(Exception):
    def __init__(self, code: str, path: str, message: str = "") -> None:
        super().__init__(code)
        self.response = Response(status="refused", code=code, path=path, message=message)


def product(*faults: str) -> Product:
    """The baseline with the named faults; without any it is correct. Raises KeyError for an unknown fault.

    A fault is a switch of ``SWITCHES``, or a subclass in the package ``faults``.
    """
    kinds = tuple(replaced()[fault] for fault in faults if fault not in SWITCHES)
    kind = type("Faulty", kinds, {}) if kinds else Baseline

    def anonymize(request: Request) -> Response:
        try:
            made = kind(request, frozenset(faults))
            return made.neutralized(made.response())
        except _Refused as refused:
            return refused.response

    return accompanied(anonymize)


class Baseline:
    """One call: the tables as lists of rows, each row knowing its person under a private name."""

    def __init__(self, request: Request, faults: frozenset[str]) -> None:
        self.faults = faults
        self.organization = Organization.of(request.organization)
        self.processing = Processing.of(request.processing)
        self.secret = next(iter(request.secrets.values()), b"") or system_secrets.token_bytes(32)
        if "constant-key" in faults:
            self.secret = b"tokumei"
        self.request = request
        self.tables: Tables = {name: table.to_pylist() for name, table in self.normalized(request).data.items()}
        self.log: list[str] = []
        self.columns = {r.name: [info.name.field for info in r.fields] for r in self.organization.resources}

    def response(self) -> Response:
        self.check()
        self.find_persons()
        self.suppress_records()
        self.admitted = {name: list(rows) for name, rows in self.tables.items()}
        self.minimum()
        if "pseudonym-by-row" in self.faults:
            self._split(self.tables[self.organization.subject_key.resource])
        for step in self.processing.steps:
            self.apply(step)
        if "opt-out-after-k" in self.faults:
            self.suppress_records(late=True)
        self.shuffle()
        return self.covered(self.answer())

    def normalized(self, request: Request) -> Request:
        return hiding.normalized(request)

    def covered(self, response: Response) -> Response:
        return hiding.covered(self.request, response)

    def neutralized(self, response: Response) -> Response:
        return written(apostrophe, self.request, response)

    def answer(self) -> Response:
        return Response(
            status="ok",
            message="; ".join(self.log),
            data={
                name: pa.table({c: pa.array([row[c] for row in rows], pa.string()) for c in self.columns[name]})
                for name, rows in self.tables.items()
            },
            organization=self.described(),
            processing=self.claimed(),
            extra={"risk.json": json.dumps({"unit": "person", "persons": {"suppressed": self.suppressed()}})},
        )

    def suppressed(self) -> int:
        """How many persons might have been released and are not."""
        resource = self.organization.subject_key.resource
        left = {row["\x00"] for row in self.tables[resource]}
        return len({row["\x00"] for row in self.admitted[resource]} - left)

    def check(self) -> None:
        for resource in self.organization.resources:
            for info in resource.fields:
                required = info.required and info.name != self.organization.subject_key
                for row in self.tables[resource.name] if required else ():
                    if row[info.name.field] is None:
                        place = f"/data/{info.name.resource}/{info.name.field}"
                        raise _Refused("INPUT_INVALID", place, "a required cell is missing")
                if info.type != "date":
                    continue
                for row in self.tables[resource.name]:
                    value = row[info.name.field]
                    try:
                        dt.date.fromisoformat(value or "2000-01-01")
                    except ValueError:
                        message = f"no date: {value}" if "bad-row-in-error" in self.faults else "a cell is no date"
                        raise _Refused(
                            "INPUT_INVALID", f"/data/{info.name.resource}/{info.name.field}", message
                        ) from None

    def find_persons(self) -> None:
        subject = self.organization.subject_key
        for resource in self.organization.parents_first():
            path = self.organization.path_to_person(resource.name)
            if path is None:
                raise _Refused("DECLARATION_INVALID", f"/resources/{resource.name}")
            index = {} if not path else {r[path[0].to.field]: r["\x00"] for r in self.tables[path[0].to.resource]}
            for row in self.tables[resource.name]:
                row["\x00"] = row[subject.field] if not path else index.get(row[path[0].field.field])

    def _split(self, rows: list[Row]) -> None:
        """Every row after the first of a person becomes a person of its own."""
        seen: Counter[str | None] = Counter()
        for row in rows:
            nth = seen[row["\x00"]]
            seen[row["\x00"]] += 1
            if nth:
                row["\x00"] = row[self.organization.subject_key.field] = self._hmac(f"{row[chr(0)]}/{nth}")[:32]

    def suppress_records(self, *, late: bool = False) -> None:
        for step in self.processing.with_technique("suppress-record"):
            name = FieldName.parse(str(step.params["field"]))
            if late != ("opt-out-after-k" in self.faults and name == self.organization.opt_out):
                continue
            key = "\x00out" if late else name.field
            self.remove({row["\x00"] for row in self.tables[name.resource] if row.get(key) in step.texts})

    def remove(self, gone: set[str | None]) -> None:
        self.tables = {name: [r for r in rows if r["\x00"] not in gone] for name, rows in self.tables.items()}

    def minimum(self) -> None:
        target = self.processing.target("minimum-subjects")
        if target is None or "minimum-ignored" in self.faults:
            return
        rows = self.tables[self.organization.subject_key.resource]
        count = len(rows) if "minimum-counts-rows" in self.faults else len({row["\x00"] for row in rows})
        if count < target.minimum - ("minimum-off-by-one" in self.faults):
            raise _Refused("CANNOT_MEET_PRIVACY", "/targets", "fewer persons than the minimum")

    # -- steps --------------------------------------------------------------------------------------

    def apply(self, step: Step) -> None:
        if step.technique in DROPPING:
            for name in step.fields:
                self.drop(name)
            return
        if step.technique == "k-search":
            self.reach_k(int(step.params["k"]), [name.field for name in step.fields], step.fields[0].resource)
            return
        if step.technique == "suppress-cell":
            for name in step.fields:
                for row in self.tables[name.resource]:
                    row[name.field] = None if row[name.field] in step.texts else row[name.field]
                self.suppress_rare(name, int(step.params.get("rareBelow", 0)))
            return
        change = {
            "generalize": self.generalize,
            "top-bottom-code": self.code,
            "pseudonymize-keyed": self.pseudonym,
            "pseudonymize-random": self.pseudonym,
            "date-shift": self.shift,
        }.get(step.technique)
        if change is None:
            if step.technique not in {"keep", "suppress-record", "shuffle-rows"}:
                raise _Refused("DECLARATION_INVALID", f"/steps/{step.id}")
            return
        for place, name in enumerate(step.fields):
            if "shift-forgets-a-table" in self.faults and step.technique == "date-shift" and place == 1:
                continue
            rows = self.tables[name.resource]
            if step.technique.startswith("pseudonymize"):
                for row in rows:
                    row.setdefault("\x00key", row[name.field])
            for row in rows:
                value = row[name.field]
                if value is not None:
                    row[name.field] = change(step, value, row)

    def suppress_rare(self, name: FieldName, least: int) -> None:
        persons: dict[str | None, set[str | None]] = defaultdict(set)
        for row in self.tables[name.resource]:
            persons[row[name.field]].add(row["\x00"])
        for row in self.tables[name.resource]:
            if len(persons[row[name.field]]) < least:
                row[name.field] = None

    def drop(self, name: FieldName) -> None:
        info = self.organization.field(name)
        generator = info.tokumei.get("generator") if info else None
        script = info.tokumei.get("script", "") if info else ""
        if "kana-name-kept" in self.faults and script.startswith("kana"):
            return
        if "phone-column-kept" in self.faults and generator == "phone-number":
            return
        if "note-kept" in self.faults and generator == "clinical-note":
            return
        if "progress-names-people" in self.faults and generator == "person-name" and self.tables[name.resource]:
            self.log.append(f"removed {self.tables[name.resource][0][name.field]}")
        self.columns[name.resource].remove(name.field)
        for row in self.tables[name.resource]:
            if name == self.organization.opt_out:
                row["\x00out"] = row[name.field]
            if "undeclared-initial" in self.faults and script == "kanji" and generator == "person-name":
                row["initial"] = (row[name.field] or " ")[:1]
            del row[name.field]
        if "undeclared-initial" in self.faults and script == "kanji" and generator == "person-name":
            self.columns[name.resource].append("initial")

    def generalize(self, step: Step, value: str, row: Row) -> str:
        del row
        if "truncate" in step.params:
            if "code-not-cut" in self.faults:
                return value
            return value[: int(step.params["truncate"])]
        if "bin" in step.params:
            if not value.isdigit() or "raw-number" in self.faults:
                return value
            width = int(step.params["bin"])
            low = int(value) // width * width
            return f"{low}-{low + width - 1}"
        hierarchy = self.processing.hierarchies[str(step.params["hierarchy"])]
        at = hierarchy["levels"].index(step.params["level"])
        if "raw-leaf" in self.faults and value == hierarchy["table"][0][0]:
            return value
        return next((str(line[at]) for line in hierarchy["table"] if line[0] == value), "*")

    def code(self, step: Step, value: str, row: Row) -> str:
        del row
        top, bottom = step.params.get("top"), step.params.get("bottom")
        if top is not None and float(value) >= float(top):
            return f"{top}以上"
        if bottom is not None and float(value) <= float(bottom):
            return f"{bottom}以下"
        return value

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        del row
        if "raw-id" in self.faults:
            return value
        if "short-row-ids" in self.faults and step.technique == "pseudonymize-random":
            return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()[:5]
        if "md5-of-the-id" in self.faults:
            return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
        if "sha-cut-short" in self.faults:
            return hashlib.sha256(value.encode()).hexdigest()[:16]
        if "base64-of-the-id" in self.faults:
            return base64.b64encode(value.encode()).decode()
        if "secret-in-log" in self.faults and not self.log:
            self.log.append(f"key={self.secret.hex()}")
        return self._hmac(f"{step.params.get('domain')}/{value}")[: int(step.params.get("bits", 128)) // 4]

    def _hmac(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()

    def shift(self, step: Step, value: str, row: Row) -> str:
        low, high = step.params["range"]
        of = row["\x00"]
        if "shift-by-row" in self.faults:
            of = f"{of}{row.get(chr(0) + 'key')}{sorted(str(v) for v in row.values())}"
        span = int(high) - int(low)
        offset = int(self._hmac(f"shift/{of}")[:12], 16) % span + int(low)
        offset += offset >= 0
        moved = dt.date.fromisoformat(value) + dt.timedelta(days=offset)
        return max(moved, dt.date(2023, 4, 3)).isoformat() if "shift-then-clip" in self.faults else moved.isoformat()

    def reach_k(self, k: int, names: list[str], resource: str) -> None:
        if "k-none" in self.faults or "k-before-generalizing" in self.faults:
            return
        if "k-off-by-one" in self.faults:
            k -= 1
        used = names[:1] if "k-first-field-only" in self.faults else names
        while True:
            rows = self.tables[resource]
            classes: dict[tuple[str | None, ...], Counter[str | None]] = defaultdict(Counter)
            for row in rows:
                classes[tuple(row[name] for name in used)][row["\x00"]] += 1
            over_rows = "k-over-rows" in self.faults
            gone, wild = set[str | None](), set[str | None]()
            for key, members in classes.items():
                if (members.total() if over_rows else len(members)) >= k:
                    continue
                if None in key and "null-is-wildcard" in self.faults:
                    wild |= set(members)
                    continue
                if members.total() >= k and "small-classes-split" in self.faults:
                    self._split([row for row in rows if tuple(row[name] for name in used) == key])
                    continue
                gone |= set(members)
            gone |= self.alike(resource) - wild
            if not gone:
                return
            self.remove(gone)

    alike = alike

    def shuffle(self) -> None:
        for name in {f.resource for step in self.processing.with_technique("shuffle-rows") for f in step.fields}:
            rows = self.tables[name]
            keyed = [(self._hmac(f"order/{name}/{i}/{len(rows)}"), i) for i in range(len(rows))]
            if "order-kept" in self.faults:
                continue
            if "order-by-key" in self.faults:
                rows.sort(key=lambda row: row["\x00"] or "")
                continue
            if "order-fixed" in self.faults:
                keyed = [(hashlib.sha256(f"{name}/{i}".encode()).hexdigest(), i) for i in range(len(rows))]
            if "order-in-blocks" in self.faults:
                keyed = [(f"{i // 10:09}{mark}", i) for mark, i in keyed]
            self.tables[name] = [rows[i] for _, i in sorted(keyed)]

    def claimed(self) -> Mapping[str, object]:
        """The processing declaration as asked; a fault that shortens pseudonyms says so."""
        document = copy.deepcopy(dict(self.processing.document)) | {"destruction": self.destroyed()}
        for step in document["steps"] if "short-row-ids" in self.faults else ():
            if step["technique"] == "pseudonymize-random":
                step["params"] = dict(step["params"]) | {"bits": 20}
        return document

    def destroyed(self) -> Mapping[str, object]:
        """The record that nothing is kept: this product writes no mapping, and its keys end with the call."""
        return {"what": ["mapping-table", *self.processing.secrets], "how": "held in memory only and dropped"}

    def described(self) -> Mapping[str, object]:
        """The Data Package of the release: the fields that it holds, each with its representation."""
        resources = []
        for resource in self.organization.document["resources"]:
            fields = []
            for field in resource["schema"]["fields"]:
                if field["name"] not in self.columns[resource["name"]]:
                    continue
                steps = {
                    s.technique for s in self.processing.steps if FieldName(resource["name"], field["name"]) in s.fields
                }
                kind = "interval" if "generalize" in steps and field["type"] == "integer" else "value"
                text = field["type"] != "date" and steps & {"generalize", "top-bottom-code"}
                own = dict(field["tokumei"]) | {
                    "representation": {"kind": kind, "bounds": "[]", "separator": "-", "missing": [""]}
                }
                fields.append({"name": field["name"], "type": "string" if text else field["type"], "tokumei": own})
            resources.append(
                {k: v for k, v in resource.items() if k != "schema"}
                | {"tokumei": dict(resource["tokumei"]) | {"order": "random", "generated": False}}
                | {
                    "schema": {
                        k: v
                        for k, v in resource["schema"].items()
                        if k in {"primaryKey", "foreignKeys", "missingValues"}
                    }
                    | {"fields": fields}
                }
            )
        return dict(self.organization.document) | {"resources": resources}
