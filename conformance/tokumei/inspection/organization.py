"""The draft of the organization declaration: what the data told, and what only a person can say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokumei.documents import pointer
from tokumei.inspection.guess import TODO, Guess
from tokumei.inspection.keys import Key, Link
from tokumei.inspection.reading import Source
from tokumei.model import Text

GROUPS: Mapping[str, tuple[frozenset[str], Text]] = {
    "birth": (frozenset({"birth", "age"}), Text("生年月日", "date of birth")),
    "residence": (frozenset({"residence"}), Text("居住地", "residence")),
    "build": (frozenset({"build"}), Text("体格", "build")),
}
"""Facts that several columns of one table carry, and what their columns mean in ``words``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the inspection of a folder found; ``person`` is the person key, ``marked`` where nobody confirmed it."""

    name: str
    sources: tuple[Source, ...]
    guesses: tuple[Guess, ...]
    person: Key | None
    marked: bool
    parents: Mapping[str, Link]
    links: tuple[Link, ...]

    @property
    def root(self) -> str:
        return self.person.resource if self.person else self.sources[0].resource

    def of(self, resource: str) -> tuple[Guess, ...]:
        return tuple(guess for guess in self.guesses if guess.profile.resource == resource)

    @property
    def refusal(self) -> Guess | None:
        return next((guess for guess in self.guesses if guess.means == "refusal"), None)


def todo(text: Text, lang: str) -> str:
    return f"{TODO}: {text[lang]}"


def draft(findings: Findings, *, operator: str, kind: str, lang: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The document and its comments by pointer."""
    comments: dict[str, list[str]] = defaultdict(list)
    groups = _groups(findings)
    person = (
        str(findings.person)
        if findings.person
        else todo(Text("本人の鍵を resource.field で書く", "the person key, as resource.field"), lang)
    )
    own: dict[str, Any] = {
        "profile": "organization/1",
        "level": "release",
        "operator": {
            "name": operator or todo(Text("作成主体の名称", "name of who processes"), lang),
            "kind": kind
            or todo(
                Text(
                    "certified-producer、business、administrative-organ など",
                    "certified-producer, business, administrative-organ …",
                ),
                lang,
            ),
        },
        "institutions": [
            {
                "id": todo(Text("提供元の記号", "id of the source"), lang),
                "kind": todo(Text("hospital、clinic、insurer など", "hospital, clinic, insurer …"), lang),
            }
        ],
        "subjects": {"unit": "person", "key": f"{TODO}: {person}" if findings.marked and findings.person else person},
    }
    if groups:
        own["redundancyGroups"] = {
            name: {"meaning": meaning[lang], "members": [guess.full_name for guess in members]}
            for name, (meaning, members) in groups.items()
        }
    relations = [link for link in findings.links if findings.parents.get(link.child.resource) != link]
    if relations:
        own["relations"] = [
            {
                "from": str(link.child),
                "to": str(link.parent),
                "cardinality": "n:1",
                "integrity": "enforced" if link.share == 1.0 else "best-effort",
            }
            for link in relations
        ]
    own["optOut"] = {
        "appliedUntil": todo(Text("提供停止の求めを反映した日", "the day up to which refusals are applied"), lang)
    }
    if findings.refusal:
        own["optOut"] = {
            "statusField": findings.refusal.full_name,
            "refused": [todo(Text("提供停止を表す値", "the value that means a refusal"), lang)],
            **own["optOut"],
            "effect": "excluded-from-release",
        }
    own["retention"] = {"source": todo(Text("元のデータの保存期間", "how long the source is kept"), lang)}
    member_of = {guess.full_name: name for name, (_, members) in groups.items() for guess in members}
    resources = [_resource(findings, source, member_of, comments, i, lang) for i, source in enumerate(findings.sources)]
    comments[""] = [
        Text(
            "医療情報の整理の方法の下書き。tokumei init がデータの列名と形から推測した。",
            "Draft of an organization declaration, guessed by tokumei init from headers and shapes.",
        )[lang],
        Text(
            "「TODO」は人が決める事項で、tokumei validate が一つずつ知らせる。推測した区分も、根拠を見て確かめる。",
            "Each TODO is for a person to decide; tokumei validate tells them one by one. Check the guessed classes too.",
        )[lang],
        Text(
            "値は、12 種類以下で各 10 行以上の語彙の外には書き出していない。人に渡す前に enum を見直す。",
            "No value is written but of vocabularies of 12 or fewer, 10 rows each. Look through enum before you pass this on.",
        )[lang],
    ]
    if findings.marked:
        comments["/tokumei/subjects"] = [
            Text(
                "本人の鍵は一つに定まらない。確かめてから「TODO: 」を消す。",
                "The person key is not certain. Confirm it, then remove “TODO: ”.",
            )[lang]
        ]
    document = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": findings.name,
        "version": "1.0.0",
        "tokumei": own,
        "resources": resources,
    }
    return document, dict(comments)


