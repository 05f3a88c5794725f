"""Plays the mini-examples of the standard: their tables become evidence, which the check of the clause judges."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tokumei.declarations import RELEASING, FieldName, Organization, Processing
from tokumei.evidence import CaseView
from tokumei.examples import Example, ExampleCall, Grid
from tokumei.modalities.tables.csvtext import csv_bytes
from tokumei.modalities.tables.relations import Played
from tokumei.model import Call, Document, Place, Problem, Request, Response, Verdict
from tokumei.plan.bundle import Bundle, PlannedCall, Truth
from tokumei.runner.run import judge
from tokumei.runner.verdicts import ClauseResult, judged

if TYPE_CHECKING:
    from tokumei.clause import Check
    from tokumei.relation import Engine
    from tokumei.spec import Edition

DATES = ("date", "datetime")

SECRET: Mapping[str, Any] = {
    "id": "key-1",
    "use": "-",
    "bits": 256,
    "scope": "release",
    "custody": "-",
    "disposal": "destroyed-before-release",
}
PARAMS: Mapping[str, Mapping[str, Any]] = {
    "generalize": {"bin": 5},
    "date-coarsen": {"to": "month"},
    "pseudonymize-random": {"scope": "release", "domain": "subject", "bits": 128},
    "pseudonymize-keyed": {"function": "HMAC-SHA-256", "secret": "key-1", "scope": "release", "domain": "subject"},
}
"""The parameters of a technique whose line gives none."""
NO_TARGET: Mapping[str, Any] = {"model": "minimum-subjects", "minimum": 1}
"""What an example without targets asks for: the schema wants one, and this one is always met."""


def play_example(example: Example, check: Check, engine: Engine) -> ClauseResult:
    """What the check says about one example. A statistical check sees it in both of its stages."""
    declared = Declared(example)
    stages = (1, 2) if check.kind == "statistical" else (0,)
    played = [declared.played(check, stage) for stage in stages]
    observations, shown, error = judge([check], played, engine, seed=1)[check.id]
    return judged(check, observations, shown=shown, error=error)


def unkept(edition: Edition, checks: Mapping[str, Check], engine: Engine) -> Iterator[Problem]:
    """The examples whose check does not say what the text says."""
    for clause in edition.clauses.values():
        for number, example in enumerate(clause.examples):
            if clause.id not in checks:
                continue
            found = play_example(example, checks[clause.id], engine)
            said = found.verdict.value
            codes = sorted({finding.code for finding in found.findings})
            if said != example.verdict or (found.verdict is Verdict.FAIL and codes != [example.code]):
                place = Place(file=clause.file, pointer=f"/examples/{number}")
                params = {"wanted": f"{example.verdict} {example.code}".strip(), "found": " ".join([said, *codes])}
                yield Problem(code="SPEC_EXAMPLE_VERDICT", place=place, clause=clause.id, params=params)


class Declared:
    """The documents of one example, and its calls as the suite would have recorded them."""

    def __init__(self, example: Example) -> None:
        self.example = example
        grids = [grid for call in example.calls for side in (call.input, call.release) for grid in side.items()]
        tables = [name.partition(".")[0] for line in example.fields for name in [line["field"]] if "." in name]
        self.tables = list(dict.fromkeys([*tables, *(name for name, _ in grids)]))
        self.organization = Organization.of(self._organization(example.fields))
        self.processing = Processing.of(self._processing(example.fields, example.targets))

    def _name(self, text: str) -> FieldName:
        return FieldName.parse(text) if "." in text else FieldName(self.tables[0], text)

    def _organization(self, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        fields: dict[FieldName, Mapping[str, Any]] = {}
        for line in lines:
            fields.setdefault(self._name(line["field"]), line)
        keys = [name for name, line in fields.items() if "link" in _words(line.get("class", "neutral"))]
        key = keys[0] if keys else FieldName(self.tables[0], "")
        resources = [
            {
                "name": table,
                "path": f"{table}.csv",
                "tokumei": {
                    "role": "subject" if table == key.resource else "event",
                    "rowUnit": self.example.rows if table == key.resource else "event",
                },
                "schema": {
                    "fields": [
                        {
                            "name": name.field,
                            "type": line.get("type") or ("date" if "date" in _words(line["class"]) else "string"),
                            "constraints": line.get("constraints", {}),
                            "tokumei": {"class": _words(line["class"])} | line.get("tokumei", {}),
                        }
                        for name, line in fields.items()
                        if name.resource == table
                    ],
                    "foreignKeys": [
                        {"fields": name.field, "reference": {"resource": key.resource, "fields": key.field}}
                        for name, line in fields.items()
                        if name.resource == table and line.get("of") == "subject"
                    ],
                },
            }
            for table in self.tables
        ]
        own = {
            "profile": "organization/1",
            "level": "release",
            "state": "released",
            "subjects": {"unit": "person", "key": str(key)},
        } | dict(self.example.organization)
        return {"name": "example", "version": "1.0.0", "tokumei": own, "resources": resources}

    def _processing(self, lines: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        kept = [line for line in lines if line.get("technique", "keep") in RELEASING]
        quasi = list(dict.fromkeys(str(self._name(x["field"])) for x in kept if "quasi" in _words(x["class"])))
        steps = [
            {
                "id": f"s{number}",
                "technique": line.get("technique", "keep"),
                "fields": [str(self._name(line["field"]))],
                "params": line.get("params") or PARAMS.get(line.get("technique", "keep"), {}),
                "realises": [1],
                "why": "an example of the standard",
            }
            for number, line in enumerate(lines, 1)
        ]
        return {
            "tokumei": {
                "profile": "processing/1",
                "level": "release",
                "id": "example",
                "version": "1.0.0",
                "author": "-",
            },
            "organization": {"name": "example"},
            "regime": "NGMIA-19",
            "release": {"id": "example", "context": "contract", "purpose": "-"},
            "hierarchies": {},
            "secrets": [SECRET],
            "steps": steps,
            "targets": [{"quasi": quasi, "unit": "subject"} | dict(target) for target in targets] or [dict(NO_TARGET)],
            "residualRisk": {"measured": [], "statement": "-", "acceptedBy": "-"},
        } | dict(self.example.processing)

    def played(self, check: Check, stage: int) -> tuple[PlannedCall, Played]:
        calls = [self._call(call, number) for number, call in enumerate(self.example.calls)]
        last = self.example.calls[-1].input
        view = CaseView(
            id=f"example/{stage}",
            calls=tuple(calls),
            offers=frozenset(check.needs),
            stage=stage,
            expects=tuple(call.expects for call in self.example.calls),
            persons=len(set(self._persons(last))),
        )
        first = self.example.calls[0].input
        bundle = Bundle(
            organization=self.organization,
            processing=self.processing,
            tables=_arrow(first),
            persons={name: tuple(range(len(grid.rows))) for name, grid in first.items()},
        )
        truths = tuple(self._truth(call.input) for call in self.example.calls)
        return PlannedCall(bundle=bundle, secret=1), Played(view=view, truths=truths)

    def _call(self, call: ExampleCall, number: int) -> Call:
        lines, targets = call.claim.get("fields", self.example.fields), call.claim.get("targets", self.example.targets)
        request = Request(
            id=f"call-{number}",
            organization=self._encoded(call.encoding),
            processing=self.processing.document,
            data=_arrow(call.input),
            files=_delivered(call),
            secrets={"key-1": bytes([number + 1]) * 32},
        )
        response = Response(
            status="refused" if call.refused else "ok",
            code=call.refused,
            data=_arrow(call.release),
            organization=self._organization(lines) if call.claimed else None,
            processing=self._processing(lines, targets) | call.claim.get("processing", {}) if call.claimed else None,
            extra=call.files,
        )
        return Call(
            request=request,
            response=response,
            log=call.log,
            left=call.left,
            network=None if call.network is None else tuple(call.network),
            day=call.day,
        )

    def _encoded(self, encoding: str) -> Document:
        """The organization, with the encoding in which the files of a call came."""
        document = self.organization.document
        if not encoding:
            return document
        return {**document, "resources": [{**each, "encoding": encoding} for each in document["resources"]]}

    def _persons(self, grids: Mapping[str, Grid]) -> list[str | None]:
        key = self.organization.subject_key
        grid = grids.get(key.resource, Grid((), ()))
        if key.field not in grid.columns:
            return [str(row) for row in range(len(grid.rows))]
        return [row[grid.columns.index(key.field)] for row in grid.rows]

    def _truth(self, grids: Mapping[str, Grid]) -> Truth:
        """Cells, events and orders as they lie in the input: a cell is what the kept ``cells`` fields tell apart."""
        if not self.example.cells:
            return Truth()
        carriers = tuple(self._name(name) for name in self.example.cells)
        home = grids[carriers[0].resource]
        at = [home.columns.index(name.field) for name in carriers]
        keys = [tuple(row[place] for place in at) for row in home.rows]
        cells = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        owners = self._persons(grids)
        by_key = sorted(cells, key=lambda key: owners[keys.index(key)] or "")
        columns: dict[str, Any] = {"cell": list(cells.values())}
        columns |= {str(name): [key[place] for key in cells] for place, name in enumerate(carriers)}
        orders = [(cell, "input", cell) for cell in cells.values()]
        orders += [(cells[key], "key", rank) for rank, key in enumerate(by_key)]
        return Truth(
            carriers=carriers,
            cells=pa.table(columns),
            events=self._events(home, carriers[0].resource, [cells[key] for key in keys]),
            orders=pa.table(dict(zip(("cell", "name", "rank"), zip(*orders, strict=True), strict=True))),
        )

    def _events(self, home: Grid, table: str, cells: Sequence[int]) -> pa.Table:
        dates = [field.name.field for field in self.organization.resource(table).fields if field.type in DATES]
        found = [
            (cell, name, dt.date.fromisoformat(text))
            for cell, row in zip(cells, home.rows, strict=True)
            for name in dates
            if name in home.columns and (text := row[home.columns.index(name)]) is not None
        ]
        first = {cell: min(day for at, _, day in found if at == cell) for cell, *_ in found}
        counted = Counter((cell, table, name, (day - first[cell]).days) for cell, name, day in found)
        rows = [(*event, n) for event, n in sorted(counted.items())]
        names = [("cell", pa.int64()), ("resource", pa.string()), ("field", pa.string())]
        schema = pa.schema([*names, ("days", pa.int64()), ("n", pa.int64())])
        return pa.table([list(column) for column in zip(*rows, strict=True)] or [[]] * 5, schema=schema)


def _delivered(call: ExampleCall) -> dict[str, bytes]:
    """The files of a call that came in an encoding of its own, with the line ends of Windows."""
    if not call.encoding:
        return {}
    tables = _arrow(call.input).items()
    return {f"{name}.csv": csv_bytes(table, call.encoding).replace(b"\n", b"\r\n") for name, table in tables}


def _words(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _arrow(grids: Mapping[str, Grid]) -> dict[str, pa.Table]:
    return {
        name: pa.table(
            [pa.array([row[at] for row in grid.rows], pa.string()) for at in range(len(grid.columns))],
            names=list(grid.columns),
        )
        for name, grid in grids.items()
    }


__all__ = ["Declared", "play_example", "unkept"]
