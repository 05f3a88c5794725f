"""One call from declarations and files to a release, or to a ``Refusal``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from tokumei_reference import files, open_levels, persons, tables
from tokumei_reference.declarations import Organization, Processing
from tokumei_reference.privacy import Targets, rarest, read_targets, smallest_class, suppress
from tokumei_reference.pseudonyms import Keyring
from tokumei_reference.refusals import Refusal, of_declarations, pointer
from tokumei_reference.releasing import Maker
from tokumei_reference.risk import Risk, assess
from tokumei_reference.techniques import Needs, Released, named_secret, release_column
from tokumei_reference.treatments import Plan, plan

_MEMORY = "512MiB"  # of the engine; what does not fit is spilled into the work folder
_SMALL = 1 << 26  # bytes of input below which the tables are kept in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was released, in counts, and by what steps: those that were asked, with every level decided."""

    processing: Processing
    columns: Mapping[str, list[Released]]
    generated: frozenset[str]
    keyed: bool
    """Whether all randomness came from given secrets."""
    persons_in: int
    persons_admitted: int
    """Persons left after those who refused and their like; the others of ``persons_in`` were never to be released."""
    persons_out: int
    rows: Mapping[str, tuple[int, int]]
    risks: tuple[Risk, ...]


def anonymize(
    organization: Organization,
    processing: Processing,
    secrets: Mapping[str, bytes],
    source: Path,
    out: Path,
    work: Path,
) -> Result:
    """Anonymize the files below ``source`` into ``out``; ``work`` is a private folder for spilling."""
    with of_declarations():
        named = processing.source.get("organization", {})
        for part in ("name", "version"):
            if part in named and named[part] != organization.source.get(part):
                raise Refusal("ORGANIZATION_MISMATCH", f"/organization/{part}")
        opened = open_levels.opened(organization, processing)
        asked, processing = processing, open_levels.close(processing, open_levels.finest(opened))
        made = plan(organization, processing)
        targets = read_targets(organization, processing, made)
    small = tables.check_files(source, organization.resources) < _SMALL
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": "2",
        "memory_limit": _MEMORY,
        "temp_directory": str(work),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(":memory:" if small else str(work / "tables.duckdb"), config=config) as connection:
        keys = Keyring(connection, secrets, processing.release)
        needs = Needs()
        with of_declarations():
            columns = _columns(organization, made, processing, keys, needs)
            shuffles = {name: named_secret(step, processing, keys) for step in made.shuffles for name in step.fields}
        loaded = [tables.load(connection, source, resource) for resource in organization.resources]
        for table in loaded:
            tables.validate(connection, table)
        persons.attach(connection, organization)
        _look_up(connection, organization, needs)
        before = persons.count(connection)
        _admit(connection, organization, made, targets)
        admitted = persons.count(connection)
        if opened:

            def at(choice: open_levels.Choice) -> open_levels.Expressions:
                _, columns, _ = _prepare(connection, organization, open_levels.close(asked, choice), keys)
                return {column.field: column.sql for listed in columns.values() for column in listed}

            processing = open_levels.close(asked, open_levels.choose(connection, organization, asked, opened, at))
            made, columns, needs = _prepare(connection, organization, processing, keys)
        _select(connection, organization, made, targets, columns)
        least = max((k for _, _, k in targets.k), default=2)
        maker = Maker(
            connection=connection, organization=organization, processing=processing,
            plan=made, keys=keys, shuffles=shuffles, least=least,
        )  # fmt: skip
        columns, generated = maker.release(columns, needs)
        _measure(connection, organization, made, targets)
        risks = assess(connection, organization, columns, targets)
        rows = {}
        for table in loaded:
            released = columns[table.resource.name]
            rows[table.resource.name] = (table.rows, _rows(connection, f"r{table.resource.index}"))
            if released and table.rows and not rows[table.resource.name][1]:  # nobody is helped by an empty table
                raise Refusal("CANNOT_MEET_PRIVACY", pointer("data", table.resource.name))
            if released:
                files.write(connection, table.resource, table.types, released, out, work)
        return Result(
            processing=processing, columns=columns, generated=generated, keyed=keys.keyed, persons_in=before,
            persons_admitted=admitted, persons_out=persons.count(connection), rows=rows, risks=risks,
        )  # fmt: skip


