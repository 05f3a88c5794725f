"""What must agree between the two declarations: each rule has a declaration that breaks it alone."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei import crosscheck, documents, resources, schema, wording
from tokumei.documents import Loaded

EXAMPLES = sorted(path.name for path in resources.data("examples", "declarations").iterdir())
HOSTILE = ['名,"前', "a\nb", "ａｂｃ", "x.y", "'; DROP TABLE", "ﾊﾝｶｸ", " ", "a\u202eb", "😀", "{field}", "/~1", "null"]


def example(name="hospital"):
    folder = resources.data("examples", "declarations", name)
    return tuple(documents.load(folder / f"{kind}.yaml") for kind in ("organization", "processing"))


def changed(loaded, change):
    document = copy.deepcopy(loaded.document)
    change(document)
    return Loaded(document=document, file=loaded.file, text=loaded.text)


def codes(problems):
    return [problem.code for problem in problems]


def field(document, name):
    resource, _, column = name.partition(".")
    table = next(each for each in document["resources"] if each["name"] == resource)
    return next(each for each in table["schema"]["fields"] if each["name"] == column)


def step(document, name):
    return next(each for each in document["steps"] if each["id"] == name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_agree(name):
    organization, processing = example(name)
    assert crosscheck.organization(organization) == ()
    assert crosscheck.pair(organization, processing) == ()


ORGANIZATION = [
    (lambda d: d["resources"].append(copy.deepcopy(d["resources"][0])), "DUPLICATE_RESOURCE"),
    (
        lambda d: d["resources"][0]["schema"]["fields"].append(d["resources"][0]["schema"]["fields"][11]),
        "DUPLICATE_FIELD",
    ),
    (lambda d: d["resources"][0].update(encoding="klingon"), "UNKNOWN_ENCODING"),
    (lambda d: d["resources"][0].update(encoding="base64"), "UNKNOWN_ENCODING"),
    (lambda d: field(d, "patients.blood")["tokumei"]["class"].append("quasi"), "NEUTRAL_NOT_ALONE"),
    (lambda d: field(d, "patients.sex")["tokumei"].update(redundancyGroup="birth"), "NOT_IN_GROUP"),
    (lambda d: field(d, "patients.sex")["tokumei"].update(redundancyGroup="none"), "NOT_IN_GROUP"),
    (lambda d: field(d, "patients.chart_no")["constraints"].update(pattern="C[0-9"), "PATTERN_INVALID"),
    (lambda d: field(d, "patients.age")["constraints"].update(minimum=200), "BOUNDS_EMPTY"),
    (lambda d: field(d, "patients.age")["constraints"].pop("maximum"), "CANNOT_GENERATE"),
    (lambda d: field(d, "patients.chart_no").pop("constraints"), "CANNOT_GENERATE"),
    (lambda d: field(d, "labs.comment")["tokumei"].pop("generator"), "CANNOT_GENERATE"),
    (lambda d: field(d, "prescriptions.usage").update(constraints={"maxLength": 8}), "CANNOT_GENERATE"),
    (lambda d: field(d, "prescriptions.usage")["tokumei"].update({"class": ["sensitive"]}), "CANNOT_GENERATE"),
    (lambda d: field(d, "labs.test").pop("constraints"), "CANNOT_GENERATE"),  # Parquet: no cell is run there
    (lambda d: d["resources"][0]["schema"].update(primaryKey=["id"]), "UNKNOWN_FIELD"),
    (lambda d: d["resources"][0]["tokumei"].update(subjectKey="id"), "UNKNOWN_FIELD"),
    (lambda d: d["tokumei"]["optOut"].update(statusField="patients.out"), "UNKNOWN_FIELD"),
    (lambda d: d["tokumei"]["subjects"].update(key="patient.subject_id"), "UNKNOWN_FIELD"),
    (lambda d: d["tokumei"]["relations"][0].update(to="patients.id"), "UNKNOWN_FIELD"),
    (lambda d: d["tokumei"]["redundancyGroups"]["birth"]["members"].append("patients.wareki"), "UNKNOWN_FIELD"),
    (lambda d: d["resources"][1]["schema"]["foreignKeys"][0]["reference"].update(fields=["id"]), "UNKNOWN_FIELD"),
    (lambda d: d["tokumei"]["institutions"][0]["received"][0].update(resource="patient"), "UNKNOWN_RESOURCE"),
    (
        lambda d: d["resources"][0]["schema"].update(
            foreignKeys=[{"fields": "subject_id", "reference": {"resource": "visits", "fields": "subject_id"}}]
        ),
        "FOREIGN_KEY_CYCLE",
    ),
]


@pytest.mark.parametrize(("change", "code"), ORGANIZATION)
def test_a_fault_of_the_organization_is_found(change, code):
    organization, _ = example()
    assert code in codes(crosscheck.organization(changed(organization, change)))


def test_every_table_without_a_way_to_the_person_is_named():
    organization, _ = example()

    def cut(document):
        document["resources"][1]["schema"].pop("foreignKeys")
        field(document, "visits.subject_id")["constraints"]["pattern"] = "[0-9]{10}"

    found = crosscheck.organization(changed(organization, cut))
    assert {problem.params["resource"] for problem in found} == {"visits", "diagnoses", "prescriptions", "labs"}
    assert set(codes(found)) == {"SUBJECT_UNREACHABLE"}


def test_a_table_without_persons_needs_no_way_to_them():
    organization, _ = example()

    def add(document):
        fields = [{"name": "code", "type": "string", "constraints": {"enum": ["1"]}, "tokumei": {"class": ["neutral"]}}]
        table = {"name": "codes", "path": "codes.csv", "tokumei": {"role": "reference"}, "schema": {"fields": fields}}
        document["resources"].append(table)

    assert crosscheck.organization(changed(organization, add)) == ()


PROCESSING = [
    (lambda d: d["organization"].update(name="other"), ["ANOTHER_ORGANIZATION"]),
    (lambda d: d["organization"].update(version="2.0.0"), ["ANOTHER_ORGANIZATION"]),
    (lambda d: d["tokumei"].update(level="method"), ["LEVEL_RESERVED"]),
    (lambda d: d["hierarchies"].clear(), ["UNKNOWN_HIERARCHY"] * 7),
    (lambda d: step(d, "a12")["params"].update(level="都道府縣"), ["UNKNOWN_LEVEL"]),
    (lambda d: d["hierarchies"]["area"]["table"][0].pop(), ["HIERARCHY_ROW"]),
    (lambda d: d["hierarchies"]["area"]["table"][-1].__setitem__(2, "長野県"), ["HIERARCHY_NOT_A_TREE"]),
    (lambda d: d["hierarchies"]["area"]["table"].append(["松本市", "長野圏", "長野県"]), ["HIERARCHY_NOT_A_TREE"]),
    (lambda d: step(d, "a04").update(id="a03"), ["DUPLICATE_STEP"]),
    (lambda d: step(d, "a11").update(after=["a99"]), ["UNKNOWN_STEP"]),
    (lambda d: step(d, "a11").update(after=["a17"]), ["STEP_AFTER_LATER"]),
    (
        lambda d: step(d, "a08").update(fields=["labs"]),
        ["STEP_NEEDS_FIELD", "FIELD_WITHOUT_STEP", "FIELD_WITHOUT_STEP"],
    ),
    (lambda d: step(d, "a18")["fields"].append("lab"), ["UNKNOWN_RESOURCE"]),
    (lambda d: step(d, "a16")["fields"].append("patients.Sex"), ["UNKNOWN_FIELD"]),
    (lambda d: step(d, "a16")["fields"].remove("patients.sex"), ["FIELD_WITHOUT_STEP"]),
    (lambda d: step(d, "a01")["params"].update(field="patients.out"), ["UNKNOWN_FIELD"]),
    (lambda d: step(d, "a09")["fields"].append("patients.sex"), ["STEP_TYPE", "STEPS_CONTRADICT"]),
    (lambda d: step(d, "a11")["fields"].append("patients.area"), ["STEP_TYPE"]),
    (lambda d: step(d, "a09")["params"].update(secret="key-2"), ["UNKNOWN_SECRET"]),
    (lambda d: d["secrets"].clear(), ["UNKNOWN_SECRET"] * 3),
    (lambda d: step(d, "a09")["params"].update(range=[182, -182]), ["RANGE_EMPTY"]),
    (lambda d: step(d, "a10")["params"].update(bottom=95), ["RANGE_EMPTY"]),
    (lambda d: step(d, "a16")["fields"].append("patients.birth"), ["STEPS_CONTRADICT"]),
    (lambda d: step(d, "a03").update(technique="keep"), ["SYMBOL_NOT_REMOVED"] * 2),
    (lambda d: step(d, "a03").update(realises=[1]), ["SYMBOL_NOT_REMOVED"] * 2),
    (lambda d: step(d, "a15").update(technique="keep"), ["TEXT_NOT_TREATED"]),
    (lambda d: step(d, "a15").update(technique="generalize"), ["TEXT_NOT_TREATED"]),
    (lambda d: step(d, "a02").update(technique="keep"), ["DIRECT_KEPT"] * 3),
    (lambda d: d["targets"][0]["quasi"].append("visits.kind"), ["TARGET_SPANS_TABLES"]),
    (lambda d: d["targets"][0]["quasi"].append("patients.gender"), ["UNKNOWN_FIELD"]),
    (lambda d: d["targets"][0]["quasi"].append("patients.birth"), ["TARGET_FIELD_DROPPED"]),
    (lambda d: d["targets"][0].update(sensitive="patients.sex"), ["SENSITIVE_IS_QUASI"]),
    (lambda d: d["attacker"][0]["knows"].append("patients.weight"), ["UNKNOWN_FIELD"]),
]


@pytest.mark.parametrize(("change", "expected"), PROCESSING)
def test_a_fault_between_the_two_is_found_and_nothing_else(change, expected):
    organization, processing = example()
    assert codes(crosscheck.pair(organization, changed(processing, change))) == expected


def test_a_new_field_without_a_step_is_told_where_it_stands():
    organization, processing = example()
    text = organization.text.replace(
        "        - {name: blood,",
        "        - {name: weight, type: integer, tokumei: {class: [quasi]}}\n        - {name: blood,",
    )
    problem = crosscheck.pair(documents.loads(text, "o.yaml"), processing)[0]
    line = next(i for i, each in enumerate(text.splitlines(), 1) if "weight" in each)
    assert (problem.code, problem.place.line, problem.place.file) == ("FIELD_WITHOUT_STEP", line, "o.yaml")


def test_a_symbol_may_be_replaced_under_item_2():
    organization, processing = example()

    def replace(document):
        params = {"scope": "release", "domain": "insurer", "bits": 96}
        step(document, "a03").update(technique="pseudonymize-random", params=params)

    assert crosscheck.pair(organization, changed(processing, replace)) == ()


def test_a_synthetic_table_decides_all_its_fields():
    organization, processing = example("stroke-registry")

    def synthesize(document):
        document["steps"] = [
            {"id": "s1", "technique": "synthesize", "fields": ["registry"], "params": {"method": "x"}, "realises": [5]}
        ]

    found = codes(crosscheck.pair(organization, changed(processing, synthesize)))
    assert "FIELD_WITHOUT_STEP" not in found


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_fields_are_names(name):
    organization, processing = example()

    def rename(document):
        field(document, "patients.sex")["name"] = name

    assert crosscheck.organization(changed(organization, rename)) == ()
    found = crosscheck.pair(changed(organization, rename), processing)
    assert {problem.code for problem in found} == {"FIELD_WITHOUT_STEP", "UNKNOWN_FIELD"}
    for problem in found:
        line = wording.render(problem, "ja") + wording.render(problem, "en")
        assert "\n" not in line
        assert "\u202e" not in line


@settings(deadline=None)
@given(st.data())
def test_taking_any_field_out_of_the_steps_is_noticed(data):
    organization, processing = example(data.draw(st.sampled_from(EXAMPLES)))
    fields = [
        f"{resource['name']}.{each['name']}"
        for resource in organization.document["resources"]
        for each in resource["schema"]["fields"]
    ]
    gone = data.draw(st.sampled_from(fields))

    def remove(document):
        for each in document["steps"]:
            each["fields"] = [name for name in each["fields"] if name != gone]

    found = crosscheck.pair(organization, changed(processing, remove))
    assert ("FIELD_WITHOUT_STEP", gone) in [(problem.code, problem.params.get("field")) for problem in found]


JUNK = st.sampled_from([None, True, 0, -1, 1.5, "", "x", "a.b", [], ["x"], {}, {"x": "y"}, [["x"]]])


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
def test_what_the_schema_accepts_can_be_checked(data):
    pair = list(example(data.draw(st.sampled_from(EXAMPLES))))
    which = data.draw(st.sampled_from([0, 1]))
    path = data.draw(st.sampled_from([each for each in places(pair[which].document) if each]))
    value = data.draw(JUNK)
    take_out = data.draw(st.booleans())

    def spoil(document):
        node = document
        for part in path[:-1]:
            node = node[part]
        if take_out:
            del node[path[-1]]
        else:
            node[path[-1]] = value

    pair[which] = changed(pair[which], spoil)
    if schema.validate(pair[which].document, ("organization", "processing")[which]):
        return
    for problem in (*crosscheck.organization(pair[0]), *crosscheck.pair(*pair)):
        assert wording.render(problem, "ja")
        assert wording.render(problem, "en")
