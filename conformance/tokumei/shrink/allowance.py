"""How much of the product's time shrinking may use: calls are what is counted, and the clock is only a cap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokumei.model import Call


@dataclass(slots=True)
class Allowance:
    """Seconds of the product that are left for all findings; a part of them is for the one at hand.

    The suite's own time is not counted: a busy machine must not change a report. ``over`` is the cap of the
    command, which may.
    """

    seconds: float
    over: Callable[[], bool] = lambda: False
    reserved: float = -math.inf

    def share(self, left: int) -> None:
        """Keep the parts of all but one of the ``left`` findings."""
        self.reserved = self.seconds * (left - 1) / left

    def pay(self, calls: Sequence[Call]) -> None:
        self.seconds -= sum(call.seconds for call in calls)

    def affords(self, seconds: float) -> bool:
        """Whether so much more may be spent on the finding at hand."""
        return self.seconds - seconds >= self.reserved and not self.over()
