"""The engine's event stream: a container's death is known when it happens, not at the next look.

Knows containers and labels; what a death means is for the one who watches.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any

import docker.errors
import requests

from armadillo import labels
from armadillo.engine import containers
from armadillo.engine.docker import Connection, translated
from armadillo.errors import ConflictError, CrashDetected, NotFoundError
from armadillo.log import get_logger

log = get_logger(__name__)

GOODBYE_SECONDS = 2.0
SIGNALS = {129: "SIGHUP", 130: "SIGINT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"}


@dataclasses.dataclass(frozen=True, slots=True)
class Death:
    """A container that ended."""

    id: str
    service: str
    exit_code: int


class DeathWatch:
    """Hears of every container of a deployment that ends, from the moment it is entered."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._open = contextlib.ExitStack()
        self._heard: list[Callable[[Death], object]] = []
        self.deaths: list[Death] = []

    def __enter__(self) -> DeathWatch:
        with self._open:
            client = self._open.enter_context(self._connection.streaming())
            wanted = {"type": "container", "event": "die", "label": f"{labels.NAME}={self._name}"}
            with translated("listening to the engine's events"):
                stream = client.events(decode=True, filters=wanted)
            thread = threading.Thread(target=self._listen, args=(stream,), name=f"deaths of {self._name}", daemon=True)
            thread.start()
            self._open.callback(thread.join, timeout=GOODBYE_SECONDS)
            self._open.callback(hang_up, stream)
            self._open = self._open.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def _listen(self, stream: Iterator[dict[str, Any]]) -> None:
        # The stream ends with an error of whatever layer notices first that it was closed under us.
        with contextlib.suppress(
            docker.errors.DockerException, requests.RequestException, OSError, ValueError, AttributeError
        ):
            for event in stream:
                self._hear(event["Actor"])

    def _hear(self, actor: dict[str, Any]) -> None:
        marks = actor["Attributes"]
        death = Death(actor["ID"], marks.get(labels.COMPOSE_SERVICE, "?"), int(marks.get("exitCode", -1)))
        self.deaths.append(death)
        for tell in list(self._heard):
            tell(death)

    @contextlib.contextmanager
    def telling(self, tell: Callable[[Death], object]) -> Iterator[None]:
        """Call `tell` for each death from now on, and for those before."""
        self._heard.append(tell)
        for death in list(self.deaths):
            tell(death)
        try:
            yield
        finally:
            self._heard.remove(tell)


def hang_up(stream: Any) -> None:
    """Close a stream; one that the engine has closed has nothing left to close."""
    with contextlib.suppress(OSError, AttributeError):
        stream.close()


def crash(connection: Connection, container: str, service: str, *, lines: int = 30) -> CrashDetected:
    """Return the error for a container that ended by itself: exit code, reason, and its last log lines."""
    try:
        state = containers.inspected(connection, container)["State"]
        tail = containers.log_text(connection, container, lines=lines)
    except (NotFoundError, ConflictError):  # gone, or going: the engine gives no log of what is marked for removal
        return CrashDetected(f"{service} was removed by somebody else", reason="removed", hint="armadillo up")
    code = int(state["ExitCode"])
    reason = reason_of(code, state)
    log.error("server.crash", server=service, exit_code=code, reason=reason)
    return CrashDetected(
        f"{service} ended by itself: {reason}",
        exit_code=code,
        reason=reason,
        log_tail=tail,
        details={"server": service, "oom_killed": bool(state.get("OOMKilled"))},
    )


def reason_of(code: int, state: dict[str, Any]) -> str:
    """Put the end of a container into words."""
    if state.get("OOMKilled"):
        return "out of memory (killed by the kernel; its limit is too small)"
    if state.get("Error"):
        return f"exit code {code}: {state['Error']}"
    return f"exit code {code}" + (f" ({SIGNALS[code]})" if code in SIGNALS else "")
