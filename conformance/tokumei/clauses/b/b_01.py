"""B-01: the product works without a network: while it processes, no connection, no listening and no name looked up."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Product, Request, Response, Text


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Read what each call did with a network, where that could be seen; whether it gave a release does not matter."""
    for case in evidence.cases:
        watched = [(number, call.network) for number, call in enumerate(case.calls) if call.network is not None]
        if watched:
            yield Premise(case=case.id, count=len(watched), what="watched calls")
        for number, traces in watched:
            if traces:
                shown = {"n": len(traces), "traces": ", ".join(traces)}
                yield Finding(code="NETWORK_USED", case=case.id, call=number, params=shown)


CHECK = Check(id="B-01", needs=(Need.NETWORK,), judge=judge)


def _reports_home(product: Product) -> Product:
    """After each release the product reports its size to a collector of statistics, which is not there."""

    def broken(request: Request) -> Response:
        answer = product(request)
        rows = sum(table.num_rows for table in answer.data.values())
        if rows:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, contextlib.suppress(OSError):
                sender.sendto(f"rows {rows}".encode(), ("127.0.0.1", 9))
        return answer

    return broken


def _asks_before_work(product: Product) -> Product:
    """A licence is asked for at the loopback; without an answer the work is done all the same."""

    def broken(request: Request) -> Response:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.2).close()
        return product(request)

    return broken


def _waits_for_a_console(product: Product) -> Product:
    """While it works, the product can be looked into at a port that it opens."""

    def broken(request: Request) -> Response:
        with socket.socket() as console:
            console.bind(("127.0.0.1", 0))
            console.listen(1)
            return product(request)

    return broken


MUTANTS = (
    Mutant(
        id="reports-home",
        kind="wrapper",
        effect=Text(
            "加工の結果に関する情報が、加工のたびに外部へ送られる。",
            "Something about the result is sent out with every release.",
        ),
        precedent="telemetry that is on unless it is switched off",
        trigger="every release",
        proof="a datagram is sent while the call is made",
        killed_by=("B-01",),
        wrap=_reports_home,
    ),
    Mutant(
        id="asks-for-a-licence",
        kind="wrapper",
        effect=Text(
            "閉域で用いるはずの製品が、呼び出されるたびに外部への接続を試みる。",
            "A product meant for a closed network tries to connect with every call.",
        ),
        precedent="licence and update checks at start",
        trigger="every call",
        proof="a connection is tried while the call is made",
        killed_by=("B-01",),
        wrap=_asks_before_work,
    ),
    Mutant(
        id="waits-for-a-console",
        kind="wrapper",
        effect=Text(
            "加工中の本人のデータを、同じ計算機の他の利用者が読み出せる。",
            "Other users of the machine can read the data of subjects while they are processed.",
        ),
        precedent="debug ports and web consoles of data engines",
        trigger="every call",
        proof="a port is open while the call is made",
        killed_by=("B-01",),
        wrap=_waits_for_a_console,
    ),
    Mutant(
        id="terms-asked-of-a-server",
        kind="fault",
        effect=Text(
            "一般化する値が一つずつ用語サーバへ送られ、加工前の値が閉域の外へ出る。",
            "Each value to be generalized is sent to a server of terms, and leaves the closed network as it was.",
        ),
        precedent="terminology servers that are asked by default, with a local table for when they do not answer (FHIR)",
        trigger="a value that a step groups by a table",
        proof="connections are tried while the step works, one for each value",
        killed_by=("B-01",),
        fault="terms-asked-of-a-server",
    ),
)
