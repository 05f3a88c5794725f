"""How a problem is told to a person, in ja or en; the sentences are in ``messages/``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokumei import documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokumei.model import Problem

_HINT = {"ja": "ヒント: ", "en": "Hint: "}
_SEPARATOR = {"ja": "、", "en": ", "}
_NEAREST = {"ja": "「{nearest}」の誤りではないか。", "en": "Did you mean “{nearest}”?"}
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SHOWN = 12


@cache
def messages(lang: str) -> Mapping[str, Mapping[str, str]]:
    """The cause and the hint of every problem code in one language."""
    path = Path(__file__).resolve().parent / "messages" / f"{'en' if lang == 'en' else 'ja'}.yaml"
    return documents.load(path).document


def render(problem: Problem, lang: str) -> str:
    """One line: ``file:line pointer: cause ヒント: hint [clause]``. Control characters are shown escaped."""
    lang = "en" if lang == "en" else "ja"
    sentences = messages(lang).get(problem.code) or messages(lang)["UNKNOWN"]
    params = _Params({name: _shown(value, lang) for name, value in problem.params.items()}, code=problem.code)
    hint = sentences["hint"].format_map(params)
    if "nearest" in params:
        hint += (" " if lang == "en" else "") + _NEAREST[lang].format_map(params)
    at = str(problem.place)
    line = f"{at}: " if at else ""
    line += f"{sentences['cause'].format_map(params)} {_HINT[lang]}{hint}"
    return _plain(line + (f" [{problem.clause}]" if problem.clause else ""))


class _Params(dict[str, str]):
    """Parameters of a sentence; one that is not given is shown as an ellipsis rather than as a crash."""

    def __init__(self, params: Mapping[str, str], code: str) -> None:
        super().__init__({"code": code, **params})

    def __missing__(self, key: str) -> str:
        return "…"


def _shown(value: Any, lang: str) -> str:
    if isinstance(value, list | tuple):
        more = ["…"] if len(value) > _SHOWN else []
        return _SEPARATOR[lang].join([str(each) for each in value[:_SHOWN]] + more) or "—"
    return str(value)


def _plain(text: str) -> str:
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)
