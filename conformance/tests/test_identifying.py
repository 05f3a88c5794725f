"""The searches of I1-02 to I1-06 and X-01 at their edges, against codes and dates made by the standard library."""

from __future__ import annotations

import base64
import codecs
import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.examples import Example
from tokumei.runner.examples import play_example

NAME, KEY, BIRTH = "佐藤 花子", "A00734519", "1957-03-12"
CHECKS = checks()
FIELDS = (
    {"field": "name", "class": "direct", "technique": "suppress-column", "tokumei": {"generator": "person-name"}},
    {"field": "key", "class": "link", "technique": "pseudonymize-random"},
    {
        "field": "birth",
        "class": ["quasi", "date"],
        "technique": "suppress-column",
        "tokumei": {"generator": "birth-date"},
    },
    {"field": "sex", "class": "quasi", "technique": "keep", "constraints": {"enum": ["M", "F"]}},
    {"field": "visit", "class": "date", "technique": "date-shift"},
    {"field": "note", "class": "neutral", "technique": "keep"},
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB() as made:
        yield made


def codes(
    clause: str, engine: DuckDB, released: Sequence[str], *, fields: Sequence[Mapping[str, Any]] = FIELDS, **given: str
) -> list[str]:
    """The codes of the findings where the values stand in the column ``note`` of a release of as many rows."""
    values = {"name": NAME, "key": KEY, "birth": BIRTH, "sex": "F", "visit": "2023-05-10", "note": "-"} | given
    names = [str(line["field"]) for line in fields]
    row = ",".join(values[name] for name in names)
    note = "\n".join(f'"{value}"' for value in released)
    example = Example.of(
        {
            "say": {"ja": "-", "en": "-"},
            "verdict": "pass",
            "fields": fields,
            "input": f"{','.join(names)}\n{row}\n",
            "release": f"note\n{note}\n",
        }
    )
    found = play_example(example, CHECKS[clause], engine)
    assert found.error == "" and found.count > 0
    return [finding.code for finding in found.findings]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "value",
    [
        b64(NAME),
        base64.urlsafe_b64encode(NAME.replace(" ", "").encode()).decode().rstrip("="),
        NAME.encode().hex().upper(),
        ":".join(f"{byte:02x}" for byte in NAME.replace(" ", "").encode()),
        quote(NAME),
        quote_plus(NAME),
        NAME[::-1],
        b64(KEY),
        KEY.encode().hex(),
    ],
)
def test_one_code_of_an_identifier_is_found(engine: DuckDB, value: str) -> None:
    assert codes("I1-02", engine, [value]) == ["ENCODED_IDENTIFIER"]


@pytest.mark.parametrize("value", [f"see id={b64(NAME)}; ok", f"予約 {quote(NAME)} 済"])
def test_a_code_inside_a_text_is_found(engine: DuckDB, value: str) -> None:
    assert codes("I1-02", engine, [value]) == ["ENCODED_IN_TEXT"]


@pytest.mark.parametrize("turned", [KEY[::-1], codecs.encode(KEY, "rot13")])
def test_one_short_code_may_be_chance(engine: DuckDB, turned: str) -> None:
    assert codes("I1-02", engine, [turned]) == []


@given(st.integers(0, 2**64))
@settings(deadline=None, max_examples=8)
def test_pseudonyms_are_no_codes(engine: DuckDB, seed: int) -> None:
    values = [hashlib.blake2b(f"{seed}/{n}".encode()).hexdigest()[: 8 + n] for n in range(24)]
    values += [base64.b64encode(hashlib.blake2b(f"{seed}/{n}".encode()).digest()).decode()[: 8 + n] for n in range(24)]
    for clause in ("I1-02", "I1-03", "I1-04"):
        assert codes(clause, engine, values) == []


def digests() -> Iterator[tuple[str, str]]:
    joined = f"{NAME}|{BIRTH}".encode()
    key, name = KEY.encode(), NAME.replace(" ", "").encode()
    yield "md5 of the key", hashlib.md5(key).hexdigest()
    yield "upper case", hashlib.sha1(name).hexdigest().upper()
    yield "sixteen digits", hashlib.sha256(key).hexdigest()[:16]
    yield (
        "as a UUID",
        "-".join(hashlib.md5(name).hexdigest()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))),
    )
    yield "Base64", base64.b64encode(hashlib.sha256(name).digest()).decode()
    yield "URL-safe Base64 cut short", base64.urlsafe_b64encode(hashlib.md5(key).digest()).decode()[:12]
    yield "behind a mark", "P-" + hashlib.sha256(key).hexdigest()
    yield "SHA-512", hashlib.sha512(key).hexdigest()
    yield "BLAKE2", hashlib.blake2b(key, digest_size=16).hexdigest()
    yield "an empty HMAC key", hmac.digest(b"", key, "sha256").hex()
    yield "a salt from a manual", hashlib.sha256(b"salt" + key).hexdigest()
    yield "name and birth", hashlib.sha256(joined).hexdigest()
    yield "name, birth and sex", hashlib.md5(NAME.replace(" ", "").encode() + b"19570312F").hexdigest()


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in digests()])
def test_a_digest_is_found(engine: DuckDB, value: str) -> None:
    assert codes("I1-03", engine, [value]) == ["DIGEST_OF_IDENTIFIER"]


