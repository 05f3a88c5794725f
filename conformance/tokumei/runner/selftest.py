"""The power of the suite, measured: which mutants it kills, and how often it accuses a correct product.

A power run is the required plan of one pair of declarations; runs take the pairs in turn. What a run gave is
appended to a ledger under the digest of the suite, so that a measurement can be interrupted and taken up again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from tokumei import documents
from tokumei.adapters.leftovers import prefixed, private_temp, texts
from tokumei.clause import Mutant, checks, mutants
from tokumei.declarations import Organization, Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline, variants
from tokumei.modalities.tables.relations import Played
from tokumei.model import Call, Finding, Lang, Product, Request, RunOutcome, Text, Verdict
from tokumei.plan.bundle import Plan, PlannedCall
from tokumei.plan.required import required_plan
from tokumei.resources import data
from tokumei.runner.run import inapplicable, judge, run_plan
from tokumei.runner.verdicts import run_outcome
from tokumei.stats import clopper_pearson_lower, clopper_pearson_upper

PAIRS = ("stroke-registry", "hospital")
"""The example declarations that runs take in turn."""

Progress = Callable[[int, int, str], None]
"""Runs done, runs in all, and the name of the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRun:
    """What one required plan said of one product."""

    name: str
    pair: str
    seed: int
    outcome: str
    failed: tuple[str, ...]
    errors: tuple[str, ...] = ()
    crashes: int = 0
    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One mutant: the clauses that must see it, and the runs in which each clause failed."""

    mutant: str
    kind: str
    expected: tuple[str, ...]
    runs: tuple[PowerRun, ...]

    @property
    def killed(self) -> int:
        """The runs in which some clause that must see it failed."""
        return sum(bool(set(self.expected) & set(run.failed)) for run in self.runs)

    @property
    def always(self) -> bool:
        """Whether there is a pair on which every run kills it: a pair may hold nothing for it to break."""
        missed = {run.pair for run in self.runs if not set(self.expected) & set(run.failed)}
        return bool({run.pair for run in self.runs} - missed)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Everything that one measurement found; ``digest`` names the suite that was measured."""

    digest: str
    kills: tuple[Kill, ...]
    nulls: tuple[PowerRun, ...]
    alarms: FalseAlarms

    @property
    def survivors(self) -> tuple[Kill, ...]:
        """The mutants that every pair missed in some run."""
        return tuple(kill for kill in self.kills if not kill.always)

    @property
    def passed_nulls(self) -> tuple[PowerRun, ...]:
        return tuple(run for run in self.nulls if run.outcome == RunOutcome.ALL_MET)

    @property
    def good(self) -> bool:
        """No survivor, no null product that passes, no correct product that does not."""
        return not (self.survivors or self.passed_nulls or self.alarms.alarms or self.alarms.not_met)


