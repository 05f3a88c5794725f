"""The vendor guide is what a stranger can follow: the same in both languages, and true as it is written."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs" / lang / "vendor-guide.md" for lang in ("ja", "en")]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stranger", ROOT / "tools" / "stranger.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["stranger"] = module
    spec.loader.exec_module(module)
    return module


stranger = load()


def files(guide: Path) -> list[tuple[str, str]]:
    walks = stranger.read(guide.read_text(encoding="utf-8"))
    return [(block.name, block.text) for walk in walks for block in walk.blocks if block.name]


def test_both_languages_show_the_same_files_and_three_paths() -> None:
    assert files(GUIDES[0]) == files(GUIDES[1])
    for guide in GUIDES:
        walks = stranger.read(guide.read_text(encoding="utf-8"))
        assert [walk.title[0] for walk in walks] == ["A", "B", "C"]
        for walk in walks:
            names = [block.name for block in walk.blocks]
            assert names[:3] == ["product.yaml", "organization.yaml", "processing.yaml"]
            assert "sh" in [block.language for block in walk.blocks]


@pytest.mark.parametrize(("name", "example"), [("Anon.java", "java-batch"), ("anon.py", "python-function")])
def test_the_mended_program_is_the_example(name: str, example: str) -> None:
    shown = [text for found, text in files(GUIDES[0]) if found == name]
    assert len(shown) == 2
    assert shown[1] == (ROOT / "examples" / "products" / example / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "example"), [(0, "java-batch"), (1, "python-function")])
def test_the_declarations_of_a_mended_program_are_those_of_the_example_but_for_the_name(
    path: int, example: str
) -> None:
    walk = stranger.read(GUIDES[0].read_text(encoding="utf-8"))[path]
    shown = {block.name: block.text for block in walk.blocks if block.name}
    shown.setdefault("release/processing.yaml", shown["processing.yaml"])  # path A copies it
    released = sorted((ROOT / "examples" / "products" / example / "release").iterdir())
    assert len(released) == 6  # two declarations, and the documents that are the same each time
    for file in released:
        named = file.read_text(encoding="utf-8").replace(f"clinic-{example.partition('-')[0]}", "clinic")
        assert shown[f"release/{file.name}"] == named


def walked(text: str, folder: Path, seconds: float = 20.0) -> object:
    (path,) = stranger.read(text)
    return stranger.walk(path, Path(sys.executable), folder, seconds)


GUIDE = """`a.txt`:

```text
hello
```

## A. Short

```sh
{command}
```

## Other

```sh
false
```
"""


def test_a_stranger_sees_a_finding_in_the_files_of_the_guide(tmp_path: Path) -> None:
    done = walked(GUIDE.format(command="cat a.txt; echo CLASS_TOO_SMALL; exit 1  # exit code 1"), tmp_path)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "hello\n"
    assert 0.0 < done.finding <= done.end  # type: ignore[attr-defined]  # the script is loaded by its path


@pytest.mark.parametrize(
    ("command", "seconds", "why"),
    [
        ("exit 1  # exit code 1", 20.0, "no finding"),
        ("echo CLASS_TOO_SMALL", 20.0, "no finding"),
        ("echo CLASS_TOO_SMALL; exit 1", 20.0, "exit code 1, not 0"),
        ("echo CLASS_TOO_SMALL; exit 3  # exit code 1", 20.0, "exit code 3, not 1"),
        ("echo 'Traceback (most recent call last)' UNDEFINED_ERROR; exit 1  # exit code 1", 20.0, "crashed"),
        ("sleep 5", 0.1, "not done in time"),
    ],
)
def test_a_stranger_is_lost_where_it_does_not_go_as_written(
    command: str, seconds: float, why: str, tmp_path: Path
) -> None:
    with pytest.raises(stranger.Lost, match=why):
        walked(GUIDE.format(command=command), tmp_path, seconds)


@pytest.mark.slow
@pytest.mark.timeout(1200)  # the walk has a limit of its own for each path
@pytest.mark.java
@pytest.mark.skipif(shutil.which("jar") is None, reason="needs a JDK")
def test_a_stranger_walks_every_path_with_the_text_alone() -> None:
    tokumei = Path(sys.executable).with_name("tokumei")
    command = [sys.executable, str(ROOT / "tools" / "stranger.py"), str(tokumei), str(GUIDES[0])]
    ran = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=1100)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("first finding") == 3
