"""Faults of offsets: what they are counted from."""

from __future__ import annotations

import datetime as dt
import hashlib

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class OffsetFromThePseudonym(Baseline):
    """The offset of a person is counted from the first digits of the new identifier."""

    def number(self, row: Row) -> int:
        return int(self._hmac(f"subject/{row[chr(0)]}")[:8], 16)

    def shift(self, step: Step, value: str, row: Row) -> str:
        low, high = step.params["range"]
        offset = int(low) + self.number(row) % (int(high) - int(low) + 1)
        return (dt.date.fromisoformat(value) + dt.timedelta(days=offset)).isoformat()


class OffsetFromTheSourceKey(OffsetFromThePseudonym):
    """The offset of a person is counted from the digest of the source key."""

    def number(self, row: Row) -> int:
        return int(hashlib.md5(str(row[chr(0)]).encode(), usedforsecurity=False).hexdigest(), 16)


FAULTS: dict[str, type[Baseline]] = {
    "offset-from-the-pseudonym": OffsetFromThePseudonym,
    "offset-from-the-source-key": OffsetFromTheSourceKey,
}
