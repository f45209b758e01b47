"""Requests to one server: nobody answered and somebody answered badly are different errors.

The only place, besides a language model's plug, that knows requests. Knows no cluster.
"""

from __future__ import annotations

import dataclasses
import json as jsontext
from collections.abc import Mapping
from typing import Any, Self

import requests

from armadillo.errors import HealthCheckError, NetworkError

SECONDS = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; something else in it is an answer that is not well."""
        try:
            return jsontext.loads(self.body)
        except ValueError as exc:
            raise HealthCheckError("the answer is not JSON", status=self.status, body=self.text) from exc

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class Client:
    """Keeps connections to one server, and the headers that say who asks."""

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the user's shell is not on the way to a container
        self._session.headers.update(headers or {})

    def send(self, method: str, path: str, *, json: Any = None, seconds: float = SECONDS) -> Reply:
        """Send one request; whatever the status, it is returned."""
        try:
            answer = self._session.request(method, self.url + path, json=json, timeout=seconds)
        except (requests.RequestException, OSError) as exc:
            raise NetworkError(f"{method} {self.url}{path}: {plain(exc)}") from exc
        return Reply(answer.status_code, answer.headers, answer.content)

    def ask(self, method: str, path: str, *, json: Any = None, seconds: float = SECONDS) -> Any:
        """Send one request and return its JSON; a status of 400 and above is an error."""
        reply = self.send(method, path, json=json, seconds=seconds)
        if reply.status >= 400:
            raise refused(f"{method} {path}", reply)
        return reply.json

    def close(self) -> None:
        """Close the connections: an open one to a container that is gone holds up the next at its address."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def refused(what: str, reply: Reply) -> HealthCheckError:
    """Return the error for an answer that says no, with ArangoDB's number and text where there are some."""
    try:
        said = jsontext.loads(reply.body)
        words = f" [ERR {said['errorNum']}] {said['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        words = ""
    return HealthCheckError(f"{what}: HTTP {reply.status}{words}", status=reply.status, body=reply.text)


def plain(error: Exception) -> str:
    """Return the innermost reason, without the layers of the libraries."""
    text = str(error)
    for words, said in (
        ("refused", "connection refused"),
        ("reset", "connection reset"),
        ("Remote end closed", "connection closed without an answer"),
        ("Name or service not known", "the name is not known"),
        ("name resolution", "the name cannot be resolved"),
        ("timed out", "no answer in time"),
    ):
        if words in text:
            return said
    return text


def simple_health_check(
    url: str, timeout: float = SECONDS, *, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Ask a server for its version and return it; NetworkError when nobody answers, HealthCheckError when not well."""
    with Client(url, headers=headers) as client:
        reply = client.send("GET", "/_api/version", seconds=timeout)
    if reply.status != 200:
        raise refused("GET /_api/version", reply)
    said = reply.json
    if not isinstance(said, dict):
        raise HealthCheckError("the answer is not a version", status=reply.status, body=reply.text)
    return said
