"""Who must not be in a release: refused persons, and those whose data came under another notice."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokumei import crosscheck, documents, numbers, resources, schema, wording
from tokumei.declarations import NOTICE_OF, FieldName, NoticeBasis, Organization, Processing
from tokumei.documents import Loaded
from tokumei.modalities.tables import baseline, variants
from tokumei.model import Request
from tokumei.plan.tables import Person, bundle

FOLDER = resources.data("examples", "declarations", "hospital")
STATUS, NOTICE = FieldName("patients", "opt_out"), FieldName("patients", "notice")
NOTICES = st.frozensets(st.sampled_from(["NGMIA-52", "NGMIA-57"]))


def hospital(edit=lambda organization, processing: None):
    pair = [copy.deepcopy(documents.load(FOLDER / f"{kind}.yaml").document) for kind in ("organization", "processing")]
    edit(*pair)
    for document, kind in zip(pair, ("organization", "processing"), strict=True):
        assert schema.validate(document, kind) == ()
    return tuple(Loaded(document=document, file=f"{k}.yaml") for document, k in zip(pair, "op", strict=True))


def problems(edit):
    organization, processing = hospital(edit)
    found = (*crosscheck.organization(organization), *crosscheck.pair(organization, processing))
    for problem in found:
        assert wording.render(problem, "ja") and wording.render(problem, "en")
    return [(problem.code, problem.place.pointer) for problem in found]


def field(organization, name):
    return next(each for each in organization["resources"][0]["schema"]["fields"] if each["name"] == name)


def step(processing, name):
    return next(each for each in processing["steps"] if each.get("params", {}).get("field") == name)


def excluded(edit=lambda organization: None, regime="NGMIA-19"):
    organization, _ = hospital(lambda o, p: edit(o))
    return {marked.field: set(marked.texts) for marked in Organization.of(organization.document).excluded(regime)}


def test_the_hospital_excludes_by_regime():
    assert excluded(regime="NGMIA-19") == {STATUS: {"1"}, NOTICE: {"57"}}
    assert excluded(regime="NGMIA-35") == {STATUS: {"1"}, NOTICE: {"52"}}
    assert excluded(regime="APPI-43") == {STATUS: {"1"}}


def test_a_declaration_may_say_what_a_refusal_looks_like():
    assert excluded(lambda o: o["tokumei"]["optOut"].update(refused=["0", "x"]))[STATUS] == {"0", "x"}


def test_without_fields_nothing_is_known():
    def edit(organization):
        del organization["tokumei"]["noticeBasis"]
        del organization["tokumei"]["optOut"]["statusField"]

    assert excluded(edit) == {}


def test_without_texts_the_notice_of_the_institution_counts():
    def edit(organization):
        own = organization["tokumei"]
        del own["noticeBasis"]["values"]
        own["institutions"][0]["notice"]["basis"] = ["NGMIA-52"]
        own["institutions"] += [
            {"id": "H02", "kind": "clinic", "notice": {"basis": ["NGMIA-57"]}},
            {"id": "H03", "kind": "clinic"},
        ]

    assert excluded(edit)[NOTICE] == {"H02", "H03"}
    assert excluded(edit, "NGMIA-35")[NOTICE] == {"H01", "H03"}


@given(st.dictionaries(st.text(min_size=1), NOTICES), st.sampled_from([*NOTICE_OF, "APPI-43"]))
def test_every_text_is_notified_or_not_and_only_by_the_notice_of_the_regime(notices, regime):
    basis = NoticeBasis(field=NOTICE, notices=notices)
    may, not_ = set(basis.notified(regime)), set(basis.not_notified(regime).texts)
    assert may | not_ == set(notices) and not may & not_
    assert may == {text for text, given_ in notices.items() if regime == "APPI-43" or NOTICE_OF[regime] in given_}


@pytest.mark.parametrize("regime", [*NOTICE_OF, "APPI-43"])
@pytest.mark.parametrize("refused", [["1"], ["0"]])
def test_planned_persons_say_what_they_are(regime, refused):
    def edit(organization, processing):
        organization["tokumei"]["optOut"]["refused"] = refused
        processing["regime"] = regime

    documents_ = hospital(edit)
    organization, processing = Organization.of(documents_[0].document), Processing.of(documents_[1].document)
    kinds = [{}, {"opted_out": True}, {"not_notified": True}] * 8
    made = bundle(organization, processing, [Person(quasi={}, **kind) for kind in kinds], seed=1)
    for marked, attribute in zip(organization.excluded(regime), ("opted_out", "not_notified"), strict=False):
        texts = made.tables["patients"].column(marked.field.field).to_pylist()
        assert [text in marked.texts for text in texts] == [attribute in kind for kind in kinds]
    notices = set(made.tables["patients"].column("notice").to_pylist())
    assert notices == {"52", "57", "both"}, "every text occurs, so that what may stay is seen to stay"
    assert organization.deciding == {STATUS, NOTICE}


@pytest.mark.parametrize("product", [baseline.product(), *variants.correct_products().values()])
@pytest.mark.parametrize(("regime", "params"), [("NGMIA-19", {"equals": "57"}), ("NGMIA-35", {"in": ["52", "x"]})])
def test_a_correct_product_releases_nobody_who_is_excluded(product, regime, params):
    def edit(organization, processing):
        processing["regime"] = regime
        step(processing, str(NOTICE))["params"] = {"field": str(NOTICE), "of": "subject", **params}

    organization, processing = (loaded.document for loaded in hospital(edit))
    quasi = dict(zip(map(FieldName.parse, processing["targets"][0]["quasi"]), ("40", "M", "松本市"), strict=True))
    kinds = [{}] * 30 + [{"opted_out": True}] * 4 + [{"not_notified": True}] * 5
    persons = [Person(quasi=quasi, **kind) for kind in kinds]
    tables = bundle(Organization.of(organization), Processing.of(processing), persons, seed=3).tables
    request = Request(
        id="x", organization=organization, processing=processing, data=tables, secrets={"key-1": bytes(range(32))}
    )
    answer = product(request)
    assert answer.status == "ok"
    assert answer.data["patients"].num_rows == 30
    assert all(0 < answer.data[name].num_rows < tables[name].num_rows for name in tables)


@pytest.mark.parametrize("kind", ["my-number", "insured-number", "facility"])
def test_a_field_may_hold_an_official_number(kind):
    def edit(organization, processing):
        field(organization, "insured_no").update(constraints={}, tokumei={"class": ["symbol"], "officialNumber": kind})

    assert problems(edit) == []
    organization, processing = (loaded.document for loaded in hospital(edit))
    persons = [Person(quasi={}) for _ in range(20)]
    made = bundle(Organization.of(organization), Processing.of(processing), persons, seed=1)
    found = made.tables["patients"].column("insured_no").to_pylist()
    assert len(set(found)) == 20
    assert all(numbers.check(kind, text) for text in found) or not numbers.KINDS[kind].pattern


def test_an_identification_code_is_a_symbol():
    def edit(organization, processing):
        field(organization, "phone")["tokumei"] = {"class": ["direct"], "officialNumber": "my-number"}

    assert problems(edit) == [("NUMBER_NOT_SYMBOL", "/resources/0/schema/fields/10/tokumei/class")]


def test_the_example_has_no_problem():
    assert problems(lambda o, p: None) == []


@pytest.mark.parametrize(
    ("edit", "code", "pointer"),
    [
        (lambda o, p: o["tokumei"]["optOut"].update(refused=["2"]), "REFUSAL_TEXT_UNKNOWN", "/tokumei/optOut/refused"),
        (
            lambda o, p: (o["tokumei"]["optOut"].pop("refused"), field(o, "opt_out")["constraints"].update(enum=["y"])),
            "REFUSAL_TEXT_UNKNOWN",
            "/tokumei/optOut/statusField",
        ),
        (
            lambda o, p: (o["tokumei"]["optOut"].pop("statusField"), o["tokumei"]["optOut"].update(refused=["1"])),
            "REFUSAL_WITHOUT_FIELD",
            "/tokumei/optOut/refused",
        ),
        (
            lambda o, p: o["tokumei"]["noticeBasis"].update(field="visits.kind"),
            "NOTICE_FIELD_NOT_OF_PERSON",
            "/tokumei/noticeBasis/field",
        ),
        (
            lambda o, p: o["tokumei"]["noticeBasis"].update(field="patients.none"),
            "UNKNOWN_FIELD",
            "/tokumei/noticeBasis/field",
        ),
        (
            lambda o, p: field(o, "notice")["constraints"].pop("required"),
            "NOTICE_FIELD_OPTIONAL",
            "/tokumei/noticeBasis/field",
        ),
        (
            lambda o, p: o["tokumei"]["noticeBasis"]["values"].pop("57"),
            "NOTICE_VALUES_DIFFER",
            "/tokumei/noticeBasis/values",
        ),
        (
            lambda o, p: o["tokumei"]["noticeBasis"].pop("values"),
            "NOTICE_VALUES_DIFFER",
            "/tokumei/noticeBasis/values",
        ),
        (
            lambda o, p: o["tokumei"]["institutions"][0]["notice"].update(basis=["NGMIA-52"]),
            "NOTICE_NOT_GIVEN",
            "/tokumei/noticeBasis/values",
        ),
        (lambda o, p: p.update(regime="NGMIA-35"), "EXCLUDED_NOT_REMOVED", "/steps"),
        (lambda o, p: p["steps"].remove(step(p, "patients.opt_out")), "EXCLUDED_NOT_REMOVED", "/steps"),
        (lambda o, p: step(p, "patients.notice")["params"].update(of="row"), "EXCLUDED_NOT_REMOVED", "/steps"),
        (lambda o, p: step(p, "patients.notice")["fields"].remove("labs"), "EXCLUDED_NOT_REMOVED", "/steps"),
        (lambda o, p: step(p, "patients.notice")["params"].update(equals="52"), "EXCLUDED_NOT_REMOVED", "/steps"),
        (
            lambda o, p: o["tokumei"]["noticeBasis"].update(values={"52": [], "57": [], "both": []}),
            "NOTICE_NOT_FOR_REGIME",
            "/regime",
        ),
        (
            lambda o, p: o["tokumei"]["institutions"][0]["notice"].update(startedOn="2024-03-12"),
            "RECEIVED_WHILE_WAITING",
            "/tokumei/institutions/0/notice/waitingDays",
        ),
        (
            lambda o, p: o["tokumei"]["institutions"][0]["notice"].update(filedOn="2024-04-11"),
            "RECEIVED_BEFORE_FILING",
            "/tokumei/institutions/0/notice/filedOn",
        ),
        (
            lambda o, p: o["tokumei"]["institutions"][0]["received"][0].update(date="2024-02-30"),
            "DATE_INVALID",
            "/tokumei/institutions/0/received/0/date",
        ),
    ],
)
def test_a_fault_is_told_where_it_is(edit, code, pointer):
    assert (code, pointer) in problems(edit)


@pytest.mark.parametrize(
    "edit",
    [
        lambda o, p: p.update(regime="APPI-43"),
        lambda o, p: o["tokumei"]["institutions"][0]["notice"].pop("basis"),
        lambda o, p: o["tokumei"]["institutions"][0]["notice"].update(startedOn="2024-03-11"),
        lambda o, p: o["tokumei"]["institutions"][0]["notice"].update(filedOn="2024-04-10"),
        lambda o, p: step(p, "patients.notice").update(params={"field": str(NOTICE), "in": ["57"], "of": "subject"}),
        lambda o, p: (p.update(regime="NGMIA-35"), step(p, "patients.notice")["params"].update(equals="52")),
    ],
)
def test_what_is_right_is_left_alone(edit):
    assert problems(edit) == []


def test_no_text_of_a_cell_is_in_a_message():
    secret = "山田太郎"

    def edit(organization, processing):
        organization["tokumei"]["optOut"]["refused"] = [secret]
        organization["tokumei"]["noticeBasis"]["values"] = {secret: []}

    organization, processing = hospital(edit)
    found = (*crosscheck.organization(organization), *crosscheck.pair(organization, processing))
    assert found
    assert all(secret not in wording.render(problem, lang) for problem in found for lang in ("ja", "en"))
