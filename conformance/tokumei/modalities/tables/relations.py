"""From calls to named relations: the only place that knows how tables of many cases lie in one engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from tokumei.declarations import Organization, Processing
from tokumei.evidence import CaseView, Evidence, TableView
from tokumei.modalities.tables.containers import metadata
from tokumei.model import Call, Document, Response, TokumeiError
from tokumei.plan.bundle import Truth
from tokumei.relation import Column, Engine, Relation

IDENTIFYING = frozenset({"direct", "staff", "symbol", "link"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A case after its calls, with the truth that was planted in each."""

    view: CaseView
    truths: tuple[Truth, ...]


def claimed(call: Call) -> Document | None:
    """The processing document that the answer carries, when it can be read."""
    document = call.response.processing if call.response else None
    if document is None:
        return None
    try:
        Processing.of(document)
    except TokumeiError:
        return None
    return document


def evidence(
    engine: Engine,
    played: Sequence[Played],
    *,
    organization: Organization,
    asked: Processing,
    claims: Sequence[Processing | None],
    origin: Literal["generated", "supplied"],
    seed: int,
) -> Evidence:
    """Register every table of the cases and describe them; tables of one name are replaced."""
    calls = [(p.view.id, i, call) for p in played for i, call in enumerate(p.view.calls)]
    given = [(c, i, x.request.data) for c, i, x in calls]
    answered = [(c, i, x.response.data) for c, i, x in calls if x.released and x.response]
    known = [resource.name for resource in organization.resources]
    others = sorted({name for *_, data in answered for name in data} - set(known))
    views = {
        "input": _tables(engine, organization, "input", known, given),
        "release": _tables(engine, organization, "release", [*known, *others], answered),
    }
    truths = [(p.view.id, truth) for p in played for truth in p.truths[:1]]
    return Evidence(
        origin=origin,
        organization=organization,
        asked=asked,
        claims=tuple(claims),
        cases=tuple(p.view for p in played),
        input=views["input"],
        release=views["release"],
        planned=_planned(engine, [(p.view.id, i, t) for p in played for i, t in enumerate(p.truths)]),
        canaries=_canaries(engine, organization, views["input"]),
        released_cells=_cells(engine, views["release"]),
        logs=_texts(engine, "logs", calls, "log"),
        files=_texts(engine, "files", calls, "files"),
        left=_texts(engine, "left", calls, "left"),
        secrets=_secrets(engine, calls),
        carriers=next((truth.carriers for _, truth in truths if truth.carriers), ()),
        seed=seed,
    )


def _tables(
    engine: Engine,
    organization: Organization,
    side: str,
    names: Sequence[str],
    data: Sequence[tuple[str, int, Mapping[str, pa.Table]]],
) -> dict[str, TableView]:
    """Every table of one side with ``subject``, which is looked up once: each query would join for it again."""
    made = {name: _table(name, data) for name in names}

    def registered(name: str) -> TableView:
        table, columns = made[name]
        return TableView(name, engine.register(f"{side}.{name.encode().hex()}", table), columns)

    reached = _with_person(organization, {name: registered(name) for name in names})
    for name, view in reached.items():
        table, columns = made[name]
        told = engine.fetch(view.relation.query('SELECT subject FROM {self} t ORDER BY "case", "call", "row"').sql)
        made[name] = table.append_column("subject", told.column(0).cast(pa.string())), columns
    return {name: registered(name) for name in reached}


