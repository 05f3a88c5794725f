"""The only door for YAML and JSON: people write YAML 1.2 core, programs write JSON, both are read strictly.

What YAML 1.1 guesses is what a declaration cannot afford: a date, a code with leading zeros, a key given
twice. Those are problems with a line; ``yes``, ``no``, ``on`` and ``off`` are plain text. Anchors, aliases
and tags are refused, so that a document is a finite tree and equals its JSON text.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from tokumei.model import Place, Problem, TokumeiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES = 8_000_000
MAX_DEPTH = 60
MAX_DIGITS = 40

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ZEROS = re.compile(r"[-+]?0[0-9]+")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A document with the way back from a JSON pointer to the line that a person wrote."""

    document: dict[str, Any]
    file: str = ""
    text: str = field(default="", repr=False)
    first_line: int = 1

    def place(self, pointer: str = "") -> Place:
        """The file and line of a pointer; of its nearest ancestor when the pointer itself is not there."""
        at: str = pointer
        while at and at not in self._lines:
            at = at.rpartition("/")[0]
        return Place(file=self.file, line=self._lines.get(at), pointer=pointer)

    @cached_property
    def _lines(self) -> Mapping[str, int]:
        return _lines(self.text, self.first_line)


def load(path: Path | str) -> Loaded:
    """Read one YAML or JSON file whose content is one mapping."""
    path = Path(path)
    file = str(path)
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            _stop("TOO_LARGE", Place(file=file), maximum=MAX_BYTES)
        raw = path.read_bytes()
    except OSError:
        _stop("FILE_MISSING", Place(file=file))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _stop("NOT_UTF8", Place(file=file, line=raw.count(b"\n", 0, error.start) + 1))
    return loads(text, file)


def loads(text: str, file: str = "", *, first_line: int = 1) -> Loaded:
    """Read one mapping from text: JSON when it is JSON or the file says so, YAML otherwise."""
    if len(text) > MAX_BYTES:
        _stop("TOO_LARGE", Place(file=file), maximum=MAX_BYTES)
    text = text.removeprefix("\ufeff")
    as_json = file.lower().endswith(".json")
    if as_json or text.lstrip(" \t\r\n").startswith("{"):
        try:
            document = _json(text, file, first_line)
        except TokumeiError:
            if as_json:
                raise
            document = _yaml(text, file, first_line)
    else:
        document = _yaml(text, file, first_line)
    if not isinstance(document, dict):
        _stop("NOT_A_MAPPING", Place(file=file, line=first_line))
    return Loaded(document=document, file=file, text=text, first_line=first_line)


def dumps(document: Mapping[str, Any]) -> str:
    """The JSON text of a document, which is also valid YAML 1.2: unprintable characters are escaped."""
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def pointer(*parts: str | int) -> str:
    """The JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def spans(text: str) -> Mapping[str, tuple[int, int]]:
    """Where the scalar or the flow mapping of each pointer stands in a YAML text, so that it alone can be rewritten."""
    reader = _Reader("", 1)
    reader.read(text)
    return reader.spans


def _stop(code: str, place: Place, **params: object) -> NoReturn:
    raise TokumeiError(Problem(code=code, place=place, params=params))


class _Fault(ValueError):
    """A fault inside the standard library's JSON parser, which knows no position for it."""


