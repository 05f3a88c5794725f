"""Faults that leave identifying descriptions: codes of them, dates of birth, addresses, free text."""

from __future__ import annotations

import hashlib
import hmac

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class SaltInTheSource(Baseline):
    """The key of every pseudonym is a word in the program."""

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        del row
        return hmac.new(b"secret", value.encode(), hashlib.sha256).hexdigest()[: int(step.params.get("bits", 128)) // 4]


class RowKeyBackwards(Baseline):
    """The key of a row, not of the person, is written from its end."""

    def pseudonym(self, step: Step, value: str, row: Row) -> str:
        return value[::-1] if step.technique == "pseudonymize-random" else super().pseudonym(step, value, row)


FAULTS: dict[str, type[Baseline]] = {
    "salt-in-the-source": SaltInTheSource,
    "row-key-backwards": RowKeyBackwards,
}
