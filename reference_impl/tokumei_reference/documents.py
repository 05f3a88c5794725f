"""Reading JSON and YAML. The strict YAML reader has no implicit dates and no yes/no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML 1.2 core for the scalars that matter here; a repeated key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(set(keys)) != len(keys):
            raise ValueError("a key is repeated")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp" and not (tag == "tag:yaml.org,2002:bool" and first not in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a key is repeated")
    return dict(pairs)


def parse(text: str) -> Any:
    """JSON when it is JSON, else YAML; raises ValueError."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError:
        pass
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from SafeLoader
    except yaml.YAMLError:
        raise ValueError("neither JSON nor YAML") from None


def read(folder: Path, name: str) -> Any:
    """``name.json``, else ``name.yaml``; raises ValueError or OSError."""
    for suffix in (".json", ".yaml"):
        file = folder / f"{name}{suffix}"
        if file.is_file():
            return parse(file.read_text(encoding="utf-8"))
    raise FileNotFoundError


def write(file: Path, document: object) -> None:
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
