"""What evidence keeps for several checks says the same of a part as the part would alone."""

from __future__ import annotations

from tokumei.engines.duckdb import DuckDB
from tokumei.evidence import Evidence
from tokumei.modalities.tables import baseline
from tokumei.modalities.tables.relations import evidence
from tokumei.plan.bundle import PlannedCall
from tokumei.relation import Relation
from tokumei.runner.power import Direct, pair_named, plan_of
from tokumei.runner.run import play
from tokumei.text import fold


def played(engine: DuckDB) -> Evidence:
    cases = [case for case in plan_of("stroke-registry", 1).cases if len(case.calls) == 1][:3]
    first: PlannedCall = cases[0].calls[0]
    done = [play(case, Direct(baseline.product()), seed=1) for case in cases]
    organization, _ = pair_named("stroke-registry")
    asked = first.bundle.processing
    return evidence(engine, done, organization=organization, asked=asked, claims=[asked], origin="generated", seed=1)


def distinct(relation: Relation) -> set[tuple[object, ...]]:
    return {(row["case"], row["call"], row["resource"], row["field"], row["value"]) for row in relation.rows()}


def test_texts_are_the_distinct_released_cells_of_the_part_and_what_they_fold_to() -> None:
    with DuckDB() as engine:
        whole = played(engine)
        ids = [case.id for case in whole.cases]
        for shown in (whole, whole.only(ids[:1]), whole.only(ids[:2]).only(ids[1:2])):
            rows = shown.texts.rows()
            assert len(rows) == len(distinct(shown.texts)) > 0
            assert distinct(shown.texts) == distinct(shown.released_cells)
            assert all(row["text"] == fold(row["value"]) for row in rows)


def test_what_is_kept_is_made_once_of_the_whole_batch() -> None:
    with DuckDB() as engine:
        whole = played(engine)
        made: list[int] = []

        def make(given: Evidence) -> Relation:
            made.append(len(given.cases))
            return given.canaries.query('SELECT "case", count(*) AS n FROM {self} t GROUP BY "case"')

        ids = [case.id for case in whole.cases]
        part = whole.only(ids[1:])
        assert {row["case"] for row in part.once("counts", make).rows()} == set(ids[1:])
        assert {row["case"] for row in whole.once("counts", make).rows()} == set(ids)
        assert made == [len(ids)]