def _prepare(
    connection: duckdb.DuckDBPyConnection, organization: Organization, processing: Processing, keys: Keyring
) -> tuple[Plan, dict[str, list[Released]], Needs]:
    """What is done to every field when the levels are these; the hierarchies are loaded for them."""
    made, needs = plan(organization, processing), Needs()
    columns = _columns(organization, made, processing, keys, needs)
    _look_up(connection, organization, needs)
    return made, columns, needs


def _columns(
    organization: Organization, made: Plan, processing: Processing, keys: Keyring, needs: Needs
) -> dict[str, list[Released]]:
    return {
        resource.name: [
            release_column(made.of(field), processing, keys, needs)
            for field in resource.fields
            if made.of(field).released
        ]
        for resource in organization.resources
    }


def _look_up(connection: duckdb.DuckDBPyConnection, organization: Organization, needs: Needs) -> None:
    """Load the hierarchies; a value that none of their rows holds cannot be generalized."""
    for (resource, name), lookup in needs.lookups.items():
        values, labels = zip(*lookup.rows, strict=True)
        connection.register("nodes", pa.table({"v": pa.array(values), "g": pa.array(labels)}))
        connection.execute(f"CREATE OR REPLACE TABLE {lookup.name} AS FROM nodes")
        connection.unregister("nodes")
        field = organization.resource(resource).field(name)
        table = f"s{organization.resource(resource).index}"
        unknown = f"{table} WHERE {lookup.key} IS NOT NULL AND {lookup.key} NOT IN (SELECT v FROM {lookup.name})"
        if _rows(connection, unknown):
            raise Refusal("INPUT_INVALID", field.path)


def _admit(connection: duckdb.DuckDBPyConnection, organization: Organization, made: Plan, targets: Targets) -> None:
    """Decide who may be released at all: opt-out, least number of persons."""
    for opt_out in made.opt_outs:
        persons.remove(connection, organization, opt_out)
    count = persons.count(connection)
    for path, least in targets.minimum:
        if count < least:
            raise Refusal("CANNOT_MEET_PRIVACY", path)
    if not count:
        raise Refusal("CANNOT_MEET_PRIVACY", "/targets")


def _select(
    connection: duckdb.DuckDBPyConnection,
    organization: Organization,
    made: Plan,
    targets: Targets,
    columns: Mapping[str, list[Released]],
) -> None:
    """Suppress the persons of small classes; at most the declared share of those who were admitted."""
    count = persons.count(connection)
    # A search can break another one, so all are repeated until nobody is removed.
    left = -1
    while left != persons.count(connection):
        left = persons.count(connection)
        for search in made.searches:
            resource = search.quasi[0].resource
            by_field = {column.field: column.sql for column in columns[resource]}
            expressions = [by_field[field] for field in search.quasi]
            suppress(connection, search, expressions, organization.resource(resource).index)
    for search in made.searches:
        same = [at for at, fields, k in targets.k if set(fields) == set(search.quasi) and k == search.k]
        path = same[0] if same else search.step.at("params")
        if not left or count - left > search.max_suppressed * count:
            raise Refusal("CANNOT_MEET_PRIVACY", path)
    for path, least in targets.minimum:
        if left < least:
            raise Refusal("CANNOT_MEET_PRIVACY", path)


def _measure(connection: duckdb.DuckDBPyConnection, organization: Organization, made: Plan, targets: Targets) -> None:
    """Count k on what goes out. The search should have met it; a target without search may not be."""
    for path, fields, k in targets.k:
        index = organization.resource(fields[0].resource).index
        smallest = smallest_class(connection, fields, index)
        if smallest is not None and smallest < k:
            raise Refusal("CANNOT_MEET_PRIVACY", path)
    for path, fields, least in targets.rare:
        for field in (field for field in fields if made.of(field).released):
            fewest = rarest(connection, field, organization.resource(field.resource).index)
            if fewest is not None and fewest < least:
                raise Refusal("CANNOT_MEET_PRIVACY", path)


def _rows(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    [(rows,)] = connection.execute(f"SELECT count(*) FROM {source}").fetchall()
    return int(rows)
