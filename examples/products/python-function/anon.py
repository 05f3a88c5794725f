"""A product that is a Python function, ``python:anon:anonymize``, with one setting of its own."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from pathlib import Path

import pandas as pd

RELEASE = Path(__file__).parent / "release"
COLUMNS = {  # as declared; any other table is refused
    "患者ID": "P[0-9]{6}",
    "氏名": "(?s:.*)",
    "年齢": "[1-9]?[0-9]|1[01][0-9]",
    "性別": "男|女",
    "受診日": "[12][0-9]{3}-[0-9]{2}-[0-9]{2}",
    "病名": "|高血圧症|糖尿病|肺炎|骨折|胃腸炎",
    "来院方法": "|独歩|救急車|家族同伴|紹介|転院搬送",
    "転帰": "|治癒|軽快|不変|転院|中止",
    "受診時間帯": "|深夜|午前|午後|夜間",
}
KEPT = ["性別", "病名", "来院方法", "転帰", "受診時間帯"]


def anonymize(tables: dict[str, pd.DataFrame], request: dict) -> dict:
    table = tables.get("patients")
    if table is None or list(table.columns) != list(COLUMNS):
        return {"status": "refused", "reason": {"code": "ORGANIZATION_MISMATCH", "path": "/data/patients"}}
    valid = [all(re.fullmatch(COLUMNS[name], cell or "") for cell in table[name]) for name in COLUMNS]
    days = pd.to_datetime(table["受診日"], format="%Y-%m-%d", errors="coerce")
    if not all(valid) or days.isna().any() or table["患者ID"].duplicated().any():
        return {"status": "refused", "reason": {"code": "INPUT_INVALID", "path": "/data/patients"}}
    low = table["年齢"].astype(int) // 10 * 10
    out = table.drop(columns="氏名")
    out["患者ID"] = [uuid.uuid4() for _ in low]
    out["年齢"] = ["90+" if age >= 90 else f"{age}-{age + 10}" for age in low]
    out["受診日"] = [f"{day + pd.Timedelta(days=1 + secrets.randbelow(182)):%Y-%m-%d}" for day in days]
    out = out[out.groupby(["年齢", "性別"])["患者ID"].transform("size") >= 5]
    if len(out) < 10:
        return {"status": "refused", "reason": {"code": "CANNOT_MEET_PRIVACY", "path": "/data/patients"}}
    out = out.sort_values("患者ID")  # random: the order tells nothing
    documents = {file.stem: json.loads(file.read_text("utf-8")) for file in RELEASE.glob("*.json")}
    documents["book"]["date"] = documents["erasure"]["date"] = f"{pd.Timestamp.now():%Y-%m-%d}"
    documents["risk"] = risk(out) | {"persons": {"suppressed": len(table) - len(out)}}
    documents["utility"] = {"marginals": [marginal(name, table, out) for name in KEPT], "relations": []}
    return {"status": "ok", "data": {"patients": out}, **documents}


def risk(out: pd.DataFrame) -> dict:
    """The risk of a person is 1 / persons of the same age and sex; the worst one counts."""
    sizes = out.groupby(["年齢", "性別"]).size()
    risks = {"maximum": round(1 / int(sizes.min()), 4), "mean": round(len(sizes) / len(out), 4)}
    classes = {"resource": "patients", "quasi": ["年齢", "性別"], "persons": len(out), "k": int(sizes.min())}
    scores = [{"name": name, "value": round(1 - value, 4)} for name, value in risks.items()]
    whole = {"combine": "minimum", "value": min(score["value"] for score in scores)}
    of = {"method": "prosecutor", "reference": "release", "scores": scores, "score": whole}
    return of | {"classes": [classes | {"prosecutorRisk": risks}]}


def marginal(name: str, table: pd.DataFrame, out: pd.DataFrame) -> dict:
    """How far the shares of the values have moved: 0 not at all, 1 wholly."""
    before, after = (data[name].fillna("").value_counts(normalize=True) for data in (table, out))
    return {"field": f"patients.{name}", "distance": round(before.sub(after, fill_value=0).abs().sum() / 2, 4)}
