"""Bundles made of a bundle: its rows in another order, after a refusal, with a row that cannot be read, or cut short."""

from __future__ import annotations

import copy
from dataclasses import replace
from random import Random

import pyarrow as pa
import pyarrow.compute as pc

from tokumei.declarations import Organization
from tokumei.modalities.tables.csvtext import csv_bytes
from tokumei.plan.bundle import Bundle, Truth


def reordered(given: Bundle, seed: int, *, columns: bool) -> Bundle:
    """The same bundle with its rows in another order; with ``columns``, also its columns, tables and declared fields.

    A product with one setting knows one layout, and is given other rows only.
    """
    random = Random(f"reordered/{seed}")
    rows = {name: random.sample(range(t.num_rows), t.num_rows) for name, t in given.tables.items()}
    tables = {name: table.take(rows[name]) for name, table in given.tables.items()}
    persons = {name: tuple(given.persons[name][i] for i in rows[name]) for name in tables}
    document = copy.deepcopy(dict(given.organization.document))
    if columns:
        document["resources"].reverse()
        for resource in document["resources"]:
            fields = resource["schema"]["fields"]
            random.shuffle(fields)
            tables[resource["name"]] = tables[resource["name"]].select([field["name"] for field in fields])
    return replace(given, organization=Organization.of(document), tables=tables, persons=persons)


def refused_later(given: Bundle, who: frozenset[int], cell: int | None) -> Bundle:
    """The same bundle after the persons ``who``, of one cell or none, have refused: the last row of each of them tells it."""
    refusals = given.organization.refusals
    if refusals is None:
        return given
    name = refusals.field
    last = {person: row for row, person in enumerate(given.persons[name.resource]) if person in who}
    table = given.tables[name.resource]
    place = table.schema.get_field_index(name.field)
    told = table.column(place).to_pylist()
    for row in last.values():
        told[row] = refusals.texts[-1]
    changed = table.set_column(place, name.field, pa.array(told, pa.string()))
    events = given.truth.events
    if events is not None and cell is not None:
        events = events.filter(pc.not_equal(events.column("cell"), cell))
    return replace(
        given,
        tables=dict(given.tables) | {name.resource: changed},
        truth=replace(given.truth, events=events),
    )


def with_bad_row(good: Bundle) -> Bundle | None:
    """The bundle with a telephone number or name where a date belongs: late, and in a child table if there is one.

    The order ``broken`` tells which cells come before (-1) and after (1) the person of that row.
    """
    dated = [r for r in good.organization.parents_first() if any(info.type == "date" for info in r.fields)]
    names = [info.name for info in good.organization.fields() if "direct" in info.classes]
    if not dated or not names:
        return None
    resource = dated[-1]
    row = good.tables[resource.name].num_rows * 3 // 4
    person = good.persons[resource.name][row]
    planted = [good.tables[n.resource].column(n.field)[good.persons[n.resource].index(person)] for n in names]
    date = next(info.name.field for info in reversed(resource.fields) if info.type == "date")
    column = good.tables[resource.name].column(date).to_pylist()
    column[row] = max((str(text) for text in planted), key=len)  # a short name is no canary: chance would find it
    place = good.tables[resource.name].schema.get_field_index(date)
    table = good.tables[resource.name].set_column(place, date, [column])
    return replace(good, tables=dict(good.tables) | {resource.name: table}, truth=_split(good, person))


def cut_short(good: Bundle) -> Bundle | None:
    """The first two thirds of a bundle, whose table of persons ends in a row without its last required cells.

    The rest of the tables is that of the persons who are left, so that nothing but the last row is wrong.
    """
    resource = good.organization.resource(good.organization.subject_key.resource)
    fields = [info.name.field for info in resource.fields]
    key = good.organization.subject_key  # a row without it may be one of nobody
    required = [n for n, info in enumerate(resource.fields) if info.required and n and info.name != key]
    if resource.format != "csv" or not required:
        return None
    rows = good.tables[resource.name].num_rows * 2 // 3
    who = good.persons[resource.name]
    few = good.without(frozenset(who) - frozenset(who[: rows + 1]))
    table = few.tables[resource.name].slice(0, rows)
    last = few.tables[resource.name].slice(rows, 1).select(fields[: required[-1]])
    content = csv_bytes(table, resource.encoding)
    content += csv_bytes(last, resource.encoding).split(b"\n", 1)[1].removesuffix(b"\n")
    return replace(
        few,
        tables=dict(few.tables) | {resource.name: pa.concat_tables([table, last], promote_options="default")},
        persons=dict(few.persons) | {resource.name: who[: rows + 1]},
        files={resource.path: content},
    )


def _split(good: Bundle, person: int) -> Truth:
    """The truth of a bundle with the cells before, of and after one person, as the order ``broken``."""
    cells, home = good.truth.cells, good.organization.subject_key.resource
    if cells is None:
        return good.truth
    carriers = [name.field for name in good.truth.carriers]
    codes = {tuple(code.values()): cell for code in cells.to_pylist() for cell in [code.pop("cell")]}
    rows = good.tables[home].select(carriers).to_pylist()
    found = [codes.get(tuple(row.values())) for row in rows]
    at = good.persons[home].index(person)
    before, after = set(found[:at]) - {found[at], None}, set(found[at:]) - {found[at], None}
    ranks = dict.fromkeys(before - after, -1) | dict.fromkeys(after - before, 1)
    return replace(
        good.truth,
        orders=pa.table(
            {
                "cell": pa.array(ranks.keys(), pa.int64()),
                "name": pa.array(["broken"] * len(ranks), pa.string()),
                "rank": pa.array(ranks.values(), pa.int64()),
            }
        ),
    )
