"""Child processes that may misbehave: their output is bounded and none of them outlives its owner."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tokumei.adapters.network import Watch, apart

HEAD = 256 * 1024
TAIL = 256 * 1024
_MARK = "TOKUMEI_PROCESS"


class Log:
    """Text of a stream without end, kept in bounds: its beginning and its end. Safe between threads."""

    def __init__(self, head: int = HEAD, tail: int = TAIL) -> None:
        self._limits = (head, tail)
        self._lock = threading.Lock()
        self._head = bytearray()
        self._tail = bytearray()
        self._lost = 0
        self.cut = False
        """Whether the text that was taken last has lost its middle."""

    def add(self, chunk: bytes) -> None:
        """Append bytes; what does not fit is dropped from the middle and counted."""
        head, tail = self._limits
        with self._lock:
            room = head - len(self._head)
            self._head += chunk[:room]
            self._tail += chunk[room:] if room > 0 else chunk
            over = len(self._tail) - tail
            if over > 0:
                self._lost += over
                del self._tail[:over]

    def take(self) -> str:
        """The text since the last time, and forget it."""
        with self._lock:
            head, tail, lost = bytes(self._head), bytes(self._tail), self._lost
            self._head.clear()
            self._tail.clear()
            self._lost = 0
        self.cut = lost > 0
        middle = f"\n[... {lost} bytes ...]\n".encode() if lost else b""
        content = head + middle + tail
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        try:
            return content.decode("cp932")
        except UnicodeDecodeError:
            return content.decode("utf-8", "replace")


class Child:
    """A process in its own group whose pipes are drained by threads; ``kill`` ends all it has started."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        out: Callable[[bytes], None],
        err: Callable[[bytes], None],
    ) -> None:
        self._mark = uuid.uuid4().hex
        environment = {**os.environ, **(env or {}), _MARK: f"{os.environ.get(_MARK, '')},{self._mark}"}
        windows = sys.platform == "win32"
        self.process = subprocess.Popen(
            list(apart(argv, cwd)),
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=not windows,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if windows else 0,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.network = Watch(self.process.pid)
        self._drains = [_Drain(self.process.stdout.fileno(), out), _Drain(self.process.stderr.fileno(), err)]

    def send(self, line: bytes) -> None:
        """Write to standard input; raises ``OSError`` when the process does not take it."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def settle(self, seconds: float = 0.1) -> None:
        """Wait until what the process has already written has been drained."""
        end = time.monotonic() + seconds
        while any(drain.pending() for drain in self._drains) and time.monotonic() < end:
            time.sleep(0.0005)

    def kill(self) -> int | None:
        """End the process, its group, and whatever left the group; returns the exit code."""
        _kill_group(self.process)
        for _ in range(5):
            if not _kill_marked(self._mark):
                break
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        for drain in self._drains:
            drain.join(1)
        for stream, drained in zip((self.process.stdout, self.process.stderr), self._drains, strict=True):
            if stream is not None and not drained.is_alive():
                stream.close()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.network.close()
        return self.process.returncode


class _Drain(threading.Thread):
    """Reads one pipe until its end and hands every chunk on."""

    def __init__(self, descriptor: int, sink: Callable[[bytes], None]) -> None:
        super().__init__(daemon=True)
        self._descriptor = descriptor
        self._sink = sink
        self._busy = False
        self.start()

    def run(self) -> None:
        while True:
            try:
                chunk = os.read(self._descriptor, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                self._sink(b"")
                return
            self._busy = True
            self._sink(chunk)
            self._busy = False

    def pending(self) -> bool:
        """Whether bytes wait in the pipe or are being handed on."""
        if not self.is_alive():
            return False
        if self._busy:
            return True
        if sys.platform == "win32":
            return False
        import fcntl
        import struct
        import termios

        try:
            waiting = fcntl.ioctl(self._descriptor, termios.FIONREAD, b"\0\0\0\0")
        except OSError:
            return False
        return bool(struct.unpack("i", waiting)[0])


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _kill_marked(mark: str) -> bool:
    """Kill processes that carry the mark of this child in their environment (Linux); True if any."""
    if not sys.platform.startswith("linux"):
        return False
    wanted = mark.encode()
    found = False
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted not in (entry / "environ").read_bytes():
                continue
            os.kill(int(entry.name), signal.SIGKILL)
            found = True
        except OSError:
            continue
    return found
