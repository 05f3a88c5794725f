"""The standard as frozen values: the clauses, profiles, regimes and edition that ``spec/`` holds.

One clause is one Markdown file with YAML front matter and the two bodies ``# ja`` and ``# en``. What a
file must hold is checked here and reported with file, line and pointer; whether the files agree with
each other and with the code is the work of ``spec_lint``.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

from tokumei import documents, resources
from tokumei.examples import Example
from tokumei.model import Level, Need, Outcome, Place, Problem, Strength, Text, TokumeiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SECTIONS: Mapping[str, tuple[str, str]] = {
    "requirement": ("要求事項", "Requirement"),
    "rationale": ("理由", "Rationale"),
    "harm": ("害", "Harm"),
    "example": ("例", "Example"),
}
FAMILIES = ("D", "O", "I1", "I2", "I3", "I4", "I5", "T", "F", "X", "S", "R", "U", "P", "B", "DCM", "CAM", "SEC")
_REQUIRED = (
    "id slug title level outcome strength law since status revision needs threats verification findings translation"
).split()
_OPTIONAL = ("reason", "examples")
_MAY_BE_ABSENT = ("example",)
_FENCE = re.compile(r"^(```|~~~)")
T = TypeVar("T")
S = TypeVar("S", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class LawReference:
    """A provision that a clause makes testable, with its sentence verbatim; ``old`` is a former number."""

    act: str
    article: str
    regimes: tuple[str, ...]
    in_force: str
    text_ja: str
    old: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseText:
    """One clause as it is written. A regime that ``strength`` does not name does not ask for it."""

    id: str
    family: str
    slug: str
    title: Text
    level: Level
    outcome: Outcome
    strength: Mapping[str, Strength]
    law: tuple[LawReference, ...]
    since: str
    status: str
    revision: int
    needs: tuple[Need, ...]
    threats: tuple[str, ...]
    verification: Literal["test", "inspection", "attestation"]
    reason: Text | None
    findings: Mapping[str, Text]
    requirement: Text
    rationale: Text
    harm: Text
    example: Text
    """More about the examples in words, where their own sentences do not say enough; mostly empty."""
    examples: tuple[Example, ...]
    digest: str
    """Of the Japanese body; ``translation_of`` is the digest that the English was written against."""
    normative_digest: str
    translation: str
    translation_of: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A legal regime; ``items`` are the items of its processing rule."""

    id: str
    name: Text
    act: str
    number: str
    article: str
    rule: str
    items: tuple[int, ...]
    basis: Mapping[str, str] = field(default_factory=dict)
    """Family (I1 to I5) to the provision of the rule that asks for the same."""
    old: str = ""
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named selection; ``clauses`` are its own and those of the profiles that it includes."""

    id: str
    title: Text
    description: Text
    includes: tuple[str, ...]
    own: tuple[str, ...]
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of the standard."""

    id: str
    status: str
    law_as_of: str
    clauses: Mapping[str, ClauseText]
    profiles: Mapping[str, Profile]
    regimes: Mapping[str, Regime]

    def sentence(self, clause: str, code: str, **params: object) -> Text:
        """The sentence of one finding in both languages, with its parameters filled in."""
        return self.clauses[clause].findings[code].format(**params)

    def profile(self, name: str) -> tuple[ClauseText, ...]:
        """The clauses of one profile in the order of the standard."""
        chosen = set(self.profiles[name].clauses)
        return tuple(clause for clause in self.clauses.values() if clause.id in chosen)


@functools.cache
def load_spec(root: Path | None = None) -> Edition:
    """Read the standard below ``root``, or the one that is installed; raises TokumeiError."""
    folder = resources.data("spec") if root is None else root
    about = documents.load(folder / "edition.yaml").document
    clauses: dict[str, ClauseText] = {}
    for path in sorted((folder / "clauses").glob("*/*.md")):
        clause = read_clause(path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix())
        if clause.id in clauses:
            _stop("SPEC_ID_TWICE", Place(file=clause.file, pointer="/id"), id=clause.id)
        clauses[clause.id] = clause
    order = sorted(clauses.values(), key=lambda clause: (FAMILIES.index(clause.family), clause.id))
    return Edition(
        id=about["id"],
        status=about["status"],
        law_as_of=about["law_as_of"],
        clauses={clause.id: clause for clause in order},
        profiles=_profiles(folder),
        regimes=_regimes(folder),
    )


