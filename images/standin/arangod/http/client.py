"""The other end of the wire: one kept connection to a server of our own kind, one send for each request.

Knows nothing of what is asked, nor of where to ask next when nobody answers.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from typing import NamedTuple

_RECEIVE = 64 * 1024
_BARE = (204, 304)


class Answer(NamedTuple):
    """What came back; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class BadAnswer(OSError):
    """What came back is not HTTP as our servers speak it, or ended early."""


class Client:
    """Asks one server; for one thread at a time."""

    def __init__(self, host: str, port: int, *, timeout: float = 10.0) -> None:
        self._address = (host, port)
        self._timeout = timeout
        self._socket: socket.socket | None = None
        name = f"[{host}]" if ":" in host else host
        self._end = f" HTTP/1.1\r\nhost: {name}:{port}\r\n"

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Sequence[str] = (),
        *,
        timeout: float | None = None,
    ) -> Answer:
        """Send a request, once, and return the answer."""
        lines = "".join(f"{line}\r\n" for line in headers)
        head = f"{method} {target}{self._end}{lines}content-length: {len(body)}\r\n\r\n"
        limit = self._timeout if timeout is None else timeout
        kept = self._socket
        if kept is not None and _has_ended(kept):
            self.close()
            kept = None
        return self._exchange(kept or self._connected(limit), head.encode("latin-1") + body, limit)

    def _connected(self, limit: float) -> socket.socket:
        fresh = socket.create_connection(self._address, limit)
        fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = fresh
        return fresh

    def _exchange(self, sock: socket.socket, data: bytes, limit: float) -> Answer:
        try:
            sock.settimeout(limit)
            sock.sendall(data)
            answer = _answer(sock)
        except OSError:
            self.close()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        kept, self._socket = self._socket, None
        if kept is not None:
            kept.close()


def _has_ended(sock: socket.socket) -> bool:
    """Tell whether there is something to read before anything was asked: the end, or what nobody wants."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))


def _answer(sock: socket.socket) -> Answer:
    buffer = bytearray()
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        _more(sock, buffer)
    status, headers = _head(buffer[:end].decode("latin-1"))
    length = 0 if status in _BARE else int(headers.get("content-length", "0"))
    start = end + 4
    while len(buffer) < start + length:
        _more(sock, buffer)
    return Answer(status, headers, bytes(buffer[start : start + length]))


def _more(sock: socket.socket, buffer: bytearray) -> None:
    data = sock.recv(_RECEIVE)
    if not data:
        raise BadAnswer("the connection ended before the answer")
    buffer += data


def _head(text: str) -> tuple[int, dict[str, str]]:
    first, *lines = text.split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise BadAnswer(f"not an HTTP answer: {first[:60]!r}")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return int(words[1]), headers
