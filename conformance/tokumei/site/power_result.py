"""The result file of a measurement of power: what ledgers hold, as one document of ``schemas/power.schema.json``.

It stands beside the pages, not the runner: a change of how a measurement is told must not make it one of an
earlier suite.
"""

from __future__ import annotations

import json
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any

from tokumei import clause, documents, schema
from tokumei.model import RunOutcome
from tokumei.runner.power import LOOKS, PAIRS, Ledger
from tokumei.runner.selftest import KILLED_RATE, SIDE, FalseAlarms, Kill, SelfTest
from tokumei.stats import clopper_pearson_lower, clopper_pearson_upper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tokumei.clause import Mutant
    from tokumei.runner.power import PowerRun

Result = dict[str, Any]

DIGITS = 6


def read(path: Path) -> Result | None:
    """The result file, or None where nothing has been measured; one that breaks its schema is an error."""
    if not path.is_file():
        return None
    found: Result = documents.load(path).document
    problems = schema.validate(found, "power")
    if problems:
        raise ValueError(f"{path.name}: {[(problem.code, problem.place.pointer) for problem in problems]}")
    return found


def suites(ledgers: Iterable[Path]) -> Counter[str]:
    """The digests of the suites in the ledgers, each with its number of runs."""
    return Counter(suite for suite, _ in _keys(ledgers))


def measurement(ledgers: Sequence[Path], suite: str, mutants: Mapping[str, Mutant] | None = None) -> SelfTest:
    """All that the ledgers hold of one suite; nothing is run, and runs of mutants that are no more are left out."""
    book = Ledger(*ledgers, digest=suite)
    keys = sorted({key for _, key in _keys(ledgers)}, key=_order)
    runs = [run for key in keys if (run := book.get(*key))]
    return SelfTest(
        digest=suite,
        kills=tuple(
            Kill(mutant=m.id, kind=m.kind, expected=m.killed_by, runs=_named(runs, f"mutant:{m.id}"))
            for m in (clause.mutants() if mutants is None else mutants).values()
        ),
        nulls=_named(runs, "null:"),
        alarms=FalseAlarms(runs=_named(runs, "correct:")),
    )


def document(
    measured: SelfTest, *, date: str, kept: Result | None = None, mutants: Mapping[str, Mutant] | None = None
) -> Result:
    """The result file; ``kept`` is the one before, whose reasons of survivors and held-out part stay."""
    known = clause.mutants() if mutants is None else mutants
    reasons = {each["mutant"]: each["reason"] for each in (kept or {}).get("survivors", ()) if "reason" in each}
    every = [run for kill in measured.kills for run in kill.runs] + [*measured.nulls, *measured.alarms.runs]
    found: Result = {
        "suite": measured.digest,
        "date": date,
        "measured": {
            "pairs": [pair for pair in PAIRS if any(run.pair == pair for run in every)],
            "looks": list(LOOKS),
            "killed_rate": KILLED_RATE,
            "confidence": round(2 * SIDE - 1, DIGITS),
            "runs": len(every),
            "cpu_seconds": round(sum(run.seconds for run in every), 1),
        },
        "kinds": [_kind(kind, measured) for kind in ("wrapper", "fault") if _run(kind, measured)],
        "mutants": [_mutant(kill) for kill in measured.kills if kill.runs],
        "not_run": [
            {"mutant": kill.mutant, "pair": pair}
            for kill in measured.kills
            for pair in PAIRS
            if pair not in kill.pairs and pair in (known[kill.mutant].pairs or PAIRS)
        ],
        "survivors": [
            {"mutant": kill.mutant, **({"reason": reasons[kill.mutant]} if kill.mutant in reasons else {})}
            for kill in measured.survivors
        ],
        "correct": _correct(measured.alarms),
        "nulls": [
            {
                "product": _short(run),
                "pair": run.pair,
                "seed": run.seed,
                "outcome": run.outcome,
                "failed": [*run.failed],
            }
            for run in measured.nulls
        ],
        "costs": {
            what: {"runs": effort.runs, "mean": round(effort.mean, 2), "most": effort.most}
            for what, effort in measured.efforts.items()
        },
    }
    if kept and "held_out" in kept:
        found["held_out"] = kept["held_out"]
    return found