def read_clause(text: str, file: str) -> ClauseText:
    """Read one clause file; ``file`` is its path below ``spec/``, from which the family is taken."""
    opening, _, rest = text.partition("\n")
    front, mark, body = rest.partition("\n---\n")
    if opening != "---" or not mark:
        _stop("SPEC_FRONT_MATTER_MISSING", Place(file=file, line=1))
    loaded = documents.loads(front, file, first_line=2)
    read = _Reader(loaded)
    read.keys(_REQUIRED, _OPTIONAL)
    head = loaded.document
    *_, family, name = file.split("/")
    stem = name.removesuffix(".md")
    if family not in FAMILIES or head["id"] != stem or not stem.startswith(f"{family}-"):
        read.stop("SPEC_ID_FILE", "/id", id=head["id"])
    line = 2 + front.count("\n") + 2
    bodies = _sections(body, file, line)
    japanese = body.partition("\n# en")[0].strip()
    return ClauseText(
        id=head["id"],
        family=family,
        slug=head["slug"],
        title=read.text("/title", head["title"]),
        level=read.one("/level", Level, head["level"]),
        outcome=read.one("/outcome", Outcome, head["outcome"]),
        strength={
            regime: read.one(f"/strength/{regime}", Strength, value)
            for regime, value in read.mapping("/strength", head["strength"]).items()
        },
        law=tuple(_law(read, f"/law/{n}", value) for n, value in enumerate(read.list("/law", head["law"]))),
        since=head["since"],
        status=head["status"],
        revision=head["revision"],
        needs=tuple(read.one(f"/needs/{n}", Need, value) for n, value in enumerate(read.list("/needs", head["needs"]))),
        threats=tuple(head["threats"]),
        verification=read.among("/verification", head["verification"], "test", "inspection", "attestation"),
        reason=read.text("/reason", head["reason"]) if "reason" in head else None,
        findings={
            code: read.text(f"/findings/{code}", value)
            for code, value in read.mapping("/findings", head["findings"]).items()
        },
        examples=tuple(
            _example(read, f"/examples/{n}", value)
            for n, value in enumerate(read.list("/examples", head.get("examples", [])))
        ),
        digest=_digest(japanese),
        normative_digest=_digest(bodies["requirement"].ja),
        translation=read.mapping("/translation", head["translation"]).get("en", ""),
        translation_of=head["translation"].get("of", ""),
        file=file,
        **bodies,
    )


