"""Adapters against real processes, most of them hostile: the right word for each, and nobody left alive."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from tokumei.adapters.adapter import Timeouts
from tokumei.adapters.batch import Batch
from tokumei.adapters.connect import connect, installed
from tokumei.adapters.doctor import diagnose
from tokumei.adapters.inprocess import InProcess
from tokumei.adapters.process import Exec
from tokumei.adapters.product import read_info
from tokumei.model import Call, Exit, ProductInfo, Request, Response, TokumeiError

HOSTILE = Path(__file__).parent / "hostile"
ORGANIZATION = {
    "name": "small",
    "resources": [{"name": "people", "path": "people.csv", "format": "csv", "encoding": "cp932"}],
}
REQUEST = Request(
    id="r1",
    organization=ORGANIZATION,
    processing={"steps": []},
    data={"people": pa.table({"氏名": ["山田太郎", None, ""], "年齢": ["31", "32", "a,b"]})},
    secrets={"key-1": bytes(range(32))},
)
SHORT = Timeouts(call=0.5)


def exec_(how: str, *more: str, timeouts: Timeouts | None = None) -> Exec:
    return Exec([sys.executable, str(HOSTILE / "exec_product.py"), how, *more], timeouts=timeouts)


def batch(how: str, timeouts: Timeouts | None = None) -> Batch:
    return Batch([sys.executable, str(HOSTILE / "batch_product.py"), how], timeouts=timeouts)


def descendants() -> set[int]:
    """Live processes that carry the mark of an adapter of this process."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            environ = (entry / "environ").read_bytes()
        except OSError:
            continue
        if (
            entry.name.isdigit()
            and f"TOKUMEI_TEST={os.getpid()}".encode() in environ
            and b"TOKUMEI_PROCESS=" in environ
        ):
            found.add(int(entry.name))
    return found


@pytest.fixture(autouse=True)
def nobody_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOKUMEI_TEST", str(os.getpid()))
    yield
    if sys.platform.startswith("linux"):
        end = time.monotonic() + 1
        while descendants() and time.monotonic() < end:
            time.sleep(0.01)
        assert descendants() == set()


def data(call: Call) -> object:
    assert call.response is not None
    return call.response.data["people"].to_pylist()


@pytest.mark.parametrize(
    ("how", "trouble"),
    [
        ("crash", "crash"),
        ("garbage", "protocol"),
        ("endless", "protocol"),
        ("endless-lines", "protocol"),
        ("silent", "protocol"),
        ("changed", "input_changed"),
        ("swap-response", "protocol"),
        ("swap-input", "input_changed"),
    ],
)
def test_exec_trouble_has_its_word_and_the_next_call_is_answered_again(how: str, trouble: str) -> None:
    with exec_(how) as adapter:
        assert [adapter.call(REQUEST).trouble for _ in range(2)] == [trouble, trouble]


@pytest.mark.parametrize("how", ["hang", "fork"])
def test_exec_that_does_not_answer_is_killed_with_its_children_and_tried_once_more(how: str) -> None:
    with exec_(how, timeouts=SHORT) as adapter:
        began = time.monotonic()
        call = adapter.call(REQUEST)
        assert call.trouble == "timeout"
        assert call.response is None
        assert 1 <= time.monotonic() - began < 6
        if sys.platform.startswith("linux"):
            assert descendants() == set()


def test_exec_crash_keeps_log_and_exit_code() -> None:
    with exec_("crash") as adapter:
        call = adapter.call(REQUEST)
    assert call.exit_code == 7
    assert "山田太郎" in call.log


def test_exec_is_restarted_after_a_crash(tmp_path: Path) -> None:
    with exec_("once", str(tmp_path / "marker")) as adapter:
        assert adapter.call(REQUEST).trouble == "crash"
        assert adapter.call(REQUEST).released


