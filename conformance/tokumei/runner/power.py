"""One power run: the required plan of one pair of declarations against one product, kept in a ledger."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from tokumei import documents
from tokumei.adapters.adapter import today
from tokumei.adapters.leftovers import prefixed, private_temp, texts
from tokumei.adapters.network import overheard
from tokumei.clause import Mutant, checks
from tokumei.declarations import Organization, Processing
from tokumei.engines.duckdb import DuckDB
from tokumei.modalities.tables import baseline, variants
from tokumei.model import Call, Finding, Product, Request, Verdict
from tokumei.plan.bundle import Plan
from tokumei.plan.required import required_plan
from tokumei.resources import data
from tokumei.runner.run import Seen, inapplicable, run_plan
from tokumei.runner.verdicts import run_outcome

PAIRS = ("stroke-registry", "hospital")
"""The example declarations that runs take in turn."""

LOOKS = (1, 2)
"""After so many cases a run of a mutant is judged, beside at its end. Eight of ten mutants show themselves there;
a look loads all evidence again, so that one after every case would cost more than it saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRun:
    """What one required plan said of one product.

    ``calls`` were made and ``seconds`` of CPU used until the end: of a mutant, until the look at which it was killed.
    """

    name: str
    pair: str
    seed: int
    outcome: str
    failed: tuple[str, ...]
    errors: tuple[str, ...] = ()
    crashes: int = 0
    calls: int = 0
    seconds: float = 0.0


class Ledger:
    """Runs as JSON lines, each under the digest of the suite that made it; without a path nothing is kept.

    Runs are read from every path and added to the first. Several processes may add to one file at the same time;
    each has read what was there when it began.
    """

    def __init__(self, *paths: Path, digest: str = "") -> None:
        self.digest = digest or suite_digest()
        self._path = paths[0] if paths else None
        self._known: dict[tuple[str, str, int], PowerRun] = {}
        for path in paths:
            if path.exists():
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
        self._known.setdefault((run.name, run.pair, run.seed), run)

    def get(self, name: str, pair: str, seed: int) -> PowerRun | None:
        return self._known.get((name, pair, seed))

    def add(self, run: PowerRun) -> None:
        self._known[run.name, run.pair, run.seed] = run
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"suite": self.digest, **asdict(run)}, ensure_ascii=False)
        with self._path.open("ab+", buffering=0) as file:  # one write at the end: lines of processes do not mix
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else f"\n{line}"  # the one before was cut off
            file.write(f"{line}\n".encode())


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
                overheard() as network,
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
            network=tuple(sorted(network)),
            day=today(),
            seconds=time.perf_counter() - began,
        )


def power_run(
    name: str, product: Product, *, pair: str, seed: int, ledger: Ledger | None = None, due: Iterable[str] = ()
) -> PowerRun:
    """The required plan of ``pair`` against ``product``, unless the ledger has it.

    Clauses that the pair gives nothing to violate are not asked. With ``due``, only those clauses are judged, and
    the run ends at the first look at which one of them kills; what a statistic says waits for the end.
    """
    known = ledger.get(name, pair, seed) if ledger else None
    if known:
        return known
    began = time.process_time()
    wanted = set(due) or checks().keys()
    asked = {c.id: c for c in checks().values() if c.id in wanted and inapplicable(c, [pair_named(pair)]) is None}
    with DuckDB() as engine:
        looks = LOOKS if due and any(check.kind == "exact" for check in asked.values()) else ()
        track = run_plan(plan_of(pair, seed), Direct(product), asked, engine, looks=looks, enough=_killed)
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


def _killed(seen: Seen) -> bool:
    """A statistic fails a clause in two stages, and so not here."""
    return any(isinstance(item, Finding) for found, *_ in seen.values() for item in found)


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
