"""Gates over the standard: what its files must agree on with each other and with the code.

Each gate is a function from frozen values to problems; ``lint`` runs all of them. The loader has already
made sure that every file is complete.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

from tokumei import documents, editions, freezing, resources
from tokumei.clause import checks as all_checks
from tokumei.drafting import unwritten
from tokumei.model import Level, Need, Place, Problem, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tokumei.spec import ClauseText, Edition

OWN_MUTANTS = 2
NO_NUMBER_IN_LAW = "法令に数値の定めはない。本規格の既定値"
NOT_REVIEWED = "法律専門家による確認：未実施"
KEYWORDS = {
    "shall": (re.compile(r"なければならない|てはならない"), re.compile(r"\bshall\b")),
    "should": (re.compile(r"ことが望ましい"), re.compile(r"\bshould\b")),
    "may": (re.compile(r"てもよい"), re.compile(r"\bmay\b")),
}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def lint(edition: Edition, root: Path | None = None) -> tuple[Problem, ...]:
    """Every problem of the standard, in the order of the gates."""
    folder = resources.data("spec") if root is None else root
    modules = clause_modules(edition.clauses)
    gates: Iterable[Iterator[Problem]] = (
        profiles(edition),
        strengths(edition),
        languages(edition),
        numbers_are_ours(edition),
        review_is_stated(edition),
        former_articles(edition, folder),
        coverage(edition, modules),
        strays(edition, all_checks()),
        needs(edition, modules),
        codes(edition, modules),
        examples(edition, modules),
        terms(edition, folder),
        editions.gate(edition, modules, folder),
        freezing.gate(folder),
        iter(unwritten(edition, {id_: inspect.getsource(module) for id_, module in modules.items()})),
    )
    return tuple(problem for gate in gates for problem in gate)


def clause_modules(ids: Iterable[str]) -> dict[str, Any]:
    """The module of each clause, by id; a clause without one is left out."""
    modules: dict[str, Any] = {}
    for clause in ids:
        family = clause.rpartition("-")[0].lower()
        name = f"tokumei.clauses.{family}.{clause.lower().replace('-', '_')}"
        if importlib.util.find_spec(f"tokumei.clauses.{family}") and importlib.util.find_spec(name):
            modules[clause] = importlib.import_module(name)
    return modules


def profiles(edition: Edition) -> Iterator[Problem]:
    """A profile lists clauses that exist, and each clause in use is listed by exactly one profile."""
    listed = Counter(clause for profile in edition.profiles.values() for clause in profile.own)
    for profile in edition.profiles.values():
        for name in sorted(set(profile.own) - set(edition.clauses)):
            place = Place(file=f"profiles/{profile.id}.yaml", pointer="/clauses")
            yield Problem(code="SPEC_PROFILE_CLAUSE", place=place, clause=name)
    for clause in edition.clauses.values():
        if listed[clause.id] != (0 if clause.status == "withdrawn" else 1):
            yield _at(clause, "SPEC_CLAUSE_LISTED", times=listed[clause.id])


def strengths(edition: Edition) -> Iterator[Problem]:
    """Regimes are known, and what is said to be law quotes a sentence of law."""
    for clause in edition.clauses.values():
        for regime in sorted({*clause.strength, *(one for ref in clause.law for one in ref.regimes)}):
            if regime not in edition.regimes:
                yield _at(clause, "SPEC_REGIME_UNKNOWN", "/strength", regime=regime)
        if Strength.LAW in clause.strength.values() and not any(ref.text_ja for ref in clause.law):
            yield _at(clause, "SPEC_LAW_NOT_QUOTED", "/law")


def languages(edition: Edition) -> Iterator[Problem]:
    """Both languages say the same keywords, numbers and parameters, and the English is of this Japanese."""
    for clause in edition.clauses.values():
        requirement = clause.requirement
        for level, (ja, en) in KEYWORDS.items():
            in_ja, in_en = len(ja.findall(requirement.ja)), len(en.findall(requirement.en))
            if in_ja != in_en:
                yield _at(clause, "SPEC_KEYWORDS_DIFFER", keyword=level, ja=in_ja, en=in_en)
            if level == clause.level and not in_ja:
                yield _at(clause, "SPEC_KEYWORD_MISSING", keyword=level)
        for section in ("requirement", "rationale", "harm"):
            text = getattr(clause, section)
            if _numbers(text.ja) != _numbers(text.en):
                yield _at(clause, "SPEC_NUMBERS_DIFFER", section=section)
        for code, text in clause.findings.items():
            if set(_PLACEHOLDER.findall(text.ja)) != set(_PLACEHOLDER.findall(text.en)):
                yield _at(clause, "SPEC_PARAMETERS_DIFFER", f"/findings/{code}")
        if clause.translation_of != clause.digest:
            yield _at(clause, "SPEC_TRANSLATION_STALE", "/translation/of", digest=clause.digest)


def terms(edition: Edition, folder: Path) -> Iterator[Problem]:
    """A term of the glossary in the Japanese requirement is that term of the glossary in the English one."""
    pairs = sorted(glossary(folder), key=lambda pair: -len(pair[0]))
    for clause in edition.clauses.values():
        japanese = clause.requirement.ja
        for ja, en in pairs:
            if ja not in japanese:
                continue
            japanese = japanese.replace(ja, "\0")  # a longer term is not read as the shorter one inside it
            if not re.search(rf"\b{re.escape(en)}(?:e?s)?\b", clause.requirement.en, re.IGNORECASE):
                yield _at(clause, "SPEC_TERM_DIFFERS", term=ja, english=en)


def glossary(folder: Path) -> list[tuple[str, str]]:
    """The Japanese and the English of every term; a Japanese form in brackets is a form of its own."""
    found = []
    for line in (folder / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "日本語":
            forms = [form for form in re.split(r"[（）]", cells[0]) if form]
            found += [(form, cells[1]) for form in forms]
    return found


def numbers_are_ours(edition: Edition) -> Iterator[Problem]:
    """A threshold is followed by the sentence that no law sets it."""
    for clause in edition.clauses.values():
        for text in (clause.requirement.ja, clause.rationale.ja):
            threshold = text is clause.requirement.ja and _numbers(text)
            if (threshold or "0.0" in text) and NO_NUMBER_IN_LAW not in text:
                yield _at(clause, "SPEC_NUMBER_NOT_OURS")


def review_is_stated(edition: Edition) -> Iterator[Problem]:
    """Every clause says whether a lawyer has read it."""
    for clause in edition.clauses.values():
        if NOT_REVIEWED not in clause.rationale.ja:
            yield _at(clause, "SPEC_REVIEW_NOT_STATED")


def former_articles(edition: Edition, folder: Path) -> Iterator[Problem]:
    """A former article number stands only behind 「旧」."""
    entries = documents.load(folder / "law" / "renumbered.yaml").document["renumbered"]
    former = [
        re.compile(rf"(?<!旧){re.escape(name)}(?:（[^）]*）)?第?{number}条")
        for entry in entries
        for name in entry["names"]
        for number in entry["old"]
    ]
    for clause in edition.clauses.values():
        prose = "\n".join(getattr(clause, name).ja for name in ("requirement", "rationale", "harm", "example"))
        cited = "\n".join(f"{ref.act}{ref.article}" for ref in clause.law)
        for pattern in former:
            if pattern.search(unicodedata.normalize("NFKC", prose)) or pattern.search(cited):
                yield _at(clause, "SPEC_FORMER_ARTICLE", article=pattern.pattern[len("(?<!旧)") :])
        for n, ref in enumerate(clause.law):
            if ref.old and not ref.old.startswith("旧"):
                yield _at(clause, "SPEC_FORMER_ARTICLE", f"/law/{n}/old", article=ref.old)


def coverage(edition: Edition, modules: Mapping[str, Any]) -> Iterator[Problem]:
    """A SHALL has a check and its own mutants that name it, or a published reason why it is not tested."""
    for clause in edition.clauses.values():
        if clause.status == "withdrawn":
            continue
        if clause.verification != "test":
            if not clause.reason:
                yield _at(clause, "SPEC_REASON_MISSING", "/verification")
        elif clause.level is Level.SHALL:
            module = modules.get(clause.id)
            if module is None or module.CHECK.id != clause.id:
                yield _at(clause, "SPEC_CHECK_MISSING")
                continue
            own = [mutant for mutant in module.MUTANTS if clause.id in mutant.killed_by]
            if len(own) < OWN_MUTANTS:
                yield _at(clause, "SPEC_MUTANTS_MISSING", have=len(own), need=OWN_MUTANTS)


def strays(edition: Edition, checks: Iterable[str]) -> Iterator[Problem]:
    """No check is of a clause that the standard does not hold."""
    for clause in sorted(set(checks) - set(edition.clauses)):
        yield Problem(code="SPEC_CHECK_STRAY", clause=clause)


def needs(edition: Edition, modules: Mapping[str, Any]) -> Iterator[Problem]:
    """The evidence that the text asks for is what the check asks for."""
    for clause, module in modules.items():
        have: tuple[Need, ...] = module.CHECK.needs
        if set(have) != set(edition.clauses[clause].needs):
            asked = ", ".join(str(need) for need in have)
            yield _at(edition.clauses[clause], "SPEC_NEEDS_DIFFER", "/needs", check=asked)


def codes(edition: Edition, modules: Mapping[str, Any]) -> Iterator[Problem]:
    """The codes that a check can report are those that the clause has sentences for."""
    for clause, module in modules.items():
        text = edition.clauses[clause]
        literals, reported = _literals(inspect.getsource(module))
        for code in sorted(set(text.findings) - literals):
            yield _at(text, "SPEC_CODE_UNUSED", f"/findings/{code}", code=code)
        for code in sorted(reported - set(text.findings)):
            yield _at(text, "SPEC_CODE_UNKNOWN", "/findings", code=code)


def examples(edition: Edition, modules: Mapping[str, Any]) -> Iterator[Problem]:
    """A tested clause shows as tables what violates it and what does not; ``runner.examples`` plays them."""
    for clause in edition.clauses.values():
        if clause.id in modules and not {"fail", "pass"} <= {example.verdict for example in clause.examples}:
            yield _at(clause, "SPEC_EXAMPLE_MISSING", "/examples")
        for n, example in enumerate(clause.examples):
            if example.code and example.code not in clause.findings:
                yield _at(clause, "SPEC_CODE_UNKNOWN", f"/examples/{n}/code", code=example.code)
            if _numbers(example.say.ja) != _numbers(example.say.en):
                yield _at(clause, "SPEC_NUMBERS_DIFFER", f"/examples/{n}/say", section="examples")


def _literals(source: str) -> tuple[set[str], set[str]]:
    """The code-like strings of a module, and those of them that it gives as ``code=``."""
    literals: set[str] = set()
    reported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
            literals.add(node.value)
        elif isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
            reported.add(str(node.value.value))
    return literals, reported


def _numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(unicodedata.normalize("NFKC", text)))


def _at(clause: ClauseText, code: str, pointer: str = "", /, **params: object) -> Problem:
    return Problem(code=code, place=Place(file=clause.file, pointer=pointer), clause=clause.id, params=params)
