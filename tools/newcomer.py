"""Proves that a newcomer's new clause passes the gates: draft, write, play, kill, publish, in a copy of this checkout.

``python tools/newcomer.py`` does what docs/ja/editor-guide.md and docs/en/editor-guide.md tell an editor to do, with the
clause X-90 (no web address in a cell) as the example, and stops at the first step that does not end as the guide says.
Nothing of this checkout is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("conformance/tokumei", "spec", "schemas", "examples")
CLAUSE, SLUG = "X-90", "no-web-address"
TEXT = {
    "（未記入：題名）": "ウェブサイトのアドレスの不存在",
    "(to be written: title)": "No web address",
    "標本の値をもつ行が {n} 行ある。（未記入：指摘の文）": "ウェブサイトのアドレスを含む値が {n} 個ある。",
    "has {n} row(s) that hold the sample value. (to be written: the sentence)": "has {n} value(s) with a web address.",
    "（未記入：違反を示す例の説明）": "備考に、本人のページのアドレスが残っている（架空のアドレス）。",
    "（未記入：違反のない例の説明）": "備考にアドレスはない。",
    "（未記入：要求事項。文末は水準に合わせて「〜しなければならない」「〜ことが望ましい」「〜てもよい」とする。）": (
        "加工後データの値は、ウェブサイトのアドレスを含まないようにしなければならない。"
    ),
    "（未記入：理由）": "アドレスは、本人又はその知人のページを指すことがある。",
    "（未記入：害）": "アドレスをたどった者が、本人を知る。",
    "(to be written: the requirement, with shall, should or may)": "A value in a release shall not contain a web address.",
    "(to be written: the rationale)": "An address may be that of a page of the subject or of somebody who knows the subject.",
    "(to be written: the harm)": "Whoever follows the address learns who the subject is.",
    "SAMPLE_FOUND": "WEB_ADDRESS",
    "p1,sample": "p1,https://example.org/p/1",
}
TWICE = "(to be written: what this example shows)"
EXAMPLES_EN = ("The remark holds the address of a page (invented address).", "The remark holds no address.")
CHECK = {
    "no released cell holds the sample value (this check is the sample that `tokumei spec new` writes)": (
        "no released cell holds the address of a web site"
    ),
    'SAMPLE = "sample"': 'SAMPLE = "https://example.org/p/1"',
    "WHERE value = {sample} '": "WHERE contains(value, {mark}) '",
    "sample=SAMPLE": 'mark="://"',
    "SAMPLE_FOUND": "WEB_ADDRESS",
    "（未記入：害）": "アドレスから本人が知れる",
    "(to be written: the harm)": "The address leads to the subject",
    "(to be written: where this happened)": "Free text of registries with links to personal pages",
}
KILL = f"""
from tokumei.clause import mutants
from tokumei.modalities.tables import baseline
from tokumei.runner import selftest
for name, product in [("baseline", baseline.product())] + [
    (m.id, selftest.broken(m)) for m in mutants().values() if m.killed_by == ("{CLAUSE}",)
]:
    run = selftest.power_run(name, product, pair="stroke-registry", seed=1)
    print(name, "{CLAUSE}" in run.failed, "{CLAUSE}" in run.errors)
"""


def main() -> int:
    """Run every step in a temporary copy; the exit code is 0 when all of them ended as the guide says."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in COPIED:
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        before = problems(copy)
        say(f"copied; {len(before)} problems before")
        tokumei(copy, "spec", "new", CLAUSE, "--slug", SLUG, "--profile", "tables")
        expect("SPEC_UNWRITTEN", problems(copy) - before, "a draft is red until it is written")
        text, check = copy / f"spec/clauses/X/{CLAUSE}.md", copy / "conformance/tokumei/clauses/x/x_90.py"
        fill(text, TEXT)
        text.write_text(
            text.read_text("utf-8").replace(TWICE, EXAMPLES_EN[0], 1).replace(TWICE, EXAMPLES_EN[1], 1), "utf-8"
        )
        fill(check, CHECK)
        found = problems(copy, full=True)
        stamp = re.search(r"SPEC_TRANSLATION_STALE ([0-9a-f]{16})", "\n".join(found))
        if stamp:
            text.write_text(re.sub(r'of: "[0-9a-f]{16}"', f'of: "{stamp[1]}"', text.read_text("utf-8")), "utf-8")
        expect("SPEC_CHECK_SUSPECT", problems(copy) - before, "a new check is suspect until it is affirmed")
        tokumei(copy, "spec", "affirm", CLAUSE)
        left = problems(copy) - before
        if left:
            raise SystemExit(f"newcomer: gates are red: {sorted(left)}")
        say("all gates pass, and the examples are judged as stated")
        kills = python(copy, "-c", KILL).split("\n")
        wanted = ["baseline False False", f"{SLUG}-in-every-row True False", f"{SLUG}-in-one-row True False"]
        if sorted(line for line in kills if line) != sorted(wanted):
            raise SystemExit(f"newcomer: {kills}")
        say("both mutants are killed by the new clause, the baseline is not accused")
        tokumei(copy, "site", "build", str(copy / "docs"))
        for lang, title in (("ja", "ウェブサイトのアドレスの不存在"), ("en", "No web address")):
            page = (copy / "docs" / lang / "clauses" / f"{CLAUSE}.md").read_text("utf-8")
            if title not in page or f"{SLUG}-in-one-row" not in page:
                raise SystemExit(f"newcomer: the page in {lang} is not whole")
        say("the page is there in both languages")
    print(f"newcomer: passed in {time.perf_counter() - began:.0f} s")
    return 0


def fill(path: Path, words: dict[str, str]) -> None:
    text = path.read_text("utf-8")
    for old, new in words.items():
        if old not in text:
            raise SystemExit(f"newcomer: the draft does not hold {old!r}")
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def problems(copy: Path, *, full: bool = False) -> set[str]:
    """``CLAUSE CODE`` of every problem that the gates and the examples give, with the digest asked for if ``full``."""
    program = (
        "from tokumei.clause import checks\n"
        "from tokumei.engines.duckdb import DuckDB\n"
        "from tokumei.runner.examples import unkept\n"
        "from tokumei.spec import load_spec\n"
        "from tokumei.spec_lint import lint\n"
        "edition = load_spec()\n"
        "with DuckDB() as engine:\n"
        "    for p in (*lint(edition), *unkept(edition, checks(), engine)):\n"
        "        print('problem', p.clause, p.code, p.params.get('digest', ''))\n"
    )
    lines = [
        line.removeprefix("problem ") for line in python(copy, "-c", program).splitlines() if line.startswith("problem")
    ]
    return set(lines) if full else {" ".join(line.split(" ")[:2]) for line in lines}


def expect(code: str, found: set[str], why: str) -> None:
    if not any(line.endswith(code) for line in found):
        raise SystemExit(f"newcomer: {code} was expected ({why}), found {sorted(found)}")
    say(why)


def tokumei(copy: Path, *arguments: str) -> str:
    return python(copy, "-m", "tokumei", *arguments)


def python(copy: Path, *arguments: str) -> str:
    path = os.environ | {"PYTHONPATH": str(copy / "conformance"), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=path, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise SystemExit(
            f"newcomer: {' '.join(arguments[:4])} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


def say(text: str) -> None:
    print(f"newcomer: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
