"""``spec/law``: its files are whole, agree with each other, with the edition and with ``tokumei.numbers``."""

from __future__ import annotations

import datetime as dt
import re
import shutil

import pytest

from tokumei import documents, law, numbers, resources, schema, spec
from tokumei.declarations import NOTICE_OF
from tokumei.model import Strength, TokumeiError

LAW = law.load_law()
EDITION = spec.load_spec()
FOLDER = resources.data("spec", "law")
READ = {path.stem: documents.load(path).document for path in sorted(FOLDER.glob("*.yaml"))}
VECTORS = [(kind.id, vector) for kind in LAW.numbers.values() for vector in kind.vectors]


def entries(node, at=""):
    """Every mapping of a document with its pointer."""
    if isinstance(node, dict):
        yield at, node
        for key, value in node.items():
            yield from entries(value, f"{at}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from entries(value, f"{at}/{i}")


def test_every_file_has_a_schema_and_is_read():
    assert set(READ) == set(law.FILES) == {n.removeprefix("law/") for n in schema.names() if n.startswith("law/")}


@pytest.mark.parametrize("name", law.FILES)
def test_a_file_is_what_its_schema_says(name):
    assert schema.validate(READ[name], f"law/{name}") == ()


@pytest.mark.parametrize("name", law.FILES)
def test_a_file_is_of_the_day_of_the_edition(name):
    assert READ[name]["law_as_of"] == EDITION.law_as_of == LAW.as_of


def test_a_broken_file_is_a_problem_with_its_line(tmp_path):
    root = tmp_path / "spec"
    shutil.copytree(FOLDER, root / "law")
    path = root / "law" / "renumbered.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("old: 旧第19条,", "old: 第19条,", 1), encoding="utf-8")
    with pytest.raises(TokumeiError) as caught:
        law.load_law(root)
    assert [problem.code for problem in caught.value.problems] == ["SCHEMA_PATTERN"]
    assert caught.value.problems[0].place.line


@pytest.mark.parametrize("name", law.FILES)
def test_what_is_stated_of_the_law_has_a_source_or_an_act_and_a_confidence(name):
    for at, entry in entries(READ[name]):
        if "confidence" in entry and not at.endswith("/waiting") and "/amendments/" not in at:
            assert entry.get("source") or entry.get("number") or entry.get("decree"), at
            assert entry["confidence"] in ("read", "high", "medium", "low")


@pytest.mark.parametrize("name", law.FILES)
def test_dates_are_days_and_none_is_after_the_day_of_the_edition(name):
    for at, entry in entries(READ[name]):
        for key, value in entry.items():
            if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                assert dt.date.fromisoformat(value) <= dt.date.fromisoformat(EDITION.law_as_of), f"{at}/{key}"


def test_old_numbers_end_the_day_before_the_new_ones_begin():
    for group in READ["renumbered"]["renumbered"]:
        assert dt.date.fromisoformat(group["until"]) + dt.timedelta(days=1) == dt.date.fromisoformat(group["since"])


def test_former_articles_are_marked_and_no_present_one_is():
    for entry in LAW.renumbered:
        assert entry.old.startswith("旧") and "旧" not in entry.now
    for notice in LAW.notices.values():
        assert "旧" not in notice.article and (not notice.old or notice.old.startswith("旧"))


def test_the_former_article_of_a_clause_is_the_one_of_the_table():
    table = {(entry.act, entry.old): entry.now for entry in LAW.renumbered}
    titles = {name: act.id for act in LAW.acts.values() for name in (act.title.ja, *act.short)}
    seen = 0
    for clause in EDITION.clauses.values():
        for ref in clause.law:
            if not ref.old:
                continue
            act = titles[ref.act]
            # the table goes down to the paragraph where an article was divided
            for form in (r"旧?第\d+条第\d+項", r"旧?第\d+条"):
                old, now = (re.match(form, text) for text in (ref.old, ref.article))
                if old and now and (act, old[0]) in table:
                    assert table[act, old[0]] == now[0], clause.id
                    seen += 1
                    break
            else:
                pytest.fail(f"{clause.id}: the former article is not in the table")
    assert seen


def test_the_numbers_that_the_gate_refuses_are_in_the_table():
    for group in READ["renumbered"]["renumbered"]:
        olds = {int(number) for entry in group["articles"] for number in re.findall(r"旧第(\d+)条", entry["old"])}
        assert set(group["old"]) <= olds


def test_acts_that_are_named_are_listed_and_their_numbers_agree():
    for name in ("renumbered", "sister_rules", "notices"):
        for at, entry in entries(READ[name]):
            for key in ("act", "rule"):
                assert entry.get(key, "") in {"", *LAW.acts}, f"{name}{at}"
    by_title = {act.title.ja: act for act in LAW.acts.values()}
    for kind in ("decree", "rule"):
        cited = READ["identification_codes"][kind]
        assert by_title[cited["title"]].number == cited["number"]
    for regime in EDITION.regimes.values():
        if regime.act in by_title:
            assert by_title[regime.act].number == regime.number


def test_an_amendment_that_makes_a_list_is_in_force_from_its_first_day():
    days = {number: day for act in LAW.acts.values() for number, day in act.amendments}
    for version in READ["identification_codes"]["versions"]:
        assert {days[number] for number in version["amended_by"]} == {version["from"]}


@pytest.mark.parametrize(("kind", "vector"), VECTORS, ids=lambda value: getattr(value, "number", value))
def test_every_vector_computes(kind, vector):
    assert numbers.check(kind, vector.number) == vector.valid


def test_a_family_that_is_used_has_a_valid_vector_or_says_that_its_rule_is_not_published():
    proven = {LAW.numbers[kind].family for kind, vector in VECTORS if vector.valid}
    used = {number.family for number in LAW.numbers.values()} - {""}
    assert used - proven <= {rule.id for rule in LAW.check_rules.values() if not rule.published}


def test_the_table_of_numbers_is_that_of_the_code():
    assert set(LAW.numbers) == set(numbers.KINDS)
    for number in LAW.numbers.values():
        kind = numbers.KINDS[number.id]
        assert (number.pattern, number.family) == (kind.pattern, kind.family), number.id
    assert {r.id: r.published for r in LAW.check_rules.values()} == {
        f.id: f.published for f in numbers.FAMILIES.values()
    }


def test_the_kinds_that_are_codes_are_those_of_the_lists():
    assert frozenset().union(*(codes.numbers for codes in LAW.code_lists)) == numbers.CODES


def test_a_range_that_is_called_unassigned_is_where_invented_numbers_come_from():
    said = {entry["id"] for entry in READ["official_numbers"]["numbers"] if "unassigned" in entry}
    drawn = {kind.id for kind in numbers.KINDS.values() if "{48|49|50}" in kind.body or "{98|99}" in kind.body}
    assert said == drawn - {"care-facility"}


def test_the_lists_of_codes_are_in_order_whole_and_name_known_numbers():
    days = [codes.since for codes in LAW.code_lists]
    assert days == sorted(set(days))
    for codes in LAW.code_lists:
        assert codes.numbers <= set(LAW.numbers)
        assert len({code.id for code in codes.codes}) == len(codes.codes)
        for number in codes.numbers:
            assert LAW.numbers[number].statute


def test_the_list_of_the_day_of_processing_applies():
    before, after = LAW.codes_on("2025-03-23"), LAW.codes_on("2025-03-24")
    assert before.since == "2024-12-02" and after.since == "2025-03-24"
    assert {code.id for code in after.codes} - {code.id for code in before.codes} == {"licence-record"}
    assert after.numbers - before.numbers == {"licence-record"}
    assert LAW.codes_on(EDITION.law_as_of) is after
    with pytest.raises(LookupError):
        LAW.codes_on("2024-12-01")


def test_the_numbers_of_insured_persons_are_codes_whatever_the_medium():
    for codes in LAW.code_lists:
        assert {"insurer-6", "insurer-8", "insured-number", "insured-latter-stage", "care-insured"} <= codes.numbers
    for medium in ("マイナ保険証", "資格確認書", "資格情報のお知らせ"):
        assert medium in READ["identification_codes"]["media"]["ja"]


def test_regimes_are_those_of_the_edition_and_a_family_is_asked_for_or_not():
    assert list(LAW.regimes) == list(EDITION.regimes)
    for regime in LAW.regimes.values():
        items = {f"I{item}" for item in EDITION.regimes[regime.id].items}
        assert set(regime.basis) == items
        assert set(regime.not_required) == {"I1", "I2", "I3", "I4", "I5"} - items


def test_no_clause_is_law_where_its_family_is_not_required():
    for clause in EDITION.clauses.values():
        for regime in LAW.regimes.values():
            if clause.family in regime.not_required:
                assert clause.strength.get(regime.id) in (None, Strength.OWN), f"{clause.id} {regime.id}"


def test_each_notice_opens_the_way_to_one_regime():
    assert {n.regime: n.id for n in LAW.notices.values()} == {r.id: r.notice for r in LAW.regimes.values() if r.notice}
    assert {regime: LAW.notice_for(regime).id for regime in NOTICE_OF} == NOTICE_OF
    assert LAW.notice_for("APPI-43") is None
    assert LAW.notices["NGMIA-52"].article == "第52条第1項" and LAW.notices["NGMIA-57"].article == "第57条第1項"


def test_the_decree_of_linkable_data_is_listed_with_its_day():
    linkable = READ["sister_rules"]["linkable"]
    assert (linkable["decree"], linkable["from"]) in LAW.acts["NGMIA-decree"].amendments


def test_a_sister_rule_that_was_read_says_where():
    for rule in LAW.sister_rules.values():
        if rule.read:
            assert rule.article and rule.rule_article and rule.confidence == "read"
        else:
            assert rule.confidence != "read" and not rule.rule_article
