"""The HMAC written in SQL is the HMAC of the standard library."""

from __future__ import annotations

import hashlib
import hmac

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tokumei_reference.pseudonyms import Keyring


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=16, max_size=100), st.text(st.characters(blacklist_categories=["Cs"])))
def test_mac_is_hmac_sha_256(key: bytes, text: str) -> None:
    with duckdb.connect(":memory:") as connection:
        keys = Keyring(connection, {"k": key}, "R1")
        sql = keys.mac("CAST(? AS VARCHAR)", "k", "pseudonymize-keyed", "subject")
        row = connection.execute(f"SELECT {sql}", [text]).fetchone()
        subkey = keys.subkey("k", "pseudonymize-keyed", "subject")
    assert row is not None
    assert row[0] == hmac.new(subkey, text.encode(), hashlib.sha256).hexdigest()


def test_every_part_of_a_purpose_separates() -> None:
    with duckdb.connect(":memory:") as connection:
        made = {
            Keyring(connection, {"k": key}, release).subkey("k", *purpose)
            for key in (b"a" * 32, b"b" * 32)
            for release in ("R1", "R2")
            for purpose in (("x", "subject"), ("x", "visit"), ("xs", "ubject"), ("x",), ("order", "subject"))
        }
    assert len(made) == 20
