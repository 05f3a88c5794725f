"""Correct products in SQL on DuckDB: tables, key tables and window functions, and no loop over rows."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tokumei.declarations import DROPPING, PSEUDONYMS, FieldName, Organization, Processing, Step
from tokumei.engines.duckdb import DuckDB
from tokumei.model import Product, Request, Response
from tokumei.relation import Column, Relation, bind


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The SQL of what the declarations leave open."""

    keyed: str
    """The pseudonym of ``v`` under ``{secret}`` and ``{domain}``."""
    drawn: str
    bits: int | None = None
    """The width that is claimed of drawn pseudonyms; None: as asked."""
    interval: str
    """The label of the bin from ``{low}`` to below ``{above}``."""
    top: str
    order: str
    hidden: str | None = None


NESTED = "sha256({secret} || sha256({secret} || {domain} || chr(31) || v))"

STYLES: Mapping[str, Style] = {
    "key-tables": Style(
        keyed=f"'p' || replace(replace(left(to_base64(unhex({NESTED})), 24), '+', '-'), '/', '_')",
        drawn="CAST(uuid() AS VARCHAR)",
        interval="{low} || '..' || ({above} - 1)",
        top="{top} || '..'",
        order="uuid()",
    ),
    "sorted-by-window": Style(
        keyed=f"'p:' || {NESTED}",
        drawn=f"printf('%06d', row_number() OVER (ORDER BY {NESTED}))",
        bits=0,
        interval="'from ' || {low} || ' to below ' || {above}",
        top="'from ' || {top}",
        order="{columns}, uuid()",
        hidden="*",
    ),
}
"""The products by name; each is correct."""

PERSONS = (
    "SELECT *, max(nth) OVER (PARTITION BY {by}) AS persons FROM "
    "(SELECT *, dense_rank() OVER (PARTITION BY {by} ORDER BY person) AS nth FROM {self} t)"
)
"""Each row with the persons of its class: what ``count(DISTINCT person) OVER`` says where an engine has it."""

ALIKE = """
SELECT person FROM {few} f UNION SELECT person FROM (
  SELECT person, max(nth) OVER (PARTITION BY {by}) AS kinds FROM (
    SELECT *, dense_rank() OVER (PARTITION BY {by} ORDER BY {s} NULLS FIRST) AS nth FROM {self} t
  ) ranked
) counted WHERE kinds < {least}
"""
"""The persons of ``few``, and those of classes with fewer sensitive values than ``least``."""

OFFSETS = """
SELECT person, CASE WHEN days < 0 THEN days ELSE days + 1 END AS days FROM (
  SELECT person, {low} + CAST('0x' || left(sha256({secret} || 'days' || chr(31) || person), 12) AS BIGINT) % {span} AS days
  FROM (SELECT DISTINCT person FROM {self} t)
)
"""


class _Refused(Exception):
    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.response = Response(status="refused", code=code, path=path)


