"""What products do with a network is seen in real processes, and nothing is seen where there is nothing."""

import socket
import sys
from pathlib import Path

import pytest

from tokumei.adapters import network
from tokumei.adapters.batch import Batch
from tokumei.adapters.inprocess import InProcess
from tokumei.adapters.process import Exec
from tokumei.clause import checks
from tokumei.engines.duckdb import DuckDB
from tokumei.model import Call, ProductInfo, Request, Response, Verdict, Why
from tokumei.plan.bundle import Plan
from tokumei.plan.required import required_plan
from tokumei.runner.power import PAIRS, pair_named
from tokumei.runner.run import run_plan

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are watched on Linux")

SENDS = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9))"
TRIES = """
import socket
try:
    socket.create_connection(('192.0.2.1', 80), 1)
except OSError:
    pass
"""
ASKS = "import socket\ntry:\n    socket.getaddrinfo('example.invalid', 80)\nexcept OSError:\n    pass"
LISTENS = "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); time.sleep(0.3)"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {LISTENS!r}])"
QUIET = "import asyncio, socket; socket.socketpair(); asyncio.run(asyncio.sleep(0)); socket.socket()"


def request():
    organization, processing = pair_named(PAIRS[0])
    return Request(id="x", organization=organization.document, processing=processing.document, data={})


@linux
@pytest.mark.parametrize("code", [SENDS, TRIES, ASKS, LISTENS, CHILD])
def test_a_process_that_uses_a_network_is_seen(code):
    with Batch([sys.executable, "-c", code]) as product:
        assert product.call(request()).network


@linux
def test_pairs_of_sockets_and_unbound_ones_are_no_network():
    with Batch([sys.executable, "-c", QUIET]) as product:
        call = product.call(request())
    assert (call.network, call.exit_code) == ((), 0)


@linux
def test_a_product_that_stays_is_watched_call_by_call(tmp_path):
    (tmp_path / "product.py").write_text(
        "import json, pathlib, socket, sys\n"
        "for n, line in enumerate(sys.stdin):\n"
        "    message = json.loads(line)\n"
        "    if message['op'] == 'hello':\n"
        "        print('{}', flush=True)\n"
        "        continue\n"
        "    if n == 2:\n"
        "        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))\n"
        "    folder = pathlib.Path(message['response'])\n"
        "    (folder / 'response.json').write_text(json.dumps({'status': 'ok', 'reason': {}}))\n"
        "    print(json.dumps({'id': message['id'], 'status': 'done'}), flush=True)\n"
    )
    with Exec([sys.executable, str(tmp_path / "product.py")]) as product:
        seen = [product.call(request()).network for _ in range(3)]
    assert [bool(each) for each in seen] == [False, True, False] and None not in seen


@linux
def test_without_a_network_of_its_own_open_sockets_are_looked_up(monkeypatch):
    monkeypatch.setattr("tokumei.adapters.processes.apart", lambda argv, cwd: argv)
    for code, seen in ((LISTENS, True), (CHILD, True), (QUIET + "; import time; time.sleep(0.1)", False)):
        with Batch([sys.executable, "-c", code]) as product:
            found = product.call(request()).network
        assert found is not None and bool(found) == seen


@pytest.mark.parametrize("family", [None, "inet", "unix"])
def test_connections_in_this_process_are_overheard(family, tmp_path):
    def product(asked):
        if family == "inet":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"x", ("127.0.0.1", 9))
        if family == "unix" and hasattr(socket, "AF_UNIX"):
            with socket.socket(socket.AF_UNIX) as end:
                end.bind(str(tmp_path / "s"))
        return Response(status="ok")

    call = InProcess(product, ProductInfo(name="x")).call(request())
    assert bool(call.network) == (family == "inet") and call.network is not None
    with network.overheard() as nothing:
        pass
    assert not nothing


def test_what_nobody_could_watch_is_not_decided():
    class Blind:
        def call(self, asked):
            return Call(request=asked, response=Response(status="refused", code="INPUT_INVALID"))

    plan = required_plan([pair_named(PAIRS[0])], track="open", seed=3)
    few = Plan(track="open", cases=plan.cases[-1:], seed=3)
    with DuckDB() as engine:
        (result,) = run_plan(few, Blind(), {"B-01": checks()["B-01"]}, engine).results
    assert (result.verdict, result.why) == (Verdict.INCONCLUSIVE, Why.COULD_NOT_RUN)


@linux
def test_the_program_keeps_its_process_id_and_its_user():
    with Batch([sys.executable, "-c", "import os; print(os.getuid(), os.getsid(0) == os.getpid())"]) as product:
        call = product.call(request())
    assert call.log.split() == [str(Path("/proc/self").stat().st_uid), "True"]
