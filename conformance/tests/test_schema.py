"""The schemas: what they accept, what cannot be written, and that no message repeats what a document holds."""

from __future__ import annotations

import copy

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei import documents, resources, schema, wording

EXAMPLES = sorted(path.name for path in resources.data("examples", "declarations").iterdir())
CANARY = "ｶﾅﾘｱ山田太郎8848"


def example(name, kind):
    return documents.load(resources.data("examples", "declarations", name, f"{kind}.yaml")).document


@pytest.fixture
def processing():
    return copy.deepcopy(example("hospital", "processing"))


@pytest.fixture
def organization():
    return copy.deepcopy(example("hospital", "organization"))


def step(document, technique):
    return next(each for each in document["steps"] if each["technique"] == technique)


def codes(document, name):
    return {problem.code for problem in schema.validate(document, name)}


@pytest.mark.parametrize("name", schema.names())
def test_a_schema_is_a_schema(name):
    jsonschema.Draft202012Validator.check_schema(schema.schema(name))
    assert schema.schema(name)["title"]
    assert schema.schema(name)["description"]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("kind", ["organization", "processing"])
def test_the_examples_are_accepted(name, kind):
    assert schema.validate(example(name, kind), kind) == ()


def keywords(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("properties", "$defs"):
                for inner in value.values():
                    yield from keywords(inner)
            elif key not in ("enum", "const", "if"):
                yield key
                yield from keywords(value)
    elif isinstance(node, list):
        for inner in node:
            yield from keywords(inner)


def test_every_keyword_that_can_fail_has_a_code():
    silent = {"$schema", "$id", "$ref", "title", "description", "items", "allOf", "then", "required", "not", "format"}
    ours = [name for name in schema.names() if name != "report"]
    used = {word for name in ours for word in keywords(schema.schema(name)) if not word.startswith("x-")}
    assert used - silent <= set(schema.CODES)


@pytest.mark.parametrize(
    "params",
    [
        {"function": "SHA-256", "scope": "release", "domain": "subject"},
        {"function": "SHA-256", "secret": "key-1", "scope": "release", "domain": "subject"},
        {"function": "HMAC-SHA-256", "scope": "release", "domain": "subject"},
        {"function": "HMAC-SHA-256", "secret": "key-1", "scope": "release", "domain": "subject", "salt": "x"},
        {"function": "HMAC-SHA-256", "secret": "key-1", "scope": "release", "domain": "subject", "bits": 32},
        {},
    ],
)
def test_an_unkeyed_hash_cannot_be_written_as_a_pseudonym(processing, params):
    step(processing, "pseudonymize-keyed")["params"] = params
    assert schema.validate(processing, "processing")


@pytest.mark.parametrize("technique", ["hash", "sha256", "md5", "encrypt", "pseudonymize", "pseudonymize-hash"])
def test_no_other_technique_can_be_written(processing, technique):
    step(processing, "pseudonymize-keyed")["technique"] = technique
    assert "SCHEMA_ENUM" in codes(processing, "processing")


def test_a_random_pseudonym_takes_no_function(processing):
    step(processing, "pseudonymize-random")["params"]["function"] = "SHA-256"
    assert codes(processing, "processing") == {"SCHEMA_ADDITIONALPROPERTIES"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d["secrets"][0].update(value="deadbeef"), "SCHEMA_ADDITIONALPROPERTIES"),
        (lambda d: d["secrets"][0].update(bits=64), "SCHEMA_MINIMUM"),
        (lambda d: d["targets"][0].update(k=1), "SCHEMA_MINIMUM"),
        (lambda d: d["targets"][0].update(k="5"), "SCHEMA_TYPE"),
        (lambda d: d["targets"][0].update(unit="row"), "SCHEMA_CONST"),
        (lambda d: d["targets"][0].update(l=3), "SCHEMA_PROPERTYNAMES"),
        (lambda d: d["targets"][0].update(model="differential-privacy"), "SCHEMA_ENUM"),
        (lambda d: d["targets"][1].pop("minimum"), "SCHEMA_REQUIRED"),
        (lambda d: d.pop("regime"), "SCHEMA_REQUIRED"),
        (lambda d: d.update(regime="GDPR"), "SCHEMA_ENUM"),
        (lambda d: d.pop("residualRisk"), "SCHEMA_REQUIRED"),
        (lambda d: d.update(steps=[]), "SCHEMA_MINITEMS"),
        (lambda d: d["tokumei"].update(version=2024.2), "SCHEMA_TYPE"),
        (lambda d: d["tokumei"].update(date="2024/07/10"), "SCHEMA_PATTERN"),
        (lambda d: step(d, "date-shift")["params"].pop("preserve"), "SCHEMA_REQUIRED"),
        (lambda d: step(d, "keep").update(why="要る"), "SCHEMA_MINLENGTH"),
        (lambda d: step(d, "keep").update(params={"x": 1}), "SCHEMA_ADDITIONALPROPERTIES"),
        (lambda d: step(d, "generalize").update(params={"bin": 5, "truncate": 3}), "SCHEMA_ONEOF"),
        (lambda d: step(d, "top-bottom-code").update(params={}), "SCHEMA_ANYOF"),
        (lambda d: step(d, "generalize").pop("params"), "SCHEMA_REQUIRED"),
        (lambda d: step(d, "keep").update(realises=[6]), "SCHEMA_ENUM"),
        (lambda d: d.update(surprise=1), "SCHEMA_ADDITIONALPROPERTIES"),
    ],
)
def test_a_bad_processing_declaration_is_refused(processing, change, code):
    change(processing)
    assert code in codes(processing, "processing")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d["tokumei"].update(surprise=1), "SCHEMA_ADDITIONALPROPERTIES"),
        (lambda d: d["tokumei"].pop("optOut"), "SCHEMA_REQUIRED"),
        (lambda d: d["tokumei"].update(level="draft"), "SCHEMA_ENUM"),
        (lambda d: d["resources"][0].pop("tokumei"), "SCHEMA_REQUIRED"),
        (lambda d: d["resources"][0].pop("schema"), "SCHEMA_ANYOF"),
        (lambda d: d["resources"][0].update(path="../patients.csv"), "SCHEMA_PATTERN"),
        (lambda d: d["resources"][0].update(path="/etc/passwd"), "SCHEMA_PATTERN"),
        (lambda d: d["resources"][0].update(path="C:\\data.csv"), "SCHEMA_PATTERN"),
        (lambda d: d["resources"][0].update(name="a.b"), "SCHEMA_PATTERN"),
        (lambda d: d["resources"][0]["schema"]["fields"][0].update(type="varchar"), "SCHEMA_ENUM"),
        (lambda d: d["resources"][0]["schema"]["fields"][0]["tokumei"].update({"class": "link"}), "SCHEMA_TYPE"),
        (lambda d: d["resources"][0]["schema"]["fields"][0]["tokumei"].update({"class": []}), "SCHEMA_MINITEMS"),
        (lambda d: d["resources"][0]["schema"]["fields"][0]["tokumei"].pop("class"), "SCHEMA_REQUIRED"),
        (lambda d: d["resources"][0]["schema"]["fields"][2]["tokumei"].update(generator="x"), "SCHEMA_ENUM"),
    ],
)
def test_a_bad_organization_declaration_is_refused(organization, change, code):
    change(organization)
    assert code in codes(organization, "organization")