@pytest.mark.parametrize(
    "value", [hashlib.sha256(KEY.encode()).hexdigest()[:8], hmac.digest(b"k" * 32, KEY.encode(), "sha256").hex()]
)
def test_a_keyed_digest_and_one_short_one_are_not_reported(engine: DuckDB, value: str) -> None:
    assert codes("I1-03", engine, [value]) == []


@pytest.mark.parametrize(
    "value",
    [
        "1957-03-12",
        "1957/03/12",
        "1957-03-12T00:00:00",
        "1957.3.12",
        "1957年3月12日",
        "１９５７年０３月１２日生まれ",
        "昭和32年3月12日",
        "S32.3.12",
        "s32/03/12",
    ],
)
def test_a_birth_date_in_a_cell_is_found(engine: DuckDB, value: str) -> None:
    assert codes("I1-04", engine, [value]) == ["BIRTH_DATE"]


@pytest.mark.parametrize("value", ["1957-03", "1957年3月", "昭和32年", "S32.3.1", "1957-03-13", "19570312", "20891"])
def test_less_than_a_birth_date_or_one_plain_number_is_not_reported(engine: DuckDB, value: str) -> None:
    assert codes("I1-04", engine, [value]) == []


def test_a_date_of_treatment_may_equal_the_birth_of_an_infant(engine: DuckDB) -> None:
    assert codes("I1-04", engine, ["2022-03-12"], birth="2022-03-12") == []


@given(
    st.dates(dt.date(1880, 1, 1), dt.date(2020, 12, 31)).filter(lambda day: day.day not in (1, 15)),
    st.sampled_from(["{y}年{m}月{d}日", "{y}.{m:02}.{d:02}", "{era}{n}年{m}月{d}日", "{letter}{n}.{m}.{d}"]),
)
@settings(deadline=None, max_examples=25)
def test_every_form_of_every_birth_is_found(engine: DuckDB, day: dt.date, form: str) -> None:
    eras = (
        (dt.date(2019, 5, 1), "令和", "R"),
        (dt.date(1989, 1, 8), "平成", "H"),
        (dt.date(1926, 12, 25), "昭和", "S"),
        (dt.date(1912, 7, 30), "大正", "T"),
        (dt.date(1868, 1, 25), "明治", "M"),
    )
    begun, era, letter = next(entry for entry in eras if day >= entry[0])
    n = day.year - begun.year + 1
    text = form.format(y=day.year, m=day.month, d=day.day, era=era, letter=letter, n=n)
    assert codes("I1-04", engine, [text], birth=day.isoformat(), visit="2023-05-10") == ["BIRTH_DATE"]


ADDRESS = (
    {"field": "住所", "class": "direct", "technique": "suppress-column"},
    {"field": "note", "class": "neutral", "technique": "keep"},
)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("夕凪町", ["ADDRESS_PART"]),
        ("函館市夕凪町3丁目", ["ADDRESS_PART"]),
        ("3丁目12番5号", ["ADDRESS_PART"]),
        ("函館市", []),
        ("北海道", []),
    ],
)
def test_what_an_address_tells_below_the_municipality(engine: DuckDB, value: str, found: list[str]) -> None:
    assert codes("I1-05", engine, [value], fields=ADDRESS, 住所="北海道函館市夕凪町3丁目12番5号") == found


POSTAL = (
    {"field": "postcode", "class": "quasi", "technique": "suppress-column"},
    {"field": "note", "class": "neutral", "technique": "keep"},
)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["〒048-9912"], ["POSTAL_CODE"]),
        (["郵便番号 0489912"], ["POSTAL_CODE"]),
        (["048"], []),
        (["0489912"], []),
        (["048-9913"], []),
    ],
)
def test_a_postal_code_in_another_field(engine: DuckDB, values: list[str], found: list[str]) -> None:
    assert codes("I1-06", engine, values, fields=POSTAL, postcode="048-9912") == found


@pytest.mark.parametrize(("technique", "found"), [("text-drop", ["FREE_TEXT"]), ("text-redact", [])])
def test_free_text_needs_a_declared_method(engine: DuckDB, technique: str, found: list[str]) -> None:
    fields = ({"field": "note", "class": "freetext", "technique": technique},)
    assert codes("X-01", engine, ["○○様は復帰予定"], fields=fields, note="佐藤花子様は復帰予定") == found


@pytest.mark.parametrize("value", ["", "***", "削除"])
def test_a_marker_in_place_of_every_text_is_no_text(engine: DuckDB, value: str) -> None:
    fields = ({"field": "note", "class": "freetext", "technique": "text-drop"},)
    assert codes("X-01", engine, [value], fields=fields, note="佐藤花子様は復帰予定") == []
