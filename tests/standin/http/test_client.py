"""The client keeps its connection, replaces one that ended, and says what is no answer."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from arangod.http.client import BadAnswer, Client
from arangod.http.server import Server
from arangod.http.wire import Reply, Request


@contextmanager
def echoing() -> Iterator[tuple[int, list[str]]]:
    """A server that returns what it got, and notes from which connection it came."""
    peers: list[str] = []

    def answer(request: Request, connection: object) -> Reply:
        peers.append(getattr(connection, "peer", ""))
        if request.target == "/bare":
            return Reply(204)
        return Reply(200, f"{request.method} {request.target} ".encode() + request.body, ("x-told: me",))

    listener = socket.create_server(("127.0.0.1", 0))
    server = Server([listener], answer, lambda status, text: Reply(status))
    server.start()
    try:
        yield listener.getsockname()[1], peers
    finally:
        server.close()


@contextmanager
def saying(*answers: bytes) -> Iterator[int]:
    """A server that says these things to one connection after the other, whatever is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(left: Sequence[bytes] = answers) -> None:
            for said in left:
                sock, _ = listener.accept()
                with sock:
                    sock.recv(65536)
                    sock.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(20)


def test_one_connection_serves_many_requests() -> None:
    with echoing() as (port, peers):
        client = Client("127.0.0.1", port)
        assert client.ask("GET", "/a").body == b"GET /a "
        big = b"x" * 300_000
        answer = client.ask("POST", "/b", big, ("x-y: z",), timeout=20.0)
        assert (answer.status, answer.body, answer.headers["x-told"]) == (200, b"POST /b " + big, "me")
        assert client.ask("GET", "/bare").body == b""
        assert len(set(peers)) == 1
        client.close()
        client.close()


def test_a_connection_that_ended_meanwhile_is_replaced() -> None:
    ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    with saying(ok, ok) as port:
        client = Client("127.0.0.1", port)
        assert client.ask("GET", "/").body == b"ok"
        assert client._socket is not None
        select.select([client._socket], [], [], 20)
        assert client.ask("GET", "/").body == b"ok"
        client.close()


def test_a_connection_the_server_will_end_is_not_kept() -> None:
    ok = b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 2\r\n\r\nok"
    with saying(ok) as port:
        client = Client("127.0.0.1", port)
        assert client.ask("GET", "/").body == b"ok"
        assert client._socket is None


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok", b"SMTP ready\r\n\r\n", b"HTTP/1.1 x y\r\n\r\n"]
)
def test_what_is_no_answer_is_told(said: bytes) -> None:
    with saying(said) as port, pytest.raises(BadAnswer):
        Client("127.0.0.1", port).ask("GET", "/")


def test_nobody_there_and_nobody_answering_are_errors_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(TimeoutError):
            Client("127.0.0.1", port, timeout=0.05).ask("GET", "/")
    with pytest.raises(ConnectionRefusedError):
        Client("127.0.0.1", port).ask("GET", "/")
