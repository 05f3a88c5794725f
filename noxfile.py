"""The sessions of a developer: ``nox -l`` lists them, ``nox -s tests -- -k word`` passes options on."""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["tests", "lint", "types", "laws"]


def _install(session: nox.Session) -> None:
    session.install("-c", "constraints.txt", "-e", ".[dev]", "-e", "reference_impl")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests of the suite and of the reference implementation."""
    _install(session)
    session.run("pytest", "-n", "2", "conformance/tests", "reference_impl/tests", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take long: simulations, strangers' paths, whole runs of drafted declarations."""
    _install(session)
    session.run("pytest", "-m", "slow and not power", "conformance/tests", "reference_impl/tests", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Run ruff."""
    session.install("-c", "constraints.txt", "ruff")
    session.run("ruff", "check", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Run mypy, strict, over both distributions."""
    _install(session)
    session.run("mypy", *session.posargs)


@nox.session
def laws(session: nox.Session) -> None:
    """Check the laws of ARCHITECTURE.md: who may import whom, module size and names."""
    _install(session)
    session.run("lint-imports", "--no-cache")
    session.run("pytest", "conformance/tests/test_laws.py", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """Write the generated pages, then build both languages; a broken link is an error."""
    _install(session)
    session.run("tokumei", "site", "build")
    for config in ("mkdocs.yml", "mkdocs.en.yml"):
        session.run("mkdocs", "build", "--strict", "--config-file", config, *session.posargs)


@nox.session
def stranger(session: nox.Session) -> None:
    """Walk the paths of the vendor guide with its text alone, each to a first finding within five minutes."""
    session.install("-c", "constraints.txt", ".")
    session.run("python", "tools/stranger.py", str(Path(session.bin) / "tokumei"), *session.posargs)


@nox.session
def spark(session: nox.Session) -> None:
    """Run the same SQL on Spark, which needs a Java, and on DuckDB; both must say the same."""
    session.install("-c", "constraints.txt", "-e", ".[dev,spark]", "-e", "reference_impl")
    session.run("pytest", "-m", "slow", "conformance/tests/test_parity_spark.py", *session.posargs)


@nox.session
def power(session: nox.Session) -> None:
    """Run every mutant against the required plan and append to the ledger."""
    _install(session)
    session.run("tokumei", "selftest", "--runs", "1000", "--mutant-seeds", "3", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run every benchmark, or one: ``nox -s bench -- benchmarks/measures.py --threads 2``."""
    _install(session)
    if session.posargs:
        session.run("python", *session.posargs)
        return
    for script in sorted(Path("benchmarks").glob("*.py")):
        session.run("python", str(script))
