"""The server on real sockets: one send a reply, pipelines, many clients, and clients that misbehave."""

from __future__ import annotations

import re
import resource
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.standin.driving import PATIENCE, Running, basic, server

GET = "GET /_api/version HTTP/1.1\r\nauthorization: {}\r\n\r\n".format(basic()["authorization"]).encode()


def _connect(running: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", running.port), PATIENCE)


def _read_to_end(opened: socket.socket) -> bytes:
    data = b""
    while more := opened.recv(65536):
        data += more
    return data


def test_requests_sent_at_once_are_answered_in_order(running: Running) -> None:
    with _connect(running) as opened:
        opened.sendall(GET + GET.replace(b"version", b"engine") + GET.replace(b"HTTP/1.1", b"HTTP/1.0"))
        answers = _read_to_end(opened)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.index(b'"version"') < answers.index(b"rocksdb") < answers.rindex(b'"version"')


def test_a_body_in_chunks_is_taken(running: Running) -> None:
    parts = [b'{"username":"ro', b'ot","password":""}', b""]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    with _connect(running) as opened:
        opened.sendall(b"POST /_open/auth HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n" + body)
        assert b'{"jwt":"' in _read_to_end(opened)


def test_a_client_that_waits_before_its_body_is_told_to_go_on(running: Running) -> None:
    with _connect(running) as opened:
        opened.sendall(
            b"POST /_open/auth HTTP/1.1\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"
        )
        assert opened.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        opened.sendall(b"{}")
        assert b"HTTP/1.1 400 " in _read_to_end(opened)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: 9999999999999\r\n\r\n" + bytes(1 << 20), b"413"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000, b"431"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"505"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ],
)
def test_who_sends_nonsense_hears_so_and_is_let_go(running: Running, data: bytes, status: bytes) -> None:
    with _connect(running) as opened:
        opened.sendall(data)
        answer = _read_to_end(opened)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b'"errorNum":400' in answer
    assert b"connection: Close" in answer
    assert running.client().get("/_api/version").status == 200


def test_who_goes_away_in_the_middle_does_no_harm(running: Running) -> None:
    for size in range(0, len(GET), 7):
        with _connect(running) as opened:
            opened.sendall(GET[:size])
    assert running.client().get("/_api/version").status == 200


def test_many_clients_are_served_at_once(running: Running) -> None:
    statuses: list[int] = []

    def ask() -> None:
        client = running.client()
        statuses.extend(client.get("/_api/version").status for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 600


def test_beyond_its_number_of_connections_the_server_says_it_is_full(running: Running) -> None:
    held = [_connect(running) for _ in range(1024)]
    try:
        held[-1].sendall(GET)
        assert held[-1].recv(20).startswith(b"HTTP/1.1 ")
        with _connect(running) as more:
            answer = _read_to_end(more)
        assert b"503 Service Unavailable" in answer
        assert b'"errorNum":21003' in answer
    finally:
        for opened in held:
            opened.close()
    deadline = time.monotonic() + PATIENCE
    while True:
        with _connect(running) as opened:
            opened.sendall(GET)
            if opened.recv(20).startswith(b"HTTP/1.1 200"):
                return
        assert time.monotonic() < deadline


def test_when_there_are_no_more_threads_the_server_says_it_is_full_and_goes_on(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        assert running.client().get("/_api/version").status == 200
        pid = running.process.pid
        size = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        unlimited = resource.prlimit(pid, resource.RLIMIT_AS, (size + (24 << 20), resource.RLIM_INFINITY))
        held = [_connect(running) for _ in range(10)]
        answers = []
        for opened in held:
            opened.sendall(GET)
            answers.append(opened.recv(65536))
            if b"503 Service Unavailable" in answers[-1]:
                break
        assert b"503 Service Unavailable" in answers[-1]
        resource.prlimit(pid, resource.RLIMIT_AS, unlimited)
        for opened in held:
            opened.close()
        assert running.client().get("/_api/version").status == 200


def _awakenings(running: Running) -> int:
    tasks = Path(f"/proc/{running.process.pid}/task").iterdir()
    counts = [re.findall(r"voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text()) for task in tasks]
    return sum(int(count) for task in counts for count in task)


def test_nothing_wakes_up_in_an_idle_server(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        assert running.client().get("/_api/version").status == 200
        deadline = time.monotonic() + PATIENCE
        before = -1
        while before != (before := _awakenings(running)):
            assert time.monotonic() < deadline
            time.sleep(1.0)
