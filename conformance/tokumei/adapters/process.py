"""``exec:``: one process for all calls, JSON lines on its standard streams, folders for the data."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokumei.adapters.adapter import Attempt, Closing, Timeouts, Trouble, Workplace, remove
from tokumei.adapters.leftovers import added, temporary, texts
from tokumei.adapters.processes import Child, Log
from tokumei.adapters.product import default_info, info_from
from tokumei.model import Call, Exit, Place, Problem, ProductInfo, Request, TokumeiError

LINE_LIMIT = 1 << 20


class Exec(Closing):
    """A product that stays. It is started when first needed and again after it was lost."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        info: ProductInfo | None = None,
        name: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.argv = tuple(argv)
        self.hello: Mapping[str, Any] = {}
        """The statement that the product answered to ``hello``."""
        self._info = info
        self._name = name or self.argv[0]
        self._cwd = cwd
        self._env = env
        self._timeouts = timeouts or Timeouts()
        self._work = Workplace(cwd)
        self._talk: _Talk | None = None
        self._temp: Path | None = None
        self._seen: Mapping[str, str] = {}
        self._count = 0

    def describe(self) -> ProductInfo:
        """The statement of ``product.yaml``, else of ``hello``, else the default."""
        if self._info is None:
            trouble, log, code = self._start()
            if trouble:
                raise TokumeiError(
                    Problem(
                        code="PRODUCT_NOT_STARTED",
                        place=Place(file=self._name),
                        params={"trouble": trouble, "exit_code": code, "log": log[-2000:]},
                    ),
                    exit_code=Exit.PRODUCT,
                )
            if self.hello.get("name"):
                self._info = info_from(self.hello, self._cwd or Path.cwd(), "hello")
            else:
                self._info = default_info(self._name)
        return self._info

    def call(self, request: Request) -> Call:
        """One call; after a timeout one more, in a fresh process that does nothing else."""
        call = self._work.run(request, self._attempt)
        if call.trouble == "timeout":
            call = self._work.run(request, self._attempt)
        return call

    def close(self) -> None:
        """End the process and everything that it has started."""
        self._stop()
        self._temp, self._seen = None, {}
        self._work.close()

    def _attempt(self, asked: Path, answer: Path) -> Attempt:
        began = time.monotonic()
        trouble, log, code = self._start()
        if trouble or self._talk is None:
            return Attempt(trouble=trouble, log=log, seconds=time.monotonic() - began, exit_code=code)
        talk = self._talk
        self._count += 1
        began = time.monotonic()
        message = {"op": "call", "id": str(self._count), "request": str(asked), "response": str(answer)}
        trouble, reply = talk.ask(message, self._timeouts.call)
        seconds = time.monotonic() - began
        if not trouble and (reply.get("id") != str(self._count) or reply.get("status") != "done"):
            trouble = "protocol"
        if trouble:
            network = talk.child.network.take()
            log, code = self._stop(gently=trouble == "crash")
            left = self._left()
            return Attempt(trouble=trouble, log=log, seconds=seconds, exit_code=code, left=left, network=network)
        talk.child.settle()
        network = talk.child.network.take()
        left = self._left()
        return Attempt(log=talk.log.take(), log_cut=talk.log.cut, seconds=seconds, left=left, network=network)

    def _left(self) -> dict[str, str]:
        """What the call added to the temporary folder of the process."""
        before, self._seen = self._seen, texts(self._temp) if self._temp is not None else {}
        return added(before, self._seen)

    def _start(self) -> tuple[Trouble, str, int | None]:
        """Start the process unless it runs; the trouble, its log and exit code when it does not."""
        if self._talk is not None:
            if self._talk.child.process.poll() is None:
                return "", "", None
            self._stop()
        if self._temp is not None:
            remove(self._temp)
        self._temp, self._seen = self._work.temporary(), {}
        try:
            self._talk = _Talk(self.argv, self._cwd, {**(self._env or {}), **temporary(self._temp)})
        except OSError as error:
            return "crash", str(error), None
        trouble, reply = self._talk.ask({"op": "hello", "protocol": "tokumei/1"}, self._timeouts.start)
        if trouble:
            return trouble, *self._stop(gently=trouble == "crash")
        self.hello = reply
        return "", "", None

    def _stop(self, *, gently: bool = False) -> tuple[str, int | None]:
        talk, self._talk = self._talk, None
        if talk is None:
            return "", None
        code = talk.end(self._timeouts.close if gently else 0.0)
        return talk.log.take(), code


class _Talk:
    """One running process and the lines that it has answered."""

    def __init__(self, argv: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None) -> None:
        self.log = Log()
        self._lines: queue.Queue[bytes | None] = queue.Queue(maxsize=64)
        self._partial = bytearray()
        self._spoiled = False
        self.child = Child(argv, cwd=cwd, env=env, stdin=True, out=self._out, err=self.log.add)

    def ask(self, message: Mapping[str, object], seconds: float) -> tuple[Trouble, dict[str, Any]]:
        """Send one line and wait for one; the trouble, or the object that came back."""
        if not self._lines.empty():
            return self._unexpected()
        try:
            self.child.send(json.dumps(message).encode() + b"\n")
        except OSError:
            return "crash", {}
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return "timeout", {}
        if line is None:
            return "crash", {}
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            reply = None
        if self._spoiled or not isinstance(reply, dict):
            self.log.add(line + b"\n")
            return "protocol", {}
        return "", reply

    def end(self, patience: float) -> int | None:
        """Wait a little for an end that is under way, then kill."""
        if patience:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.process.wait(patience)
        self.child.settle()
        code = self.child.process.poll()
        killed = self.child.kill()
        return killed if code is None else code

    def _unexpected(self) -> tuple[Trouble, dict[str, Any]]:
        line = self._lines.get()
        if line is None:
            return "crash", {}
        self.log.add(line + b"\n")
        return "protocol", {}

    def _out(self, chunk: bytes) -> None:
        """Cut standard output into lines; too long or too many lines spoil the process."""
        if not chunk:
            self._put(None)
            return
        if self._spoiled:
            return
        *lines, rest = (bytes(self._partial) + chunk).split(b"\n")
        self._partial = bytearray(rest)
        for line in lines:
            if line.strip():
                self._put(line)
        if len(self._partial) > LINE_LIMIT:
            self._spoiled = True
            self._put(bytes(self._partial[:4096]))
            self._partial.clear()

    def _put(self, line: bytes | None) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._spoiled = True
