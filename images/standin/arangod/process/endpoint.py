"""Endpoints: their spellings, and the sockets bound to them.

Knows nothing of what is answered there.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NamedTuple

from arangod.failure import Exit, ExitCode

_DEFAULT_PORT = 8529
_SCHEMES = {
    "tcp": "http+tcp",
    "http": "http+tcp",
    "http+tcp": "http+tcp",
    "unix": "http+unix",
    "http+unix": "http+unix",
}
_ENCRYPTED = ("ssl", "https", "http+ssl")


class Endpoint(NamedTuple):
    """Where to listen: a host and a port, or the path of a socket."""

    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"http+unix://{self.path}"
        return f"http+tcp://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def _invalid(text: str) -> Exit:
    return Exit(ExitCode.FAILED, f"invalid endpoint '{text}'", id="96d84")


def parse(text: str) -> Endpoint:
    """Read an endpoint in one of its spellings."""
    scheme, mark, rest = text.partition("://")
    if scheme.lower() in _ENCRYPTED:
        raise Exit(ExitCode.FAILED, f"endpoint '{text}': the stand-in does not support encrypted endpoints")
    kind = _SCHEMES.get(scheme.lower())
    if kind is None or not mark or not rest:
        raise _invalid(text)
    if kind == "http+unix":
        return Endpoint("", 0, rest)
    host, port = _host_and_port(rest.rstrip("/"), text)
    return Endpoint(host, port)


def _host_and_port(rest: str, text: str) -> tuple[str, int]:
    if rest.startswith("["):
        host, bracket, tail = rest[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            raise _invalid(text)
        port = tail[1:]
    else:
        host, _, port = rest.partition(":")
    if not host or (port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16)):
        raise _invalid(text)
    return host, int(port or _DEFAULT_PORT)


def bound(endpoint: Endpoint) -> socket.socket:
    """Return a socket bound to an endpoint, not yet listening: until it does, connections are refused."""
    try:
        return _bound_path(endpoint.path) if endpoint.path else _bound_port(endpoint)
    except OSError as exc:
        why = exc.strerror or str(exc)
        raise Exit(ExitCode.CANNOT_BIND, f"failed to bind to endpoint '{endpoint}': {why}", id="c4a3e") from None


def _bound_port(endpoint: Endpoint) -> socket.socket:
    host = endpoint.host
    found = socket.getaddrinfo(host, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _bound_path(path: str) -> socket.socket:
    if Path(path).is_socket():
        Path(path).unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    return listener
