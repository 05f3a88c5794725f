"""What a report says of profiles that the releases make mandatory, and of bounds that a declaration relaxes.

A mandatory profile that was not judged stands in the head line of every form, beside the outcome of what was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tokumei.report.view import Report, number
from tokumei.report.words import RUN, Words, pair

MOST = 5
"""Places that are named for one profile in its table."""
FEW = 2
"""Places that are named for it on a page that holds the whole summary."""


def _both(ja: str, en: str) -> Words:
    return {"ja": ja, "en": en}


HEAD = _both("適用区分（必須又は申告）", "Profiles: mandatory or claimed")
EXPLAINED = _both(
    "加工後データに自由記載、画像、集計表若しくはゲノムデータが含まれるとき、又は 2 回目以降の提供であるときは、"
    "それについての適用区分が、申告の有無にかかわらず必須となる。未試験のものには、上の判定は及ばない。",
    "Where a release contains free text, images, count tables or genomes, or follows an earlier one, the profile for "
    "that is mandatory, claimed or not. The outcome above does not extend to profiles not tested.",
)
NOTHING = _both("中核のほかに必須となるもの及び申告されたものはない", "none beside core is mandatory or claimed")
NO_RELEASE = _both(
    "加工後データが得られず、必須となるものを調べられなかった",
    "no release was made, so that what is mandatory is not known",
)
NOT_TESTED = _both("未試験の適用区分", "profiles not tested")

STATES = {
    "judged": _both("試験した", "tested"),
    "not_run": _both("未試験（判定を終えていない）", "not tested (not decided in this run)"),
    "not_in_edition": _both("未試験（この版にまだない）", "not tested (not in this edition yet)"),
}
MANDATORY = {True: _both("必須", "mandatory"), False: _both("必須でない", "not mandatory")}
CLAIMED = {True: _both("申告あり", "claimed"), False: _both("申告なし", "not claimed")}
OBJECTS = {
    "text": _both("自由記載", "free text"),
    "image": _both("画像", "an image"),
    "counts": _both("集計表", "a count table"),
    "genotypes": _both("遺伝型又は塩基配列", "genotypes or a sequence"),
    "prior-release": _both("先に行った提供の宣言", "a declared earlier release"),
    "linkable": _both("この提供を超えて同じとなる仮ID等", "pseudonyms that reach beyond the release"),
    "finding": _both("指摘", "a finding"),
}
_PLACES = re.compile(r"(#(?P<at>[0-9]+)|(?P<name>[^#]+))(#(?P<column>[0-9]+))?")
FILES = _both("表以外のファイル", "a file beside the tables")

RELAXED = _both("本規格の既定値より緩い基準", "Bounds laxer than the defaults of this standard")
RELAXED_NOTE = _both(
    "厳しくすることは自由であり、緩めるには書面による理由が要る。理由は、宣言の記載をそのまま写した。"
    "法令に数値の定めはない。",
    "A default may be made stricter freely, and laxer only with a written reason. The reasons are repeated as they "
    "stand in the declaration. The law sets no number.",
)
BOUNDS = {
    "k": _both(
        "準識別子の組合せを共有する本人の数 k の下限", "least number of subjects that share quasi-identifiers, k"
    ),
    "risk": _both("本人を言い当てる確率の最大値の上限", "greatest chance of finding a subject"),
    "linkage": _both("最も近い本人が正しい割合の上限", "share of nearest subjects who are the right ones"),
    "inference": _both("センシティブ属性を言い当てる割合の差の上限", "how much oftener a sensitive value is guessed"),
    "facilities": _both("属性の組合せが当てはまる施設の数の下限", "least number of facilities that attributes fit"),
    "rare-share": _both("まれとする病名の割合の限度", "share below which a disease is rare"),
    "oldest": _both("一つにまとめる年齢の下限", "age from which on all are one class"),
}
CONTEXTS = {
    "public": _both("公開", "public"),
    "contract": _both("契約提供", "contract"),
    "on-site": _both("オンサイト", "on-site"),
}
BY = {
    "asked": _both("求めた加工", "as asked"),
    "claimed": _both("加工後データの提供仕様書", "by the release alone"),
}
HIDDEN = _both(
    "（理由は写さない。調べたデータの提供仕様書にある）", "(in the declaration of the data examined, and not repeated)"
)
UNREASONED = _both("（理由の記載がない）", "(no reason is written)")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table in both languages."""

    key: str
    cells: tuple[Words, ...]


PROFILE_HEADS = {
    "ja": ("適用区分", "必須", "申告", "試験", "根拠"),
    "en": ("Profile", "Mandatory", "Claimed", "Tested", "Because of"),
}
RELAXED_HEADS = {
    "ja": ("要求事項", "基準", "提供形態", "既定値", "宣言した値", "書面による理由", "整理方法書", "宣言したもの"),
    "en": ("Clause", "Bound", "Context", "Default", "Declared", "Written reason", "Organization", "Declared by"),
}


def entries(report: Report) -> list[Mapping[str, Any]]:
    """The profiles that are mandatory or claimed; none in a record of an earlier suite."""
    return list(report.get("profiles", {}).get("entries", ()))


def missing(report: Report) -> list[Words]:
    """The titles of the profiles that are mandatory or claimed and were not tested."""
    return [pair(entry["title"]) for entry in entries(report) if entry["state"] != "judged"]


