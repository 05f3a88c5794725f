"""The seals of held-out mutants hold: each archive is the one that was committed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "heldout"
SEALS = sorted(FOLDER.glob("*/SHA256SUMS"))


@pytest.mark.parametrize("seal", SEALS, ids=lambda path: path.parent.name)
def test_a_sealed_batch_is_unchanged(seal: Path) -> None:
    lines = [line.split() for line in seal.read_text(encoding="ascii").splitlines()]
    assert lines
    for digest, name in lines:
        assert hashlib.sha256((seal.parent / name).read_bytes()).hexdigest() == digest


def test_every_batch_has_a_seal_and_is_told_of() -> None:
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert SEALS
    for folder in sorted(path for path in FOLDER.iterdir() if path.is_dir()):
        assert (folder / "SHA256SUMS") in SEALS
        assert told.count(f"| {folder.name} |") == 2
