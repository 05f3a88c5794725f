"""A generalize step that permits several levels and leaves the choice to an optimal k-search."""

from __future__ import annotations

import copy

import pytest

from tokumei import crosscheck, documents, resources, schema
from tokumei.declarations import Organization, Processing
from tokumei.documents import Loaded
from tokumei.plan.levels import levels

FOLDER = resources.data("examples", "declarations", "hospital")


def changed(change):
    """The processing declaration with the parameters of its generalization over a hierarchy changed."""
    loaded = documents.load(FOLDER / "processing.yaml")
    document = copy.deepcopy(loaded.document)
    change(next(step for step in document["steps"] if "hierarchy" in step.get("params", {}))["params"])
    return Loaded(document=document, file=loaded.file, text=loaded.text)


def opened(*names):
    def change(params):
        params.pop("level")
        params["levels"] = list(names)

    return change


def test_open_levels_are_valid_and_read_as_the_finest():
    organization = documents.load(FOLDER / "organization.yaml")
    document = documents.load(FOLDER / "processing.yaml").document
    name = next(step for step in document["steps"] if "hierarchy" in step.get("params", {}))["params"]["hierarchy"]
    hierarchy = document["hierarchies"][name]
    processing = changed(opened(*reversed(hierarchy["levels"])))
    assert schema.validate(processing.document, "processing") == ()
    assert crosscheck.pair(organization, processing) == ()
    read = Processing.of(processing.document)
    step = next(step for step in read.steps if step.params.get("hierarchy") == name)
    assert step.params["level"] == hierarchy["levels"][0]
    info = Organization.of(organization.document).field(step.fields[0])
    assert len(levels(info, read).groups) == len({row[0] for row in hierarchy["table"]})


def test_an_unknown_level_among_the_permitted_is_told():
    processing = changed(opened("no such level"))
    (problem,) = crosscheck.pair(documents.load(FOLDER / "organization.yaml"), processing)
    assert problem.code == "UNKNOWN_LEVEL"
    assert problem.place.pointer.endswith("/params/levels/0")


@pytest.mark.parametrize("change", [opened(), lambda params: params.update(levels=[params["level"]])])
def test_no_level_or_both_ways_of_writing_one_are_no_declaration(change):
    assert schema.validate(changed(change).document, "processing")


def test_optimal_is_an_algorithm_of_the_search():
    loaded = documents.load(FOLDER / "processing.yaml")
    document = copy.deepcopy(loaded.document)
    next(step for step in document["steps"] if step["technique"] == "k-search")["params"]["algorithm"] = "optimal"
    assert schema.validate(document, "processing") == ()
