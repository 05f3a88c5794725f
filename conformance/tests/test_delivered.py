"""Files as other systems write them: the bytes say what the table says, in every form."""

import csv
import io

import pytest

from tokumei.clauses.b.b_07 import misreadings
from tokumei.plan.delivered import ENCODINGS, PRIVATE
from tokumei.plan.required import required_plan
from tokumei.runner.power import PAIRS, pair_named


def given(pair, **options):
    plan = required_plan([pair_named(pair)], track="open", seed=7, **options)
    calls = [call for case in plan.cases for call in case.calls]
    return [
        call.bundle for call in calls if set(call.bundle.files) & {r.path for r in call.bundle.organization.resources}
    ]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("obeys", [True, False])
def test_the_bytes_hold_the_table(pair, obeys):
    forms = set()
    for bundle in given(pair, obeys=obeys):
        for resource in bundle.organization.resources:
            content = bundle.files.get(resource.path)
            if content is None or not bundle.tables[resource.name].num_rows:
                continue
            text = content.decode(resource.encoding)
            forms |= {resource.encoding, "mark"} if text.startswith("\ufeff") else {resource.encoding}
            rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
            table = bundle.tables[resource.name]
            if len(rows) != table.num_rows + 1 or len(rows[-1]) != table.num_columns:
                assert bundle.tables[resource.name][-1:].num_rows == 1  # the table that is cut short
                continue
            assert rows[0] == table.column_names == [info.name.field for info in resource.fields]
            assert rows[1:] == [["" if c is None else c for c in row.values()] for row in table.to_pylist()]
    own = {resource.encoding for resource in pair_named(pair)[0].resources if resource.format == "csv"}
    several = len(pair_named(pair)[0].resources) > 1  # one file has three forms only: three of its cases come in one
    expected = ({*ENCODINGS} if several else {*ENCODINGS} - {"iso-2022-jp"}) if obeys else own
    assert forms - {"mark"} == expected


@pytest.mark.parametrize("pair", PAIRS)
def test_what_decides_on_a_person_stands_last_and_some_names_have_private_characters(pair):
    bundles = [bundle for bundle in given(pair) if bundle.organization.name]
    seen = ""
    for bundle in bundles:
        home = bundle.organization.resource(bundle.organization.subject_key.resource)
        if home.path in bundle.files and bundle.organization.document != pair_named(pair)[0].document:
            assert home.fields[-1].name in bundle.organization.deciding
            seen += repr(bundle.tables)
    assert any(chr(PRIVATE + n) in seen for n in range(100))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_misread_text_is_told_from_the_text(encoding):
    found = misreadings("安曇野市の南", encoding)
    assert found and "安曇野市の南" not in found
    assert not misreadings("A-1", encoding)


def test_a_product_is_given_the_encodings_that_it_names():
    own = {r.encoding for b in given("stroke-registry", encodings=("utf-8", "cp932")) for r in b.organization.resources}
    assert own == {"utf-8", "cp932"}
