"""``batch:``: one process a call that reads one folder, writes another, and ends."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tokumei.adapters.adapter import Attempt, Closing, Timeouts, Trouble, Workplace, remove
from tokumei.adapters.leftovers import temporary, texts
from tokumei.adapters.processes import Child, Log
from tokumei.adapters.product import default_info
from tokumei.model import Call, ProductInfo, Request

REQUEST, RESPONSE = "{request}", "{response}"


class Batch(Closing):
    """A product that is started for every call; all that it prints is its log."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        info: ProductInfo | None = None,
        cwd: Path | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        given = list(argv)
        for placeholder in (REQUEST, RESPONSE):
            if not any(placeholder in part for part in given):
                given.append(placeholder)
        self.argv = tuple(given)
        self._info = info or default_info(self.argv[0])
        self._cwd = cwd
        self._timeouts = timeouts or Timeouts()
        self._work = Workplace(cwd)

    def describe(self) -> ProductInfo:
        """The statement of ``product.yaml``, else the default."""
        return self._info

    def call(self, request: Request) -> Call:
        """One process, one call; after a timeout one more."""
        call = self._work.run(request, self._attempt)
        if call.trouble == "timeout":
            call = self._work.run(request, self._attempt)
        return call

    def close(self) -> None:
        """Remove the folders; no process is left between calls."""
        self._work.close()

    def _attempt(self, asked: Path, answer: Path) -> Attempt:
        log = Log()
        argv = [part.replace(REQUEST, str(asked)).replace(RESPONSE, str(answer)) for part in self.argv]
        began = time.monotonic()
        temp = self._work.temporary()
        try:
            child = Child(argv, cwd=self._cwd, env=temporary(temp), out=log.add, err=log.add)
        except OSError as error:
            return Attempt(trouble="crash", log=str(error))
        trouble: Trouble = ""
        try:
            child.process.wait(self._timeouts.call)
        except subprocess.TimeoutExpired:
            trouble = "timeout"
        finally:
            seconds = time.monotonic() - began
            child.settle()
            network = child.network.take()
            code = child.kill()
        if not trouble and code and not (answer / "response.json").exists():
            trouble = "crash"
        text = log.take()
        left = texts(temp)
        remove(temp)
        return Attempt(
            trouble=trouble,
            log=text,
            log_cut=log.cut,
            left=left,
            network=network,
            seconds=seconds,
            exit_code=None if trouble == "timeout" else code,
        )