def untested(report: Report) -> Words | None:
    """The profiles that the outcome does not extend to; None where there are none."""
    titles = missing(report)
    if not titles:
        return None
    ja, en = "、".join(title["ja"] for title in titles), ", ".join(title["en"] for title in titles)
    return _both(f"（{NOT_TESTED['ja']}：{ja}）", f"({NOT_TESTED['en']}: {en})")


def headline(report: Report) -> Words:
    """The outcome of what was tested and, beside it, what was not."""
    said, more = RUN[report["outcome"]], untested(report)
    return _both(said["ja"] + more["ja"], f"{said['en']} {more['en']}") if more else said


def nothing(report: Report) -> Words | None:
    """What is said where no profile is listed; None in a record of an earlier suite."""
    if "profiles" not in report or entries(report):
        return None
    count = report["profiles"]["releases"]
    if not count:
        return NO_RELEASE
    return _both(f"{NOTHING['ja']}（加工後データ {number(count)} 件）", f"{NOTHING['en']} ({number(count)} releases)")


def profile_rows(report: Report) -> list[Row]:
    """Each profile: whether it is mandatory and claimed, whether it was tested, and what makes it mandatory."""
    return [
        Row(
            entry["profile"],
            (
                pair(entry["title"]),
                MANDATORY[entry["mandatory"]],
                CLAIMED[entry["claimed"]],
                STATES[entry["state"]],
                because(entry),
            ),
        )
        for entry in entries(report)
    ]


def because(entry: Mapping[str, Any], most: int = MOST) -> Words:
    """What makes a profile mandatory: the first places, and how many more there are."""
    shown = [_place(reason) for reason in entry["reasons"][:most]]
    more = len(entry["reasons"]) - len(shown)
    ja = "、".join(each["ja"] for each in shown) + (f"、ほか {more} 箇所" if more else "")
    en = "; ".join(each["en"] for each in shown) + (f"; {more} more" if more else "")
    return _both(ja, en)


def _place(reason: Mapping[str, Any]) -> Words:
    """One thing with where it is: declared names, places, a pointer, or the clause that found it."""
    where, what, calls = _where(reason["where"]), OBJECTS[reason["object"]], number(reason["calls"])
    space = " " if where["ja"].isascii() else ""
    ja, en = f"{where['ja']}{space}の{what['ja']}", f"{what['en']} in {where['en']}"
    of = reason["organization"]
    if reason["object"] == "finding":
        return _both(f"{ja}（{of}、{calls} 件）", f"{what['en']} of {where['en']} ({of}, n = {calls})")
    return _both(f"{ja}（{of} の加工後データ {calls} 件）", f"{en} ({of}, releases: {calls})")


def _where(text: str) -> Words:
    """A place in words: ``#2`` is the second table, ``visits#7`` the seventh column of one."""
    if text == "files":
        return FILES
    told = _PLACES.fullmatch(text)
    if told is None:
        return _both(text, text)
    table = _both(f"{told['at']} 番目の表", f"table {told['at']}") if told["at"] else _both(told["name"], told["name"])
    if not told["column"]:
        return table
    return _both(f"{table['ja']} の {told['column']} 番目の項目", f"column {told['column']} of {table['en']}")


def relaxed_rows(report: Report) -> list[Row]:
    """Each relaxed bound: the default, what is declared in its place, and the reason as it is written."""
    return [
        Row(
            item["clause"],
            (
                _both(item["clause"], item["clause"]),
                BOUNDS[item["bound"]],
                CONTEXTS[item["context"]],
                *(_both(number(item[key]), number(item[key])) for key in ("default", "declared")),
                _reason(item["reason"]),
                _both(item["organization"], item["organization"]),
                BY[item["by"]],
            ),
        )
        for item in report.get("relaxed", ())
    ]


def _reason(text: str | None) -> Words:
    """The reason as it is written, or why none is shown."""
    if text is None:
        return HIDDEN
    return _both(text, text) if text else UNREASONED


def facts(report: Report, lang: str) -> Iterator[tuple[str, str]]:
    """What the first page says of both, as name and value."""
    sep = "、" if lang == "ja" else ", "
    none = nothing(report)
    if none:
        yield ("適用区分", "Profiles")[lang != "ja"], none[lang]
    for row, entry in zip(profile_rows(report), entries(report), strict=True):
        title, *said, _ = (cell[lang] for cell in row.cells)
        reason = because(entry, FEW)[lang]
        why = (f"。根拠：{reason}" if lang == "ja" else f". Because of {reason}") if reason else ""
        yield ("適用区分", "Profile")[lang != "ja"], f"{title}: {sep.join(said)}{why}"
    lax = list(dict.fromkeys(row.key for row in relaxed_rows(report)))
    if lax:
        yield ("緩めた基準", "Laxer bounds")[lang != "ja"], sep.join(lax)


__all__ = [
    "EXPLAINED",
    "HEAD",
    "PROFILE_HEADS",
    "RELAXED",
    "RELAXED_HEADS",
    "RELAXED_NOTE",
    "Row",
    "entries",
    "facts",
    "headline",
    "missing",
    "nothing",
    "profile_rows",
    "relaxed_rows",
    "untested",
]
