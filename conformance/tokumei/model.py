"""The words of the suite as frozen values; what they mean is in ``spec/glossary.md``.

Nothing here computes, reads or writes. ``Table`` values are ``pyarrow.Table``: columns of text in CSV
lexical form, where null is NULL and is not the empty string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

Document: TypeAlias = Mapping[str, Any]
Lang: TypeAlias = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages; the Japanese is written first and is not a translation."""

    ja: str
    en: str

    def __getitem__(self, lang: str) -> str:
        return self.en if lang == "en" else self.ja

    def format(self, **params: object) -> Text:
        """Fill the ``{names}`` of both languages with the same values."""
        return Text(self.ja.format(**params), self.en.format(**params))


class Level(StrEnum):
    """How strongly a clause binds within this standard (JIS Z 8301)."""

    SHALL = "shall"
    SHOULD = "should"
    MAY = "may"


class Outcome(StrEnum):
    """Which of the three columns of a report a clause belongs to."""

    PRIVACY = "privacy"
    USE = "use"
    PROCESS = "process"


class Strength(StrEnum):
    """What stands behind a clause in one regime: a law, a guideline, or this standard alone."""

    LAW = "law"
    GUIDELINE = "guideline"
    OWN = "own"


class Need(StrEnum):
    """The closed vocabulary of what evidence a check must have (EVIDENCE)."""

    RELEASE = "release"
    CLAIM = "claim"
    INPUT = "input"
    CANARY = "canary"
    ALIGNMENT_CELL = "alignment.cell"
    ALIGNMENT_PERSON = "alignment.person"
    RELEASE_TWICE = "release×2"
    PERMUTED = "permuted"
    SAME_SECRET = "same-secret"  # noqa: S105 - a word, not a password
    REFUSAL = "refusal"
    LOG = "log"
    FILESYSTEM = "filesystem"
    FAULT = "fault"
    NETWORK = "network"
    """Any call that was watched"""