def _groups(findings: Findings) -> dict[str, tuple[Text, list[Guess]]]:
    found: dict[str, tuple[Text, list[Guess]]] = {}
    for source in findings.sources:
        for name, (means, meaning) in GROUPS.items():
            members = [guess for guess in findings.of(source.resource) if guess.means in means]
            if len(members) > 1:
                found[name if name not in found else f"{name}-{source.resource}"] = (meaning, members)
    return found


def _resource(
    findings: Findings, source: Source, member_of: Mapping[str, str], comments: dict[str, list[str]], i: int, lang: str
) -> dict[str, Any]:
    guesses = findings.of(source.resource)
    parent = findings.parents.get(source.resource)
    root = source.resource == findings.root
    person = findings.person
    own: dict[str, Any] = {"role": "subject" if root else "event"}
    if person and any(guess.profile.name == person.field for guess in guesses):
        own["subjectKey"] = person.field
    one_row = (
        root
        and person is not None
        and any(guess.profile.name == person.field and guess.profile.unique for guess in guesses)
    )
    own |= {"rowUnit": "person" if one_row else "record", "order": "informative"}
    schema: dict[str, Any] = {}
    if key := _primary(findings, guesses, one_row=one_row):
        schema["primaryKey"] = [key]
    if parent is not None:
        schema["foreignKeys"] = [
            {
                "fields": [parent.child.field],
                "reference": {"resource": parent.parent.resource, "fields": [parent.parent.field]},
            }
        ]
        share = int(100 * parent.share)
        text = Text(
            f"外部キー: 列名が同じで、値の {share} % が親の表にある",
            f"foreign key: equal names, and {share} % of the values are in the parent",
        )
        comments[pointer("resources", i, "schema", "foreignKeys")] = [text[lang]]
    missing = sorted({token for guess in guesses for token in guess.profile.missing})
    schema["missingValues"] = ["", *missing]
    refer = {str(parent.child)} if parent else set()
    schema["fields"] = []
    for j, guess in enumerate(guesses):
        schema["fields"].append(_field(guess, member_of.get(guess.full_name), guess.full_name in refer, lang))
        comments[pointer("resources", i, "schema", "fields", j)] = [told(guess, lang)]
    document: dict[str, Any] = {"name": source.resource, "path": source.path, "format": source.format}
    if source.format == "csv":
        document["encoding"] = source.encoding
        if source.delimiter != ",":
            document["dialect"] = {"delimiter": source.delimiter}
        if source.marked:
            comments[pointer("resources", i)] = [
                Text("先頭に BOM がある。BOM なしで保存し直す。", "It begins with a byte order mark. Save it without.")[
                    lang
                ]
            ]
    return {**document, "tokumei": own, "schema": schema}


def told(guess: Guess, lang: str) -> str:
    """One comment: the class, how sure it is, and why."""
    why = ("; " if lang == "en" else "、").join(text[lang] for text in guess.evidence)
    return Text(f"確信 {guess.confidence.ja}: {why}", f"confidence {guess.confidence.en}: {why}")[lang]


def _primary(findings: Findings, guesses: Sequence[Guess], *, one_row: bool) -> str:
    parent = findings.parents.get(guesses[0].profile.resource)
    child = parent.child.field if parent else ""
    unique = [
        guess.profile.name for guess in guesses if guess.constraints.get("unique") and guess.profile.name != child
    ]
    if one_row and findings.person:
        return findings.person.field
    return unique[0] if unique else ""


def _field(guess: Guess, group: str | None, refers: bool, lang: str) -> dict[str, Any]:
    classes = [todo(Text("識別子の区分", "identifier class"), lang) if each == TODO else each for each in guess.classes]
    tokumei = {"class": classes, **guess.tokumei}
    if group:
        tokumei["redundancyGroup"] = group
    document: dict[str, Any] = {"name": guess.profile.name, "type": guess.type}
    if guess.format:
        document["format"] = guess.format
    rules = {key: value for key, value in guess.constraints.items() if not (refers and key in ("unique", "pattern"))}
    if rules:
        document["constraints"] = rules
    return {**document, "tokumei": tokumei}