def _json(text: str, file: str, first_line: int) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            raise _Fault("DUPLICATE_KEY")
        return found

    def integer(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            raise _Fault("NUMBER_OUT_OF_RANGE")
        return int(digits)

    def real(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            raise _Fault("NUMBER_OUT_OF_RANGE")
        return number

    def constant(_: str) -> NoReturn:
        raise _Fault("NUMBER_OUT_OF_RANGE")

    try:
        document = json.loads(
            text, object_pairs_hook=pairs, parse_int=integer, parse_float=real, parse_constant=constant
        )
        if _SURROGATE.search(text):
            json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = Place(file=file, line=error.lineno + first_line - 1)
        _stop("JSON_SYNTAX", place, column=error.colno)
    except UnicodeEncodeError:
        _stop("NOT_UNICODE", Place(file=file))
    except RecursionError:
        _stop("TOO_DEEP", Place(file=file), maximum=MAX_DEPTH)
    except _Fault as fault:
        _stop(str(fault), _find(str(fault), text, file, first_line))
    if _depth(document) > MAX_DEPTH:
        _stop("TOO_DEEP", Place(file=file), maximum=MAX_DEPTH)
    return document


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        waiting.extend((each, depth + 1) for each in inner)
    return deepest


def _find(code: str, text: str, file: str, first_line: int) -> Place:
    """Where the YAML reader, which knows lines, sees the same fault of a JSON text."""
    reader = _Reader(file, first_line)
    try:
        reader.read(_as_yaml(text))
    except TokumeiError:
        return Place(file=file)
    return next((problem.place for problem in reader.problems if problem.code == code), Place(file=file))


def _as_yaml(text: str) -> str:
    """A JSON text in the subset that the YAML parser reads too; only lines are taken from the result."""
    return _SURROGATE.sub(r"\\u0020", text.replace("\t", " ")) if text.lstrip().startswith("{") else text


def _lines(text: str, first_line: int) -> Mapping[str, int]:
    reader = _Reader("", first_line)
    try:
        reader.read(_as_yaml(text))
    except TokumeiError:
        return {}
    return reader.lines


def _yaml(text: str, file: str, first_line: int) -> Any:
    reader = _Reader(file, first_line)
    document = reader.read(text)
    if reader.problems:
        raise TokumeiError(*reader.problems)
    return document


class _Reader:
    """Builds one tree from YAML events and remembers the line and the span of every pointer."""

    def __init__(self, file: str, first_line: int) -> None:
        self.file = file
        self.first_line = first_line
        self.lines: dict[str, int] = {}
        self.spans: dict[str, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def read(self, text: str) -> Any:
        """The value of the first and only document, None when there is none."""
        value: Any = None
        documents = 0
        try:
            events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._stop("MULTIPLE_DOCUMENTS", event)
                elif isinstance(event, yaml.NodeEvent):
                    value = self._value(event, events, "", 0)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = None if mark is None else min(mark.line, text.count("\n")) + self.first_line
            column = 0 if mark is None else mark.column + 1
            _stop("YAML_SYNTAX", Place(file=self.file, line=line), column=column)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, max(int(error.position), 0)) + self.first_line
            _stop("YAML_SYNTAX", Place(file=self.file, line=line), column=0)
        except (yaml.YAMLError, UnicodeEncodeError):
            _stop("YAML_SYNTAX", Place(file=self.file), column=0)
        return value

    def _value(self, event: Any, events: Iterator[Any], at: str, depth: int) -> Any:
        self.lines.setdefault(at, event.start_mark.line + self.first_line)
        self.spans[at] = (event.start_mark.index, event.end_mark.index)
        if depth > MAX_DEPTH:
            self._stop("TOO_DEEP", event, at, maximum=MAX_DEPTH)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._stop("ALIAS_FORBIDDEN", event, at)
        if event.tag is not None:
            self._stop("TAG_FORBIDDEN", event, at)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._value(inner, events, at + pointer(len(items)), depth + 1))
            return items
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, at, depth)
        return self._scalar(event, at)

    def _mapping(self, events: Iterator[Any], at: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event, at)
            below = at + pointer(key)
            if key in found:
                self._note("DUPLICATE_KEY", event, below)
            self.lines.setdefault(below, event.start_mark.line + self.first_line)
            found[key] = self._value(next(events), events, below, depth + 1)
        closing: Any = event
        self.spans[at] = (self.spans[at][0], closing.end_mark.index)
        return found

    def _key(self, event: Any, at: str) -> str:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._stop("ALIAS_FORBIDDEN", event, at)
        if event.tag is not None:
            self._stop("TAG_FORBIDDEN", event, at)
        if not isinstance(event, yaml.ScalarEvent):
            self._stop("KEY_NOT_TEXT", event, at)
        before = len(self.problems)
        key = self._scalar(event, at)
        if not isinstance(key, str) and len(self.problems) == before:
            self._note("KEY_NOT_TEXT", event, at)
        return str(event.value)

    def _scalar(self, event: Any, at: str) -> Any:
        text = str(event.value)
        if event.style:
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _DATE.fullmatch(text):
            return self._note("IMPLICIT_DATE", event, at)
        if _ZEROS.fullmatch(text):
            return self._note("LEADING_ZERO", event, at)
        if _INFINITE.fullmatch(text) or (_INT.fullmatch(text) and len(text) > MAX_DIGITS):
            return self._note("NUMBER_OUT_OF_RANGE", event, at)
        if _INT.fullmatch(text):
            return int(text)
        if _BASED.fullmatch(text):
            return int(text, 0)
        if _FLOAT.fullmatch(text):
            number = float(text)
            return number if math.isfinite(number) else self._note("NUMBER_OUT_OF_RANGE", event, at)
        return text

    def _note(self, code: str, event: Any, at: str) -> None:
        self.problems.append(Problem(code=code, place=self._place(event, at)))

    def _stop(self, code: str, event: Any, at: str = "", **params: object) -> NoReturn:
        noted = Problem(code=code, place=self._place(event, at), params=params)
        raise TokumeiError(*self.problems, noted)

    def _place(self, event: Any, at: str) -> Place:
        return Place(file=self.file, line=event.start_mark.line + self.first_line, pointer=at)
