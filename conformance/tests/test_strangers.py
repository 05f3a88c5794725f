"""Files outside the folders of a call: those with values of the input are found, those of others are not."""

import dataclasses
import sys

import pytest

from tokumei.adapters.batch import Batch
from tokumei.model import Request
from tokumei.plan.required import required_plan
from tokumei.runner.power import PAIRS, pair_named

COPIES = """
import pathlib, sys
asked, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2].replace('REQUEST', sys.argv[1]))
target.write_bytes((asked / 'data' / 'registry.csv').read_bytes())
"""
NOTES = "import pathlib, sys; pathlib.Path(sys.argv[2]).write_text('a note of somebody, latter-stage, 2024-05-01')"


@pytest.fixture(scope="module")
def request_():
    bundle = required_plan([pair_named(PAIRS[0])], track="open", seed=3).cases[0].calls[0].bundle
    return Request(
        id="x",
        organization=bundle.organization.document,
        processing=bundle.processing.document,
        data=bundle.tables,
        secrets={"key-1": bytes(range(32))},
    )


def left(code, target, request, cwd):
    with Batch([sys.executable, "-c", code, "{request}", target, "{response}"], cwd=cwd) as product:
        return product.call(request).left


def test_a_copy_of_the_input_in_the_working_folder_is_found(request_, tmp_path):
    assert list(left(COPIES, str(tmp_path / "copy.txt"), request_, tmp_path)) == [
        "outside/" + str(tmp_path / "copy.txt").lstrip("/")
    ]


def test_a_copy_beside_the_request_is_found(request_, tmp_path):
    assert list(left(COPIES, "REQUEST/copy.txt", request_, tmp_path)) == ["request/copy.txt"]


def test_a_secret_is_enough(request_, tmp_path):
    code = f"import pathlib, sys; pathlib.Path(sys.argv[2]).write_text({bytes(range(32)).hex()!r})"
    assert left(code, str(tmp_path / "key"), request_, tmp_path)


def test_what_others_write_at_the_same_time_is_not_taken_for_the_product(request_, tmp_path):
    assert left(NOTES, str(tmp_path / "note.txt"), request_, tmp_path) == {}


def test_an_older_file_with_the_same_values_is_not_taken_for_the_product(request_, tmp_path):
    (tmp_path / "old.csv").write_text("\n".join(request_.data["registry"].column("患者番号").to_pylist()))
    import os

    os.utime(tmp_path / "old.csv", (1, 1))
    assert left("pass", "-", dataclasses.replace(request_), tmp_path) == {}
