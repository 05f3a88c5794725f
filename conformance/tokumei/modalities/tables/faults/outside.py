"""Faults of what a step leaves outside the release: questions over a network, and files for somebody to look at."""

from __future__ import annotations

import contextlib
import json
import socket
import tempfile
from functools import cached_property

from tokumei.declarations import Step
from tokumei.modalities.tables.baseline import Baseline, Row


class TermsAskedOfAServer(Baseline):
    """A server of terms is asked for every value that a table groups; the table is used when it does not answer.

    The server stands on this machine, where nobody answers.
    """

    @cached_property
    def asked(self) -> set[str]:
        """The values that were asked for: once each in a call."""
        return set()

    def generalize(self, step: Step, value: str, row: Row) -> str:
        if "hierarchy" in step.params and value not in self.asked:
            self.asked.add(value)
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", 9), timeout=0.2) as server,
            ):
                server.sendall(f"{value}\n".encode())
        return super().generalize(step, value, row)


class RejectedRowsFiled(Baseline):
    """Rows that are taken out go into a file, so that somebody can look at them; nobody removes it."""

    def remove(self, gone: set[str | None]) -> None:
        rejected = [{"table": name, **row} for name, rows in self.tables.items() for row in rows if row["\x00"] in gone]
        if rejected:
            with tempfile.NamedTemporaryFile("w", prefix="rejected-", delete=False, encoding="utf-8") as file:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rejected)
        super().remove(gone)


FAULTS: dict[str, type[Baseline]] = {
    "terms-asked-of-a-server": TermsAskedOfAServer,
    "rejected-rows-filed": RejectedRowsFiled,
}
