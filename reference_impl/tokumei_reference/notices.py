"""What the maker tells: the statement that goes with the data, and the items to make public. Japanese first.

Both are drafts made of the declarations: whoever provides the data tells them, and this product judges no status.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from tokumei_reference import __version__
from tokumei_reference.anonymizer import Result
from tokumei_reference.declarations import Organization, Processing

_KINDS = {
    "APPI-43": ("匿名加工情報", "anonymously processed information", "個人情報の保護に関する法律第43条"),
    "APPI-116": (
        "行政機関等匿名加工情報",
        "anonymously processed information of administrative organs",
        "個人情報の保護に関する法律第116条",
    ),
    "NGMIA-19": ("匿名加工医療情報", "anonymized medical data", "次世代医療基盤法第19条"),
    "NGMIA-35": ("仮名加工医療情報", "pseudonymized medical data", "次世代医療基盤法第35条"),
}
RULES = {"name": "tokumei-reference の加工規則", "version": __version__}
_MATCHING = {"APPI-43": "個人情報の保護に関する法律第45条", "NGMIA-19": "次世代医療基盤法第30条第1項"}
_ONWARD = {"APPI-43": "個人情報の保護に関する法律第44条", "NGMIA-19": "次世代医療基盤法施行規則第12条第1項第2号"}


def _text(ja: str, en: str, law: str | None = None) -> dict[str, str]:
    return {"ja": ja, "en": en, **({"law": law} if law else {})}


def claim(processing: Processing) -> dict[str, Any]:
    """What the release declares: the processing as asked or found, and what was destroyed; no time, as above.

    The secrets were read into the memory of this call and no mapping table was written, so that both end with it.
    The originals are the caller's to destroy.
    """
    secrets = [secret["id"] for secret in processing.secrets if secret.get("disposal") == "destroyed-before-release"]
    destroyed = {
        "what": [*secrets, "mapping-table"],
        "how": "この実行のメモリ上だけに置き、保存せずに破棄した。渡された秘密の原本を除く"
        " / held in the memory of this call only and dropped; the originals that were handed over are not included",
    }
    about = {**processing.source.get("tokumei", {}), "tool": {"name": "tokumei-reference", "version": __version__}}
    return {**processing.source, "tokumei": about, "ruleList": RULES, "destruction": destroyed}


def statement(organization: Organization, processing: Processing, keyed: bool) -> dict[str, Any]:
    """For the recipient; no time, so that equal requests give equal bytes."""
    regime = str(processing.source.get("regime", "neutral"))
    release = processing.source.get("release", {})
    made: dict[str, Any] = {
        "product": "tokumei-reference",
        "version": __version__,
        "determinism": "keyed" if keyed else "none",
        "randomness": _text(
            "渡された秘密情報の HMAC-SHA-256 による。同じ依頼からは同じ加工後データができる。",
            "HMAC-SHA-256 of the given secrets. Equal requests give equal releases.",
        )
        if keyed
        else _text(
            "秘密情報が渡されなかったため、この依頼のために OS から得て保存しない乱数による。同じ加工後データは二度とできない。",
            "No secret was given: random bytes of the operating system, drawn for this call and kept nowhere. "
            "The same release cannot be made again.",
        ),
        "dataset": organization.source.get("name"),
        "release": {name: release[name] for name in ("id", "recipient", "purpose", "context") if name in release},
        "regime": regime,
        **_sample(processing),
    }
    if regime not in _KINDS:
        return made
    ja, en, law = _KINDS[regime]
    duty = "report-onward" if regime.startswith("NGMIA") else "notify-onward"
    onward = _text(
        "受領者は、受け取ったデータを第三者に提供するときは、あらかじめ作成者に報告する。"
        if regime.startswith("NGMIA")
        else f"受領者は、受け取ったデータを第三者に提供するときは、項目及び提供の方法を公表し、{ja}である旨を相手に明示する。",
        "A recipient who passes the data on reports this to the maker beforehand."
        if regime.startswith("NGMIA")
        else f"A recipient who passes the data on publishes the items and the method of provision, and tells that they are {en}.",
        _ONWARD.get(regime),
    )
    if regime == "NGMIA-35":
        duty = "no-onward"
        onward = _text(
            "受領者は、受け取ったデータを、法令に定める場合を除き第三者に提供してはならない。",
            "A recipient does not pass the data on, save where the law provides for it.",
        )
    return {
        **made,
        "kind": _text(ja, en, law),
        "notice": _text(
            f"作成者は、このデータを{ja}として作成し、提供する。",
            f"The maker has made these data as {en} and provides them as such.",
        ),
        "recipient": [
            {"duty": "no-reidentification"}
            | _text(
                "受領者は、本人を識別するために、このデータを他の情報と照合してはならない。",
                "The recipient does not match these data with other information in order to identify a person.",
                _MATCHING.get(regime),
            ),
            {"duty": "no-method-information"}
            | _text(
                "受領者は、本人を識別するために、削除された記述等、個人識別符号又は加工の方法に関する情報を取得してはならない。",
                "The recipient does not acquire deleted descriptions, individual identification codes or information on the "
                "method of processing in order to identify a person.",
                _MATCHING.get(regime),
            ),
            {"duty": duty} | onward,
        ],
    }


def _sample(processing: Processing) -> dict[str, Any]:
    """That the release holds a share of the persons only, and who decided which."""
    for step in processing.steps:
        if step.technique == "sample":
            share = f"{100 * step.params['fraction']:.6g}%"
            said = _text(
                f"提供してよい本人から {share} を無作為に抽出した。誰を抽出したかは鍵だけで決まり、公表しない。",
                f"A random sample of {share} of the persons who may be released. "
                "A key alone decides who is drawn, and nobody is told.",
            )
            return {"sample": {"unit": "person", "fraction": step.params["fraction"], **said}}
    return {}


def publication(organization: Organization, result: Result) -> dict[str, Any]:
    """For the public: the items on persons that the release holds, and how it is provided.

    ``method`` is what the declaration says; None when it says nothing, for the maker to fill in.
    """
    processing = result.processing.source
    release = processing.get("release", {})
    kind = _KINDS.get(str(processing.get("regime")))
    return {
        "regime": processing.get("regime", "neutral"),
        "title": _text(
            f"{kind[0]}に含まれる個人に関する情報の項目及び提供の方法"
            if kind
            else "個人に関する情報の項目及び提供の方法",
            f"Items of information on persons in the {kind[1]}, and the method of provision"
            if kind
            else "Items of information on persons, and the method of provision",
        ),
        "maker": organization.source["tokumei"].get("operator", {}).get("name"),
        "items": _items(organization, result),
        "method": release.get("method"),
    }


def book(organization: Organization, result: Result, today: dt.date) -> dict[str, Any]:
    """The entry of this provision in the books of the maker; the day is the declared one, else ``today``."""
    release = result.processing.source.get("release", {})
    return {
        "release": result.processing.release,
        "recipient": release.get("recipient", "公衆"),
        "date": release.get("providedOn", today.isoformat()),
        "items": _items(organization, result),
    }


def erasure(organization: Organization, processing: Processing, today: dt.date) -> dict[str, Any]:
    """The record that what was handed over is gone: every field of every table, released or not."""
    return {
        "release": processing.release,
        "date": today.isoformat(),
        "how": "一時フォルダの写しは応答の前に消し、記憶域の表は処理の終わりに破棄した。渡されたデータの原本を除く"
        " / copies in the temporary folder were removed before the answer, tables in memory were dropped at its end;"
        " the originals that were handed over are not included",
        "items": [
            {
                "resource": resource.name,
                "title": _title(resource.source, resource.name),
                "items": [_title(field.source, field.name) for field in resource.fields],
            }
            for resource in organization.resources
        ],
    }


def _items(organization: Organization, result: Result) -> list[dict[str, Any]]:
    """The fields of every released table, by their titles."""
    return [
        {"resource": name, "title": _title(organization.resource(name).source, name), "items": [
            _title(column.field.source, column.field.name) for column in columns
        ]}
        for name, columns in result.columns.items()
        if columns
    ]  # fmt: skip


def _title(source: Mapping[str, Any], name: str) -> str:
    return str(source.get("title", name))
