"""What a product may claim beyond what it was asked: edits of a processing document, each of them stricter."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from tokumei.declarations import PSEUDONYMS

Edit: TypeAlias = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
"""From the organization and the processing that were asked to the processing that is done and claimed."""


def as_asked(organization: dict[str, Any], processing: dict[str, Any]) -> dict[str, Any]:
    """What was asked, and nothing else."""
    del organization
    return copy.deepcopy(processing)


def searched_by(algorithm: str) -> Edit:
    """Classes are reached by recoding: the places of a hierarchy are as coarse as was asked, or coarser."""

    def edit(organization: dict[str, Any], processing: dict[str, Any]) -> dict[str, Any]:
        done = as_asked(organization, processing)
        for step in done["steps"]:
            params = step.get("params", {})
            if step["technique"] == "k-search":
                step["params"] = params | {"algorithm": algorithm}
            elif "hierarchy" in params and "level" in params:
                levels = done["hierarchies"][params["hierarchy"]]["levels"]
                coarser = levels[levels.index(params["level"]) :]
                step["params"] = {"hierarchy": params["hierarchy"], "levels": coarser}
        return done

    return edit


def coarser(organization: dict[str, Any], processing: dict[str, Any]) -> dict[str, Any]:
    """Bins of twice the width, one level up, codes shorter by two, and a larger k."""
    done = as_asked(organization, processing)
    wide = {
        name: step["params"]["bin"]
        for step in done["steps"]
        if "bin" in step.get("params", {})
        for name in step["fields"]
    }
    for step in done["steps"]:
        params = step.get("params", {})
        if "bin" in params:
            params["bin"] *= 2
        if "truncate" in params:
            params["truncate"] = max(1, params["truncate"] - 2)
        if "hierarchy" in params and "level" in params:
            levels = done["hierarchies"][params["hierarchy"]]["levels"]
            params["level"] = levels[min(levels.index(params["level"]) + 1, len(levels) - 1)]
        if step["technique"] == "top-bottom-code" and set(step["fields"]) <= set(wide) and "top" in params:
            params["top"] -= params["top"] % (2 * wide[step["fields"][0]])
        if step["technique"] == "k-search":
            params["k"] += 2
    for target in done["targets"]:
        if target["model"] == "k-anonymity":
            target["k"] += 2
    return done


def unmeasured_pseudonyms(organization: dict[str, Any], processing: dict[str, Any]) -> dict[str, Any]:
    """Pseudonyms are a keyed permutation of the numbers: no longer than those, so that no width is promised."""
    done = as_asked(organization, processing)
    for step in done["steps"]:
        if step["technique"] in PSEUDONYMS and done.get("secrets"):
            kept = {key: step["params"][key] for key in ("scope", "domain")}
            step["technique"] = "pseudonymize-keyed"
            step["params"] = {"function": "HMAC-SHA-256", "secret": done["secrets"][0]["id"], **kept}
    return done


def without(drop: Callable[[dict[str, Any], dict[str, Any]], Collection[str]]) -> Edit:
    """The fields that ``drop`` names are left out of the release, and of every step and target."""

    def edit(organization: dict[str, Any], processing: dict[str, Any]) -> dict[str, Any]:
        done = as_asked(organization, processing)
        gone = set(drop(organization, done))
        steps = []
        for step in done["steps"]:
            left = [name for name in step["fields"] if name not in gone]
            if left:
                steps.append(step | {"fields": left})
        kept = {step["id"] for step in steps}
        for step in steps:
            step["after"] = [id_ for id_ in step.get("after", []) if id_ in kept]
        why = "利用目的に要らないため提供しない"
        column = {"id": "dropped", "technique": "suppress-column", "fields": sorted(gone), "realises": [5], "why": why}
        return done | {"steps": [*steps, column] if gone else steps}

    return edit


def optional(organization: dict[str, Any], processing: dict[str, Any]) -> list[str]:
    """Keys of rows below others to which no table refers, sensitive numbers, and every date but the first two of a table."""
    referred = {
        f"{key['reference'].get('resource') or resource['name']}.{name}"
        for resource in organization["resources"]
        for key in resource["schema"].get("foreignKeys", [])
        for name in key["reference"]["fields"]
    }
    released = {
        name for step in processing["steps"] if step["technique"] != "suppress-column" for name in step["fields"]
    }
    gone = []
    for resource in organization["resources"]:
        dates = 0
        for field in resource["schema"]["fields"]:
            name, kinds = f"{resource['name']}.{field['name']}", field["tokumei"]["class"]
            if name not in released:
                continue
            dates += field["type"] == "date"
            schema = resource["schema"]
            is_key = (
                schema.get("foreignKeys") and field["name"] in schema.get("primaryKey", []) and name not in referred
            )
            is_number = "sensitive" in kinds and field["type"] in {"integer", "number"}
            if is_key or is_number or (field["type"] == "date" and dates > 2):
                gone.append(name)
    return gone


def dates(organization: dict[str, Any], processing: dict[str, Any]) -> list[str]:
    """Every date that is asked for."""
    days = {
        f"{resource['name']}.{field['name']}"
        for resource in organization["resources"]
        for field in resource["schema"]["fields"]
        if field["type"] == "date"
    }
    return sorted(
        {name for step in processing["steps"] if step["technique"] == "date-shift" for name in step["fields"]} & days
    )


def sampled(fraction: float) -> Edit:
    """A sample of the persons is taken before anything else."""

    def edit(organization: dict[str, Any], processing: dict[str, Any]) -> dict[str, Any]:
        done = as_asked(organization, processing)
        step = {
            "id": "sampled",
            "technique": "sample",
            "fields": [resource["name"] for resource in organization["resources"]],
            "params": {"fraction": fraction, "of": "subject"},
            "realises": [5],
            "why": "データベースに誰が含まれるかを分からなくする",
        }
        return done | {"steps": [step, *done["steps"]]}

    return edit


def lower_top(organization: dict[str, Any], processing: dict[str, Any]) -> dict[str, Any]:
    """The class of the very old begins one bin lower."""
    done = as_asked(organization, processing)
    width = {n: s["params"]["bin"] for s in done["steps"] if "bin" in s.get("params", {}) for n in s["fields"]}
    for step in done["steps"]:
        if step["technique"] == "top-bottom-code" and "top" in step["params"]:
            step["params"]["top"] -= max((width.get(name, 0) for name in step["fields"]), default=0)
    return done
