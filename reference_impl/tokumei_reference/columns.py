"""The techniques over whole columns of the released rows: cells, groups, swaps, noise, invented rows.

They run after it is known who is released, on a table with the columns ``c<i>``, the person ``p`` and a text
``id`` that is one row's own. All randomness is the HMAC of ``id``: equal requests give equal releases in any
order of the input. Where nothing else is said, a row counts for its person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import duckdb

from tokumei_reference.declarations import Step
from tokumei_reference.hidden import apart
from tokumei_reference.pseudonyms import Keyring
from tokumei_reference.refusals import Refusal, unsupported
from tokumei_reference.techniques import Released
from tokumei_reference.treatments import invalid
from tokumei_reference.values import is_integer, is_number, literal

_MEANS = {"mean": "sum(x)::DOUBLE / count(*)", "median": "quantile_cont(x, 0.5)::DOUBLE"}
_FAR = 4 * 10**18  # integers beyond this would not fit


@dataclass(frozen=True, slots=True)
class Stage:
    """One step over one table: where it works, with what randomness, and above which number of persons."""

    connection: duckdb.DuckDBPyConnection
    table: str
    step: Step
    keys: Keyring
    secret: str
    least: int

    def random(self, text: str, *purpose: str) -> str:
        """SQL of the HMAC of a text for this step."""
        return self.keys.mac(text, self.secret, self.step.technique, self.step.id, *purpose)

    def place(self, column: Released) -> str:
        """Where the step names the column."""
        return self.step.at("fields", self.step.fields.index(f"{column.field.resource}.{column.field.name}"))

    def become(self, select: str) -> None:
        """Replace the table."""
        self.connection.execute(f"CREATE TABLE next AS {select}")
        self.connection.execute(f"DROP TABLE {self.table}")
        self.connection.execute(f"ALTER TABLE next RENAME TO {self.table}")

    def number(self, sql: str) -> int:
        [(number,)] = self.connection.execute(sql).fetchall()
        return int(number)


def _without_constraints(column: Released, **change: Any) -> Released:
    return replace(column, constraints={}, **change)


def suppress_cells(stage: Stage, columns: list[Released]) -> list[Released]:
    """Empty the cells with a declared text, those whose value fewer persons than ``rareBelow`` have, and those apart."""
    params = stage.step.params
    texts = [params["equals"]] if "equals" in params else params.get("in", [])
    rare = params.get("rareBelow")
    gap = params.get("gap")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts) or not (texts or rare or gap):
        raise invalid(stage.step, "params")
    if rare is not None and (not is_integer(rare) or rare < 2):
        raise invalid(stage.step, "params", "rareBelow")
    if gap is not None and not (is_number(gap) and gap > 0):
        raise invalid(stage.step, "params", "gap")
    changes = []
    for column in columns:
        c = column.field.column
        found = [f"{c} IN ({', '.join(map(literal, texts))})"] if texts else []
        if rare is not None:
            found.append(
                f"{c} IN (SELECT {c} FROM {stage.table} WHERE {c} IS NOT NULL "
                f"GROUP BY {c} HAVING count(DISTINCT p) < {rare})"
            )
        if gap is not None:
            _numeric(stage, column)
            found.append(apart(stage.table, c, gap, stage.least))
        changes.append(f"CASE WHEN {' OR '.join(found)} THEN NULL ELSE {c} END AS {c}")
    filled = [f"SELECT count({column.field.column}) FROM {stage.table}" for column in columns]
    before = [stage.number(sql) for sql in filled]
    stage.become(f"SELECT * REPLACE ({', '.join(changes)}) FROM {stage.table}")
    for column, sql, was in zip(columns, filled, before, strict=True):
        if rare and was and not stage.number(sql):  # every value is rare: an empty column is no release of it
            raise Refusal("CANNOT_MEET_PRIVACY", stage.place(column))
    return [emptied(column) for column in columns]


def emptied(column: Released) -> Released:
    """A column some of whose cells were emptied: an empty cell may now mean that."""
    rules = {name: rule for name, rule in column.constraints.items() if name != "required"}
    return replace(column, constraints=rules, representation={**column.representation, "suppressed": [""]})


def microaggregate(stage: Stage, columns: list[Released]) -> list[Released]:
    """Put neighbours in groups of at least ``size`` persons, each field by itself, and give each its group's value.

    The persons stand in the order of their smallest value; every ``size`` of them open a group, and what is left
    over belongs to the last one. A group so holds the first values of at least ``size`` persons.
    """
    size, aggregate = stage.step.params.get("size"), stage.step.params.get("aggregate", "mean")
    if not is_integer(size) or size < 2:
        raise invalid(stage.step, "params", "size")
    if aggregate not in ("mean", "median", "mode"):
        raise invalid(stage.step, "params", "aggregate")
    done = []
    for column in columns:
        c = column.field.column
        _numeric(stage, column)
        persons = stage.number(f"SELECT count(DISTINCT p) FROM {stage.table} WHERE {c} IS NOT NULL")
        if 0 < persons < size:
            raise Refusal("CANNOT_MEET_PRIVACY", stage.step.at("params", "size"))
        if aggregate == "mode":
            of_group = (
                f"(SELECT g, first({c} ORDER BY n DESC, x, {c}) AS m FROM "
                f"(SELECT g, x, {c}, count(*) AS n FROM b GROUP BY g, x, {c}) GROUP BY g)"
            )
        else:
            of_group = f"(SELECT g, CAST(round({_MEANS[aggregate]}, 6) AS VARCHAR) AS m FROM b GROUP BY g)"
        # Sums of decimals do not depend on the order in which threads add.
        stage.become(
            f"WITH a AS (SELECT id, p, {c}, CAST({c} AS DECIMAL(38, 6)) AS x, {stage.random('id', c)} AS tie "
            f"FROM {stage.table} WHERE {c} IS NOT NULL), "
            "o AS (SELECT *, row_number() OVER (PARTITION BY p ORDER BY x, tie) = 1 AS first FROM a), "
            "s AS (SELECT *, sum(first::INTEGER) OVER (ORDER BY x, tie ROWS UNBOUNDED PRECEDING) AS seen FROM o), "
            f"b AS (SELECT *, least((seen - 1)::BIGINT // {size}, {max(persons // size, 1) - 1}) AS g FROM s), "
            f"r AS (SELECT b.id, f.m FROM b JOIN {of_group} f USING (g)) "
            f"SELECT t.* REPLACE (r.m AS {c}) FROM {stage.table} t LEFT JOIN r USING (id)"
        )
        same = aggregate == "mode" or column.type == "number"
        done.append(column if same else _without_constraints(column, type="number", typed=False))
    return done


def swap(stage: Stage, columns: list[Released], within: list[Released]) -> list[Released]:
    """Let a drawn share of the rows of each group pass their values on, in a ring of random order.

    The fields of the step stay together. A group of one row has nobody to exchange with and is left as it is.
    """
    fraction = stage.step.params.get("fraction")
    if not is_number(fraction) or not 0 < fraction <= 1:
        raise invalid(stage.step, "params", "fraction")
    group = f"PARTITION BY {', '.join(column.field.column for column in within)} " if within else ""
    ring = f"({group}ORDER BY u)"
    cells = [column.field.column for column in columns]
    drawn = f"CASE WHEN n < 2 THEN 0 ELSE greatest(2, CAST(ceil({fraction!r} * n) AS BIGINT)) END"
    changes = ", ".join(f"CASE WHEN i < m THEN {c}_n WHEN i = m THEN {c}_1 ELSE {c} END AS {c}" for c in cells)
    others = ", ".join(f"lead({c}) OVER {ring} AS {c}_n, first_value({c}) OVER {ring} AS {c}_1" for c in cells)
    extra = ", ".join(f"{c}_n, {c}_1" for c in cells)
    stage.become(
        f"SELECT * EXCLUDE (u, i, n, m, {extra}) REPLACE ({changes}) FROM (SELECT *, {drawn} AS m FROM "
        f"(SELECT *, row_number() OVER {ring} AS i, count(*) OVER ({group}) AS n, {others} FROM "
        f"(SELECT *, {stage.random('id')} AS u FROM {stage.table})))"
    )
    return columns


def add_noise(stage: Stage, columns: list[Released]) -> list[Released]:
    """Add a random number to each value, round, and clip to the declared bounds."""
    params = stage.step.params
    scale, digits = params.get("scale"), params.get("round")
    if not is_number(scale) or not 0 < scale < 1e12:
        raise invalid(stage.step, "params", "scale")
    if digits is not None and (not is_integer(digits) or abs(digits) > 15):
        raise invalid(stage.step, "params", "round")
    changes, done = [], []
    for column in columns:
        c = column.field.column
        _numeric(stage, column)
        low, high = (_bound(stage, column, name) for name in ("minimum", "maximum"))
        if low is not None and high is not None and low > high:
            raise invalid(stage.step, "params")
        mac = stage.random("id", c)
        # 52 bits, and half a step, so that neither 0 nor 1 is drawn.
        u, v = (f"((('0x' || substr({mac}, {at}, 13))::BIGINT + 0.5) / {2**52})" for at in (1, 14))
        whole = column.type == "integer"
        places = (min(digits or 0, 0) if whole else 6) if digits is None or whole else digits
        value = f"round(CAST({c} AS DOUBLE) + {_draw(stage, u, v, scale)}, {places})"
        if whole:
            low, high = -_FAR if low is None else low, _FAR if high is None else high
        if low is not None:
            value = f"greatest({value}, {low!r})"
        if high is not None:
            value = f"least({value}, {high!r})"
        if whole:
            value = f"CAST({value} AS BIGINT)"
        changes.append(f"CASE WHEN {c} IS NULL THEN NULL ELSE CAST({value} AS VARCHAR) END AS {c}")
        bounds = {"minimum": low, "maximum": high}
        kept = {name: rule for name, rule in column.constraints.items() if name == "required"}
        kept |= {name: bound for name, bound in bounds.items() if bound is not None and abs(bound) != _FAR}
        done.append(replace(column, constraints=kept))
    stage.become(f"SELECT * REPLACE ({', '.join(changes)}) FROM {stage.table}")
    return done


def _draw(stage: Stage, u: str, v: str, scale: float) -> str:
    """SQL of one number of the declared distribution out of two uniform ones."""
    match stage.step.params.get("distribution"):
        case "uniform":
            return f"(2 * {u} - 1) * {scale!r}"
        case "normal":
            return f"sqrt(-2 * ln({u})) * cos({v} * 2 * pi()) * {scale!r}"
        case "laplace":
            return f"(ln({u}) - ln({v})) * {scale!r}"
        case "discrete-laplace":  # the difference of two geometric numbers
            return f"(floor(-ln({u}) * {scale!r}) - floor(-ln({v}) * {scale!r}))"
        case "discrete-gaussian":
            raise unsupported(stage.step.at("params", "distribution"))
    raise invalid(stage.step, "params", "distribution")


def _bound(stage: Stage, column: Released, name: str) -> Any:
    """The bound of the step, else the one that the field declares; whole for integers, on the inner side."""
    bound = stage.step.params.get(name, column.constraints.get(name))
    if bound is None:
        return None
    if not is_number(bound) or abs(bound) >= _FAR:
        raise invalid(stage.step, "params", name)
    if column.type == "integer":
        return -int(-bound // 1) if name == "minimum" else int(bound // 1)
    return bound


def _numeric(stage: Stage, column: Released) -> None:
    if column.type not in ("integer", "number") or not column.typed:
        raise invalid(stage.step, "fields")


def synthesize(stage: Stage, columns: list[Released]) -> tuple[list[Released], bool]:
    """Invent rows, each field drawn by itself from the values that enough persons have.

    Without ``share`` they take the place of the real rows, and True is returned; with it, as many as this share
    of the real rows are added (what the guideline calls 疑似データ生成). Pseudonyms are invented as well.
    """
    params = stage.step.params
    if params.get("method") != "independent":
        raise unsupported(stage.step.at("params", "method"))
    for name in ("epsilon", "delta"):
        if name in params:
            raise unsupported(stage.step.at("params", name))
    least, share = params.get("rareBelow", stage.least), params.get("share")
    if not is_integer(least) or least < 2:
        raise invalid(stage.step, "params", "rareBelow")
    if share is not None and (not is_number(share) or not 0 < share <= 1):
        raise invalid(stage.step, "params", "share")
    real = stage.number(f"SELECT count(*) FROM {stage.table}")
    count = real if share is None else -int(-share * real // 1)
    stage.connection.execute(
        f"CREATE TABLE invented AS SELECT 'synthetic:' || i AS id FROM range(1, {count} + 1) AS r(i)"
    )
    for column in columns:
        c = column.field.column
        mac = stage.random("id", c)
        if column.pseudonym:
            stage.connection.execute(
                f"CREATE TABLE more AS SELECT *, left({mac}, {column.pseudonym}) AS {c} FROM invented"
            )
        else:
            stage.connection.execute(
                f"CREATE TABLE eligible AS SELECT {c} AS v, row_number() OVER (ORDER BY {c}) - 1 AS i "
                f"FROM {stage.table} WHERE {c} IS NULL OR {c} IN (SELECT {c} FROM {stage.table} "
                f"WHERE {c} IS NOT NULL GROUP BY {c} HAVING count(DISTINCT p) >= {least})"
            )
            total = stage.number("SELECT count(*) FROM eligible")
            if count and not total:
                raise Refusal("CANNOT_MEET_PRIVACY", stage.place(column))
            stage.connection.execute(
                f"CREATE TABLE more AS SELECT invented.*, e.v AS {c} FROM invented JOIN eligible e "
                f"ON e.i = ('0x' || left({mac}, 15))::BIGINT % {max(total, 1)}"
            )
            stage.connection.execute("DROP TABLE eligible")
        stage.connection.execute("DROP TABLE invented")
        stage.connection.execute("ALTER TABLE more RENAME TO invented")
    order = stage.random("id", "order")
    invented = (
        f"SELECT {', '.join(column.field.column for column in columns)}, NULL AS p, id, {order} AS o FROM invented"
    )
    if share is None:
        stage.become(invented)
    else:
        stage.connection.execute(f"INSERT INTO {stage.table} BY NAME {invented}")
    stage.connection.execute("DROP TABLE invented")
    if share is not None:
        return columns, False
    # The columns join with nothing any more.
    return [replace(column, sql=f"synthetic {column.field.path}") for column in columns], True
