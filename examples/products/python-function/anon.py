"""A product that is a Python function: ``python:anon:anonymize``, with one setting of its own."""

from __future__ import annotations

import copy
import datetime as dt
import re
import secrets

import pandas as pd

K, MINIMUM, TOP, DROP = 3, 10, 90, "氏名"
NAMES = ["患者ID", "氏名", "年齢", "性別", "受診日", "退院日", "病名", "来院方法", "転帰", "受診時間帯"]
VALID = {
    "患者ID": "P[0-9]{6}",
    "年齢": "[0-9]|[1-9][0-9]|1[01][0-9]",
    "性別": "男|女",
    "受診日": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "退院日": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "病名": "高血圧症|糖尿病|肺炎|骨折|胃腸炎|気管支喘息",
    "来院方法": "独歩|救急車|家族同伴|紹介|転院搬送",
    "転帰": "治癒|軽快|不変|転院|中止",
    "受診時間帯": "深夜|早朝|午前|午後|夕方|夜間",
}


def anonymize(tables: dict[str, pd.DataFrame], request: dict) -> dict:
    table = tables.get("patients")
    if set(tables) != {"patients"} or list(table.columns) != NAMES:
        return refused("ORGANIZATION_MISMATCH", "/data/patients")
    for name, pattern in VALID.items():
        if not all(re.fullmatch(pattern, cell) for cell in table[name] if cell is not None):
            return refused("INPUT_INVALID", f"/data/patients/{name}")
    if table["患者ID"].isna().any() or table["患者ID"].duplicated().any():
        return refused("INPUT_INVALID", "/data/patients/患者ID")
    out = table.drop(columns=DROP)
    out["患者ID"] = [secrets.token_hex(16) for _ in range(len(out))]
    out["年齢"] = table["年齢"].map(binned, na_action="ignore")
    shifts = [secrets.choice((-1, 1)) * (1 + secrets.randbelow(182)) for _ in range(len(out))]
    for name in ("受診日", "退院日"):
        try:
            out[name] = [moved(day, shift) for day, shift in zip(table[name], shifts, strict=True)]
        except (ValueError, OverflowError):
            return refused("INPUT_INVALID", f"/data/patients/{name}")
    out = out[out.groupby(["年齢", "性別"], dropna=False)["患者ID"].transform("size") >= K]
    if len(out) < MINIMUM:
        return refused("CANNOT_MEET_PRIVACY", "/targets/1")
    order = list(range(len(out)))
    secrets.SystemRandom().shuffle(order)
    return {
        "status": "ok",
        "data": {"patients": out.iloc[order]},
        "organization": released(request["organization"]),
        "processing": request["processing"],
    }


def binned(age: str) -> str:
    low = int(age) // 10 * 10
    return f"{TOP}+" if low >= TOP else f"{low}-{low + 10}"


def moved(day: str | None, days: int) -> str | None:
    return None if day is None else (dt.date.fromisoformat(day) + dt.timedelta(days)).isoformat()


def refused(code: str, path: str) -> dict:
    return {"status": "refused", "reason": {"code": code, "path": path, "message": ""}}


def released(organization: dict) -> dict:
    """The declaration of the release: the given one, less what was dropped."""
    document = copy.deepcopy(organization)
    document["tokumei"]["state"] = "released"
    table = document["resources"][0]
    table["tokumei"] |= {"order": "random", "generated": False}
    fields = [field for field in table["schema"]["fields"] if field["name"] != DROP]
    for field in fields:
        field["tokumei"]["representation"] = {"kind": "value", "missing": [""]}
        if field["name"] == "患者ID":
            field["constraints"] = {"required": True, "unique": True}
        elif field["name"] == "年齢":
            field |= {"type": "string", "constraints": {}}
            interval = {"kind": "interval", "bounds": "[)", "separator": "-", "missing": [""]}
            field["tokumei"]["representation"] = interval
    table["schema"]["fields"] = fields
    return document
