"""``product.yaml``: what a product says about itself, found beside it and read strictly."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokumei.beside import ELSEWHERE
from tokumei.documents import load
from tokumei.model import Document, Exit, Place, Problem, ProductInfo, TokumeiError
from tokumei.vocabulary import EXTENSIONS

FILE = "product.yaml"
_TEXTS = ("name", "vendor", "version")
_LISTS = ("formats", "operations", "encodings")
_WORDS = {
    "configuration": ("obey", "fixed"),
    "keys": ("given", "own"),
    "determinism": ("none", "process", "keyed"),
}
_LIMITS = {"records": int, "seconds": float}
_KEYS = frozenset(
    {
        *_TEXTS,
        *_LISTS,
        *_WORDS,
        "options",
        "limits",
        "elsewhere",
        "profiles",
        "settings",
        "inline",
        "protocol",
        "$schema",
    }
)


def default_info(name: str) -> ProductInfo:
    """What is assumed of a product that says nothing: CSV in UTF-8, fixed configuration."""
    return ProductInfo(name=name)


def read_info(file: Path) -> ProductInfo:
    """The statement in a file; the paths of its settings are relative to it."""
    return info_from(_read_yaml(file), file.parent, str(file))


def info_from(statement: Mapping[str, Any], base: Path, source: str) -> ProductInfo:
    """The statement as a value; anything that is not of its schema stops the command."""

    def stop(pointer: str, code: str = "PRODUCT_INVALID") -> TokumeiError:
        place = Place(file=source, pointer=pointer)
        return TokumeiError(Problem(code=code, place=place), exit_code=Exit.USAGE)

    for key in statement:
        if key not in _KEYS:
            raise stop(f"/{key}", "PRODUCT_KEY_UNKNOWN")
    given: dict[str, Any] = {}
    for key in _TEXTS:
        if key in statement:
            if not isinstance(statement[key], str):
                raise stop(f"/{key}")
            given[key] = statement[key]
    if not given.get("name"):
        raise stop("/name")
    for key in _LISTS:
        if key in statement:
            value = statement[key]
            if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
                raise stop(f"/{key}")
            given[key] = tuple(value)
    for key, words in _WORDS.items():
        if key in statement:
            if statement[key] not in words:
                raise stop(f"/{key}")
            given[key] = statement[key]
    inline, options = statement.get("inline", False), statement.get("options", {})
    if not isinstance(inline, bool):
        raise stop("/inline")
    if not isinstance(options, Mapping):
        raise stop("/options")
    limits = statement.get("limits", {})
    if not isinstance(limits, Mapping) or set(limits) - set(_LIMITS):
        raise stop("/limits")
    kind: type[int | float]
    for key, kind in _LIMITS.items():
        value = limits.get(key)
        if value is not None:
            if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
                raise stop(f"/limits/{key}")
            given[f"max_{key}"] = kind(value)
    elsewhere = statement.get("elsewhere", {})
    if not isinstance(elsewhere, Mapping):
        raise stop("/elsewhere")
    for name, system in elsewhere.items():
        if name not in ELSEWHERE or not isinstance(system, str) or not system.strip():
            raise stop(f"/elsewhere/{name}")
    profiles = statement.get("profiles", [])
    if not isinstance(profiles, list) or not all(isinstance(name, str) and name in EXTENSIONS for name in profiles):
        raise stop("/profiles")
    settings = statement.get("settings", [])
    if not isinstance(settings, list):
        raise stop("/settings")
    pairs: list[tuple[Document, Document]] = []
    for index, setting in enumerate(settings):
        if not isinstance(setting, Mapping) or set(setting) != {"organization", "processing"}:
            raise stop(f"/settings/{index}")
        first, second = setting["organization"], setting["processing"]
        for part in (first, second):
            if not isinstance(part, str | Mapping):
                raise stop(f"/settings/{index}")
        pairs.append((_setting(first, base), _setting(second, base)))
    return ProductInfo(
        inline=inline,
        options=options,
        elsewhere=dict(elsewhere),
        profiles=tuple(profiles),
        settings=tuple(pairs),
        **given,
    )


def _setting(value: str | Mapping[str, Any], base: Path) -> Document:
    return value if isinstance(value, Mapping) else _read_yaml(base / value)


def _read_yaml(file: Path) -> dict[str, Any]:
    return load(file).document


def beside_command(argv: Sequence[str], cwd: Path) -> Path | None:
    """``product.yaml`` beside the script, jar or program that a command line names."""
    for part in argv:
        path = cwd / part
        if (part != argv[0] or "/" in part or "\\" in part) and path.is_file():
            beside = path.parent / FILE
            if beside.is_file():
                return beside
    if "-m" in argv[:-1]:
        return beside_module(argv[list(argv).index("-m") + 1], cwd)
    return None


def beside_module(module: str, cwd: Path) -> Path | None:
    """``product.yaml`` beside a Python module, found without importing anything."""
    parts = module.split(".")
    for root in (str(cwd), *sys.path):
        path = Path(root or ".").joinpath(*parts)
        if path.with_name(path.name + ".py").is_file() and (path.parent / FILE).is_file():
            return path.parent / FILE
        if (path / "__init__.py").is_file() and (path / FILE).is_file():
            return path / FILE
    return None


def found_program(argv: Sequence[str], cwd: Path) -> bool:
    """Whether the first word of a command line is a program that can be started."""
    return shutil.which(argv[0]) is not None or (cwd / argv[0]).is_file()
