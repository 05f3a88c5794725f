"""``tokumei doctor``: does the connection work, before anything is said about the product's anonymizing.

Every line is about the adapter and the protocol, except ``refused``: a product that answers in form but
does not release the tiny table is connected, and its answer is its own matter.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from tokumei.adapters.adapter import Adapter, Timeouts
from tokumei.adapters.connect import connect
from tokumei.model import Call, Document, ProductInfo, Request, Text, TokumeiError

_ROWS = 40
_SLOW = 30.0
_TROUBLES = {
    "crash": Text("製品が応答の前に終了した", "the product ended before it answered"),
    "timeout": Text("時間内に応答がない（出力を flush しているか）", "no answer in time (is the output flushed?)"),
    "protocol": Text(
        "応答が規約に合わない（標準出力に余分な文字、または response.json がない）",
        "the answer breaks the protocol (stray text on standard output, or no response.json)",
    ),
    "input_changed": Text("製品が入力フォルダを書き換えた", "the product changed its input folder"),
    "limit": Text("応答フォルダが大きすぎる", "the response folder is too large"),
}


def diagnose(
    spec: str, *, product_file: Path | None = None, timeouts: Timeouts | None = None
) -> list[tuple[str, bool, Text]]:
    """The steps in order, each with its name, whether it went well, and a sentence."""
    try:
        adapter = connect(spec, product_file=product_file, timeouts=timeouts)
    except TokumeiError as error:
        return [("connect", False, _codes("接続できない", "cannot connect", error))]
    found = [("connect", True, Text("指定と製品の申告を読めた", "the spec and the product's statement were read"))]
    with adapter:
        try:
            info = adapter.describe()
        except TokumeiError as error:
            return [*found, ("hello", False, _codes("起動しない", "does not start", error))]
        said = Text("起動し、{name} と名乗った", "started, and says it is {name}").format(name=info.name)
        found.append(("hello", True, said))
        calls: list[Call] = []
        for encoding in ("utf-8", "cp932"):
            call = adapter.call(_request(info, encoding))
            calls.append(call)
            found.append(_round_trip(encoding, call))
        if all(not call.trouble for call in calls):
            found += _habits(adapter, info)
    return found


def _round_trip(encoding: str, call: Call) -> tuple[str, bool, Text]:
    name = f"round-trip-{encoding}"
    if call.trouble or call.response is None:
        return name, False, _TROUBLES[call.trouble or "protocol"]
    response = call.response
    if response.problems:
        codes = ", ".join(sorted({problem.code for problem in response.problems}))
        text = Text("応答は届いたが読めない部分がある: {codes}", "answered, but parts cannot be read: {codes}")
        return name, False, text.format(codes=codes)
    if response.status != "ok":
        text = Text(
            "接続は正常。製品が {status} {code} と答えた（加工側の判断）",
            "connected; the product answered {status} {code} (the anonymizer's own decision)",
        )
        return f"{name}-refused", True, text.format(status=response.status, code=response.code)
    rows = sum(table.num_rows for table in response.data.values())
    text = Text("日本語の表が往復した（{rows} 行）", "a Japanese table made the round trip ({rows} rows)")
    return name, True, text.format(rows=rows)


def _habits(adapter: Adapter, info: ProductInfo) -> list[tuple[str, bool, Text]]:
    """What only shows in a second call: flushing, time, and logs that keep to their call."""
    began = time.perf_counter()
    call = adapter.call(_request(info, "utf-8"))
    seconds = time.perf_counter() - began
    flush = _TROUBLES[call.trouble] if call.trouble else Text("応答は直ちに届く", "answers arrive at once")
    latency = Text("1 回の呼び出しに {s} 秒", "one call takes {s} s").format(s=f"{seconds:.2f}")
    log = (
        Text("ログは応答と分かれて取れる", "the log is captured apart from the answers")
        if call.log_captured
        else Text("ログを取れない", "the log cannot be captured")
    )
    return [
        ("flush", not call.trouble, flush),
        ("latency", seconds < _SLOW, latency),
        ("log", call.log_captured and call.trouble != "protocol", log),
    ]


def _request(info: ProductInfo, encoding: str) -> Request:
    """A tiny table: of the first shipped setting of a fixed product, else of our own."""
    organization, processing = info.settings[0] if info.settings else _own(encoding)
    data = {str(resource["name"]): _people(resource) for resource in organization.get("resources", [])}
    if info.settings:
        resources = [dict(resource, encoding=encoding) for resource in organization.get("resources", [])]
        if info.configuration == "obey":
            organization = {**organization, "resources": resources}
    secrets = {str(secret["id"]): bytes(range(32)) for secret in processing.get("secrets", [])}
    return Request(
        id=f"doctor-{encoding}", organization=organization, processing=processing, data=data, secrets=secrets
    )


def _own(encoding: str) -> tuple[Document, Document]:
    fields = [
        {"name": "患者ID", "type": "string", "constraints": {"pattern": "P[0-9]{6}"}, "tokumei": {"class": ["link"]}},
        {"name": "性別", "type": "string", "constraints": {"enum": ["男", "女"]}, "tokumei": {"class": ["quasi"]}},
    ]
    resource = {
        "name": "people",
        "path": "people.csv",
        "format": "csv",
        "encoding": encoding,
        "tokumei": {"role": "subject", "subjectKey": "患者ID", "rowUnit": "person"},
        "schema": {"primaryKey": ["患者ID"], "missingValues": [""], "fields": fields},
    }
    organization = {
        "name": "doctor",
        "version": "1.0.0",
        "tokumei": {"profile": "organization/1", "level": "release", "subjects": {"key": "people.患者ID"}},
        "resources": [resource],
    }
    steps: list[dict[str, Any]] = [
        {
            "id": "s1",
            "technique": "pseudonymize-random",
            "fields": ["people.患者ID"],
            "params": {"scope": "release", "domain": "subject", "bits": 96},
        },
        {"id": "s2", "technique": "keep", "fields": ["people.性別"]},
        {"id": "s3", "technique": "shuffle-rows", "fields": ["people"]},
    ]
    processing = {
        "tokumei": {"profile": "processing/1", "level": "release", "id": "doctor"},
        "organization": {"name": "doctor", "version": "1.0.0"},
        "regime": "NGMIA-19",
        "release": {"id": "doctor", "context": "on-site", "recipient": "doctor", "purpose": "接続の確認"},
        "steps": [{**step, "realises": [3], "why": "接続の確認のため"} for step in steps],
        "targets": [{"model": "k-anonymity", "quasi": ["people.性別"], "k": 2, "unit": "subject"}],
    }
    return organization, processing


def _people(resource: Document) -> pa.Table:
    fields = resource.get("schema", {}).get("fields", [])
    return pa.table({str(field["name"]): [_cell(field, row) for row in range(_ROWS)] for field in fields})


def _cell(field: Document, row: int) -> str:
    """A plausible value of a field; not data, only enough for a connection to carry."""
    constraints = field.get("constraints", {})
    if values := constraints.get("enum"):
        return str(values[0])
    kind = field.get("type")
    if kind == "date":
        return f"2024-05-{row % 28 + 1:02}"
    if kind in ("integer", "number"):
        return str(max(int(constraints.get("minimum", 0)), min(44, int(constraints.get("maximum", 44)))))
    return f"P{row + 1:06}" if "pattern" in constraints else f"架空 太郎{row + 1}"


def _codes(ja: str, en: str, error: TokumeiError) -> Text:
    codes = ", ".join(problem.code for problem in error.problems)
    return Text(f"{ja}: {codes}", f"{en}: {codes}")
