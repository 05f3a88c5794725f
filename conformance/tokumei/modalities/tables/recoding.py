"""Three ways of reaching k, in plain Python: leaving persons out, recoding a whole column, recoding part by part.

Each takes the rows of one table, each with its person, and recodes them in place; it gives the persons who cannot
stay. Persons are counted, not rows, and a missing value is a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

PERSON = "\x00"
EVERYTHING = "全体"
UNKNOWN = "その他"
WIDEST = 120
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Values that are kept, or cut to their first characters."""

    length: int | None = None
    rungs: int = 1

    def label(self, value: str | None, rung: int = 0) -> str | None:
        del rung
        return value if value is None else value[: self.length]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Whole numbers in bins with an open class above; each rung doubles the bins. No width: the number itself."""

    width: int
    top: float | None
    label_of: Callable[[int, int | None], str]
    unread: str | None
    bottom: float | None = None
    rungs: int = 6

    def bounds(self, value: str, width: int) -> tuple[int, int | None] | None:
        """The least and the largest number of the bin of a value; None for text that is no whole number."""
        if not value.strip().isdecimal():
            return None
        low = int(value) // width * width
        top = int(self.top) // width * width if self.top is not None else None
        return (top, None) if top is not None and low >= top else (low, low + width - 1)

    def label(self, value: str | None, rung: int = 0) -> str | None:
        if value is None:
            return None
        if not self.width:
            return self._coded(value)
        width = self.width * 2**rung
        found = self.bounds(value, width) if width < WIDEST else (0, None)
        return self.unread if found is None else EVERYTHING if width >= WIDEST else self.label_of(*found)

    def _coded(self, value: str) -> str | None:
        try:
            number = float(value)
        except ValueError:
            return self.unread
        if self.bottom is not None and number <= self.bottom:
            return f"{self.bottom:g} or less"
        return self.label_of(int(self.top), None) if self.top is not None and number >= self.top else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Nodes of a hierarchy: the path of each leaf from the coarsest node to the finest that was asked for."""

    above: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    rungs: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rungs", 1 + max(map(len, self.above.values()), default=0))

    def label(self, value: str | None, rung: int = 0) -> str | None:
        if value is None:
            return None
        path = self.above.get(value)
        if path is None:
            return UNKNOWN
        return self.labels[path[-1 - rung]] if rung < len(path) else EVERYTHING


Scale: TypeAlias = Texts | Numbers | Places


def leaving_out(rows: list[Row], scales: Mapping[str, Scale], k: int) -> set[Any]:
    """Label all as asked; the persons of small classes go, and those whose classes they leave small."""
    for row in rows:
        for name, scale in scales.items():
            row[name] = scale.label(row[name])
    return _too_few(rows, lambda row: tuple(row[name] for name in scales), k)


def datafly(rows: list[Row], scales: Mapping[str, Scale], k: int) -> set[Any]:
    """While more than k persons are in small classes, the column of most labels is recoded one rung up (Sweeney 1998)."""
    rungs = dict.fromkeys(scales, 0)

    def key(row: Row) -> tuple[str | None, ...]:
        return tuple(scale.label(row[name], rungs[name]) for name, scale in scales.items())

    while True:
        few = {person for persons in _classes(rows, key).values() if len(persons) < k for person in persons}
        higher = [name for name, scale in scales.items() if rungs[name] + 1 < scale.rungs]
        if len(few) <= k or not higher:
            break
        most = max(higher, key=lambda name: len({scales[name].label(row[name], rungs[name]) for row in rows}))
        rungs[most] += 1
    for row in rows:
        row.update(zip(scales, key(row), strict=True))
    return _too_few(rows, lambda row: tuple(row[name] for name in scales), k)


