"""A product that is a Python callable in this process: the baseline, wrapper mutants."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from tokumei.adapters.adapter import Closing, today
from tokumei.adapters.leftovers import prefixed, private_temp, texts
from tokumei.adapters.network import overheard
from tokumei.model import Call, Product, ProductInfo, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

_ONE = threading.RLock()
"""Standard output belongs to the whole process: one call at a time has it."""


class InProcess(Closing):
    """Calls ``product``; what it prints is its log, whatever it raises is a crash with the traceback."""

    def __init__(self, product: Product, info: ProductInfo) -> None:
        self._product = product
        self._info = info

    def describe(self) -> ProductInfo:
        """The statement that was given with the callable."""
        return self._info

    def call(self, request: Request) -> Call:
        """One call, in the calling thread; there is no time limit."""
        response: Response | None = None
        with _printed() as log, private_temp() as temp, overheard() as network:
            began = time.perf_counter()
            try:
                response = self._product(request)
            except Exception:  # noqa: BLE001 - a crash of the product is a result, not an error
                log.write(traceback.format_exc())
            seconds = time.perf_counter() - began
            left = prefixed("temp", texts(temp))
        return Call(
            request=request,
            response=response,
            trouble="crash" if response is None else "",
            log=log.getvalue(),
            left=left,
            network=tuple(sorted(network)),
            day=today(),
            seconds=seconds,
        )


class _OfThread:
    """A stream that keeps what one thread writes and passes on the rest (a progress bar, say)."""

    def __init__(self, log: io.StringIO, stream: Any) -> None:
        self._log = log
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        stream = self._log if threading.get_ident() == self._thread else self._stream
        return int(stream.write(text) or 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _printed() -> Iterator[io.StringIO]:
    log = io.StringIO()
    with _ONE:
        out: Any = _OfThread(log, sys.stdout)
        err: Any = _OfThread(log, sys.stderr)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield log