def _keys(ledgers: Iterable[Path]) -> Iterator[tuple[str, tuple[str, str, int]]]:
    """The suite and the key of each line; one that was cut off is passed over, as the ledger does."""
    for path in ledgers:
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                yield str(entry["suite"]), (str(entry["name"]), str(entry["pair"]), int(entry["seed"]))
            except (ValueError, TypeError, KeyError):
                continue


def _order(key: tuple[str, str, int]) -> tuple[str, int, str, int]:
    name, pair, seed = key
    return name, PAIRS.index(pair) if pair in PAIRS else len(PAIRS), pair, seed


def _named(runs: Iterable[PowerRun], name: str) -> tuple[PowerRun, ...]:
    """The runs of one product, or of all products of a kind where the name ends with a colon."""
    return tuple(run for run in runs if (run.name.startswith(name) if name.endswith(":") else run.name == name))


def _short(run: PowerRun) -> str:
    return run.name.partition(":")[2]


def _run(kind: str, measured: SelfTest) -> list[Kill]:
    return [kill for kill in measured.kills if kill.kind == kind and kill.runs]


def _kind(kind: str, measured: SelfTest) -> Result:
    """How many mutants of a kind are killed, with the one-sided bound that the command tells."""
    some = _run(kind, measured)
    killed = sum(kill.killed for kill in some)
    lower = clopper_pearson_lower(killed, len(some))
    return {"kind": kind, "mutants": len(some), "killed": killed, "lower": round(lower, DIGITS)}


def _mutant(kill: Kill) -> Result:
    return {
        "mutant": kill.mutant,
        "kind": kill.kind,
        "clauses": list(kill.expected),
        "killed": kill.killed,
        "pairs": [{"pair": pair} | _rates(on) for pair, on in kill.pairs.items()],
    }


def _rates(on: Kill) -> Result:
    """Of one mutant on one pair; calls and seconds are medians over the runs that killed it."""
    lower, upper = on.bounds()
    kills = on.kills
    return {
        "runs": len(on.runs),
        "kills": len(kills),
        "lower": round(lower, DIGITS),
        "upper": round(upper, DIGITS),
        "failed": {each: on.seen(each) for each in on.expected},
        "calls": median(run.calls for run in kills) if kills else None,
        "seconds": round(median(run.seconds for run in kills), 3) if kills else None,
    }


def _correct(alarms: FalseAlarms) -> Result:
    runs, accused = Counter(map(_short, alarms.runs)), Counter(map(_short, alarms.alarms))
    return {
        "runs": len(alarms.runs),
        "alarms": len(alarms.alarms),
        "upper": round(alarms.bound(), DIGITS),
        "products": [
            {
                "product": name,
                "runs": number,
                "alarms": accused[name],
                "upper": round(clopper_pearson_upper(accused[name], number), DIGITS),
            }
            for name, number in sorted(runs.items())
        ],
        "accused_products": len(accused),
        "upper_of_products": round(alarms.bound_of_variants(), DIGITS),
        "accused": [
            {"product": _short(run), "pair": run.pair, "seed": run.seed, "clauses": list(run.failed)}
            for run in alarms.alarms
        ],
        "not_met": [
            {"product": _short(run), "pair": run.pair, "seed": run.seed, "outcome": run.outcome}
            for run in alarms.not_met
        ],
    }


def passed(result: Result) -> int:
    """The runs of products that do nothing useful and pass nevertheless."""
    return sum(run["outcome"] == RunOutcome.ALL_MET for run in result["nulls"])