def mondrian(rows: list[Row], scales: Mapping[str, Scale], k: int) -> set[Any]:
    """All are cut in two, and the parts again, while each part has k persons (LeFevre 2006, with a hierarchy).

    Kept columns, and whether a value is there, part the rows from the start.
    """
    texts = [name for name, scale in scales.items() if isinstance(scale, Texts)]
    others = [name for name in scales if name not in texts]

    def key(row: Row) -> tuple[Any, ...]:
        return (*(scales[n].label(row[n]) for n in texts), *(_kind(row[n], scales[n]) for n in others))

    gone = _too_few(rows, key, k)
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row[PERSON] not in gone:
            groups[key(row)].append(row)
    for group in groups.values():
        for part in _parts(group, {name: scales[name] for name in others}, k):
            labels = {name: _common(part, name, scales[name]) for name in others}
            for row in part:
                row.update(labels)
                row.update({name: scales[name].label(row[name]) for name in texts})
    return gone


def _kind(value: str | None, scale: Scale) -> str:
    if value is None:
        return "missing"
    known = scale.bounds(value, scale.width) if isinstance(scale, Numbers) else value in getattr(scale, "above", ())
    return "known" if known else "other"


def _parts(rows: list[Row], scales: Mapping[str, Scale], k: int) -> Iterator[list[Row]]:
    """The smallest parts with k persons each, by cuts of the column that spreads most."""
    spread = {name: len({scale.label(row[name]) for row in rows}) for name, scale in scales.items()}
    for name in sorted(spread, key=lambda n: (-spread[n], n)):
        for cut in _cuts(rows, name, scales[name]):
            if all(len({row[PERSON] for row in part}) >= k for part in cut):
                for part in cut:
                    yield from _parts(part, scales, k)
                return
    yield rows


def _cuts(rows: list[Row], name: str, scale: Scale) -> Iterator[list[list[Row]]]:
    if isinstance(scale, Places):
        paths = [scale.above.get(row[name], ()) for row in rows]
        depth = len(_shared(paths))
        nodes = sorted({path[depth] for path in paths if len(path) > depth})
        if len(nodes) > 1:
            yield [[row for row, path in zip(rows, paths, strict=True) if path[depth] == node] for node in nodes]
    elif isinstance(scale, Numbers):
        lows = [(scale.bounds(row[name] or "", scale.width) or (0,))[0] for row in rows]
        middle = sorted(lows)[len(lows) // 2]
        for cut in sorted(set(lows) - {min(lows)}, key=lambda low: (abs(low - middle), low)):
            pairs = list(zip(rows, lows, strict=True))
            yield [[row for row, low in pairs if low < cut], [row for row, low in pairs if low >= cut]]


def _shared(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The nodes that all paths begin with."""
    common = []
    for nodes in zip(*paths, strict=False):
        if len(set(nodes)) > 1:
            break
        common.append(nodes[0])
    return tuple(common)


def _common(rows: list[Row], name: str, scale: Scale) -> str | None:
    """The one label that holds for all rows of a part."""
    labels = {scale.label(row[name]) for row in rows}
    if len(labels) == 1:
        return labels.pop()
    if isinstance(scale, Places):
        shared = _shared([scale.above[row[name]] for row in rows])
        return scale.labels[shared[-1]] if shared else EVERYTHING
    assert isinstance(scale, Numbers)
    bounds = [found for row in rows if (found := scale.bounds(row[name], scale.width))]
    highs = [high for _, high in bounds if high is not None]
    return scale.label_of(min(low for low, _ in bounds), max(highs) if len(highs) == len(bounds) else None)


def _classes(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, set[Any]]:
    found: dict[Any, set[Any]] = defaultdict(set)
    for row in rows:
        found[key(row)].add(row[PERSON])
    return found


def _too_few(rows: list[Row], key: Callable[[Row], Any], k: int) -> set[Any]:
    """The persons who must go until every class has k."""
    gone: set[Any] = set()
    while True:
        left = [row for row in rows if row[PERSON] not in gone]
        few = {person for persons in _classes(left, key).values() if len(persons) < k for person in persons}
        if not few:
            return gone
        gone |= few
