"""A zoo is read strictly, and what the suite says of its products is set beside what their author knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokumei.model import RunOutcome, Text, TokumeiError
from tokumei.runner.zoo import Animal, Sighting, as_document, exit_code, lines, read_zoo, visit
from tokumei.spec import load_spec

ZOO = Path(__file__).resolve().parents[2] / "examples" / "zoo"


def animal(kind: str, due: tuple[str, ...] = ()) -> Animal:
    return Animal(id="x", connect="", folder=Path(), product_file=None, kind=kind, effect=Text("", ""), due=due)  # type: ignore[arg-type] # kind is one of three


def sighting(
    kind: str, outcome: str, *failed: str, accused: tuple[str, ...] = (), due: tuple[str, ...] = ()
) -> Sighting:
    return Sighting(animal=animal(kind, due), outcomes=(RunOutcome(outcome),), failed=failed, accused=accused)


@pytest.mark.parametrize(
    ("one", "right"),
    [
        (sighting("wrong", "not_met", "I5-01"), True),
        (sighting("wrong", "not_met", "I5-01", due=("I5-01",)), True),
        (sighting("wrong", "not_met", "D-03", due=("I5-01",)), False),
        (sighting("wrong", "all_met"), False),
        (sighting("wrong", "incomplete"), False),
        (sighting("correct", "all_met"), True),
        (sighting("correct", "incomplete"), True),
        (sighting("correct", "not_met", "I5-01", accused=("I5-01",)), False),
        (sighting("null", "incomplete"), True),
        (sighting("null", "all_met"), False),
    ],
)
def test_the_suite_is_right_when_it_agrees_with_the_author(one: Sighting, right: bool) -> None:
    assert one.right is right
    assert exit_code([one]) == (0 if right else 5)
    assert as_document([one])["products"][0]["right"] is right  # type: ignore[index] # a list by construction
    assert len(lines([one], "ja")) == len(lines([one], "en")) == 2


def test_the_zoo_of_the_examples_is_read_whole() -> None:
    animals, seeds = read_zoo(ZOO)
    assert {one.kind for one in animals} == {"wrong", "correct", "null"}
    assert seeds == (1,)
    assert all((one.product_file or ZOO / "zoo.yaml").exists() for one in animals)


def test_a_foreign_product_is_connected_and_judged() -> None:
    animals, seeds = read_zoo(ZOO)
    seen = {one.id: visit(one, seeds, load_spec()) for one in animals if one.id in ("hashes", "nothing")}
    assert all(one.right and not one.trouble for one in seen.values())
    assert "I3-02" in seen["hashes"].failed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name: a\nproducts: [{id: x, connect: reference, is: odd}]\n", "SCHEMA_ENUM"),
        ("name: a\nproducts: [{id: x, connect: reference, is: wrong}]\n", "SCHEMA_REQUIRED"),
        ("name: a\nproducts: [{id: x, connect: a, is: correct}, {id: x, connect: b, is: correct}]\n", "ZOO_ID_TWICE"),
    ],
)
def test_a_bad_zoo_is_refused(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "zoo.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TokumeiError) as error:
        read_zoo(tmp_path)
    assert code in {problem.code for problem in error.value.problems}


def test_a_product_that_does_not_start_is_trouble_and_not_right(tmp_path: Path) -> None:
    text = "name: a\nproducts: [{id: x, connect: 'exec:no-such-program', is: correct}]\n"
    (tmp_path / "zoo.yaml").write_text(text, encoding="utf-8")
    animals, seeds = read_zoo(tmp_path)
    seen = visit(animals[0], seeds, load_spec())
    assert (seen.trouble, seen.right) == ("PRODUCT_NOT_FOUND", False)
