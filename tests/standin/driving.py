"""Starts the stand-in as a real process on loopback and talks to it; knows nothing of its insides."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from armadillo.engine import ports

HOME = Path(__file__).resolve().parents[2] / "images" / "standin"
PATIENCE = 30.0
CHANCE = random.SystemRandom()
READY = "[cf3f4]"
SECRET = "a secret for tests, long enough for all"


def command(*arguments: str) -> list[str]:
    """Return how the server is started; with site only while coverage is measured."""
    bare = [] if "COVERAGE_PROCESS_CONFIG" in os.environ else ["-S"]
    return [sys.executable, *bare, "-W", "error", "-m", "arangod", *arguments]


def entrypoint(*arguments: str) -> list[str]:
    """Return how the image's entrypoint is started."""
    bare = [] if "COVERAGE_PROCESS_CONFIG" in os.environ else ["-S"]
    code = "import sys; sys.argv[0] = '/entrypoint.sh'; from arangod.__main__ import main; sys.exit(main())"
    return [sys.executable, *bare, "-W", "error", "-c", code, *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a clean environment that finds the package."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARANGO")}
    return {**kept, "PYTHONPATH": str(HOME), **(extra or {})}


def run(
    argv: Sequence[str], *, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end and return code and texts."""
    return subprocess.run(
        argv, env=environment(environ), capture_output=True, text=True, timeout=PATIENCE, cwd=cwd, check=False
    )


def free_port() -> int:
    """Return a port nobody listens on, and that no connection or other run of the tests is likely to be given."""
    while True:
        port = CHANCE.choice(ports.eligible())
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, int]:
        """HTTP status and errorNum, which the body repeats."""
        envelope = self.json
        assert envelope["error"] is True
        assert envelope["code"] == self.status
        assert envelope["errorMessage"]
        return self.status, envelope["errorNum"]


def basic(user: str = "root", password: str = "") -> dict[str, str]:
    """Return the header of a user with a password."""
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = dict(basic() if headers is None else headers)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request and read the answer; a body that is not bytes goes as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        self.connection.request(method, path, data, {**self.headers, **(headers or {})})
        reply = self.connection.getresponse()
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for something."""
        return self.ask("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, body: Any) -> Answer:
        """Send something."""
        return self.ask("POST", path, body)

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()


class Running:
    """A process whose output is read as it comes."""

    def __init__(self, argv: Sequence[str], *, port: int = 0, environ: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.process = subprocess.Popen(
            argv, env=environment(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._clients: list[Client] = []
        self._grown = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._grown:
                self.lines.append(line.rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def line(self, part: str) -> str:
        """Wait for a line with this in it."""
        deadline = time.monotonic() + PATIENCE
        with self._grown:
            while True:
                found = next((line for line in self.lines if part in line), None)
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                assert not self._ended, f"ended without {part!r}: {self.lines}"
                assert left > 0, f"no {part!r} in {PATIENCE} s: {self.lines}"
                self._grown.wait(left)

    def client(self, headers: Mapping[str, str] | None = None) -> Client:
        """Return a new connection."""
        self._clients.append(Client(self.port, headers))
        return self._clients[-1]

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals | None = None) -> int:
        """Wait for the end, after a signal if one is given, and return the exit code."""
        if number is not None:
            self.send(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def clean(self) -> None:
        """Leave nothing behind."""
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def server(
    directory: Path, *options: str, port: int = 0, environ: Mapping[str, str] | None = None, ready: str = READY
) -> Iterator[Running]:
    """Run a server on a data directory; it is ready when the block begins."""
    port = port or free_port()
    place = (f"--server.endpoint=tcp://127.0.0.1:{port}", f"--database.directory={directory}")
    running = Running(command("-c", "none", *place, *options), port=port, environ=environ)
    try:
        running.line(ready)
        yield running
    finally:
        running.clean()
