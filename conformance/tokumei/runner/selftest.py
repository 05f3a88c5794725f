"""The power of the suite, measured: which mutants it kills, and how often it accuses a correct product.

A power run is the required plan of one pair of declarations. What a run gave is appended to a ledger under the
digest of the suite, so that a measurement can be interrupted and taken up again, or shared between processes: a
shard does every n-th run and leaves the others to the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from tokumei.clause import Mutant, mutants
from tokumei.modalities.tables import nulls
from tokumei.model import Lang, Product, RunOutcome, Text
from tokumei.runner.power import PAIRS, Ledger, PowerRun, broken, correct_products, power_run
from tokumei.stats import clopper_pearson_lower, clopper_pearson_upper

Progress = Callable[[int, int, str], None]
"""Runs done, runs in all, and the name of the product."""

Shard = tuple[int, int]
"""Which of how many processes this is, from 0: it does the runs whose number leaves that rest."""
WHOLE: Shard = (0, 1)


SIDE = 0.975
"""How sure each of the two bounds of a 95 % interval is."""

KILLED_RATE = 0.9
"""A mutant counts as killed when clauses that must see it kill it in so many of the runs in which it applies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One mutant: the clauses that must see it, and the runs in which each clause failed."""

    mutant: str
    kind: str
    expected: tuple[str, ...]
    runs: tuple[PowerRun, ...]

    @property
    def kills(self) -> tuple[PowerRun, ...]:
        """The runs in which some clause that must see it failed."""
        return tuple(run for run in self.runs if set(self.expected) & set(run.failed))

    @property
    def killed(self) -> bool:
        """Whether it counts as killed; of a mutant that was not run nobody knows."""
        return bool(self.runs) and len(self.kills) >= KILLED_RATE * len(self.runs)

    @property
    def pairs(self) -> dict[str, Kill]:
        """The same on each pair alone."""
        names = dict.fromkeys(run.pair for run in self.runs)
        return {name: replace(self, runs=tuple(run for run in self.runs if run.pair == name)) for name in names}

    def bounds(self) -> tuple[float, float]:
        """The 95 % interval (Clopper–Pearson) of the rate of kills a run."""
        kills, runs = len(self.kills), len(self.runs)
        if not runs:
            return 0.0, 1.0
        return clopper_pearson_lower(kills, runs, SIDE), clopper_pearson_upper(kills, runs, SIDE)

    def seen(self, clause: str) -> int:
        return sum(clause in run.failed for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """The runs of correct products. Any fail is an alarm, whatever the outcome of the clause."""

    runs: tuple[PowerRun, ...]

    @property
    def alarms(self) -> tuple[PowerRun, ...]:
        return tuple(run for run in self.runs if run.failed)

    @property
    def not_met(self) -> tuple[PowerRun, ...]:
        """The runs that accused nobody and yet were not all met: a premise was not, or the suite fell."""
        return tuple(run for run in self.runs if not run.failed and run.outcome != RunOutcome.ALL_MET)

    @property
    def variants(self) -> frozenset[str]:
        return frozenset(run.name for run in self.runs)

    def bound(self) -> float:
        """The upper 95 % bound (Clopper–Pearson) of the rate of alarms a run."""
        return clopper_pearson_upper(len(self.alarms), len(self.runs)) if self.runs else 1.0

    def bound_of_variants(self) -> float:
        """The same for the share of correct products that are ever accused: few products, a wide bound."""
        if not self.runs:
            return 1.0
        return clopper_pearson_upper(len({run.name for run in self.alarms}), len(self.variants))


@dataclass(frozen=True, slots=True)
class Effort:
    """What runs cost: how many there were, and the CPU-seconds of one."""

    runs: int
    mean: float
    most: float

    @classmethod
    def of(cls, runs: Iterable[PowerRun]) -> Effort:
        seconds = [run.seconds for run in runs]
        return cls(len(seconds), sum(seconds) / max(1, len(seconds)), max(seconds, default=0.0))

    def __str__(self) -> str:
        return f"{self.mean:.1f} ({self.most:.1f}; {self.runs})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Everything that one measurement found; ``digest`` names the suite that was measured."""

    digest: str
    kills: tuple[Kill, ...]
    nulls: tuple[PowerRun, ...]
    alarms: FalseAlarms

    @property
    def survivors(self) -> tuple[Kill, ...]:
        """The mutants that were run and do not count as killed."""
        return tuple(kill for kill in self.kills if kill.runs and not kill.killed)

    @property
    def passed_nulls(self) -> tuple[PowerRun, ...]:
        return tuple(run for run in self.nulls if run.outcome == RunOutcome.ALL_MET)

    @property
    def efforts(self) -> dict[str, Effort]:
        """The cost of the runs by what was run."""
        return {
            "mutants": Effort.of(run for kill in self.kills for run in kill.runs),
            "nulls": Effort.of(self.nulls),
            "correct": Effort.of(self.alarms.runs),
        }

    @property
    def good(self) -> bool:
        """No survivor, no null product that passes, no correct product that does not."""
        return not (self.survivors or self.passed_nulls or self.alarms.alarms or self.alarms.not_met)


