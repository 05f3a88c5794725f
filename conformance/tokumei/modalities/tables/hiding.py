"""What a product does about values that stand alone: a hidden value is one of k persons, or nobody's.

Blanks and open classes hide a person among those who share them. One blank between filled cells, or an open class of
one person, shows the very person it should hide; so the next values join, until k persons are hidden.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pyarrow as pa

from tokumei.declarations import FieldInfo, FieldName, Organization, Processing
from tokumei.model import Request, Response
from tokumei.thresholds import K

MARKERS = frozenset({"", "*"})
Cells = list[str | None]


def normalized(request: Request) -> Request:
    """The request with the declared dummy values of each field as what they are: missing."""
    organization = Organization.of(request.organization)
    data = dict(request.data)
    for info in organization.fields():
        table = data.get(info.name.resource)
        if not info.dummies or table is None or info.name.field not in table.column_names:
            continue
        place = table.schema.get_field_index(info.name.field)
        cells = [None if cell in info.dummies else cell for cell in table.column(place).to_pylist()]
        data[info.name.resource] = table.set_column(place, info.name.field, pa.array(cells, pa.string()))
    return dataclasses.replace(request, data=data)


def covered(request: Request, response: Response, *, listed: bool = False) -> Response:
    """The response in which every hidden value and every open class is of k persons at least.

    With ``listed`` the values that steps list are hidden too, for products that have not done so.
    """
    if response.status != "ok":
        return response
    organization = Organization.of(request.organization)
    processing = Processing.of(response.processing or request.processing)
    k = least(processing)
    owners = dict(_owners(organization, response.data))
    data = dict(response.data)
    for name in hiding(organization, processing):
        table, who = data.get(name.resource), owners.get(name.resource)
        info = organization.field(name)
        if table is None or who is None or info is None or name.field not in table.column_names:
            continue
        place = table.schema.get_field_index(name.field)
        markers = _markers(response, name)
        cells = _covered(table.column(place).to_pylist(), who, info, processing, k, markers, listed)
        data[name.resource] = table.set_column(place, name.field, pa.array(cells, pa.string()))
    return dataclasses.replace(response, data=data)


def least(processing: Processing) -> int:
    """How many persons a hidden class must have: the declared k, else the default of the release context."""
    return max((target.k for target in processing.targets), default=0) or K[processing.context]


def hiding(organization: Organization, processing: Processing) -> list[FieldName]:
    """The released fields that steps hide values of; the classes of quasi-identifiers are k-anonymity's concern."""
    quasi = {name for target in processing.targets for name in target.quasi}
    names = {name for step in processing.with_technique("suppress-cell", "top-bottom-code") for name in step.fields}
    return [info.name for info in organization.fields() if info.name in names - quasi]


def _owners(organization: Organization, data: Mapping[str, pa.Table]) -> Iterator[tuple[str, Cells]]:
    """The person of each released row, by table; a table whose rows lead to no person is left out."""
    known: dict[str, Cells] = {}
    for resource in organization.parents_first():
        table, path = data.get(resource.name), organization.path_to_person(resource.name)
        own = path[0].field.field if path else organization.subject_key.field
        if table is None or path is None or own not in table.column_names:
            continue
        keys: Cells = table.column(own).to_pylist()
        if path:
            parent = path[0].to
            above = data[parent.resource].column(parent.field).to_pylist() if parent.resource in known else []
            index = dict(zip(above, known.get(parent.resource, []), strict=True))
            keys = [index.get(key) for key in keys]
        known[resource.name] = keys
        yield resource.name, keys


def _markers(response: Response, name: FieldName) -> list[str | None]:
    """What stands for a hidden value in a field, as the product says: first what it would write."""
    for resource in (response.organization or {}).get("resources", []):
        for field in resource["schema"]["fields"] if resource["name"] == name.resource else ():
            told = field["tokumei"].get("representation", {}) if field["name"] == name.field else {}
            if told:
                return [*told.get("suppressed", []), *told.get("missing", []), None, *MARKERS]
    return [None, *MARKERS]


def _covered(
    cells: Cells,
    who: Cells,
    info: FieldInfo,
    processing: Processing,
    k: int,
    markers: list[str | None],
    listed: bool,
) -> Cells:
    steps = [step for step in processing.steps if info.name in step.fields]
    gaps = [float(step.params["gap"]) for step in steps if "gap" in step.params]
    texts = {text for step in steps if step.technique == "suppress-cell" and listed for text in step.texts}
    bounded = {key for step in steps if step.technique == "top-bottom-code" for key in step.params}
    hidden = {cell for cell in cells if cell in markers}
    holders: dict[str, set[str | None]] = defaultdict(set)
    for cell, person in zip(cells, who, strict=True):
        if cell is not None and cell not in hidden:
            holders[cell].add(person)
    gone = texts & set(holders)
    if bounded:
        gone |= {label for label, persons in holders.items() if _number(label) is None and len(persons) < k}
    numbers = sorted((number, text) for text in holders if (number := _number(text)) is not None)
    for gap in gaps:
        gone |= _far(numbers, holders, gap, k)
    queue = [text for _, text in (numbers if "top" not in bounded and "bottom" in bounded else reversed(numbers))]
    if not bounded | set(map(str, gaps)):
        queue = sorted(holders, key=lambda text: (len(holders[text]), text))
    left = iter([text for text in queue if text not in gone])
    blank = {person for cell, person in zip(cells, who, strict=True) if cell in hidden}
    while 0 < len(blank.union(*(holders[text] for text in gone))) < k:
        more = next(left, None)
        if more is None:
            break
        gone.add(more)
    marker = markers[0]
    return [marker if cell in gone else cell for cell in cells]


def _far(numbers: list[tuple[float, str]], holders: Mapping[str, set[str | None]], gap: float, k: int) -> set[str]:
    """The texts of numbers of fewer than k persons that lie farther than ``gap`` from all others."""
    groups: list[list[str]] = []
    for nth, (number, text) in enumerate(numbers):
        if nth == 0 or number - numbers[nth - 1][0] > gap:
            groups.append([])
        groups[-1].append(text)
    few = [group for group in groups if len(set().union(*(holders[text] for text in group))) < k]
    return {text for group in few for text in group} if len(groups) > 1 else set()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


__all__ = ["covered", "hiding", "least", "normalized"]