def test_exec_endless_log_is_bounded() -> None:
    with exec_("noisy") as adapter:
        call = adapter.call(REQUEST)
    assert call.trouble == "limit"
    assert not call.released
    assert 100_000 < len(call.log) < 1_000_000


def test_exec_log_is_of_its_own_call_and_holds_the_files_below_log() -> None:
    with exec_("log") as adapter:
        assert adapter.describe() == ProductInfo(name="hostile", vendor="log")
        first, second = adapter.call(REQUEST), adapter.call(REQUEST)
    assert first.response is not None
    assert first.response.extra == {}
    assert "鈴木花子" in first.log
    assert first.log.count("標準エラー") == second.log.count("標準エラー") == 1


def test_exec_round_trip_and_links_out_of_the_folder_are_not_followed() -> None:
    with exec_("link") as adapter:
        call = adapter.call(REQUEST)
    assert data(call) == REQUEST.data["people"].to_pylist()
    assert call.response is not None
    assert [problem.code for problem in call.response.problems] == ["RELEASE_LINK_OUTSIDE"] * 2
    assert not any("root:" in text for text in call.response.extra.values())


def test_exec_that_does_not_start_is_the_fault_of_the_product() -> None:
    with exec_("dies") as adapter:
        with pytest.raises(TokumeiError) as caught:
            adapter.describe()
        assert caught.value.exit_code == Exit.PRODUCT
        assert "no licence" in str(caught.value.problems[0].params["log"])
        assert adapter.call(REQUEST).trouble == "crash"


@pytest.mark.parametrize(
    ("how", "trouble", "code"),
    [
        ("crash", "crash", 1),
        ("hang", "timeout", None),
        ("endless", "timeout", None),
        ("nothing", "protocol", 0),
        ("changed", "input_changed", 0),
        ("fork", "", 0),
        ("exit", "", 3),
        ("fine", "", 0),
    ],
)
def test_batch_trouble_and_exit_code(how: str, trouble: str, code: int | None) -> None:
    with batch(how, SHORT if trouble == "timeout" else None) as adapter:
        call = adapter.call(REQUEST)
        if sys.platform.startswith("linux"):
            assert descendants() == set()
    assert (call.trouble, call.exit_code) == (trouble, code)
    assert len(call.log) < 1_000_000
    if not trouble:
        assert data(call) == REQUEST.data["people"].to_pylist()
        assert "batch は終わった" in call.log


@pytest.mark.parametrize(("function", "status"), [("same", "ok"), ("documents", "ok"), ("refuses", "refused")])
def test_python_functions_are_hosted(function: str, status: str) -> None:
    with connect(f"python:functions:{function}", cwd=HOSTILE) as adapter:
        call = adapter.call(REQUEST)
    assert call.response is not None, call.log
    assert call.response.status == status
    if status == "ok":
        assert data(call) == REQUEST.data["people"].to_pylist()
    if function == "same":
        assert "printed by the vendor" in call.log
    if function == "documents":
        assert call.response.organization == ORGANIZATION
        assert call.response.processing == {"steps": []}
    if function == "refuses":
        assert call.response.code == "CANNOT_MEET_PRIVACY"


def test_python_exception_is_a_crash_never_a_refusal() -> None:
    with connect("python:functions:raises", cwd=HOSTILE) as adapter:
        call = adapter.call(REQUEST)
    assert call.trouble == "crash"
    assert "vendor bug" in call.log


def test_in_process_raise_is_a_crash() -> None:
    def falls(request: Request) -> Response:
        print("印刷", request.id)
        raise ValueError(request.id)

    with InProcess(falls, ProductInfo(name="x")) as adapter:
        call = adapter.call(REQUEST)
    assert call.trouble == "crash"
    assert call.log.startswith("印刷 r1\n")
    assert "ValueError: r1" in call.log
    assert call.log_captured
    with InProcess(lambda request: Response(status="ok", data=request.data), ProductInfo(name="x")) as adapter:
        assert adapter.call(REQUEST).released


