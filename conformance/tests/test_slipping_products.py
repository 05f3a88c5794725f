"""Wrong products that once slipped through a check, and right ones that it would have accused."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.clause import Check, checks, mutants
from tokumei.clauses.i3 import i3_02, i3_04
from tokumei.declarations import Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.evidence import Evidence
from tokumei.modalities.tables import baseline
from tokumei.model import Product, Request, Response
from tokumei.mutants.edits import after, with_column, with_table
from tokumei.plan.required import required_plan
from tokumei.runner import power
from tokumei.runner.run import run_plan
from tokumei.stats import permuted_upper, spearman

STROKE, HOSPITAL = power.PAIRS
GOOD = baseline.product()
KEY = "患者番号"


def codes(check: Check, product: Product, *cases: str, pair: str = STROKE, plan: Any = None) -> set[str]:
    """What the check finds in some cases of the plan."""
    plan = plan or power.plan_of(pair, 11)
    chosen = tuple(case for case in plan.cases if case.id.split("/")[1] in cases)
    assert len(chosen) == len(cases)
    with DuckDB() as engine:
        track = run_plan(dataclasses.replace(plan, cases=chosen), power.Direct(product), {check.id: check}, engine)
    (result,) = track.results
    assert not result.error and not track.crashes
    return {finding.code for finding in result.findings}


def of(mutant: str) -> Product:
    return power.broken(mutants()[mutant])


def column(
    product: Product, resource: str, field: str, change: Callable[[list[str | None]], list[str | None]]
) -> Product:
    def changed(request: Request, response: Response) -> Response:
        return with_column(response, resource, field, change(response.data[resource].column(field).to_pylist()))

    return after(changed)(product)


# I5-01: who is counted

I5_01 = checks()["I5-01"]


@pytest.mark.parametrize(("mutant", "case"), [("pseudonym-by-row", "boundary"), ("small-classes-split", "classes")])
def test_one_person_is_not_counted_as_many(mutant: str, case: str) -> None:
    assert codes(I5_01, of(mutant), case) == {"SUBJECTS_MULTIPLIED"}


@pytest.mark.parametrize(
    ("tables", "found"),
    [
        ([{"name": "registry", "tokumei": {"generated": True}}], set()),
        ([{"name": "registry", "tokumei": {"generated": "true"}}], {"SUBJECTS_MULTIPLIED"}),
        ([1, {"name": "registry", "tokumei": [True]}], {"SUBJECTS_MULTIPLIED"}),
        ({"registry": {"generated": True}}, {"SUBJECTS_MULTIPLIED"}),
    ],
)
def test_invented_people_may_be_more_than_the_input_has(tables: object, found: set[str]) -> None:
    def says(request: Request, response: Response) -> Response:
        return dataclasses.replace(response, organization=dict(response.organization or {}) | {"resources": tables})

    assert codes(I5_01, after(says)(of("pseudonym-by-row")), "boundary") == found


def test_rows_without_a_person_are_nobody() -> None:
    """Rows of one class lose their key: however many they are, they are not k persons."""

    def emptied(request: Request, response: Response) -> Response:
        table = response.data["registry"]
        rows = table.select(["年齢", "性別", "市区町村"]).to_pylist()
        keys = [None if row == rows[0] else key for row, key in zip(rows, table.column(KEY).to_pylist(), strict=True)]
        return with_column(response, "registry", KEY, keys)

    assert codes(I5_01, GOOD, "boundary") == set()
    assert codes(I5_01, after(emptied)(GOOD), "boundary") == {"CLASS_TOO_SMALL"}


# T-02: as many rows at each distance

T_02 = checks()["T-02"]


@pytest.mark.parametrize("pair", power.PAIRS)
@pytest.mark.parametrize("mutant", ["visits-on-one-day", "days-in-words"])
def test_dates_gathered_or_unreadable_keep_no_interval(mutant: str, pair: str) -> None:
    assert codes(T_02, of(mutant), "boundary", pair=pair) == {"INTERVAL_CHANGED"}


def test_rows_and_dates_may_be_suppressed() -> None:
    def fewer(request: Request, response: Response) -> Response:
        table = response.data["registry"]
        return with_table(response, "registry", table.take([i for i in range(table.num_rows) if i % 3]))

    def marked(values: list[str | None]) -> list[str | None]:
        return [(None, "", "*", value)[i % 4] for i, value in enumerate(values)]

    assert codes(T_02, column(after(fewer)(GOOD), "registry", "入院日", marked), "boundary") == set()


def test_markers_alone_are_no_dates() -> None:
    product = GOOD
    for field in ("発症日", "入院日", "退院日"):
        product = column(product, "registry", field, lambda values: ["*"] * len(values))
    assert codes(T_02, product, "boundary") == {"NOTHING_RELEASED"}


def test_intervals_in_days_are_not_promised_where_dates_are_coarsened_too() -> None:
    organization, processing = power.pair_named(STROKE)
    document = copy.deepcopy(dict(processing.document))
    shifted = next(step for step in document["steps"] if step["technique"] == "date-shift")
    coarse = {"id": "s15", "technique": "date-coarsen", "fields": shifted["fields"], "params": {"to": "month"}}
    document["steps"].append(coarse | {"realises": [5], "why": "月まで"})
    plan = required_plan([(organization, Processing.of(document))], track="own", seed=3)

    def without_it(request: Request) -> Response:
        answer = of("first-of-the-month")(dataclasses.replace(request, processing=processing.document))
        return dataclasses.replace(answer, processing=document)

    assert codes(T_02, without_it, "boundary", plan=plan) == set()


# I3-04: neighbours in the output

I3_04 = checks()["I3-04"]
rows = st.lists(st.integers(0, 7), min_size=9, max_size=40).map(lambda some: [*range(8), *some])


@pytest.mark.parametrize(
    ("mutant", "code"),
    [
        ("order-rotated", "ORDER_OF_INPUT"),
        ("order-tens-dealt", "ORDER_OF_INPUT"),
        ("order-fixed-and-rotated", "ORDER_REPEATED"),
    ],
)
def test_an_order_is_seen_wherever_it_begins(mutant: str, code: str) -> None:
    assert code in codes(I3_04, of(mutant), "large-1", "large-2")


@settings(deadline=None)
@given(rows, st.permutations(range(8)))
def test_both_statistics_are_what_they_say(given_rows: list[int], places: list[int]) -> None:
    pair = i3_04.against_plan(given_rows)
    mean = [sum(i for i, c in enumerate(given_rows) if c == cell) / given_rows.count(cell) for cell in range(8)]
    if len(set(mean)) == 8:  # ties are broken, which changes no null
        assert pair.rank(places) == pytest.approx(abs(spearman(mean, places)), abs=1e-9)
    steps = [abs(places[a] - places[b]) for a, b in pairwise(given_rows) if a != b]
    assert pair.neighbours(places) == pytest.approx(sum(1 / min(d, 8 - d) for d in steps) / len(steps))


@given(rows, st.integers(0, 47))
@settings(deadline=None)
def test_neighbours_do_not_care_where_a_circle_begins(given_rows: list[int], start: int) -> None:
    turned = [(cell + start) % 8 for cell in given_rows]
    places = list(range(8))
    assert i3_04.against_plan(turned).neighbours(places) == pytest.approx(
        i3_04.against_plan(given_rows).neighbours(places)
    )


def test_a_product_that_is_blind_to_the_order_is_rejected_as_often_as_its_p_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i3_04, "DRAWS", 199)
    random, small = Random(5), Counter[str]()
    for n in range(400):
        cells = list(range(16))
        random.shuffle(cells)
        given_rows = [cell for cell in cells for _ in range(4)]  # sorted by a released value: blocks, but no order
        pair = i3_04.against_plan(given_rows)
        for kind in ("rank", "neighbours"):
            small[kind] += i3_04.dealt_again([16], [getattr(pair, kind)], str(n), 1.0)[1] <= 0.1
    assert all(20 <= small[kind] <= 62 for kind in ("rank", "neighbours")), small  # 40 of 400, 3.6 sd


@pytest.mark.parametrize("tables", [1, 12, 13, 17, 60])
def test_many_tables_can_still_be_rejected(tables: int) -> None:
    from tokumei.runner.verdicts import ALPHA_STAGE

    crowd = max(1.0, tables / i3_04.TABLES)
    draws = math.ceil(i3_04.DRAWS * crowd)
    assert crowd / (1 + draws) <= ALPHA_STAGE
    assert (ALPHA_STAGE / crowd) ** 2 * 6 * tables * 2 <= 1e-7  # two organizations, six statistics a table


# I3-02: narrow pseudonyms

I3_02 = checks()["I3-02"]


def claiming(bits: object) -> Check:
    """The check, shown a claim that gives this width to every pseudonym."""

    def judge(evidence: Evidence) -> Any:
        document = copy.deepcopy(dict(evidence.asked.document))
        for step in document["steps"]:
            if step["technique"].startswith("pseudonymize"):
                step["params"]["bits"] = bits
        yield from i3_02.CHECK.judge(dataclasses.replace(evidence, claims=(Processing.of(document),)))

    return dataclasses.replace(i3_02.CHECK, judge=judge)


def test_short_numbers_of_rows_are_compared_in_every_table() -> None:
    assert codes(I3_02, of("short-row-ids"), "boundary", pair=HOSPITAL) == {"SAME_PSEUDONYM_EXCESS"}


@pytest.mark.parametrize("bits", ["128", 12.5, None, True, [128]])
def test_a_width_that_is_no_number_hides_nothing_and_accuses_nobody(bits: object) -> None:
    assert codes(claiming(bits), GOOD, "boundary") == set()
    assert codes(claiming(bits), of("constant-secret"), "boundary") == {"SAME_PSEUDONYM_EXCESS"}


@pytest.mark.parametrize("bits", [8, 128])
def test_a_marker_of_both_releases_is_no_pseudonym(bits: int) -> None:
    def some(values: list[str | None]) -> list[str | None]:
        return ["*" if i % 2 else ("" if i % 4 else value) for i, value in enumerate(values)]

    assert codes(claiming(bits), column(GOOD, "registry", "登録番号", some), "boundary") == set()


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_keyed_numbers_that_rows_share_accuse_nobody(digits: int) -> None:
    product = column(GOOD, "registry", "登録番号", lambda values: [str(value)[:digits] for value in values])
    assert codes(claiming(4 * digits), product, "boundary") == set()


def tails(values: int, runs: int) -> tuple[float, float, list[float]]:
    """Mean of the agreement and of what was expected, and the bounds, when each release draws values anew."""
    observed, expected, bounds = 0.0, 0.0, []
    random = Random(f"tails/{values}")
    for _ in range(runs):
        drawn = [
            (call, f"{person}", person // 6, f"{random.randrange(values)}") for call in (0, 1) for person in range(240)
        ]
        seen, mean, n = i3_02.agreement(drawn, random)
        if n:
            observed, expected = observed + seen / runs, expected + mean / runs
            bounds.append(permuted_upper(seen, mean))
    return observed, expected, bounds


@pytest.mark.parametrize("values", [240, 1000])
def test_the_mean_of_narrow_agreement_holds(values: int) -> None:
    observed, expected, bounds = tails(values, 300)
    assert observed == pytest.approx(expected, abs=4 * math.sqrt(max(expected, 0.1) / 300))
    assert min(bounds) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("values", [120, 240, 480, 2000])
def test_the_tail_of_narrow_agreement_is_below_its_bound(values: int) -> None:
    _, _, bounds = tails(values, 20_000)
    for alpha in (0.3, 0.1, 0.03, 0.01, 0.001):
        assert sum(bound <= alpha for bound in bounds) <= alpha * 20_000


# I1-01: what a refusal carries

I1_01 = checks()["I1-01"]


def tables_beside(request: Request) -> Response:
    answer = GOOD(request)
    return answer if answer.status == "ok" else dataclasses.replace(answer, data={"rejects": request.data["registry"]})


def reads_past_what_is_no_date(request: Request) -> Response:
    answer = GOOD(request)
    if answer.code != "INPUT_INVALID":
        return answer
    dates = pa.table({"退院日": request.data["registry"].column("退院日")})
    return Response(status="ok", data={"registry": dates}, processing=request.processing)


@pytest.mark.parametrize(
    ("product", "cases", "found"),
    [
        (of("rejected-rows-in-a-file"), ("few-19",), {"IDENTIFIER_IN_OTHER_FILE"}),
        (of("rejected-rows-in-a-file"), ("malformed",), {"IDENTIFIER_IN_OTHER_FILE"}),
        (of("name-in-the-reason"), ("few-1", "malformed"), {"IDENTIFIER_IN_REASON"}),
        (tables_beside, ("few-4",), {"IDENTIFIER_BESIDE_REFUSAL"}),
        (reads_past_what_is_no_date, ("malformed",), {"IDENTIFIER_IN_RELEASE"}),
        (GOOD, ("few-0", "few-19", "malformed", "boundary"), set()),
    ],
)
def test_a_refusal_carries_no_identifier(product: Product, cases: tuple[str, ...], found: set[str]) -> None:
    assert codes(I1_01, product, *cases) == found
