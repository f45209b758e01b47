"""A Docker engine of a few lines: a real HTTP server on a socket, whose answers a test chooses."""

from __future__ import annotations

import contextlib
import http.server
import json
import socketserver
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import Endpoint


class Answer(NamedTuple):
    """A status and what is said with it, as JSON."""

    status: int
    says: Any = None


def refused(status: int, words: str) -> Answer:
    return Answer(status, {"message": words})


class Asked(NamedTuple):
    """A request without the version of the API; `labels` are those it filters on."""

    method: str
    path: str
    labels: tuple[str, ...]


Answers = Callable[[Asked], Answer]


class FakeEngine(socketserver.ThreadingUnixStreamServer):
    """Answers as it is told, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, path: Path, answers: Answers) -> None:
        super().__init__(str(path), Handler)
        self.path = path
        self.answers = answers
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def answered(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.path == "/version":
            return Answer(200, {"ApiVersion": "1.41"})
        return self.answers(asked)

    def connection(self) -> Connection:
        return Connection(Endpoint(self.url, "a test"))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeEngine

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        where = urllib.parse.urlsplit(self.path)
        path = where.path.removeprefix("/v1.41")
        filters = json.loads(urllib.parse.parse_qs(where.query).get("filters", ["{}"])[0])
        answer = self.server.answered(Asked(self.command, path, tuple(filters.get("label", ()))))
        body = b"" if answer.says is None else json.dumps(answer.says).encode()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def address_string(self) -> str:
        return "a socket"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextlib.contextmanager
def engine(path: Path, answers: Answers) -> Iterator[FakeEngine]:
    """Run a fake engine while the block lasts."""
    with FakeEngine(path, answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
