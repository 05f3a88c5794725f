"""A folder of files searched for identifiers, by several processes; counts only, no value and no name of a file."""

from __future__ import annotations

import itertools
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from tokumei.scanning import stretches, views
from tokumei.scanning.identifiers import Identifier
from tokumei.scanning.search import Search
from tokumei.scanning.stretches import Stretch

TASK = 16 << 20
"""Bytes of a plain file that a process takes at a time."""

Progress = Callable[[int, int], None]
"""Bytes done and bytes in all."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where and how an identifier stands: the file by its number, whether in content, name or metadata, the view of the
    bytes, how the identifier is written, and whether cells part it.
    """

    file: int
    where: str
    view: str
    way: str
    adjacent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """So many identifiers of a kind, of so many people, found so many times in one place."""

    place: Place
    kind: str
    identifiers: int
    people: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a search found. ``short`` identifiers were not looked for; ``opaque`` files were searched as bytes only,
    ``unread`` ones not to their end.
    """

    files: tuple[str, ...]
    size: int
    identifiers: int
    short: int
    occurrences: tuple[Occurrence, ...]
    opaque: tuple[int, ...]
    unread: tuple[int, ...]

    @property
    def named(self) -> frozenset[int]:
        """The files whose own names or paths hold an identifier: they are not to be told."""
        return frozenset(found.place.file for found in self.occurrences if found.place.where == "name")


_Hits = Counter[tuple[Place, int]]
_search: Search | None = None


def scan(
    folder: Path, identifiers: Sequence[Identifier], *, processes: int = 2, progress: Progress | None = None
) -> Scan:
    """Search every file below ``folder``, its name and what it holds, for every spelling of the identifiers."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    tasks = [task for number, path in enumerate(paths) for task in _tasks(folder, path, number)]
    total, done = sum(task.size for task in tasks), 0
    hits: _Hits = Counter()
    unread: set[int] = set()
    for task, (found, whole) in _run(tasks, identifiers, processes):
        hits.update(found)
        if not whole:
            unread.add(task.number)
        done += task.size
        if progress:
            progress(done, total)
    return Scan(
        files=tuple(path.relative_to(folder).as_posix() for path in paths),
        size=total,
        identifiers=len(identifiers),
        short=len(Search(identifiers).short),
        occurrences=tuple(_counted(hits, identifiers)),
        opaque=tuple(number for number, path in enumerate(paths) if stretches.kind(path) == "opaque"),
        unread=tuple(sorted(unread)),
    )


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    name: str
    number: int
    start: int
    size: int
    archive: bool


def _tasks(folder: Path, path: Path, number: int) -> Iterator[_Task]:
    size, name = path.stat().st_size, path.relative_to(folder).as_posix()
    if stretches.kind(path) in ("plain", "opaque"):
        for start in range(0, max(size, 1), TASK):
            yield _Task(path, name, number, start, min(TASK, size - start), archive=False)
    else:
        yield _Task(path, name, number, 0, size, archive=True)


def _run(
    tasks: Sequence[_Task], identifiers: Sequence[Identifier], processes: int
) -> Iterator[tuple[_Task, tuple[_Hits, bool]]]:
    """The tasks with what each found; a few at a time are handed out, so that results do not pile up."""
    if processes < 2 or len(tasks) < 2:
        _begin(identifiers)
        yield from ((task, _searched(task)) for task in tasks)
        return
    with ProcessPoolExecutor(processes, initializer=_begin, initargs=(identifiers,)) as pool:
        waiting = iter(tasks)
        running = {pool.submit(_searched, task): task for task in itertools.islice(waiting, 2 * processes)}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
                if task := next(waiting, None):
                    running[pool.submit(_searched, task)] = task


def _begin(identifiers: Sequence[Identifier]) -> None:
    """Each process builds the search once."""
    global _search  # noqa: PLW0603 - what a process of the pool holds between tasks has no other place
    _search = Search(identifiers)


def _searched(task: _Task) -> tuple[_Hits, bool]:
    """What stands in one task, and whether all of it could be read."""
    assert _search is not None
    hits: _Hits = Counter()
    if task.start == 0:
        _note(hits, _search, task.number, Stretch(task.name.encode("utf-8", "replace"), where="name"))
    try:
        parts = stretches.opened(task.path) if task.archive else stretches.blocks(task.path, task.start, task.size)
        for stretch in parts:
            _note(hits, _search, task.number, stretch)
    except (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile, stretches.TooLarge):
        return hits, False
    return hits, True


def _note(hits: _Hits, search: Search, number: int, stretch: Stretch) -> None:
    """Every view of a stretch; the escapes of its overlap are taken back too, and may be told twice."""

    def note(view: str, text: str, skip: str = "", *, compose: bool = True) -> None:
        for identifier, way, adjacent in search.within(text, skip=skip, compose=compose):
            hits[Place(number, stretch.where, view, way, adjacent), identifier] += 1

    for before, text in views.texts(stretch.data, stretch.before, stretch.mark):
        note("text", text, before)
        for view, told in views.unescaped(before + text):
            note(view, told)
    for view, told in views.decoded(stretch.before + stretch.data):
        note(view, told, compose=False)


def _counted(hits: _Hits, identifiers: Sequence[Identifier]) -> Iterator[Occurrence]:
    grouped: defaultdict[tuple[Place, str], Counter[int]] = defaultdict(Counter)
    for (place, number), times in hits.items():
        grouped[place, identifiers[number].kind][number] += times
    for (place, kind), found in sorted(grouped.items()):
        people = {identifiers[number].person for number in found}
        yield Occurrence(place=place, kind=kind, identifiers=len(found), people=len(people), times=found.total())


def summed(occurrences: Iterable[Occurrence]) -> int:
    """Places in all."""
    return sum(occurrence.times for occurrence in occurrences)


__all__ = ["Occurrence", "Place", "Progress", "Scan", "scan", "summed"]
