"""A server on this machine that answers every request as it was told to, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import socket
import struct
import threading
from collections.abc import Callable, Iterator


@dataclasses.dataclass(slots=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Asked], tuple[int, bytes]]


class Answering:
    """Where it is, what it was asked, and what it answers."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self._answer = answer

    def reply(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(asked)
        return self._answer(asked)


@contextlib.contextmanager
def answering(answer: Answer) -> Iterator[Answering]:
    """Answer HTTP at a free port."""
    found = Answering(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, content = found.reply(Asked(self.command, self.path, dict(self.headers), body))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _any  # noqa: N815 - the names that http.server looks for

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing on the terminal."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def unkind(does: Callable[[socket.socket], object]) -> Iterator[str]:
    """Accept connections at a free port and do something to each; yields where."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                with line:
                    does(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def reset(line: socket.socket) -> None:
    """Read the request and break the connection off."""
    line.recv(65536)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(line: socket.socket) -> None:
    """Read the request and end the connection in order."""
    line.recv(65536)


def say_nothing(line: socket.socket) -> None:
    """Read the request, and until whoever asked has gone."""
    while line.recv(65536):
        pass


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        return int(line.getsockname()[1])