class _Run:
    """One call in one database: each step makes a new table of the last; columns are known by number."""

    def __init__(self, request: Request, style: Style, engine: DuckDB) -> None:
        self.style, self.engine = style, engine
        self.organization = Organization.of(request.organization)
        self.processing = Processing.of(request.processing)
        self.secret = (next(iter(request.secrets.values()), b"") or secrets.token_bytes(32)).hex()
        self.made = 0
        self.columns: dict[FieldName, Column] = {}
        self.tables: dict[str, Relation] = {}
        for number, (name, table) in enumerate(request.data.items()):
            places = [f"c{i}" for i in range(table.num_columns)]
            self.columns |= {FieldName(name, c): Column(p) for c, p in zip(table.column_names, places, strict=True)}
            self.tables[name] = engine.register(f"given{number}", table.rename_columns(places))

    def _keep(self, relation: Relation) -> Relation:
        """The rows as a table: what was drawn at random stays as it was drawn."""
        self.made += 1
        return self.engine.store(f"made{self.made}", relation.sql)

    def response(self) -> Response:
        self._check()
        self._tell_persons()
        for step in self.processing.with_technique("suppress-record"):
            name = FieldName.parse(str(step.params["field"]))
            self._remove(
                self.tables[name.resource].query(
                    "SELECT DISTINCT person FROM {self} t WHERE {column} IN {texts}",
                    column=self.columns[name],
                    texts=[str(text) for text in step.texts],
                )
            )
        admitted = self._persons()
        least = self.processing.target("minimum-subjects")
        if least is not None and admitted < least.minimum:
            raise _Refused("CANNOT_MEET_PRIVACY", "/targets")
        for technique, how in (
            ("top-bottom-code", self._coded),
            ("generalize", self._coarse),
            ("date-shift", self._moved),
        ):
            for step in self.processing.with_technique(technique):
                for name in step.fields:
                    self._set(name, how(step, name))
        for step in self.processing.with_technique("k-search"):
            self._reach(step)
        for step in self.processing.with_technique("suppress-cell"):
            for name in step.fields:
                few = self.tables[name.resource].query(PERSONS, by=self.columns[name])
                sql = "SELECT * EXCLUDE (nth, persons) REPLACE (CASE WHEN persons < {least} AND {c} IS NOT NULL "
                sql += "THEN {hidden} ELSE {c} END AS {c}) FROM {self} t"
                shown = {"least": int(step.params.get("rareBelow", 0)), "hidden": self.style.hidden}
                self.tables[name.resource] = self._keep(few.query(sql, c=self.columns[name], **shown))
        self._rename()
        released = self._released()
        return Response(
            status="ok",
            data={resource: self._table(resource, names) for resource, names in released.items()},
            organization=self._described(released),
            processing=self._claimed(),
            extra={"risk.json": json.dumps({"persons": {"suppressed": admitted - self._persons()}})},
        )

    # -- persons ----------------------------------------------------------------------------------------

    def _check(self) -> None:
        """No required cell is missing, and every date is one."""
        for info in self.organization.fields():
            bad = ["{c} IS NULL"] if info.required else []
            bad += ["({c} <> '' AND as_date({c}) IS NULL)"] if info.type == "date" else []
            sql = "SELECT count(*) FROM {self} t WHERE " + " OR ".join(bad)
            if bad and self.tables[info.name.resource].query(sql, c=self.columns[info.name]).value():
                raise _Refused("INPUT_INVALID", f"/data/{info.name.resource}/{info.name.field}")

    def _tell_persons(self) -> None:
        """Rows whose reference leads to nobody are left behind by the join."""
        key = self.organization.subject_key
        for resource in self.organization.parents_first():
            table, path = self.tables[resource.name], self.organization.path_to_person(resource.name)
            if path is None:
                raise _Refused("DECLARATION_INVALID", f"/resources/{resource.name}")
            if path:
                told = table.query(
                    "SELECT t.*, p.person FROM {self} t JOIN "
                    "(SELECT {key} AS k, any_value(person) AS person FROM {parent} q GROUP BY ALL) p ON p.k = t.{own}",
                    parent=self.tables[path[0].to.resource],
                    key=self.columns[path[0].to],
                    own=self.columns[path[0].field],
                )
            else:
                told = table.query(
                    "SELECT *, {key} AS person FROM {self} t WHERE {key} IS NOT NULL", key=self.columns[key]
                )
            self.tables[resource.name] = self._keep(told)

    def _remove(self, gone: Relation) -> None:
        gone = self._keep(gone)
        for name, table in self.tables.items():
            left = table.query("SELECT * FROM {self} t ANTI JOIN {gone} g ON t.person = g.person", gone=gone)
            self.tables[name] = self._keep(left)

    def _persons(self) -> int:
        home = self.tables[self.organization.subject_key.resource]
        return int(home.query("SELECT count(DISTINCT person) FROM {self} t").value())

    def _reach(self, step: Step) -> None:
        by, home = tuple(self.columns[name] for name in step.fields), step.fields[0].resource
        diverse = [t for t in self.processing.targets if t.sensitive and t.sensitive.resource == home and t.l]
        while True:
            counted = self.tables[home].query(PERSONS, by=by)
            few = counted.query("SELECT DISTINCT person FROM {self} t WHERE persons < {k}", k=int(step.params["k"]))
            for target in diverse:
                assert target.sensitive is not None
                few = self.tables[home].query(
                    ALIKE,
                    s=self.columns[target.sensitive],
                    by=tuple(self.columns[name] for name in target.quasi),
                    least=target.l,
                    few=few,
                )
            few = self._keep(few)
            if not few.query("SELECT count(*) FROM {self} t").value():
                return
            self._remove(few)

    # -- values -----------------------------------------------------------------------------------------

    def _set(self, name: FieldName, expression: str) -> None:
        sql = "SELECT * REPLACE (" + expression.replace("{", "{{").replace("}", "}}") + " AS {c}) FROM {self} t"
        self.tables[name.resource] = self._keep(self.tables[name.resource].query(sql, c=self.columns[name]))

    def _coded(self, step: Step, name: FieldName) -> str:
        c, top, bottom = self.columns[name], step.params.get("top"), step.params.get("bottom")
        expression = "{c}"
        if top is not None:
            high = f"CASE WHEN try_cast({{c}} AS DOUBLE) >= {{top}} THEN {self.style.top} ELSE {expression} END"
            expression = bind(high, c=c, top=top)
        if bottom is not None:
            low = "CASE WHEN try_cast({c} AS DOUBLE) <= {bottom} THEN '<=' || {bottom} ELSE "
            expression = bind(low, c=c, bottom=bottom) + bind(expression, c=c) + " END"
        return bind(expression.replace("{c}", str(c)))

    def _coarse(self, step: Step, name: FieldName) -> str:
        c, params = self.columns[name], step.params
        if "truncate" in params:
            return bind("left({c}, {n})", c=c, n=int(params["truncate"]))
        if "bin" in params:
            low = bind("(try_cast({c} AS INTEGER) // {width} * {width})", c=c, width=int(params["bin"]))
            above = f"({low} + {int(params['bin'])})"
            label = self.style.interval.replace("{low}", low).replace("{above}", above)
            return bind("CASE WHEN regexp_full_match({c}, '[0-9]+') THEN ", c=c) + label + f" ELSE {c} END"
        hierarchy = self.processing.hierarchies[str(params["hierarchy"])]
        at = hierarchy["levels"].index(params["level"])
        pairs = [bind("WHEN {leaf} THEN {node}", leaf=line[0], node=line[at]) for line in hierarchy["table"]]
        return bind("CASE WHEN {c} IS NOT NULL THEN CASE {c} ", c=c) + " ".join(pairs) + " ELSE '?' END END"

    def _moved(self, step: Step, name: FieldName) -> str:
        low, high = (int(bound) for bound in step.params["range"])
        offsets = self._keep(self.tables[name.resource].query(OFFSETS, secret=self.secret, low=low, span=high - low))
        sql = "strftime(as_date({c}) + CAST((SELECT days FROM {offsets} o WHERE o.person = t.person) AS INTEGER), '%Y-%m-%d')"
        return bind(sql, c=self.columns[name], offsets=offsets)

    def _rename(self) -> None:
        """One key table for each domain."""
        steps = self.processing.with_technique(*PSEUDONYMS)
        for domain in sorted({str(step.params["domain"]) for step in steps}):
            some = [step for step in steps if step.params["domain"] == domain]
            names = [name for step in some for name in step.fields]
            parts = [
                self.tables[n.resource]
                .query("SELECT {c} AS v FROM {self} t WHERE {c} IS NOT NULL", c=self.columns[n])
                .sql
                for n in names
            ]
            values = Relation(self.engine, " UNION ".join(parts))
            how = self.style.drawn if some[0].technique == "pseudonymize-random" else self.style.keyed
            how = bind(how, secret=self.secret, domain=domain) if "{" in how else how
            keys = self._keep(
                values.query(
                    "SELECT v, "
                    + how.replace("{", "{{").replace("}", "}}")
                    + " AS p FROM (SELECT DISTINCT v FROM {self} t)"
                )
            )
            for name in names:
                c = self.columns[name]
                self._set(name, bind("(SELECT p FROM {keys} k WHERE k.v = t.{c})", keys=keys, c=c))

    # -- what is handed over ----------------------------------------------------------------------------

    def _released(self) -> dict[str, list[str]]:
        gone = {name for step in self.processing.with_technique(*DROPPING) for name in step.fields}
        return {
            resource.name: [
                info.name.field
                for info in resource.fields
                if info.name not in gone and self.processing.released(info.name)
            ]
            for resource in self.organization.resources
        }

    def _table(self, resource: str, names: list[str]) -> pa.Table:
        columns = tuple(self.columns[FieldName(resource, name)] for name in names)
        order = self.style.order if "{" not in self.style.order else bind(self.style.order, columns=columns[::-1])
        laid = self.tables[resource].query("SELECT {columns} FROM {self} t ORDER BY " + order, columns=columns)
        table = laid.arrow().rename_columns(names)
        return table.cast(pa.schema([(name, pa.string()) for name in names]))

    def _described(self, released: Mapping[str, list[str]]) -> dict[str, Any]:
        document = copy.deepcopy(dict(self.organization.document))
        order = "random" if "{" not in self.style.order else "by-released-values"
        for resource in document["resources"]:
            schema = resource["schema"]
            schema["fields"] = [f for f in schema["fields"] if f["name"] in released[resource["name"]]]
            for field in schema["fields"]:
                steps = self.processing.steps_of(FieldName(resource["name"], field["name"]))
                if {"generalize", "top-bottom-code"} & {step.technique for step in steps}:
                    field["type"] = "string"
                field.pop("constraints", None)
            resource["tokumei"] |= {"order": order, "generated": False}
        return document

    def _claimed(self) -> dict[str, Any]:
        document = copy.deepcopy(dict(self.processing.document))
        for step in document["steps"]:
            if step["technique"] == "pseudonymize-random" and self.style.bits is not None:
                step["params"]["bits"] = self.style.bits
        what = [*self.processing.secrets, "mapping-table"]
        return document | {"destruction": {"what": what, "how": "データベースを閉じて破棄した"}}


def _product(style: Style) -> Product:
    def anonymize(request: Request) -> Response:
        with DuckDB() as engine:
            try:
                return _Run(request, style, engine).response()
            except _Refused as refused:
                return refused.response

    return anonymize


def sql_products() -> dict[str, Product]:
    """The products of this module that no check may accuse."""
    return {name: _product(style) for name, style in STYLES.items()}
