"""A product that is a Python callable in this process: reference, baseline, wrapper mutants."""

from __future__ import annotations

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
        """One call. There is no log to read, so none counts as captured unless the product fell."""
        began = time.perf_counter()
        try:
            response = self._product(request)
        except Exception:  # noqa: BLE001 - a crash of the product is a result, not an error
            return Call(
                request=request,
                response=None,
                trouble="crash",
                log=traceback.format_exc(),
                seconds=time.perf_counter() - began,
            )
        return Call(request=request, response=response, log_captured=False, seconds=time.perf_counter() - began)
