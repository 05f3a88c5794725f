"""Fail closed: each seeded defect gives its code and its place, and no data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Caller, declarations, hospital_rows, registry_rows

Seed = Callable[[dict[str, Any], dict[str, Any], list[dict[str, Any]]], object]


def step(pro: dict[str, Any], identifier: str) -> dict[str, Any]:
    return next(s for s in pro["steps"] if s["id"] == identifier)


def cell(name: str, value: str | None) -> Seed:
    return lambda _org, _pro, rows: rows[7].__setitem__(name, value)


CASES: list[tuple[str, Seed, str, str]] = [
    ("bad date", cell("入院日", "2024-02-30"), "INPUT_INVALID", "/data/registry/入院日"),
    ("short date", cell("入院日", "2024-2-3"), "INPUT_INVALID", "/data/registry/入院日"),
    ("wide digits", cell("入院日", "２０２４-01-01"), "INPUT_INVALID", "/data/registry/入院日"),
    ("bad integer", cell("年齢", "七十"), "INPUT_INVALID", "/data/registry/年齢"),
    ("fraction", cell("NIHSS", "4.5"), "INPUT_INVALID", "/data/registry/NIHSS"),
    ("too large", cell("年齢", "120"), "INPUT_INVALID", "/data/registry/年齢"),
    ("enum", cell("性別", "他"), "INPUT_INVALID", "/data/registry/性別"),
    ("pattern", cell("患者番号", "1234567"), "INPUT_INVALID", "/data/registry/患者番号"),
    ("newline in key", cell("患者番号", "12345678\n"), "INPUT_INVALID", "/data/registry/患者番号"),
    ("no person", cell("患者番号", None), "INPUT_INVALID", "/data/registry/患者番号"),
    ("repeated key", cell("登録番号", "R00000000"), "INPUT_INVALID", "/data/registry/登録番号"),
    ("outside hierarchy", cell("市区町村", "架空市"), "INPUT_INVALID", "/data/registry/市区町村"),
    ("far date", cell("発症日", "9999-12-31"), "", ""),
    ("field without step", lambda o, p, r: step(p, "s12")["fields"].pop(), "DECLARATION_INVALID",
     "/resources/0/schema/fields/20"),
    ("unknown field", lambda o, p, r: step(p, "s12")["fields"].append("registry.x"), "DECLARATION_INVALID",
     "/steps/11/fields/6"),
    ("two treatments", lambda o, p, r: step(p, "s12")["fields"].append("registry.氏名"), "POLICY_FORBIDDEN",
     "/steps/11/fields/6"),
    ("name kept", lambda o, p, r: step(p, "s02").update(technique="keep"), "POLICY_FORBIDDEN", "/steps/1/fields/0"),
    ("unknown technique", lambda o, p, r: step(p, "s12").update(technique="magic"), "DECLARATION_INVALID",
     "/steps/11/technique"),
    ("technique not here", lambda o, p, r: step(p, "s12").update(technique="text-redact"), "UNSUPPORTED",
     "/steps/11/technique"),
    ("unknown parameter", lambda o, p, r: step(p, "s09")["params"].update(x=1), "DECLARATION_INVALID",
     "/steps/8/params/x"),
    ("zero bin", lambda o, p, r: step(p, "s09")["params"].update(bin=0), "DECLARATION_INVALID", "/steps/8/params/bin"),
    ("few bits", lambda o, p, r: step(p, "s06")["params"].update(bits=32), "DECLARATION_INVALID",
     "/steps/5/params/bits"),
    ("after unknown", lambda o, p, r: step(p, "s09").update(after=["s99"]), "DECLARATION_INVALID", "/steps/8/after"),
    ("opt-out without step", lambda o, p, r: p["steps"].pop(0), "DECLARATION_INVALID", "/steps"),
    ("unknown level", lambda o, p, r: step(p, "s10")["params"].update(level="国"), "DECLARATION_INVALID",
     "/steps/9/params/level"),
    ("undeclared secret", lambda o, p, r: step(p, "s06")["params"].update(secret="key-2"), "DECLARATION_INVALID",
     "/steps/5/params/secret"),
    ("path leaves the folder", lambda o, p, r: o["resources"][0].update(path="../registry.csv"),
     "DECLARATION_INVALID", "/resources/0/path"),
    ("other organization", lambda o, p, r: p["organization"].update(name="x"), "ORGANIZATION_MISMATCH",
     "/organization/name"),
    ("too few", lambda o, p, r: p["targets"][2].update(minimum=10**6), "CANNOT_MEET_PRIVACY", "/targets/2"),
    ("k not to be met", lambda o, p, r: (step(p, "s13")["params"].update(k=999), p["targets"][0].update(k=999)),
     "CANNOT_MEET_PRIVACY", "/targets/0"),
    ("too much removed", lambda o, p, r: step(p, "s13")["params"].update(maxSuppressed=0.01),
     "CANNOT_MEET_PRIVACY", "/targets/0"),
    ("target above search", lambda o, p, r: p["targets"][0].update(k=100), "CANNOT_MEET_PRIVACY", "/targets/0"),
    ("target not here", lambda o, p, r: p["targets"].append({"model": "delta-presence"}), "UNSUPPORTED",
     "/targets/3/model"),
    ("garbage", lambda o, p, r: p.update(steps=[1]), "DECLARATION_INVALID", "/steps/0"),
    ("garbage in params", lambda o, p, r: step(p, "s11")["params"].update(preserve=3), "DECLARATION_INVALID", ""),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "code", "path"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_registry(run: Caller, seed: Seed, code: str, path: str) -> None:
    org, pro = declarations("stroke-registry")
    rows = registry_rows(150)
    seed(org, pro, rows)
    out = run(org, pro, {"registry": rows})
    if not code:  # depends on the offset: never a crash
        assert out.status in ("ok", "refused")
        return
    assert out.reason == (code, path)
    assert out.status == ("unsupported" if code == "UNSUPPORTED" else "refused")


def test_missing_and_short_key(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    rows = {"registry": registry_rows(100)}
    assert run(org, pro, rows, key=None).reason == ("KEY_MISSING", "/secrets/0")
    assert run(org, pro, rows, key=b"short").reason == ("KEY_MISSING", "/secrets/0")


def raw(run: Caller, change: Callable[[bytes], bytes]) -> tuple[str, str]:
    org, pro = declarations("stroke-registry")
    request = run.request(org, pro, {"registry": registry_rows(100)})
    file = request / "data" / "registry.csv"
    file.write_bytes(change(file.read_bytes()))
    return run.send(request).reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda b: b.replace("入院日".encode("cp932"), b"admitted", 1),
         ("ORGANIZATION_MISMATCH", "/data/registry/入院日")),
        (lambda b: b"\r\n".join(line + b",1" for line in b.splitlines() if line), None),
        (lambda b: b"", ("ORGANIZATION_MISMATCH", "/data/registry")),
        (lambda b: b + b"\xff\xff", ("INPUT_INVALID", "/data/registry")),
        (lambda b: b + b'"half', ("INPUT_INVALID", "/data/registry")),
        (lambda b: b + b"1,2\r\n", ("INPUT_INVALID", "/data/registry")),
        (lambda b: b + b"\0\r\n", ("INPUT_INVALID", "/data/registry")),
    ],
)  # fmt: skip
def test_files(run: Caller, change: Callable[[bytes], bytes], reason: tuple[str, str] | None) -> None:
    got = raw(run, change)
    assert got == reason if reason else got[0] in ("ORGANIZATION_MISMATCH", "INPUT_INVALID")


def test_undeclared_column_and_files(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    rows = registry_rows(100)
    request = run.request(org, pro, {"registry": rows})
    (request / "data" / "more.csv").write_text("a\n")
    assert run.send(request).reason == ("ORGANIZATION_MISMATCH", "/data")
    request = run.request(org, pro, {})
    assert run.send(request).reason == ("ORGANIZATION_MISMATCH", "/data/registry")
    less, _ = declarations("stroke-registry")
    wide = run.request(org, pro, {"registry": rows})
    less["resources"][0]["schema"]["fields"].pop(-2)
    step(pro, "s05")["fields"] = ["registry.来院方法"]
    step(pro, "s12")["fields"].remove("registry.来院方法")
    from tokumei_reference import documents

    documents.write(wide / "organization.yaml", less)
    documents.write(wide / "processing.yaml", pro)
    assert run.send(wide).reason == ("ORGANIZATION_MISMATCH", "/data/registry")


def test_nobody(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    assert run(org, pro, {"registry": []}).reason == ("CANNOT_MEET_PRIVACY", "/targets/2")
    pro["targets"].pop()
    assert run(org, pro, {"registry": []}).reason[0] == "CANNOT_MEET_PRIVACY"


def test_child_of_nobody(run: Caller) -> None:
    org, pro = declarations("hospital")
    rows = hospital_rows(100)
    rows["labs"][3]["visit_id"] = "V999999999"
    assert run(org, pro, rows).reason == ("INPUT_INVALID", "/data/labs/visit_id")
    rows = hospital_rows(100)
    rows["visits"][3]["subject_id"] = "9999999999"
    assert run(org, pro, rows).reason == ("INPUT_INVALID", "/data/visits/subject_id")


def test_messages_hold_no_value(run: Caller) -> None:
    org, pro = declarations("stroke-registry")
    rows = registry_rows(100)
    rows[3]["入院日"] = "CANARY-7731"
    out = run(org, pro, {"registry": rows})
    assert "CANARY" not in (out.folder / "response.json").read_text(encoding="utf-8")