class Verdict(StrEnum):
    """What is said about one clause after a run."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"
    SUITE_ERROR = "suite_error"


class Why(StrEnum):
    """The closed reasons of an ``inconclusive`` or ``not_applicable`` verdict."""

    VACUOUS = "vacuous"
    BUDGET = "budget"
    COULD_NOT_RUN = "could_not_run"
    UNDECIDABLE = "undecidable"
    ICS = "ics"
    ORGANIZATION = "organization"
    PROFILE = "profile"
    REGIME = "regime"


class RunOutcome(StrEnum):
    """What is said about a whole run; never a word of law."""

    ALL_MET = "all_met"
    NOT_MET = "not_met"
    INCOMPLETE = "incomplete"
    ERROR = "error"


class Exit:
    """Exit codes of the command line (EVIDENCE); never a count."""

    ALL_MET = 0
    NOT_MET = 1
    USAGE = 2
    INCOMPLETE = 3
    PRODUCT = 4
    SUITE = 5


REFUSAL_CODES = (
    "INPUT_INVALID",
    "DECLARATION_INVALID",
    "ORGANIZATION_MISMATCH",
    "CANNOT_MEET_PRIVACY",
    "LIMIT_EXCEEDED",
    "KEY_MISSING",
    "POLICY_FORBIDDEN",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a problem is: a file, a line counted from 1, and a JSON pointer into the document."""

    file: str = ""
    line: int | None = None
    pointer: str = ""

    def __str__(self) -> str:
        at = self.file if self.line is None else f"{self.file}:{self.line}"
        return " ".join(part for part in (at, self.pointer) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A fault in what a person wrote or supplied. ``params`` never holds a value of an input cell."""

    code: str
    place: Place = field(default_factory=Place)
    clause: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


class TokumeiError(Exception):
    """Carries the problems that stop a command; rendered in ja or en only at the edge."""

    def __init__(self, *problems: Problem, exit_code: int = Exit.USAGE) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductInfo:
    """The product's own statement (ICS): ``product.yaml`` or the answer to ``hello``."""

    name: str
    vendor: str = ""
    version: str = ""
    formats: tuple[str, ...] = ("csv",)
    operations: tuple[str, ...] = ("anonymize",)
    configuration: Literal["obey", "fixed"] = "fixed"
    keys: Literal["given", "own"] = "own"
    determinism: Literal["none", "process", "keyed"] = "none"
    encodings: tuple[str, ...] = ("utf-8", "cp932")
    """Of CSV files: those of the suite's own organizations, and what else the product reads and writes."""
    inline: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    max_records: int | None = None
    max_seconds: float | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Documents beside a release that another system of the maker writes, and what that system is."""
    profiles: tuple[str, ...] = ()
    """Profiles beside ``core`` that the product claims; what it releases may make others mandatory."""
    settings: tuple[tuple[Document, Document], ...] = ()
    """For ``fixed``: the shipped settings, each an (organization, processing) pair of documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call as the product sees it: what is asked, the secrets, and the data.

    ``data`` maps a resource name to its table. ``files`` maps a path below ``data/`` to bytes that
    replace the written table: hostile bytes always travel by file.
    """

    id: str
    operation: str = "anonymize"
    party: str = ""
    organization: Document
    processing: Document
    data: Mapping[str, pa.Table]
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    test_seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the product answered. ``data`` are the tables of the release by resource name.

    ``organization`` and ``processing`` are the documents of the release (what is *claimed*), None when
    the product gave none. ``extra`` holds the text of every other file it wrote, by path.
    """

    status: Literal["ok", "refused", "unsupported", "error"]
    code: str = ""
    path: str = ""
    message: str = ""
    data: Mapping[str, pa.Table] = field(default_factory=dict)
    organization: Document | None = None
    processing: Document | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    """Faults of the answer itself: an unreadable file, a link out of the folder, a bad document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as the suite saw it.

    With ``trouble`` there is no ``response``, or one that does not count: the product changed its input, or
    wrote more than can be read.
    """

    request: Request
    response: Response | None
    trouble: Literal["", "crash", "timeout", "protocol", "input_changed", "limit"] = ""
    log: str = ""
    """Standard error, standard output outside the protocol, and the files below ``log/``."""
    log_captured: bool = True
    left: Mapping[str, str] = field(default_factory=dict)
    """Text of the files that the call left in the product's temporary folder (``temp/…``) and, where it gave no
    answer, of those in the response folder (``response/…``), by path and in bounds."""
    network: tuple[str, ...] | None = None
    """The traces of a network that the call left: kinds of sockets, events and counters; None where none can be seen."""
    day: str = ""
    """The day on which the call ended, in ISO form, where it is known."""
    seconds: float = 0.0
    exit_code: int | None = None

    @property
    def released(self) -> bool:
        return self.response is not None and self.response.status == "ok" and not self.trouble


Product: TypeAlias = "Callable[[Request], Response]"
"""A product as a value, for wrapper mutants: it may raise, and a raise is a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One violation of one clause in one case. ``params`` fill the sentence of the clause's ``code``.

    ``params`` hold counts, places and names of fields, never cell values, so that a finding on supplied
    data can be printed. ``rows`` (released rows that show it) are shown for generated people only.
    """

    code: str
    case: str
    call: int = 0
    params: Mapping[str, object] = field(default_factory=dict)
    resource: str = ""
    fields: tuple[str, ...] = ()
    rows: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Premise:
    """How often the case gave the clause something to violate: canaries, classes, dates, logs …"""

    case: str
    count: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A statistical observation; it accuses only if a fresh, pre-planned bundle rejects again.

    ``p`` is exact or a permutation p-value under ``null``. ``stage`` is 1 or 2, ``name`` joins both.
    """

    name: str
    stage: int
    case: str
    value: float
    p: float
    n: int
    null: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    resource: str = ""
    rows: tuple[Mapping[str, object], ...] = ()


Observation: TypeAlias = Finding | Premise | Statistic