def _table(
    resource: str, data: Iterable[tuple[str, int, Mapping[str, pa.Table]]]
) -> tuple[pa.Table, dict[str, Column]]:
    """One table of all cases, by case, call and row, and its columns: a name a vendor chose never enters SQL."""
    given = [(case, call, tables[resource]) for case, call, tables in data if resource in tables]
    given.sort(key=lambda item: item[:2])
    names: dict[str, int] = {}
    for *_, table in given:
        for name in table.column_names:
            names.setdefault(name, len(names))
    schema = pa.schema(
        [("case", pa.string()), ("call", pa.int32()), ("row", pa.int64())]
        + [(f"f{i}", pa.string()) for i in range(len(names))]
    )
    parts = []
    for case, call, table in given:
        n = table.num_rows
        arrays = [
            pa.repeat(pa.scalar(case), n),
            pa.repeat(pa.scalar(call, pa.int32()), n),
            pa.array(range(n), pa.int64()),
        ]
        for name in names:
            place = table.schema.get_all_field_indices(name)
            arrays.append(table.column(place[0]).combine_chunks() if place else pa.nulls(n, pa.string()))
        parts.append(
            pa.table([a if not isinstance(a, pa.ChunkedArray) else a.combine_chunks() for a in arrays], schema=schema)
        )
    joined = pa.concat_tables(parts) if parts else schema.empty_table()
    return joined, {name: Column(f"f{i}") for name, i in names.items()}


def _with_person(organization: Organization, tables: Mapping[str, TableView]) -> dict[str, TableView]:
    """Add ``subject``: the person key as it stands, brought to the children through foreign keys."""
    done: dict[str, TableView] = {}
    subject = organization.subject_key
    for resource in organization.parents_first():
        view = tables[resource.name]
        own = view.names.get(subject.field) if resource.name == subject.resource else None
        path = organization.path_to_person(resource.name)
        if own is not None:
            row = "'row ' || \"row\"" if resource.row_unit == "person" else "NULL"
            sql = view.relation.query("SELECT *, coalesce({key}, " + row + ") AS subject FROM {self} t", key=own)
        elif resource.name == subject.resource and resource.row_unit == "person":
            sql = view.relation.query("SELECT *, 'row ' || \"row\" AS subject FROM {self} t")
        elif path and path[0].field.field in view.names and path[0].to.field in done[path[0].to.resource].names:
            parent = done[path[0].to.resource]
            sql = view.relation.query(
                'SELECT t.*, p.subject FROM {self} t LEFT JOIN (SELECT "case", "call", {key} AS k, min(subject) AS subject '
                'FROM {parent} q GROUP BY "case", "call", {key}) p ON t."case" = p."case" AND t."call" = p."call" AND t.{own} = p.k',
                parent=parent.relation,
                key=parent.column(path[0].to.field),
                own=view.column(path[0].field.field),
            )
        else:
            sql = view.relation.query("SELECT *, CAST(NULL AS STRING) AS subject FROM {self} t")
        done[resource.name] = TableView(resource.name, sql, view.names)
    for name in tables.keys() - done.keys():
        view = tables[name]
        done[name] = TableView(
            name, view.relation.query("SELECT *, CAST(NULL AS STRING) AS subject FROM {self} t"), view.names
        )
    return done


def _cells(engine: Engine, tables: Mapping[str, TableView]) -> Relation:
    parts = [
        view.relation.query(
            'SELECT "case", "call", {resource} AS resource, {field} AS field, {column} AS value FROM {self} t WHERE {column} IS NOT NULL',
            resource=view.resource.replace("\x00", "␀"),
            field=name.replace("\x00", "␀"),
            column=column,
        ).sql
        for view in tables.values()
        for name, column in view.names.items()
    ]
    empty = "SELECT '' AS \"case\", 0 AS \"call\", '' AS resource, '' AS field, '' AS value WHERE FALSE"
    return Relation(engine, " UNION ALL ".join([empty, *parts]))


