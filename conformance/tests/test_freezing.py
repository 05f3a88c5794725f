"""A frozen edition: whole, equal for equal standards, never written again, and told from the one after it by a redline."""

from __future__ import annotations

import shutil
import zipfile
from types import ModuleType

import pytest
from click.testing import CliRunner

from tokumei import editions, freezing, resources, spec, spec_lint
from tokumei.cli import main
from tokumei.model import TokumeiError

MODULES = spec_lint.clause_modules(spec.load_spec().clauses)
FILE = "clauses/I5/I5-01.md"


@pytest.fixture
def folder(tmp_path):
    copy = shutil.copytree(resources.data("spec"), tmp_path / "spec")
    loaded = load(copy)
    editions.affirm(loaded, MODULES, copy, list(loaded.clauses))
    return copy


def load(folder):
    spec.load_spec.cache_clear()
    return spec.load_spec(folder)


def edit(folder, old, new):
    path = folder / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def freeze(folder):
    return freezing.freeze(load(folder), MODULES, folder)


def codes(problems):
    return [problem.code for problem in problems]


def test_a_frozen_edition_is_the_standard_of_its_day(folder):
    before = load(folder)
    freeze(folder)
    edit(folder, "共通するように", "共有されるように")
    assert freezing.frozen(folder, before.id) == before != load(folder)
    assert freezing.frozen(folder, "9.9") is None
    assert codes(freezing.gate(folder)) == []


def test_equal_standards_give_equal_files(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other" / "spec")
    for path in other.rglob("*.md"):
        path.touch()
    assert freeze(folder).read_bytes() == freeze(other).read_bytes()


def test_a_frozen_edition_is_not_written_again(folder):
    edition = load(folder)
    freeze(folder)
    with pytest.raises(TokumeiError, match="SPEC_EDITION_FROZEN"):
        freeze(folder)
    with pytest.raises(TokumeiError, match="SPEC_EDITION_FROZEN"):
        editions.affirm(edition, MODULES, folder, ["I5-01"])


def test_what_nobody_has_affirmed_is_not_frozen(folder):
    edit(folder, "共通するように", "共有されるように")
    with pytest.raises(TokumeiError, match="SPEC_CHECK_SUSPECT"):
        freeze(folder)
    assert not list((folder / "editions").glob("*.zip"))


def test_an_installed_standard_is_only_read(folder, tmp_path):
    installed = shutil.copytree(folder, tmp_path / "_data" / "spec")
    with pytest.raises(TokumeiError, match="SPEC_NOT_A_CHECKOUT"):
        freezing.freeze(load(installed), MODULES, installed)


@pytest.mark.parametrize("change", ["text", "lost", "damaged", "manifest"])
def test_a_change_of_what_is_frozen_is_seen(folder, change):
    path = freeze(folder)
    if change == "damaged":
        path.write_bytes(path.read_bytes()[:-40])
    elif change == "manifest":
        manifest = path.with_suffix(".yaml")
        manifest.write_text(
            manifest.read_text(encoding="utf-8").replace("revision: 1", "revision: 2", 1), encoding="utf-8"
        )
    else:
        with zipfile.ZipFile(path) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        if change == "lost":
            del held[FILE]
        else:
            held[FILE] = held[FILE].replace("共通するように".encode(), "共有されるように".encode(), 1)
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in held.items():
                archive.writestr(name, data)
    assert codes(freezing.gate(folder)) == ["SPEC_FROZEN_CHANGED"]


def test_the_difference_from_a_frozen_edition_is_a_redline(folder, monkeypatch: pytest.MonkeyPatch):
    edition = load(folder).id
    freeze(folder)
    edit(folder, "共通するように", "共有されるように")
    real = resources.data
    monkeypatch.setattr(resources, "data", lambda *parts: folder if parts == ("spec",) else real(*parts))
    spec.load_spec.cache_clear()
    told = CliRunner().invoke(main, ["spec", "diff", edition, str(folder)])
    spec.load_spec.cache_clear()
    assert told.exit_code == 0 and "[-共通す-]{+共有され+}" in told.output


def test_the_command_freezes_the_standard_at_hand(folder, monkeypatch: pytest.MonkeyPatch):
    assert isinstance(MODULES["I5-01"], ModuleType)
    real = resources.data
    monkeypatch.setattr(resources, "data", lambda *parts: folder if parts == ("spec",) else real(*parts))
    spec.load_spec.cache_clear()
    result = CliRunner().invoke(main, ["spec", "freeze"])
    spec.load_spec.cache_clear()
    assert result.exit_code == 0 and result.output.strip().endswith(".zip")
