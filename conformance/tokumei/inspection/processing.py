"""The draft of the processing declaration: steps that follow the classes, and what only a person can say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tokumei.documents import pointer
from tokumei.inspection.guess import TODO, Guess
from tokumei.inspection.keys import Key
from tokumei.inspection.organization import Findings, todo
from tokumei.model import Text
from tokumei.thresholds import CONTEXTS, K

MOST_QUASI = 4
MOST_COMBINATIONS = 2_000
"""More quasi-identifiers leave hardly a person in a class of k, and the plan with too many combinations."""
BIN = 10
TOP_AGE = 90
FEWEST = 20
KEY_ID = "key-1"
SHIFT = [-182, 182]
UNDECIDED_K = K[CONTEXTS[0]]
"""The release context is not known yet: the k of the strictest."""


def draft(findings: Findings, *, regime: str, lang: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The document and its comments by pointer."""
    steps = _Steps(findings, lang)
    quasi = [guess.full_name for guess in steps.quasi]
    comments: dict[str, list[str]] = {
        "": [
            Text(
                "医療情報の加工の方法の下書き。手順は項目の区分に従う。",
                "Draft of a processing declaration: the steps follow the classes of the fields.",
            )[lang],
            Text(
                "要る項目は、区分に照らして手順を選び直す。「TODO」は人が決める。",
                "For a field that is needed, choose another step that its class allows. Each TODO is for a person to decide.",
            )[lang],
        ],
        "/regime": [
            Text("作成主体の答え又は --regime による。", "From the answer about who processes, or from --regime.")[lang]
        ],
    }
    comments |= {pointer("steps", i): [note] for i, note in steps.notes.items()}
    targets: list[dict[str, Any]] = [{"model": "minimum-subjects", "minimum": FEWEST}]
    if quasi:
        targets.insert(0, {"model": "k-anonymity", "quasi": quasi, "k": UNDECIDED_K, "unit": "subject"})
        comments["/targets"] = [
            Text(
                f"提供形態が未定のため、最も厳しい k = {UNDECIDED_K}。法令に数値の定めはない。本規格の既定値",
                f"the context is undecided, so the strictest k = {UNDECIDED_K}; the law sets no number, this is the default of this standard",
            )[lang]
        ]
    document: dict[str, Any] = {
        "tokumei": {
            "profile": "processing/1",
            "level": "release",
            "id": f"{findings.name}-1",
            "version": "1.0.0",
            "author": todo(Text("加工責任者", "who is responsible"), lang),
        },
        "organization": {"name": findings.name, "version": "1.0.0"},
        "regime": regime,
        "release": {
            "id": todo(Text("提供の番号", "id of the release"), lang),
            "context": todo(Text("public、contract 又は on-site", "public, contract or on-site"), lang),
            "purpose": todo(Text("利用目的", "purpose"), lang),
        },
    }
    if quasi:
        document["attacker"] = [{"model": "prosecutor", "knows": quasi}]
    if steps.secret:
        document["secrets"] = [
            {
                "id": KEY_ID,
                "use": Text("仮ID と日付の移動量", "pseudonyms and shifts of dates")[lang],
                "bits": 256,
                "scope": "release",
                "custody": todo(Text("鍵を持つ者", "who holds the key"), lang),
                "disposal": todo(Text("destroyed-before-release など", "destroyed-before-release …"), lang),
            }
        ]
    document |= {
        "steps": steps.made,
        "targets": targets,
        "residualRisk": {
            "measured": [],
            "statement": todo(Text("残る危険を許容する理由", "why the remaining risk is acceptable"), lang),
            "acceptedBy": todo(Text("許容した者", "who accepted it"), lang),
        },
    }
    return document, comments