def test_properties_of_data_package_are_free(organization):
    organization["licenses"] = [{"name": "x"}]
    organization["resources"][0]["dialect"] = {"delimiter": ";"}
    organization["resources"][0]["schema"]["fields"][0]["rdfType"] = "x"
    assert schema.validate(organization, "organization") == ()


def test_a_released_organization_need_not_repeat_the_producer(organization):
    own = organization["tokumei"]
    organization["tokumei"] = {key: own[key] for key in ("profile", "level", "subjects")} | {"state": "released"}
    organization["resources"][0]["schema"]["fields"][5]["tokumei"]["representation"] = {
        "kind": "interval",
        "bounds": "[)",
    }
    assert schema.validate(organization, "organization") == ()


def test_a_key_that_is_nearly_right_is_suggested(processing):
    processing["regimes"] = processing.pop("regime")
    extra = next(p for p in schema.validate(processing, "processing") if p.code == "SCHEMA_ADDITIONALPROPERTIES")
    assert (extra.place.pointer, extra.params["nearest"]) == ("/regimes", "regime")


@pytest.mark.parametrize(
    ("name", "document", "good"),
    [
        ("protocol/request", {"protocol": "tokumei/1", "id": "a", "operation": "anonymize", "new": 1}, True),
        ("protocol/request", {"protocol": "tokumei/2", "id": "a", "operation": "anonymize"}, False),
        ("protocol/response", {"status": "ok"}, True),
        ("protocol/response", {"status": "refused", "reason": {"code": "KEY_MISSING"}}, True),
        ("protocol/response", {"status": "refused", "reason": {"code": "DONT_WANT"}}, False),
        ("protocol/response", {"status": "refused"}, False),
        ("protocol/hello", {"protocol": "tokumei/1", "name": "x", "configuration": "obey"}, True),
        ("protocol/hello", {"name": "x"}, False),
        ("product", {"name": "x", "configuration": "fixed"}, False),
        ("product", {"name": "x", "formats": []}, False),
    ],
)
def test_messages_of_the_protocol(name, document, good):
    assert (schema.validate(document, name) == ()) is good


def test_the_example_products_fit_their_schema():
    found = sorted(resources.data("examples", "products").glob("*/product.yaml"))
    assert found
    for path in found:
        loaded = documents.load(path)
        assert schema.validate(loaded.document, "product", loaded.place) == ()


def test_the_clauses_fit_their_schema():
    for path in sorted(resources.data("spec", "clauses").glob("*/*.md")):
        head = path.read_text(encoding="utf-8").split("\n---\n")[0].removeprefix("---\n")
        loaded = documents.loads(head, str(path), first_line=2)
        assert schema.validate(loaded.document, "clause", loaded.place) == ()


JUNK = st.sampled_from([CANARY, [CANARY], {"x": CANARY}, [[CANARY]], {CANARY[:1]: [CANARY]}])


def places(node, path=()):
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from places(value, (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from places(value, (*path, i))


@settings(deadline=None)
@given(st.data())
def test_no_message_repeats_a_value(data):
    kind = data.draw(st.sampled_from(["organization", "processing"]))
    document = copy.deepcopy(example("stroke-registry", kind))
    path = data.draw(st.sampled_from([each for each in places(document) if each]))
    node = document
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = data.draw(JUNK)
    for problem in schema.validate(document, kind):
        assert CANARY not in repr(problem)
        assert CANARY not in wording.render(problem, "ja") + wording.render(problem, "en")
