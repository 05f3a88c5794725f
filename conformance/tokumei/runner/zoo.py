"""A folder of products that the suite has never seen: what it says of each, beside what their author knows.

``zoo.yaml`` (schema ``zoo``) tells of each product whether it is wrong, correct or null. The suite is not told:
every product is connected and run like any other, on the plans of the given seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tokumei import documents, schema
from tokumei.adapters.connect import connect
from tokumei.clause import checks
from tokumei.declarations import Organization, Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.model import Document, Exit, Lang, Problem, RunOutcome, Text, TokumeiError, Verdict
from tokumei.plan.required import required_plan
from tokumei.runner.run import Scope, run_plan
from tokumei.runner.session import examples
from tokumei.runner.verdicts import accused, run_outcome
from tokumei.spec import Edition
from tokumei.stats import clopper_pearson_lower, clopper_pearson_upper

Kind = Literal["wrong", "correct", "null"]

Progress = Callable[[int, int, str], None]
"""Products done, products in all, and the id of the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """One product of a zoo, and what its author says of it."""

    id: str
    connect: str
    folder: Path
    product_file: Path | None
    kind: Kind
    effect: Text
    due: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the suite said of one product, over all seeds: an outcome a seed and the clauses that failed in any."""

    animal: Animal
    outcomes: tuple[RunOutcome, ...]
    failed: tuple[str, ...]
    accused: tuple[str, ...]
    trouble: str = ""

    @property
    def right(self) -> bool:
        """A wrong product was found (by a clause that is due, where its author names some), a correct one was not
        accused on privacy, a null one passed in no run.
        """
        if self.trouble:
            return False
        if self.animal.kind == "correct":
            return not self.accused
        if self.animal.kind == "null":
            return RunOutcome.ALL_MET not in self.outcomes
        return bool(set(self.failed) & set(self.animal.due or self.failed))


def read_zoo(folder: Path) -> tuple[tuple[Animal, ...], tuple[int, ...]]:
    """The products of ``zoo.yaml`` and its seeds. Raises TokumeiError for a document that the schema refuses."""
    loaded = documents.load(folder / "zoo.yaml")
    problems = schema.validate(loaded.document, "zoo", loaded.place)
    names = [product["id"] for product in loaded.document["products"]] if not problems else []
    if problems or len(set(names)) < len(names):
        raise TokumeiError(*(problems or (Problem(code="ZOO_ID_TWICE", place=loaded.place("/products")),)))
    animals = tuple(_animal(product, folder) for product in loaded.document["products"])
    return animals, tuple(loaded.document.get("seeds", (1,)))


def _animal(entry: Document, folder: Path) -> Animal:
    home = folder / str(entry.get("folder", "."))
    effect = entry.get("effect", {"ja": "", "en": ""})
    return Animal(
        id=entry["id"],
        connect=entry["connect"],
        folder=home,
        product_file=home / entry["product"] if "product" in entry else None,
        kind=entry["is"],
        effect=Text(effect["ja"], effect["en"]),
        due=tuple(entry.get("due", ())),
    )


def visit(animal: Animal, seeds: Iterable[int], edition: Edition) -> Sighting:
    """Run one product on the required plan of every seed; what keeps it from starting is its trouble."""
    scope: Scope = {id_: frozenset(clause.strength) for id_, clause in edition.clauses.items()}
    kinds = {id_: clause.outcome for id_, clause in edition.clauses.items()}
    outcomes: list[RunOutcome] = []
    failed: set[str] = set()
    suspects: set[str] = set()
    try:
        with connect(animal.connect, product_file=animal.product_file, cwd=animal.folder) as adapter:
            info = adapter.describe()
            settings = [(Organization.of(o), Processing.of(p)) for o, p in info.settings]
            obeys = info.configuration == "obey"
            pairs, track = (examples(), "open") if obeys else (settings, "own")
            if not pairs:
                return Sighting(animal=animal, outcomes=(), failed=(), accused=(), trouble="PRODUCT_WITHOUT_SETTING")
            for seed in seeds:
                plan = required_plan(pairs, track=track, seed=seed, obeys=obeys)
                with DuckDB(memory="1GB") as engine:
                    results = run_plan(plan, adapter, checks(), engine, scope=scope).results
                outcomes.append(run_outcome(results))
                failed |= {r.clause for r in results if r.verdict is Verdict.FAIL}
                suspects |= set(accused(results, kinds))
    except TokumeiError as error:
        return Sighting(animal=animal, outcomes=(), failed=(), accused=(), trouble=error.problems[0].code)
    return Sighting(
        animal=animal, outcomes=tuple(outcomes), failed=tuple(sorted(failed)), accused=tuple(sorted(suspects))
    )


def tour(folder: Path, edition: Edition, progress: Progress | None = None) -> tuple[Sighting, ...]:
    """Every product of the zoo, in the order of the document."""
    animals, seeds = read_zoo(folder)
    seen = []
    for number, animal in enumerate(animals, start=1):
        seen.append(visit(animal, seeds, edition))
        if progress:
            progress(number, len(animals), animal.id)
    return tuple(seen)


KINDS = {
    "wrong": Text(
        "欠陥のある製品: {right}/{of} を検出（下限95% {lower:.0%}）",
        "Wrong products: {right} of {of} found (95 % at least {lower:.0%})",
    ),
    "correct": Text(
        "正しい製品: {wrong}/{of} を誤って不合格（上限95% {upper:.0%}）",
        "Correct products: {wrong} of {of} accused (95 % at most {upper:.0%})",
    ),
    "null": Text(
        "何もしない製品: {wrong}/{of} が合格（上限95% {upper:.0%}）",
        "Null products: {wrong} of {of} all met (95 % at most {upper:.0%})",
    ),
}
LINE = Text("  {mark} {id}: {outcome}  {clauses}", "  {mark} {id}: {outcome}  {clauses}")


def lines(sightings: Iterable[Sighting], lang: Lang) -> tuple[str, ...]:
    """What a person reads: a count with its interval for each kind, then every product with its clauses."""
    out = []
    every = tuple(sightings)
    for kind, sentence in KINDS.items():
        some = [one for one in every if one.animal.kind == kind]
        if not some:
            continue
        right = sum(one.right for one in some)
        out.append(
            sentence[lang].format(
                right=right,
                wrong=len(some) - right,
                of=len(some),
                lower=clopper_pearson_lower(right, len(some)),
                upper=clopper_pearson_upper(len(some) - right, len(some)),
            )
        )
        for one in some:
            outcome = one.trouble or ", ".join(str(each) for each in dict.fromkeys(one.outcomes))
            shown = {"mark": "o" if one.right else "x", "id": one.animal.id, "outcome": outcome}
            out.append(LINE[lang].format(**shown, clauses=" ".join(one.failed)))
    return tuple(out)


def as_document(sightings: Iterable[Sighting]) -> dict[str, object]:
    """The same for machines."""
    return {
        "products": [
            {
                "id": one.animal.id,
                "is": one.animal.kind,
                "right": one.right,
                "outcomes": [str(each) for each in one.outcomes],
                "failed": list(one.failed),
                "accused": list(one.accused),
                "trouble": one.trouble,
            }
            for one in sightings
        ]
    }


def exit_code(sightings: Iterable[Sighting]) -> int:
    """0 when the suite was right about every product, else 5: the fault is the suite's, or the zoo's."""
    return Exit.ALL_MET if all(one.right for one in sightings) else Exit.SUITE
