"""What a product does with a network, as far as this machine lets it be seen without privileges.

On Linux a process gets a network of its own (``isolated``), whose sockets and counters are then all its own: they are
read while it works and once more when it has ended. Where that is not to be had, the sockets that its processes hold
are looked up in the tables of the machine. In this process, Python tells of every connection (audit events).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path

TABLES = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")
"""Sockets that are bound or connected; one that was only made, to ask for the names of interfaces, is in none."""
COUNTERS = {
    "snmp": ("Tcp ActiveOpens", "Tcp PassiveOpens", "Udp OutDatagrams", "UdpLite OutDatagrams", "Ip OutNoRoutes"),
    "snmp6": ("Udp6OutDatagrams", "Ip6OutNoRoutes"),
}
"""What only grows when somebody opens a connection, sends, or tries to."""
EVENTS = frozenset(
    "socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname "
    "socket.gethostbyaddr".split()
)
_EVERY, _SLOWER, _APART = 0.005, 0.05, 2.0


def apart(argv: Sequence[str], cwd: Path | None) -> tuple[str, ...]:
    """The command that starts the program in a network of its own; as it is where that makes no sense."""
    found = shutil.which(argv[0]) or (Path(cwd or Path.cwd()) / argv[0]).exists()
    if not sys.platform.startswith("linux") or not found:
        return tuple(argv)
    return (sys.executable, "-I", "-S", str(Path(__file__).with_name("isolated.py")), *argv)


class Watch:
    """Reads the tables and counters of one process and its children until it is closed."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._files: dict[str, TextIOWrapper] = {}
        self._apart = False
        self._looked = False
        self._counted: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        if sys.platform.startswith("linux") and Path("/proc/self/net").exists():
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def take(self) -> tuple[str, ...] | None:
        """What was seen since the last time, or None where nothing could be seen."""
        if self._thread is None:
            return None
        self._look()
        with self._lock:
            seen, looked = tuple(sorted(self._seen)), self._looked
            self._seen = set()
        return seen if looked else None

    def close(self) -> None:
        """Stop watching."""
        self._done.set()
        if self._thread is not None:
            self._thread.join(1)
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files = {}

    def _run(self) -> None:
        began = time.monotonic()
        while not self._done.is_set():
            self._look()
            self._done.wait(_EVERY if not self._looked or time.monotonic() - began < _APART else _SLOWER)

    def _look(self) -> None:
        with self._lock:
            try:
                if not self._files:
                    self._open()
                if self._apart:
                    self._seen |= {name for name in TABLES if len(self._lines(name)) > 1} | self._grown()
                    self._looked = True
                elif self._held():
                    self._looked = True
            except (OSError, ValueError):
                pass  # the process has ended

    def _open(self) -> None:
        """Hold the tables of the network as soon as it is another one than ours: they outlive the process."""
        if _link(f"/proc/{self._pid}/ns/net") == _link("/proc/self/ns/net"):
            return
        for name in (*TABLES, *COUNTERS):
            with contextlib.suppress(OSError):
                self._files[name] = Path(f"/proc/{self._pid}/net/{name}").open(encoding="ascii")  # noqa: SIM115 - kept open
        self._counted, self._apart = self._counts(), True

    def _lines(self, name: str) -> list[str]:
        file = self._files.get(name)
        if file is None:
            return []
        file.seek(0)
        return file.read().splitlines()

    def _counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        lines = self._lines("snmp")
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            kind, _, rest = names.partition(": ")
            found |= {f"{kind} {n}": int(v) for n, v in zip(rest.split(), values.split()[1:], strict=True)}
        found |= {parts[0]: int(parts[1]) for line in self._lines("snmp6") if len(parts := line.split()) == 2}
        return {name: found[name] for names in COUNTERS.values() for name in names if name in found}

    def _grown(self) -> set[str]:
        before, self._counted = self._counted, self._counts()
        return {name for name, count in self._counted.items() if count > before.get(name, 0)}

    def _held(self) -> bool:
        """Sockets of the processes of the session, looked up in the tables of the machine."""
        inodes: set[str] = set()
        alive = False
        for pid in _session(self._pid):
            alive = True
            with contextlib.suppress(OSError):
                for entry in os.scandir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        target = _link(entry.path)
                        if target.startswith("socket:["):
                            inodes.add(target[8:-1])
        if inodes:
            for name in TABLES:
                with contextlib.suppress(OSError):
                    lines = Path("/proc/self/net", name).read_text(encoding="ascii").splitlines()[1:]
                    if any(len(parts := line.split()) > 9 and parts[9] in inodes for line in lines):
                        self._seen.add(name)
        return alive


def _link(path: str) -> str:
    return str(Path(path).readlink())


def _session(leader: int) -> Iterator[int]:
    """The processes of the session that the leader began."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                text = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
                if int(text.rpartition(")")[2].split()[3]) == leader:
                    yield int(entry.name)


_active: list[set[str]] = []
_hooked: Mapping[str, bool] = {}


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _active or event not in EVENTS:
        return
    address = arguments[1] if len(arguments) > 1 else None
    if event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg") and not isinstance(address, tuple):
        return  # a name in the file system
    for seen in _active:
        seen.add(event)


@contextlib.contextmanager
def overheard() -> Iterator[set[str]]:
    """The connections that Python code in this process makes or tries, while it runs."""
    global _hooked  # noqa: PLW0603 - a hook is never removed: it is set once for the process
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = {"set": True}
    seen: set[str] = set()
    _active.append(seen)
    try:
        yield seen
    finally:
        _active[:] = [each for each in _active if each is not seen]
