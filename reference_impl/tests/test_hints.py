"""Reasons and hints: fixed sentences in both languages, one for every key that a refusal names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from test_columns import call
from test_targets import K, L, asking

import tokumei_reference
from tokumei_reference.hints import HINTS, Hint

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "protocol" / "response.schema.json").read_text("utf-8"))
KANA = re.compile("[ぁ-ん]")


def test_every_key_that_is_named_has_a_hint_and_none_is_idle() -> None:
    source = "".join(file.read_text("utf-8") for file in Path(tokumei_reference.__path__[0]).glob("*.py"))
    named = set(re.findall(r'why="([A-Z_]+)"', source)) | set(re.findall(r'unsupported\(.*, "([A-Z_]+)"\)', source))
    assert named | {"L_NOT_REACHED", "T_NOT_REACHED"} == set(HINTS)


@pytest.mark.parametrize("hint", HINTS.values(), ids=HINTS)
def test_a_hint_says_why_and_what_helps_in_both_languages(hint: Hint) -> None:
    for ja, en in (hint.reason, hint.way):
        assert KANA.search(ja) and ja.endswith("。")
        assert en.isascii() and len(en) > 10


def test_a_refusal_with_a_hint_is_a_response_of_the_protocol() -> None:
    answer = call([(i, "a", 1, None, "x") for i in range(9)], asking([L])).answer
    jsonschema.validate(answer, SCHEMA)
    assert answer["reason"]["hint"]["ja"] == HINTS["L_NOT_REACHED"].way[0]
    assert "hint" not in call([(1, "a", 1, None, "x")], asking([{**K, "k": 3}])).answer["reason"]
    answer["reason"]["hint"] = {"en": "no Japanese"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, SCHEMA)