def kill_matrix(
    seeds: Sequence[int],
    *,
    chosen: Iterable[Mutant] | None = None,
    pairs: Sequence[str] = PAIRS,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
    shard: Shard = WHOLE,
) -> tuple[Kill, ...]:
    """Every mutant on every seed of every pair to which it applies. Seeds outside, so that plans are kept."""
    every = tuple(chosen if chosen is not None else mutants().values())
    work = [(s, pair, m) for s in seeds for pair in pairs for m in every if not m.pairs or pair in m.pairs]
    runs: dict[str, list[PowerRun]] = {mutant.id: [] for mutant in every}
    for number, (seed, pair, mutant) in enumerate(work):
        if number % shard[1] != shard[0]:
            continue
        name = f"mutant:{mutant.id}"
        run = power_run(name, broken(mutant), pair=pair, seed=seed, ledger=ledger, due=mutant.killed_by)
        runs[mutant.id].append(run)
        _tell(progress, number + 1, len(work), mutant.id)
    return tuple(Kill(mutant=m.id, kind=m.kind, expected=m.killed_by, runs=tuple(runs[m.id])) for m in every)


def null_matrix(
    seeds: Sequence[int],
    *,
    pairs: Sequence[str] = PAIRS,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
    shard: Shard = WHOLE,
) -> tuple[PowerRun, ...]:
    """Every product that does nothing useful, on every pair."""
    work = [(n, p, pair, s) for s in seeds for pair in pairs for n, p in nulls.null_products().items()]
    found = []
    for done, (name, product, pair, seed) in enumerate(work, start=1):
        if done % shard[1] != shard[0]:
            continue
        found.append(power_run(f"null:{name}", product, pair=pair, seed=seed, ledger=ledger))
        _tell(progress, done, len(work), name)
    return tuple(found)


