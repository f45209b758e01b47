"""The other servers of the cluster: kept connections to each, and requests in the name of the cluster.

Knows nothing of what is asked, nor of whom to ask instead.
"""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

from arangod import jsontext
from arangod.failure import ArangoError
from arangod.http.client import Answer, Client

_KEPT = 16


class Unreachable(Exception):
    """Nobody answered; `sent` tells whether the request may have been done all the same."""

    def __init__(self, text: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(text)


def _never_left(exc: OSError) -> bool:
    """Tell whether there was nobody to send anything to."""
    nobody = isinstance(exc, ConnectionRefusedError | socket.gaierror)
    return nobody or exc.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH)


def address(endpoint: str) -> tuple[str, int]:
    """Take host and port out of an endpoint."""
    host, _, port = endpoint.partition("://")[2].rstrip("/").rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"not an endpoint: '{endpoint}'")
    return host.strip("[]"), int(port)


class Peers:
    """Requests to other servers, from any thread."""

    def __init__(self, token: Callable[[], str], *, timeout: float = 10.0) -> None:
        self._token = token
        self._timeout = timeout
        self._idle: dict[str, list[Client]] = {}
        self._lock = threading.Lock()

    def _taken(self, endpoint: str) -> Client:
        with self._lock:
            idle = self._idle.setdefault(endpoint, [])
            if idle:
                return idle.pop()
        try:
            return Client(*address(endpoint), timeout=self._timeout)
        except ValueError as exc:
            raise Unreachable(str(exc), sent=False) from None

    def _given_back(self, endpoint: str, client: Client) -> None:
        with self._lock:
            idle = self._idle[endpoint]
            if len(idle) < _KEPT:
                idle.append(client)
                return
        client.close()

    def ask(
        self, endpoint: str, method: str, target: str, body: bytes = b"", headers: Sequence[str] = (), *,
        timeout: float | None = None,
    ) -> Answer:  # fmt: skip
        """Send one request and return whatever is answered."""
        client = self._taken(endpoint)
        token = self._token()
        lines = (f"authorization: bearer {token}", *headers) if token else tuple(headers)
        try:
            answer = client.ask(method, target, body, lines, timeout=timeout)
        except OSError as exc:
            client.close()
            raise Unreachable(f"{endpoint}: {exc}", sent=not _never_left(exc)) from None
        self._given_back(endpoint, client)
        return answer

    def json(
        self, endpoint: str, method: str, target: str, body: object = None, *, timeout: float | None = None
    ) -> Any:
        """Send and receive JSON; an error of the other side is raised as it is."""
        data = b"" if body is None else jsontext.encode(body).encode()
        answer = self.ask(endpoint, method, target, data, timeout=timeout)
        value = jsontext.decode(answer.body) if answer.body else None
        if answer.status >= 300:
            told = value if isinstance(value, dict) else {}
            raise ArangoError.from_reply(answer.status, told)
        return value

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            for client in (client for idle in self._idle.values() for client in idle):
                client.close()
            self._idle.clear()
