"""Random pseudonyms that spell a name accuse nobody; names in pseudonyms do."""

from __future__ import annotations

import dataclasses
import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from tokumei.chance import by_chance, expected
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline
from tokumei.model import Finding, Product, Request, Response
from tokumei.mutants.edits import subject_resource, with_column
from tokumei.runner.power import Direct, plan_of
from tokumei.runner.run import judge, play
from tokumei.text import fold

KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"


@pytest.mark.parametrize("count", range(1, 250, 2))
def test_the_bound_is_no_smaller_than_the_tail_and_near_it(count: int) -> None:
    texts = ["0123456789"] * count
    mean = count * 9 / 100  # two letters of ten at nine places each
    edge = int(poisson.isf(1e-9, mean))
    for found in (0, round(mean), *range(edge - 2, edge + 4), 3 * edge):
        tail = float(poisson.sf(found - 1, mean))
        if tail > 1e-9:
            assert by_chance(found, texts, ["57"])
        elif tail < 1e-9 * (1 - mean / (found + 1)):
            assert not by_chance(found, texts, ["57"])


@given(
    st.lists(st.text("ab", max_size=3), min_size=1, max_size=2),
    st.lists(st.text("abc", max_size=3), max_size=3, unique=True),
)
def test_what_is_expected_is_the_mean_over_all_texts_of_letters_seen_equally_often(
    some: list[str], needles: list[str]
) -> None:
    texts = some + [text.translate(str.maketrans("ab", "ba")) for text in some]
    letters = sorted(set("".join(texts)))
    drawn = [["".join(text) for text in itertools.product(letters, repeat=len(given))] for given in texts]
    held = [
        sum(text[at:].startswith(needle) for text in every for needle in needles if needle for at in range(len(text)))
        / len(every)
        for every in drawn
    ]
    assert expected(texts, needles) == pytest.approx(sum(held))


def test_nothing_found_is_chance_whatever_is_sought() -> None:
    assert by_chance(0, [], [])
    assert by_chance(0, ["0123456789abcdef"], {"山田太郎"})


def test_what_is_expected_is_what_random_texts_hold() -> None:
    random = Random(1)
    texts = ["".join(random.choices(KANA, k=16)) for _ in range(4000)]
    needles = {"".join(random.choices(KANA, k=3)) for _ in range(200)}
    found = sum(text[at : at + 3] in needles for text in texts for at in range(14))
    assert found == pytest.approx(expected(texts, needles), rel=0.2)
    assert by_chance(found, texts, needles)
    assert not by_chance(5 * found, texts, needles)
    assert not by_chance(1, ["0123456789abcdef"] * 1000, {"山田太郎"})
    assert not by_chance(1, [], {"山田太郎"})


def _spelled(*, names: int) -> Product:
    """The baseline with the letters of one kana name for the digits of the key, and with real names in so many keys."""
    correct = baseline.product()

    def product(request: Request) -> Response:
        answer = correct(request)
        resource = subject_resource(request)
        if resource not in answer.data:
            return answer
        fields = next(r for r in request.organization["resources"] if r["name"] == resource)["schema"]["fields"]
        read = next(f["name"] for f in fields if str(f["tokumei"].get("script", "")).startswith("kana"))
        given = [fold(str(name)) for name in request.data[resource].column(read).to_pylist()]
        key = request.organization["tokumei"]["subjects"]["key"].split(".")[1]
        letters = sorted(set(min(given, key=lambda name: (len(name), name))))
        keys = ["".join(letters[int(digit, 16) % len(letters)] for digit in text)
                for text in answer.data[resource].column(key).to_pylist()]  # fmt: skip
        told = given[: min(names, len(keys))]
        return with_column(answer, resource, key, [*map("".join, zip(keys, told, strict=False)), *keys[len(told) :]])

    return product


def _accused(product: Product) -> list[Finding]:
    plan = plan_of("stroke-registry", 1)
    cases = [case for case in plan.cases if case.id.endswith(("/boundary", "/covering-copies"))]
    played = [(case.calls[0], play(case, Direct(product), seed=1)) for case in cases]
    with DuckDB() as engine:
        seen = judge([dataclasses.replace(checks()["I1-01"])], played, engine, seed=1)["I1-01"][0]
    return [one for one in seen if isinstance(one, Finding)]


def test_pseudonyms_in_kana_are_not_names() -> None:
    assert not _accused(_spelled(names=0))


def test_names_in_pseudonyms_are_names() -> None:
    assert _accused(_spelled(names=40))
