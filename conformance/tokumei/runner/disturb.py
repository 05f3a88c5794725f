"""What a case does to the product itself: end it between two calls, or kill it in the middle of one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tokumei.model import Call, Request
from tokumei.plan.bundle import Case
from tokumei.runner.run import Caller


def disturbed(caller: Caller, case: Case) -> Caller:
    """The caller that does to the product what the case plans before each of its calls."""
    return _Disturbed(caller, case) if any(call.before for call in case.calls) else caller


class _Disturbed:
    """Ends the product between calls or in the middle of a first try; a product without a process is spared."""

    def __init__(self, caller: Caller, case: Case) -> None:
        self._caller = caller
        self._plan = [call.before for call in case.calls]
        self._usual = 0.0

    def call(self, request: Request) -> Call:
        before = self._plan.pop(0)
        close: Callable[[], None] | None = getattr(self._caller, "close", None)
        if before == "kill" and close is not None:
            attempt = threading.Thread(target=self._caller.call, args=(request,), daemon=True)
            attempt.start()
            attempt.join(self._usual / 2)
            close()
            attempt.join()
        elif before and close is not None:
            close()
        call = self._caller.call(request)
        self._usual = call.seconds
        return call
