"""Column names that a vendor chose never enter SQL: quotes, newlines, reserved words, equal but for case."""

from __future__ import annotations

import json

import pytest

from tokumei.adapters.inprocess import InProcess
from tokumei.clause import checks
from tokumei.declarations import Organization, Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.model import Verdict
from tokumei.plan.required import required_plan
from tokumei.runner.run import run_plan
from tokumei.runner.session import examples

NAMES = {
    "来院方法": 'x"y\n; DROP TABLE t',
    "退院先": "case",
    "搬入時間帯": "CASE",
    "発症日": "ＡＧＥ {self}",
    "年齢": "row'",
}


def renamed(document: object) -> dict[str, object]:
    text = json.dumps(document, ensure_ascii=False)
    for old, new in NAMES.items():
        text = text.replace(old, json.dumps(new, ensure_ascii=False)[1:-1])
    return dict(json.loads(text))


@pytest.mark.parametrize("fault", [None, "k-over-rows"])
def test_hostile_column_names_change_no_verdict(fault: str | None) -> None:
    organization, processing = examples()[0]
    pair = (Organization.of(renamed(organization.document)), Processing.of(renamed(processing.document)))
    plan = required_plan([pair], track="own", seed=3)
    product = baseline.product(*([fault] if fault else []))
    with DuckDB() as engine, InProcess(product, baseline.INFO) as adapter:
        track = run_plan(plan, adapter, checks(), engine)
    failed = {result.clause for result in track.results if result.verdict is Verdict.FAIL}
    assert failed == ({"I5-01", "R-02"} if fault else set()), [(r.clause, r.error) for r in track.results if r.error]
    assert not [result for result in track.results if result.verdict is Verdict.SUITE_ERROR]
