"""The agency as the other servers use it: asks whoever leads, and asks again until somebody does.

Knows nothing of what is kept in the agency.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from arangod import jsontext
from arangod.agency.links import address
from arangod.agency.store import Transaction, is_read
from arangod.agency.value import MISSING, found, path_of
from arangod.http.client import Answer, Client

_PATH = "/_api/agency/"
_TRY_SECONDS = 2.0
_PAUSE = 0.05
_FINAL = (200, 404, 412)


class NoAgency(Exception):
    """Nobody answered, or nobody led, until the patience was over."""


class Unauthorized(Exception):
    """The agency does not accept the token."""


class Refused(Exception):
    """The agency will not do this, whoever asks how often."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        super().__init__(f"HTTP {status}: {body[:200].decode('utf-8', 'replace')}")


class AgencyClient:
    """Requests to the agency, from any thread; no request is done twice, however often it is sent."""

    def __init__(
        self, endpoints: Sequence[str], token: str | Callable[[], str] = "", *, patience: float = 10.0
    ) -> None:
        self._endpoints = [_plain(endpoint) for endpoint in endpoints]
        self._token = token
        self._patience = patience
        self._leader = self._endpoints[0]
        self._idle: dict[str, list[Client]] = {}
        self._lock = threading.Lock()

    def read(self, *paths: str) -> dict[str, Any]:
        """Return the tree from its root, with these paths alone."""
        trees: list[dict[str, Any]] = self._value("read", [list(paths)])
        return trees[0]

    def get(self, path: str, default: Any = None) -> Any:
        """Return the value at one path."""
        value = found(self.read(path), path_of(path))
        return default if value is MISSING else value

    def write(self, *transactions: Transaction) -> list[int]:
        """Write; return the indices in the log, 0 where a precondition does not hold."""
        results: list[int] = self._value("write", [_named(one) for one in transactions])["results"]
        return results

    def change(self, operations: Mapping[str, Any], preconditions: Mapping[str, Any] | None = None) -> bool:
        """Write one transaction; return whether its preconditions held."""
        return self.write([dict(operations), dict(preconditions or {})])[0] > 0

    def transact(self, *items: Transaction) -> list[Any]:
        """Read and write in order."""
        results: list[Any] = self._value("transact", [one if is_read(one) else _named(one) for one in items])
        return results

    def transient(self, *transactions: Transaction) -> list[Any]:
        """Read and write what is not replicated."""
        results: list[Any] = self._value("transient", list(transactions))
        return results

    def poll(self, index: int, timeout: float) -> dict[str, Any]:
        """Return what was committed from an index on, waiting for it."""
        target = f"poll?index={index}&timeout={timeout:g}"
        result: dict[str, Any] = self._value(target, None, wait=timeout)["result"]
        return result

    def config(self) -> dict[str, Any]:
        """Return what the leader says of itself; without one, what anybody says."""
        said: dict[str, Any] = self._value("config", None)
        leader = said["configuration"]["pool"].get(said["leaderId"])
        if leader is None or said["leaderId"] == said["configuration"]["id"]:
            return said
        try:
            answer = self._ask(_plain(leader), "config", None, _TRY_SECONDS)
        except OSError:
            return said
        return dict(jsontext.decode(answer.body)) if answer.status == 200 else said

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for client in (client for clients in idle.values() for client in clients):
            client.close()

    def _value(self, target: str, body: Any, *, wait: float = 0.0) -> Any:
        """Ask until somebody answers for good; follow whoever names the leader."""
        deadline = time.monotonic() + self._patience + wait
        endpoint, why, hops = self._leader, "nobody answered", 0
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = self._ask(endpoint, target, body, min(left, _TRY_SECONDS + wait))
            except OSError as exc:
                why, endpoint = f"{endpoint}: {exc}", self._after(endpoint)
            else:
                if answer.status in _FINAL:
                    self._leader = endpoint
                    return _decoded(answer)
                why = f"{endpoint}: HTTP {answer.status} {answer.body[:100].decode('utf-8', 'replace')}"
                endpoint, hops = self._elsewhere(endpoint, answer), hops + 1
                if answer.status == 307 and hops % 3:
                    continue
            time.sleep(min(_PAUSE, max(deadline - time.monotonic(), 0.0)))
        raise NoAgency(f"the agency gave no answer in {self._patience:.1f} s; the last was {why}")

    def _after(self, endpoint: str) -> str:
        """Return the next of the endpoints there are."""
        at = self._endpoints.index(endpoint) + 1 if endpoint in self._endpoints else 0
        return self._endpoints[at % len(self._endpoints)]

    def _elsewhere(self, endpoint: str, answer: Answer) -> str:
        if answer.status == 307 and "location" in answer.headers:
            return _plain(answer.headers["location"])
        if answer.status == 401:
            raise Unauthorized("the agency does not accept the token")
        if answer.status not in (307, 408, 503):
            raise Refused(answer.status, answer.body)
        return self._after(endpoint)

    def _ask(self, endpoint: str, target: str, body: Any, limit: float) -> Answer:
        with self._lock:
            idle = self._idle.setdefault(endpoint, [])
            client = idle.pop() if idle else Client(*address(endpoint))
        data = b"" if body is None else jsontext.encode(body).encode()
        answer = client.ask("GET" if body is None else "POST", _PATH + target, data, self._headers(), timeout=limit)
        with self._lock:
            self._idle.setdefault(endpoint, []).append(client)
        return answer

    def _headers(self) -> tuple[str, ...]:
        token = self._token if isinstance(self._token, str) else self._token()
        return (f"authorization: bearer {token}",) if token else ()


def _plain(endpoint: str) -> str:
    """Return an endpoint as host and port alone, whatever stands around it."""
    return endpoint.partition("://")[2].partition("/")[0]


def _named(transaction: Transaction) -> Transaction:
    """Give a write the name of a client, so that it is done once."""
    full = [*transaction, {}, ""][:3] if len(transaction) == 1 else [*transaction, ""][:3]
    return [*full[:2], full[2] or os.urandom(12).hex()]


def _decoded(answer: Answer) -> Any:
    try:
        return jsontext.decode(answer.body)
    except ValueError:
        raise Refused(answer.status, answer.body) from None
