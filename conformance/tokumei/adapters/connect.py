"""From the word on the command line to a connected product."""

from __future__ import annotations

import os
import shlex
import sys
from importlib.metadata import entry_points
from pathlib import Path

from tokumei.adapters.adapter import Adapter, Timeouts
from tokumei.adapters.batch import Batch
from tokumei.adapters.inprocess import InProcess
from tokumei.adapters.process import Exec
from tokumei.adapters.product import beside_command, beside_module, default_info, found_program, read_info
from tokumei.model import Exit, Place, Problem, ProductInfo, TokumeiError

GROUP = "tokumei.products"


def connect(
    spec: str,
    *,
    product_file: Path | None = None,
    timeouts: Timeouts | None = None,
    cwd: Path | None = None,
) -> Adapter:
    """Connect ``python:pkg.mod:func``, ``exec:CMD``, ``batch:CMD`` or the name of an installed product."""
    kind, colon, rest = spec.partition(":")
    here = (cwd or Path.cwd()).resolve()
    if colon and kind in ("exec", "batch"):
        argv = _split(spec, rest)
        if not found_program(argv, here):
            raise _stop("PRODUCT_NOT_FOUND", spec, Exit.PRODUCT, program=argv[0])
        info = _info(product_file, beside_command(argv, here))
        if kind == "batch":
            return Batch(argv, info=info, cwd=here, timeouts=_limit(timeouts, info))
        return Exec(argv, info=info, cwd=here, timeouts=_limit(timeouts, info))
    if colon and kind == "python":
        module, colon, function = rest.partition(":")
        if not module or not function:
            raise _stop("PRODUCT_SPEC_INVALID", spec)
        info = _info(product_file, beside_module(module, here))
        argv = [sys.executable, "-m", "tokumei.adapters.pythonhost", rest]
        paths = (os.environ.get("PYTHONPATH"), str(Path(__file__).resolve().parents[2]))
        env = {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
        return Exec(argv, info=info, name=rest, cwd=here, env=env, timeouts=_limit(timeouts, info))
    if colon and kind == "files":
        raise _stop("PRODUCT_FILES_ARE_AUDITED", spec)
    if colon and kind == "http":
        raise _stop("PRODUCT_KIND_UNSUPPORTED", spec, kind=kind)
    if colon:
        raise _stop("PRODUCT_KIND_UNKNOWN", spec, kind=kind)
    return _installed(spec, product_file, timeouts, here)


def installed() -> tuple[str, ...]:
    """The names that stand for an installed product."""
    return tuple(sorted(entry_points(group=GROUP).names))


def _installed(name: str, product_file: Path | None, timeouts: Timeouts | None, here: Path) -> Adapter:
    """The entry point is a function that gives the argv of an ``exec:`` product, or a callable to host here."""
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        raise _stop("PRODUCT_UNKNOWN", name, known=", ".join(installed()))
    try:
        made = found[0].load()()
        if callable(made):
            told = getattr(sys.modules[made.__module__], "INFO", None) or default_info(name)
            return InProcess(made, read_info(product_file) if product_file else told)
        argv = [str(part) for part in made]
    except TokumeiError:
        raise
    except Exception as error:
        raise _stop("PRODUCT_NOT_STARTED", name, Exit.PRODUCT, why=type(error).__name__) from error
    info = _info(product_file, beside_command(argv, here))
    return Exec(argv, info=info, name=name, cwd=here, timeouts=_limit(timeouts, info))


def _split(spec: str, command: str) -> list[str]:
    try:
        argv = shlex.split(command, posix=os.name != "nt")
        if os.name == "nt":
            argv = [part.strip('"') for part in argv]
    except ValueError as error:
        raise _stop("PRODUCT_SPEC_INVALID", spec) from error
    if not argv:
        raise _stop("PRODUCT_SPEC_INVALID", spec)
    return argv


def _info(product_file: Path | None, beside: Path | None) -> ProductInfo | None:
    file = product_file or beside
    return None if file is None else read_info(file)


def _limit(timeouts: Timeouts | None, info: ProductInfo | None) -> Timeouts:
    """The given limits, else the product's own limit of seconds, else the default."""
    if timeouts is not None:
        return timeouts
    if info is not None and info.max_seconds is not None:
        return Timeouts(call=info.max_seconds)
    return Timeouts()


def _stop(code: str, spec: str, exit_code: int = Exit.USAGE, **params: object) -> TokumeiError:
    return TokumeiError(Problem(code=code, place=Place(file=spec), params=params), exit_code=exit_code)
