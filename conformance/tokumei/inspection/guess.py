"""What a column most likely is, from its name and from its values, with the reasons.

Where name and values disagree, or neither says enough, the stricter class is taken and the guess is unsure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tokumei import numbers
from tokumei.inspection import shapes, words
from tokumei.inspection.profile import MOST_LISTED, TESTS, Profile
from tokumei.model import Text

IDENTIFIERS = frozenset({"direct", "symbol", "link", "staff", "facility", "freetext"})
"""Classes whose values are never written down."""
SURE, LIKELY, UNSURE = Text("高", "high"), Text("中", "medium"), Text("低", "low")
NEARLY = 0.9
ALMOST_ALL = 0.95
FEW_NUMBERS = 8
KEYS = 20_000
"""So many keys the plan may need: a shorter pattern is drawn out."""
SOME = 20
LIFETIME = 40
"""Dates over more years than this may be of birth."""
TODO = "TODO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One field as it is drafted; ``means`` is the fact it shares with other fields, from ``words``."""

    profile: Profile
    type: str
    format: str
    classes: tuple[str, ...]
    confidence: Text
    evidence: tuple[Text, ...]
    constraints: Mapping[str, Any]
    tokumei: Mapping[str, Any] = field(default_factory=dict)
    means: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.profile.resource}.{self.profile.name}"

    @property
    def open(self) -> bool:
        """Whether a person has to say what the values are."""
        return any(str(part).startswith(TODO) for value in self.constraints.values() for part in _parts(value))


