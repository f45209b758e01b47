"""Three real agents on loopback, started, killed and asked.

Knows nothing of the insides of an agent.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from arangod.auth import jwt

from tests.standin.driving import PATIENCE, READY, SECRET, Answer, Client, Running, command, free_port

TOKEN = jwt.issue(SECRET.encode(), {"iss": "arangodb", "server_id": "test"})
BEARER = {"authorization": f"bearer {TOKEN}"}


def until(what: Callable[[], Any], told: str, seconds: float = PATIENCE) -> Any:
    """Ask again until there is an answer; return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        threading.Event().wait(0.01)
    raise AssertionError(f"not in {seconds} s: {told}")


class Agents:
    """Some agents that know of each other, each with its own folder and port."""

    def __init__(self, folder: Path, *options: str, size: int = 3) -> None:
        self.folder = folder
        self.options = options
        self.ports = [free_port() for _ in range(size)]
        self.running: dict[int, Running] = {}
        self._secret = folder / "secret"
        self._secret.write_text(SECRET)
        self._ended: list[Running] = []

    def start(self, *places: int, others: Sequence[int] | None = None) -> None:
        """Start some agents, or all; each is told of the others."""
        for place in places or range(len(self.ports)):
            self.running[place] = Running(command(*self.argv(place, others)), port=self.ports[place])
        for place in places or range(len(self.ports)):
            self.running[place].line(READY)

    def argv(self, place: int, others: Sequence[int] | None = None) -> list[str]:
        """Return how an agent is started."""
        port = self.ports[place]
        told = range(len(self.ports)) if others is None else others
        return [
            "-c", "none", "--agency.activate", "true", "--agency.size", str(len(self.ports)),
            "--server.endpoint", f"tcp://127.0.0.1:{port}", "--agency.my-address", f"tcp://127.0.0.1:{port}",
            "--database.directory", str(self.folder / f"agent{place}"),
            "--server.jwt-secret-keyfile", str(self._secret),
            *(f"--agency.endpoint=tcp://127.0.0.1:{self.ports[other]}" for other in told if other != place),
            *self.options,
        ]  # fmt: skip

    def kill(self, place: int, number: signal.Signals = signal.SIGKILL) -> int:
        """End an agent and wait for it."""
        running = self.running.pop(place)
        self._ended.append(running)
        return running.end(number)

    def ask(self, place: int, method: str, path: str, body: Any = None, headers: Any = None) -> Answer | None:
        """Ask one agent; nothing when it does not answer."""
        client = Client(self.ports[place], BEARER)
        try:
            return client.ask(method, path, body, headers)
        except OSError:
            return None
        finally:
            client.close()

    def config(self, place: int) -> dict[str, Any]:
        """Return what an agent says of itself; nothing when it does not answer."""
        answer = self.ask(place, "GET", "/_api/agency/config")
        return answer.json if answer is not None and answer.status == 200 else {}

    def metrics(self, place: int) -> bytes:
        """Return the measures of an agent."""
        answer = self.ask(place, "GET", "/_admin/metrics/v2")
        return answer.body if answer is not None else b""

    def leader(self) -> int:
        """Wait until one agent leads and answers; return its place."""
        return int(until(self._leading, "an agent leads") - 1)

    def _leading(self) -> int:
        for place in list(self.running):
            answer = self.ask(place, "POST", "/_api/agency/read", [["/none"]])
            if answer is not None and answer.status == 200:
                return place + 1
        return 0

    def clean(self) -> None:
        """Leave nothing behind."""
        for running in [*self.running.values(), *self._ended]:
            running.clean()


@contextmanager
def agents(folder: Path, *options: str, size: int = 3) -> Iterator[Agents]:
    """Run some agents; they have a leader when the block begins."""
    made = Agents(folder, *options, size=size)
    with ExitStack() as stack:
        stack.callback(made.clean)
        made.start()
        made.leader()
        yield made
