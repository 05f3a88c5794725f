"""What a release says of how it writes its values is believed, as far as it cannot hide a value."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.mutants.edits import after, with_column
from tokumei.relation import Column, bind
from tokumei.representation import _in_order
from tokumei.runner import power
from tokumei.runner.run import run_plan

STROKE, HOSPITAL = power.PAIRS
CODED = "boundary"
DAYS = {STROKE: ["registry.発症日", "registry.入院日", "registry.退院日"], HOSPITAL: ["visits.visit_date"]}


def codes(id_, product, *cases, pair=STROKE):
    plan = power.plan_of(pair, 11)
    chosen = tuple(case for case in plan.cases if case.id.split("/")[1] in cases)
    with DuckDB() as engine:
        track = run_plan(dataclasses.replace(plan, cases=chosen), power.Direct(product), {id_: checks()[id_]}, engine)
    (result,) = track.results
    assert not result.error and not track.crashes and result.count
    return {finding.code for finding in result.findings}


def written(names, change, field=None):
    """The baseline, with the cells of some fields written in another way and their descriptions changed."""

    def edit(request, response):
        if not response.data:
            return response
        document = copy.deepcopy(dict(response.organization))
        for name in names:
            resource, column = name.split(".")
            cells = response.data[resource].column(column).to_pylist()
            response = with_column(response, resource, column, change(request, resource, column, cells))
            for one in document["resources"] if field else ():
                for each in one["schema"]["fields"] if one["name"] == resource else ():
                    if each["name"] == column:
                        each.update({k: v for k, v in field.items() if k != "tokumei"})
                        each["tokumei"].update(field.get("tokumei", {}))
        return dataclasses.replace(response, organization=document)

    return after(edit)(baseline.product())


def spelled(pattern):
    return lambda _, __, ___, cells: [c and dt.date.fromisoformat(c).strftime(pattern) for c in cells]


@pytest.mark.parametrize("pattern", ["%d.%m.%Y", "%m/%d/%Y", "%Y年%m月%d日", "%d%m%Y"])
def test_dates_in_the_declared_format_are_dates(pattern):
    declared = written(DAYS[STROKE], spelled(pattern), {"format": pattern})
    assert codes("T-02", declared, CODED) == codes("T-01", declared, CODED) == set()
    assert codes("T-02", written(DAYS[STROKE], spelled(pattern)), CODED) == {"INTERVAL_CHANGED"}


def test_dates_in_the_declared_format_must_move():
    def kept(request, resource, column, cells):
        given = [c for c in request.data[resource].column(column).to_pylist() if c and c[4:5] == "-" and len(c) == 10]
        return [c and dt.date.fromisoformat(given[n % len(given)]).strftime("%d.%m.%Y") for n, c in enumerate(cells)]

    assert "INTERVAL_CHANGED" in codes("T-02", written(DAYS[STROKE], kept, {"format": "%d.%m.%Y"}), CODED)


def test_midnight_is_no_time_of_day():
    def at(clock):
        return written(DAYS[HOSPITAL], lambda _, __, ___, cells: [c and c + clock for c in cells])

    for clock in ("T00:00:00", " 00:00:00"):
        assert codes("T-01", at(clock), CODED, pair=HOSPITAL) == set()
        assert codes("T-02", at(clock), CODED, pair=HOSPITAL) == set()
    assert codes("T-01", at("T08:30:00"), CODED, pair=HOSPITAL) == {"TOO_PRECISE"}


def starred(marker):
    """Every empty code is written as the marker."""
    return lambda _, __, ___, cells: [marker if c is None else c for c in cells]


def starred_once(marker):
    """The first empty code alone is written as the marker: so few are not hidden together."""

    def once(_, __, ___, cells):
        first = next((n for n, c in enumerate(cells) if c is None), None)
        return [marker if n == first else c for n, c in enumerate(cells)]

    return once


def shown(*texts):
    return {"tokumei": {"representation": {"kind": "value", "suppressed": list(texts)}}}


@pytest.mark.parametrize(("id_", "code"), [("D-04", "OUTSIDE_DOMAIN"), ("I4-02", "RARE_VALUE")])
def test_a_declared_marker_is_no_value(id_, code):
    codes_of = ["diagnoses.icd10"]
    cases = ("classes", "covering-isolated")
    for write in (starred, starred_once):
        assert codes(id_, written(codes_of, write("[秘匿]"), shown("[秘匿]")), *cases, pair=HOSPITAL) == set()
    assert codes(id_, written(codes_of, starred_once("[秘匿]")), *cases, pair=HOSPITAL) == {code}


def test_a_declared_marker_is_no_pseudonym():
    def first(_, __, ___, cells):
        return ["[秘匿]", *cells[1:]]

    key = [str(power.pair_named(STROKE)[0].subject_key)]
    assert codes("I3-02", written(key, first, shown("[秘匿]")), CODED) == set()
    assert codes("I3-02", written(key, first), CODED) == {"SAME_PSEUDONYM"}


@pytest.mark.parametrize(("id_", "length"), [("D-04", 4), ("I4-02", 3)])
def test_a_value_of_the_input_is_no_marker(id_, length):
    enum = power.pair_named(HOSPITAL)[0].resource("diagnoses").field("icd10").constraints["enum"]

    def rare(request, resource, column, cells):
        given = [c[:length] for c in request.data[resource].column(column).to_pylist() if c]
        hidden = next((c for c in given if c not in cells), None)
        return [hidden, *cells[1:]] if hidden and cells else cells

    wrong = written(["diagnoses.icd10"], rare, shown(*sorted({code[:length] for code in enum})))
    assert codes(id_, wrong, "classes", "covering-isolated", pair=HOSPITAL)


@given(
    st.dates(min_value=dt.date(1000, 1, 1)), st.permutations(["%Y", "%m", "%d"]), st.sampled_from(["-", "/", ".", ""])
)
def test_any_order_of_year_month_and_day_is_read(day, parts, between):
    pattern = between.join(parts)
    expression = _in_order(pattern, Column("c"))
    with DuckDB() as engine:
        text = bind("SELECT {t} AS c", t=day.strftime(pattern))
        assert engine.fetch(f"SELECT {expression} AS d FROM ({text}) t").to_pylist() == [{"d": day.isoformat()}]


@pytest.mark.parametrize("pattern", ["", "default", "any", "%d/%b/%Y", "%Y-%m", "%d'%m'%Y", "%d{c}%m%Y", "%y%m%d"])
def test_other_formats_are_not_guessed(pattern):
    assert _in_order(pattern, Column("c")) == ""


def test_a_date_that_is_somebodys_number_is_no_number():
    def product(request):
        response = baseline.product()(request)
        if not response.data:
            return response
        day = next(c for c in response.data["registry"].column("入院日").to_pylist() if c)
        numbers = request.data["registry"].column("患者番号").to_pylist()
        first = numbers[0]
        changed = [day.replace("-", "") if n == first else n for n in numbers]
        request.data["registry"] = request.data["registry"].set_column(1, "患者番号", [changed])
        return response

    assert codes("I3-01", product, "covering-copies") == set()