def _parts(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    classes: tuple[str, ...]
    confidence: Text
    evidence: tuple[Text, ...] = ()
    tokumei: Mapping[str, str] = field(default_factory=dict)
    means: str = ""


def guess(profile: Profile, known: str, *, of_person: bool, person_key: bool, every_kanji: bool, lang: str) -> Guess:
    """Draft one field; ``known`` is its type in a Parquet file, ``of_person`` whether its table is that of persons.

    Without ``every_kanji`` the encoding has only some, which no pattern can say: people could not be generated.
    """
    found = _class(profile, of_person=of_person)
    if person_key and "link" not in found.classes:
        reason = Text("本人の鍵に選ばれた", "chosen as the person key")
        symbol = tuple(each for each in found.classes if each == "symbol")
        found = _Class(classes=(*symbol, "link"), confidence=LIKELY, evidence=(*found.evidence, reason))
    type_, form = _type(profile, known, found)
    tokumei, generated = _generated(profile, found, type_)
    constraints: dict[str, Any] = {"required": True} if profile.full and profile.rows else {}
    evidence = [*found.evidence, *_counted(profile)]
    if profile.unique and "link" in found.classes:
        constraints["unique"] = True
    if not generated and type_ not in ("date", "datetime", "time", "boolean"):
        rules, why = _values(profile, type_, found, lang, every_kanji=every_kanji)
        constraints |= rules
        evidence += why
    if "date" in found.classes and type_ == "date":
        tokumei = {**tokumei, "precision": "day"}
    return Guess(
        profile=profile,
        type=type_,
        format=form,
        classes=found.classes,
        confidence=found.confidence,
        evidence=tuple(evidence),
        constraints=constraints,
        tokumei=tokumei,
        means=found.means,
    )


def _class(profile: Profile, *, of_person: bool) -> _Class:
    if not profile.filled:
        return _Class(
            classes=(f"{TODO}",), confidence=UNSURE, evidence=(Text("値が一つもない", "it has no value at all"),)
        )
    told = words.lookup(profile.name)
    shown = _shown(profile, of_person=of_person)
    if told is None:
        return shown
    word, found = told
    reason = Text(f"列名に「{found}」", f"the header has “{found}”")
    if (profile.date_format or profile.every("datetime")) and word.means != "load":
        birth = word.means == "birth" or "quasi" in shown.classes
        dated: tuple[str, ...] = ("quasi", "date") if birth else ("date",)
        means = "birth" if word.means == "birth" else ""
        sure = SURE if word.means == "birth" or not birth else UNSURE
        return _Class(
            classes=dated,
            confidence=sure,
            evidence=(reason, *shown.evidence),
            tokumei=word.tokumei if means else {},
            means=means,
        )
    if _contradicted(profile, word.classes, shown):
        return _Class(
            classes=shown.classes, confidence=UNSURE, evidence=(reason, *shown.evidence), tokumei=shown.tokumei
        )
    if "neutral" in word.classes and not (_closed(profile) or _numeric(profile) or profile.every("time")):
        text = Text(
            "語彙が閉じていないため厳しい区分とした", "its vocabulary is not closed, so the stricter class is taken"
        )
        return _Class(classes=("quasi",), confidence=UNSURE, evidence=(reason, text))
    classes = word.classes
    if "date" in classes:  # a year or an era: no day that could be moved
        classes = ("quasi",)
    support = _support(profile, word.classes)
    sure = SURE if word.sure and (support or not _wants_support(word.classes)) else LIKELY
    if "link" in classes and profile.distinct <= MOST_LISTED < profile.rows:
        sure = UNSURE  # rather a code than a number of its own
    return _Class(classes=classes, confidence=sure, evidence=(reason, *support), tokumei=word.tokumei, means=word.means)


def _contradicted(profile: Profile, named: tuple[str, ...], shown: _Class) -> bool:
    """Whether the values are of a stricter class than the header says; addresses may be of a facility."""
    if "facility" in named and "direct" in shown.classes:
        return False
    if {"direct", "symbol", "freetext", "staff"} & set(named):
        return False
    if {"direct", "symbol"} & set(shown.classes):
        return shown.confidence is not UNSURE
    if {"link", "facility"} & set(named):
        return False
    if "link" in shown.classes:
        return profile.distinct > SOME and not profile.every("time")
    return bool({"freetext", "facility"} & set(shown.classes)) and not _closed(profile)


def _closed(profile: Profile) -> bool:
    return profile.distinct <= 4 * MOST_LISTED and profile.commonest > 1


def _numeric(profile: Profile) -> bool:
    return profile.every("number")


def _wants_support(classes: tuple[str, ...]) -> bool:
    return bool({"direct", "symbol"} & set(classes))


def _support(profile: Profile, classes: tuple[str, ...]) -> tuple[Text, ...]:
    """Forms of the values that agree with a class that the header named."""
    found = [
        Text(
            f"値の {percent(share)} が検査数字 {kind} に合う",
            f"{percent(share)} of the values have the check digit of {kind}",
        )
        for kind, share in profile.numbers.items()
        if share >= ALMOST_ALL and "symbol" in classes and profile.distinct >= FEW_NUMBERS
    ]
    if "direct" in classes or "staff" in classes:
        found += [
            Text(
                f"値の {percent(profile.share(form))} が{ja}の形",
                f"{percent(profile.share(form))} of the values look like {en}",
            )
            for form, ja, en in (
                ("kanji-name", "氏名", "a name"),
                ("kana-full", "全角カナ", "full-width kana"),
                ("kana-half", "半角カナ", "half-width kana"),
                ("romaji", "ローマ字の氏名", "a name in Latin letters"),
                ("phone", "電話番号", "a telephone number"),
                ("mail", "メールアドレス", "an e-mail address"),
                ("address", "住所", "an address"),
            )
            if profile.share(form) >= NEARLY
        ][:1]
    return tuple(found)


def percent(share: float) -> str:
    return f"{int(100 * share)} %"


def _shown(profile: Profile, *, of_person: bool) -> _Class:
    """The class by the values alone."""

    def one(classes: str, sure: Text, ja: str, en: str, **tokumei: str) -> _Class:
        return _Class(classes=tuple(classes.split()), confidence=sure, evidence=(Text(ja, en),), tokumei=tokumei)

    kinds = [kind for kind, share in profile.numbers.items() if share >= ALMOST_ALL]
    if kinds and profile.distinct >= FEW_NUMBERS:
        codes = [kind for kind in kinds if kind in numbers.CODES]
        official = {"officialNumber": kinds[0]} if len(kinds) == 1 else {}
        ja, en = f"検査数字が合う（{'、'.join(kinds)}）", f"check digits agree ({', '.join(kinds)})"
        return one(
            "symbol" if codes else "quasi" if kinds == ["municipality"] else "facility", LIKELY, ja, en, **official
        )
    if profile.date_format or profile.every("datetime"):
        if of_person and profile.years > LIFETIME:
            return one(
                "quasi date",
                UNSURE,
                "40 年を超える範囲の日付。生年月日かもしれない",
                "dates over more than 40 years, perhaps of birth",
            )
        return one("date", SURE, "全ての値が日付", "every value is a date")
    if profile.every("time"):
        return one("quasi", UNSURE, "全ての値が時刻", "every value is a time of day")
    if profile.share("digest") >= NEARLY:
        return one("link", LIKELY, "ハッシュ値の形", "they look like digests")
    for form, ja, en in (
        ("mail", "メールアドレス", "e-mail addresses"),
        ("phone", "電話番号", "telephone numbers"),
        ("address", "住所", "addresses"),
    ):
        if profile.share(form) >= NEARLY:
            return one("direct", LIKELY, f"{ja}の形", f"they look like {en}")
    if profile.share("facility-name") > 0.5:
        return one("facility", UNSURE, "施設の名称の形", "they look like names of facilities")
    if profile.share("sentence") > 0.2 or not profile.shapes:
        return one("freetext", UNSURE, "長い文又は文の形", "they are long or look like sentences")
    mostly = profile.distinct / profile.filled
    if (profile.unique or (mostly > NEARLY and profile.distinct > SOME)) and not _measured(profile):
        return one("link", LIKELY if profile.unique else UNSURE, "値が行ごとに異なる", "rows have different values")
    if (
        mostly > 0.3
        and max(profile.share(form) for form in ("kanji-name", "kana-full", "kana-half", "romaji")) >= NEARLY
    ):
        return one("direct", UNSURE, "氏名の形", "they look like names")
    if profile.every("icd-10") and profile.distinct > MOST_LISTED:
        return one("sensitive", LIKELY, "ICD-10 の符号の形", "they look like codes of ICD-10")
    if _numeric(profile) and profile.distinct > MOST_LISTED:
        strict = "quasi" if of_person else "sensitive"
        return one(strict, UNSURE, "数値。列名からは分からない", "numbers; the header does not tell")
    return one(
        "quasi",
        UNSURE,
        "列名からは分からないため厳しい区分とした",
        "the header does not tell, so the stricter class is taken",
    )


def _measured(profile: Profile) -> bool:
    return _numeric(profile) and not profile.every("digits")


def _type(profile: Profile, known: str, found: _Class) -> tuple[str, str]:
    if known:
        return known, ""
    if form := profile.date_format:
        return "date", "" if form == "default" else form
    if profile.every("datetime"):
        return "datetime", "any"
    if profile.every("time"):
        return "time", ""
    if IDENTIFIERS & set(found.classes) or (profile.distinct <= MOST_LISTED and found.means != "age"):
        return "string", ""
    if profile.every("integer"):
        return "integer", ""
    return ("number", "") if _numeric(profile) and not profile.every("digits") else ("string", "")


def _generated(profile: Profile, found: _Class, type_: str) -> tuple[dict[str, Any], bool]:
    """What the declaration says of the field, and whether that is enough to make values of it."""
    tokumei: dict[str, Any] = dict(found.tokumei)
    official = tokumei.pop("officialNumber", "")
    if official:
        fitting = [kind for kind in (official, "insurer-6") if profile.numbers.get(kind, 0.0) >= ALMOST_ALL]
        return ({**tokumei, "officialNumber": fitting[0]}, True) if fitting else (tokumei, False)
    scripts = {
        "kana-full": "kana-full",
        "kana-half": "kana-half",
        "hiragana": "hiragana",
        "kanji-name": "kanji",
        "romaji": "romaji",
    }
    script = next((name for form, name in scripts.items() if profile.share(form) >= NEARLY), "mixed")
    if "staff" in found.classes or ("direct" in found.classes and not tokumei and script != "mixed"):
        name = script in ("kanji", "kana-full", "kana-half")
        return (
            (
                {
                    "generator": "person-name",
                    "script": script,
                    "person": "staff" if "staff" in found.classes else "subject",
                },
                True,
            )
            if name
            else ({}, False)
        )
    match tokumei.get("generator"):
        case "person-name":
            return {**tokumei, "script": script}, True
        case "phone-number" if profile.share("phone") < NEARLY:
            del tokumei["generator"]
        case "birth-date" if type_ != "date" or profile.date_format not in ("default", ""):
            tokumei = {key: value for key, value in tokumei.items() if key not in ("generator", "precision")}
        case None if "freetext" in found.classes:
            tokumei["generator"] = "clinical-note"
    return tokumei, "generator" in tokumei


def _values(
    profile: Profile, type_: str, found: _Class, lang: str, *, every_kanji: bool
) -> tuple[dict[str, Any], list[Text]]:
    """The values that the field can have: bounds, a closed vocabulary, or a pattern of shapes."""
    key = "link" in found.classes
    if type_ in ("integer", "number") and not key and profile.low is not None and profile.high is not None:
        if found.means == "age" and profile.low >= 0 and profile.high < 120:
            return {"minimum": 0, "maximum": 119}, []
        low, high = shapes.nice(profile.low, profile.high)
        return {"minimum": low, "maximum": high}, [Text("上下限は切りのよい数", "bounds are round numbers")]
    closed = profile.distinct <= MOST_LISTED and not IDENTIFIERS & set(found.classes)
    named = max(profile.share(form) for form in ("kanji-name", "kana-full", "kana-half")) >= NEARLY
    if closed and profile.listed and not (named and found.confidence is UNSURE):
        return {"enum": list(profile.listed)}, [Text("各値は 10 行以上", "each value has 10 rows or more")]
    if closed and profile.filled:
        text = Text(
            "値の一覧を書く。10 行に満たない値又は氏名かもしれない値があるため書き出していない",
            "list the values; some have fewer than 10 rows, or may be names, and are not written here",
        )
        return {"enum": [f"{TODO}: {text[lang]}"]}, []
    pattern = TESTS["digest"] if profile.every("digest") else shapes.pattern(profile.shapes)
    if not pattern or ("漢" in "".join(profile.shapes) and not every_kanji):
        text = Text(
            "値の形の正規表現、又は enum で値の一覧を書く",
            "write the form of the values as a regular expression, or their list as enum",
        )
        return {"pattern": f"{TODO}: {text[lang]}"}, []
    if key and profile.shapes and shapes.capacity(profile.shapes) < KEYS:
        return {"pattern": f"({pattern})[0-9]{{0,6}}"}, [
            Text("鍵が足りるように桁を延ばした", "drawn out so that there are keys enough")
        ]
    return {"pattern": pattern}, []


def _counted(profile: Profile) -> list[Text]:
    told = []
    if profile.filled and profile.unique:
        told.append(Text("重複なし", "no duplicates"))
    if profile.rows and not profile.full:
        share = percent(1 - profile.filled / profile.rows)
        told.append(Text(f"欠測 {share}", f"{share} missing"))
    return told
