"""Typed views of the two declarations."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei.declarations import DROPPING, RELEASING, TECHNIQUES, FieldName, Organization, Processing, Step
from tokumei.model import TokumeiError
from tokumei.runner.power import PAIRS, pair_named


def changed(document, change):
    copied = copy.deepcopy(dict(document))
    change(copied)
    return copied


@given(st.text(st.characters(exclude_characters="."), min_size=1), st.text())
def test_a_field_name_is_read_as_it_is_written(resource, field):
    name = FieldName(resource, field)
    assert FieldName.parse(str(name)) == name


def test_there_are_twenty_one_techniques():
    assert len(TECHNIQUES) == 21
    assert not RELEASING & DROPPING


@pytest.mark.parametrize("name", PAIRS)
def test_the_examples_are_read(name):
    organization, processing = pair_named(name)
    assert organization.name == name
    assert organization.field(organization.subject_key) is not None
    assert organization.opt_out is not None and organization.field(organization.opt_out) is not None
    assert {step.technique for step in processing.steps} <= TECHNIQUES
    assert all(organization.field(quasi) for target in processing.targets for quasi in target.quasi)
    assert processing.target("no-such-model") is None


def test_every_table_of_the_hospital_leads_to_a_person():
    organization, _ = pair_named("hospital")
    steps = {resource.name: len(organization.path_to_person(resource.name)) for resource in organization.resources}
    assert steps == {"patients": 0, "visits": 1, "diagnoses": 2, "prescriptions": 2, "labs": 2}


def test_parents_come_first():
    organization, _ = pair_named("hospital")
    reverse = Organization.of(changed(organization.document, lambda d: d["resources"].reverse()))
    order = [resource.name for resource in reverse.parents_first()]
    assert order.index("patients") < order.index("visits") < min(order.index(n) for n in ("diagnoses", "labs"))


def test_a_cycle_of_foreign_keys_is_a_problem():
    organization, _ = pair_named("hospital")

    def cycle(document):
        key = {"fields": ["subject_id"], "reference": {"resource": "visits", "fields": ["subject_id"]}}
        document["resources"][0]["schema"]["foreignKeys"] = [key]

    with pytest.raises(TokumeiError, match="FOREIGN_KEY_CYCLE"):
        Organization.of(changed(organization.document, cycle)).parents_first()


@pytest.mark.parametrize("name", PAIRS)
def test_a_column_is_released_when_a_step_keeps_it_and_none_drops_it(name):
    organization, processing = pair_named(name)
    for info in organization.fields():
        techniques = {step.technique for step in processing.steps if info.name in step.fields}
        assert techniques, f"{info.name} has no step"
        assert processing.released(info.name) == (bool(techniques & RELEASING) and not techniques & DROPPING)
    assert not processing.released(FieldName("no", "such"))


def test_a_step_over_a_resource_covers_its_fields():
    step = Step(id="s", technique="shuffle-rows", fields=(FieldName("registry", ""),), params={})
    assert step.covers(FieldName("registry", "年齢"))
    assert not step.covers(FieldName("other", "年齢"))


@pytest.mark.parametrize("document", [{}, {"name": "x"}, {"name": "x", "tokumei": None, "resources": []}])
def test_an_unreadable_document_is_a_problem_and_no_crash(document):
    with pytest.raises(TokumeiError, match="ORGANIZATION_UNREADABLE"):
        Organization.of(document)
    with pytest.raises(TokumeiError, match="PROCESSING_UNREADABLE"):
        Processing.of(document)