def _canaries(engine: Engine, organization: Organization, tables: Mapping[str, TableView]) -> Relation:
    """Every value of an identifying field of the input, with its folded form."""
    parts = []
    for info in organization.fields():
        kinds = [kind for kind in ("direct", "staff", "symbol", "link") if kind in info.classes]
        view = tables[info.name.resource]
        if not kinds or info.name.field not in view.names or "enum" in info.constraints:
            continue
        parts.append(
            view.relation.query(
                'SELECT DISTINCT "case", {column} AS canary, {source} AS source, {kind} AS kind, {least} AS least FROM {self} t '
                "WHERE {column} IS NOT NULL",
                column=view.column(info.name.field),
                source=str(info.name),
                kind=kinds[0],
                least=3 if kinds[0] in ("direct", "staff") else 4,
            ).sql
        )
    empty = "SELECT '' AS \"case\", '' AS canary, '' AS source, '' AS kind, 0 AS least WHERE FALSE"
    given = Relation(engine, " UNION ALL ".join([empty, *parts]))  # folded in one place: reading a fold is what costs
    folded = given.query("SELECT *, text_fold(canary) AS folded FROM {self} t")
    told = 'SELECT "case", canary, folded, source, kind FROM {self} t WHERE length(folded) >= least'
    return engine.register("canaries", folded.query(told).arrow())


def _planned(engine: Engine, truths: Sequence[tuple[str, int, Truth]]) -> dict[str, Relation]:
    """``cells`` (case, call, cell, c0…), ``events`` and ``orders`` of every call."""
    found: dict[str, Relation] = {}
    for what in ("cells", "events", "orders"):
        parts = []
        for case, call, truth in truths:
            table: pa.Table | None = getattr(truth, what)
            if table is None:
                continue
            if what == "cells":
                table = table.rename_columns(["cell", *(f"c{i}" for i in range(table.num_columns - 1))])
            parts.append(
                table.append_column("case", pa.repeat(pa.scalar(case), table.num_rows)).append_column(
                    "call", pa.repeat(pa.scalar(call, pa.int32()), table.num_rows)
                )
            )
        if parts:
            found[what] = engine.register(f"planned.{what}", pa.concat_tables(parts))
    return found


def _texts(engine: Engine, name: str, calls: Sequence[tuple[str, int, Call]], what: str) -> Relation:
    rows: list[tuple[str, int, str, str]] = []
    for case, i, call in calls:
        if what == "log":
            rows.append((case, i, "log", call.log))
            if call.response:
                rows.append((case, i, "message", f"{call.response.message} {call.response.path}"))
        elif what == "left":
            rows += [(case, i, path, text) for path, text in call.left.items()]
        elif call.response:
            rows += [(case, i, path, text) for path, text in _files(call.response)]
    return engine.register(
        name,
        pa.table(
            {
                "case": pa.array([r[0] for r in rows], pa.string()),
                "call": pa.array([r[1] for r in rows], pa.int32()),
                "place": pa.array([r[2] for r in rows], pa.string()),
                "text": pa.array([r[3] for r in rows], pa.string()),
            }
        ),
    )


def _files(response: Response) -> list[tuple[str, str]]:
    """Every text beside the cells: the documents too, where they came as values, and what tables say of themselves."""
    given = list(response.extra.items())
    for name, document in (("organization", response.organization), ("processing", response.processing)):
        if document is not None and not {f"{name}.yaml", f"{name}.json"} & set(response.extra):
            given.append((f"{name}.json", json.dumps(document, ensure_ascii=False)))
    for name, table in response.data.items():
        given += [(f"data/{name}#metadata", text) for text in metadata(table)]
    return given


def _secrets(engine: Engine, calls: Sequence[tuple[str, int, Call]]) -> Relation:
    rows: set[tuple[str, str, str]] = set()
    for case, _, call in calls:
        for id_, secret in call.request.secrets.items():
            for form in (secret.hex(), base64.b64encode(secret).decode().rstrip("="), secret.decode("latin-1")):
                rows.add((case, form, id_))
    return engine.register(
        "secrets",
        pa.table(
            {
                "case": pa.array([r[0] for r in sorted(rows)], pa.string()),
                "canary": pa.array([r[1] for r in sorted(rows)], pa.string()),
                "source": pa.array([r[2] for r in sorted(rows)], pa.string()),
            }
        ),
    )


__all__ = ["Played", "claimed", "evidence"]
