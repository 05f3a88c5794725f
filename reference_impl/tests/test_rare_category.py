"""The target ``rare-category``: no released value of fewer persons than the limit."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Caller, declarations, hospital_rows


def rare_rows() -> dict[str, list[dict[str, Any]]]:
    """Everybody has one common disease, but for eight persons: four with one other, four with a third.

    Together they are enough that an empty cell is not the sign of a few persons.
    """
    rows = hospital_rows(200)
    kept = sorted({visit["subject_id"] for visit in rows["visits"]})
    rare = {subject: "E752" if i < 4 else "E830" for i, subject in enumerate(kept[40:48])}
    subjects = {visit["visit_id"]: visit["subject_id"] for visit in rows["visits"]}
    for row in rows["diagnoses"]:
        row["icd10"] = rare.get(subjects[row["visit_id"]], row["icd10"])
    return rows


def test_values_of_few_persons_are_emptied_and_the_target_is_met(run: Caller) -> None:
    out = run(*declarations("hospital"), rare_rows())
    assert out.status == "ok"
    assert set(out.tables["diagnoses"]["icd10"]) == {"I63", ""}


def test_a_target_that_no_step_reaches_is_refused(run: Caller) -> None:
    org, pro = declarations("hospital")
    pro["steps"] = [step for step in pro["steps"] if "rareBelow" not in step.get("params", {})]
    keep = next(step for step in pro["steps"] if step["technique"] == "keep")
    keep["fields"] = [*keep["fields"], "prescriptions.drug"]
    at = next(i for i, target in enumerate(pro["targets"]) if target["model"] == "rare-category")
    assert run(org, pro, hospital_rows(200)).status == "ok"
    assert run(org, pro, rare_rows()).reason == ("CANNOT_MEET_PRIVACY", f"/targets/{at}")


@pytest.mark.parametrize(
    "change", [{"minimum": 0}, {"minimum": "5"}, {"fields": []}, {"fields": ["diagnoses.nothing"]}, {"k": 5}]
)
def test_a_target_that_cannot_be_read_is_refused(run: Caller, change: dict[str, Any]) -> None:
    org, pro = declarations("hospital")
    at = next(i for i, target in enumerate(pro["targets"]) if target["model"] == "rare-category")
    pro["targets"][at] |= change
    code, path = run(org, pro, hospital_rows(50)).reason
    assert code == "DECLARATION_INVALID"
    assert path.startswith(f"/targets/{at}")
