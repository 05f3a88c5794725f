"""What is rare, and dates that did not move: the SQL of the checks against counting by hand."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.claims import laxer
from tokumei.clause import checks
from tokumei.clauses.i5.i5_08 import reported
from tokumei.declarations import Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.examples import Example
from tokumei.model import Response, Verdict
from tokumei.plan.levels import rare_values
from tokumei.runner import power
from tokumei.runner.examples import play_example

CHECKS = checks()
LINK = {"field": "number", "class": "link", "technique": "pseudonymize-random"}
AGE = {
    "field": "age",
    "type": "integer",
    "class": "quasi",
    "tokumei": {"unit": "a", "redundancyGroup": "birth"},
    "technique": "top-bottom-code",
    "params": {"top": 90},
}


@pytest.fixture(scope="module")
def engine():
    with DuckDB() as engine:
        yield engine


def played(engine, clause, fields, before, after, **more):
    """The result for one call on tables written as lists of rows."""
    header = [line["field"] for line in fields]

    def text(rows):
        return "\n".join([",".join(header), *(",".join(str(cell) for cell in row) for row in rows)])

    # A verdict and code are demanded of an example and not looked at here.
    about = {"say": {"ja": "-", "en": "-"}, "verdict": "fail", "code": "ANY", "fields": fields}
    example = Example.of({**about, "input": text(before), "release": text(after), **more})
    found = play_example(example, CHECKS[clause], engine)
    assert not found.error
    return found


def codes(found):
    return {finding.code for finding in found.findings}


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("115-119", True),
        ("９５歳", True),
        ("91", True),
        ("[95;100)", True),
        ("90以上", False),
        ("≥90", False),
        ("[85;90)", False),
        ("90+", False),
        ("九十歳以上", False),
        ("<90", False),
        ("0-10", False),
        ("*", False),
    ],
)
def test_an_age_is_read_from_the_first_number_of_a_label(engine, label, told):
    found = played(engine, "I4-01", [LINK, AGE], [(1001, 116)], [("p1", label)])
    assert codes(found) == ({"AGE_ABOVE_BOUND"} if told else set())


@pytest.mark.parametrize(
    ("born", "told"),
    [
        ("1907-11-20", True),
        ("1907", True),
        ("明治40年", True),
        ("Ｔ５", True),
        ("大正", True),
        ("1932", True),  # 91 before the birthday of the year 2024
        ("1933以前", False),  # 90 or 91
        ("昭和9年", False),
        ("1990", False),
        ("TOKYO", False),
    ],
)
def test_an_age_is_derived_from_a_birth_and_the_first_date_of_the_person(engine, born, told):
    birth = {"field": "born", "class": ["quasi", "date"], "tokumei": {"redundancyGroup": "birth"}, "technique": "keep"}
    seen = {"field": "seen", "class": "date", "technique": "keep"}
    before = [(1001, 42, "1981-05-02", "2024-02-10")]
    found = played(engine, "I4-01", [LINK, AGE, birth, seen], before, [("p1", "40-44", born, "2024-02")])
    assert codes(found) == ({"AGE_FROM_BIRTH"} if told else set())


rows = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["", "*", "A1", "A2", "B1"]), st.sampled_from(["x1", "x2", "y1", ""])),
    min_size=1,
    max_size=14,
)


def persons_by(rows, place):
    found = defaultdict(set)
    for row in rows:
        if row[place] not in ("", "*"):
            found[row[place]].add(row[0])
    return found


def rare_fields(*fields):
    kinds = {"disease": "sensitive", "drug": "sensitive"}
    return [LINK, *({"field": name, "class": kinds[name], "technique": "suppress-cell"} for name in fields)]


@settings(max_examples=60, deadline=None)
@given(rows=rows, least=st.integers(2, 4))
def test_a_rare_value_is_one_of_few_persons_whatever_its_rows(engine, rows, least):
    target = {"model": "rare-category", "fields": ["patients.disease"], "minimum": least}
    before = [(f"10{person}", disease) for person, disease, _ in rows]
    after = [(f"p{person}", disease) for person, disease, _ in rows]
    found = played(engine, "I4-02", rare_fields("disease"), before, after, targets=[target], rows="visit")
    few = {value for value, persons in persons_by(rows, 1).items() if len(persons) < least}
    assert sum(finding.params["n"] for finding in found.findings) == len(few)
    assert found.count == len(few)


@settings(max_examples=80, deadline=None)
@given(rows=rows, least=st.integers(2, 4), cut=st.booleans(), crowd=st.sampled_from([0, 100]))
def test_a_proxy_is_a_value_all_of_whose_persons_have_one_rare_disease(engine, rows, least, cut, crowd):
    rows = [*rows, *((100 + other, "C1", "z1") for other in range(crowd))]
    target = {"model": "rare-category", "fields": ["patients.disease"], "minimum": least}
    before = [(f"10{person}", disease, drug) for person, disease, drug in rows]
    after = [(f"p{person}", "", drug[:1] if cut else drug) for person, _, drug in rows]
    found = played(engine, "I4-03", rare_fields("disease", "drug"), before, after, targets=[target], rows="visit")
    rare = [people for people in persons_by(rows, 1).values() if len(people) < least]
    shown = persons_by([(person, drug[:1] if cut else drug) for person, _, drug in rows], 1)
    proxies = [people for people in shown.values() if len(people) > 1 and any(people <= sick for sick in rare)]
    asked = len(proxies) if crowd else 0  # among six persons it may well be chance
    assert sum(finding.params["n"] for finding in found.findings) == asked


def moved(engine, offset, persons=60):
    """``persons`` persons in two cells, each moved by ``offset(person)`` days within half a year."""
    random = Random(7)
    seen = [dt.date(2024, 1, 1) + dt.timedelta(random.randrange(300)) for _ in range(persons)]
    shift = {"by": "subject", "range": [-182, 182], "preserve": ["interval"]}
    fields = [
        LINK,
        {"field": "sex", "class": "neutral", "technique": "keep"},
        {"field": "seen", "class": "date", "technique": "date-shift", "params": shift},
    ]
    before = [(1000 + i, "女男"[i % 2], day) for i, day in enumerate(seen)]
    after = [(f"p{i}", "女男"[i % 2], day + dt.timedelta(offset(i))) for i, day in enumerate(seen)]
    return played(engine, "T-01", fields, before, after, cells=["sex"])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("weeks", [False, True])
def test_random_offsets_are_never_taken_for_none(engine, seed, weeks):
    random = Random(seed)
    offsets = [days for days in range(-182, 183) if days and (not weeks or days % 7 == 0)]
    found = moved(engine, lambda _: random.choice(offsets))
    assert (found.verdict, found.findings) == (Verdict.PASS, ())


@pytest.mark.parametrize("persons", [12, 240])
def test_dates_that_stay_are_seen(engine, persons):
    """Also where a cell has many days, so that two thirds of the persons may stand on one by chance."""
    found = moved(engine, lambda _: 0, persons)
    assert codes(found) == {"NOT_SHIFTED"}
    assert found.findings[0].params["n"] == found.findings[0].params["of"] == persons


@pytest.mark.parametrize(
    ("to", "days", "told"),
    [
        ("week", ["2024-02-05", "2024-02-12", "2024-02-26"], False),
        ("week", ["2024-02-05", "2024-02-11"], True),
        ("month", ["2024-02", "2024-03"], False),
        ("month", ["2024-02-01", "20240301"], False),
        ("month", ["2024-02-01", "2024/02/02"], True),
        ("quarter", ["2024-01-01", "2024-04-01"], False),
        ("quarter", ["2024-01-01", "2024-03-01"], True),
        ("year", ["2024-01-01", "2023-01-01"], False),
        ("decade", ["2020-01-01", "2021-01-01"], True),
        ("month", ["2024-02-01 10:30", "2024-03"], True),
    ],
)
def test_a_period_has_one_date(engine, to, days, told):
    sex = {"field": "sex", "class": "neutral", "technique": "keep"}
    seen = {"field": "seen", "class": "date", "technique": "date-coarsen", "params": {"to": to}}
    before = [(1000 + i, "女", "2024-02-10") for i in range(len(days))]
    after = [(f"p{i}", "女", day) for i, day in enumerate(days)]
    found = played(engine, "T-01", [LINK, sex, seen], before, after, cells=["sex"])
    assert codes(found) == ({"TOO_PRECISE"} if told else set())


@pytest.mark.parametrize(
    ("risk", "measured", "number"),
    [
        ({"persons": {"suppressed": 3}}, [], 3),
        ({"persons": {"suppressed": 3.0}}, [{"metric": "suppressed-subjects", "value": 4}], 3),
        ({}, [{"metric": "prosecutor-max", "value": 0.2}, {"metric": "suppressed-subjects", "value": 4}], 4),
        ({"persons": {"suppressed": True}}, [], None),
        ({"persons": {"suppressed": 2.5}}, [], None),
        ({"persons": [3]}, [], None),
        ([], ["suppressed-subjects"], None),
    ],
)
def test_where_the_number_of_suppressed_persons_is_read(risk, measured, number):
    answer = Response(
        status="ok", extra={"risk.json": json.dumps(risk)}, processing={"residualRisk": {"measured": measured}}
    )
    assert reported(answer) == number


@pytest.mark.parametrize("text", ["", "not json", "null", "NaN", "[" * 10_000])
def test_a_report_that_cannot_be_read_reports_nothing(text):
    assert reported(Response(status="ok", extra={"risk.json": text})) is None


def test_the_plan_has_rare_values_below_at_and_far_below_the_limit():
    plan = power.plan_of("hospital", 3)
    case = next(case for case in plan.cases if case.id.endswith("/classes"))
    bundle = case.calls[0].bundle
    rare = rare_values(bundle.organization, bundle.processing)
    assert {str(name) for name in rare} == {"diagnoses.icd10", "prescriptions.drug", "labs.specimen"}
    for name, groups in rare.items():
        cells = bundle.tables[name.resource].column(name.field).to_pylist()
        people = [
            {p for p, cell in zip(bundle.persons[name.resource], cells, strict=True) if cell in g} for g in groups
        ]
        assert [len(some) for some in people] == [4, 5, 1]
    for case in plan.cases:  # elsewhere nobody has them
        for call in case.calls if "/classes" not in case.id else ():
            for name, groups in rare.items():
                drawn = set(call.bundle.tables[name.resource].column(name.field).to_pylist())
                assert not drawn & {value for group in groups for value in group}


def test_a_claim_that_drops_a_field_of_the_limit_or_lowers_it_is_laxer():
    _, asked = power.pair_named("hospital")
    for change in ({"fields": ["diagnoses.icd10"]}, {"minimum": 4}):
        document = copy.deepcopy(dict(asked.document))
        target = next(t for t in document["targets"] if t["model"] == "rare-category")
        target |= change
        assert laxer(asked, Processing.of(document)) == ("targets/rare-category",)
