"""A product that is a Python callable in this process: reference, baseline, wrapper mutants."""

from __future__ import annotations

import contextlib
import io
import time
import traceback

from tokumei.adapters.base import Closing
from tokumei.model import Call, Product, ProductInfo, Request


class InProcess(Closing):
    """Calls ``product``; whatever it raises is a crash with the traceback as its log."""

    def __init__(self, product: Product, info: ProductInfo) -> None:
        self._product = product
        self._info = info

    def describe(self) -> ProductInfo:
        """The statement that was given with the callable."""
        return self._info

    def call(self, request: Request) -> Call:
        """One call; what the callable prints through Python's streams is its log."""
        began = time.perf_counter()
        printed = io.StringIO()
        response, trouble = None, ""
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                response = self._product(request)
        except Exception:  # noqa: BLE001 - a crash of the product is a result, not an error
            trouble = "crash"
            printed.write(traceback.format_exc())
        return Call(
            request=request,
            response=response,
            trouble="crash" if trouble else "",
            log=printed.getvalue(),
            seconds=time.perf_counter() - began,
        )
