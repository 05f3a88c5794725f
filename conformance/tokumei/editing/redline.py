"""Two texts as one: what stays, what is struck out and what is written in, word by word.

Japanese has no spaces: a run of one script (kanji, hiragana, katakana) counts as a word. The hiragana that two
replaced words begin or end with alike stay, since a run of them is often the end of a whole sentence.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Op = Literal["same", "del", "ins"]
_WORD = re.compile(
    r"[A-Za-z0-9_]+(?:['’.-][A-Za-z0-9_]+)*|[一-鿿々〆]+|[ぁ-ゟ]+|[ァ-ヿｦ-ﾟ]+|[^\S\n]+|.",
    re.DOTALL,
)
_HIRAGANA = re.compile("[ぁ-ゟ]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text that stays, is struck out or is written in."""

    op: Op
    text: str


def words(text: str) -> list[str]:
    """The text cut into words; joined, they are the text."""
    return _WORD.findall(text)


def redline(before: str, after: str) -> tuple[Part, ...]:
    """The parts in the order of reading; what is struck out stands before what is written in its place."""
    return tuple(_merged(_readable(_parts(words(before), words(after)))))


def old(parts: Iterable[Part]) -> str:
    """The text before: what stays and what is struck out."""
    return "".join(part.text for part in parts if part.op != "ins")


def new(parts: Iterable[Part]) -> str:
    """The text after: what stays and what is written in."""
    return "".join(part.text for part in parts if part.op != "del")


def _parts(before: list[str], after: list[str]) -> Iterator[Part]:
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for op, a, b, c, d in matcher.get_opcodes():
        if op == "equal":
            yield Part("same", "".join(before[a:b]))
        else:
            yield Part("del", "".join(before[a:b]))
            yield Part("ins", "".join(after[c:d]))


def _readable(parts: Iterable[Part]) -> Iterator[Part]:
    """A blank that stays between two changes is struck out and written in with them, so that a phrase is one change."""
    every = list(parts)
    for at, part in enumerate(every):
        if part.op == "same" and 0 < at < len(every) - 1 and part.text.isspace() and "\n" not in part.text:
            yield Part("del", part.text)
            yield Part("ins", part.text)
        else:
            yield part


def _merged(parts: Iterable[Part]) -> Iterator[Part]:
    """Neighbours of one kind as one part, without empty ones."""
    same = struck = written = ""
    for part in [*parts, Part("same", "")]:
        if part.op == "del":
            struck += part.text
        elif part.op == "ins":
            written += part.text
        else:
            head, tail = _alike(struck, written)
            cut, put = struck[head : len(struck) - tail], written[head : len(written) - tail]
            if cut or put:
                yield from (one for one in (Part("same", same + struck[:head]), Part("del", cut)) if one.text)
                yield from (one for one in (Part("ins", put),) if one.text)
                same = ""
            else:
                same += struck[:head]
            same += struck[len(struck) - tail :] + part.text
            struck = written = ""
    if same:
        yield Part("same", same)


def _alike(a: str, b: str) -> tuple[int, int]:
    """How many hiragana both begin with, and how many of the rest both end with."""
    head = _opening(a, b)
    return head, _opening(a[head:][::-1], b[head:][::-1])


def _opening(a: str, b: str) -> int:
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1] and _HIRAGANA.match(pair[0]), zip(a, b, strict=False))
    return sum(1 for _ in alike)


__all__ = ["Part", "new", "old", "redline", "words"]
