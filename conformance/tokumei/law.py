"""What ``spec/law`` holds, as frozen values: legal texts, official numbers, identification codes, notices.

The files state for themselves how sure each entry is; nothing here decides what is lawful. Clauses quote
their own sentences of law; this is what they share.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tokumei import documents, resources, schema
from tokumei.model import Text, TokumeiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act, decree or rule; ``read`` is the day of the version that was read, empty where none was."""

    id: str
    kind: Literal["act", "decree", "rule"]
    title: Text
    short: tuple[str, ...]
    number: str
    read: str
    amendments: tuple[tuple[str, str], ...]
    """Number and day in force of the amendments that the standard relies on."""
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renumbered:
    """A former article, written with 旧, and the one that took its place on ``since``."""

    act: str
    old: str
    now: str
    subject: Text
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A number and whether form and check digit are valid; ``origin``: quoted from a source or computed here."""

    number: str
    valid: bool
    origin: Literal["quoted", "computed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialNumber:
    """One kind of ``tokumei.numbers`` in words; ``statute`` is empty where it is no identification code."""

    id: str
    name: Text
    statute: str
    form: Text
    pattern: str
    family: str
    vectors: tuple[Vector, ...]
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """One family of ``tokumei.numbers`` in words; ``published``: an official source states the rule."""

    id: str
    rule: Text
    published: bool
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One individual identification code (個人識別符号) with its article; ``numbers`` are official numbers."""

    id: str
    name: Text
    article: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """All identification codes from the day ``since`` until the next list."""

    since: str
    codes: tuple[Code, ...]
    what: Text
    """What is new in this list."""
    confidence: str

    @property
    def numbers(self) -> frozenset[str]:
        """The official numbers that are codes, or parts of one, under this list."""
        return frozenset(number for code in self.codes for number in code.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeBasis:
    """What the processing rule of a regime asks for, by family; no clause of ``not_required`` is law there."""

    id: str
    in_force: str
    basis: Mapping[str, str]
    not_required: tuple[str, ...]
    notice: str
    """The notice that data need before this regime may use them; empty where none is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SisterRule:
    """A rule of another law that repeats the five items; ``read`` tells whether its text was compared."""

    id: str
    name: Text
    act: str
    article: str
    rule_article: str
    persons: Text
    read: bool
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Notice to persons and filing before a transfer; it opens the way to one regime and to no other."""

    id: str
    regime: str
    name: Text
    article: str
    old: str
    refusal: str
    must_not_receive: str
    text_ja: str
    waiting_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """Everything below ``spec/law`` but the names of the regimes, which ``spec`` reads."""

    as_of: str
    acts: Mapping[str, Act]
    renumbered: tuple[Renumbered, ...]
    numbers: Mapping[str, OfficialNumber]
    check_rules: Mapping[str, CheckRule]
    code_lists: tuple[CodeList, ...]
    """Oldest first."""
    regimes: Mapping[str, RegimeBasis]
    sister_rules: Mapping[str, SisterRule]
    notices: Mapping[str, Notice]

    def codes_on(self, day: str) -> CodeList:
        """The identification codes in force on a day (ISO 8601); LookupError before the first list known."""
        known = [codes for codes in self.code_lists if codes.since <= day]
        if not known:
            raise LookupError(day)
        return known[-1]

    def notice_for(self, regime: str) -> Notice | None:
        """The notice that data need for a regime; None where the regime asks for none."""
        return self.notices.get(self.regimes[regime].notice)


@functools.cache
def load_law(root: Path | None = None) -> Law:
    """Read ``law`` below the standard at ``root``, or the one installed; raises TokumeiError."""
    folder = (resources.data("spec") if root is None else root) / "law"
    read = {name: _read(folder, name) for name in FILES}
    codes = read["identification_codes"]
    names = {entry["id"]: Text(entry["ja"], entry["en"]) for entry in codes["descriptions"]}
    return Law(
        as_of=read["acts"]["law_as_of"],
        acts={entry["id"]: _act(entry) for entry in read["acts"]["acts"]},
        renumbered=tuple(
            Renumbered(act=group["act"], old=e["old"], now=e["now"], subject=_text(e["subject"]), since=group["since"])
            for group in read["renumbered"]["renumbered"]
            for e in group["articles"]
        ),
        numbers={entry["id"]: _number(entry) for entry in read["official_numbers"]["numbers"]},
        check_rules={
            entry["id"]: CheckRule(**{**entry, "rule": _text(entry["rule"])})
            for entry in read["official_numbers"]["families"]
        },
        code_lists=tuple(_code_list(entry, names) for entry in codes["versions"]),
        regimes={entry["id"]: _regime(entry) for entry in read["regimes"]["regimes"]},
        sister_rules={entry["id"]: _sister(entry) for entry in read["sister_rules"]["rules"]},
        notices={entry["id"]: _notice(entry) for entry in read["notices"]["notices"]},
    )


FILES = ("acts", "regimes", "renumbered", "official_numbers", "identification_codes", "sister_rules", "notices")


def _read(folder: Path, name: str) -> Mapping[str, Any]:
    loaded = documents.load(folder / f"{name}.yaml")
    problems = schema.validate(loaded.document, f"law/{name}", loaded.place)
    if problems:
        raise TokumeiError(*problems)
    return loaded.document


def _text(pair: Mapping[str, str]) -> Text:
    return Text(pair["ja"], pair["en"])


def _act(entry: Mapping[str, Any]) -> Act:
    return Act(
        id=entry["id"],
        kind=entry["kind"],
        title=Text(entry["title"], entry["en"]),
        short=tuple(entry["short"]),
        number=entry["number"],
        read=entry["read"],
        amendments=tuple((each["number"], each["in_force"]) for each in entry.get("amendments", [])),
        confidence=entry["confidence"],
    )


def _number(entry: Mapping[str, Any]) -> OfficialNumber:
    return OfficialNumber(
        id=entry["id"],
        name=_text(entry["name"]),
        statute=entry["statute"],
        form=_text(entry["form"]),
        pattern=entry["pattern"],
        family=entry.get("family", ""),
        vectors=tuple(Vector(**vector) for vector in entry["vectors"]),
        source=entry["source"],
        confidence=entry["confidence"],
    )


def _code_list(entry: Mapping[str, Any], names: Mapping[str, Text]) -> CodeList:
    return CodeList(
        since=entry["from"],
        codes=tuple(
            Code(id=code["id"], name=names[code["id"]], article=code["article"], numbers=tuple(code["numbers"]))
            for code in entry["codes"]
        ),
        what=_text(entry["what"]),
        confidence=entry["confidence"],
    )


def _regime(entry: Mapping[str, Any]) -> RegimeBasis:
    return RegimeBasis(
        id=entry["id"],
        in_force=entry["in_force"],
        basis=entry["basis"],
        not_required=tuple(entry.get("not_required", ())),
        notice=entry.get("notice", ""),
    )


def _sister(entry: Mapping[str, Any]) -> SisterRule:
    return SisterRule(
        id=entry["id"],
        name=_text(entry["name"]),
        act=entry["act"],
        article=entry["article"],
        rule_article=entry["rule_article"],
        persons=_text(entry["persons"]),
        read=entry["five_items"] == "yes",
        confidence=entry["confidence"],
    )


def _notice(entry: Mapping[str, Any]) -> Notice:
    return Notice(
        id=entry["id"],
        regime=entry["regime"],
        name=_text(entry["name"]),
        article=entry["article"],
        old=entry.get("old", ""),
        refusal=entry["refusal"],
        must_not_receive=entry["must_not_receive"],
        text_ja=entry["text_ja"],
        waiting_days=entry["waiting"]["days"],
    )
