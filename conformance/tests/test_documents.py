"""The strict reader of YAML and JSON: what it refuses, where, and that writing and reading agree."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei import documents, resources
from tokumei.model import TokumeiError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(TEXT, VALUES, max_size=5)

REFUSED = [
    ("a: 1\nb: 2\na: 3", "DUPLICATE_KEY", 3),
    ("a:\n  - b: 1\n    b: 2", "DUPLICATE_KEY", 3),
    ("a: 2024-04-01", "IMPLICIT_DATE", 1),
    ("a: 1\nb: [2024-04-01T10:00:00]", "IMPLICIT_DATE", 2),
    ("a:\n  2024-04-01: x", "IMPLICIT_DATE", 2),
    ("a: 012345678", "LEADING_ZERO", 1),
    ("a: .inf", "NUMBER_OUT_OF_RANGE", 1),
    ("a: 1e999", "NUMBER_OUT_OF_RANGE", 1),
    ("a: " + "9" * 5000, "NUMBER_OUT_OF_RANGE", 1),
    ("a: &x [1]\nb: *x", "ALIAS_FORBIDDEN", 1),
    ("b: 1\n&k a: 1", "ALIAS_FORBIDDEN", 2),
    ("a: !!python/object/apply:os.system [ls]", "TAG_FORBIDDEN", 1),
    ("!!set {a}", "TAG_FORBIDDEN", 1),
    ("a: 1\n1: 2", "KEY_NOT_TEXT", 2),
    ("true: 2", "KEY_NOT_TEXT", 1),
    ("? [a]\n: 1", "KEY_NOT_TEXT", 1),
    ("a: 1\n---\nb: 2", "MULTIPLE_DOCUMENTS", 2),
    ("a: [1", "YAML_SYNTAX", 1),
    ("a: 1\n\tb: 2", "YAML_SYNTAX", 2),
    ("a: 'x", "YAML_SYNTAX", 1),
    ("a: \x00", "YAML_SYNTAX", 1),
    ("a: @x", "YAML_SYNTAX", 1),
    ("- 1", "NOT_A_MAPPING", 1),
    ("", "NOT_A_MAPPING", 1),
    ("[" * 3000, "YAML_SYNTAX", 1),
    ("a: " + "[" * 70 + "]" * 70, "TOO_DEEP", 1),
    ('{"a":' * 3000, "TOO_DEEP", 1),
    ('{"a": 1,\n "a": 2}', "DUPLICATE_KEY", 2),
]


@pytest.mark.parametrize(("text", "code", "line"), REFUSED)
def test_a_fault_has_a_code_and_a_line(text, code, line):
    with pytest.raises(TokumeiError) as caught:
        documents.loads(text, "x.yaml")
    problem = caught.value.problems[0]
    assert (problem.code, problem.place.file, problem.place.line) == (code, "x.yaml", line)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('{"a": 1,\n "b": {"c": 1,\n "c": 2}}', "DUPLICATE_KEY", 3),
        ('{\n"a": 1,\n}', "JSON_SYNTAX", 3),
        ("a: 1", "JSON_SYNTAX", 1),
        ('{"a": NaN}', "NUMBER_OUT_OF_RANGE", None),
        ('{"a": 1e999}', "NUMBER_OUT_OF_RANGE", 1),
        ('{"a": "\\ud800"}', "NOT_UNICODE", None),
        ("[1]", "NOT_A_MAPPING", 1),
    ],
)
def test_json_is_read_as_strictly(text, code, line):
    with pytest.raises(TokumeiError) as caught:
        documents.loads(text, "x.json")
    assert (caught.value.problems[0].code, caught.value.problems[0].place.line) == (code, line)


def test_every_fault_of_a_file_is_told_at_once():
    with pytest.raises(TokumeiError) as caught:
        documents.loads("a: 2024-04-01\nb: 007\nb: 1")
    assert [problem.code for problem in caught.value.problems] == ["IMPLICIT_DATE", "LEADING_ZERO", "DUPLICATE_KEY"]


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "Yes", "NO", "y", "n"])
def test_words_of_yaml_1_1_are_text(word):
    assert documents.loads(f"{word}: {word}").document == {word: word}


def test_core_schema_values():
    text = 'a: [null, ~, true, 0x1F, 0o17, -3, 1.5, 1e3, 1.0.0, 12:30, 1_000, "2024-04-01"]\nb:'
    expected = [None, None, True, 31, 15, -3, 1.5, 1000.0, "1.0.0", "12:30", "1_000", "2024-04-01"]
    assert documents.loads(text).document == {"a": expected, "b": None}


def test_a_missing_file_a_folder_and_other_encodings(tmp_path):
    (tmp_path / "sjis.yaml").write_bytes("a: 1\nb: 氏名".encode("cp932"))
    (tmp_path / "utf16.yaml").write_bytes("a: 1".encode("utf-16"))
    (tmp_path / "bom.yaml").write_bytes("a: 氏名".encode("utf-8-sig"))
    for name, code, line in [
        ("none.yaml", "FILE_MISSING", None),
        ("", "FILE_MISSING", None),
        ("sjis.yaml", "NOT_UTF8", 2),
        ("utf16.yaml", "NOT_UTF8", 1),
    ]:
        with pytest.raises(TokumeiError) as caught:
            documents.load(tmp_path / name)
        assert (caught.value.problems[0].code, caught.value.problems[0].place.line) == (code, line)
    assert documents.load(tmp_path / "bom.yaml").document == {"a": "氏名"}


def test_a_pointer_leads_back_to_the_line():
    loaded = documents.loads('a:\n  - x: 1\n  - y/z: 2\n    "~": 3\n', "x.yaml", first_line=5)
    assert loaded.place("/a/1/y~1z").line == 7
    assert loaded.place("/a/1/~0").line == 8
    assert loaded.place("/a/1/absent/deeper").line == 7
    assert str(loaded.place("/a/0/x")) == "x.yaml:6 /a/0/x"


@settings(deadline=None)
@given(DOCUMENTS)
def test_what_is_written_is_read_back(document):
    text = documents.dumps(document)
    for file in ("x.json", "x.yaml"):
        assert documents.loads(text, file).document == document
    assert json.loads(text) == document


@settings(deadline=None)
@given(DOCUMENTS)
def test_json_text_is_yaml_for_other_readers_too(document):
    assert yaml.compose(documents.dumps(document), Loader=yaml.SafeLoader) is not None


@settings(deadline=None)
@given(st.text(st.characters(), max_size=60) | st.text("{}[]:,-?&*!|>'\"#%@` \n\tab01.", max_size=40))
def test_any_text_is_read_or_refused_with_a_code(text):
    try:
        documents.loads(text, "x.yaml")
    except TokumeiError as error:
        assert all(problem.code for problem in error.problems)


def test_the_data_of_the_standard_are_found():
    assert resources.data("schemas", "organization.schema.json").is_file()
    assert resources.data("spec").is_dir()