def false_alarms(
    runs: int,
    *,
    seed: int = 1,
    products: Mapping[str, Product] | None = None,
    pairs: Sequence[str] = PAIRS,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
    shard: Shard = WHOLE,
) -> FalseAlarms:
    """``runs`` runs of correct products, taken in turn, every run with a plan of its own."""
    every = list((correct_products() if products is None else products).items())
    found = []
    for number in range(runs):
        if number % shard[1] != shard[0]:
            continue
        name, product = every[number % len(every)]
        pair = pairs[number // len(every) % len(pairs)]
        run = power_run(f"correct:{name}", product, pair=pair, seed=seed + number, ledger=ledger)
        found.append(run)
        _tell(progress, number + 1, runs, name)
    return FalseAlarms(runs=tuple(found))


def _tell(progress: Progress | None, done: int, of: int, name: str) -> None:
    if progress:
        progress(done, of, name)


def run_selftest(
    *,
    runs: int,
    seed: int,
    mutant_seeds: int = 1,
    progress: Progress | None = None,
    ledger: Ledger | None = None,
    shard: Shard = WHOLE,
) -> SelfTest:
    """Every mutant on so many seeds of each pair, every null product, and ``runs`` runs of correct products."""
    book = ledger or Ledger()
    seeds = range(seed, seed + mutant_seeds)
    return SelfTest(
        digest=book.digest,
        kills=kill_matrix(seeds, ledger=book, progress=progress, shard=shard),
        nulls=null_matrix([seed], ledger=book, progress=progress, shard=shard),
        alarms=false_alarms(runs, seed=seed, ledger=book, progress=progress, shard=shard),
    )


KILLED = Text(
    "欠陥見本 {kind}: {killed}/{of} を検出（下限95% {lower:.0%}）",
    "Mutants, {kind}: {killed} of {of} killed (95 % at least {lower:.0%})",
)
SURVIVOR = Text(
    "  検出漏れ: {mutant}（{killed}/{of} 回、対象 {clauses}）",
    "  survivor: {mutant} ({killed} of {of} runs, due {clauses})",
)
MISSED = Text(
    "  見逃しあり: {mutant} {pair} {killed}/{of} 回（95%区間 {lower:.0%}–{upper:.0%}）",
    "  missed at times: {mutant} {pair} {killed} of {of} runs (95 % interval {lower:.0%}–{upper:.0%})",
)
EFFORT = Text(
    "1回あたりの CPU 秒（最大、回数）: 欠陥見本 {mutants}、何もしない製品 {nulls}、正しい製品 {correct}",
    "CPU-seconds a run (most; runs): mutants {mutants}, null products {nulls}, correct products {correct}",
)
NULLS = Text("何もしない製品: {passed}/{of} が合格", "Null products: {passed} of {of} runs all met")
ALARMS = Text(
    "正しい製品: {of} 回（{products} 製品）で誤った不合格 {alarms} 回。1回あたりの上限95% {run:.2%}、製品あたり {product:.0%}",
    "Correct products: {alarms} of {of} runs ({products} products) accused; 95 % at most {run:.2%} a run, {product:.0%} a product",
)
ALARM = Text("  誤った不合格: {name} {pair} 種 {seed}: {clauses}", "  accused: {name} {pair} seed {seed}: {clauses}")
UNMET = Text(
    "  判定に至らず: {name} {pair} 種 {seed}: {outcome}", "  not all met: {name} {pair} seed {seed}: {outcome}"
)
SUITE = Text("試験系 {digest}", "Suite {digest}")


def lines(selftest: SelfTest, lang: Lang) -> tuple[str, ...]:
    """What a person reads: kills by kind, survivors by name, null products, false alarms with bounds."""
    out = [SUITE.format(digest=selftest.digest)]
    for kind in ("wrapper", "fault"):
        some = [kill for kill in selftest.kills if kill.kind == kind and kill.runs]
        if some:
            killed = sum(kill.killed for kill in some)
            lower = clopper_pearson_lower(killed, len(some))
            out.append(KILLED.format(kind=kind, killed=killed, of=len(some), lower=lower))
    for kill in selftest.survivors:
        clauses = ", ".join(kill.expected) or "-"
        out.append(SURVIVOR.format(mutant=kill.mutant, killed=len(kill.kills), of=len(kill.runs), clauses=clauses))
    for kill in selftest.kills:
        for pair, on in kill.pairs.items():
            if len(on.kills) < len(on.runs):
                lower, upper = on.bounds()
                found = {"killed": len(on.kills), "of": len(on.runs), "lower": lower, "upper": upper}
                out.append(MISSED.format(mutant=kill.mutant, pair=pair, **found))
    out.append(NULLS.format(passed=len(selftest.passed_nulls), of=len(selftest.nulls)))
    alarms = selftest.alarms
    out.append(
        ALARMS.format(
            alarms=len(alarms.alarms),
            of=len(alarms.runs),
            products=len(alarms.variants),
            run=alarms.bound(),
            product=alarms.bound_of_variants(),
        )
    )
    for run in alarms.alarms:
        out.append(ALARM.format(name=run.name, pair=run.pair, seed=run.seed, clauses=", ".join(run.failed)))
    for run in alarms.not_met:
        out.append(UNMET.format(name=run.name, pair=run.pair, seed=run.seed, outcome=run.outcome))
    out.append(EFFORT.format(**selftest.efforts))
    return tuple(text[lang] for text in out)


def as_document(selftest: SelfTest) -> dict[str, object]:
    """The same for machines, with every mutant on every pair; ``calls`` and ``seconds`` are to the first kill."""
    alarms = selftest.alarms
    return {
        "suite": selftest.digest,
        "good": selftest.good,
        "mutants": [
            {
                "mutant": kill.mutant,
                "kind": kill.kind,
                "clauses": list(kill.expected),
                "killed": kill.killed,
                "pairs": [{"pair": pair} | _rates(on) for pair, on in kill.pairs.items()],
            }
            for kill in selftest.kills
            if kill.runs
        ],
        "survivors": [kill.mutant for kill in selftest.survivors],
        "nulls": {"runs": len(selftest.nulls), "passed": [asdict(run) for run in selftest.passed_nulls]},
        "correct": {
            "runs": len(alarms.runs),
            "products": sorted(alarms.variants),
            "accused": [asdict(run) for run in alarms.alarms],
            "not_met": [asdict(run) for run in alarms.not_met],
            "upper": alarms.bound(),
            "upper_of_products": alarms.bound_of_variants(),
        },
        "effort": {what: asdict(effort) for what, effort in selftest.efforts.items()},
    }


def _rates(on: Kill) -> dict[str, object]:
    """Of one mutant on one pair; calls and seconds are means over the runs that killed it."""
    lower, upper = on.bounds()
    kills = on.kills
    return {
        "runs": len(on.runs),
        "kills": len(kills),
        "lower": lower,
        "upper": upper,
        "calls": sum(run.calls for run in kills) / len(kills) if kills else None,
        "seconds": sum(run.seconds for run in kills) / len(kills) if kills else None,
    }
