"""Faults of what should be drawn anew for every release."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row

CONSTANT = b"tokumei"


def constant(text: str) -> str:
    """64 hexadecimal digits that no secret of a call has a part in."""
    return hmac.new(CONSTANT, text.encode(), hashlib.sha256).hexdigest()


class HalfOfTheNumberStays(Baseline):
    """The first half of a pseudonym is the person's for good, and the second is of this release."""

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        given = super().pseudonym(step, value, row)
        half = len(given) // 2
        return constant(f"{step.params.get('domain')}/{value}")[:half] + given[half:]


class OffsetsDrawnOnce(Baseline):
    """The offset of a person is drawn with a seed that no release changes."""

    def shift(self, step: Step, value: str, row: Row) -> str:
        low, high = step.params["range"]
        offset = int(low) + int(constant(f"shift/{row[chr(0)]}")[:12], 16) % (int(high) - int(low) + 1)
        return (dt.date.fromisoformat(value) + dt.timedelta(days=offset)).isoformat()


FAULTS: dict[str, type[Baseline]] = {
    "half-of-the-number-stays": HalfOfTheNumberStays,
    "offsets-drawn-once": OffsetsDrawnOnce,
}