class Ledger:
    """Runs as JSON lines, each under the digest of the suite that made it; without a path nothing is kept."""

    def __init__(self, path: Path | None = None, *, digest: str = "") -> None:
        self.digest = digest or suite_digest()
        self._path = path
        self._known: dict[tuple[str, str, int], PowerRun] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._learn(line)

    def _learn(self, line: str) -> None:
        """A line that was cut off when a measurement was interrupted is passed over."""
        try:
            entry = json.loads(line)
            if entry.pop("suite") != self.digest:
                return
            run = PowerRun(**entry | {"failed": tuple(entry["failed"]), "errors": tuple(entry["errors"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            return
        self._known[run.name, run.pair, run.seed] = run

    def get(self, name: str, pair: str, seed: int) -> PowerRun | None:
        return self._known.get((name, pair, seed))

    def add(self, run: PowerRun) -> None:
        self._known[run.name, run.pair, run.seed] = run
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            line = json.dumps({"suite": self.digest, **asdict(run)}, ensure_ascii=False)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")


@lru_cache(maxsize=1)
def suite_digest() -> str:
    """A digest of the code that plans and judges, and of the example declarations; reports are left out."""
    root = Path(__file__).resolve().parents[1]
    outside = {"cli", "report", "site", "messages", "adapters", "shrink", "_data"}
    files = [p for p in root.rglob("*.py") if p.relative_to(root).parts[0] not in outside]
    files += [path for pair in PAIRS for path in data("examples", "declarations", pair).glob("*.yaml")]
    found = hashlib.sha256()
    for path in sorted(files, key=lambda p: (p.parent.name, p.name)):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


@lru_cache(maxsize=8)
def pair_named(name: str) -> tuple[Organization, Processing]:
    """The pair of example declarations of that name."""
    folder = data("examples", "declarations", name)
    return (
        Organization.of(documents.load(folder / "organization.yaml").document),
        Processing.of(documents.load(folder / "processing.yaml").document),
    )


@lru_cache(maxsize=4)
def plan_of(pair: str, seed: int) -> Plan:
    """The required plan of one pair; the last few are kept, since every product of a seed takes the same."""
    return required_plan([pair_named(pair)], track="open", seed=seed)


class Direct:
    """Calls a product in this process; what it prints is its log."""

    def __init__(self, product: Product) -> None:
        self._product = product

    def call(self, request: Request) -> Call:
        printed = io.StringIO()
        began = time.perf_counter()
        try:
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
                private_temp() as temp,
            ):
                response = self._product(request)
                left = prefixed("temp", texts(temp))
        except Exception:  # noqa: BLE001 - a crash of the product is a result, not an error
            log = printed.getvalue() + traceback.format_exc()
            return Call(request=request, response=None, trouble="crash", log=log, seconds=time.perf_counter() - began)
        return Call(
            request=request,
            response=response,
            log=printed.getvalue(),
            left=left,
            seconds=time.perf_counter() - began,
        )


def power_run(
    name: str, product: Product, *, pair: str, seed: int, ledger: Ledger | None = None, due: Iterable[str] = ()
) -> PowerRun:
    """The required plan of ``pair`` against ``product``, unless the ledger has it.

    Clauses that the pair gives nothing to violate are not asked. With ``due``, only those clauses are judged, and
    the run ends where one of them kills.
    """
    known = ledger.get(name, pair, seed) if ledger else None
    if known:
        return known
    began = time.process_time()
    wanted = set(due) or checks().keys()
    asked = {c.id: c for c in checks().values() if c.id in wanted and inapplicable(c, [pair_named(pair)]) is None}
    exact = [check for check in asked.values() if due and check.kind == "exact"]
    with DuckDB() as engine:

        def killed(played: Sequence[tuple[PlannedCall, Played]]) -> bool:
            seen = judge(exact, played[-1:], engine, seed=seed)
            return any(isinstance(item, Finding) for found, *_ in seen.values() for item in found)

        track = run_plan(plan_of(pair, seed), Direct(product), asked, engine, stop_after=killed if exact else None)
    run = PowerRun(
        name=name,
        pair=pair,
        seed=seed,
        outcome=str(run_outcome(track.results)),
        failed=tuple(r.clause for r in track.results if r.verdict is Verdict.FAIL),
        errors=tuple(r.clause for r in track.results if r.error),
        crashes=track.crashes,
        calls=track.calls,
        seconds=round(time.process_time() - began, 2),
    )
    if ledger:
        ledger.add(run)
    return run


def broken(mutant: Mutant) -> Product:
    """The mutant as a product: a fault of the baseline, or a wrapper around it."""
    if mutant.kind == "fault":
        return baseline.product(mutant.fault)
    if mutant.wrap is None:
        raise ValueError(mutant.id)
    return mutant.wrap(baseline.product())


def correct_products() -> dict[str, Product]:
    """The baseline and the variants: none may be accused."""
    return {"baseline": baseline.product(), **variants.correct_products()}


def kill_matrix(
    seeds: Sequence[int],
    *,
    chosen: Iterable[Mutant] | None = None,
    pairs: Sequence[str] = PAIRS,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
) -> tuple[Kill, ...]:
    """Every mutant on one run a seed; the runs take the pairs in turn. Seeds outside, so that plans are kept."""
    every = tuple(chosen if chosen is not None else mutants().values())
    runs: dict[str, list[PowerRun]] = {mutant.id: [] for mutant in every}
    done = 0
    for seed in seeds:
        for mutant in every:
            pair = pairs[seed % len(pairs)]
            runs[mutant.id].append(
                power_run(
                    f"mutant:{mutant.id}", broken(mutant), pair=pair, seed=seed, ledger=ledger, due=mutant.killed_by
                )
            )
            done += 1
            _tell(progress, done, len(every) * len(seeds), mutant.id)
    return tuple(Kill(mutant=m.id, kind=m.kind, expected=m.killed_by, runs=tuple(runs[m.id])) for m in every)


def null_matrix(
    seeds: Sequence[int],
    *,
    pairs: Sequence[str] = PAIRS,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
) -> tuple[PowerRun, ...]:
    """Every product that does nothing useful, on every pair."""
    work = [(n, p, pair, s) for s in seeds for pair in pairs for n, p in baseline.null_products().items()]
    found = []
    for done, (name, product, pair, seed) in enumerate(work, start=1):
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
) -> FalseAlarms:
    """``runs`` runs of correct products, taken in turn, every run with a plan of its own."""
    every = list((correct_products() if products is None else products).items())
    found = []
    for number in range(runs):
        name, product = every[number % len(every)]
        pair = pairs[number // len(every) % len(pairs)]
        run = power_run(f"correct:{name}", product, pair=pair, seed=seed + number, ledger=ledger)
        found.append(run)
        _tell(progress, number + 1, runs, name)
    return FalseAlarms(runs=tuple(found))


def _tell(progress: Progress | None, done: int, of: int, name: str) -> None:
    if progress:
        progress(done, of, name)


def run_selftest(*, runs: int, seed: int, progress: Progress | None = None, ledger: Ledger | None = None) -> SelfTest:
    """Every mutant on both pairs, every null product, and ``runs`` runs of correct products."""
    book = ledger or Ledger()
    seeds = range(seed, seed + len(PAIRS))
    return SelfTest(
        digest=book.digest,
        kills=kill_matrix(seeds, ledger=book, progress=progress),
        nulls=null_matrix([seed], ledger=book, progress=progress),
        alarms=false_alarms(runs, seed=seed, ledger=book, progress=progress),
    )


KILLED = Text(
    "欠陥見本 {kind}: {killed}/{of} を検出（下限95% {lower:.0%}）",
    "Mutants, {kind}: {killed} of {of} killed (95 % at least {lower:.0%})",
)
SURVIVOR = Text(
    "  検出漏れ: {mutant}（{killed}/{of} 回、対象 {clauses}）",
    "  survivor: {mutant} ({killed} of {of} runs, due {clauses})",
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
        some = [kill for kill in selftest.kills if kill.kind == kind]
        if some:
            killed = sum(kill.always for kill in some)
            lower = clopper_pearson_lower(killed, len(some))
            out.append(KILLED.format(kind=kind, killed=killed, of=len(some), lower=lower))
    for kill in selftest.survivors:
        out.append(
            SURVIVOR.format(
                mutant=kill.mutant, killed=kill.killed, of=len(kill.runs), clauses=", ".join(kill.expected) or "-"
            )
        )
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
    return tuple(text[lang] for text in out)