class _Reader:
    """Turns values of one document into members of the model, or stops at their line."""

    def __init__(self, loaded: documents.Loaded) -> None:
        self._loaded = loaded

    def stop(self, code: str, pointer: str, **params: object) -> NoReturn:
        _stop(code, self._loaded.place(pointer), **params)

    def keys(self, required: list[str], optional: tuple[str, ...]) -> None:
        have = set(self._loaded.document)
        for key in sorted(have - {*required, *optional}):
            self.stop("SPEC_KEY_UNKNOWN", f"/{key}", key=key)
        for key in required:
            if key not in have:
                self.stop("SPEC_KEY_MISSING", "", key=key)

    def one(self, pointer: str, kind: Callable[[Any], T], value: Any) -> T:
        try:
            return kind(value)
        except ValueError:
            self.stop("SPEC_VALUE", pointer, value=value)

    def among(self, pointer: str, value: Any, *allowed: S) -> S:
        found = [option for option in allowed if option == value]
        if not found:
            self.stop("SPEC_VALUE", pointer, value=value)
        return found[0]

    def mapping(self, pointer: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.stop("SPEC_VALUE", pointer, value=value)
        return value

    def list(self, pointer: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            self.stop("SPEC_VALUE", pointer, value=value)
        return value

    def text(self, pointer: str, value: Any) -> Text:
        pair = self.mapping(pointer, value)
        if set(pair) != {"ja", "en"} or not all(isinstance(part, str) and part for part in pair.values()):
            self.stop("SPEC_BOTH_LANGUAGES", pointer)
        return Text(pair["ja"], pair["en"])


def _law(read: _Reader, pointer: str, value: Any) -> LawReference:
    entry = dict(read.mapping(pointer, value))
    entry["regimes"] = tuple(entry.get("regimes", ()))
    try:
        return LawReference(**entry)
    except TypeError:
        read.stop("SPEC_VALUE", pointer, value=", ".join(sorted(entry)))


def _example(read: _Reader, pointer: str, value: Any) -> Example:
    read.text(f"{pointer}/say", read.mapping(pointer, value).get("say"))
    try:
        return Example.of(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        read.stop("SPEC_EXAMPLE_UNREADABLE", pointer, why=f"{type(error).__name__}: {error}")


def _sections(body: str, file: str, first_line: int) -> dict[str, Text]:
    """The sections in both languages; headings inside a fenced example are not headings."""
    found: dict[tuple[str, str], list[str]] = {}
    lang, heading, fenced = "", "", False
    for number, line in enumerate(body.split("\n"), first_line):
        fenced ^= bool(_FENCE.match(line))
        if not fenced and line in ("# ja", "# en"):
            lang, heading = line[2:], ""
        elif not fenced and line.startswith("## "):
            heading = line[3:].strip()
            if (lang, heading) in found:
                _stop("SPEC_SECTION_TWICE", Place(file=file, line=number), heading=heading)
            found[lang, heading] = []
        elif heading:
            found[lang, heading].append(line)
        elif line.strip():
            _stop("SPEC_OUTSIDE_SECTION", Place(file=file, line=number))
    sections: dict[str, Text] = {}
    for name, (ja, en) in SECTIONS.items():
        pair = {lang: "\n".join(found.pop((lang, title), [])).strip() for lang, title in (("ja", ja), ("en", en))}
        for lang, text in pair.items():
            if not text and not (name in _MAY_BE_ABSENT and not any(pair.values())):
                heading = ja if lang == "ja" else en
                _stop("SPEC_SECTION_MISSING", Place(file=file), lang=lang, heading=heading)
        sections[name] = Text(pair["ja"], pair["en"])
    for lang, heading in found:
        _stop("SPEC_SECTION_UNKNOWN", Place(file=file), lang=lang, heading=heading)
    return sections


def _profiles(folder: Path) -> dict[str, Profile]:
    raw = {path.stem: documents.load(path) for path in sorted((folder / "profiles").glob("*.yaml"))}

    def resolve(name: str, within: tuple[str, ...]) -> tuple[str, ...]:
        includes = raw[name].document["includes"]
        for include in includes:
            if include not in raw or include in within:
                _stop("SPEC_PROFILE_INCLUDE", raw[name].place("/includes"), profile=include)
        inherited = (clause for include in includes for clause in resolve(include, (*within, include)))
        return tuple(sorted({*inherited, *raw[name].document["clauses"]}))

    profiles: dict[str, Profile] = {}
    for name, loaded in raw.items():
        read, value = _Reader(loaded), loaded.document
        read.keys(["id", "title", "description", "includes", "clauses"], ())
        if value["id"] != name:
            read.stop("SPEC_ID_FILE", "/id", id=value["id"])
    for name, loaded in raw.items():
        read, value = _Reader(loaded), loaded.document
        profiles[name] = Profile(
            id=name,
            title=read.text("/title", value["title"]),
            description=read.text("/description", value["description"]),
            includes=tuple(value["includes"]),
            own=tuple(value["clauses"]),
            clauses=resolve(name, (name,)),
        )
    return profiles


def _regimes(folder: Path) -> dict[str, Regime]:
    loaded = documents.load(folder / "law" / "regimes.yaml")
    read = _Reader(loaded)
    regimes: dict[str, Regime] = {}
    for n, value in enumerate(read.list("/regimes", loaded.document["regimes"])):
        at = f"/regimes/{n}"
        regimes[value["id"]] = Regime(
            id=value["id"],
            name=read.text(f"{at}/name", value["name"]),
            act=value["act"],
            number=value["number"],
            article=value["article"],
            rule=value["rule"],
            items=tuple(value["items"]),
            basis=value.get("basis", {}),
            old=value.get("old", ""),
            note=read.text(f"{at}/note", value["note"]) if "note" in value else None,
        )
    return regimes


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _stop(code: str, place: Place, **params: object) -> NoReturn:
    raise TokumeiError(Problem(code=code, place=place, params=params))
