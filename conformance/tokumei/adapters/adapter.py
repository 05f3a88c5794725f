"""What all adapters share: the protocol, the time limits, and the folders of one call."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

from tokumei.adapters.leftovers import prefixed, texts
from tokumei.adapters.strangers import Strangers
from tokumei.modalities.tables import data
from tokumei.model import Call, ProductInfo, Request, Response

_HASHED = 8 * 1024 * 1024

Trouble: TypeAlias = Literal["", "crash", "timeout", "protocol", "input_changed", "limit"]
"""One of the words of ``Call.trouble``."""

Fingerprint: TypeAlias = dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to start a product, to answer one call, and to end by itself."""

    start: float = 30.0
    call: float = 120.0
    close: float = 2.0


def today() -> str:
    """The day on which a call ends, wherever the product may be: that of the prime meridian."""
    return dt.datetime.now(dt.UTC).date().isoformat()


class Adapter(Protocol):
    """A connected product. ``call`` gives back whatever happened; it does not raise for the product."""

    def describe(self) -> ProductInfo: ...

    def call(self, request: Request) -> Call: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Closing:
    """The context manager of an adapter: leaving it closes it."""

    def close(self) -> None:
        """End what was started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one try of a call left, before its response folder is read."""

    trouble: Trouble = ""
    log: str = ""
    log_cut: bool = False
    """Whether a part of the log was lost, because there was too much of it."""
    seconds: float = 0.0
    exit_code: int | None = None
    left: Mapping[str, str] = field(default_factory=dict)
    """Text of the files that the call left in the temporary folder of the product."""
    network: tuple[str, ...] | None = None
    """The traces of a network; None where none could have been seen."""


class Workplace:
    """One private folder for all calls of an adapter; each call has its own two folders in it."""

    def __init__(self, cwd: Path | None = None) -> None:
        self.cwd = cwd or Path.cwd()
        self._root: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def _next(self) -> Path:
        if self._root is None:
            self._root = tempfile.TemporaryDirectory(prefix="tokumei-", ignore_cleanup_errors=True)
            Path(self._root.name).chmod(0o700)
        self._count += 1
        return Path(self._root.name, f"{self._count:06d}")

    def _root_path(self) -> Path:
        assert self._root is not None
        return Path(self._root.name)

    def temporary(self) -> Path:
        """A new folder for the temporary files of one process of the product."""
        folder = self._next()
        folder.mkdir()
        return folder

    def run(self, request: Request, attempt: Callable[[Path, Path], Attempt]) -> Call:
        """Write the request, let ``attempt`` reach the product, read what it wrote, remove both."""
        place = self._next()
        asked, answer = place / "request", place / "response"
        asked.mkdir(parents=True)
        answer.mkdir()
        try:
            data.write(request, asked)
            before = fingerprint(asked / "data")
            folders = [_identity(folder) for folder in (asked / "data", answer)]
            strange = Strangers(request, asked, self._root_path(), self.cwd)
            tried = attempt(asked, answer)
            response: Response | None = None
            left = prefixed("temp", tried.left) | strange.texts()
            trouble = tried.trouble
            log, cut = tried.log, tried.log_cut
            if _identity(answer) != folders[1]:
                trouble = trouble or "protocol"
            else:
                files, too_long = data.read_log(answer)
                log, cut = log + files, cut or too_long
            if not trouble:
                response = data.read(answer, request)
                if not data.answered(response):
                    response, trouble = None, "crash" if tried.exit_code else "protocol"
                elif cut or any(problem.code == "RELEASE_TOO_LARGE" for problem in response.problems):
                    trouble = "limit"
                if _identity(asked / "data") != folders[0] or fingerprint(asked / "data", len(before) + 1) != before:
                    trouble = "input_changed"
            if response is None and _identity(answer) == folders[1]:
                left |= prefixed("response", texts(answer))
            return Call(
                request=request,
                response=response,
                trouble=trouble,
                log=log,
                left=left,
                network=tried.network,
                day=today(),
                seconds=tried.seconds,
                exit_code=tried.exit_code,
            )
        finally:
            remove(place)

    def close(self) -> None:
        """Remove everything that is left."""
        root, self._root = self._root, None
        if root is not None:
            remove(Path(root.name))
            root.cleanup()


def _identity(folder: Path) -> tuple[int, int, int] | None:
    """What tells a folder from another one, or from a link, that was put in its place."""
    try:
        info = folder.lstat()
    except OSError:
        return None
    return info.st_dev, info.st_ino, stat.S_IFMT(info.st_mode)


def fingerprint(folder: Path, most: int = 100_000) -> Fingerprint:
    """Size and digest of the files below the folder; of a large one its times instead of a digest."""
    found: Fingerprint = {}
    for here, _, names in os.walk(folder):
        for name in names:
            if len(found) >= most:
                return found
            path = Path(here, name)
            info = path.lstat()
            mark = f"{info.st_ino} {info.st_mtime_ns} {info.st_mode}"
            if info.st_size <= _HASHED and stat.S_ISREG(info.st_mode):
                with path.open("rb") as file:
                    mark = hashlib.blake2b(file.read(_HASHED + 1), digest_size=16).hexdigest()
            found[path.relative_to(folder).as_posix()] = (info.st_size, mark)
    return found


def remove(folder: Path) -> None:
    """Remove a folder that a product may have made unreadable."""

    def retry(function: Callable[..., object], path: str, _: object) -> None:
        try:
            Path(path).parent.chmod(0o700)
            if not Path(path).is_symlink():
                Path(path).chmod(0o700)
            function(path)
        except OSError:
            pass

    shutil.rmtree(folder, onerror=retry)