@pytest.mark.parametrize(
    ("spec", "code", "exit_code"),
    [
        ("files:somewhere", "PRODUCT_FILES_ARE_AUDITED", Exit.USAGE),
        ("ftp:x", "PRODUCT_KIND_UNKNOWN", Exit.USAGE),
        ("no-such-product", "PRODUCT_UNKNOWN", Exit.USAGE),
        ("exec:", "PRODUCT_SPEC_INVALID", Exit.USAGE),
        ("exec:'x", "PRODUCT_SPEC_INVALID", Exit.USAGE),
        ("python:module", "PRODUCT_SPEC_INVALID", Exit.USAGE),
        ("batch:no-such-program-here", "PRODUCT_NOT_FOUND", Exit.PRODUCT),
    ],
)
def test_a_wrong_spec_says_what_is_wrong(spec: str, code: str, exit_code: int) -> None:
    with pytest.raises(TokumeiError) as caught:
        connect(spec)
    assert caught.value.problems[0].code == code
    assert caught.value.exit_code == exit_code


def test_an_installed_product_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tmp_path / "acme-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n", encoding="utf-8")
    names = "acme = acme_product:command\nacme-here = acme_product:here\nacme-broken = acme_product:absent\n"
    (metadata / "entry_points.txt").write_text(f"[tokumei.products]\n{names}", encoding="utf-8")
    argv = [sys.executable, str(HOSTILE / "exec_product.py"), "log"]
    code = f"command = lambda: {argv!r}\ndef here(): return same\ndef same(request): return request.data and None\n"
    (tmp_path / "acme_product.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert {"acme", "acme-here"} <= set(installed())
    with connect("acme") as adapter:
        assert adapter.describe().name == "hostile"
        assert adapter.call(REQUEST).released
    with connect("acme-here") as adapter:
        assert adapter.describe().name == "acme-here"
    with pytest.raises(TokumeiError) as caught:
        connect("acme-broken")
    assert caught.value.exit_code == Exit.PRODUCT


def test_batch_placeholders_stand_where_they_are_put_or_come_last() -> None:
    assert Batch(["x", "--out={response}"]).argv == ("x", "--out={response}", "{request}")
    assert Batch(["x"]).argv == ("x", "{request}", "{response}")


def test_product_statement_is_found_beside_the_script_and_read_strictly(tmp_path: Path) -> None:
    script = tmp_path / "p.py"
    script.write_text("", encoding="utf-8")
    for name in ("o", "p"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n", encoding="utf-8")
    statement = tmp_path / "product.yaml"
    text = "name: p\nlimits: {seconds: 3, records: 10}\nsettings: [{organization: o.yaml, processing: p.yaml}]\n"
    statement.write_text(text, encoding="utf-8")
    with connect(f"exec:{sys.executable} {script}") as adapter:
        info = adapter.describe()
    assert (info.name, info.max_seconds, info.max_records, info.formats) == ("p", 3.0, 10, ("csv",))
    assert info.settings == (({"name": "o"}, {"name": "p"}),)
    for wrong in (
        "name: p\nconfigured: fixed\n",
        "name: p\nkeys: mine\n",
        "vendor: p\n",
        "name: p\nlimits: {seconds: -1}\n",
    ):
        statement.write_text(wrong, encoding="utf-8")
        with pytest.raises(TokumeiError):
            read_info(statement)


def test_doctor_tells_a_healthy_product_from_a_broken_one() -> None:
    script = HOSTILE / "exec_product.py"
    healthy = diagnose(f"exec:{sys.executable} {script} fine")
    assert all(ok for _, ok, _ in healthy), healthy
    assert len(healthy) >= 6
    broken = {name: ok for name, ok, _ in diagnose(f"exec:{sys.executable} {script} garbage")}
    assert broken["hello"]
    assert not broken["round-trip-utf-8"]
    assert not diagnose("exec:no-such-program-here")[0][1]
