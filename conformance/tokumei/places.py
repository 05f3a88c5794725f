"""What a field tells of a place: who a facility is, what is said of it, and how fine an area is.

The names of the prefectures are the one public master that is held here; all others are the hierarchies that are
declared. A field of class ``facility`` that does not say what it tells counts as one that tells who it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tokumei.declarations import FieldInfo, Organization, Processing
from tokumei.text import fold

WHO = frozenset({"code", "name", "address", "phone", "ward", "bed"})
"""What tells which facility it is, or which of its beds."""
ATTRIBUTES = frozenset({"function", "beds", "area"})
"""What tells of a facility without naming it; together they can name it."""

PREFECTURES = tuple(
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 "
    "福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 "
    "山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県".split()
)
FINER = re.compile("(市|区|町|村|郡|圏|地区|丁目)$|^[0-9]{5,6}$|^[0-9]{3}-?[0-9]{0,4}$")
"""How a place within a prefecture is written: its name, its code, or a postal code."""


def identities(organization: Organization) -> list[FieldInfo]:
    """The fields that tell which facility, ward or bed it is."""
    return [info for info in _facility_fields(organization) if _told(info) in WHO]


def attributes(organization: Organization) -> list[FieldInfo]:
    """The fields that hold attributes of a facility."""
    return [info for info in _facility_fields(organization) if _told(info) in ATTRIBUTES]


def areas(organization: Organization, processing: Processing) -> list[FieldInfo]:
    """The fields that tell an area, of a person or of a facility."""
    return [
        info
        for info in organization.fields()
        if info.tokumei.get("facility") in ("area", "address")
        or info.tokumei.get("officialNumber") == "municipality"
        or info.tokumei.get("generator") in ("municipality-code", "street-address")
        or prefecture_level(_hierarchy(info, processing)) is not None
    ]


def prefecture_level(hierarchy: Mapping[str, Any] | None) -> int | None:
    """The level of a hierarchy whose nodes are prefectures; None where none is."""
    for at in range(len(hierarchy["levels"]) if hierarchy else 0):
        assert hierarchy is not None
        if {str(line[at]) for line in hierarchy["table"]} <= set(PREFECTURES):
            return at
    return None


def finer_than_prefecture(text: str, processing: Processing) -> bool:
    """Whether a released text is a place within a prefecture, by the declared hierarchies or by how it is written."""
    for hierarchy in processing.hierarchies.values():
        at = prefecture_level(hierarchy)
        for line in hierarchy["table"] if at is not None else ():
            if text in [str(node) for node in line[:at]]:
                return True
            if text in [str(node) for node in line[at:]]:
                return False
    plain = text.strip()
    return plain not in PREFECTURES and FINER.search(plain) is not None


def same_place(one: str, other: str, hierarchies: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of two texts is a node that holds the other: written coarser, and no other place."""
    if one == other:
        return True
    return any({one, other} <= {str(node) for node in line} for h in hierarchies for line in h["table"])


def is_of(raw: str | None, released: str | None, lines: Sequence[Sequence[Any]], raws: Collection[str | None]) -> bool:
    """Whether a released text may stand for a raw one: equal, a node above it, or nothing that is known.

    ``raws`` are all raw values: one of them stands for itself and for no other.
    """
    if released is None or raw is None or fold(raw) == fold(released):
        return True
    if any(str(line[0]) == raw and released in [str(node) for node in line] for line in lines):
        return True
    return released not in raws and not any(released in [str(node) for node in line] for line in lines)


def lines_of(info: FieldInfo, processing: Processing) -> Sequence[Sequence[Any]]:
    """The rows of the hierarchy of a field; none where it has no hierarchy."""
    hierarchy = _hierarchy(info, processing)
    return hierarchy["table"] if hierarchy else ()


def _facility_fields(organization: Organization) -> list[FieldInfo]:
    return [info for info in organization.fields() if "facility" in info.classes or "facility" in info.tokumei]


def _told(info: FieldInfo) -> str:
    return str(info.tokumei.get("facility", "code"))


def _hierarchy(info: FieldInfo, processing: Processing) -> Mapping[str, Any] | None:
    named = [str(info.tokumei.get("hierarchy", ""))]
    named += [str(step.params.get("hierarchy", "")) for step in processing.steps_of(info.name)]
    return next((processing.hierarchies[name] for name in named if name in processing.hierarchies), None)


__all__ = [
    "ATTRIBUTES",
    "PREFECTURES",
    "WHO",
    "areas",
    "attributes",
    "finer_than_prefecture",
    "identities",
    "is_of",
    "lines_of",
    "prefecture_level",
    "same_place",
]