class _Steps:
    """The steps by class, in the order of the classes; one step a technique."""

    def __init__(self, findings: Findings, lang: str) -> None:
        self.lang = lang
        self.made: list[dict[str, Any]] = []
        self.notes: dict[int, str] = {}
        self.secret = False
        self.findings = findings
        self.quasi = _searched(findings)
        self.done: set[str] = set()
        """The fields that a step decides."""
        self.tables = [source.resource for source in findings.sources]
        self._refused()
        self._keys()
        self._suppressed()
        self._dates()
        classed = self._generalized()
        self._kept()
        self._searched_and_shuffled(classed)

    def _step(
        self,
        technique: str,
        fields: Sequence[str],
        realises: list[int],
        why: Text,
        params: Mapping[str, Any] | None = None,
        *,
        after: Sequence[str] = (),
        note: Text | None = None,
    ) -> str:
        """Add a step over some fields, if there are any; its id."""
        id_ = f"s{len(self.made) + 1:02}"
        if not fields:
            return ""
        if note:
            self.notes[len(self.made)] = note[self.lang]
        step: dict[str, Any] = {"id": id_, "technique": technique, "fields": list(fields)}
        if params:
            step["params"] = dict(params)
        step |= {"realises": realises, "why": why[self.lang]}
        if after:
            step["after"] = list(after)
        self.made.append(step)
        self.secret |= "secret" in (params or {})
        return id_

    def _new(self, *classes: str) -> list[str]:
        """The fields of any of the classes that no step decides yet; from now on one does."""
        found = [
            guess.full_name
            for guess in self.findings.guesses
            if set(classes) & set(guess.classes) and guess.full_name not in self.done
        ]
        self.done.update(found)
        return found

    def _refused(self) -> None:
        refusal = self.findings.refusal
        if refusal is not None:
            refused = todo(Text("提供停止を表す値", "the value that means a refusal"), self.lang)
            why = Text("提供停止の求めのあった者を除く", "persons who refused are taken out")
            params = {"field": refusal.full_name, "equals": refused, "of": "subject"}
            self._step("suppress-record", self.tables, [1], why, params)

    def _keys(self) -> None:
        """Keyed pseudonyms for the columns that join tables or persons, one domain a parent."""
        person = self.findings.person
        domains: dict[Key, list[Key]] = {person: [person]} if person else {}
        for link in (*self.findings.parents.values(), *self.findings.links):
            members = domains.setdefault(link.parent, [link.parent])
            members += [link.child] if link.child not in members else []
        linking = {guess.full_name for guess in self.findings.guesses if "link" in guess.classes}
        symbols = {guess.full_name for guess in self.findings.guesses if "symbol" in guess.classes}
        why = Text("元の番号との連結を断ち、表を結ぶ", "cuts the link to the source and joins the tables")
        for parent, members in domains.items():
            fields = [str(key) for key in members if str(key) in linking - self.done]
            self.done.update(fields)
            domain = "subject" if parent == person else f"{parent.resource}-{parent.field}"
            params = {"function": "HMAC-SHA-256", "secret": KEY_ID, "scope": "release", "domain": domain, "bits": 128}
            self._step("pseudonymize-keyed", fields, [2, 3] if symbols & set(fields) else [3], why, params)

    def _suppressed(self) -> None:
        text = Text("自由記載は評価できないため提供しない", "free text cannot be judged and is not released")
        self._step("text-drop", self._new("freetext"), [1, 4, 5], text)
        codes = Text("個人識別符号", "individual identification codes")
        self._step("suppress-column", self._new("symbol"), [2], codes)
        direct = Text("特定の個人を識別できる記述等", "what identifies persons")
        self._step("suppress-column", self._new("direct", "staff", "facility", "system"), [1], direct)
        self._step(
            "suppress-column", self._new("link"), [3], Text("元の行との連結を断つ", "cuts the link to the source")
        )
        searched = {guess.full_name for guess in self.quasi} - self.done
        self.done |= searched
        self._step(
            "suppress-column",
            self._new("quasi"),
            [1, 5],
            Text("組合せを評価していない準識別子", "quasi-identifiers whose combinations are not evaluated"),
            note=Text(
                "要る準識別子は、階層を書いて一般化し、targets に加える",
                "for those that are needed write a hierarchy, generalize, and add them to targets",
            ),
        )
        self.done -= searched
        unclear = [
            guess.full_name
            for guess in self.findings.guesses
            if guess.classes == (TODO,) and guess.full_name not in self.done
        ]
        self.done.update(unclear)
        self._step("suppress-column", unclear, [1], Text("区分の定まらない項目", "fields without a class yet"))

    def _dates(self) -> None:
        why = Text("間隔と順序を保ち暦の日を外す", "keeps intervals and order, and moves the days")
        params = {"by": "subject", "range": SHIFT, "unit": "day", "secret": KEY_ID, "preserve": ["interval", "order"]}
        self._step("date-shift", self._new("date"), [5], why, params)

    def _generalized(self) -> list[str]:
        """Numbers in classes; the ids of the steps."""
        made: list[str] = []
        for guess in self.quasi:
            if guess.type != "integer":
                continue
            name, after = guess.full_name, []
            self.done.add(name)
            if guess.means == "age":
                why = Text("超高齢は特異な記述", "very old age is a peculiar description")
                after = [self._step("top-bottom-code", [name], [4], why, {"top": TOP_AGE})]
            classes = Text("階級にする", "in classes")
            made += [*after, self._step("generalize", [name], [1, 5], classes, {"bin": _bin(guess)}, after=after)]
        return made

    def _kept(self) -> None:
        left = [guess for guess in self.findings.guesses if guess.full_name not in self.done]
        numeric = [
            guess.full_name for guess in left if "sensitive" in guess.classes and guess.type in ("integer", "number")
        ]
        self._step(
            "top-bottom-code",
            numeric,
            [4],
            Text("極端な値は特異な記述", "extreme values are peculiar descriptions"),
            {"top": todo(Text("上限の数", "the number of the top"), self.lang)},
            note=Text("項目ごとに上限を決めて分ける", "decide on a top for each, and split"),
        )
        rest = [guess.full_name for guess in left if guess.full_name not in numeric]
        reason = Text("残す理由を、項目ごとに確かめて書く", "why they are kept, field by field")
        self._step("keep", rest, [5], Text(todo(reason, "ja"), todo(reason, "en")))

    def _searched_and_shuffled(self, classed: Sequence[str]) -> None:
        names = [guess.full_name for guess in self.quasi]
        why = Text(f"準識別子の組合せを {UNDECIDED_K} 人以上にする", f"{UNDECIDED_K} persons or more a combination")
        params = {"algorithm": "suppression", "k": UNDECIDED_K, "maxSuppressed": 1.0}
        self._step("k-search", names, [5], why, params, after=classed)
        order = Text("行の順序が登録順である", "rows stand in the order of registration")
        self._step("shuffle-rows", self.tables, [3, 5], order)


def _searched(findings: Findings) -> list[Guess]:
    """The quasi-identifiers that are generalized or kept and searched over: few, age and sex first."""
    fit = [
        guess
        for guess in findings.of(findings.root)
        if "quasi" in guess.classes and not guess.open and (guess.type == "integer" or "enum" in guess.constraints)
    ]
    fit.sort(key=lambda guess: guess.means != "age")
    chosen: list[Guess] = []
    for guess in fit:
        if len(chosen) < MOST_QUASI and math.prod(map(_groups, [*chosen, guess])) <= MOST_COMBINATIONS:
            chosen.append(guess)
    return chosen


def _bin(guess: Guess) -> int:
    if guess.means == "age":
        return BIN
    low, high = int(guess.constraints["minimum"]), int(guess.constraints["maximum"])
    return max(1, math.ceil((high - low) / BIN))


def _groups(guess: Guess) -> int:
    return len(guess.constraints["enum"]) if "enum" in guess.constraints else BIN + 2
