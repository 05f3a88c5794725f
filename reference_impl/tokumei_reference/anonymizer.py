"""One call from declarations and files to a release, or to a ``Refusal``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from tokumei_reference import files, hidden, local_levels, open_levels, persons, tables, usefulness
from tokumei_reference.declarations import Organization, Processing
from tokumei_reference.privacy import Reached, Targets, measure, read_targets, suppress
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
    persons_drawn: int
    """Persons of the sample; all who were admitted when none was drawn."""
    persons_out: int
    rows: Mapping[str, tuple[int, int]]
    risks: tuple[Risk, ...]
    reached: tuple[Reached, ...]
    utility: Mapping[str, object]

    @property
    def sampled(self) -> bool:
        return any(step.technique == "sample" for step in self.processing.steps)


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
            draw = keys.mac("p", named_secret(made.sample.step, processing, keys), "sample") if made.sample else ""
        loaded = [tables.load(connection, source, resource) for resource in organization.resources]
        for table in loaded:
            tables.validate(connection, table)
        persons.attach(connection, organization)
        _look_up(connection, organization, needs)
        before = persons.count(connection)
        for opt_out in made.opt_outs:
            persons.remove(connection, organization, opt_out)
        admitted = persons.count(connection)
        connection.execute("CREATE TABLE admitted AS FROM alive")
        if made.sample and admitted:
            persons.draw(connection, draw, made.sample.fraction)
        drawn = persons.count(connection)
        _admit(drawn, admitted, made, targets)
        if opened:

            def at(choice: open_levels.Choice) -> open_levels.Expressions:
                _, columns, _ = _prepare(connection, organization, open_levels.close(asked, choice), keys)
                return {column.field: column.sql for listed in columns.values() for column in listed}

            choice, local = open_levels.choose(connection, organization, asked, opened, targets, at)
            processing = open_levels.close(asked, choice)
            made, columns, needs = _prepare(connection, organization, processing, keys)
            columns = local_levels.shown(columns, local)
        _select(connection, organization, made, targets, columns, drawn)
        least = max((k for _, _, k in targets.k), default=2)
        maker = Maker(
            connection=connection, organization=organization, processing=processing,
            plan=made, keys=keys, shuffles=shuffles, least=least,
        )  # fmt: skip
        columns, generated = maker.release(columns, needs)
        columns = hidden.in_company(connection, organization, made, targets, columns)
        reached = measure(connection, organization, made, targets)
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
            persons_admitted=admitted, persons_drawn=drawn, persons_out=persons.count(connection), rows=rows, risks=risks,
            reached=reached, utility=usefulness.assess(connection, organization, processing, columns),
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


def _admit(drawn: int, admitted: int, made: Plan, targets: Targets) -> None:
    """Whether there are persons enough to release anything."""
    for path, least in targets.minimum:
        if drawn < least:
            raise Refusal("CANNOT_MEET_PRIVACY", path)
    if made.sample and admitted and not drawn:
        raise Refusal("CANNOT_MEET_PRIVACY", made.sample.step.at("params", "fraction"), why="SAMPLE_EMPTY")
    if not drawn:
        raise Refusal("CANNOT_MEET_PRIVACY", "/targets")


def _select(
    connection: duckdb.DuckDBPyConnection,
    organization: Organization,
    made: Plan,
    targets: Targets,
    columns: Mapping[str, list[Released]],
    count: int,
) -> None:
    """Suppress the persons of classes that fall short; at most the declared share of the ``count`` who were drawn."""
    left_by_k: dict[str, int] = {}
    # A search can break another one, so all are repeated until nobody is removed.
    left = -1
    while left != persons.count(connection):
        left = persons.count(connection)
        for search in made.searches:
            resource = search.quasi[0].resource
            expressions = {column.field: column.sql for column in columns[resource]}
            index, diversities = organization.resource(resource).index, targets.over(search.quasi)
            left_by_k.setdefault(search.step.id, suppress(connection, search, expressions, index, diversities))
    for search in made.searches:
        same = [at for at, fields, k in targets.k if set(fields) == set(search.quasi) and k == search.k]
        path = same[0] if same else search.step.at("params")
        most = search.max_suppressed * count
        if not left or count - left > most:
            by_k, diversities = left_by_k[search.step.id], targets.over(search.quasi)
            if diversities and by_k and count - by_k <= most:  # k alone could have been met
                raise diversities[0].not_reached
            raise Refusal("CANNOT_MEET_PRIVACY", path)
    for path, least in targets.minimum:
        if left < least:
            raise Refusal("CANNOT_MEET_PRIVACY", path)


def _rows(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    [(rows,)] = connection.execute(f"SELECT count(*) FROM {source}").fetchall()
    return int(rows)
