"""Keys and the HMAC as SQL: the whole column is hashed inside the engine, no value reaches Python."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

_BLOCK = 64  # block size of SHA-256 in bytes


def _pad(key: bytes, byte: int) -> bytes:
    return bytes(b ^ byte for b in key.ljust(_BLOCK, b"\0"))


@dataclass(slots=True)
class Keyring:
    """Subkeys of the given secrets, one a purpose, so that no two uses share an output.

    Keys reach the engine as variables and never as SQL text, which an error message could quote.
    """

    connection: duckdb.DuckDBPyConnection
    given: Mapping[str, bytes]
    release: str
    _known: dict[tuple[str, ...], str] = field(default_factory=dict)
    _fresh: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def keyed(self) -> bool:
        """Whether there is a given secret; else all randomness is fresh and goes with this value."""
        return bool(self.given)

    def default(self) -> str:
        """The secret for purposes that name none: the first one given, else a fresh one ("")."""
        return next(iter(self.given), "")

    def mac(self, text: str, secret: str, *purpose: str) -> str:
        """SQL for HMAC-SHA-256 in lower hex of the SQL expression ``text``; NULL stays NULL."""
        inner, outer = (f"getvariable('{self._variable(secret, *purpose)}_{side}')" for side in ("i", "o"))
        return f"lower(sha256({outer} || unhex(sha256({inner} || encode({text})))))"

    def _variable(self, secret: str, *purpose: str) -> str:
        known = (secret, *purpose)
        if known not in self._known:
            key = self.subkey(secret, *purpose)
            name = f"k{len(self._known)}"
            self.connection.execute(f"SET VARIABLE {name}_i = ?::BLOB", [_pad(key, 0x36)])
            self.connection.execute(f"SET VARIABLE {name}_o = ?::BLOB", [_pad(key, 0x5C)])
            self._known[known] = name
        return self._known[known]

    def subkey(self, secret: str, *purpose: str) -> bytes:
        """Length-prefixed parts, so that two lists of parts never give the same message."""
        parts = [part.encode() for part in ("tokumei-reference/1", self.release, *purpose)]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.new(self.given.get(secret, self._fresh), message, hashlib.sha256).digest()
