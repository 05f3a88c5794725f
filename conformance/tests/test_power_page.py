"""The result file of a measurement and its page: the same numbers as the command, in both languages, never more."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tokumei import documents, schema
from tokumei.clause import mutants
from tokumei.cli.selftest import selftest as command
from tokumei.model import Exit, RunOutcome
from tokumei.runner import power, selftest
from tokumei.site import kill_picture, pages, power_page, power_result
from tokumei.spec import load_spec

SUITE, OTHER, TODAY = "a" * 16, "b" * 16, "c" * 16
STROKE, HOSPITAL = power.PAIRS
EDITION = load_spec()
SEEN, MISSED, NEVER = "k-none", "stops-at-a-bad-row", "name-in-message"
CHOSEN = {name: mutants()[name] for name in (SEEN, MISSED, NEVER)}


def run_of(name, pair, seed, failed=(), **more):
    outcome = RunOutcome.NOT_MET if failed else RunOutcome.ALL_MET
    return power.PowerRun(name=name, pair=pair, seed=seed, outcome=outcome, failed=tuple(failed), **more)


def runs():
    """One mutant is always killed, one at times, one was run on one pair only; one of two products is accused once."""
    for seed in (1, 2, 3):
        for pair in power.PAIRS:
            due = CHOSEN[SEEN].killed_by[:1]
            yield run_of(f"mutant:{SEEN}", pair, seed, due, calls=2 * seed**2, seconds=seed**2 / 2)
        failed = CHOSEN[MISSED].killed_by if seed == 2 else ()
        yield run_of(f"mutant:{MISSED}", STROKE, seed, failed, calls=19, seconds=1.25)
        yield run_of(f"mutant:{MISSED}", HOSPITAL, seed, calls=19, seconds=1.25)
        yield run_of("correct:baseline", STROKE, seed, seconds=3.0)
    yield run_of(f"mutant:{NEVER}", STROKE, 1, CHOSEN[NEVER].killed_by, calls=2, seconds=0.1)
    yield run_of("correct:floats", HOSPITAL, 4, ("I5-01",), seconds=5.0)
    yield run_of("null:identity", STROKE, 1, ("I1-01", "D-03"), seconds=7.0)
    yield run_of("null:drop-all", STROKE, 1, seconds=1.0)


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "ledger.jsonl"
    for run in runs():
        power.Ledger(path, digest=SUITE).add(run)
    return path


@pytest.fixture
def measured(ledger):
    return power_result.measurement([ledger], SUITE, CHOSEN)


@pytest.fixture
def result(measured):
    return power_result.document(measured, date="2026-01-31", mutants=CHOSEN)


def pages_of(result, today=SUITE):
    return [power_page.page(result, EDITION, today, lang) for lang in pages.LANGUAGES]


# -- the result file


def test_the_result_is_valid_and_says_what_the_ledger_holds(result):
    assert schema.validate(json.loads(documents.dumps(result)), "power") == ()
    told = {each["mutant"]: {on["pair"]: on for on in each["pairs"]} for each in result["mutants"]}
    seen = told[SEEN][HOSPITAL]
    assert (seen["runs"], seen["kills"], seen["calls"], seen["seconds"]) == (3, 3, 8, 2.0)
    assert seen["failed"][CHOSEN[SEEN].killed_by[0]] == 3
    assert (seen["lower"], seen["upper"]) == (pytest.approx(0.025 ** (1 / 3), abs=1e-5), 1.0)
    assert told[MISSED][STROKE]["kills"] == 1
    assert (told[MISSED][HOSPITAL]["kills"], told[MISSED][HOSPITAL]["calls"]) == (0, None)
    assert result["survivors"] == [{"mutant": MISSED}]
    assert result["not_run"] == [{"mutant": NEVER, "pair": HOSPITAL}]
    correct = result["correct"]
    assert (correct["runs"], correct["alarms"], correct["accused_products"]) == (4, 1, 1)
    assert {each["product"]: (each["runs"], each["alarms"]) for each in correct["products"]} == {
        "baseline": (3, 0),
        "floats": (1, 1),
    }
    assert power_result.passed(result) == 1


def test_the_numbers_are_those_that_the_command_tells(measured, result):
    told = "\n".join(selftest.lines(measured, "en"))
    for kind in result["kinds"]:
        assert "Mutants, {kind}: {killed} of {mutants} killed (95 % at least {lower:.0%})".format(**kind) in told
    correct = result["correct"]
    assert f"{correct['alarms']} of {correct['runs']} runs ({len(correct['products'])} products) accused" in told
    assert f"95 % at most {correct['upper']:.2%} a run, {correct['upper_of_products']:.0%} a product" in told
    assert f"Null products: {power_result.passed(result)} of {len(result['nulls'])} runs" in told
    for each in result["mutants"]:
        for on in each["pairs"]:
            line = f"missed at times: {each['mutant']} {on['pair']} {on['kills']} of {on['runs']} runs"
            assert (line in told) is (on["kills"] < on["runs"])
    for each in result["survivors"]:
        assert f"survivor: {each['mutant']} " in told


@given(cut=st.integers(0, 400), data=st.data())
def test_a_ledger_cut_off_anywhere_holds_the_lines_before(cut, data, tmp_path_factory):
    """Lines of another suite are never counted, wherever they stand."""
    path = tmp_path_factory.mktemp("cut") / "ledger.jsonl"
    every = data.draw(st.permutations(list(runs())))
    for run in every:
        other = run_of(run.name, run.pair, run.seed, ("X-01",), seconds=900.0)
        power.Ledger(path, digest=OTHER).add(other)
        power.Ledger(path, digest=SUITE).add(run)
    text = path.read_bytes()
    text = text[: max(0, len(text) - cut)]
    path.write_bytes(text)
    whole = [run for run, line in zip(every, text.split(b"\n")[1::2], strict=False) if line.endswith(b"}")]
    found = power_result.document(power_result.measurement([path], SUITE, CHOSEN), date="2026-01-31", mutants=CHOSEN)
    assert found["measured"]["runs"] == len(whole) == power_result.suites([path])[SUITE]
    assert found["measured"]["cpu_seconds"] == round(sum(run.seconds for run in whole), 1)
    assert schema.validate(found, "power") == ()


def test_reasons_of_survivors_and_the_held_out_part_outlive_a_new_measurement(measured, result):
    reason = {"ja": "理由。", "en": "A reason."}
    result["survivors"] = [{"mutant": MISSED, "reason": reason}, {"mutant": SEEN, "reason": reason}]
    result["held_out"] = held_out()
    again = power_result.document(measured, date="2026-02-01", kept=result, mutants=CHOSEN)
    assert again["survivors"] == [{"mutant": MISSED, "reason": reason}]
    assert again["held_out"] == result["held_out"]
    assert schema.validate(again, "power") == ()
    assert all(reason[lang] in page for lang, page in zip(pages.LANGUAGES, pages_of(again), strict=True))


def held_out():
    about = {"ja": "別の者が作った。", "en": "Made by others."}
    numbers = {"mutants": 10, "killed": 7, "lower": 0.35, "upper": 0.93}
    return {"date": "2026-02-01", "suite": SUITE, "about": about} | numbers


# -- the command


def test_the_command_writes_from_ledgers_and_runs_nothing(ledger, tmp_path):
    out = tmp_path / "results" / "power.json"
    given_ = ["--ledger", str(ledger), "--write", str(out), "--date", "2026-01-31", "--lang", "en"]
    before = ledger.read_bytes()
    refused = CliRunner().invoke(command, given_)
    assert refused.exit_code == 2
    assert f"{SUITE} (" in refused.output
    assert not out.exists()
    told = CliRunner().invoke(command, [*given_, "--suite", SUITE])
    assert told.exit_code == Exit.ALL_MET, told.output
    assert ledger.read_bytes() == before
    written = power_result.read(out)
    assert (written["suite"], written["date"]) == (SUITE, "2026-01-31")
    assert f"survivor: {MISSED} " in told.output
    absent = sum(len(m.pairs or power.PAIRS) for m in mutants().values()) - 5
    assert f"mutants on a pair not run: {absent}" in told.output
    assert len(written["not_run"]) == absent


def test_the_command_names_a_ledger_that_is_not_there(tmp_path):
    told = CliRunner().invoke(command, ["--ledger", str(tmp_path / "gone"), "--write", str(tmp_path / "out")])
    assert told.exit_code == 2
    assert "no such ledger" in told.output


def test_a_result_file_that_breaks_its_schema_is_an_error(tmp_path):
    (tmp_path / "power.json").write_text('{"suite": "x"}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"power\.json"):
        power_result.read(tmp_path / "power.json")


# -- the page


def test_the_pages_of_both_languages_say_the_same_numbers(result):
    ja, en = (re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL) for page in pages_of(result))
    ja, en = (page[page.index(f"\n{power_page.HELD_OUT[lang]}") :] for page, lang in ((ja, "ja"), (en, "en")))
    numbers = [re.findall(r"\d[\d.,]*%?", text.replace("、", " ")) for text in (ja, en)]
    assert sorted(n.strip(".,") for n in numbers[0]) == sorted(n.strip(".,") for n in numbers[1])
    assert "1/3 (1%–91%)" in ja and "1/3 (1%–91%)" in en


def test_a_table_has_as_many_cells_in_every_line(result):
    for page in pages_of(result):
        tables = re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE)
        assert len(tables) == 5
        for table in tables:
            assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_page_says_what_was_not_measured(result):
    for lang, none, here, old in zip(
        pages.LANGUAGES, pages_of(None), pages_of(result), pages_of(result, TODAY), strict=True
    ):
        assert power_page.NOTHING[lang] in none
        assert power_page.SUMMARY[lang] not in none
        assert power_page.NOTHING[lang] not in here
        early = power_page.EARLIER[lang].format(suite=SUITE, today=TODAY)
        assert early in old
        assert early[:60] not in here
        assert all(power_page.NOT_DONE[lang] in page for page in (none, here, old))
        assert power_page.NO_REASON[lang] in here
        assert f"<code>{NEVER}</code> ({HOSPITAL})" in here
    result["held_out"] = held_out()
    for lang, page in zip(pages.LANGUAGES, pages_of(result), strict=True):
        assert power_page.NOT_DONE[lang] not in page
        assert "35%–93%" in page


def test_a_clause_without_a_page_is_not_a_link(result):
    result["mutants"][0]["clauses"] = ["X-998"]
    result["mutants"][0]["pairs"][0]["failed"] = {"X-998": 1}
    for page in pages_of(result):
        assert "| X-998 |" in page
        assert "X-998.md" not in page


@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_a_picture_has_text_for_everything_that_it_draws(lang, result):
    for name, some in kill_picture.groups(result["mutants"]).items():
        block = kill_picture.picture(name, some, lang)
        assert "\n\n" not in block
        svg = ET.fromstring(block)[0]
        space = "{http://www.w3.org/2000/svg}"
        ids = {each.get("id"): each.text for each in svg.iter() if each.get("id")}
        assert svg.get("role") == "img"
        assert all(ids[name_] for name_ in svg.get("aria-labelledby").split())
        boxes = svg.findall(f"{space}g")
        assert len(boxes) == sum(len(mutant["clauses"]) for mutant in some)
        assert all(box[0].tag == f"{space}title" and box[0].text for box in boxes)
        said = " ".join(each.text for each in svg.findall(f"{space}text"))
        for mutant in some:
            kills, runs_ = (sum(on[what] for on in mutant["pairs"]) for what in ("kills", "runs"))
            assert mutant["mutant"] in said
            assert f"{kill_picture.TOTAL[lang]} {kills}/{runs_}" in said


def test_the_boxes_differ_in_shape_as_well_as_in_colour(result):
    drawn = {each["mutant"]: each for each in result["mutants"]}
    drawn[NEVER]["pairs"][0]["failed"] = dict.fromkeys(drawn[NEVER]["clauses"], 0)
    block = kill_picture.picture("B", [drawn[MISSED], drawn[NEVER]], "en")
    boxes = re.findall(r"<g>.*?</g>", block)
    assert ['height="2.3"' in box for box in boxes] == [True, False]  # one of six runs
    assert ["<path" in box for box in boxes] == [False, True]
    filled, outline = (re.search(r'y="([\d.]+)".*? height="([\d.]+)"', rect) for rect in boxes[0].split("<rect")[1:])
    assert sum(map(float, filled.groups())) == pytest.approx(sum(map(float, outline.groups())), abs=0.1)


def test_the_site_builds_with_the_file_and_without(result, tmp_path):
    path = tmp_path / "power.json"
    for number in range(2):
        written = pages.build(tmp_path / "docs", path)
        for lang in pages.LANGUAGES:
            assert tmp_path / "docs" / lang / "power.md" in written
            text = (tmp_path / "docs" / lang / "power.md").read_text(encoding="utf-8")
            assert (power_page.NOTHING[lang] in text) is (number == 0)
        path.write_text(documents.dumps(result), encoding="utf-8")
