"""A registry as a folder: two tables, the list of what was planted, and the organization declaration of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from tokumei.documents import dumps
from tokumei.model import Problem, TokumeiError
from tokumei.registry import diagnoses, people
from tokumei.registry.plants import Registry, plant

Format = Literal["csv", "parquet"]
LEAST = 20

CLASSES: dict[str, tuple[list[str], dict[str, Any]]] = {
    "subject_id": (["link"], {}),
    "name": (["direct"], {"generator": "person-name", "script": "kanji", "person": "subject"}),
    "kana": (["direct"], {"generator": "person-name", "script": "kana-full", "person": "subject"}),
    "sex": (["quasi"], {}),
    "birth": (["quasi", "date"], {"generator": "birth-date", "precision": "day", "redundancyGroup": "birth"}),
    "birth_era": (["quasi", "date"], {"redundancyGroup": "birth", "generator": "birth-date"}),
    "postal": (["quasi"], {"redundancyGroup": "home"}),
    "city_code": (["quasi"], {"redundancyGroup": "home"}),
    "address": (["direct"], {"generator": "street-address", "redundancyGroup": "home"}),
    "phone": (["direct"], {"generator": "phone-number"}),
    "mail": (["direct"], {"generator": "email-address"}),
    "insurer": (["symbol"], {"generator": "insurer-number"}),
    "symbol": (["symbol"], {}),
    "household": (["link"], {}),
    "icd10": (["sensitive"], {"codeSystem": "ICD-10"}),
    "onset": (["date"], {"precision": "day"}),
}
"""How each field is declared."""
PATTERNS = {
    "subject_id": "[0-9]{10}",
    "postal": "[0-9]{7}",
    "city_code": "[0-9]{5}",
    "symbol": "[0-9]{5}",
    "household": "[0-9]{8}",
    "icd10": r"[A-Z][0-9]{2}(\.[0-9])?",
}


def registry(count: int, seed: int) -> Registry:
    """``count`` people, their diagnoses and the plants; each part has random numbers of its own, all from ``seed``."""
    if count < LEAST:
        raise TokumeiError(Problem(code="REGISTRY_TOO_SMALL", params={"least": LEAST}))
    parts = [np.random.Generator(np.random.PCG64(part)) for part in np.random.SeedSequence(seed).spawn(3)]
    drawn = people.draw(count, parts[0])
    return plant(Registry(drawn, *diagnoses.draw(drawn, parts[1])), parts[2])


def tables(made: Registry) -> dict[str, pa.Table]:
    """``persons``, ``diagnoses`` and ``plants`` (kind and person)."""
    persons = people.table(made.people)
    rows = pa.array([row for _, row in made.planted], pa.int64())
    plants = {"plant": pa.array([kind for kind, _ in made.planted]), "subject_id": persons["subject_id"].take(rows)}
    return {
        "persons": persons,
        "diagnoses": diagnoses.table(made.people, made.person, made.code, made.day),
        "plants": pa.table(plants),
    }


def write(folder: Path, count: int, *, seed: int, form: Format) -> dict[str, int]:
    """Write a registry into ``folder``, which must not hold anything yet; gives the rows of each table."""
    if folder.exists() and any(folder.iterdir()):
        raise TokumeiError(Problem(code="FOLDER_NOT_EMPTY"))
    made = tables(registry(count, seed))
    (folder / "truth").mkdir(parents=True)
    for name, table in made.items():
        place = folder / "truth" if name == "plants" else folder
        if form == "csv" or name == "plants":
            pc.write_csv(table, place / f"{name}.csv", pc.WriteOptions(quoting_style="needed"))
        else:
            pq.write_table(table, place / f"{name}.parquet")
    text = dumps(declaration({name: table.column_names for name, table in made.items() if name != "plants"}, form))
    (folder / "organization.yaml").write_text(text + "\n", encoding="utf-8")
    return {name: table.num_rows for name, table in made.items()}


def declaration(columns: dict[str, list[str]], form: Format) -> dict[str, Any]:
    """The organization declaration of the two tables."""

    def fields(name: str) -> list[dict[str, Any]]:
        return [
            {
                "name": field,
                "type": "date" if field in {"birth", "onset"} else "string",
                "constraints": {"required": True}
                | ({"enum": ["F", "M"]} if field == "sex" else {})
                | ({"pattern": PATTERNS[field]} if field in PATTERNS else {}),
                "tokumei": {"class": CLASSES[field][0], **CLASSES[field][1]},
            }
            for field in columns[name]
        ]

    person: dict[str, Any] = {
        "role": "subject",
        "subjectKey": "subject_id",
        "rowUnit": "person",
        "order": "informative",
    }
    event: dict[str, Any] = {
        "role": "event",
        "subjectKey": "subject_id",
        "rowUnit": "diagnosis",
        "order": "informative",
    }
    written: dict[str, Any] = {"format": "parquet"} if form == "parquet" else {"format": "csv", "encoding": "utf-8"}
    reference = {"resource": "persons", "fields": ["subject_id"]}
    schemas: dict[str, dict[str, Any]] = {
        "persons": {"primaryKey": ["subject_id"]},
        "diagnoses": {"foreignKeys": [{"fields": ["subject_id"], "reference": reference}]},
    }
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "registry",
        "title": "架空の登録事業",
        "version": "1.0.0",
        "tokumei": {
            "profile": "organization/1",
            "level": "release",
            "operator": {"name": "架空の作成事業者", "kind": "certified-producer"},
            "institutions": [
                {
                    "id": "R01",
                    "kind": "other",
                    "notice": {
                        "method": "架空の通知",
                        "startedOn": "2022-10-01",
                        "waitingDays": 30,
                        "filedOn": "2022-09-01",
                    },
                    "received": [{"date": "2024-04-01", "resource": name, "mode": "full"} for name in columns],
                }
            ],
            "subjects": {"unit": "person", "key": "persons.subject_id"},
            "linkage": {"method": "none"},
            "optOut": {"effect": "excluded-from-release", "appliedUntil": "2024-03-31"},
            "retention": {"source": "架空の期間"},
            "redundancyGroups": {
                "birth": {"meaning": "生年月日", "members": ["persons.birth", "persons.birth_era"]},
                "home": {"meaning": "住所", "members": ["persons.postal", "persons.city_code", "persons.address"]},
            },
            "relations": [
                {
                    "from": "diagnoses.subject_id",
                    "to": "persons.subject_id",
                    "cardinality": "n:1",
                    "integrity": "enforced",
                }
            ],
        },
        "resources": [
            {"name": name, "path": f"{name}.{form}", **written, "tokumei": role}
            | {"schema": {**schemas[name], "missingValues": [""], "fields": fields(name)}}
            for name, role in (("persons", person), ("diagnoses", event))
        ],
    }


__all__ = ["LEAST", "Format", "declaration", "registry", "tables", "write"]
