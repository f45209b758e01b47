"""One request on its way to a handler: who asks, for which database, with which parameters.

Knows nothing of routes or of what the answer will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from arangod import jsontext
from arangod.auth.guard import Identity
from arangod.failure import ArangoError
from arangod.http.compress import decompressed
from arangod.http.url import Target
from arangod.http.wire import Reply, Request
from arangod.node import Node

_YES = ("true", "yes", "on", "y", "1")


class Call(NamedTuple):
    """What a handler gets."""

    node: Node
    request: Request
    target: Target
    database: str
    identity: Identity | None
    peer: str
    places: tuple[str, ...] = ()

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a truth value among the parameters."""
        value = self.target.parameters.get(name)
        return default if value is None else value.lower() in _YES

    def header(self, name: str) -> str:
        """Return a header, or an empty text."""
        return self.request.headers.get(name, "")

    def json(self) -> Any:
        """Return the body as JSON."""
        if self.header("content-type").lower().startswith("application/x-velocypack"):
            raise ArangoError(600, "VPackError error: the stand-in does not take VelocyPack bodies; send JSON")
        body = decompressed(self.request.body, self.header("content-encoding"))
        try:
            return jsontext.decode(body)
        except ValueError as exc:
            raise ArangoError(600, f"VPackError error: {exc}") from None

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object."""
        value = self.json()
        if not isinstance(value, dict):
            raise ArangoError(400, "expecting a JSON object as the body")
        return value


def reply(value: object, status: int = 200, headers: tuple[str, ...] = ()) -> Reply:
    """Answer with a bare JSON value."""
    return Reply(status, jsontext.encode(value).encode(), headers)


def result(value: Mapping[str, Any], status: int = 200) -> Reply:
    """Answer with a JSON object that says that all is well."""
    return reply({"error": False, "code": status, **value}, status)


def refusal(error: ArangoError, headers: tuple[str, ...] = ()) -> Reply:
    """Answer with an error."""
    envelope = {"error": True, "code": error.status, "errorNum": error.num, "errorMessage": error.text}
    return reply({**envelope, **error.more}, error.status, headers)
